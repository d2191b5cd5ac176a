//! Many containers looked at in one go: a call each takes longer than what is tested.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lab::Host;

/// Returns every container's inspect reply by its name.
pub(super) fn inspect_all(host: &Host) -> BTreeMap<String, Value> {
    let format = "{{json .}}";
    let script =
        format!("docker ps -aq --no-trunc | xargs -r docker container inspect -f '{format}'");
    let text = host.sh(&script);
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.map(|it| (it["Name"].as_str().unwrap().trim_start_matches('/').to_owned(), it)).collect()
}

/// Runs a script of the host at the root of each container that runs, as its first process sees
/// it, `$pid`. Returns what it said by the container's name.
pub(super) fn inside(
    host: &Host,
    containers: &BTreeMap<String, Value>,
    script: &str,
) -> BTreeMap<String, String> {
    let runs = |it: &Value| it["State"]["Status"] == "running";
    let run: Vec<&str> =
        containers.iter().filter(|(_, it)| runs(it)).map(|(name, _)| name.as_str()).collect();
    let pids: Vec<String> =
        run.iter().map(|name| containers[*name]["State"]["Pid"].to_string()).collect();
    let said = host.sh(&format!(
        "for pid in {}; do cd /proc/$pid/root/ || continue; {script}; printf '\\0'; done",
        pids.join(" ")
    ));
    let said: Vec<&str> = said.split_terminator('\0').collect();
    assert_eq!(said.len(), run.len(), "{run:?}: {said:?}");
    run.into_iter().zip(said).map(|(name, said)| (name.to_owned(), said.to_owned())).collect()
}

/// Returns the name and the state of each, and why the engine could not start it.
pub(super) fn states(
    containers: &BTreeMap<String, Value>,
    of: impl Fn(&str) -> bool,
) -> Vec<String> {
    let of_these = containers.iter().filter(|(name, _)| of(name));
    let words = of_these.map(|(name, it)| {
        let word = |key: &str| it["State"][key].as_str().unwrap_or_default().to_owned();
        format!("{name} {} {}", word("Status"), word("Error")).trim_end().to_owned()
    });
    words.collect()
}
