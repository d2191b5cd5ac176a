//! What a stolen disk of a manager gives away.

use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        swarm::Swarm,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct Autolock;

static META: Meta = Meta {
    id: "swarm.autolock",
    title: "Managers need a key after a restart",
    severity: Severity::Medium,
    docs: "
## Checks
That the Swarm locks its managers: `EncryptionConfig.AutoLockManagers`. The key itself is never asked for. Workers keep nothing that would be locked.

## Why
Without it the keys to the managers' log, with every secret of the Swarm, lie beside it on the disk.

## What a fix may break
Nothing is changed: after every restart somebody has to type the key, and without it the manager is lost.
",
    fix: None,
    references: &[cis6("7.5"), cis8("7.5"), nist("4.3.5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {Spec: {EncryptionConfig: {AutoLockManagers: true}}}}}" },
        Example::Passes { params: "{}", object: "info: {Swarm: {LocalNodeState: locked}}" },
        Example::Fails { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {Spec: {EncryptionConfig: {AutoLockManagers: false}}}}}" },
        Example::Unknown { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Cluster: {}}}" },
        Example::Unknown { params: "{}", object: "info: {Swarm: {LocalNodeState: error}}" },
        Example::NotApplicable { params: "{}", object: "info: {Swarm: {LocalNodeState: active}}" },
        Example::NotApplicable { params: "{}", object: "info: {Swarm: {LocalNodeState: inactive}}" },
    ],
};

impl Rule for Autolock {
    type View = Swarm;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::swarm("autolock"))
    }

    fn judge(&self, swarm: &Swarm, _: &NoParams) -> Verdict {
        if swarm.state == "locked" {
            return Verdict::Pass;
        }
        match super::of_manager(swarm).map(|it| it.autolock) {
            Err(verdict) => verdict,
            Ok(Some(true)) => Verdict::Pass,
            Ok(None) => Verdict::Unknown("the engine does not tell".into()),
            Ok(Some(false)) => {
                let advice = "run `docker swarm update --autolock` on a manager, and keep the key \
                              that it prints elsewhere";
                fails_by_hand("EncryptionConfig.AutoLockManagers", "false", "true", advice)
            }
        }
    }
}
