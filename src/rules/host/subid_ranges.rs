//! The numbers that containers' users run under belong to nobody else.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        host_system::{HostSystem, IdRange},
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist},
};

pub struct SubidRanges;

/// How many numbers are enough.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Width {
    /// By itself 65536.
    min: Option<u32>,
}

const USUAL: u32 = 1 << 16;

static META: Meta = Meta {
    id: "host.subid-ranges",
    title: "Numbers for containers' users are enough, and nobody else's",
    severity: Severity::Medium,
    docs: "
## Checks
Where users of containers are others on the host, with `userns-remap` or a rootless daemon: that `/etc/subuid` and `/etc/subgid` lend the user whom the engine goes by at least `min` numbers each, by itself 65536, and that none of these is lent to somebody else too, lent twice, or the number of an account or group of this host. Where the engine maps no users, these files do nothing for it, and are not judged.

## Why
Two users who are lent the same numbers are the same to the kernel: a container of one can read and signal what belongs to the other's. With fewer than 65536, users and files of ordinary images have no number, `nobody` among them.

## What a fix may break
Nothing is changed. With other numbers the engine starts with an empty data root beside the old one; files of volumes keep their old owners.
",
    fix: None,
    references: &[nist("4.5.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "subids: {users: ['dockremap:100000:65536', 'ann:165536:65536', 'root:0:1'], groups: ['dockremap:100000:65536']}" },
        Example::Passes { params: "min: 1000", object: "subids: {users: ['dockremap:100000:1000'], groups: ['dockremap:100000:1000']}" },
        Example::Passes { params: "{}", object: "subids: {users: ['dockremap:100000:30000', 'dockremap:200000:35536'], groups: ['dockremap:1:65536']}" },
        Example::Fails { params: "{}", object: "subids: {users: ['dockremap:100000:1000'], groups: ['dockremap:100000:65536']}" },
        Example::Fails { params: "{}", object: "subids: {users: ['dockremap:100000:65536']}" },
        Example::Fails { params: "{}", object: "subids: {users: ['dockremap:100000:65536', 'ann:165535:65536'], groups: ['dockremap:100000:65536']}" },
        Example::Fails { params: "{}", object: "subids: {users: ['dockremap:1000:65536', 'ann:1000:1'], groups: ['dockremap:100000:65536']}" },
        Example::Fails { params: "{}", object: "subids: {users: ['dockremap:100000:65536', 'dockremap:100000:65536'], groups: ['dockremap:100000:65536']}" },
        Example::NotApplicable { params: "{}", object: "subids: {unmapped: true}" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

impl Rule for SubidRanges {
    type View = HostSystem;
    type Params = Width;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("subids"))
    }

    fn check(&self, params: &Width) -> Result<(), ParamError> {
        match params.min.map(NonZeroU32::new) {
            Some(None) => Err(ParamError::new("min", "the least is 1")),
            None | Some(Some(_)) => Ok(()),
        }
    }

    fn judge(&self, host: &HostSystem, params: &Width) -> Verdict {
        let lent = match &host.subids {
            Ok(Some(lent)) => lent,
            Ok(None) => return Verdict::NotApplicable("the engine maps no users"),
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let min = params.min.unwrap_or(USUAL);
        let mut wrong = Vec::new();
        for (path, ranges) in [("/etc/subuid", &lent.users), ("/etc/subgid", &lent.groups)] {
            let own = ranges.iter().filter(|it| it.is_engines);
            let count: u64 = own.map(|it| it.count).fold(0, u64::saturating_add);
            if count < u64::from(min) {
                wrong.push(format!("{path} lends {} {count}", lent.user));
            }
            wrong.extend(shared(path, ranges));
        }
        if wrong.is_empty() {
            return Verdict::Pass;
        }
        let want = format!("{min} numbers in each file that nobody else has");
        let advice = format!(
            "give {} a free range in both files, `usermod --add-subuids` and `--add-subgids`, and \
             restart the daemon",
            lent.user
        );
        fails_by_hand("subid", wrong.join("; "), want, advice)
    }
}

/// Says which of the engine's numbers somebody else has too.
fn shared(path: &str, ranges: &[IdRange]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, own) in ranges.iter().enumerate().filter(|(_, it)| it.is_engines) {
        for (other_at, other) in ranges.iter().enumerate() {
            // Two of the engine's own are told of once.
            if at == other_at || other.is_engines && other_at < at {
                continue;
            }
            let first = own.first.max(other.first);
            let end = |it: &IdRange| it.first.saturating_add(it.count);
            if first < end(own).min(end(other)) {
                found.push(format!("{first} of {} in {path} is {}'s too", own.owner, other.owner));
            }
        }
    }
    found
}
