//! From an inspect reply's bytes to a spec.
//!
//! Reads only what rules look at, and borrows while it does. A member that is missing or null, a
//! member or a word that this program has never heard of: none of them is an error.

mod devices;
mod engine_filter;
mod limits;
mod mounts;
pub(super) mod secrets;
mod security;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::Arc,
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::model::{
    capability::{CapabilityRequest, CapabilitySet},
    condition::Condition,
    confinement::Confinement,
    container::{ContainerSpec, Namespace, PublishedPort, RestartPolicy, Seccomp, State},
    defaulted::{Defaulted, LogConfig, Ulimit},
    effective::uid_of,
    field::{Field, Parent},
    image::ImageSeen,
    inside::Inside,
    owner::{Claim, Owner},
    snapshot::Fingerprint,
};

/// What one inspect reply says.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// Without what surroundings decide: give it to `effective::complete`.
    pub spec: ContainerSpec,
    pub fingerprint: Fingerprint,
    /// IDs of what was started in it from outside.
    pub execs: Vec<String>,
    /// Where its program starts, which the engine makes if the image has no such directory.
    pub working_directory: String,
}

/// Reads the reply to `GET /containers/{id}/json`.
pub fn from_inspect(reply: &[u8]) -> Result<Inspected, serde_json::Error> {
    let reply: Reply<'_> = serde_json::from_slice(reply)?;
    let config = reply.config.unwrap_or_default();
    let raw_host = reply.host_config.map_or("{}", RawValue::get);
    let host: HostConfig<'_> = serde_json::from_str(raw_host)?;
    let networks: Vec<String> = reply
        .network_settings
        .and_then(|it| it.networks)
        .map(|it| it.into_keys().collect())
        .unwrap_or_default();
    let id = text(reply.id.as_ref());
    let fingerprint = fingerprint(id, &host.own_text(raw_host), &config, &networks);

    let labels: BTreeMap<String, String> = config.read("Labels")?.unwrap_or_default();
    let healthcheck: Healthcheck<'_> = config.read("Healthcheck")?.unwrap_or_default();
    let volumes: BTreeMap<Cow<'_, str>, IgnoredAny> = config.read("Volumes")?.unwrap_or_default();
    let exposed: BTreeMap<Cow<'_, str>, IgnoredAny> =
        config.read("ExposedPorts")?.unwrap_or_default();
    let image: Option<Text<'_>> = config.read("Image")?;
    let user: Option<Text<'_>> = config.read("User")?;
    let working_directory: Option<Text<'_>> = config.read("WorkingDir")?;
    let stop_seconds: Option<i64> = config.read("StopTimeout")?;
    let environment = secrets::read(&config, &labels)?;
    let state = reply.state.unwrap_or_default();
    let started_at = match text(state.started_at.as_ref()) {
        // Go's zero time: it never started.
        never if never.starts_with("0001-") => "",
        at => at,
    };
    let options = security::options(&host);
    let own_no_new_privileges = options.no_new_privileges.as_ref().and_then(Field::stated).copied();
    let privileged = host.privileged.unwrap_or(false);
    let capability_request = capability_request(&host);
    let mounts = mounts::mounts(reply.mounts.as_deref().unwrap_or(&[]), &host, &volumes);
    let takes_mounts = host.volumes_from.as_ref().is_some_and(|it| !it.is_empty());
    let user = text(user.as_ref());

    let execs = reply.exec_ids.unwrap_or_default();
    let spec = ContainerSpec {
        name: text(reply.name.as_ref()).trim_start_matches('/').to_owned(),
        id: id.to_owned(),
        image: text(image.as_ref()).to_owned(),
        image_id: text(reply.image.as_ref()).to_owned(),
        repo_digests: Field::Unknown("the image was not looked at"),
        image_seen: ImageSeen::default(),
        owner: Owner::of(
            &labels,
            text(reply.name.as_ref()).trim_start_matches('/'),
            text(image.as_ref()),
        ),
        claim: Claim::Unchecked,
        labels,
        state: state_from_word(text(state.status.as_ref())),
        started_at: started_at.to_owned(),
        pid: state.pid.and_then(|it| u32::try_from(it).ok()).unwrap_or(0),
        auto_remove: host.auto_remove.unwrap_or(false),
        names_host_gateway: host
            .extra_hosts
            .iter()
            .flatten()
            .any(|host| host.0.ends_with(":host-gateway")),
        has_healthcheck: healthcheck.is_given(),
        condition: Condition {
            restarts: reply.restart_count.unwrap_or(0),
            execs: execs.len(),
            health: text(state.health.as_ref().and_then(|it| it.status.as_ref())).to_owned(),
        },
        privileged,
        capability_request,
        capabilities: Field::Set(capability_request.effective(privileged)),
        no_new_privileges: options.no_new_privileges.unwrap_or(Field::Inherited(Parent::Daemon)),
        seccomp: match &options.seccomp {
            Some(option) => Field::Set(option.clone()),
            None if privileged => Field::Set(Seccomp::Unconfined),
            None => Field::Inherited(Parent::Daemon),
        },
        seccomp_option: options.seccomp,
        confinement: Confinement {
            apparmor_option: options.apparmor,
            apparmor_shown: text(reply.apparmor.as_ref()).to_owned(),
            labels: options.labels,
            writable_cgroups: options.writable_cgroups,
            host_userns: text(host.userns_mode.as_ref()) == "host",
            isolation: text(host.isolation.as_ref()).to_owned(),
            platform: text(reply.platform.as_ref()).to_owned(),
        },
        seccomp_default: Field::Inherited(Parent::Daemon),
        user: Field::Set(user.to_owned()),
        uid: uid_of(user),
        read_only_rootfs: host.readonly_rootfs.unwrap_or(false),
        tmpfs: mounts.tmpfs,
        mounts: mounts.mounts,
        volume_paths: mounts.volume_paths,
        exchangeable: Field::Unknown("its mounts were not followed"),
        changes: Field::Unknown("what it changed was not asked for"),
        mounts_listed: !takes_mounts || !started_at.is_empty(),
        volumes_from: firsts(host.volumes_from.as_deref()),
        links: firsts(host.links.as_deref()),
        limits: limits::limits(&host, stop_seconds),
        pids_limit: host.pids_limit.filter(|limit| *limit > 0),
        memory_bytes: host.memory.filter(|limit| *limit > 0),
        restart_policy: host.restart_policy.map_or_else(
            || RestartPolicy::from_word("", 0),
            |it| {
                let retries = it.maximum_retry_count.unwrap_or(0);
                RestartPolicy::from_word(
                    text(it.name.as_ref()),
                    u32::try_from(retries).unwrap_or(0),
                )
            },
        ),
        memory_swap_bytes: host.memory_swap.unwrap_or(0),
        oom_kill_disable: host.oom_kill_disable.unwrap_or(false),
        oom_score_adj: host.oom_score_adj.unwrap_or(0),
        devices: devices::devices(host.devices, host.device_cgroup_rules, host.device_requests),
        sysctls: host.sysctls.unwrap_or_default(),
        masked_paths: listed(host.masked_paths),
        read_only_paths: listed(host.readonly_paths),
        groups: host.group_add.unwrap_or_default(),
        extra_hosts: texts(host.extra_hosts.as_deref()),
        annotations: host.annotations.unwrap_or_default().into_keys().collect(),
        engine_variables: environment.engines,
        secrets: environment.secrets,
        network_mode: Namespace::from_word(text(host.network_mode.as_ref())),
        pid_mode: Namespace::from_word(text(host.pid_mode.as_ref())),
        ipc_mode: Namespace::from_word(text(host.ipc_mode.as_ref())),
        uts_mode: Namespace::from_word(text(host.uts_mode.as_ref())),
        networks,
        network_drivers: Field::Unknown("nobody asked for the kinds of networks"),
        published_ports: published_ports(host.port_bindings.unwrap_or_default()),
        publish_all_ports: host.publish_all_ports.unwrap_or(false),
        exposes_ports: !exposed.is_empty(),
        engine_filter: environment.engine_filter,
        engine: Arc::default(),
        defaulted: Defaulted {
            log: host.log_config.map(LogReply::read),
            cgroupns: text(host.cgroupns_mode.as_ref()).to_owned(),
            shm_bytes: host.shm_size.filter(|it| *it > 0),
            runtime: read_text(host.runtime),
            no_new_privileges: own_no_new_privileges,
            init: host.init,
            cgroup_parent: text(host.cgroup_parent.as_ref()).to_owned(),
            ulimits: ulimits(host.ulimits),
            dns: [&host.dns, &host.dns_options, &host.dns_search]
                .iter()
                .any(|it| it.as_ref().is_some_and(|it| !it.is_empty())),
            process_label: text(reply.process_label.as_ref()).to_owned(),
            created_at: text(reply.created.as_ref()).to_owned(),
            finished_at: text(state.finished_at.as_ref()).to_owned(),
        },
        daemon_defaults: Arc::default(),
        process: Field::Unknown("it was not looked at"),
        inside: Inside::default(),
    };
    let working_directory = text(working_directory.as_ref()).to_owned();
    Ok(Inspected { spec, fingerprint, execs, working_directory })
}

/// Text that borrows where the JSON has no escapes; an `Option<Cow<str>>` would always copy.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

fn text<'a>(value: Option<&'a Text<'_>>) -> &'a str {
    value.map_or("", |it| it.0.as_ref())
}

fn texts(list: Option<&[Text<'_>]>) -> Vec<String> {
    list.unwrap_or_default().iter().map(|it| it.0.clone().into_owned()).collect()
}

/// The daemon fills the list in when a container is created; a privileged one has none (moby
/// `daemon/container_operations_unix.go`).
fn listed(paths: Option<Vec<String>>) -> Field<Vec<String>> {
    paths.map_or(Field::Inherited(Parent::Daemon), Field::Set)
}

/// The containers in `container:mode` and `/container:/self/alias`.
fn firsts(texts: Option<&[Text<'_>]>) -> Vec<String> {
    let texts = texts.unwrap_or_default().iter();
    let firsts = texts.filter_map(|it| it.0.split(':').next());
    firsts.map(|it| it.trim_start_matches('/').to_owned()).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    image: Option<Text<'a>>,
    #[serde(borrow)]
    state: Option<StateReply<'a>>,
    #[serde(borrow)]
    config: Option<Config<'a>>,
    #[serde(borrow)]
    host_config: Option<&'a RawValue>,
    #[serde(borrow)]
    mounts: Option<Vec<mounts::Listed<'a>>>,
    #[serde(borrow)]
    network_settings: Option<NetworkSettings<'a>>,
    #[serde(borrow)]
    process_label: Option<Text<'a>>,
    #[serde(borrow)]
    created: Option<Text<'a>>,
    #[serde(borrow, rename = "AppArmorProfile")]
    apparmor: Option<Text<'a>>,
    #[serde(borrow)]
    platform: Option<Text<'a>>,
    restart_count: Option<i64>,
    #[serde(rename = "ExecIDs")]
    exec_ids: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StateReply<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    pid: Option<i64>,
    #[serde(borrow)]
    started_at: Option<Text<'a>>,
    #[serde(borrow)]
    finished_at: Option<Text<'a>>,
    #[serde(borrow)]
    health: Option<Health<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings<'a> {
    #[serde(borrow)]
    networks: Option<BTreeMap<String, &'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig<'a> {
    #[serde(borrow)]
    binds: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    mounts: Option<Vec<mounts::Asked<'a>>>,
    tmpfs: Option<BTreeMap<String, String>>,
    #[serde(borrow)]
    volumes_from: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    links: Option<Vec<Text<'a>>>,
    privileged: Option<bool>,
    #[serde(borrow)]
    cap_add: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    cap_drop: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    security_opt: Option<Vec<Text<'a>>>,
    readonly_rootfs: Option<bool>,
    pids_limit: Option<i64>,
    memory: Option<i64>,
    memory_swap: Option<i64>,
    oom_kill_disable: Option<bool>,
    oom_score_adj: Option<i64>,
    devices: Option<Vec<devices::Device>>,
    device_cgroup_rules: Option<Vec<String>>,
    device_requests: Option<Vec<devices::Request>>,
    sysctls: Option<BTreeMap<String, String>>,
    masked_paths: Option<Vec<String>>,
    readonly_paths: Option<Vec<String>>,
    group_add: Option<Vec<String>>,
    annotations: Option<BTreeMap<String, IgnoredAny>>,
    #[serde(borrow)]
    restart_policy: Option<RestartPolicyReply<'a>>,
    auto_remove: Option<bool>,
    #[serde(borrow)]
    extra_hosts: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    network_mode: Option<Text<'a>>,
    #[serde(borrow)]
    pid_mode: Option<Text<'a>>,
    #[serde(borrow)]
    ipc_mode: Option<Text<'a>>,
    #[serde(borrow, rename = "UTSMode")]
    uts_mode: Option<Text<'a>>,
    port_bindings: Option<BTreeMap<String, Option<Vec<PortBinding>>>>,
    publish_all_ports: Option<bool>,
    #[serde(borrow)]
    log_config: Option<LogReply<'a>>,
    #[serde(borrow)]
    cgroupns_mode: Option<Text<'a>>,
    shm_size: Option<i64>,
    init: Option<bool>,
    #[serde(borrow)]
    cgroup_parent: Option<Text<'a>>,
    dns: Option<Vec<IgnoredAny>>,
    dns_options: Option<Vec<IgnoredAny>>,
    dns_search: Option<Vec<IgnoredAny>>,
    #[serde(borrow)]
    ulimits: Option<&'a RawValue>,
    #[serde(borrow)]
    runtime: Option<&'a RawValue>,
    #[serde(borrow)]
    userns_mode: Option<Text<'a>>,
    #[serde(borrow)]
    isolation: Option<Text<'a>>,
    #[serde(rename = "NanoCpus")]
    nano_cpus: Option<i64>,
    cpu_quota: Option<i64>,
    cpu_period: Option<i64>,
    cpu_shares: Option<i64>,
    #[serde(borrow)]
    cpuset_cpus: Option<Text<'a>>,
    blkio_weight: Option<i64>,
    blkio_weight_device: Option<Vec<IgnoredAny>>,
    blkio_device_read_bps: Option<Vec<IgnoredAny>>,
    blkio_device_write_bps: Option<Vec<IgnoredAny>>,
    #[serde(rename = "BlkioDeviceReadIOps")]
    blkio_device_read_iops: Option<Vec<IgnoredAny>>,
    #[serde(rename = "BlkioDeviceWriteIOps")]
    blkio_device_write_iops: Option<Vec<IgnoredAny>>,
    storage_opt: Option<BTreeMap<String, String>>,
}

impl HostConfig<'_> {
    /// Returns the text without what the daemon shows there by itself and may show differently
    /// after its next start: its default ulimits (moby `daemon/inspect.go`, `mergeUlimits`), and
    /// its default runtime, which is filled in when the container first starts.
    fn own_text(&self, text: &str) -> String {
        let mut own = text.to_owned();
        for (name, value) in [("Ulimits", self.ulimits), ("Runtime", self.runtime)] {
            let value = value.map_or("null", RawValue::get);
            own = own.replacen(&format!("\"{name}\":{value},"), "", 1);
        }
        own
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RestartPolicyReply<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    maximum_retry_count: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortBinding {
    host_ip: Option<String>,
    host_port: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Healthcheck<'a> {
    #[serde(borrow)]
    test: Option<Vec<Text<'a>>>,
}

impl Healthcheck<'_> {
    pub(super) fn is_given(&self) -> bool {
        self.test.as_ref().and_then(|it| it.first()).is_some_and(|it| it.0 != "NONE")
    }
}

/// The members of `Config` as they came, so that all but the secret ones go into the
/// fingerprint.
#[derive(Default)]
pub(super) struct Config<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Config<'a> {
    pub(super) fn read<T: Deserialize<'a>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, serde_json::Error> {
        match self.0.iter().find(|(key, _)| key == name) {
            Some((_, raw)) => serde_json::from_str(raw.get()),
            None => Ok(None),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Config<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Config<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config<'de>, A::Error> {
                let mut members = Vec::with_capacity(24);
                while let Some((Text(key), raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((key, raw));
                }
                Ok(Config(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

fn fingerprint(id: &str, host: &str, config: &Config<'_>, networks: &[String]) -> Fingerprint {
    let mut hash = Sha256::new();
    // Each part ends with a byte that no JSON holds, so that parts cannot run into each other.
    let mut add = |part: &str| {
        hash.update(part);
        hash.update([0xff]);
    };
    add(id);
    add(host);
    for (key, raw) in &config.0 {
        if key != "Env" && key != "Labels" {
            add(key);
            add(raw.get());
        }
    }
    for network in networks {
        add(network);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn state_from_word(word: &str) -> State {
    match word {
        "created" => State::Created,
        "running" => State::Running,
        "paused" => State::Paused,
        "restarting" => State::Restarting,
        "exited" => State::Exited,
        "dead" => State::Dead,
        "removing" => State::Removing,
        _ => State::Other,
    }
}

fn capability_request(host: &HostConfig<'_>) -> CapabilityRequest {
    let set = |list: &Option<Vec<Text<'_>>>| {
        let mut named = CapabilitySet::EMPTY;
        let mut all = false;
        for Text(word) in list.iter().flatten() {
            if word.eq_ignore_ascii_case("ALL") {
                all = true;
            } else if let Some(one) = CapabilitySet::named(word) {
                named = named.union(one);
            }
        }
        (named, all)
    };
    let (add, add_all) = set(&host.cap_add);
    let (drop, drop_all) = set(&host.cap_drop);
    CapabilityRequest { add, add_all, drop, drop_all }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LogReply<'a> {
    #[serde(borrow, rename = "Type")]
    driver: Option<Text<'a>>,
    config: Option<BTreeMap<String, Option<String>>>,
}

impl LogReply<'_> {
    fn read(self) -> LogConfig {
        let options = self.config.unwrap_or_default().into_iter();
        LogConfig {
            driver: text(self.driver.as_ref()).to_owned(),
            options: options.map(|(name, it)| (name, it.unwrap_or_default())).collect(),
        }
    }
}

/// What is no text is none.
fn read_text(raw: Option<&RawValue>) -> String {
    raw.and_then(|it| serde_json::from_str::<Option<String>>(it.get()).ok().flatten())
        .unwrap_or_default()
}

fn ulimits(raw: Option<&RawValue>) -> Vec<Ulimit> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Reply {
        name: String,
        soft: i64,
        hard: i64,
    }

    let list = raw.and_then(|it| serde_json::from_str::<Option<Vec<Reply>>>(it.get()).ok());
    let list = list.flatten().unwrap_or_default().into_iter();
    list.map(|Reply { name, soft, hard }| Ulimit { name, soft, hard }).collect()
}

fn published_ports(bindings: BTreeMap<String, Option<Vec<PortBinding>>>) -> Vec<PublishedPort> {
    let mut ports: Vec<PublishedPort> = bindings
        .into_iter()
        .flat_map(|(port, hosts)| {
            let port = if port.contains('/') { port } else { format!("{port}/tcp") };
            hosts.into_iter().flatten().map(move |host| PublishedPort {
                container_port: port.clone(),
                host_ip: host.host_ip.unwrap_or_default(),
                host_port: host.host_port.unwrap_or_default(),
            })
        })
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}
