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
/// that fail next time as well, also where a commit takes the files themselves along.
pub(super) fn keep(
    spec: &ContainerSpec,
    edits: &[ContainerEdit],
    files: &[String],
    commit: bool,
) -> Vec<String> {
    let is_read_only = edits.iter().any(|it| matches!(it, ContainerEdit::ReadOnlyRootfs(true)));
    if commit && !is_read_only {
        return Vec::new();
    }
    let tmpfs: Vec<(&str, &str)> = edits
        .iter()
        .filter_map(|edit| match edit {
            ContainerEdit::Tmpfs { path, options } => Some((path.as_str(), options.as_str())),
            _ => None,
        })
        .collect();
    let is_provided = |path: &&String| tmpfs.iter().any(|(at, _)| host_path::is_within(path, at));
    let rest: Vec<String> = files.iter().filter(|it| !is_provided(it)).cloned().collect();
    let Places { directories, at_root, of_the_image } = places(&rest);
    let refused = match (is_read_only, commit) {
        (true, true) => "a read-only root refuses to write these next time; ",
        (true, false) => "a read-only root refuses these next time; ",
        (false, _) => "",
    };
    let mut keep = Vec::new();
    if is_read_only && !directories.is_empty() && directories.len() <= MOST {
        let declared = tmpfs.iter().map(|(path, options)| match *options {
            "" => (*path).to_owned(),
            options => format!("{path}:{options}"),
        });
        let all: Vec<String> = declared.chain(directories.iter().cloned()).collect();
        keep.push(format!("{refused}to let it, in `containers`:"));
        keep.extend(entry(spec, &lines::rule(&lines::read_only_rootfs(&all))));
        let hides = if commit { " and hides what is taken along there" } else { "" };
        keep.push(format!(
            "a tmpfs starts empty{hides}; what has to stay needs a volume there instead"
        ));
    } else if !directories.is_empty() {
        keep.push(format!(
            "{refused}what has to stay needs a volume at {}, from whoever starts the container",
            named(&directories)
        ));
    }
    let what = if is_read_only { "a tmpfs or a volume" } else { "a volume" };
    if !at_root.is_empty() {
        let instead = if is_read_only { ", so it has to be written elsewhere" } else { "" };
        keep.push(format!(
            "right below /, a directory can be {what} itself and a file cannot{instead}: {}",
            named(&at_root)
        ));
    }
    if !of_the_image.is_empty() {
        keep.push(format!(
            "{what} over their directory would hide files of the image, where these belong: {}",
            named(&of_the_image)
        ));
    }
    let without = at_root.len() + of_the_image.len();
    if !commit && without > 0 {
        let how = if is_read_only { "to be read and not written" } else { "as they are" };
        keep.push(format!("to take all of its files along, {how}, in `containers`:"));
        keep.extend(entry(spec, "writable-layer: commit"));
    }
    keep
}

fn named(paths: &[String]) -> String {
    let paths: Vec<String> = paths.iter().map(|it| lines::quoted(it)).collect();
    listed(&paths.iter().map(String::as_str).collect::<Vec<_>>())
}

fn entry(spec: &ContainerSpec, member: &str) -> Vec<String> {
    lines::entry(&spec.name, member).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::container;

    fn kept(edits: &[ContainerEdit], files: &[&str]) -> Vec<String> {
        let files: Vec<String> = files.iter().map(|it| (*it).to_owned()).collect();
        keep(&container("web"), edits, &files, false)
    }

    #[test]
    fn read_only_root_gets_the_tmpfs_that_are_missing() {
        let tmpfs = ContainerEdit::Tmpfs { path: "/run".into(), options: "size=1m".into() };
        let edits = [ContainerEdit::ReadOnlyRootfs(true), tmpfs];
        let lines = kept(&edits, &["/run/pid", "/cache", "/cache/a", "/etc/motd"]);
        assert_eq!(lines[1], "  - match: { name: web }");
        assert!(lines[3].ends_with("{ tmpfs: [\"/run:size=1m\", /cache] }"), "{lines:?}");
        assert!(lines[5].ends_with("where these belong: /etc/motd"), "{lines:?}");
        assert_eq!(lines[8], "    writable-layer: commit");
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
    fn nothing_is_mounted_on_a_file_right_below_the_root() {
        let lines = kept(&[ContainerEdit::NoNewPrivileges(true)], &["/beat"]);
        assert_eq!(
            lines[0],
            "right below /, a directory can be a volume itself and a file cannot: /beat"
        );
        assert!(lines.iter().all(|it| !it.contains("of the image")), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "    writable-layer: commit");
    }

    #[test]
    fn commit_keeps_what_is_there_and_a_read_only_root_refuses_what_comes() {
        let committed = |edits: &[ContainerEdit], files: &[&str]| {
            let files: Vec<String> = files.iter().map(|it| (*it).to_owned()).collect();
            keep(&container("web"), edits, &files, true)
        };
        let read_only = [ContainerEdit::ReadOnlyRootfs(true)];
        let lines = committed(&read_only, &["/cache/a", "/beat"]);
        assert!(lines[0].starts_with("a read-only root refuses to write these"), "{lines:?}");
        assert!(lines[3].ends_with("{ tmpfs: [/cache] }"), "{lines:?}");
        assert!(lines.last().unwrap().ends_with(": /beat"), "{lines:?}");
        assert!(committed(&read_only, &[]).is_empty());
        assert!(committed(&[ContainerEdit::NoNewPrivileges(true)], &["/cache/a"]).is_empty());
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
