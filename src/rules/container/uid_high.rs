//! User IDs that the host does not use.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, Rule, fails_by_hand},
};

pub struct UidHigh;

static META: Meta = Meta {
    id: "container.uid-high",
    title: "Containers run under user and group IDs that the host does not use",
    severity: Severity::Low,
    docs: "
## Checks
That the user and the group of the container are at least `min`, without which 10,000.

## Why
IDs are the same inside and outside: below 10,000 they are those of people and services of the host, and what escapes acts as one of them.

## What a fix may break
Nothing is changed: files in the image and on volumes belong to the user that it was built with.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Config: {User: '10001:10001'}" },
        Example::Passes { params: "min: 1000", object: "Config: {User: '1000:1000'}" },
        Example::Fails { params: "{}", object: "Config: {User: '1000:10001'}" },
        Example::Fails { params: "{}", object: "Config: {User: '10001:100'}" },
        Example::Fails { params: "{}", object: "Config: {User: root}" },
        Example::Unknown { params: "{}", object: "Config: {User: '10001'}" },
        Example::Unknown { params: "{}", object: "Config: {User: app}" },
    ],
};

/// Which IDs pass.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The lowest that passes.
    #[serde(default = "ten_thousand")]
    min: u32,
}

const fn ten_thousand() -> u32 {
    10_000
}

impl Rule for UidHigh {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let want = format!("{} or higher", params.min);
        let advice =
            "build the image for a high user and group, and start it with `--user UID:GID`";
        match container.uid {
            Field::Set(uid) if uid < params.min => {
                return fails_by_hand("user", uid.to_string(), want, advice);
            }
            Field::Set(_) => {}
            Field::Inherited(_) => return Verdict::Unknown("its user is not known".into()),
            Field::Unknown(why) => return Verdict::Unknown(why.into()),
        }
        let user = container.user.stated().map_or("", String::as_str);
        let group = user.split_once(':').map(|(_, group)| group.parse::<u32>());
        match group {
            Some(Ok(gid)) if gid < params.min => {
                fails_by_hand("user", format!("group {gid}"), want, advice)
            }
            Some(Ok(_)) => Verdict::Pass,
            Some(Err(_)) | None => {
                Verdict::Unknown("the image's account file has the group of its user".into())
            }
        }
    }
}
