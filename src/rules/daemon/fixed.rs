//! Keys of the daemon that have one good value. The rules differ in nothing but which.

use serde_json::Value;

use super::key::{Repair, Wanted, together};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        daemon_keys::{self, Release},
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, cis_moved, cis6, cis8, nist, owasp, stig},
};

/// That keys have the values that are wanted.
pub struct Fixed {
    wants: &'static [Want],
    /// Why the rule does not apply, if it does not.
    spares: fn(&DaemonConfig) -> Option<&'static str>,
    meta: &'static Meta,
}

struct Want {
    key: &'static str,
    holds: fn(&Value) -> bool,
    /// What is written, as JSON; empty where a person has to.
    set: &'static str,
    /// Engines before this one are not asked.
    since: Release,
}

/// Asks every engine that has the key.
const fn want(key: &'static str, holds: fn(&Value) -> bool, set: &'static str) -> Want {
    Want { key, holds, set, since: (0, 0) }
}

fn nobody(_: &DaemonConfig) -> Option<&'static str> {
    None
}

fn is_on(value: &Value) -> bool {
    *value == true
}

fn is_off(value: &Value) -> bool {
    *value == false
}

impl Rule for Fixed {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn address(&self) -> Option<Address> {
        match self.wants {
            [one] => Some(Address::daemon_key(one.key)),
            _ => None,
        }
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        if let Some(why) = (self.spares)(config) {
            return Verdict::NotApplicable(why);
        }
        let release = daemon_keys::release(&config.engine_version);
        let asked =
            self.wants.iter().filter(|it| release.is_none_or(|release| release >= it.since));
        together(asked.map(|want| {
            let good: Option<Value> = serde_json::from_str(want.set).ok();
            let says = match &good {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => "on".to_owned(),
            };
            let repair = good.map_or_else(
                || {
                    Repair::ByHand(
                        "no change of a file makes a daemon rootless: install one for the user \
                     who is to own it (`dockerd-rootless-setuptool.sh install`), and move \
                     the containers there"
                            .into(),
                    )
                },
                Repair::Set,
            );
            Wanted { key: want.key, holds: &want.holds, says: &says, repair }.judge(config)
        }))
    }
}

/// Spells a rule of the family out.
macro_rules! fixed {
    (
        $rule:ident,
        $id:literal, $title:literal, $severity:ident, $class:expr,
        wants: $wants:expr,
        spares: $spares:expr,
        checks: $checks:literal,
        why: $why:literal,
        breaks: $breaks:literal,
        references: $references:expr,
        implies: $implies:expr,
        passes: [$($passes:literal),+],
        fails: [$($fails:literal),+],
        others: [$($other:expr),*] $(,)?
    ) => {
        pub static $rule: Fixed = Fixed {
            wants: $wants,
            spares: $spares,
            meta: &Meta {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                docs: concat!("
## Checks
", $checks, "
What the running daemon goes by decides; a file or a flag that says otherwise counts too, since the next start goes by it.

## Why
", $why, "

## What a fix may break
", $breaks, "
"),
                fix: $class,
                references: $references,
                implies: $implies,
                examples: &[
                    $(Example::Passes { params: "{}", object: $passes },)+
                    $(Example::Fails { params: "{}", object: $fails },)+
                    $($other,)*
                ],
            },
        };
    };
}

fixed! {
    EXPERIMENTAL_OFF,
    "daemon.experimental-off", "The daemon runs without experimental features", Low,
    Some(Class::Outage),
    wants: &[want("experimental", is_off, "false")],
    spares: nobody,
    checks: "That `experimental` is off.",
    why: "Experimental features change or go without notice, and fewer people have looked at them.",
    breaks: "The daemon is restarted. Whatever uses an experimental feature fails.",
    references: &[cis6("2.18"), cis8("2.19"), stig("V-235792")],
    implies: &[],
    passes: ["{}"],
    fails: ["in-force: {experimental: true}", "{in-force: {experimental: false}, file: {experimental: true}}"],
    others: [],
}

fixed! {
    ICC_DISABLED,
    "daemon.icc-disabled", "Containers on the default bridge cannot reach each other", Medium,
    Some(Class::Outage),
    wants: &[want("icc", is_off, "false")],
    spares: |config| {
        let bridge = config.keys.get("bridge")?.running.stated()?;
        (*bridge == "none").then_some("there is no default bridge network")
    },
    checks: "That `icc` is off: the option of the default bridge network as it is.",
    why: "Everything that is started without a thought ends up on the default bridge, and one of them that was taken over reaches all ports of the others.",
    breaks: "The daemon is started while no container runs, as the bridge follows only then. Containers that talk to each other over the default bridge fail; put them on a network of their own.",
    references: &[cis6("2.2"), cis8("2.2"), nist("4.4.2"), owasp("RULE #5")],
    implies: &[],
    passes: ["in-force: {icc: false}"],
    fails: ["{}", "{in-force: {icc: true}, file: {icc: false}}", "{in-force: {icc: true}, flags: {icc: true}}"],
    others: [
        Example::NotApplicable { params: "{}", object: "in-force: {bridge: none}" },
        Example::Unknown { params: "{}", object: "unknown: [icc]" }
    ],
}

fixed! {
    IPC_AND_CGROUPNS_DEFAULTS,
    "daemon.ipc-and-cgroupns-defaults", "New containers have IPC and control groups of their own", Low,
    Some(Class::Live),
    wants: &[
        want("default-cgroupns-mode", |it| *it == "private", "\"private\""),
        want("default-ipc-mode", |it| *it == "private", "\"private\""),
    ],
    spares: nobody,
    checks: "That `default-ipc-mode` and `default-cgroupns-mode` are `private`; on control groups version 1 the engine's own default of the second is `host`.",
    why: "Containers that say nothing get what the daemon gives them: with `host` they see the control groups of the whole machine, with `shareable` others can join their memory.",
    breaks: "The daemon is reloaded. Containers that are made from then on, and rely on the old default, have to ask for it.",
    references: &[],
    implies: &[],
    passes: ["in-force: {default-cgroupns-mode: private}"],
    fails: ["in-force: {default-cgroupns-mode: host}", "in-force: {default-cgroupns-mode: private, default-ipc-mode: shareable}"],
    others: [],
}

fixed! {
    IPTABLES_MANAGED,
    "daemon.iptables-managed", "The engine keeps its packet filter rules itself", High,
    Some(Class::Outage),
    wants: &[
        want("iptables", is_on, "true"),
        // Up to here it is an experimental extra that is off by itself.
        Want { key: "ip6tables", holds: |it| it.is_null() || *it == true, set: "true", since: (27, 0) },
    ],
    spares: nobody,
    checks: "That neither `iptables` nor, on engines from 27.0, `ip6tables` is off.",
    why: "Without its rules networks are not kept apart, `icc` does nothing, and published ports are open in ways that nobody asked for.",
    breaks: "The daemon is restarted and writes its rules. A firewall that somebody keeps by hand meets rules that it does not know.",
    references: &[cis6("2.4"), cis8("2.4")],
    implies: &[],
    passes: ["in-force: {ip6tables: true}", "{engine: '26.1.5', in-force: {ip6tables: false}}"],
    fails: ["in-force: {iptables: false, ip6tables: true}", "in-force: {ip6tables: false}", "{file: {iptables: false}, in-force: {iptables: true}}"],
    others: [],
}

fixed! {
    LIVE_RESTORE,
    "daemon.live-restore", "Containers live on while the daemon restarts", Low,
    Some(Class::Live),
    wants: &[want("live-restore", is_on, "true")],
    spares: |config| config.swarm_active.then_some("Swarm and live-restore exclude each other"),
    checks: "That `live-restore` is on.",
    why: "Without it every update and every changed setting of the daemon stops all containers, so both are put off.",
    breaks: "The daemon is reloaded, which interrupts nothing.",
    references: &cis_moved("2.15", "2.16"),
    implies: &[],
    passes: ["in-force: {live-restore: true}"],
    fails: ["{}", "{in-force: {live-restore: false}, file: {live-restore: true}}"],
    others: [Example::NotApplicable { params: "{}", object: "swarm: true" }],
}

fixed! {
    LOG_LEVEL_INFO,
    "daemon.log-level-info", "The daemon logs what matters and no more", Low,
    Some(Class::Outage),
    wants: &[
        want("debug", is_off, "false"),
        want("log-level", |it| it.is_null() || *it == "info", "\"info\""),
    ],
    spares: nobody,
    checks: "That `log-level` is `info`, and `debug` is off, which stands above it.",
    why: "Debug output fills disks and holds what was sent to the engine; above `info` there is nothing left to find out afterwards what happened.",
    breaks: "A reload turns `debug` off; another `log-level` takes a restart of the daemon.",
    references: &[cis6("2.3"), cis8("2.3"), owasp("RULE #10")],
    implies: &[],
    passes: ["{}"],
    fails: ["in-force: {debug: true}", "{in-force: {log-level: debug}, flags: {log-level: debug}}", "in-force: {log-level: error}"],
    others: [],
}

fixed! {
    NO_DIRECT_ROUTING,
    "daemon.no-direct-routing", "Containers are reached over published ports alone", Medium,
    Some(Class::Outage),
    wants: &[
        want("allow-direct-routing", is_off, "false"),
        want("ip-forward-no-drop", is_off, "false"),
        want("bridge-accept-fwmark", |it| it.is_null() || *it == "", "\"\""),
    ],
    spares: nobody,
    checks: "That `allow-direct-routing` and `ip-forward-no-drop` are off, and `bridge-accept-fwmark` is empty. Engines have the first from 28.2 on, the second from 28.0 and the third from 29.0.",
    why: "Each of them lets packets from other hosts through to ports of containers that nobody published.",
    breaks: "The daemon is restarted. Hosts that reach containers by a route of their own no longer do.",
    references: &[],
    implies: &[],
    passes: ["{}", "{engine: '29.1.0', in-force: {bridge-accept-fwmark: ''}}"],
    fails: ["in-force: {allow-direct-routing: true}", "in-force: {ip-forward-no-drop: true}", "{engine: '29.1.0', in-force: {bridge-accept-fwmark: '0x1'}}"],
    others: [Example::NotApplicable { params: "{}", object: "engine: '26.1.5'" }],
}

fixed! {
    NO_NEW_PRIVILEGES_DEFAULT,
    "daemon.no-new-privileges-default", "New containers cannot gain privileges", High,
    Some(Class::Outage),
    wants: &[want("no-new-privileges", is_on, "true")],
    spares: nobody,
    checks: "That `no-new-privileges` is on. Containers that exist keep what they were made with: `container.no-new-privileges` judges those.",
    why: "It takes the effect from set-user-ID programs, the usual way from a service's user to root within a container.",
    breaks: "The daemon is restarted. `sudo`, `su` and `ping` of old images fail in containers that are made from then on.",
    references: &[cis6("2.14"), cis8("2.15"), owasp("RULE #4")],
    implies: &[],
    passes: ["in-force: {no-new-privileges: true}"],
    fails: ["{}", "{in-force: {no-new-privileges: false}, flags: {no-new-privileges: false}}"],
    others: [Example::Unknown { params: "{}", object: "unknown: [no-new-privileges]" }],
}

fixed! {
    ROOTLESS,
    "daemon.rootless", "The daemon runs without root", Medium,
    None,
    wants: &[want("rootless", is_on, "")],
    spares: nobody,
    checks: "That the engine says that it is rootless. Ask for it only where that is the plan.",
    why: "Whoever breaks out of a rootless engine is an ordinary user of the host.",
    breaks: "Nothing is changed: a rootless daemon is another one, with images, volumes and limits of its own.",
    references: &[cis6("2.1"), cis8("2.1"), owasp("RULE #11")],
    implies: &[],
    passes: ["in-force: {rootless: true}"],
    fails: ["in-force: {rootless: false}"],
    others: [],
}

fixed! {
    USERLAND_PROXY_DISABLED,
    "daemon.userland-proxy-disabled", "Published ports need no process of their own", Low,
    Some(Class::Outage),
    wants: &[want("userland-proxy", is_off, "false")],
    spares: nobody,
    checks: "That `userland-proxy` is off. Engines before 29.5 do not show it: there the file and the flags of the daemon's process have to do.",
    why: "The packet filter forwards published ports by itself; a proxy for each is one more program with the host's root, and hides the caller's address.",
    breaks: "The daemon is restarted. Without the proxy, published ports are not reached over IPv6 where containers have none, nor in some set-ups over localhost.",
    references: &[cis6("2.16"), cis8("2.17"), stig("V-235791")],
    implies: &[],
    passes: ["in-force: {userland-proxy: false}"],
    fails: ["{}", "{in-force: {userland-proxy: true}, file: {userland-proxy: false}}"],
    others: [Example::Unknown { params: "{}", object: "unknown: [userland-proxy]" }],
}
