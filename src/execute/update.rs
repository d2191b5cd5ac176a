//! Limits and the restart policy, changed in place and read back.
//!
//! The endpoint answers 200 to what it ignores, so its answer proves nothing.

use std::{fmt::Write as _, fs};

use serde_json::{Map, Value, json};

use super::{effects::Effects, seen::Seen};
use crate::{
    docker::{Docker, DockerError},
    model::edit::ContainerEdit,
    plan::run::Outcome,
    sources::lower::memory_swap,
};

pub(super) async fn update<E: Effects>(
    effects: &E,
    edits: &[ContainerEdit],
    before: &Seen,
) -> Outcome {
    let Some(body) = body(edits, &before.0["HostConfig"]) else {
        return Outcome::Failed { why: "some of it cannot be changed in place".into() };
    };
    if let Some(why) = would_kill(effects.docker(), &body, before).await {
        return Outcome::Failed { why };
    }

    let warnings = match effects.update_container(before.id(), &body).await {
        Ok(warnings) => warnings,
        Err(error) => return refused(effects, before, &body, &error).await,
    };
    match wrong(effects.docker(), before.id(), &body).await {
        Ok(wrong) if wrong.is_empty() => Outcome::Done { proof: proof(edits) },
        Ok(wrong) => {
            let mut why = format!("the engine does not show it afterwards: {}", wrong.join(", "));
            for warning in warnings {
                let _ = write!(why, "; it warns: {warning}");
            }
            put_back(effects, before, &body, why).await
        }
        Err(error) => put_back(effects, before, &body, error.to_string()).await,
    }
}

/// Returns one body for all edits; `None` if one of them cannot be done in place.
fn body(edits: &[ContainerEdit], host_config: &Value) -> Option<Value> {
    let mut body = Map::new();
    for edit in edits {
        match edit {
            ContainerEdit::PidsLimit(limit) => {
                body.insert("PidsLimit".into(), json!(limit));
            }
            ContainerEdit::Memory(bytes) => {
                let now = |key: &str| host_config[key].as_i64().unwrap_or_default();
                let swap = memory_swap(now("Memory"), now("MemorySwap"), *bytes);
                body.insert("Memory".into(), json!(bytes));
                body.insert("MemorySwap".into(), json!(swap));
            }
            ContainerEdit::RestartPolicy { name, max_retries } => {
                let policy = json!({ "Name": name, "MaximumRetryCount": max_retries });
                body.insert("RestartPolicy".into(), policy);
            }
            ContainerEdit::Privileged(_)
            | ContainerEdit::BoundCapabilities(_)
            | ContainerEdit::NoNewPrivileges(_)
            | ContainerEdit::DefaultSeccomp
            | ContainerEdit::ReadOnlyRootfs(_)
            | ContainerEdit::Tmpfs { .. }
            | ContainerEdit::User(_)
            | ContainerEdit::RemoveMount { .. }
            | ContainerEdit::NetworkMode(_)
            | ContainerEdit::PrivatePid
            | ContainerEdit::PrivateIpc
            | ContainerEdit::PrivateUts
            | ContainerEdit::ShareableIpc
            | ContainerEdit::CgroupnsMode(_)
            | ContainerEdit::ShmSize(_)
            | ContainerEdit::Runtime(_)
            | ContainerEdit::Log { .. }
            | ContainerEdit::PublishOn { .. } => return None,
        }
    }
    Some(Value::Object(body))
}

/// On cgroup v1 the kernel refuses a limit below what is in use; on v2 it kills.
async fn would_kill(docker: &Docker, body: &Value, before: &Seen) -> Option<String> {
    let limit = body["Memory"].as_u64()?;
    if !before.has_processes() {
        return None;
    }
    let path = format!("/containers/{}/stats?stream=0&one-shot=1", before.id());
    let stats: Value = serde_json::from_slice(&docker.get(&path).await.ok()?).ok()?;
    let memory = &stats["memory_stats"];
    let reclaimable = ["inactive_file", "total_inactive_file"]
        .iter()
        .find_map(|key| memory["stats"][*key].as_u64())
        .unwrap_or_default();
    let used = memory["usage"].as_u64()?.saturating_sub(reclaimable);
    (used > limit).then(|| format!("it uses {used} bytes of memory now, more than {limit}"))
}

async fn refused<E: Effects>(
    effects: &E,
    before: &Seen,
    body: &Value,
    error: &DockerError,
) -> Outcome {
    // A refusal leaves everything as it was; a lost answer may have done it all.
    if error.code().is_some() {
        return Outcome::Failed { why: error.to_string() };
    }
    match wrong(effects.docker(), before.id(), body).await {
        Ok(wrong) if wrong.is_empty() => Outcome::Done { proof: "read back from inspect".into() },
        Ok(_) | Err(_) => put_back(effects, before, body, error.to_string()).await,
    }
}

/// Returns the members that inspect, or the kernel where it can be asked, shows otherwise.
async fn wrong(docker: &Docker, id: &str, body: &Value) -> Result<Vec<String>, DockerError> {
    let after = Seen::of(docker, id).await?;
    let host_config = &after.0["HostConfig"];
    let mut wrong: Vec<String> = Vec::new();
    for (key, asked) in body.as_object().into_iter().flatten() {
        let got = &host_config[key];
        let is_so = match key.as_str() {
            "RestartPolicy" => {
                let asked = Seen(json!({ "HostConfig": { "RestartPolicy": asked } }));
                asked.restart_policy() == after.restart_policy()
            }
            "PidsLimit" => limit(asked) == limit(got),
            // Engines whose kernel does not count swap store -1 and say so.
            "MemorySwap" => asked == got || got.as_i64() == Some(-1),
            _ => asked == got,
        };
        if !is_so {
            wrong.push(key.clone());
        }
    }
    wrong.extend(wrong_in_kernel(&after, body));
    Ok(wrong)
}

/// Null, zero and any negative number are no limit.
fn limit(value: &Value) -> Option<i64> {
    value.as_i64().filter(|limit| *limit > 0)
}

/// Reads the control group of its first process, if that is on this machine and can be seen.
fn wrong_in_kernel(seen: &Seen, body: &Value) -> Vec<String> {
    let pid = seen.0["State"]["Pid"].as_u64().unwrap_or_default();
    let Ok(groups) = fs::read_to_string(format!("/proc/{pid}/cgroup")) else { return Vec::new() };
    // A process ID seen from another namespace is somebody else's here.
    if pid == 0 || !groups.contains(seen.id()) {
        return Vec::new();
    }
    [("PidsLimit", "pids", "pids.max"), ("Memory", "memory", "memory.limit_in_bytes")]
        .into_iter()
        .filter_map(|(key, controller, file)| {
            let asked = limit(&body[key])?;
            let real = read_limit(&groups, controller, file)?;
            (real != asked.to_string() && real != rounded(asked)).then(|| format!("{key} (kernel)"))
        })
        .collect()
}

/// The kernel keeps memory limits in whole pages.
fn rounded(bytes: i64) -> String {
    (bytes / 4096 * 4096).to_string()
}

fn read_limit(groups: &str, controller: &str, file: &str) -> Option<String> {
    let path = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        if controllers.is_empty() {
            let file = if file.starts_with("memory") { "memory.max" } else { file };
            Some(format!("/sys/fs/cgroup{path}/{file}"))
        } else {
            let is_it = controllers.split(',').any(|it| it == controller);
            is_it.then(|| format!("/sys/fs/cgroup/{controller}{path}/{file}"))
        }
    })?;
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// Sends the values of before. A memory limit that was not there cannot be taken away again.
async fn put_back<E: Effects>(effects: &E, before: &Seen, body: &Value, why: String) -> Outcome {
    let mut back = Map::new();
    let mut left = Vec::new();
    for key in body.as_object().into_iter().flatten().map(|(key, _)| key.as_str()) {
        let old = &before.0["HostConfig"][key];
        match key {
            "PidsLimit" => {
                back.insert(key.into(), json!(limit(old).unwrap_or(-1)));
            }
            "RestartPolicy" => {
                let update = super::seen::restart_policy_update(&before.restart_policy());
                back.insert(key.into(), update["RestartPolicy"].clone());
            }
            _ if limit(old).is_some() => {
                back.insert(key.into(), old.clone());
            }
            "Memory" => left.push(format!(
                "`{}` may have a memory limit now; only replacing it takes that away",
                before.name()
            )),
            _ => {}
        }
    }
    let result = effects.update_container(before.id(), &Value::Object(back)).await;
    let after = Seen::of(effects.docker(), before.id()).await;
    let is_back = after.is_ok_and(|after| {
        body.as_object().into_iter().flatten().all(|(key, _)| {
            let (was, is) = (&before.0["HostConfig"][key], &after.0["HostConfig"][key]);
            was == is || (key == "PidsLimit" && limit(was) == limit(is))
        })
    });
    match result {
        _ if is_back => Outcome::Undone { why },
        Ok(_) => Outcome::Stuck { why, left },
        Err(error) => Outcome::Stuck { why: format!("{why}; then: {error}"), left },
    }
}

fn proof(edits: &[ContainerEdit]) -> String {
    let words: Vec<String> = edits
        .iter()
        .filter_map(|edit| match edit {
            ContainerEdit::PidsLimit(limit) => Some(format!("pids_limit {limit}")),
            ContainerEdit::Memory(bytes) => Some(format!("memory {bytes}")),
            ContainerEdit::RestartPolicy { name, .. } => Some(format!("restart policy {name}")),
            ContainerEdit::Privileged(_)
            | ContainerEdit::BoundCapabilities(_)
            | ContainerEdit::NoNewPrivileges(_)
            | ContainerEdit::DefaultSeccomp
            | ContainerEdit::ReadOnlyRootfs(_)
            | ContainerEdit::Tmpfs { .. }
            | ContainerEdit::User(_)
            | ContainerEdit::RemoveMount { .. }
            | ContainerEdit::NetworkMode(_)
            | ContainerEdit::PrivatePid
            | ContainerEdit::PrivateIpc
            | ContainerEdit::PrivateUts
            | ContainerEdit::ShareableIpc
            | ContainerEdit::CgroupnsMode(_)
            | ContainerEdit::ShmSize(_)
            | ContainerEdit::Runtime(_)
            | ContainerEdit::Log { .. }
            | ContainerEdit::PublishOn { .. } => None,
        })
        .collect();
    format!("read back: {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_never_goes_alone() {
        let edits = [ContainerEdit::Memory(64 << 20), ContainerEdit::PidsLimit(100)];
        let body = body(&edits, &json!({ "Memory": 0, "MemorySwap": 0 })).unwrap();
        assert_eq!(body["Memory"], 64 << 20);
        assert_eq!(body["MemorySwap"], 128 << 20);
        assert_eq!(body["PidsLimit"], 100);
    }

    #[test]
    fn what_needs_a_replacement_is_refused() {
        assert_eq!(body(&[ContainerEdit::ReadOnlyRootfs(true)], &json!({})), None);
    }

    #[test]
    fn control_groups_are_found_in_both_hierarchies() {
        let read = |groups: &str| read_limit(groups, "pids", "pids.max");
        // Neither path exists: what is tested is that nothing is made up.
        assert_eq!(read("4:pids:/docker/none\n"), None);
        assert_eq!(read("0::/docker/none\n"), None);
        assert_eq!(read("garbage"), None);
    }
}
