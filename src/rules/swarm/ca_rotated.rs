//! The authority that every node trusts.

use super::MaxDays;
use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        swarm::Swarm,
    },
    rules::{Example, Meta, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct CaRotated;

static META: Meta = Meta {
    id: "swarm.ca-rotated",
    title: "The Swarm's certificate authority is renewed from time to time",
    severity: Severity::Low,
    docs: "
## Checks
That every certificate of the authority that nodes trust holds since at most `max-days` days, 365 without it, by the engine's clock.

## Why
Whoever ever got its key can make certificates for nodes of his own until the authority is another; by itself it lasts twenty years.

## What a fix may break
Nothing is changed: every node gets a new certificate, and one that is down meanwhile may have to join again.
",
    fix: None,
    references: &[cis6("7.8"), cis8("7.8"), nist("4.3.5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{now: '2026-12-26T12:00:00Z', info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {}}}, roots-since: ['2026-11-26T18:23:00Z']}" },
        Example::Fails { params: "max-days: 29", object: "{now: '2026-12-26T22:00:00Z', info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {}}}, roots-since: ['2026-11-26T18:23:00Z']}" },
        Example::Fails { params: "{}", object: "{now: '2026-12-26T22:00:00Z', info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {}}}, roots-since: ['2026-11-26T18:23:00Z', '2020-01-01T00:00:00Z']}" },
        Example::Unknown { params: "{}", object: "{now: '2026-12-26T22:00:00Z', info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {}}}}" },
        Example::NotApplicable { params: "{}", object: "info: {Swarm: {LocalNodeState: active}}" },
    ],
};

const BY_ITSELF: u32 = 365;

impl Rule for CaRotated {
    type View = Swarm;
    type Params = MaxDays;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::swarm("ca"))
    }

    fn judge(&self, swarm: &Swarm, params: &MaxDays) -> Verdict {
        let cluster = match super::of_manager(swarm) {
            Ok(cluster) => cluster,
            Err(verdict) => return verdict,
        };
        let oldest = match &cluster.roots_since {
            Ok(since) => since.iter().min(),
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let (Some(oldest), Some(now)) = (oldest, swarm.now) else {
            return Verdict::Unknown("the certificate, or the engine's clock, is not known".into());
        };
        let days = now.duration_since(*oldest).as_hours() / 24;
        let max = params.max_days.unwrap_or(BY_ITSELF);
        if days <= i64::from(max) {
            return Verdict::Pass;
        }
        let want = format!("{max} days at most");
        let advice = "run `docker swarm ca --rotate` on a manager while every node is up";
        fails_by_hand("TLSInfo.TrustRoot", format!("{days} days old"), want, advice)
    }
}
