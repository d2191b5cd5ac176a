//! Replaces a container by one that differs in the wanted settings and in nothing else.
//!
//! The replacement is made first, under a name of its own, while the old one still runs: what
//! the engine refuses is refused at no cost. From then on names say how far it is, labels say
//! what belongs together, and `recover` finishes or undoes it from there.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    Interrupt,
    cause::last_words,
    effects::Effects,
    gate::{Baseline, GateOptions, Verdict, gate},
    prediction,
    seen::Seen,
    steps, twin,
    withdraw::{Stranded, withdraw},
};
use crate::{
    docker::{Docker, DockerError},
    model::{
        edit::ContainerEdit,
        owner::Owner,
        transaction::{Phase, Transaction, kept_name, new_name, old_name, phase},
    },
    plan::run::Outcome,
    sources::{
        create_body::{DaemonFacts, ImageFacts, create_body, split_endpoints},
        lower::lower,
    },
};

const LOG_LINES: usize = 30;

/// One container to be replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) name: &'a str,
    pub(super) edits: &'a [ContainerEdit],
    /// Number of the run.
    pub(super) run: &'a str,
    pub(super) gate: &'a GateOptions,
    pub(super) daemon: &'a DaemonFacts,
    pub(super) interrupt: &'a Interrupt,
}

/// Why nothing was changed, or what was taken back.
enum Halt {
    /// Before anything changed, or with everything as it was.
    Failed(String),
    Undone(String),
    Stuck(Stranded),
}

pub(super) async fn replace<E: Effects>(
    effects: &E,
    order: &Order<'_>,
    old: Seen,
    tell: &mut (dyn FnMut(String) + Send),
) -> Outcome {
    match attempt(effects, order, old, tell).await {
        Ok(proof) => Outcome::Done { proof },
        Err(Halt::Failed(why)) => Outcome::Failed { why },
        Err(Halt::Undone(why)) => Outcome::Undone { why },
        Err(Halt::Stuck(Stranded { why, left })) => Outcome::Stuck { why, left },
    }
}

async fn attempt<E: Effects>(
    effects: &E,
    order: &Order<'_>,
    old: Seen,
    tell: &mut (dyn FnMut(String) + Send),
) -> Result<String, Halt> {
    refuse(&old, order.name).map_err(Halt::Failed)?;
    let transaction = Transaction {
        txn: format!("{:016x}", RandomState::new().hash_one(old.id())),
        replaces: old.id().into(),
        name: order.name.into(),
        run: order.run.into(),
        old_restart: old.restart_policy(),
        old_running: old.has_processes(),
    };
    let asked = Asked::of(effects.docker(), order, &old, &transaction).await.map_err(failed)?;

    tell("creating its replacement".into());
    let twin = create(effects, &asked, &old, &transaction).await?;
    let now = Seen::of(effects.docker(), old.id()).await;
    if now.is_ok_and(|now| now.since_last_look() != old.since_last_look()) {
        discard(effects, &twin, &[]).await;
        return Err(Halt::Failed("it was changed by somebody else meanwhile".into()));
    }

    let baseline = Baseline::of(&old, order.gate.quiet, jiff::Timestamp::now());
    let moves_network = order.edits.iter().any(|it| matches!(it, ContainerEdit::NetworkMode(_)));
    let baseline = if moves_network { baseline.without_ports() } else { baseline };
    let swap = Swap { effects, transaction: &transaction, twin: twin.id(), order };
    let times = match swap.forward(tell).await {
        Ok(times) => times,
        Err(why) => return Err(swap.back(&why, tell).await),
    };
    let proof = if transaction.old_running {
        tell(format!("watching it for at least {} s", order.gate.quiet.as_secs()));
        let verdict =
            gate(effects.docker(), twin.id(), &baseline, order.gate, order.interrupt).await;
        match verdict {
            Verdict::Open(proof) => format!("{proof}; {times}"),
            Verdict::Closed(why) => return Err(swap.back(&why, tell).await),
        }
    } else {
        "replaced without being started, as it did not run".into()
    };
    let kept = commit(effects, &transaction).await;
    Ok(match kept {
        Ok(kept) => format!("{proof}; the old one is kept as {kept}"),
        Err(error) => format!("{proof}; the old one keeps its passing name for now: {error}"),
    })
}

/// What the plan holds back already, looked at again.
pub(super) fn refuse(old: &Seen, name: &str) -> Result<(), String> {
    if old.name() != name {
        return Err(format!("it is named `{}` now", old.name()));
    }
    if phase(name).1 != Phase::InOffice {
        return Err("it is one of plimsoll's own".into());
    }
    if old.auto_remove() {
        return Err(
            "it was started with --rm: stopping it would remove it, with no way back".into()
        );
    }
    match old.status() {
        "created" | "running" | "restarting" | "exited" => {}
        "paused" => return Err("it is paused, which may be on purpose".into()),
        other => return Err(format!("it is in state {other}")),
    }
    match Owner::from_labels(&old.labels()) {
        Owner::Nobody | Owner::Compose { oneoff: false, .. } => {}
        Owner::Compose { oneoff: true, .. } => return Err("it is a `compose run`".into()),
        Owner::Swarm { service } => return Err(format!("Swarm service `{service}` owns it")),
        Owner::Kubernetes { pod } => return Err(format!("Kubernetes pod `{pod}` owns it")),
        Owner::Nomad { allocation } => return Err(format!("Nomad owns it ({allocation})")),
        Owner::Ecs { task } => return Err(format!("ECS owns it ({task})")),
    }
    if is_our_own(old.id()) {
        return Err("plimsoll runs in it".into());
    }
    Ok(())
}

/// Stopping the container that this process runs in would be the last thing it does.
fn is_our_own(id: &str) -> bool {
    !id.is_empty()
        && ["/proc/self/mountinfo", "/proc/self/cgroup"]
            .iter()
            .any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(id)))
}

/// The create request, taken apart.
struct Asked<'a> {
    edits: &'a [ContainerEdit],
    body: Value,
    /// To connect before the start, where one request cannot take all.
    later: Map<String, Value>,
    /// All of them.
    endpoints: Map<String, Value>,
}

impl<'a> Asked<'a> {
    async fn of(
        docker: &Docker,
        order: &Order<'a>,
        old: &Seen,
        transaction: &Transaction,
    ) -> Result<Self, DockerError> {
        let api = docker.version_spoken();
        let api = (api.major, api.minor);
        let image = image_facts(docker, old).await?;
        let mut body = lower(create_body(&old.0, &image, order.daemon, api), order.edits);
        if !body["Labels"].is_object() {
            body["Labels"] = json!({});
        }
        for (key, value) in transaction.labels() {
            body["Labels"][key] = json!(value);
        }
        let endpoints =
            body["NetworkingConfig"]["EndpointsConfig"].as_object().cloned().unwrap_or_default();
        let (body, later) = split_endpoints(body, api);
        Ok(Self { edits: order.edits, body, later: later.into_iter().collect(), endpoints })
    }
}

async fn image_facts(docker: &Docker, old: &Seen) -> Result<ImageFacts, DockerError> {
    let id = old.0["Image"].as_str().unwrap_or_default();
    let reference = old.0["Config"]["Image"].as_str().unwrap_or_default();
    let read = |reply: bytes::Bytes| serde_json::from_slice::<Value>(&reply).unwrap_or_default();
    let image = read(docker.image(id).await?);
    let has_entrypoint =
        image["Config"]["Entrypoint"].as_array().is_some_and(|words| !words.is_empty());
    let reference_resolves = match docker.image(reference).await {
        Ok(reply) => read(reply)["Id"] == id,
        Err(error) if error.code().is_some() => false,
        Err(error) => return Err(error),
    };
    Ok(ImageFacts { reference_resolves, has_entrypoint })
}

/// Creates the replacement, completes its networks and compares it with what was asked for.
/// What is wrong with it ends it.
async fn create<E: Effects>(
    effects: &E,
    asked: &Asked<'_>,
    old: &Seen,
    transaction: &Transaction,
) -> Result<Seen, Halt> {
    let docker = effects.docker();
    let name = new_name(&transaction.name);
    let id = match effects.create_container(&name, &asked.body).await {
        Ok((id, _)) => id,
        // Perhaps only the answer got lost. A refusal has left nothing.
        Err(error) => match Seen::find(docker, &name).await {
            Ok(Some(seen)) if is_of(&seen, transaction) => seen.id().to_owned(),
            Ok(Some(_)) => {
                return Err(Halt::Failed(format!("`{name}` is there already: {error}")));
            }
            Ok(None) | Err(_) => return Err(failed(error)),
        },
    };
    match complete(effects, asked, &id, old).await {
        Ok(twin) => Ok(twin),
        Err((why, fresh)) => {
            if let Ok(Some(twin)) = Seen::find(docker, &id).await {
                discard(effects, &twin, &fresh).await;
            }
            Err(Halt::Failed(why))
        }
    }
}

fn is_of(seen: &Seen, transaction: &Transaction) -> bool {
    Transaction::from_labels(&seen.labels()).as_ref() == Some(transaction)
}

async fn complete<E: Effects>(
    effects: &E,
    asked: &Asked<'_>,
    id: &str,
    old: &Seen,
) -> Result<Seen, (String, Vec<String>)> {
    let words = |error: DockerError| (error.to_string(), Vec::new());
    for (network, endpoint) in &asked.later {
        steps::connect(effects, network, id, endpoint).await.map_err(words)?;
    }
    let mut twin = Seen::of(effects.docker(), id).await.map_err(words)?;
    // The engine attaches every container to the network of its mode, even one that somebody
    // took off that network.
    let attached = old.networks();
    let surplus: Vec<String> = twin
        .networks()
        .into_keys()
        .filter(|it| attached_by_mode_only(it, asked, &attached, old))
        .collect();
    for network in &surplus {
        steps::disconnect(effects, network, id).await.map_err(words)?;
    }
    if !surplus.is_empty() {
        twin = Seen::of(effects.docker(), id).await.map_err(words)?;
    }

    let mut wrong = twin::differences(&asked.body, &twin, old);
    let is_shared = ["host", "none"].iter().any(|it| twin.networks().contains_key(*it));
    if !is_shared {
        wrong.extend(twin::network_differences(&asked.endpoints, &twin));
    }
    wrong.extend(prediction::misses(old, &twin, asked.edits));
    let (moved, fresh) = twin::volume_differences(&asked.body, &twin, old);
    wrong.extend(moved);
    if wrong.is_empty() {
        Ok(twin)
    } else {
        let why = format!("the engine made something else than planned: {}", wrong.join(", "));
        Err((why, fresh))
    }
}

fn attached_by_mode_only(
    network: &str,
    asked: &Asked<'_>,
    attached: &std::collections::BTreeMap<String, Value>,
    old: &Seen,
) -> bool {
    !asked.endpoints.contains_key(network)
        && !attached.contains_key(network)
        && !matches!(network, "host" | "none")
        && asked.body["HostConfig"]["NetworkMode"] == old.0["HostConfig"]["NetworkMode"]
}

/// Removes a replacement that never ran, and volumes that came with it.
async fn discard<E: Effects>(effects: &E, twin: &Seen, fresh: &[String]) {
    // What stays is found by its labels, and removed, by the next command.
    if steps::remove(effects, twin.id()).await.is_ok() {
        for volume in fresh {
            let _ = effects.remove_volume(volume).await;
        }
    }
}

/// Steps from the stop to the start, and back again.
struct Swap<'a, E> {
    effects: &'a E,
    transaction: &'a Transaction,
    twin: &'a str,
    order: &'a Order<'a>,
}

impl<E: Effects> Swap<'_, E> {
    /// Returns how long it was down, in words.
    async fn forward(&self, tell: &mut (dyn FnMut(String) + Send)) -> Result<String, String> {
        let Transaction { replaces, name, old_running, .. } = self.transaction;
        let words = |error: DockerError| error.to_string();
        let began = Instant::now();
        let mut own = Duration::ZERO;
        if *old_running {
            tell("stopping the old one".into());
            steps::stop(self.effects, replaces).await.map_err(words)?;
            own += began.elapsed();
        }
        steps::rename(self.effects, replaces, &old_name(name)).await.map_err(words)?;
        steps::rename(self.effects, self.twin, name).await.map_err(words)?;
        // Stopped by hand, it would start again with the daemon, and two would write to one
        // volume. As late as possible: before this, a reboot brings the old one back by itself.
        steps::set_restart_policy(self.effects, replaces, "no").await.map_err(words)?;
        if *old_running {
            let starting = Instant::now();
            steps::start(self.effects, self.twin).await.map_err(words)?;
            own += starting.elapsed();
        }
        let down = began.elapsed();
        Ok(format!(
            "down for {:.1} s, {} ms of them beyond its own stop and start",
            down.as_secs_f64(),
            down.saturating_sub(own).as_millis()
        ))
    }

    async fn back(&self, why: &str, tell: &mut (dyn FnMut(String) + Send)) -> Halt {
        tell(format!("putting the old one back: {why}"));
        let docker = self.effects.docker();
        let log = docker.logs_tail(self.twin, LOG_LINES).await.unwrap_or_default();
        let words = match Seen::find(docker, self.twin).await {
            Ok(Some(twin)) if twin.was_started() => {
                last_words(&twin, &log, self.order.edits, &self.transaction.name)
            }
            Ok(_) | Err(_) => String::new(),
        };
        let why = format!("{why}{words}");
        match withdraw(self.effects, self.transaction, self.twin).await {
            Ok(()) => Halt::Undone(why),
            Err(Stranded { why: further, left }) => {
                Halt::Stuck(Stranded { why: format!("{why}; then: {further}"), left })
            }
        }
    }
}

/// Ends the transaction: the old container gets the name under which it is kept. Returns it.
pub(super) async fn commit<E: Effects>(
    effects: &E,
    transaction: &Transaction,
) -> Result<String, DockerError> {
    let Transaction { name, run, replaces, .. } = transaction;
    let kept = kept_name(name, run);
    let Err(error) = steps::rename(effects, replaces, &kept).await else { return Ok(kept) };
    if error.code() != Some(409) {
        return Err(error);
    }
    // Run numbers start again when the state directory is lost.
    let distinct: String =
        replaces.bytes().take(6).map(|byte| (b'0' + byte % 10) as char).collect();
    let kept = kept_name(name, &format!("{run}-{distinct}"));
    steps::rename(effects, replaces, &kept).await.map(|()| kept)
}

fn failed(error: DockerError) -> Halt {
    Halt::Failed(error.to_string())
}
