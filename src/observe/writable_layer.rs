//! What replacing a container would discard.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    docker::{Docker, PathChange},
    plan::Lost,
};

/// The engine's number for a path that is there in the image too.
const CHANGED: u8 = 0;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Reply {
    size_rw: Option<u64>,
    config: Option<Config>,
    host_config: Option<HostConfig>,
    mounts: Option<Vec<MountPoint>>,
    #[serde(rename = "ExecIDs")]
    exec_ids: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    working_dir: Option<String>,
    healthcheck: Option<Healthcheck>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Healthcheck {
    test: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    tmpfs: Option<std::collections::BTreeMap<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MountPoint {
    #[serde(rename = "Type")]
    kind: Option<String>,
    destination: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Exec {
    running: Option<bool>,
    process_config: Option<ProcessConfig>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProcessConfig {
    entrypoint: Option<String>,
    arguments: Option<Vec<String>>,
}

/// Looks at what a container has written and who is inside it.
pub async fn writable_layer(docker: &Docker, id: &str) -> Lost {
    let (changes, inspect) = tokio::join!(docker.changes(id), docker.inspect_with_size(id));
    let Ok(reply) = inspect
        .ok()
        .map(|bytes| serde_json::from_slice::<Reply>(&bytes))
        .transpose()
        .map(Option::unwrap_or_default)
    else {
        return Lost { files: None, layer_bytes: None, also: Vec::new() };
    };
    let mut also: Vec<String> = tmpfs_paths(&reply)
        .into_iter()
        .map(|path| format!("contents of the tmpfs at {path}"))
        .collect();
    let sessions = sessions(docker, &reply).await;
    if sessions > 0 {
        let them = if sessions == 1 { "session is" } else { "sessions are" };
        also.push(format!("{sessions} exec {them} open in it"));
    }
    Lost {
        files: changes.ok().map(|changes| files(&changes, &reply)),
        layer_bytes: reply.size_rw,
        also,
    }
}

/// Leaves out what the engine makes itself: mount points, the working directory, and folders
/// that only changed because of what is below them.
fn files(changes: &[PathChange], reply: &Reply) -> Vec<String> {
    let mut own = BTreeSet::new();
    let destinations = reply.mounts.iter().flatten().filter_map(|it| it.destination.as_deref());
    let working_dir = reply.config.as_ref().and_then(|config| config.working_dir.as_deref());
    for path in destinations.chain(tmpfs_paths(reply)).chain(working_dir) {
        own.extend(with_ancestors(path.trim_end_matches('/')));
    }
    let rest: Vec<&PathChange> =
        changes.iter().filter(|change| !own.contains(change.path.as_str())).collect();
    let above: BTreeSet<&str> =
        rest.iter().flat_map(|change| with_ancestors(&change.path).skip(1)).collect();
    let mut files: Vec<String> = rest
        .into_iter()
        .filter(|change| change.kind != CHANGED || !above.contains(change.path.as_str()))
        .map(|change| change.path.clone())
        .collect();
    files.sort();
    files
}

/// Iterates over a path and everything above it but the root.
fn with_ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |it| it.rfind('/').map(|slash| &it[..slash]))
        .filter(|it| !it.is_empty())
}

fn tmpfs_paths(reply: &Reply) -> BTreeSet<&str> {
    let declared =
        reply.host_config.iter().filter_map(|it| it.tmpfs.as_ref()).flat_map(|it| it.keys());
    let mounted = reply
        .mounts
        .iter()
        .flatten()
        .filter(|it| it.kind.as_deref() == Some("tmpfs"))
        .filter_map(|it| it.destination.as_deref());
    declared.map(String::as_str).chain(mounted).collect()
}

/// Counts live exec sessions; a health check that happens to run is none.
async fn sessions(docker: &Docker, reply: &Reply) -> usize {
    let mut count = 0;
    for id in reply.exec_ids.iter().flatten() {
        let Ok(bytes) = docker.exec(id).await else { continue };
        let exec: Exec = serde_json::from_slice(&bytes).unwrap_or_default();
        count += usize::from(exec.running == Some(true) && !is_health_check(&exec, reply));
    }
    count
}

fn is_health_check(exec: &Exec, reply: &Reply) -> bool {
    let test = reply.config.as_ref().and_then(|it| it.healthcheck.as_ref()?.test.as_deref());
    let Some(process) = &exec.process_config else { return false };
    let arguments = process.arguments.as_deref().unwrap_or_default();
    let command = process.entrypoint.iter().chain(arguments);
    match test {
        Some([kind, rest @ ..]) if kind == "CMD" => command.eq(rest),
        // The shell goes before the one text.
        Some([kind, text]) if kind == "CMD-SHELL" => arguments.last() == Some(text),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(json: &str) -> Reply {
        serde_json::from_str(json).unwrap()
    }

    fn change(kind: u8, path: &str) -> PathChange {
        PathChange { path: path.into(), kind }
    }

    #[test]
    fn what_the_engine_makes_itself_is_not_data() {
        let reply = reply(
            r#"{"Config":{"WorkingDir":"/srv/app"},"HostConfig":{"Tmpfs":{"/run/x":""}},
                "Mounts":[{"Type":"bind","Destination":"/etc/app/conf"}]}"#,
        );
        let changes = [
            change(0, "/etc"),
            change(1, "/etc/app"),
            change(1, "/etc/app/conf"),
            change(1, "/srv"),
            change(1, "/srv/app"),
            change(0, "/run"),
            change(1, "/run/x"),
            change(0, "/var"),
            change(0, "/var/lib"),
            change(1, "/var/lib/data"),
            change(2, "/bin/tool"),
            change(0, "/etc/passwd"),
        ];
        assert_eq!(files(&changes, &reply), ["/bin/tool", "/etc/passwd", "/var/lib/data"]);
        assert_eq!(files(&[], &reply), Vec::<String>::new());
    }

    #[test]
    fn health_check_is_told_from_a_session() {
        let shell = reply(r#"{"Config":{"Healthcheck":{"Test":["CMD-SHELL","true"]}}}"#);
        let plain = reply(r#"{"Config":{"Healthcheck":{"Test":["CMD","/ok","-q"]}}}"#);
        let exec = |json: &str| serde_json::from_str::<Exec>(json).unwrap();
        let check = r#"{"ProcessConfig":{"entrypoint":"/bin/sh","arguments":["-c","true"]}}"#;
        assert!(is_health_check(&exec(check), &shell));
        let check = r#"{"ProcessConfig":{"entrypoint":"/ok","arguments":["-q"]}}"#;
        assert!(is_health_check(&exec(check), &plain));
        let session = r#"{"ProcessConfig":{"entrypoint":"sh","arguments":[]}}"#;
        assert!(!is_health_check(&exec(session), &shell));
        assert!(!is_health_check(&exec(session), &plain));
    }
}
