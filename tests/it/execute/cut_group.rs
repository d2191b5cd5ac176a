//! A group of three is cut off after each of its changes: a provider, one that lives in its
//! network, and one that lives among its processes or links to it. In the end all of each group
//! are old or all are new, run, have their data, and the dependents hold on to the living one.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use plimsoll::{
    execute::{Interrupt, effects::Effects, gate::GateOptions, recover::recover},
    model::edit::ContainerEdit,
    plan::{Action, run::Outcome},
};
use serde_json::{Value, json};

use super::{
    Engine, carry_out_all,
    cut::{Then, recover_all},
    effects::{CutAfter, OneChangeEach},
    quiet_for, replacement,
};
use crate::lab::{self, Host, Suite};

const MEMBERS: [&str; 3] = ["vpn", "net", "third"];
/// Created, stopped, renamed twice, fenced, started and kept, three of each.
const CHANGES: usize = 7 * 3;
/// After the start: renamed, fenced, stopped; old ones renamed, unfenced, started; new ones
/// removed.
const CHANGES_OF_A_WITHDRAWAL: usize = 7 * 3;
const NOT_CUT_OFF: usize = 99;
/// More than the recovery of any group can need.
const ROUNDS: usize = 60;

#[derive(Clone, Copy, PartialEq)]
enum Third {
    SharesProcesses,
    Links,
}

#[derive(Clone, Copy, PartialEq)]
enum Twin {
    Works,
    CrashLoops,
}

#[test]
fn cut_off_group_that_works_in_sid() {
    survives(Suite::Sid, Third::SharesProcesses, Twin::Works, Then::RecoveryIsCutOff);
}

#[test]
fn cut_off_group_of_which_one_fails_in_bookworm() {
    survives(Suite::Bookworm, Third::Links, Twin::CrashLoops, Then::RecoveryIsCutOff);
}

#[test]
fn engine_restarts_amid_a_group_that_works_in_bookworm() {
    survives(Suite::Bookworm, Third::SharesProcesses, Twin::Works, Then::EngineRestarts);
}

#[test]
fn engine_restarts_amid_a_group_of_which_one_fails_in_sid() {
    survives(Suite::Sid, Third::SharesProcesses, Twin::CrashLoops, Then::EngineRestarts);
}

fn survives(suite: Suite, third: Third, twin: Twin, then: Then) {
    let host = lab::host(suite).exclusive();
    let started = CHANGES - 3;
    // One that fails goes the same way as one that works up to its start.
    let cuts = match twin {
        Twin::Works => 1..=CHANGES,
        Twin::CrashLoops => started..=started + CHANGES_OF_A_WITHDRAWAL,
    };
    // A restart of the engine tells apart which of the steps was the last; without any of the
    // labels, as after the last change, nobody would know that something was under way.
    let last = *cuts.end();
    let cuts: Vec<usize> = match then {
        Then::RecoveryIsCutOff => cuts.chain([NOT_CUT_OFF]).collect(),
        Then::EngineRestarts => {
            cuts.filter(|n| n % 3 == 0 && *n < last).chain([NOT_CUT_OFF]).collect()
        }
    };
    let engine = Engine::of(&host);
    host.docker(&["network", "create", "--subnet", "10.87.1.0/24", "cg-net"]);
    engine.runtime.block_on(join_all(cuts.iter().map(|n| start(&engine, *n, third, twin))));
    let before = inspect_all(&host);
    write_data(&host, &before);

    let gate = quiet_for(if twin == Twin::Works { 1 } else { 8 });
    let hosts: Vec<CutAfter<'_>> = cuts.iter().map(|n| CutAfter::new(&engine.host, *n)).collect();
    let replacements = hosts
        .iter()
        .zip(&cuts)
        .map(|(cut, n)| cut.until_cut(carry_out_all(cut, actions(&before, *n, twin), gate)));
    let outcomes = engine.runtime.block_on(join_all(replacements));
    for outcome in outcomes.last().unwrap().as_ref().expect("the last is not cut off") {
        match (twin, outcome) {
            (Twin::Works, Outcome::Done { .. }) | (Twin::CrashLoops, Outcome::Undone { .. }) => {}
            (_, other) => panic!("{other:?}"),
        }
    }
    let cut_off = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert!(cut_off + 2 >= cuts.len(), "only {cut_off} of {} were cut off", cuts.len());

    match then {
        Then::RecoveryIsCutOff => {
            let rounds = recover_bit_by_bit(&engine, gate);
            assert!(rounds > CHANGES / 2, "recovery was cut off only {rounds} times");
        }
        Then::EngineRestarts => {
            host.restart_docker().ok();
            recover_all(&host, gate);
        }
    }

    let after = inspect_all(&host);
    for (n, outcome) in cuts.iter().zip(&outcomes) {
        // The engine starts them in no order, and one that comes before its provider stays down.
        // Where nothing is under way any more that is nobody's to mend.
        if then == Then::EngineRestarts && outcome.is_some() {
            continue;
        }
        check(&host, *n, third, &before, &after, outcome.as_deref());
    }
}

/// Cuts the recovery of every group off after every single change, until there is nothing left
/// to do.
fn recover_bit_by_bit(engine: &Engine, gate: GateOptions) -> usize {
    let interrupt = Interrupt::default();
    for round in 0..ROUNDS {
        let bit = OneChangeEach::new(&engine.host);
        engine.runtime.block_on(recover(&bit, &gate, &interrupt)).unwrap();
        if bit.changed() == 0 {
            return round;
        }
    }
    panic!("recovery does not come to an end");
}

fn name(n: usize, member: &str) -> String {
    format!("cg-{n}-{member}")
}

async fn start(engine: &Engine, n: usize, third: Third, twin: Twin) {
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

/// Every container by its name.
fn inspect_all(host: &Host) -> BTreeMap<String, Value> {
    let format = "{{json .}}";
    let script = format!("docker ps -aq --no-trunc | xargs docker container inspect -f '{format}'");
    let text = host.sh(&script);
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.map(|it| (it["Name"].as_str().unwrap().trim_start_matches('/').to_owned(), it)).collect()
}

/// Where the host keeps the volume at `/data`.
fn data(inspect: &Value) -> &str {
    let mounts = inspect["Mounts"].as_array().unwrap();
    mounts.iter().find(|it| it["Destination"] == "/data").unwrap()["Source"].as_str().unwrap()
}

/// Each has written its name, and the image's own file is gone.
fn write_data(host: &Host, containers: &BTreeMap<String, Value>) {
    let lines: Vec<String> = containers
        .iter()
        .map(|(name, it)| format!("rm {0}/seed; echo {name} >{0}/it", data(it)))
        .collect();
    host.sh(&lines.join("\n"));
}

#[track_caller]
fn check(
    host: &Host,
    n: usize,
    third: Third,
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
    outcome: Option<&[Outcome]>,
) {
    let of_group = |it: &&String| it.starts_with(&format!("cg-{n}-"));
    let states: Vec<String> = after
        .iter()
        .filter(|(name, _)| of_group(name))
        .map(|(name, it)| format!("{name} {}", it["State"]["Status"].as_str().unwrap()))
        .collect();
    let context = format!("{outcome:?}: {states:?}");
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
        assert_eq!(host.sh(&format!("cd {}; cat *", data(it))).trim(), name, "{context}");
        if is_new[0] {
            let kept = &after[&format!("{name}.plimsoll-kept-1")];
            assert_eq!(kept["Id"], before[&name]["Id"], "{context}");
            assert_eq!(kept["HostConfig"]["RestartPolicy"]["Name"], "no", "{context}");
        }
    }
    let vpn = &after[&name(n, "vpn")];
    let shared = format!("container:{}", vpn["Id"].as_str().unwrap());
    let (net, third_one) = (&after[&name(n, "net")], &after[&name(n, "third")]);
    assert_eq!(net["HostConfig"]["NetworkMode"], shared, "{context}");
    assert_eq!(namespace(host, net, "net"), namespace(host, vpn, "net"), "{context}");
    match third {
        Third::SharesProcesses => {
            assert_eq!(third_one["HostConfig"]["PidMode"], shared, "{context}");
            assert_eq!(namespace(host, third_one, "pid"), namespace(host, vpn, "pid"), "{context}");
            let endpoint = &vpn["NetworkSettings"]["Networks"]["cg-net"];
            assert_eq!(endpoint["IPAddress"], format!("10.87.1.{}", 100 + n), "{context}");
        }
        Third::Links => {
            let link = format!("/{}:/{}/source", name(n, "vpn"), name(n, "third"));
            assert_eq!(third_one["HostConfig"]["Links"], json!([link]), "{context}");
            let address = vpn["NetworkSettings"]["Networks"]["bridge"]["IPAddress"].as_str();
            let hosts = host.docker(&["exec", &name(n, "third"), "cat", "/etc/hosts"]);
            let line = hosts.lines().find(|line| line.contains("source"));
            assert!(line.is_some_and(|it| it.starts_with(address.unwrap())), "{hosts}: {context}");
        }
    }
}

fn namespace(host: &Host, inspect: &Value, kind: &str) -> String {
    let pid = inspect["State"]["Pid"].as_u64().unwrap();
    host.sh(&format!("readlink /proc/{pid}/ns/{kind}"))
}
