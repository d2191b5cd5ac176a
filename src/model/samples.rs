//! Containers and snapshots for tests.

use std::sync::Arc;

use super::{
    condition::Condition,
    confinement::Confinement,
    container::{ContainerSpec, Devices, Namespace, RestartName, RestartPolicy, Seccomp, State},
    defaulted::Defaulted,
    field::{Field, Parent},
    image::ImageSeen,
    inside::Inside,
    limits::Limits,
    owner::{Claim, Owner},
    snapshot::{HostFacts, Observed, Snapshot},
};

/// A running container of nobody's, without limits.
pub fn container(name: &str) -> ContainerSpec {
    ContainerSpec {
        name: name.into(),
        id: format!("{name:0<64}"),
        image: "shop/web:2".into(),
        image_id: "sha256:1f0c".into(),
        repo_digests: Field::Set(Vec::new()),
        image_seen: ImageSeen::default(),
        inside: Inside::default(),
        labels: [].into(),
        owner: Owner::Nobody,
        claim: Claim::Unchecked,
        state: State::Running,
        started_at: "2026-11-20T10:00:00Z".into(),
        pid: 4242,
        auto_remove: false,
        names_host_gateway: false,
        has_healthcheck: false,
        condition: Condition::default(),
        privileged: false,
        capability_request: Default::default(),
        capabilities: Field::Set(super::capability::CapabilitySet::DEFAULT),
        no_new_privileges: Field::Set(false),
        seccomp_option: None,
        seccomp_default: Field::Set(Seccomp::Builtin),
        seccomp: Field::Set(Seccomp::Builtin),
        confinement: Confinement::default(),
        user: Field::Set(String::new()),
        uid: Field::Set(0),
        read_only_rootfs: false,
        tmpfs: [].into(),
        mounts: Vec::new(),
        volume_paths: Vec::new(),
        exchangeable: Field::Unknown("not followed"),
        mounts_listed: true,
        changes: Field::Unknown("not asked for"),
        volumes_from: Vec::new(),
        links: Vec::new(),
        limits: Limits::default(),
        pids_limit: None,
        memory_bytes: None,
        restart_policy: RestartPolicy { name: RestartName::No, max_retries: 0 },
        memory_swap_bytes: 0,
        oom_kill_disable: false,
        oom_score_adj: 0,
        devices: Devices::default(),
        sysctls: [].into(),
        masked_paths: Field::Inherited(Parent::Daemon),
        read_only_paths: Field::Inherited(Parent::Daemon),
        groups: Vec::new(),
        extra_hosts: Vec::new(),
        annotations: Vec::new(),
        engine_variables: Vec::new(),
        secrets: Vec::new(),
        network_mode: Namespace::Own,
        pid_mode: Namespace::Own,
        ipc_mode: Namespace::Own,
        uts_mode: Namespace::Own,
        networks: vec!["bridge".into()],
        network_drivers: Field::Unknown("not asked for"),
        published_ports: Vec::new(),
        publish_all_ports: false,
        exposes_ports: false,
        engine_filter: None,
        engine: Arc::default(),
        defaulted: Defaulted::default(),
        daemon_defaults: Arc::default(),
        process: Field::Unknown("not looked at"),
    }
}

/// A host with these containers.
pub fn snapshot(containers: impl IntoIterator<Item = ContainerSpec>) -> Snapshot {
    let mut containers: Vec<Observed> = containers
        .into_iter()
        .map(|spec| Observed { fingerprint: format!("print of {}", spec.name), spec })
        .collect();
    containers.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
    let running = containers.iter().filter(|it| it.spec.state.has_processes()).count();
    let mut snapshot = Snapshot {
        host: HostFacts {
            name: "edge-07".into(),
            engine_id: "ENGINE".into(),
            platform: "linux/amd64".into(),
            engine_name: "Docker".into(),
            engine_version: "28.5.2".into(),
            api_version: "1.51".into(),
        },
        containers,
        ..Snapshot::default()
    };
    snapshot.daemon.running_containers = running;
    snapshot
}
