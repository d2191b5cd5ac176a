//! What proxies before an engine's socket are told to let through: names of switches, never
//! values.

use super::Text;

/// Switches that let something be changed, of proxies that have a variable for each part of the
/// API; those that begin with `ALLOW_` too.
const CHANGING: [&str; 5] = ["ALL", "EXEC", "GRPC", "POST", "SESSION"];
/// Methods of proxies that have a list of paths for each.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
const WRITING: [&str; 6] = ["CONNECT", "DELETE", "PATCH", "POST", "PUT", "TRACE"];
const OFF: [&str; 6] = ["", "0", "false", "n", "no", "off"];

/// Returns the switches that are on and let something be changed; `None` if this is no proxy of a
/// kind that is known.
pub(super) fn read<'a>(
    variables: &[Text<'_>],
    words: impl Iterator<Item = &'a Text<'a>>,
) -> Option<Vec<String>> {
    let variables: Vec<(&str, &str)> =
        variables.iter().filter_map(|it| it.0.split_once('=')).collect();
    let has = |name: &str| variables.iter().any(|it| it.0 == name);
    let has_parts = has("POST") && has("CONTAINERS");
    let is_on = |value: &str| !OFF.contains(&value.trim().to_ascii_lowercase().as_str());
    let is_changing = |name: &str| CHANGING.contains(&name) || name.starts_with("ALLOW_");
    let of_parts = variables
        .iter()
        .filter(|(name, value)| has_parts && is_changing(name) && is_on(value))
        .map(|(name, _)| *name);
    let lists: Vec<(&str, &str, bool)> = variables
        .iter()
        .filter_map(|(name, value)| {
            let method = name.strip_prefix("SP_ALLOW_")?;
            // Several lists of one method are numbered.
            Some((*name, method.split('_').next()?, !value.is_empty()))
        })
        .chain(words.filter_map(|word| {
            let flag = word.0.strip_prefix("--").or(word.0.strip_prefix('-'))?;
            let (name, value) = flag.split_once('=').unwrap_or((flag, "the next word"));
            Some((name, name.strip_prefix("allow")?, !value.is_empty()))
        }))
        .filter(|(_, method, _)| READING.contains(method) || WRITING.contains(method))
        .collect();
    if !has_parts && lists.is_empty() {
        return None;
    }
    let of_lists = lists.iter().filter(|it| it.2 && WRITING.contains(&it.1)).map(|it| it.0);
    let mut on: Vec<String> = of_parts.chain(of_lists).map(str::to_owned).collect();
    on.sort_unstable();
    on.dedup();
    Some(on)
}
