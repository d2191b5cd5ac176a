//! `daemon.json` before and after, line by line, without secrets.

use similar::TextDiff;

use crate::plan::daemon_file;

/// Returns a unified diff of the daemon's file, empty where nothing differs. Values that can hold
/// secrets are hidden on both sides.
pub fn daemon_file(before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (Ok(before), Ok(after)) = (daemon_file::redacted(before), daemon_file::redacted(after))
    else {
        // What cannot be read cannot be cleared of secrets.
        return "daemon.json is not a JSON object and is not shown\n".into();
    };
    if before == after {
        return "only values of daemon.json that are not shown differ\n".into();
    }
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(3)
        .header("daemon.json", "daemon.json, as planned")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_are_marked() {
        let before = "{\n  \"debug\": true\n}\n";
        let after = "{\n  \"debug\": true,\n  \"icc\": false\n}\n";
        let diff = daemon_file(before, after);
        assert!(diff.contains("+  \"icc\": false"), "{diff}");
        assert_eq!(daemon_file(before, before), "");
    }

    #[test]
    fn secrets_are_on_neither_side() {
        let file = |user: &str| format!("{{\"proxies\": {{\"http-proxy\": \"http://{user}@p\"}}}}");
        let diff = daemon_file(&file("me:canary1"), &file("me:canary2"));
        assert!(!diff.contains("canary"), "{diff}");
        assert!(!daemon_file("{ canary", "{}").contains("canary"));
    }
}
