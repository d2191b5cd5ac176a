//! What somebody may have meant.

/// Returns at most three of the known words that are like this one, the likest first; equally
/// like ones in the order given.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ranked: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| distance(word, candidate).map(|far| (far, candidate)))
        .collect();
    ranked.sort_by_key(|(far, _)| *far);
    // A candidate two slips away is noise beside one that is only written in another style.
    let best = ranked.first().map_or(0, |(far, _)| *far);
    ranked.retain(|(far, _)| *far == best || best > 0);
    ranked.dedup_by_key(|(_, candidate)| *candidate);
    ranked.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Returns "did you mean `a` or `b`?", or nothing.
pub fn question(candidates: &[&str]) -> Option<String> {
    (!candidates.is_empty()).then(|| format!("did you mean {}?", either(candidates)))
}

/// Returns "`a`, `b` or `c`".
pub fn either(words: &[&str]) -> String {
    joined(words, "or")
}

/// Returns "`a`, `b` and `c`".
pub fn every(words: &[&str]) -> String {
    joined(words, "and")
}

fn joined(words: &[&str], last_word: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {last_word} {last}", first.join(", ")),
    }
}

fn distance(word: &str, candidate: &str) -> Option<usize> {
    let (folded, other) = (fold(word), fold(candidate));
    if folded == other || is_singular_of(&folded, &other) {
        return Some(0);
    }
    // `area.name`: the name alone is enough to know what was meant.
    if other.split_once('.').is_some_and(|(_, name)| name == folded) {
        return Some(0);
    }
    if sorted_words(&folded) == sorted_words(&other) {
        return Some(1);
    }
    // Two slips in a short word make another word.
    let limit = if folded.chars().count() <= 4 { 1 } else { 2 };
    let slips = slips(&folded, &other);
    (slips <= limit).then_some(slips)
}

/// Lower case, words joined by dashes: `liveRestore` and `LIVE_RESTORE` are `live-restore`.
fn fold(word: &str) -> String {
    let mut folded = String::new();
    let mut before_was_lower = false;
    for c in word.trim().chars() {
        if c.is_uppercase() && before_was_lower {
            folded.push('-');
        }
        before_was_lower = c.is_lowercase() || c.is_ascii_digit();
        match c {
            '_' | ' ' => folded.push('-'),
            _ => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

fn is_singular_of(one: &str, many: &str) -> bool {
    many.strip_suffix("ies").is_some_and(|stem| one.strip_suffix('y') == Some(stem))
        || many.strip_suffix('s') == Some(one)
        || one.strip_suffix('s') == Some(many)
}

fn sorted_words(word: &str) -> Vec<&str> {
    let mut words: Vec<&str> = word.split(['-', '.']).filter(|it| !it.is_empty()).collect();
    words.sort_unstable();
    words
}

/// Insertions, deletions, replacements and swaps of neighbours, each character moved once.
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Far apart in length is far apart; and long garbage costs nothing.
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut fewest = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                fewest = fewest.min(before_last[j - 2] + 1);
            }
            row.push(fewest);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = [
        "live-restore",
        "log-opts",
        "insecure-registries",
        "container.no-privileged",
        "icc",
        "debug",
    ];

    #[test]
    fn slips_styles_and_forms_are_recognised() {
        for (word, meant) in [
            ("live-restroe", "live-restore"),
            ("liveRestore", "live-restore"),
            ("LIVE_RESTORE", "live-restore"),
            ("restore-live", "live-restore"),
            ("log-opt", "log-opts"),
            ("insecure-registry", "insecure-registries"),
            ("no-privileged", "container.no-privileged"),
            ("container.no-previleged", "container.no-privileged"),
        ] {
            assert_eq!(nearest(word, KNOWN), [meant], "{word}");
        }
    }

    #[test]
    fn another_word_is_no_slip() {
        for word in ["", "cpu", "restart", "x", "a-very-long-name-that-nobody-knows"] {
            assert!(nearest(word, KNOWN).is_empty(), "{word}");
        }
    }

    #[test]
    fn question_names_every_candidate() {
        assert_eq!(question(&["a", "b", "c"]).unwrap(), "did you mean `a`, `b` or `c`?");
        assert_eq!(question(&[]), None);
    }
}
