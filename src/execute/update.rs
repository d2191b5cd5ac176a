//! Limits and the restart policy, changed in place and read back.
//!
//! The endpoint answers 200 to what it ignores, so its answer proves nothing.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::{control_group::ControlGroup, effects::Effects, seen::Seen};
use crate::{
    docker::{Docker, DockerError},
    model::{edit::ContainerEdit, predict, size::Size},
    plan::run::Outcome,
};

/// How long to go on where a container stops and starts, on a machine that may be busy.
const BETWEEN_STARTS: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

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

    set(effects, before, &body, &format!(": {}", words(edits))).await
}

/// Members of `HostConfig` that the edits change: as they are, and as they would be set. `None`
/// if one of the edits cannot be done in place.
pub(super) fn values(edits: &[ContainerEdit], before: &Seen) -> Option<(Values, Values)> {
    let host_config = &before.0["HostConfig"];
    let after: Values = body(edits, host_config)?.as_object()?.clone().into_iter().collect();
    let before = after.keys().map(|key| (key.clone(), host_config[key].clone())).collect();
    Some((before, after))
}

type Values = BTreeMap<String, Value>;

/// Sends this body and reads it back; what did not take is put back. `what` ends the proof.
pub(super) async fn set<E: Effects>(
    effects: &E,
    before: &Seen,
    body: &Value,
    what: &str,
) -> Outcome {
    let warnings = match send(effects, before.id(), body).await {
        Ok(warnings) => warnings,
        Err(error) => return refused(effects, before, body, &error).await,
    };
    let warned = |mut text: String| {
        for warning in &warnings {
            let _ = write!(text, "; it warns: {warning}");
        }
        text
    };
    match read_back(effects.docker(), before.id(), body).await {
        Ok(Read { wrong, place }) if wrong.is_empty() => {
            Outcome::Done { proof: warned(format!("{place}{what}")) }
        }
        Ok(Read { wrong, .. }) => {
            let why = format!("it is not so afterwards: {}", wrong.join(", "));
            put_back(effects, before, body, warned(why)).await
        }
        Err(error) => put_back(effects, before, body, error.to_string()).await,
    }
}

/// Sends it, again where the container stopped under the engine's hands: it answers then that the
/// container is not running, and has stored nothing.
async fn send<E: Effects>(effects: &E, id: &str, body: &Value) -> Result<Vec<String>, DockerError> {
    let deadline = Instant::now() + BETWEEN_STARTS;
    loop {
        let error = match effects.update_container(id, body).await {
            Ok(warnings) => return Ok(warnings),
            Err(error) => error,
        };
        if !stopped_meanwhile(&error) || Instant::now() + PAUSE > deadline {
            return Err(error);
        }
        sleep(PAUSE).await;
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
                let swap = predict::memory_swap(now("Memory"), now("MemorySwap"), *bytes);
                body.insert("Memory".into(), json!(bytes));
                body.insert("MemorySwap".into(), json!(swap));
                // Engines take a limit below it here, and never again when creating.
                if now("MemoryReservation") > *bytes {
                    body.insert("MemoryReservation".into(), json!(bytes));
                }
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
    // Between two starts there is nothing to kill.
    if !matches!(before.status(), "running" | "paused") {
        return None;
    }
    let used = match used_by_stats(docker, before.id()).await {
        Some(used) => Some(used),
        // Engines whose containerd cannot read the control groups leave it out.
        None => ControlGroup::of(before).and_then(|group| group.memory_used()),
    };
    match used {
        Some(used) if used > limit => Some(format!(
            "it uses {} of memory now, more than {}",
            Size(i64::try_from(used).unwrap_or(i64::MAX)),
            Size(i64::try_from(limit).unwrap_or(i64::MAX)),
        )),
        Some(_) => None,
        None if kernel_refuses(docker).await => None,
        None => Some(
            "how much memory it uses cannot be told, and the kernel would kill what uses more"
                .into(),
        ),
    }
}

async fn used_by_stats(docker: &Docker, id: &str) -> Option<u64> {
    let path = format!("/containers/{id}/stats?stream=0&one-shot=1");
    let stats: Value = serde_json::from_slice(&docker.get(&path).await.ok()?).ok()?;
    let memory = &stats["memory_stats"];
    let reclaimable = ["inactive_file", "total_inactive_file"]
        .iter()
        .find_map(|key| memory["stats"][*key].as_u64())
        .unwrap_or_default();
    Some(memory["usage"].as_u64()?.saturating_sub(reclaimable))
}

async fn kernel_refuses(docker: &Docker) -> bool {
    let info = docker.info().await.map(|reply| serde_json::from_slice::<Value>(&reply));
    matches!(info, Ok(Ok(info)) if info["CgroupVersion"] == "1")
}

fn stopped_meanwhile(error: &DockerError) -> bool {
    error.code() == Some(500) && error.to_string().contains("not running")
}

async fn refused<E: Effects>(
    effects: &E,
    before: &Seen,
    body: &Value,
    error: &DockerError,
) -> Outcome {
    // A refusal leaves everything as it was, but for a policy that engines restart by already
    // when the container stops under their hands; a lost answer may have done it all.
    if error.code().is_some() {
        return match stopped_meanwhile(error) && body["RestartPolicy"].is_object() {
            true => put_back(effects, before, body, error.to_string()).await,
            false => Outcome::Failed { why: error.to_string() },
        };
    }
    match read_back(effects.docker(), before.id(), body).await {
        Ok(Read { wrong, place }) if wrong.is_empty() => Outcome::Done { proof: place.into() },
        Ok(_) | Err(_) => put_back(effects, before, body, error.to_string()).await,
    }
}

/// What came of an update.
struct Read {
    /// The members that inspect, or the kernel where it can be asked, shows otherwise.
    wrong: Vec<String>,
    /// Where the others were found, in words.
    place: &'static str,
}

async fn read_back(docker: &Docker, id: &str, body: &Value) -> Result<Read, DockerError> {
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
    let limits = ["PidsLimit", "Memory"].iter().any(|it| body[*it].is_number());
    let kernel = ControlGroup::of(&after).and_then(|group| group.wrong(body));
    let place = match &kernel {
        Some(_) => "read back from inspect and from its control group",
        None if !limits => "read back from inspect",
        None if matches!(after.status(), "running" | "paused") => {
            "read back from inspect alone, as its control group cannot be read from here"
        }
        None => "read back from inspect; it holds from its next start",
    };
    let of_kernel = kernel.into_iter().flatten();
    wrong.extend(of_kernel.map(|it| format!("{it} in its control group")));
    Ok(Read { wrong, place })
}

/// Null, zero and any negative number are no limit.
fn limit(value: &Value) -> Option<i64> {
    value.as_i64().filter(|limit| *limit > 0)
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
            // The two go together, also where the one is no limit.
            "MemorySwap" if limit(&before.0["HostConfig"]["Memory"]).is_some() => {
                back.insert(key.into(), old.clone());
            }
            "Memory" | "MemoryReservation" if limit(old).is_some() => {
                back.insert(key.into(), old.clone());
            }
            "Memory" => left.push(format!(
                "`{}` may have a memory limit now; only replacing it takes that away",
                before.name()
            )),
            _ => {}
        }
    }
    let back = Value::Object(back);
    let result = send(effects, before.id(), &back).await;
    let after = Seen::of(effects.docker(), before.id()).await;
    let is_back = after.is_ok_and(|after| {
        let is_stored = body.as_object().into_iter().flatten().all(|(key, _)| {
            let (was, is) = (&before.0["HostConfig"][key], &after.0["HostConfig"][key]);
            match key.as_str() {
                "RestartPolicy" => before.restart_policy() == after.restart_policy(),
                "PidsLimit" | "MemoryReservation" => limit(was) == limit(is),
                _ => was == is,
            }
        });
        let wrong = ControlGroup::of(&after).and_then(|group| group.wrong(&back));
        is_stored && wrong.is_none_or(|it| it.is_empty())
    });
    match result {
        _ if is_back => Outcome::Undone { why },
        Ok(_) => Outcome::Stuck { why, left },
        Err(error) => Outcome::Stuck { why: format!("{why}; then: {error}"), left },
    }
}

fn words(edits: &[ContainerEdit]) -> String {
    let words: Vec<String> = edits
        .iter()
        .filter_map(|edit| match edit {
            ContainerEdit::PidsLimit(limit) => Some(format!("pids_limit {limit}")),
            ContainerEdit::Memory(bytes) => Some(format!("memory {}", Size(*bytes))),
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
    words.join(", ")
}

#[cfg(test)]
mod tests;
