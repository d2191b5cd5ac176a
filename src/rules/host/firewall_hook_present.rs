//! Somebody decides which packets reach containers, beside the engine.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        detail::Detail,
        finding::{Severity, Verdict},
        host_system::{FilterHook, HostSystem},
        object::Address,
    },
    rules::{Example, Meta, Rule, fails_by_hand, nist, owasp},
};

pub struct FirewallHookPresent;

/// What is looked at.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Families {
    /// Whether IPv6 counts too, where the engine filters it; by itself it does.
    #[serde(default = "yes")]
    ipv6: bool,
}

const fn yes() -> bool {
    true
}

static META: Meta = Meta {
    id: "host.firewall-hook-present",
    title: "The host's own firewall decides who reaches published ports",
    severity: Severity::High,
    docs: "
## Checks
That the chain which the engine leaves to people, `DOCKER-USER`, drops or rejects something, itself or in chains that it leads to, before everything is sent back (`iptables-save`, `ip6tables-save`). For IPv6 that counts where the engine has made the chain; `ipv6: false` leaves it out. What is refused, and to whom, is not judged.
Where the engine writes no rules (`iptables: false`), this is not judged; rules of nftables are not read, and the answer is unknown.

## Why
Packets for published ports never come to the chain that host firewalls such as ufw write to: what is closed there is open all the same. This chain is the one place before the engine's rules that it leaves alone.

## What a fix may break
Nothing is changed. A rule that is too wide cuts containers off from the network, and from each other.
",
    fix: None,
    references: &[nist("4.4.2"), owasp("RULE #5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "filter-hooks: {ipv4: {rules: 2, refuses: true}}" },
        Example::Passes { params: "ipv6: false", object: "filter-hooks: {ipv4: {rules: 2, refuses: true}, ipv6: {rules: 0}}" },
        Example::Fails { params: "{}", object: "filter-hooks: {ipv4: {rules: 0}}" },
        Example::Fails { params: "{}", object: "filter-hooks: {ipv4: {rules: 1}}" },
        Example::Fails { params: "{}", object: "filter-hooks: {ipv4: {rules: 2, refuses: true}, ipv6: {rules: 0}}" },
        Example::Fails { params: "{}", object: "filter-hooks: {}" },
        Example::NotApplicable { params: "{}", object: "filter-hooks: {unmanaged: true}" },
        Example::Unknown { params: "{}", object: "filter-hooks: {unread: there is no `iptables-save` on this host}" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

impl Rule for FirewallHookPresent {
    type View = HostSystem;
    type Params = Families;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("firewall"))
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::FilterHooks]
    }

    fn judge(&self, host: &HostSystem, params: &Families) -> Verdict {
        let hooks = match &host.filter_hooks {
            Ok(Some(hooks)) => hooks,
            Ok(None) => return Verdict::NotApplicable("the engine writes no firewall rules"),
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let ipv6 = params.ipv6.then_some(&hooks.ipv6);
        let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
        for (family, hook) in [("IPv4", Some(&hooks.ipv4)), ("IPv6", ipv6)] {
            match hook {
                Some(Ok(Some(FilterHook { refuses: true, .. }))) | None => {}
                Some(Ok(Some(FilterHook { rules: 0, .. }))) => {
                    wrong.push(format!("DOCKER-USER is empty for {family}"));
                }
                Some(Ok(Some(_))) => {
                    wrong.push(format!("DOCKER-USER refuses nothing for {family}"))
                }
                Some(Ok(None)) if family == "IPv4" => wrong.push("there is no DOCKER-USER".into()),
                Some(Ok(None)) => {}
                Some(Err(why)) => unknown.push(why.clone()),
            }
        }
        if !wrong.is_empty() {
            let advice = "write down whom published ports are for, `iptables -I DOCKER-USER -i eth0 \
                ! -s 10.0.0.0/8 -j DROP` and the like, where it is loaded with every start";
            return fails_by_hand("DOCKER-USER", wrong.join("; "), "rules that refuse", advice);
        }
        if !unknown.is_empty() {
            return Verdict::Unknown(unknown.join("; "));
        }
        Verdict::Pass
    }
}
