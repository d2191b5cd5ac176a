//! Lines that a person can put into the declaration as they are.

use crate::model::{capability::CapabilitySet, size::Size};

/// Returns an entry of `containers` for the container of this name, indented for a terminal.
/// Entries that come last win.
pub fn entry(name: &str, member: &str) -> String {
    format!("  - match: {{ name: {} }}\n    {member}", quoted(name))
}

/// Returns the member of an entry that sets one rule.
pub fn rule(setting: &str) -> String {
    format!("rules:\n      {setting}")
}

/// Returns a read-only root with these tmpfs, options behind a colon.
pub fn read_only_rootfs(tmpfs: &[String]) -> String {
    let tmpfs: Vec<String> = tmpfs.iter().map(|it| quoted(it)).collect();
    format!("container.read-only-rootfs: {{ tmpfs: [{}] }}", tmpfs.join(", "))
}

pub fn capabilities_bounded(allow: CapabilitySet) -> String {
    format!("container.capabilities-bounded: {{ allow: {allow} }}")
}

pub fn memory_limit(bytes: i64) -> String {
    format!("container.memory-limit: {{ max: {} }}", Size(bytes))
}

pub fn pids_limit(max: i64) -> String {
    format!("container.pids-limit: {{ max: {max} }}")
}

/// Quotes what YAML could read as something else than this text.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null"
        );
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::load;

    #[test]
    fn lines_are_a_declaration_that_loads() {
        let tmpfs = ["/run", "/tmp:exec,size=1m", "/odd \"dir\"\n"].map(str::to_owned);
        for line in [
            read_only_rootfs(&tmpfs),
            capabilities_bounded(CapabilitySet::DEFAULT),
            memory_limit(512 << 20),
            pids_limit(7),
            "container.non-root-user: off".into(),
        ] {
            for name in ["web", "0815", "on", "a.b_c-1"] {
                let text = format!("version: 1\ncontainers:\n{}\n", entry(name, &rule(&line)));
                let loaded = load("d.yaml", text.as_bytes(), &|_| Err(String::new()));
                assert!(loaded.is_ok(), "{text}");
            }
        }
    }
}
