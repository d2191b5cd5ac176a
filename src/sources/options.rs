//! The small languages inside Docker's JSON: security options, bind strings.

use crate::model::host_path;

/// Splits a security option into key and value, as the engine does: at the first `=`, else at
/// the first `:` (moby `daemon/daemon_unix.go`).
pub(super) fn security_option(option: &str) -> (&str, &str) {
    option.split_once('=').or_else(|| option.split_once(':')).unwrap_or((option, ""))
}

/// Reads a boolean as Go's `strconv.ParseBool` does.
pub(super) fn go_bool(word: &str) -> Option<bool> {
    match word {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

const PROPAGATIONS: [&str; 6] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

/// An entry of `HostConfig.Binds`.
pub(super) struct Bind<'a> {
    /// `None` for a bare path, which asks for a volume without a name.
    pub source: Option<&'a str>,
    /// Clean.
    pub destination: String,
    pub writable: bool,
    /// `rshared`; empty where nobody said.
    pub propagation: &'a str,
}

impl<'a> Bind<'a> {
    /// Reads `source:destination[:options]`, or a bare path.
    pub(super) fn parse(entry: &'a str) -> Self {
        let mut parts = entry.splitn(3, ':');
        let first = parts.next().unwrap_or("");
        let (source, destination) = match parts.next() {
            Some(destination) => (Some(first), destination),
            None => (None, first),
        };
        let options = parts.next().unwrap_or("");
        let mut words = options.split(',');
        Self {
            source,
            destination: host_path::clean(destination),
            writable: !options.split(',').any(|word| word == "ro"),
            propagation: words.find(|word| PROPAGATIONS.contains(word)).unwrap_or(""),
        }
    }

    /// Returns whether the source is a path on the host rather than a volume's name.
    pub(super) fn is_host_path(&self) -> bool {
        self.source.is_some_and(|it| it.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_at_the_first_equals_sign_and_else_at_the_first_colon() {
        assert_eq!(security_option("seccomp={\"a:b\":1}"), ("seccomp", "{\"a:b\":1}"));
        assert_eq!(security_option("no-new-privileges:true"), ("no-new-privileges", "true"));
        assert_eq!(security_option("no-new-privileges"), ("no-new-privileges", ""));
        assert_eq!(security_option("label=level:s0:c1"), ("label", "level:s0:c1"));
    }

    #[test]
    fn binds_have_three_shapes() {
        let bind = Bind::parse("/etc:/host/etc/:rslave,ro");
        assert!(bind.is_host_path() && !bind.writable);
        assert_eq!(bind.propagation, "rslave");
        assert_eq!(bind.destination, "/host/etc");
        assert!(!Bind::parse("data:/data").is_host_path());
        assert_eq!(Bind::parse("/data").source, None);
    }
}
