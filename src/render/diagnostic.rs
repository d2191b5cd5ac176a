//! Problems as text: what is wrong, the line it stands in, what to do.

use std::io::{self, Write};

use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Renderer, Snippet, renderer::DecorStyle,
};

use super::paragraph;
use crate::declaration::problem::Problem;

/// Writes every problem, and how many there are.
pub fn problems(
    out: &mut dyn Write,
    problems: &[Problem],
    color: bool,
    width: usize,
) -> io::Result<()> {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.max(40));
    for problem in problems {
        let wrapped = wrapped(problem, width);
        writeln!(out, "{}\n", renderer.render(&[group(&wrapped)]))?;
    }
    match problems.len() {
        0 => Ok(()),
        1 => writeln!(out, "1 problem"),
        many => writeln!(out, "{many} problems"),
    }
}

/// Facts and help in lines that fit; the snippet cuts itself.
fn wrapped(problem: &Problem, width: usize) -> Problem {
    // What stands before the text: the line numbers' margin and `= note: `.
    let room = width.saturating_sub(13).max(30);
    let mut problem = problem.clone();
    for text in problem.notes.iter_mut().chain(&mut problem.help) {
        *text = wrap(text, room);
    }
    problem
}

/// Lines that begin with a space are to be typed, and stay in one piece.
fn wrap(text: &str, room: usize) -> String {
    let pieces = text.lines().flat_map(|line| match line.starts_with(' ') {
        true => vec![line.to_owned()],
        false => paragraph::wrapped(line, room),
    });
    pieces.collect::<Vec<_>>().join("\n")
}

fn group(problem: &Problem) -> Group<'_> {
    let title = Level::ERROR.primary_title(problem.message.as_str()).id(problem.code);
    let snippet = problem.at.as_ref().map(|at| {
        let text = at.source.text.as_str();
        let end = at.span.end.min(text.len());
        let start = at.span.start.min(end);
        let mark = AnnotationKind::Primary.span(start..end);
        let mark = if problem.label.is_empty() { mark } else { mark.label(problem.label.as_str()) };
        Snippet::source(text).path(at.source.name.as_str()).annotation(mark)
    });
    let notes = problem.notes.iter().map(|note| Element::from(Level::NOTE.message(note.as_str())));
    let help = problem.help.iter().map(|help| Element::from(Level::HELP.message(help.as_str())));
    Group::with_title(title).elements(snippet.map(Element::from)).elements(notes).elements(help)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::declaration::problem::{Place, SourceText};

    fn rendered(list: &[Problem]) -> String {
        let mut out = Vec::new();
        problems(&mut out, list, false, 80).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn problem_with_a_place_shows_line_caret_and_help() {
        let source = Arc::new(SourceText {
            name: "stacks/ü.yaml".to_owned(),
            text: "# ümlaut\nprevileged: false\n".to_owned(),
        });
        let problem = Problem::new(
            "decl.unknown-key",
            "unknown key `previleged`",
            Place { source, span: 10..20 },
        )
        .label("did you mean `privileged`?")
        .note("a fact")
        .help("rename it");
        let expected = "\
error[decl.unknown-key]: unknown key `previleged`
 --> stacks/ü.yaml:2:1
  |
2 | previleged: false
  | ^^^^^^^^^^ did you mean `privileged`?
  |
  = note: a fact
  = help: rename it

1 problem
";
        assert_eq!(rendered(&[problem]), expected);
    }

    #[test]
    fn problem_without_text_is_title_and_facts() {
        let problem = Problem::without_text("docker.unreachable", "no answer from the daemon")
            .note("tried unix socket /var/run/docker.sock: permission denied")
            .help("run as root");
        let expected = "\
error[docker.unreachable]: no answer from the daemon
 |
 = note: tried unix socket /var/run/docker.sock: permission denied
 = help: run as root

1 problem
";
        assert_eq!(rendered(&[problem]), expected);
    }

    #[test]
    fn span_outside_the_text_is_no_panic() {
        let source = Arc::new(SourceText { name: "x".to_owned(), text: String::new() });
        let problem = Problem::new("decl.empty", "empty", Place { source, span: 7..9 });
        assert!(rendered(&[problem]).contains("decl.empty"));
    }
}
