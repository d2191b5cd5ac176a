//! A replacement is cut off after each of its changes, and recovery after each of its own: in
//! the end exactly one container of the name runs, with its data, addresses and policy. The same
//! where the engine is restarted after each of them.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use plimsoll::{
    execute::{Interrupt, effects::Effects, gate::GateOptions, recover::recover},
    model::{
        edit::ContainerEdit,
        probe::{Asks, Probe},
        redacted::Redacted,
    },
    plan::{Plan, run::Outcome},
};
use serde_json::{Value, json};

use super::{
    Engine, carry_out_plan,
    effects::{CutAfter, GroupOf, OneChangeEach},
    plan, quiet_for, replacement,
    sight::{inside, inspect_all, states},
};
use crate::lab::{self, Host, Suite};

/// More than any recovery can need.
const ROUNDS: usize = 60;

/// What the replacement does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Twin {
    Works,
    /// Made from an image of the old one, and asked whether it works.
    IsCommitted,
    FailsItsHealthCheck,
    CrashLoops,
}

/// A container, and after how many changes its replacement is cut off.
#[derive(Clone, Copy, Debug)]
struct Case {
    twin: Twin,
    cut: usize,
    /// This one is not cut off.
    is_last: bool,
}

/// What follows the cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Then {
    RecoveryIsCutOff,
    EngineRestarts,
}

/// Created, stopped, renamed twice, fenced, started and kept.
const CHANGES: usize = 7;
/// An image is made; before and after a program is started inside, which takes two each.
const CHANGES_MORE_IF_COMMITTED: usize = 1 + 2 * 2;
/// After the start: renamed, fenced, stopped; the old one renamed, unfenced, started; the new one
/// removed. In a crash loop it takes two more at times.
const CHANGES_OF_A_WITHDRAWAL: usize = 7 + 2;

#[test]
fn cut_off_replacements_end_well_in_bookworm() {
    survive(
        Suite::Bookworm,
        &[
            (Then::RecoveryIsCutOff, &[Twin::IsCommitted, Twin::CrashLoops]),
            (Then::EngineRestarts, &[Twin::Works]),
        ],
    );
}

#[test]
fn cut_off_replacements_end_well_in_sid() {
    survive(
        Suite::Sid,
        &[
            (Then::RecoveryIsCutOff, &[Twin::Works, Twin::FailsItsHealthCheck]),
            (Then::EngineRestarts, &[Twin::CrashLoops]),
        ],
    );
}

/// Goes through one after the other, with the same containers where the replacement is of the same
/// kind.
fn survive(suite: Suite, courses: &[(Then, &[Twin])]) {
    let host = lab::host(suite).exclusive();
    // Engines before API 1.44 take a second network by a call of its own.
    let joins = usize::from(suite == Suite::Bookworm);
    for network in ["cut-front", "cut-back"] {
        let subnet = format!("{}.0/24", subnet(network));
        host.docker(&["network", "create", "--subnet", &subnet, network]);
    }
    for (then, twins) in courses {
        let cases: Vec<Case> = twins.iter().flat_map(|twin| twin.cases(CHANGES + joins)).collect();
        start(&host, &cases);
        survive_then(&host, &cases, *then);
        forget_kept(&host);
    }
}

fn survive_then(host: &Host, cases: &[Case], then: Then) {
    let engine = Engine::of(host);
    let before = inspect_all(host);
    let hosts: Vec<CutAfter<'_>> =
        cases.iter().map(|it| CutAfter::new(&engine.host, it.cut)).collect();
    let replacements = hosts.iter().zip(cases).map(|(cut, case)| {
        let plan = case.twin.plan(&before[&case.name()]);
        cut.until_cut(async move { carry_out_plan(cut, &plan, case.twin.gate()).await.remove(0) })
    });
    let outcomes = engine.runtime.block_on(join_all(replacements));
    for (case, outcome) in cases.iter().zip(&outcomes) {
        match (case.twin, outcome) {
            (_, None) if !case.is_last => {}
            (Twin::Works | Twin::IsCommitted, Some(Outcome::Done { .. })) if case.is_last => {}
            (Twin::FailsItsHealthCheck | Twin::CrashLoops, Some(Outcome::Undone { .. })) => {}
            other => panic!("{case:?}: {other:?}"),
        }
    }
    let cut_off = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert!(cut_off >= 6 * cases.len() / 10, "{outcomes:?}");

    match then {
        Then::RecoveryIsCutOff => {
            let rounds = recover_bit_by_bit(&engine, &quiet_for(8), |name| name);
            assert!(rounds >= 4, "recovery was cut off only {rounds} times");
        }
        Then::EngineRestarts => {
            host.restart_docker().ok();
            recover_all(host, quiet_for(8));
        }
    }

    let after = inspect_all(host);
    let data = inside(host, &after, "cat data/it named/it bare/it; ls data; cat layer || true");
    for (case, outcome) in cases.iter().zip(&outcomes) {
        // What the engine then makes of those that are done with is the engine's affair.
        if then == Then::EngineRestarts && outcome.is_some() {
            continue;
        }
        let context = format!("{then:?}, {case:?}, {outcome:?}");
        check(case, &before, &after, &data, &context);
    }
}

/// Cuts the recovery of every group off after every single change, until there is nothing left
/// to do. Returns how often.
pub(super) fn recover_bit_by_bit(engine: &Engine, gate: &GateOptions, group_of: GroupOf) -> usize {
    let interrupt = Interrupt::default();
    for round in 0..ROUNDS {
        let bit = OneChangeEach::new(&engine.host, group_of);
        let recovered = engine.runtime.block_on(recover(&bit, gate, &interrupt)).unwrap();
        if bit.changed() == 0 {
            assert!(recovered.iter().all(|it| it.settled), "{recovered:?}");
            return round;
        }
    }
    panic!("recovery does not come to an end");
}

/// Recovers at once what a restart of the engine has interrupted.
pub(super) fn recover_all(host: &Host, gate: GateOptions) {
    // Of its old connections none is left.
    let engine = Engine::of(host);
    let interrupt = Interrupt::default();
    let recovered = engine.runtime.block_on(recover(&engine.host, &gate, &interrupt)).unwrap();
    assert!(recovered.len() >= 6 && recovered.iter().all(|it| it.settled), "{recovered:?}");
}

/// Removes the kept ones, so that the next run begins as this one.
pub(super) fn forget_kept(host: &Host) {
    host.sh("docker ps -aq --filter name=.plimsoll-kept- | xargs -r docker rm >/dev/null");
}

impl Twin {
    fn cases(self, changes: usize) -> impl Iterator<Item = Case> {
        let cuts = match self {
            Self::Works => 1..=changes,
            Self::IsCommitted => 1..=changes + CHANGES_MORE_IF_COMMITTED,
            // One that fails goes the same way as one that works up to its start.
            Self::FailsItsHealthCheck | Self::CrashLoops => {
                changes - 1..=changes - 1 + CHANGES_OF_A_WITHDRAWAL
            }
        };
        let last = *cuts.end();
        cuts.map(move |cut| Case { twin: self, cut, is_last: cut == last })
    }

    fn plan(self, inspect: &Value) -> Plan {
        let mut plan = plan(vec![replacement(inspect, &self.edits())]);
        if self == Self::IsCommitted {
            plan.changes[0].commit = true;
            plan.changes[0].probes = vec![Probe {
                asks: Asks::Command(Redacted::new(vec!["true".into()])),
                timeout: Probe::TIMEOUT,
                interval: Probe::INTERVAL,
                retries: Probe::RETRIES,
            }];
        }
        plan
    }

    fn edits(self) -> Vec<ContainerEdit> {
        match self {
            Self::Works | Self::IsCommitted => {
                vec![ContainerEdit::NoNewPrivileges(true), ContainerEdit::PidsLimit(99)]
            }
            Self::FailsItsHealthCheck | Self::CrashLoops => {
                vec![ContainerEdit::ReadOnlyRootfs(true)]
            }
        }
    }

    /// Many start at once, and a slow machine takes a while to let one fail.
    fn gate(self) -> GateOptions {
        quiet_for(match self {
            Self::Works | Self::IsCommitted => 1,
            Self::FailsItsHealthCheck | Self::CrashLoops => 8,
        })
    }
}

impl Case {
    fn name(&self) -> String {
        format!("cut-{:?}-{}", self.twin, self.cut).to_lowercase()
    }

    /// Tells it from the others in ports and addresses.
    fn number(&self) -> usize {
        10 + 20 * self.twin as usize + self.cut
    }

    fn addresses(&self) -> [(&'static str, String); 2] {
        ["cut-front", "cut-back"]
            .map(|network| (network, format!("{}.{}", subnet(network), self.number())))
    }
}

fn subnet(network: &str) -> &'static str {
    if network == "cut-front" { "10.88.1" } else { "10.88.2" }
}

/// Starts those that are not there yet, and takes the others away.
fn start(host: &Host, cases: &[Case]) {
    let there = inspect_all(host);
    let is_wanted = |name: &str| cases.iter().any(|it| it.name() == name);
    let done_with: Vec<&str> =
        there.keys().map(String::as_str).filter(|name| !is_wanted(name)).collect();
    host.sh(&format!(
        "echo {} | xargs -r -n 8 -P 2 docker rm -f -v >/dev/null",
        done_with.join(" ")
    ));
    let engine = Engine::of(host);
    let missing = cases.iter().filter(|it| !there.contains_key(&it.name()));
    engine.runtime.block_on(join_all(missing.map(|case| start_one(&engine, case))));
    inside(
        host,
        &inspect_all(host),
        "rm -f data/seed; echo mine | tee data/it named/it bare/it >layer",
    );
}

async fn start_one(engine: &Engine, case: &Case) {
    let first = match case.twin {
        Twin::CrashLoops => "date >/beat || exit 3",
        Twin::Works | Twin::IsCommitted | Twin::FailsItsHealthCheck => "true",
    };
    let name = case.name();
    let [(front, front_address), (back, back_address)] = case.addresses();
    let endpoint = |address: String| json!({ "IPAMConfig": { "IPv4Address": address } });
    let mut front_endpoint = endpoint(front_address);
    front_endpoint["Aliases"] = json!([format!("alias-{name}")]);
    let port = (18_100 + case.number()).to_string();
    let mut body = json!({
        "Image": lab::VOLUME,
        "Cmd": ["sh", "-c", format!("trap 'exit 0' TERM; {first}; sleep 1000000 & wait")],
        "ExposedPorts": { "8080/tcp": {} },
        "Volumes": { "/bare": {} },
        "HostConfig": {
            "RestartPolicy": { "Name": "always" },
            "NetworkMode": front,
            "PortBindings": { "8080/tcp": [{ "HostIp": "127.0.0.1", "HostPort": port }] },
            "Binds": [format!("{name}-named:/named")],
        },
        "NetworkingConfig": { "EndpointsConfig": { front: front_endpoint } },
    });
    if case.twin == Twin::FailsItsHealthCheck {
        body["Healthcheck"] = json!({
            "Test": ["CMD-SHELL", "date >/alive"], "Interval": 2_000_000_000_u64, "Retries": 1,
        });
    }
    let (id, _) = engine.host.create_container(&name, &body).await.unwrap();
    engine.host.connect_network(back, &id, &endpoint(back_address)).await.unwrap();
    engine.host.start_container(&id).await.unwrap();
}

#[track_caller]
fn check(
    case: &Case,
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
    data: &BTreeMap<String, String>,
    context: &str,
) {
    let name = case.name();
    let states = states(after, |it| it.split(".plimsoll-").next() == Some(&name));
    let context = format!("{context}: {states:?}");
    let mut expected = vec![format!("{name} running")];
    let (before, now) = (&before[&name], &after[&name]);
    if now["Id"] != before["Id"] {
        let kept = format!("{name}.plimsoll-kept-1");
        expected.push(format!("{kept} exited"));
        let kept = &after[&kept];
        assert_eq!(kept["Id"], before["Id"], "{context}");
        assert_eq!(kept["HostConfig"]["RestartPolicy"]["Name"], "no", "{context}");
    }
    assert_eq!(states, expected, "{context}");
    assert_eq!(now["HostConfig"]["RestartPolicy"]["Name"], "always", "{context}");
    for (network, address) in case.addresses() {
        let endpoint = &now["NetworkSettings"]["Networks"][network];
        assert_eq!(endpoint["IPAddress"], address, "{context}");
    }
    let aliases = &now["NetworkSettings"]["Networks"]["cut-front"]["Aliases"];
    let alias = json!(format!("alias-{name}"));
    assert!(aliases.as_array().unwrap().contains(&alias), "{aliases}: {context}");
    assert_eq!(volumes(now), volumes(before), "{context}");
    let keeps_layer = case.twin == Twin::IsCommitted || now["Id"] == before["Id"];
    let layer = if keeps_layer { "mine\n" } else { "" };
    assert_eq!(data[&name], format!("mine\nmine\nmine\nit\n{layer}"), "{context}");
}

fn volumes(inspect: &Value) -> Vec<(String, String)> {
    let mut volumes: Vec<_> = inspect["Mounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| (mount["Destination"].to_string(), mount["Name"].to_string()))
        .collect();
    volumes.sort();
    volumes
}
