//! Containers that are not allowed are put out of action, as far as asked, and kept.

use plimsoll::{
    model::edit::Eviction,
    plan::{Action, run::Outcome},
};

use super::Engine;
use crate::lab::{self, Host, Suite};

fn evict(host: &Host, name: &str, until: Eviction) -> Outcome {
    let action = Action::EvictContainer {
        id: host.docker(&["inspect", "--format", "{{.Id}}", name]),
        name: name.into(),
        until,
    };
    Engine::of(host).carry_out(action)
}

#[test]
fn eviction_goes_as_far_as_asked_in_bookworm() {
    eviction_goes_as_far_as_asked(Suite::Bookworm);
}

#[test]
fn eviction_goes_as_far_as_asked_in_sid() {
    eviction_goes_as_far_as_asked(Suite::Sid);
}

fn eviction_goes_as_far_as_asked(suite: Suite) {
    let host = lab::host(suite).shared();
    let names = ["evict-pause", "evict-off", "evict-stop", "evict-host", "evict-rm", "evict-down"];
    host.run(&[&["docker", "rm", "-f"], names.as_slice()].concat());
    host.sh("run() { docker run -d --stop-timeout 1 --name \"$@\" plimsoll-test/busybox:1; }\n\
         for name in pause off stop; do run evict-$name --restart always; done\n\
         run evict-host --network host\n\
         run evict-rm --rm\n\
         docker create --name evict-down --restart always plimsoll-test/busybox:1");
    let cases = [
        ("evict-pause", Eviction::Pause, "paused", 1),
        ("evict-off", Eviction::Disconnect, "paused", 0),
        ("evict-stop", Eviction::Stop, "exited", 0),
        ("evict-host", Eviction::Disconnect, "paused", 1),
        ("evict-rm", Eviction::Stop, "paused", 0),
        ("evict-down", Eviction::Stop, "created", 0),
    ];
    let outcomes: Vec<Outcome> =
        cases.iter().map(|(name, until, ..)| evict(&host, name, *until)).collect();
    for ((name, _, status, networks), outcome) in cases.iter().zip(&outcomes) {
        let after = host.inspect(name);
        assert!(matches!(outcome, Outcome::Done { .. }), "{name}: {outcome:?}");
        assert_eq!(after["State"]["Status"], *status, "{name}");
        assert_eq!(
            after["NetworkSettings"]["Networks"].as_object().unwrap().len(),
            *networks,
            "{name}"
        );
        let policy = after["HostConfig"]["RestartPolicy"]["Name"].as_str().unwrap();
        assert!(matches!(policy, "no" | ""), "{name}: {policy}");
    }
    host.run(&[&["docker", "rm", "-f"], names.as_slice()].concat());
}
