//! Shapes of values that have an inside.

use serde_json::{Map, Value};

use super::{Fault, text};
use crate::model::suggest::{nearest, question};

/// Limits of a process, as the engine calls them (go-units `ulimit.go`).
const LIMITS: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];
const RUNTIME_MEMBERS: [&str; 4] = ["path", "runtimeArgs", "runtimeType", "options"];

pub(super) fn pools(pools: &[Value]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, pool) in pools.iter().enumerate() {
        let fault = |what: String, instead: &str| Fault::new(what, instead).at(at.to_string());
        let base = pool.get("base").and_then(Value::as_str);
        let size = pool.get("size").and_then(Value::as_u64);
        let (Some(base), Some(size)) = (base, size) else {
            faults.push(fault(
                "a pool needs `base` and `size`".into(),
                "write { base: 10.201.0.0/16, size: 24 }",
            ));
            continue;
        };
        let Some((first, length)) = text::network(base) else {
            faults.push(fault(
                format!("`{base}` is not ADDRESS/LENGTH"),
                "write a network, such as 10.201.0.0/16",
            ));
            continue;
        };
        let width: u64 = if first.is_ipv4() { 32 } else { 128 };
        if size < u64::from(length) {
            faults.push(fault(
                format!("a network of size {size} is larger than its pool `{base}`"),
                "the size is at least the length of the base",
            ));
        } else if size > width {
            faults.push(fault(format!("an address has no {size} bits"), "write at most its bits"));
        }
    }
    faults
}

pub(super) fn ulimits(limits: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, limit) in limits {
        if !LIMITS.contains(&name.as_str()) {
            let instead = question(&nearest(name, LIMITS))
                .unwrap_or_else(|| format!("it is one of {}", LIMITS.join(", ")));
            let what = format!("there is no limit `{name}`; containers would not start");
            faults.push(Fault::new(what, instead).at(name));
            continue;
        }
        // Names of members are read in any case of letters.
        let of = |member: &str| {
            limit.as_object()?.iter().find(|(it, _)| it.eq_ignore_ascii_case(member)).map(|it| it.1)
        };
        if of("Name").and_then(Value::as_str) != Some(name) {
            let what = format!("`{name}` does not repeat its name; containers would not start");
            faults.push(Fault::new(what, format!("add `Name: {name}` to it")).at(name));
        }
        let number = |member| of(member).and_then(Value::as_i64);
        if let (Some(soft), Some(hard)) = (number("Soft"), number("Hard"))
            && hard != -1
            && (soft == -1 || hard < soft)
        {
            let what = format!("the soft limit of `{name}` is above the hard one");
            let instead = "containers would not start; lower `Soft` or raise `Hard`";
            faults.push(Fault::new(what, instead).at(name));
        }
    }
    faults
}

pub(super) fn runtimes(runtimes: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, runtime) in runtimes {
        if name == "runc" {
            let what = "`runc` is built in and cannot be declared".to_owned();
            faults.push(Fault::new(what, "choose another name").at(name));
        }
        let has = |member| runtime.get(member).is_some();
        let stray = runtime.as_object().into_iter().flatten().map(|(member, _)| member.as_str());
        for member in stray.filter(|it| !RUNTIME_MEMBERS.contains(it)) {
            let what = format!("a runtime has no `{member}`");
            let instead = question(&nearest(member, RUNTIME_MEMBERS))
                .unwrap_or_else(|| format!("it has {}", RUNTIME_MEMBERS.join(", ")));
            faults.push(Fault::new(what, instead).at(member).at(name));
        }
        let wrong = if has("path") == has("runtimeType") {
            "needs either `path` or `runtimeType`"
        } else if has("runtimeArgs") && !has("path") {
            "has `runtimeArgs`, which go with `path`"
        } else if has("options") && !has("runtimeType") {
            "has `options`, which go with `runtimeType`"
        } else {
            continue;
        };
        let instead = "write { path: /usr/bin/… } or { runtimeType: io.containerd.… }";
        faults.push(Fault::new(format!("runtime `{name}` {wrong}"), instead).at(name));
    }
    faults
}

pub(super) fn network_options(drivers: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (driver, options) in drivers {
        let Some(options) = options.as_object() else {
            let what = format!("`{driver}` is the driver whose options come below it");
            faults.push(Fault::new(what, "write { OPTION: TEXT }").at(driver));
            continue;
        };
        for (option, value) in options.iter().filter(|(_, value)| !value.is_string()) {
            let what = format!("`{option}` must be text, and {value} is not");
            faults.push(Fault::new(what, "write it in quotes").at(option).at(driver));
        }
    }
    faults
}
