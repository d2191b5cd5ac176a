//! The files that a declaration is made of.

use std::sync::Arc;

use crate::declaration::{
    baseline::{self, BASELINES},
    bind::sha256,
    policy::SourceFile,
    problem::{Place, Problem, SourceText},
    yaml::{self, Node},
};
use crate::model::suggest::{either, nearest, question};

/// More files than this in one declaration are a mistake of some kind.
const MAX_FILES: usize = 64;

/// One file, read and not yet checked.
pub(super) struct File {
    pub(super) source: Arc<SourceText>,
    pub(super) root: Node,
}

pub(super) struct Gathered {
    /// What is extended comes before what extends it.
    pub(super) files: Vec<File>,
    /// The file named first, then those it extends.
    pub(super) order: Vec<SourceFile>,
    pub(super) problems: Vec<Problem>,
}

/// Reads a file and, before it, everything it extends; each once.
pub(super) fn gather(
    name: &str,
    bytes: &[u8],
    loader: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Gathered {
    let mut gatherer = Gatherer {
        loader,
        open: Vec::new(),
        gathered: Gathered { files: Vec::new(), order: Vec::new(), problems: Vec::new() },
    };
    gatherer.add(name, bytes);
    gatherer.gathered
}

struct Gatherer<'a> {
    loader: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// Files whose extended files are being read, outermost first.
    open: Vec<String>,
    gathered: Gathered,
}

impl Gatherer<'_> {
    fn add(&mut self, name: &str, bytes: &[u8]) {
        self.gathered.order.push(SourceFile { path: name.to_owned(), digest: sha256(bytes) });
        let (source, root) = match yaml::read(name, bytes) {
            Ok(read) => read,
            Err(problem) => return self.gathered.problems.push(*problem),
        };
        self.open.push(name.to_owned());
        for item in root.value_of("extends").map_or(&[][..], Node::items) {
            // What is of another shape is the check's to report.
            let (named, edition) = match item.value_of("baseline") {
                None => (item, None),
                Some(baseline) => (baseline, item.value_of("edition")),
            };
            if let Some(text) = named.text() {
                let span = edition.unwrap_or(named).span.clone();
                let place = Place { source: Arc::clone(&source), span };
                self.extend(name, text, edition.and_then(Node::text), place);
            }
        }
        self.open.pop();
        self.gathered.files.push(File { source, root });
    }

    fn extend(&mut self, from: &str, item: &str, edition: Option<&str>, place: Place) {
        let is_path = is_path(item) && edition.is_none();
        let name = if is_path { beside(from, item) } else { shipped(item, edition) };
        if self.open.contains(&name) {
            let mut circle = self.open.clone();
            circle.push(name);
            let problem =
                Problem::new("decl.cycle", "the declaration extends itself in a circle", place)
                    .label("leads back here")
                    .note(circle.join(" → "));
            return self.gathered.problems.push(problem);
        }
        if self.gathered.order.iter().any(|file| file.path == name) {
            return;
        }
        if self.gathered.order.len() >= MAX_FILES {
            let problem = Problem::new("decl.too-complex", "too many files are extended", place)
                .note(format!("at most {MAX_FILES} are read"));
            return self.gathered.problems.push(problem);
        }
        let read = if is_path {
            (self.loader)(&name).map_err(|why| {
                Problem::new("decl.missing-file", format!("cannot read `{name}`"), place)
                    .label(why)
                    .note(format!("paths under `extends` are relative to the file they stand in, here `{from}`"))
            })
        } else {
            text_of(item, edition, place).map_err(|it| *it)
        };
        match read {
            Ok(bytes) => self.add(&name, &bytes),
            Err(problem) => self.gathered.problems.push(problem),
        }
    }
}

fn text_of(name: &str, edition: Option<&str>, place: Place) -> Result<Vec<u8>, Box<Problem>> {
    let Some(baseline) = baseline::find(name) else {
        return Err(Box::new(unknown_baseline(name, place)));
    };
    match (baseline.text(edition), edition) {
        (Some(text), _) => Ok(text.into_owned().into_bytes()),
        (None, wanted) => {
            let message = format!("no edition `{}` of `{name}`", wanted.unwrap_or_default());
            let problem = Problem::new("decl.unknown-edition", message, place);
            Err(Box::new(match baseline.editions() {
                [] => problem.help(format!("it has no editions; write `{name}` alone")),
                editions => problem.note(format!("there are: {}", editions.join(", "))),
            }))
        }
    }
}

fn unknown_baseline(name: &str, place: Place) -> Problem {
    let names: Vec<&str> = BASELINES.iter().map(|baseline| baseline.name).collect();
    let problem = Problem::new("decl.unknown-baseline", format!("no baseline `{name}`"), place)
        .note(format!("shipped with this plimsoll: {}", either(&names)))
        .help("a file is named with its path: `./base.yaml`");
    match question(&nearest(name, names)) {
        Some(question) => problem.label(question),
        None => problem,
    }
}

fn shipped(name: &str, edition: Option<&str>) -> String {
    match edition {
        None => format!("baseline {name}"),
        Some(edition) => format!("baseline {name} {edition}"),
    }
}

fn is_path(item: &str) -> bool {
    item.contains('/') || item.ends_with(".yaml") || item.ends_with(".yml")
}

/// Returns the path of a file named from within another, without detours, so that one file has
/// one name.
fn beside(from: &str, item: &str) -> String {
    let folder = from.rfind('/').map_or("", |slash| &from[..=slash]);
    let joined = if item.starts_with('/') { item.to_owned() } else { format!("{folder}{item}") };
    let mut steps: Vec<&str> = Vec::new();
    for step in joined.split('/') {
        match (step, steps.last()) {
            ("." | "", _) => {}
            ("..", Some(last)) if *last != ".." => {
                steps.pop();
            }
            (other, _) => steps.push(other),
        }
    }
    let root = if joined.starts_with('/') { "/" } else { "" };
    format!("{root}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_file_is_found_beside_the_one_that_names_it() {
        assert_eq!(beside("plimsoll.yaml", "./base.yaml"), "base.yaml");
        assert_eq!(beside("/etc/plimsoll/hosts/a.yaml", "../base.yaml"), "/etc/plimsoll/base.yaml");
        assert_eq!(beside("hosts/a.yaml", "/srv/./b.yaml"), "/srv/b.yaml");
        assert_eq!(beside("a.yaml", "../../b.yaml"), "../../b.yaml");
    }
}
