//! A group of three is cut off after each of its changes: a provider, one that lives in its
//! network, and one that lives among its processes or links to it. Recovery is cut off after each
//! of its own, or the engine is restarted. In the end all of each group are old or all are new,
//! run, have their data, and the dependents hold on to the living one.

use std::{collections::BTreeMap, ops::RangeInclusive};

use futures_util::future::join_all;
use plimsoll::{
    execute::{effects::Effects, gate::GateOptions},
    model::edit::ContainerEdit,
    plan::{Action, run::Outcome},
};
use serde_json::{Value, json};

use super::{
    Engine, carry_out_all,
    cut::{Then, forget_kept, recover_all, recover_bit_by_bit},
    effects::CutAfter,
    quiet_for, replacement,
    sight::{inside, inspect_all, states},
};
use crate::lab::{self, Host, Suite};

const MEMBERS: [&str; 3] = ["vpn", "net", "third"];
/// Created, stopped, renamed twice, fenced, started and kept, three of each.
const CHANGES: usize = 7 * 3;
/// After the start: renamed, fenced, stopped; old ones renamed, unfenced, started; new ones
/// removed.
const CHANGES_OF_A_WITHDRAWAL: usize = 7 * 3;
const NOT_CUT_OFF: usize = 99;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Third {
    SharesProcesses,
    Links,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Twin {
    Works,
    CrashLoops,
}

#[test]
fn cut_off_group_that_works_ends_well_in_bookworm() {
    let host = lab::host(Suite::Bookworm).exclusive();
    // An engine that is restarted amid a replacement takes links away.
    let groups = Groups { third: Third::Links, twin: Twin::Works };
    groups.start(&host);
    groups.survive(&host, Then::RecoveryIsCutOff);
}

#[test]
fn engine_restarts_amid_a_group_that_works_in_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    let groups = Groups { third: Third::SharesProcesses, twin: Twin::Works };
    groups.start(&host);
    groups.survive(&host, Then::EngineRestarts);
}

#[test]
fn cut_off_group_of_which_one_fails_ends_well_in_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    let groups = Groups { third: Third::SharesProcesses, twin: Twin::CrashLoops };
    groups.start(&host);
    groups.survive(&host, Then::RecoveryIsCutOff);
    // All are old again.
    groups.survive(&host, Then::EngineRestarts);
}

/// Equal groups, each to be cut off after another number of changes.
#[derive(Clone, Copy, Debug)]
struct Groups {
    third: Third,
    twin: Twin,
}

impl Groups {
    fn cuts(self) -> impl Iterator<Item = usize> {
        let started = CHANGES - 3;
        // One that fails goes the same way as one that works up to its start.
        let cuts: RangeInclusive<usize> = match self.twin {
            Twin::Works => 1..=CHANGES,
            Twin::CrashLoops => started..=started + CHANGES_OF_A_WITHDRAWAL,
        };
        cuts.chain([NOT_CUT_OFF])
    }

    fn gate(self) -> GateOptions {
        quiet_for(if self.twin == Twin::Works { 1 } else { 8 })
    }

    fn start(self, host: &Host) {
        let engine = Engine::of(host);
        host.docker(&["network", "create", "--subnet", "10.87.1.0/24", "cg-net"]);
        engine.runtime.block_on(join_all(self.cuts().map(|n| start(&engine, n, self))));
        // Each has written its name, and the image's own file is gone.
        inside(host, &inspect_all(host), "rm data/seed; echo mine >data/it");
    }

    fn survive(self, host: &Host, then: Then) {
        let engine = Engine::of(host);
        let before = inspect_all(host);
        let cuts: Vec<usize> = self.cuts().collect();
        let hosts: Vec<CutAfter<'_>> =
            cuts.iter().map(|n| CutAfter::new(&engine.host, *n)).collect();
        let replacements = hosts.iter().zip(&cuts).map(|(cut, n)| {
            cut.until_cut(carry_out_all(cut, actions(&before, *n, self.twin), self.gate()))
        });
        let outcomes = engine.runtime.block_on(join_all(replacements));
        for outcome in outcomes.last().unwrap().as_ref().expect("the last is not cut off") {
            match (self.twin, outcome) {
                (Twin::Works, Outcome::Done { .. })
                | (Twin::CrashLoops, Outcome::Undone { .. }) => {}
                (_, other) => panic!("{other:?}"),
            }
        }
        let cut_off = outcomes.iter().filter(|outcome| outcome.is_none()).count();
        assert!(cut_off + 2 >= cuts.len(), "only {cut_off} of {} were cut off", cuts.len());

        match then {
            Then::RecoveryIsCutOff => {
                let rounds = recover_bit_by_bit(&engine, &self.gate(), group_of);
                assert!(rounds > CHANGES / 2, "recovery was cut off only {rounds} times");
            }
            Then::EngineRestarts => {
                host.restart_docker().ok();
                recover_all(host, self.gate());
            }
        }

        let after = inspect_all(host);
        let look = "cat data/*; readlink /proc/$pid/ns/net /proc/$pid/ns/pid
                    grep source etc/hosts || true";
        let inside = inside(host, &after, look);
        for (n, outcome) in cuts.iter().zip(&outcomes) {
            // The engine starts them in no order, and one that comes before its provider stays
            // down. Where nothing is under way any more, or nobody can know that it is, as before
            // the last change of all, that is nobody's to mend; nor where those are not known yet
            // that would have been replaced.
            let is_last = *n == *cuts.iter().rev().nth(1).unwrap();
            let is_over = outcome.is_some() || is_last || *n < MEMBERS.len();
            if then == Then::EngineRestarts && is_over {
                continue;
            }
            let seen = Sight { before: &before, after: &after, inside: &inside };
            seen.check(*n, self.third, &format!("{then:?}, {outcome:?}"));
        }
        forget_kept(host);
    }
}

fn group_of(name: &str) -> &str {
    name.rsplit_once('-').unwrap().0
}

fn name(n: usize, member: &str) -> String {
    format!("cg-{n}-{member}")
}

async fn start(engine: &Engine, n: usize, Groups { third, twin }: Groups) {
    let body = |first: &str, host_config: Value, more: Value| {
        let script = format!("trap 'exit 0' TERM; {first}; sleep 1000000 & wait");
        let mut host_config = host_config;
        host_config["RestartPolicy"] = json!({ "Name": "always" });
        let mut body = json!({
            "Image": lab::VOLUME, "Cmd": ["sh", "-c", script], "HostConfig": host_config,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let create = async |member: &str, body: Value| {
        let (id, _) = engine.host.create_container(&name(n, member), &body).await.unwrap();
        engine.host.start_container(&id).await.unwrap();
        id
    };
    let (mode, endpoint) = match third {
        Third::SharesProcesses => {
            let address =
                json!({ "IPAMConfig": { "IPv4Address": format!("10.87.1.{}", 100 + n) } });
            ("cg-net", json!({ "cg-net": address }))
        }
        // Links are of the default bridge, which has no fixed addresses.
        Third::Links => ("bridge", json!({})),
    };
    let port =
        json!({ "8080/tcp": [{ "HostIp": "127.0.0.1", "HostPort": (18_200 + n).to_string() }] });
    let vpn = create(
        "vpn",
        body(
            "true",
            json!({ "NetworkMode": mode, "PortBindings": port }),
            json!({ "ExposedPorts": { "8080/tcp": {} },
                    "NetworkingConfig": { "EndpointsConfig": endpoint } }),
        ),
    )
    .await;
    let shared = format!("container:{vpn}");
    create("net", body("true", json!({ "NetworkMode": shared }), json!({}))).await;
    let first = if twin == Twin::CrashLoops { "date >/beat || exit 3" } else { "true" };
    let holds = match third {
        Third::SharesProcesses => json!({ "PidMode": shared }),
        Third::Links => json!({ "Links": [format!("{}:source", name(n, "vpn"))] }),
    };
    create("third", body(first, holds, json!({}))).await;
}

fn actions(before: &BTreeMap<String, Value>, n: usize, twin: Twin) -> Vec<Action> {
    let edits = |member: &str| match (member, twin) {
        ("vpn", _) => vec![ContainerEdit::NoNewPrivileges(true), ContainerEdit::PidsLimit(99)],
        // The last to be started.
        ("third", Twin::CrashLoops) => vec![ContainerEdit::ReadOnlyRootfs(true)],
        _ => Vec::new(),
    };
    MEMBERS.map(|member| replacement(&before[&name(n, member)], &edits(member))).to_vec()
}

/// Where the host keeps the volume at `/data`.
fn data(inspect: &Value) -> &str {
    let mounts = inspect["Mounts"].as_array().unwrap();
    mounts.iter().find(|it| it["Destination"] == "/data").unwrap()["Source"].as_str().unwrap()
}

/// What was seen of all groups.
struct Sight<'a> {
    before: &'a BTreeMap<String, Value>,
    after: &'a BTreeMap<String, Value>,
    /// Of each that runs: what is in its volume, its namespaces, and its line for the link.
    inside: &'a BTreeMap<String, String>,
}

impl Sight<'_> {
    #[track_caller]
    fn check(&self, n: usize, third: Third, context: &str) {
        let Self { before, after, inside } = self;
        let states = states(after, |it| it.starts_with(&format!("cg-{n}-")));
        let context = format!("cut after {n}, {context}: {states:?}");
        let id = |all: &BTreeMap<String, Value>, name: &str| all[name]["Id"].clone();
        let is_new = MEMBERS.map(|it| id(after, &name(n, it)) != id(before, &name(n, it)));
        assert!(is_new.iter().all(|it| *it == is_new[0]), "some of them only: {context}");
        let mut expected: Vec<String> =
            MEMBERS.iter().map(|it| format!("{} running", name(n, it))).collect();
        if is_new[0] {
            expected.extend(MEMBERS.map(|it| format!("{}.plimsoll-kept-1 exited", name(n, it))));
        }
        expected.sort();
        assert_eq!(states, expected, "{context}");

        for member in MEMBERS {
            let name = name(n, member);
            let it = &after[&name];
            assert_eq!(it["HostConfig"]["RestartPolicy"]["Name"], "always", "{name}: {context}");
            assert_eq!(data(it), data(&before[&name]), "{name}: {context}");
            assert_eq!(inside[&name].lines().next(), Some("mine"), "{name}: {context}");
            if is_new[0] {
                let kept = &after[&format!("{name}.plimsoll-kept-1")];
                assert_eq!(kept["Id"], before[&name]["Id"], "{context}");
                assert_eq!(kept["HostConfig"]["RestartPolicy"]["Name"], "no", "{context}");
            }
        }
        let vpn = &after[&name(n, "vpn")];
        let shared = format!("container:{}", vpn["Id"].as_str().unwrap());
        let (net, third_one) = (&after[&name(n, "net")], &after[&name(n, "third")]);
        let [in_vpn, in_net, in_third] =
            MEMBERS.map(|it| Vec::from_iter(inside[&name(n, it)].lines()));
        assert_eq!(net["HostConfig"]["NetworkMode"], shared, "{context}");
        assert_eq!(in_net[1], in_vpn[1], "one network: {context}");
        match third {
            Third::SharesProcesses => {
                assert_eq!(third_one["HostConfig"]["PidMode"], shared, "{context}");
                assert_eq!(in_third[2], in_vpn[2], "one set of processes: {context}");
                let endpoint = &vpn["NetworkSettings"]["Networks"]["cg-net"];
                assert_eq!(endpoint["IPAddress"], format!("10.87.1.{}", 100 + n), "{context}");
            }
            Third::Links => {
                let link = format!("/{}:/{}/source", name(n, "vpn"), name(n, "third"));
                assert_eq!(third_one["HostConfig"]["Links"], json!([link]), "{context}");
                let address = &vpn["NetworkSettings"]["Networks"]["bridge"]["IPAddress"];
                let address = address.as_str().unwrap();
                let line = in_third.get(3).expect("its link is known inside");
                assert!(line.starts_with(address), "{line}, not {address}: {context}");
            }
        }
    }
}
