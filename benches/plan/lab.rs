//! Hosts with an engine and thousands of containers that were created and never started.
//!
//! The benchmark talks to an engine from outside its host, through the root of the host's first
//! process: then both sides are this one process, and the very code that `plimsoll` runs, with
//! nothing in between.

use std::{
    path::PathBuf,
    process::Command,
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
};

use plimsoll::docker::{Docker, Endpoint};
use serde_json::{Value, json};

use crate::Outcome;

/// Creating more at once only makes the engine wait for itself.
const CREATE_AT_ONCE: usize = 8;

/// One host and how many containers belong on it.
pub(crate) struct Host {
    lab: &'static str,
    pub(crate) containers: usize,
}

impl Host {
    /// A host each: containers that are there already cost the list call.
    pub(crate) const ALL: &[Self] =
        &[Self { lab: "bench", containers: 1_000 }, Self { lab: "bench5000", containers: 5_000 }];

    /// Brings the host up with its containers, those of an earlier run included.
    pub(crate) async fn up(&self) -> Outcome<Endpoint> {
        let endpoint = host(self.lab, "sid")?;
        self.fill(&Docker::connect(&endpoint).await?).await?;
        Ok(endpoint)
    }

    pub(crate) fn remove(&self) -> Outcome<()> {
        remove(self.lab, "sid")
    }

    async fn fill(&self, docker: &Docker) -> Outcome<()> {
        let there = docker.containers().await?;
        let missing: Vec<(String, Value)> = (0..self.containers)
            .map(|number| (format!("bench-{number:05}"), body(number)))
            .filter(|(name, _)| there.iter().all(|summary| summary.name() != name))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        println!("creating {} containers in {} once", missing.len(), name(self.lab, "sid"));
        let (missing, next) = (Arc::new(missing), Arc::new(AtomicUsize::new(0)));
        let workers: Vec<_> = (0..CREATE_AT_ONCE)
            .map(|_| {
                let (docker, missing, next) = (docker.clone(), missing.clone(), next.clone());
                tokio::spawn(async move {
                    while let Some((name, body)) = missing.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        docker.create(name, body.to_string().into_bytes()).await?;
                    }
                    Outcome::Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.await??;
        }
        Ok(())
    }
}

/// The lab's hosts, oldest engine first.
pub(crate) const SUITES: [&str; 3] = ["bookworm", "trixie", "sid"];

/// Brings a host up, what is on it included, and returns the way to its engine.
pub(crate) fn host(lab: &str, suite: &str) -> Outcome<Endpoint> {
    let mut script = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    script.extend(["tests", "lab", "up"]);
    run(Command::new(script).arg(suite).env("PLIMSOLL_LAB", lab))?;
    let name = name(lab, suite);
    let pid = run(Command::new("docker").args(["inspect", "-f", "{{.State.Pid}}", &name]))?;
    let socket = format!("unix:///proc/{}/root/run/docker.sock", pid.trim());
    Ok(Endpoint::resolve(Some(&socket), None)?)
}

pub(crate) fn remove(lab: &str, suite: &str) -> Outcome<()> {
    let name = name(lab, suite);
    run(Command::new("docker").args(["rm", "--force", "--volumes", &name]))?;
    run(Command::new("docker").args(["volume", "rm", "--force", &name]))?;
    Ok(())
}

pub(crate) fn name(lab: &str, suite: &str) -> String {
    format!("plimsoll-lab-{lab}-{suite}")
}

/// Runs a script on a host.
pub(crate) fn sh(host: &str, script: &str) -> Outcome<String> {
    run(Command::new("docker").args(["exec", host, "sh", "-ec", script]))
}

fn run(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Four kinds of containers, as they are met: a careless one, a careful one, one that is part of
/// the host, and one that Compose started.
pub(crate) fn body(number: usize) -> Value {
    let environment = json!([
        "LANG=C.UTF-8",
        "APP_ENV=production",
        format!("INSTANCE={number}"),
        "DATABASE_URL=postgres://db.internal:5432/shop",
        "LOG_LEVEL=info",
    ]);
    match number % 4 {
        0 => json!({
            "Image": "plimsoll-test/web:1",
            "Env": environment,
            "Labels": { "tier": "edge", "team": "shop" },
            "HostConfig": {
                "PortBindings": { "8080/tcp": [{ "HostPort": "8080" }] },
                "Binds": ["/srv/shop:/srv:ro", "/etc/localtime:/etc/localtime:ro"],
                "RestartPolicy": { "Name": "always" },
            },
        }),
        1 => json!({
            "Image": "plimsoll-test/user:1",
            "Env": environment,
            "Labels": { "tier": "worker", "team": "shop" },
            "HostConfig": {
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges:true"],
                "ReadonlyRootfs": true,
                "Tmpfs": { "/tmp": "size=16m" },
                "PidsLimit": 100,
                "Memory": 67_108_864,
                "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 5 },
            },
        }),
        2 => json!({
            "Image": "plimsoll-test/busybox:1",
            "Env": environment,
            "Labels": { "tier": "agent" },
            "HostConfig": {
                "Privileged": true,
                "NetworkMode": "host",
                "PidMode": "host",
                "Binds": ["/var/run/docker.sock:/var/run/docker.sock", "/:/host:ro"],
                "RestartPolicy": { "Name": "unless-stopped" },
            },
        }),
        _ => json!({
            "Image": "plimsoll-test/busybox:1",
            "Env": environment,
            "Labels": {
                "com.docker.compose.project": "shop",
                "com.docker.compose.service": format!("db-{number}"),
                "com.docker.compose.container-number": "1",
                "com.docker.compose.oneoff": "False",
                "com.docker.compose.project.config_files": "/srv/shop/compose.yaml",
            },
            "HostConfig": {
                "Mounts": [{ "Type": "volume", "Source": "bench-data", "Target": "/data" }],
                "CapAdd": ["NET_ADMIN"],
                "Memory": 268_435_456,
            },
        }),
    }
}
