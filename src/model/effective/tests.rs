//! What is inherited is resolved, and what cannot be known stays unknown.

use super::*;
use crate::model::{capability::CapabilitySet, field::Parent, mount::Others, samples};

const PROCESS: ProcessFacts = ProcessFacts {
    no_new_privileges: true,
    seccomp: 2,
    uid: 1000,
    effective: CapabilitySet::EMPTY,
    bounding: CapabilitySet::EMPTY,
    details: None,
};

/// A container as inspect shows it when nothing is configured.
fn bare() -> ContainerSpec {
    ContainerSpec {
        no_new_privileges: Field::Inherited(Parent::Daemon),
        seccomp: Field::Inherited(Parent::Daemon),
        seccomp_default: Field::Inherited(Parent::Daemon),
        ..samples::container("web")
    }
}

fn bound(source: &str, around: &Surroundings) -> Mount {
    mounted(MountKind::Bind, source, around)
}

fn mounted(kind: MountKind, source: &str, around: &Surroundings) -> Mount {
    let mount = Mount {
        kind,
        source: source.into(),
        destination: "/inside".into(),
        writable: true,
        propagation: String::new(),
        driver: String::new(),
        shared_with: Others::default(),
        inherited: false,
        real_source: Field::Unknown("not yet"),
        reach: SocketReach::None,
    };
    let spec = ContainerSpec { mounts: vec![mount], ..bare() };
    complete(spec, around, Err("not looked at")).mounts.remove(0)
}

fn resolving(pairs: &[(&str, &str)]) -> Surroundings {
    Surroundings {
        real_paths: pairs.iter().map(|&(from, to)| (from.into(), to.into())).collect(),
        volume_binds: Some(BTreeMap::new()),
        ..Surroundings::default()
    }
}

#[test]
fn kernels_word_on_a_running_process_goes_before_the_daemons_default() {
    let around = Surroundings { daemon_seccomp_unconfined: Some(true), ..Default::default() };
    let spec = complete(bare(), &around, Ok(Arc::new(PROCESS)));
    assert_eq!(spec.no_new_privileges, Field::Set(true));
    assert_eq!(spec.seccomp, Field::Set(Seccomp::Builtin));
    assert_eq!(spec.seccomp_default, Field::Set(Seccomp::Unconfined));
    assert_eq!(spec.capabilities, Field::Set(CapabilitySet::EMPTY));

    let unfiltered = ProcessFacts { seccomp: 0, ..PROCESS };
    let around = Surroundings { daemon_seccomp_unconfined: Some(false), ..Default::default() };
    let spec = complete(bare(), &around, Ok(Arc::new(unfiltered)));
    assert_eq!(spec.seccomp, Field::Set(Seccomp::Unconfined));
}

#[test]
fn without_a_process_and_a_daemon_nothing_is_guessed() {
    let spec = complete(bare(), &Surroundings::default(), Err("not looked at"));
    assert!(matches!(spec.no_new_privileges, Field::Unknown(_)));
    assert_eq!(spec.seccomp, Field::Inherited(Parent::Daemon));
}

#[test]
fn own_options_go_before_everything() {
    let spec = ContainerSpec {
        privileged: true,
        no_new_privileges: Field::Set(false),
        seccomp_option: Some(Seccomp::Builtin),
        ..bare()
    };
    let spec = complete(spec, &Surroundings::default(), Ok(Arc::new(PROCESS)));
    assert_eq!(spec.no_new_privileges, Field::Set(false));
    assert_eq!(spec.seccomp, Field::Set(Seccomp::Builtin));
    let privileged = ContainerSpec { privileged: true, ..bare() };
    let spec = complete(privileged, &Surroundings::default(), Err("not looked at"));
    assert_eq!(spec.seccomp, Field::Set(Seccomp::Unconfined));
    assert_eq!(spec.capabilities, Field::Set(CapabilitySet::ALL));
}

#[test]
fn users_are_numbers_root_or_a_matter_of_the_image() {
    for (user, uid) in [
        ("", Some(0)),
        ("root:app", Some(0)),
        ("00", Some(0)),
        ("0:0", Some(0)),
        ("1000", Some(1000)),
        ("99999999999", None),
        ("app", None),
    ] {
        assert_eq!(uid_of(user).stated().copied(), uid, "{user}");
    }
    let named = ContainerSpec { user: Field::Set("app".into()), ..bare() };
    let spec = complete(named, &Surroundings::default(), Ok(Arc::new(PROCESS)));
    assert_eq!(spec.uid, Field::Set(1000));
}

#[test]
fn sockets_are_reached_by_links_and_from_above_and_through_volumes() {
    let around = resolving(&[
        ("/var/run/docker.sock", "/run/docker.sock"),
        ("/srv/link", "/run/podman/podman.sock"),
        ("/", "/"),
        ("/run", "/run"),
        ("/runner", "/runner"),
    ]);
    let is = |socket: &str| SocketReach::Is(socket.into());
    assert_eq!(bound("/var/run/docker.sock", &around).reach, is("/run/docker.sock"));
    assert_eq!(bound("/srv/link", &around).reach, is("/run/podman/podman.sock"));
    for above in ["/", "/run"] {
        assert!(matches!(bound(above, &around).reach, SocketReach::Holds(_)), "{above}");
    }
    assert_eq!(bound("/runner", &around).reach, SocketReach::None);

    let around = Surroundings {
        volume_binds: Some([("sneaky".into(), "/run".into())].into()),
        control_sockets: vec!["/srv/engine/api.sock".into()],
        ..around
    };
    let sneaky = mounted(MountKind::Volume, "sneaky", &around);
    assert!(matches!(sneaky.reach, SocketReach::Holds(_)));
    let around = Surroundings { real_paths: [("/srv".into(), "/srv".into())].into(), ..around };
    let own = bound("/srv", &around);
    assert_eq!(own.reach, SocketReach::Holds("/srv/engine/api.sock".into()));
}

#[test]
fn where_a_mount_leads_is_unknown_until_somebody_looked() {
    let nothing = Surroundings::default();
    let remote = bound("/var/run/docker.sock", &nothing);
    assert!(matches!(remote.real_source, Field::Unknown(_)));
    assert_eq!(remote.reach, SocketReach::Is("/run/docker.sock".into()), "as it is written");
    let volume = mounted(MountKind::Volume, "data", &nothing);
    assert!(matches!(volume.real_source, Field::Unknown(_)));
    let plain = mounted(MountKind::Volume, "data", &resolving(&[]));
    assert_eq!(plain.real_source, Field::Set(String::new()));
}

#[test]
fn joined_namespaces_are_followed_to_their_end() {
    let joins = |name: &str, target: &str| {
        let network_mode = Namespace::from_word(&format!("container:{target}"));
        let spec = ContainerSpec { network_mode, ..samples::container(name) };
        Observed { spec, fingerprint: String::new() }
    };
    let spec = ContainerSpec { network_mode: Namespace::Host, ..samples::container("vpn") };
    let vpn_id = spec.id.clone();
    let vpn = Observed { spec, fingerprint: String::new() };
    let plain = Observed { spec: samples::container("plain"), fingerprint: String::new() };
    let mut containers = [
        joins("a", "b"),
        joins("b", &vpn_id),
        joins("c", "plain"),
        joins("d", "gone"),
        joins("e", "e"),
        vpn,
        plain,
    ];
    follow_joined(&mut containers);
    let reaches: Vec<Option<bool>> = containers[..5]
        .iter()
        .map(|it| match &it.spec.network_mode {
            Namespace::Container { reaches_host, .. } => reaches_host.stated().copied(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(reaches, [Some(true), Some(true), Some(false), None, None]);
}

#[test]
fn storage_is_shared_where_one_of_the_containers_writes() {
    let mounts = |name: &str, source: &str, writable: bool| {
        let mut mount = mounted(MountKind::Volume, source, &Surroundings::default());
        mount.writable = writable;
        let spec = ContainerSpec { mounts: vec![mount], ..samples::container(name) };
        Observed { spec, fingerprint: String::new() }
    };
    let mut all = [
        mounts("a", "data", true),
        mounts("b", "data", false),
        mounts("c", "read", false),
        mounts("d", "read", false),
        mounts("e", "own", true),
    ];
    follow_joined(&mut all);
    let shared: Vec<_> = all.iter().map(|it| it.spec.mounts[0].shared_with.to_string()).collect();
    assert_eq!(shared, ["b", "a", "", "", ""]);
}
