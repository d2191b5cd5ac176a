//! Host paths compared part by part, never as text: `/etcetera` is not inside `/etc`.

/// Returns the path without doubled slashes, `.`, `..` and a slash at its end.
pub fn clean(path: &str) -> String {
    let is_clean = path
        .strip_prefix('/')
        .is_some_and(|inside| inside.split('/').all(|part| !matches!(part, "" | "." | "..")));
    if is_clean {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}

/// Returns a clean host path without the link `/var/run`, which leads to `/run` on every current
/// distribution.
pub fn clean_on_host(path: &str) -> String {
    let path = clean(path);
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => path,
    }
}

/// Returns whether a clean path is this clean directory or lies in it.
pub fn is_within(path: &str, directory: &str) -> bool {
    let ends_there = || matches!(path.as_bytes().get(directory.len()), None | Some(b'/'));
    directory == "/" || ends_there() && path.starts_with(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_the_engine_does_and_var_run_is_run() {
        for (path, expected) in [
            ("/etc/", "/etc"),
            ("//etc/./ssh/..", "/etc"),
            ("/", "/"),
            ("/..", "/"),
            ("/var/run/docker.sock", "/run/docker.sock"),
            ("/var/running", "/var/running"),
            ("data", "data"),
        ] {
            assert_eq!(clean_on_host(path), expected, "{path}");
        }
    }

    #[test]
    fn containment_goes_by_parts() {
        assert!(is_within("/etc/ssh", "/etc"));
        assert!(is_within("/etc", "/etc"));
        assert!(is_within("/etc", "/"));
        assert!(!is_within("/etcetera", "/etc"));
        assert!(!is_within("/", "/etc"));
    }
}
