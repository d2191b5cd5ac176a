use super::*;
use crate::model::{container::PublishedPort, owner_families::FAMILIES, samples::container};

fn owned(owner: Owner, labels: &[(&str, &str)]) -> ContainerSpec {
    let labels = labels.iter().map(|(key, it)| ((*key).into(), (*it).into())).collect();
    ContainerSpec {
        owner,
        labels,
        published_ports: vec![PublishedPort {
            container_port: "80/tcp".into(),
            host_ip: "0.0.0.0".into(),
            host_port: "8080".into(),
        }],
        ..container("shop-web-1")
    }
}

fn compose() -> Owner {
    Owner::Compose { project: "shop".into(), service: "web".into(), oneoff: false }
}

/// One of each.
fn every_edit() -> Vec<ContainerEdit> {
    let set = [("max-size".to_owned(), "10m".to_owned())].into();
    vec![
        ContainerEdit::Privileged(false),
        ContainerEdit::BoundCapabilities(CapabilitySet::EMPTY),
        ContainerEdit::NoNewPrivileges(true),
        ContainerEdit::DefaultSeccomp,
        ContainerEdit::ReadOnlyRootfs(true),
        ContainerEdit::Tmpfs { path: "/run".into(), options: "size=16m".into() },
        ContainerEdit::User("1000:1000".into()),
        ContainerEdit::RemoveMount { destination: "/host".into() },
        ContainerEdit::NetworkMode("bridge".into()),
        ContainerEdit::PrivatePid,
        ContainerEdit::PrivateIpc,
        ContainerEdit::PrivateUts,
        ContainerEdit::ShareableIpc,
        ContainerEdit::CgroupnsMode("private".into()),
        ContainerEdit::ShmSize(64 << 20),
        ContainerEdit::Runtime("runc".into()),
        ContainerEdit::Log { driver: "json-file".into(), set, unset: [].into() },
        ContainerEdit::PublishOn { container_port: "80/tcp".into(), address: "127.0.0.1".into() },
        ContainerEdit::PidsLimit(512),
        ContainerEdit::Memory(512 << 20),
        ContainerEdit::RestartPolicy { name: "on-failure".into(), max_retries: 5 },
    ]
}

#[test]
fn every_edit_has_its_line_or_a_sentence_with_every_owner() {
    let mut owners = vec![
        compose(),
        Owner::Swarm { service: "shop_web".into() },
        Owner::Kubernetes { pod: "web-0".into() },
        Owner::Nomad { allocation: "8c7a".into() },
        Owner::Ecs { task: "arn:aws:ecs:task/1".into() },
        Owner::Unit { unit: "web.service".into() },
    ];
    owners.extend(FAMILIES.iter().map(Owner::Other));
    for owner in owners {
        let spec = owned(owner, &[]);
        let nothing = lines(&spec, &[]).unwrap();
        for edit in every_edit() {
            let text = lines(&spec, std::slice::from_ref(&edit)).unwrap();
            assert_ne!(text, nothing, "{:?}: {edit:?}", spec.owner);
        }
    }
}

#[test]
fn compose_gets_the_lines_of_its_file_and_the_command_that_takes_them() {
    let labels = [
        ("com.docker.compose.project", "shop"),
        ("com.docker.compose.project.working_dir", "/srv/shop"),
        ("com.docker.compose.project.config_files", "/srv/shop/compose.yaml"),
    ];
    let mut spec = owned(compose(), &labels);
    spec.claim = Claim::Confirmed("/srv/shop/compose.yaml is there".into());
    let edits = [
        ContainerEdit::ReadOnlyRootfs(true),
        ContainerEdit::Tmpfs { path: "/run".into(), options: String::new() },
        ContainerEdit::Memory(512 << 20),
    ];
    assert_eq!(
        lines(&spec, &edits).unwrap(),
        "Compose project shop starts it; change /srv/shop/compose.yaml:\n  services:\n    \
         web:\n      read_only: true\n      mem_limit: 512m\n      tmpfs: [/run]\nthen:\n  \
         cd /srv/shop && docker compose up -d\nchecked: /srv/shop/compose.yaml is there"
    );
}

#[test]
fn swarm_gets_a_command_and_is_told_what_it_cannot_do() {
    let spec = owned(
        Owner::Swarm { service: "shop_web".into() },
        &[("com.docker.stack.namespace", "shop")],
    );
    let edits = [ContainerEdit::NoNewPrivileges(true), ContainerEdit::PidsLimit(512)];
    let text = lines(&spec, &edits).unwrap();
    assert!(text.contains("\n  docker service update --limit-pids 512 shop_web\n"), "{text}");
    assert!(text.contains("has no word for: no-new-privileges"), "{text}");
    assert!(text.contains("of stack shop"), "{text}");
}

#[test]
fn kubernetes_gets_a_security_context() {
    let labels = [("io.kubernetes.container.name", "app"), ("io.kubernetes.pod.namespace", "shop")];
    let spec = owned(Owner::Kubernetes { pod: "web-0".into() }, &labels);
    let text = lines(&spec, &every_edit()).unwrap();
    for line in [
        "pod web-0 (namespace shop)",
        "\n  hostPID: false\n",
        "\n  containers:\n  - name: app\n",
        "\n    securityContext:\n      privileged: false\n",
        "\n      capabilities: { drop: [\"ALL\"], add: [] }\n",
        "\n      allowPrivilegeEscalation: false\n",
        "\n      runAsUser: 1000\n      runAsGroup: 1000\n",
        "\n    volumeMounts:\n    - { name: tmpfs-1, mountPath: \"/run\" }\n",
        "podPidsLimit: 512",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn nomad_gets_the_config_of_its_driver() {
    let labels = [("com.hashicorp.nomad.job_id", "shop"), ("com.hashicorp.nomad.task_name", "web")];
    let spec = owned(Owner::Nomad { allocation: "8c7a".into() }, &labels);
    let edits = [ContainerEdit::ReadOnlyRootfs(true), ContainerEdit::Memory(512 << 20)];
    let text = lines(&spec, &edits).unwrap();
    assert!(text.contains("change job shop, then `nomad job run`"), "{text}");
    assert!(text.contains("\n  task \"web\" {\n    resources { memory = 512 }"), "{text}");
    assert!(text.contains("\n    config {\n      readonly_rootfs = true\n    }\n"), "{text}");
}

#[test]
fn callers_of_docker_run_get_its_flags() {
    let spec = owned(Owner::Unit { unit: "web.service".into() }, &[]);
    let text = lines(&spec, &every_edit()).unwrap();
    assert!(text.contains("systemctl edit --full web.service"), "{text}");
    assert!(text.contains("\n  --cap-drop=ALL --security-opt=no-new-privileges=true"), "{text}");
    assert!(text.contains("--publish=127.0.0.1:8080:80/tcp"), "{text}");
    assert!(text.contains("\n  without --privileged "), "{text}");
    assert!(text.lines().skip(1).all(|line| line.len() <= 72), "{text}");
}

#[test]
fn doubt_about_a_claim_is_told() {
    let mut spec = owned(Owner::Kubernetes { pod: "web-0".into() }, &[]);
    let text = |spec: &ContainerSpec| lines(spec, &[]).unwrap();
    assert!(text(&spec).ends_with("there was nothing to check them by"));
    spec.claim = Claim::Doubtful("no kubelet runs on this machine".into());
    assert!(text(&spec).ends_with("it is doubtful: no kubelet runs on this machine"));
}
