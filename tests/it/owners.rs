//! Containers that somebody else starts, on real engines: told by what there is beside their
//! labels, and left alone with lines that do what they say.

use std::time::Duration;

use serde_json::Value;

use crate::lab::{self, Host, Suite};

const DECLARATION: &str = "version: 1
containers:
  - name: own
    match: { name: 'own*' }
    rules:
      container.read-only-rootfs: { tmpfs: [/var/cache, /run] }
      container.capabilities-bounded: { allow: [CHOWN] }
      container.pids-limit: { max: 60 }
      container.memory-limit: { max: 48m }
limits:
  max-changes: 50
";

const UNIT: &str = "[Service]
ExecStart=/usr/bin/docker run --name own-unit plimsoll-test/busybox:1
";

#[test]
fn swarm_and_systemd_are_told_by_more_than_labels() {
    let host = lab::host(Suite::Bookworm).exclusive();
    let host: &Host = &host;
    host.write("/srv/own.yaml", DECLARATION);
    planted(host, "own-swarm", &["com.docker.swarm.task.id=t1"]);
    planted(host, "own-pod", &["io.kubernetes.pod.name=web-0"]);
    host.write("/run/systemd/system/own-unit.service", UNIT);
    host.sh("systemctl daemon-reload; systemctl start own-unit");
    host.wait("the unit's container", Duration::from_secs(60), || {
        host.run(&["docker", "exec", "own-unit", "true"]).status == 0
    });

    let plan = plan(host);
    let swarm = remark(&plan, "own-swarm");
    assert!(swarm.contains("this engine is in no Swarm"), "{swarm}");
    assert_eq!(held(&plan, "own-swarm"), "", "nobody is there who would fight a change");
    let pod = remark(&plan, "own-pod");
    assert!(pod.contains("no cri-dockerd and no kubelet and no k3s runs"), "{pod}");
    let pod = held(&plan, "own-pod");
    assert!(pod.contains("securityContext:"), "{pod}");
    let unit = held(&plan, "own-unit");
    assert!(unit.contains("systemd unit own-unit.service runs it"), "{unit}");
    assert!(unit.contains("--cap-drop=ALL"), "{unit}");
    assert!(unit.contains("checked: a client that its unit runs is attached"), "{unit}");
    host.sh("systemctl stop own-unit; docker rm -f own-unit own-pod >/dev/null");

    host.docker(&["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    let service = ["service", "create", "--quiet", "--name", "own_svc", lab::BUSYBOX];
    host.docker(&service);
    let plan = self::plan(host);
    let planted = remark(&plan, "own-swarm");
    assert!(planted.contains("the Swarm has no task t1 here"), "{planted}");
    let task = task(host);
    let lines = held(&plan, &task);
    assert!(lines.contains("checked: the Swarm has its task"), "{lines}");
    let command = lines.lines().find_map(|line| line.strip_prefix("  docker service update "));
    host.sh(&format!("docker service update --quiet {}", command.unwrap()));
    let new = self::task(host);
    assert_ne!(new, task);
    let plan = self::plan(host);
    assert!(change(&plan, &new).is_none(), "{plan:#}");
    host.sh("docker service rm own_svc; docker swarm leave --force; docker rm -f own-swarm");
}

const PROJECT: &str = "services:
  web:
    image: plimsoll-test/web:1
    ports: [\"18932:8080\"]
";

#[test]
fn lines_for_a_compose_file_do_what_the_plan_wants() {
    let host = lab::host(Suite::Sid).shared();
    let host: &Host = &host;
    host.write("/srv/own/compose.yaml", PROJECT);
    let declaration = format!(
        "{}      container.no-new-privileges: true
      container.no-wildcard-publish: {{ address: 127.0.0.1 }}
limits:
  max-changes: 50
",
        DECLARATION.split("limits:").next().unwrap()
    );
    host.write("/srv/own.yaml", &declaration);
    host.sh("cd /srv/own && docker compose down --timeout 1 2>/dev/null; docker compose up -d 2>/dev/null");

    let lines = held(&plan(host), "own-web-1");
    assert!(lines.contains("change /srv/own/compose.yaml:\n  services:\n    web:\n"), "{lines}");
    assert!(lines.ends_with("checked: /srv/own/compose.yaml is there"), "{lines}");
    let members: Vec<&str> =
        lines.lines().filter(|it| it.starts_with("      ")).map(|it| &it[2..]).collect();
    let bare = PROJECT.lines().take(3).collect::<Vec<_>>().join("\n");
    host.write("/srv/own/compose.yaml", &format!("{bare}\n{}\n", members.join("\n")));
    let up = lines.lines().find_map(|line| line.strip_prefix("  cd ")).unwrap();
    host.sh(&format!("cd {up} 2>/dev/null"));

    let plan = plan(host);
    assert!(change(&plan, "own-web-1").is_none(), "{plan:#}\n{lines}");
    host.sh("cd /srv/own && docker compose down --timeout 1 2>/dev/null");
}

fn planted(host: &Host, name: &str, labels: &[&str]) {
    let labels: Vec<String> = labels.iter().map(|it| format!("--label={it}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    host.docker(&[&["run", "--detach", "--name", name], &labels[..], &[lab::BUSYBOX]].concat());
}

fn task(host: &Host) -> String {
    let filter = "label=com.docker.swarm.service.name=own_svc";
    host.docker(&["ps", "--filter", filter, "--format", "{{.Names}}"])
}

#[track_caller]
fn plan(host: &Host) -> Value {
    let arguments = ["plan", "--file", "/srv/own.yaml", "--state-dir", "/var/tmp/own"];
    let out = host.plimsoll(&[&arguments[..], &["--output", "json"]].concat());
    serde_json::from_str(&out.stdout).unwrap_or_else(|_| panic!("{}{}", out.stdout, out.stderr))
}

fn change<'a>(plan: &'a Value, name: &str) -> Option<&'a Value> {
    let address = format!("container/{name}");
    plan["changes"].as_array().unwrap().iter().find(|it| it["address"] == *address)
}

/// Returns why a change is held, in words; empty if it is not.
#[track_caller]
fn held(plan: &Value, name: &str) -> String {
    let change = change(plan, name).unwrap_or_else(|| panic!("{name}: {plan:#}"));
    change["held"]["what"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn remark(plan: &Value, name: &str) -> String {
    let address = format!("container/{name}");
    let remarks = plan["remarks"].as_array().unwrap();
    let remark = remarks.iter().find(|it| it["address"] == *address);
    remark.unwrap_or_else(|| panic!("{name}: {plan:#}"))["text"].as_str().unwrap().to_owned()
}
