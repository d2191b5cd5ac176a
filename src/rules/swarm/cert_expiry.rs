//! How long a node's certificate is good for.

use super::MaxDays;
use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        swarm::Swarm,
    },
    rules::{Example, Meta, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct CertExpiry;

static META: Meta = Meta {
    id: "swarm.cert-expiry",
    title: "Certificates of Swarm nodes hold for no longer than declared",
    severity: Severity::Low,
    docs: "
## Checks
That nodes get certificates that hold for at most `max-days` days, 90 without it: `CAConfig.NodeCertExpiry`. Zero is the engine's own 90.

## Why
A certificate that was copied from a node lets its thief into the Swarm until it ends.

## What a fix may break
Nothing is changed: a node that is down for longer than its certificate holds has to join again.
",
    fix: None,
    references: &[cis6("7.7"), cis8("7.7"), nist("4.3.5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {Spec: {CAConfig: {NodeCertExpiry: 7776000000000000}}}}}" },
        Example::Passes { params: "max-days: 90", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {Spec: {CAConfig: {NodeCertExpiry: 0}}}}}" },
        Example::Fails { params: "max-days: 30", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {Spec: {CAConfig: {NodeCertExpiry: 7776000000000000}}}}}" },
        Example::Unknown { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {}}}" },
        Example::NotApplicable { params: "{}", object: "info: {Swarm: {LocalNodeState: active}}" },
    ],
};

const DAY: u64 = 24 * 60 * 60;
const BY_ITSELF: u32 = 90;

impl Rule for CertExpiry {
    type View = Swarm;
    type Params = MaxDays;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::swarm("cert-expiry"))
    }

    fn judge(&self, swarm: &Swarm, params: &MaxDays) -> Verdict {
        let seconds = match super::of_manager(swarm).map(|it| it.cert_seconds) {
            Err(verdict) => return verdict,
            Ok(None) => return Verdict::Unknown("the engine does not tell".into()),
            Ok(Some(0)) => u64::from(BY_ITSELF) * DAY,
            Ok(Some(seconds)) => seconds,
        };
        let max = params.max_days.unwrap_or(BY_ITSELF);
        if seconds <= u64::from(max) * DAY {
            return Verdict::Pass;
        }
        let hours = u64::from(max) * 24;
        fails_by_hand(
            "CAConfig.NodeCertExpiry",
            format!("{} days", seconds.div_ceil(DAY)),
            format!("{max} days at most"),
            format!("run `docker swarm update --cert-expiry {hours}h` on a manager"),
        )
    }
}
