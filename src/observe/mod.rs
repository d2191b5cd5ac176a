//! Looks at a host and writes down what is there. Judges nothing and changes nothing.
//!
//! Looking does not fail as a whole: what could not be read is in the snapshot, as unknown
//! fields and as blind spots.

mod accounts;
mod audit;
mod bind_sources;
mod boot;
mod client_configs;
mod containers;
mod daemon;
mod daemon_host;
mod engine_facts;
mod engine_objects;
mod environment;
mod evidence;
mod file_obstacle;
mod firewall;
mod flags;
mod host_files;
mod host_system;
mod image_files;
mod images;
mod inside;
mod origin;
mod own;
mod own_container;
mod process;
mod published;
mod rooted;
mod running;
#[cfg(test)]
mod scratch;
mod service;
mod subids;
mod surroundings;
mod swarm_state;
#[cfg(test)]
mod tests;
mod unit_files;
mod writable_layer;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use serde_json::Value;

pub use own_container::own_container;
pub use writable_layer::writable_layer;

use self::{containers::Inspected, daemon::LocalDaemon, process::Proc, running::Live};
use crate::{
    docker::{
        Docker, DockerError,
        events::{Event, EventFilter},
    },
    model::{
        daemon::DaemonStart,
        defaulted::DaemonDefaults,
        detail::Detail,
        effective::{complete, follow_joined},
        object::Address,
        snapshot::{BlindSpot, HostFacts, Snapshot},
    },
};

/// Past events are at hand; an engine whose clock is ahead would make us wait for the future.
const EVENTS_LIMIT: Duration = Duration::from_secs(2);

/// How to look.
#[derive(Clone, Debug)]
pub struct Options {
    /// What was remembered about the daemon's process when it was last looked at.
    pub known_start: Option<DaemonStart>,
    pub proc_root: PathBuf,
    /// What to find out about containers that is not always looked at.
    pub details: BTreeSet<Detail>,
    /// Whether to look at the files that the engine goes by.
    pub host_files: bool,
    /// Whether to look at the machine that the engine runs on.
    pub host_system: bool,
    /// Whether to ask for networks, for images that nobody uses, and for what the Swarm tells.
    pub engine_objects: bool,
    /// What the daemon went by when it was looked at before.
    pub earlier_defaults: BTreeMap<String, Vec<Value>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            known_start: None,
            proc_root: "/proc".into(),
            details: BTreeSet::new(),
            host_files: false,
            host_system: false,
            engine_objects: false,
            earlier_defaults: BTreeMap::new(),
        }
    }
}

/// The engine's replies about itself, read while containers are inspected.
struct Replies {
    info: Result<Bytes, DockerError>,
    version: Result<Bytes, DockerError>,
    bridge: Result<Bytes, DockerError>,
    volumes: Result<Bytes, DockerError>,
    images: Result<Bytes, DockerError>,
    plugins: Result<Bytes, DockerError>,
    reload: Option<Event>,
    local: Result<LocalDaemon, &'static str>,
}

/// Looks at everything once. Fails only if the engine cannot be talked to.
pub async fn observe(docker: &Docker, options: &Options) -> Result<Snapshot, DockerError> {
    let proc = Proc::new(&options.proc_root);
    let (inspected, replies) = tokio::join!(
        list_and_inspect(docker, &proc, options.details.contains(&Detail::Process)),
        replies(docker, &proc),
    );
    let (mut inspected, mut snapshot, published) = inspected?;
    let info = value("GET /info", replies.info, &mut snapshot.blind_spots)?;
    let version = value("GET /version", replies.version, &mut snapshot.blind_spots)?;
    // An engine without a default bridge network answers 404.
    let bridge = match replies.bridge {
        Err(error) if error.is_not_found() => None,
        bridge => Some(value("GET /networks/bridge", bridge, &mut snapshot.blind_spots)?),
    };
    let volumes = engine_is_there(replies.volumes)?.ok();
    let images = engine_is_there(replies.images)?.map_err(|error| error.to_string());
    let live = Live {
        info: &info,
        version: &version,
        bridge: bridge.as_ref(),
        reload: replies.reload.as_ref(),
    };
    let local = replies.local.as_ref().map_err(|why| *why);
    (snapshot.daemon, snapshot.daemon_start) =
        daemon::assemble(local, &live, options.known_start.as_ref());
    let plugins = engine_is_there(replies.plugins)?.ok();
    let replies_of_host = (plugins.as_deref(), volumes.as_deref());
    snapshot.daemon.host =
        daemon_host::gather(docker.endpoint(), &info, replies_of_host, local.ok());
    let listeners = snapshot.daemon.host.tcp_listeners.take();
    snapshot.daemon.host.tcp_listeners = listeners.map(|it| published::without(it, &published));
    if options.host_files {
        snapshot.files = host_files::look(local, &snapshot.daemon, docker.endpoint());
    }
    if options.host_system {
        let of_daemon = (&snapshot.daemon, docker.endpoint());
        snapshot.system = host_system::look(local, &proc, of_daemon, &info, &options.details);
    }
    if options.engine_objects {
        let tcp = snapshot.daemon.host.tcp_listeners.as_deref();
        snapshot.objects = engine_objects::ask(docker, &info, &images, local, tcp).await?;
    }
    snapshot.host = host_facts(&live);

    inside::look(docker, &mut inspected, &options.details, local.is_ok().then_some(&proc)).await?;
    if options.details.contains(&Detail::Changes) {
        writable_layer::ask_changes(docker, &mut inspected).await?;
    }

    let specs = || {
        inspected.iter().filter_map(|it| match it {
            Inspected::Seen { observed, .. } => Some(&observed.spec),
            Inspected::Blind(_) => None,
        })
    };
    let mut around = surroundings::gather(
        &info,
        volumes.as_deref(),
        images.as_deref().ok(),
        local.ok(),
        specs(),
    );
    if options.details.contains(&Detail::Image) {
        around.image_facts = images::look(docker, specs()).await?;
    }
    if let Ok(local) = local
        && options.details.contains(&Detail::ImageFiles)
    {
        around.image_files = images::look_through(&local.root, &around.image_facts).await;
    }
    let tasks = evidence::tasks(docker, &info, specs()).await?;
    let here = local.ok().map(|local| (local, &proc));
    around.evidence = evidence::gather(&info, tasks, here, specs());
    around.daemon_defaults =
        Arc::new(DaemonDefaults::of(&snapshot.daemon, &options.earlier_defaults));
    let drivers = match options.details.contains(&Detail::NetworkDrivers) {
        true => Some(engine_objects::network_drivers(docker).await?),
        false => None,
    };
    let mut followed = bind_sources::Followed::default();
    for one in inspected {
        match one {
            Inspected::Seen { observed, process, .. } => {
                let mut observed = *observed;
                if let Ok(local) = local
                    && options.details.contains(&Detail::BindSources)
                {
                    observed.spec.exchangeable = followed.exchangeable(&local.root, &observed.spec);
                }
                if let Some(drivers) = &drivers {
                    observed.spec.network_drivers = drivers.clone();
                }
                observed.spec = complete(observed.spec, &around, process);
                snapshot.containers.push(observed);
            }
            Inspected::Blind(spot) => snapshot.blind_spots.push(spot),
        }
    }
    follow_joined(&mut snapshot.containers);
    snapshot.containers.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
    for it in snapshot.containers.iter().filter(|it| !it.spec.defaulted.runtime.is_empty()) {
        let runtimes = &mut snapshot.daemon.host.runtimes_in_use;
        runtimes.entry(it.spec.defaulted.runtime.clone()).or_default().push(it.spec.name.clone());
    }
    snapshot.blind_spots.sort_by(|a, b| a.address.cmp(&b.address));
    Ok(snapshot)
}

async fn list_and_inspect(
    docker: &Docker,
    proc: &Proc,
    detailed: bool,
) -> Result<(Vec<Inspected>, Snapshot, BTreeSet<SocketAddr>), DockerError> {
    let listed = docker.containers().await?;
    let published = published::addresses(&listed);
    let mut sorted = own::sort(listed);
    for kept in sorted.kept.iter_mut().filter(|kept| kept.since.is_empty()) {
        kept.since = containers::finished_at(docker, &kept.id).await?;
    }
    let here = docker.endpoint().is_local().then_some((proc, detailed));
    let inspected = containers::inspect_all(docker, sorted.ordinary, here).await?;
    Ok((inspected, Snapshot { kept: sorted.kept, ..Snapshot::default() }, published))
}

async fn replies(docker: &Docker, proc: &Proc) -> Replies {
    let (proc, endpoint) = (proc.clone(), docker.endpoint().clone());
    let local = tokio::task::spawn_blocking(move || daemon::look(&proc, &endpoint));
    let (info, version, bridge, volumes, images, plugins, reload, local) = tokio::join!(
        docker.info(),
        docker.version(),
        docker.network("bridge"),
        docker.volumes(),
        docker.images(),
        docker.plugins(),
        last_reload(docker),
        local,
    );
    let local = local.unwrap_or(Err("looking at the daemon's process failed"));
    Replies { info, version, bridge, volumes, images, plugins, reload, local }
}

/// Returns the last reload that the engine remembers; it keeps its last 256 events.
async fn last_reload(docker: &Docker) -> Option<Event> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let filter = EventFilter {
        kinds: vec!["daemon".into()],
        actions: vec!["reload".into()],
        since: Some("1".into()),
        until: Some(format!("{}.{:09}", now.as_secs(), now.subsec_nanos())),
    };
    let mut last = None;
    let read = async {
        let mut events = docker.events(&filter).await.ok()?;
        while let Some(Ok(event)) = events.next().await {
            last = Some(event);
        }
        Some(())
    };
    // What came in time counts: events come in order.
    let _ = tokio::time::timeout(EVENTS_LIMIT, read).await;
    last.filter(|event| event.action == "reload")
}

/// Reads a reply about the engine itself; one that cannot be had is a blind spot.
fn value(
    what: &str,
    reply: Result<Bytes, DockerError>,
    blind_spots: &mut Vec<BlindSpot>,
) -> Result<Value, DockerError> {
    let why = match engine_is_there(reply)? {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(value) => return Ok(value),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    blind_spots.push(BlindSpot { address: Address::daemon(), why: format!("{what}: {why}") });
    Ok(Value::Null)
}

/// Tells an engine that is gone from one that does not answer a question.
fn engine_is_there(
    reply: Result<Bytes, DockerError>,
) -> Result<Result<Bytes, DockerError>, DockerError> {
    match reply {
        Err(error) if error.is_engine_gone() => Err(error),
        other => Ok(other),
    }
}

fn host_facts(live: &Live<'_>) -> HostFacts {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    HostFacts {
        name: text(&live.info["Name"]),
        engine_id: text(&live.info["ID"]),
        platform: format!("{}/{}", live.version_text("Os"), live.version_text("Arch")),
        engine_name: live.engine_name().to_owned(),
        engine_version: live.version_text("Version"),
        api_version: live.version_text("ApiVersion"),
    }
}
