//! A container that was started with `--rm` is replaced, cut off after each change, and recovered
//! bit by bit: in the end one of that name runs, with its data, as it was or as wanted.

use futures_util::future::join_all;
use plimsoll::{
    model::edit::ContainerEdit,
    plan::{Action, run::Outcome},
};
use serde_json::Value;

use super::{Engine, carry_out, cut::recover_bit_by_bit, effects::CutAfter, quiet_for};
use crate::lab::{self, Host, Suite, VOLUME};

#[test]
fn auto_removed_container_survives_every_cut_in_bookworm() {
    survives(Suite::Bookworm, true);
}

#[test]
fn auto_removed_container_survives_every_cut_in_trixie() {
    survives(Suite::Trixie, true);
}

#[test]
fn auto_removed_container_comes_back_from_every_cut_in_sid() {
    survives(Suite::Sid, false);
}

/// One that works is cut off up to its end; one that does not goes the same way up to its start.
fn survives(suite: Suite, works: bool) {
    let host = lab::host(suite).exclusive();
    let cuts: Vec<usize> = if works { (1..=8).collect() } else { (1..=9).collect() };
    let names: Vec<String> = cuts.iter().map(|n| format!("rm-{n}")).collect();
    start(&host, &names);
    let engine = Engine::of(&host);
    let before: Vec<Value> = names.iter().map(|name| host.inspect(name)).collect();
    let edit = match works {
        true => ContainerEdit::NoNewPrivileges(true),
        false => ContainerEdit::ReadOnlyRootfs(true),
    };

    let hosts: Vec<CutAfter<'_>> = cuts.iter().map(|n| CutAfter::new(&engine.host, *n)).collect();
    let replacements = hosts.iter().zip(&before).map(|(cut, before)| {
        let action = Action::ReplaceAutoRemoved {
            id: before["Id"].as_str().unwrap().into(),
            name: before["Name"].as_str().unwrap().trim_start_matches('/').into(),
            edits: vec![edit.clone()],
        };
        cut.until_cut(carry_out(cut, action, quiet_for(if works { 1 } else { 5 })))
    });
    let outcomes = engine.runtime.block_on(join_all(replacements));
    match (works, outcomes.last().unwrap()) {
        (true, Some(Outcome::Done { proof })) => assert!(proof.contains("is kept as"), "{proof}"),
        (false, Some(Outcome::Undone { .. })) => {}
        (_, other) => panic!("{other:?}"),
    }
    assert!(outcomes.iter().filter(|outcome| outcome.is_none()).count() >= 5, "{outcomes:?}");

    let gate = quiet_for(if works { 1 } else { 5 });
    let rounds = recover_bit_by_bit(&engine, &gate, |name| name);
    assert!(rounds >= 4, "recovery was cut off only {rounds} times");

    for ((name, before), outcome) in names.iter().zip(&before).zip(&outcomes) {
        check(&host, name, before, &format!("{name}, {outcome:?}"));
    }
    host.sh("docker ps -aq --filter name=^rm- | xargs -r docker rm -f >/dev/null");
}

fn start(host: &Host, names: &[String]) {
    host.sh(&format!(
        "for name in {}; do
             docker run -d --rm --name $name --publish 127.0.0.1::8080 --volume $name-data:/named \
                 {VOLUME} sh -c \"trap 'exit 0' TERM; date >/beat || exit 3; \
                                  sleep 1000000 & wait\"
             docker exec $name sh -c 'rm /data/seed; echo mine | tee /named/it >/data/it'
         done",
        names.join(" ")
    ));
}

#[track_caller]
fn check(host: &Host, name: &str, before: &Value, context: &str) {
    let filter = format!("name=^{name}(\\.|$)");
    let listed =
        host.docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}} {{.State}}"]);
    let mut found: Vec<&str> = listed.lines().collect();
    found.sort_unstable();
    let (kept, running) = (format!("{name}.plimsoll-kept-1 created"), format!("{name} running"));
    let is_hardened = found.len() == 2;
    let expected = if is_hardened { vec![running.as_str(), &kept] } else { vec![running.as_str()] };
    assert_eq!(found, expected, "{context}");

    let after = host.inspect(name);
    assert_eq!(after["HostConfig"]["AutoRemove"], true, "{context}");
    let hardened = &after["HostConfig"]["SecurityOpt"];
    assert_eq!(hardened.to_string().contains("no-new-privileges"), is_hardened, "{context}");
    assert_eq!(after["HostConfig"]["ReadonlyRootfs"], false, "{context}");
    assert_eq!(volumes(&after), volumes(before), "{context}");
    let data = host.docker(&["exec", name, "sh", "-c", "cat /data/it /named/it; ls /data"]);
    assert_eq!(data, "mine\nmine\nit", "{context}");
}

fn volumes(inspect: &Value) -> Vec<String> {
    let mounts = inspect["Mounts"].as_array().unwrap().iter();
    let mut volumes: Vec<_> =
        mounts.map(|it| format!("{}{}", it["Destination"], it["Name"])).collect();
    volumes.sort();
    volumes
}
