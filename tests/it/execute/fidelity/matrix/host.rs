//! The host of the matrix: what the shapes refer to, and the containers themselves.

use std::time::Duration;

use plimsoll::{
    execute::{effects::Effects as _, gate::GateOptions},
    sources::create_body::DaemonFacts,
};

use super::shapes::{Given, Shape, State};
use crate::{execute::Engine, lab::Host};

/// Wakes for nothing, as many of these run at once, and stops as soon as it is told.
const IDLE: &str = r#""trap 'exit 0' TERM; sleep 99999 & wait""#;

/// A network is most of a start, and most shapes are not about networks.
const OFF: &str = "'--network none'";

/// What containers get whose own limits say nothing.
const ULIMIT: &str = r#"{ "Name": "nofile", "Hard": 4000, "Soft": 3000 }"#;

const SOON: Duration = Duration::from_secs(120);

/// It need not live long here.
pub(super) fn gate() -> GateOptions {
    GateOptions { quiet: Duration::from_millis(200), ..GateOptions::default() }
}

pub(super) fn daemon_facts(host: &Host) -> DaemonFacts {
    DaemonFacts {
        default_ulimits: vec![serde_json::from_str(ULIMIT).unwrap()],
        ..super::super::daemon_facts(host)
    }
}

/// Makes what the shapes refer to.
pub(super) fn set_up(host: &Host) {
    host.write(
        "/etc/docker/daemon.json",
        &format!(r#"{{ "default-ulimits": {{ "nofile": {ULIMIT} }} }}"#),
    );
    host.restart_docker().ok();
    host.wait("the daemon is back", SOON, || host.answers());
    let script = r#"
        mkdir -p /run/fid/flat /run/fid/tree/sub
        mountpoint -q /run/fid/flat || busybox mount -o bind /run/fid/flat /run/fid/flat
        busybox mount --make-shared /run/fid/flat
        mountpoint -q /run/fid/tree/sub || busybox mount -t tmpfs fid /run/fid/tree/sub
        echo '{ "defaultAction": "SCMP_ACT_ALLOW" }' >/run/fid/seccomp.json
        docker network create --subnet 10.89.1.0/24 fid-front
        docker network create --subnet 10.89.2.0/24 fid-back
        docker network create --ipv6 --subnet 10.89.3.0/24 --subnet fd00:89::/64 fid-six
        docker create --name fid-base --stop-signal 15 plimsoll-test/busybox:1
        docker commit --change 'ENTRYPOINT ["/bin/sh","-c"]' \
            --change "CMD [\"$idle\"]" fid-base fid/entry:1
        docker commit --change "CMD [\"/bin/sh\",\"-c\",\"$idle\"]" fid-base fid/idle:1
        docker commit --change 'ENV FROM=image' --change 'ENV ONLY=image' \
            --change 'LABEL from=image' --change 'WORKDIR /var' --change 'USER app' \
            --change 'EXPOSE 7000 7001/udp' --change 'VOLUME /spool' \
            --change 'HEALTHCHECK --interval=4s CMD true' fid-base fid/all:1
        docker rm fid-base
        docker run -d --name fid-peer --network fid-front fid/idle:1
        docker network connect fid-back fid-peer
        docker run -d --name fid-provider --ipc shareable fid/idle:1
        docker run -d --name fid-target fid/idle:1
        docker run -d --name fid-lender -v fid-lent:/lent -v /lent-bare \
            -v /run/fid/flat:/lent-bind fid/idle:1
    "#;
    host.sh(&format!("idle={IDLE}\n{script}"));
}

/// Makes the containers, and waits until they are what they stay.
pub(super) fn make(engine: &Engine, host: &Host, shapes: &[Shape]) {
    let mut script = format!("idle={IDLE} off={OFF}\n");
    for shape in shapes {
        script.push_str(&format!("it={}\n{}\n", shape.container(), shape.before));
        if let Given::Options(options) = shape.given {
            script.push_str(&format!(
                "docker create --name $it {options} >/dev/null || wrong=\"$wrong $it\"\n"
            ));
        }
    }
    host.sh(&format!(
        "wrong=\n{script}\n[ -z \"$wrong\" ] || {{ echo not created: $wrong; exit 1; }}"
    ));
    let docker = engine.host.docker();
    let mut refused = Vec::new();
    for shape in shapes {
        if let Given::Body(body) = shape.given {
            let name = shape.container();
            let made = docker.create(&name, body.as_bytes().to_vec());
            if let Err(error) = engine.runtime.block_on(made) {
                refused.push(format!("{name}: {error}"));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));

    let mut script = String::new();
    for shape in shapes {
        script.push_str(&format!("it={}\n{}\n", shape.container(), shape.then));
    }
    let started = shapes.iter().filter(|it| it.state != State::Created).map(Shape::container);
    let started: Vec<String> = started.collect();
    script.push_str(&format!(
        "echo {} | xargs -r -n 8 -P 4 docker start >/dev/null\n",
        started.join(" ")
    ));
    for shape in shapes {
        script.push_str(&format!("it={}\n{}\n", shape.container(), shape.at_last));
        if shape.state == State::Exited {
            script.push_str("docker stop $it\n");
        }
    }
    host.sh(&script);
    host.wait("health is known", SOON, || {
        host.docker(&["ps", "-q", "--filter", "health=starting"]).is_empty()
    });
}

pub(super) fn tear_down(host: &Host) {
    host.sh("docker ps -aq | xargs -r docker rm -f >/dev/null
         busybox umount /run/fid/flat; busybox umount /run/fid/tree/sub; rm -r /run/fid");
}
