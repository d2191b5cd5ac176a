//! How what a container has written could survive its replacement.

use super::{build::listed, lines};
use crate::model::{
    container::ContainerSpec,
    edit::ContainerEdit,
    host_path,
    writable_paths::{Places, places},
};

/// More places than this are no proposal.
const MOST: usize = 8;

/// Returns the least that keeps the files, a line each. With a read-only root these are the paths
/// that fail next time as well.
pub(super) fn keep(spec: &ContainerSpec, edits: &[ContainerEdit], files: &[String]) -> Vec<String> {
    let tmpfs: Vec<(&str, &str)> = edits
        .iter()
        .filter_map(|edit| match edit {
            ContainerEdit::Tmpfs { path, options } => Some((path.as_str(), options.as_str())),
            _ => None,
        })
        .collect();
    let is_provided = |path: &&String| tmpfs.iter().any(|(at, _)| host_path::is_within(path, at));
    let rest: Vec<String> = files.iter().filter(|it| !is_provided(it)).cloned().collect();
    if rest.is_empty() {
        return Vec::new();
    }
    let Places { directories, without } = places(&rest);
    let named = |all: &[String]| {
        let all: Vec<String> = all.iter().map(|it| lines::quoted(it)).collect();
        listed(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let is_read_only = edits.iter().any(|it| matches!(it, ContainerEdit::ReadOnlyRootfs(true)));
    let mut keep = Vec::new();
    if is_read_only && !directories.is_empty() && directories.len() <= MOST {
        let declared = tmpfs.iter().map(|(path, options)| match *options {
            "" => (*path).to_owned(),
            options => format!("{path}:{options}"),
        });
        let all: Vec<String> = declared.chain(directories.iter().cloned()).collect();
        keep.push("a read-only root refuses these next time; to let it, in `containers`:".into());
        let entry = lines::entry(&spec.name, &lines::rule(&lines::read_only_rootfs(&all)));
        keep.extend(entry.lines().map(str::to_owned));
        keep.push("a tmpfs starts empty; what has to stay needs a volume there instead".into());
    } else if !directories.is_empty() {
        let refused = if is_read_only { "a read-only root refuses these next time; " } else { "" };
        keep.push(format!(
            "{refused}what has to stay needs a volume at {}, from whoever starts the container",
            named(&directories)
        ));
    }
    if !without.is_empty() {
        let what = if is_read_only { "a tmpfs or a volume" } else { "a volume" };
        keep.push(format!(
            "{what} would hide files of the image at {}; they belong into the image",
            named(&without)
        ));
    }
    keep
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::container;

    fn kept(edits: &[ContainerEdit], files: &[&str]) -> Vec<String> {
        let files: Vec<String> = files.iter().map(|it| (*it).to_owned()).collect();
        keep(&container("web"), edits, &files)
    }

    #[test]
    fn read_only_root_gets_the_tmpfs_that_are_missing() {
        let tmpfs = ContainerEdit::Tmpfs { path: "/run".into(), options: "size=1m".into() };
        let edits = [ContainerEdit::ReadOnlyRootfs(true), tmpfs];
        let lines = kept(&edits, &["/run/pid", "/cache", "/cache/a", "/etc/motd"]);
        assert_eq!(lines[1], "  - match: { name: web }");
        assert!(lines[3].ends_with("{ tmpfs: [\"/run:size=1m\", /cache] }"), "{lines:?}");
        assert!(lines[5].contains("at /etc/motd;"), "{lines:?}");
        assert!(kept(&edits, &["/run/pid"]).is_empty());
    }

    #[test]
    fn otherwise_a_volume_is_what_keeps() {
        let edits = [ContainerEdit::NoNewPrivileges(true)];
        let lines = kept(&edits, &["/cache/a", "/cache/b"]);
        let line = "what has to stay needs a volume at /cache, from whoever starts the container";
        assert_eq!(lines, [line]);
    }

    #[test]
    fn many_and_odd_places_stay_short() {
        let many: Vec<String> = (0..3000).map(|it| format!("/d{it}/file")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let lines = kept(&[ContainerEdit::ReadOnlyRootfs(true)], &many);
        assert!(lines.len() == 1 && lines[0].contains("and 2992 more"), "{lines:?}");
        let lines = kept(&[ContainerEdit::ReadOnlyRootfs(true)], &["/a b\n\u{1b}[31m/x"]);
        assert!(lines[3].contains("\"/a b\\u000a\\u001b[31m\""), "{lines:?}");
    }
}
