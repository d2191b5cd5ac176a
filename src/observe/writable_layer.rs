//! What containers have written, which replacing them would discard.

use std::{collections::BTreeSet, path::Path};

use futures_util::{TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;

use super::{containers::Inspected, process::Proc};
use crate::{
    docker::{Docker, DockerError, PathChange},
    model::{field::Field, size::rounded},
    plan::Lost,
};

/// Containers asked about side by side.
const AT_ONCE: usize = 8;

/// `TMPFS_MAGIC` of the kernel's `magic.h`.
const TMPFS_MAGIC: rustix::fs::FsWord = 0x0102_1994;

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
    state: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct State {
    running: Option<bool>,
    pid: Option<u32>,
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
    ipc_mode: Option<String>,
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
        return Lost::default();
    };
    let mut also = memory_files(docker, id, &reply);
    match sessions(docker, &reply).await {
        Ok(0) => {}
        Ok(1) => also.push("1 exec session is open in it".into()),
        Ok(sessions) => also.push(format!("{sessions} exec sessions are open in it")),
        Err(_) => also.push("exec sessions: the engine did not say whether any is open".into()),
    }
    Lost {
        files: changes.ok().map(|changes| files(&changes, &reply)),
        layer_bytes: reply.size_rw,
        also,
        keep: Vec::new(),
    }
}

/// Returns what is in memory as files, in words. What is empty is not mentioned.
fn memory_files(docker: &Docker, id: &str, reply: &Reply) -> Vec<String> {
    let Some(state) = reply.state.as_ref().filter(|it| it.running == Some(true)) else {
        return Vec::new();
    };
    let mut paths = tmpfs_paths(reply);
    let ipc = reply.host_config.as_ref().and_then(|it| it.ipc_mode.as_deref());
    // Otherwise it is somebody else's, and stays.
    if matches!(ipc, Some("private" | "shareable" | "")) {
        paths.insert("/dev/shm");
    }
    let pid = state.pid.filter(|_| docker.endpoint().is_local());
    let held = |path: &str| pid.and_then(|pid| tmpfs_bytes(pid, id, path));
    paths
        .into_iter()
        .filter_map(|path| match held(path) {
            Some(0) => None,
            Some(bytes) => Some(format!("{} in the tmpfs {path}", rounded(bytes))),
            None => Some(format!("what is in the tmpfs {path}")),
        })
        .collect()
}

/// Returns how much a tmpfs of a container holds, as the kernel counts it.
fn tmpfs_bytes(pid: u32, id: &str, path: &str) -> Option<u64> {
    let proc = Proc::new("/proc");
    // The number may be another container's by now, or another machine's.
    proc.container_process(pid, id, false).ok()?;
    let outside = proc.root(pid).find(Path::new(path)).ok()?;
    let facts = rustix::fs::statfs(&outside).ok()?;
    let is_tmpfs = facts.f_type == TMPFS_MAGIC;
    // Without a size limit, the kernel does not count.
    (is_tmpfs && facts.f_blocks > 0).then(|| {
        let blocks = facts.f_blocks.saturating_sub(facts.f_bfree);
        blocks.saturating_mul(u64::try_from(facts.f_bsize).unwrap_or_default())
    })
}

/// Asks what containers have changed, those that do not run as well. Fails only if the engine is
/// gone.
pub(super) async fn ask_changes(
    docker: &Docker,
    inspected: &mut [Inspected],
) -> Result<(), DockerError> {
    let seen = inspected.iter_mut().filter_map(|it| match it {
        Inspected::Seen { observed, working_directory, .. } => {
            Some((&mut observed.spec, &*working_directory))
        }
        Inspected::Blind(_) => None,
    });
    stream::iter(seen.map(Ok::<_, DockerError>))
        .try_for_each_concurrent(AT_ONCE, |(spec, working_directory)| async move {
            spec.changes = match docker.changes(&spec.id).await {
                Ok(changes) => {
                    let mounted = spec.mounts.iter().map(|it| it.destination.as_str());
                    let tmpfs = spec.tmpfs.keys().map(String::as_str);
                    let made = mounted.chain(tmpfs).chain([working_directory.as_str()]);
                    Field::Set(without_own(&changes, made))
                }
                Err(error) if error.is_engine_gone() => return Err(error),
                Err(_) => Field::Unknown("the engine does not tell what it changed"),
            };
            Ok(())
        })
        .await
}

fn files(changes: &[PathChange], reply: &Reply) -> Vec<String> {
    let destinations = reply.mounts.iter().flatten().filter_map(|it| it.destination.as_deref());
    let working_dir = reply.config.as_ref().and_then(|config| config.working_dir.as_deref());
    without_own(changes, destinations.chain(tmpfs_paths(reply)).chain(working_dir))
}

/// Leaves out what the engine makes itself: mount points, the working directory, and folders
/// that only changed because of what is below them.
fn without_own<'a>(changes: &[PathChange], made: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut own = BTreeSet::new();
    for path in made {
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
async fn sessions(docker: &Docker, reply: &Reply) -> Result<usize, DockerError> {
    let mut count = 0;
    for id in reply.exec_ids.iter().flatten() {
        let bytes = match docker.exec(id).await {
            Ok(bytes) => bytes,
            // Over by now.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        let exec: Exec = serde_json::from_slice(&bytes).unwrap_or_default();
        count += usize::from(exec.running != Some(false) && !is_health_check(&exec, reply));
    }
    Ok(count)
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
