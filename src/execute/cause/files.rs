//! What could not be written, read or run.

use super::{Case, Cause, path_in};
use crate::{
    model::{
        edit::ContainerEdit,
        host_path,
        writable_paths::{is_at_root, tmpfs_for},
    },
    plan::lines,
};

const DENIED: &[&str] = &["permission denied", "eacces", "accessdenied"];

pub(super) fn read_only_root(case: &Case<'_>) -> Option<Cause> {
    if !case.has(|it| matches!(it, ContainerEdit::ReadOnlyRootfs(true))) {
        return None;
    }
    let line = case.said(&["read-only file system", "readonly file system", "erofs"])?;
    let makes_directory = ["mkdir", "directory"].iter().any(|it| line.to_lowercase().contains(it));
    let Some(path) = path_in(line) else {
        let inside = case.twin.0["Config"]["WorkingDir"].as_str().unwrap_or_default();
        let place = tmpfs_for(inside, true);
        let cause = Cause::new("read-only root, and it writes to a path it does not say");
        return Some(match place {
            Some(place) => cause.instead(lines::read_only_rootfs(&tmpfs(case, place))).note(
                "That is its working directory; `docker diff` shows what the old one has written",
            ),
            None => cause.note("`docker diff` shows what the old one has written"),
        });
    };
    let cause = Cause::new(format!("read-only root, and it writes to {path}"));
    // A directory that it makes takes what it puts there next.
    let place = tmpfs_for(path, false).or_else(|| tmpfs_for(path, makes_directory));
    Some(match place {
        Some(place) => cause.instead(lines::read_only_rootfs(&tmpfs(case, place))).note(
            "A tmpfs is empty at each start; what has to stay needs a volume, from whoever \
             starts the container",
        ),
        None => cause.instead("container.read-only-rootfs: off").note(match is_at_root(path) {
            true => "Right below / no tmpfs takes a single file; in a directory, one could",
            false => "A tmpfs there would hide files of the image",
        }),
    })
}

/// The declared places and one more.
fn tmpfs(case: &Case<'_>, place: String) -> Vec<String> {
    let mut all: Vec<String> = declared(case)
        .filter(|(path, _)| *path != place)
        .map(|(path, options)| match options {
            "" => path.to_owned(),
            options => format!("{path}:{options}"),
        })
        .collect();
    all.push(place);
    all
}

fn declared<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    case.edits.iter().filter_map(|edit| match edit {
        ContainerEdit::Tmpfs { path, options } => Some((path.as_str(), options.as_str())),
        _ => None,
    })
}

/// The engine mounts a tmpfs `noexec` unless its options say otherwise.
pub(super) fn no_programs_on_tmpfs(case: &Case<'_>) -> Option<Cause> {
    let words = [DENIED, &["failed to map segment", "operation not permitted"]].concat();
    let path = path_in(case.said(&words)?)?;
    let (at, options) = declared(case).find(|(at, options)| {
        host_path::is_within(path, at) && !options.split(',').any(|it| it == "exec")
    })?;
    let with_exec = match options {
        "" => format!("{at}:exec"),
        options => format!("{at}:{options},exec"),
    };
    let others = declared(case).filter(|(path, _)| *path != at).map(|(path, options)| {
        if options.is_empty() { path.to_owned() } else { format!("{path}:{options}") }
    });
    let all: Vec<String> = others.chain([with_exec]).collect();
    Some(
        Cause::new(format!("the tmpfs at {at} runs no programs, and it runs {path}"))
            .instead(lines::read_only_rootfs(&all)),
    )
}

pub(super) fn mount_taken_away(case: &Case<'_>) -> Option<Cause> {
    let words = ["no such file", "enoent", "cannot connect to the docker daemon", "not found"];
    let line = case.said(&words)?;
    let destination = case.edits.iter().find_map(|edit| match edit {
        ContainerEdit::RemoveMount { destination } => Some(destination.as_str()),
        _ => None,
    })?;
    let is_meant = line.contains(destination) || line.contains("docker.sock");
    is_meant.then(|| {
        Cause::new(format!("the mount at {destination}, which it does without now"))
            .note("A waiver for the rule that takes it away keeps it; `plimsoll explain` names it")
    })
}

pub(super) fn user(case: &Case<'_>) -> Option<Cause> {
    let user = case.edits.iter().find_map(|edit| match edit {
        ContainerEdit::User(user) => Some(user.as_str()),
        _ => None,
    })?;
    let words = [DENIED, &["operation not permitted", "eperm", "not owned by", "must be root"]];
    let line = case.said(&words.concat())?;
    let at = path_in(line).map(|path| format!(", and may not do what it does at {path}"));
    Some(
        Cause::new(format!("it runs as user {user}{}", at.unwrap_or_default()))
            .instead("container.non-root-user: off")
            .note(format!(
                "Or give its files to that user: `chown -R {user}` in the image, and in its \
                 volumes, which keep their owners"
            )),
    )
}
