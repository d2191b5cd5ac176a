//! A user other than root.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        effective::uid_of,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, ParamError, Rule, cis6, cis8, fails, fails_by_hand, owasp, pss_restricted,
    },
};

pub struct NonRootUser;

static META: Meta = Meta {
    id: "container.non-root-user",
    title: "Containers run as a user other than root",
    severity: Severity::High,
    docs: "
## Checks
That the container's user is not user ID 0, however that is written: `root`, `0:0`, `00`, or nothing at all where the image says nothing.
A name is looked up in the running process; a name in a container that does not run cannot be judged.
An image that starts as root and gives root up later fails: whoever runs a command in it is root again.

## Why
Root in a container is root on the host, held back by capabilities and filters alone.

## What a fix may break
With `user`, the container is replaced by one that runs as that user.
It can no longer read or write what belongs to root, in its image and in its volumes, and cannot listen on ports below 1024 on older engines.
Without `user` nothing is changed, since no user fits every image.
",
    fix: Some(Class::Recreate),
    references: &[cis6("4.1"), cis8("4.1"), owasp("RULE #2"), pss_restricted("Running as Non-root")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Config: {User: '1000:0'}" },
        Example::Fails { params: "{}", object: "Config: {User: ''}" },
        Example::Fails { params: "{}", object: "Config: {User: '00:1000'}" },
        Example::Fails { params: "user: '1000:1000'", object: "Config: {User: root}" },
        Example::Unknown { params: "{}", object: "Config: {User: app}" },
    ],
};

/// Whom a container runs as instead of root.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The user that a fix sets: numbers, with the group behind a colon, `1000:1000`. Names are
    /// not accepted, since what a name stands for depends on the image.
    #[schemars(regex(pattern = r"^0*[1-9][0-9]*(:[0-9]+)?$"))]
    user: Option<String>,
}

impl Rule for NonRootUser {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        let Some(user) = &params.user else { return Ok(()) };
        match uid_of(user) {
            Field::Set(0) => Err(ParamError::new("user", format!("`{user}` is root"))),
            Field::Set(_) => Ok(()),
            Field::Inherited(_) | Field::Unknown(_) => {
                let message = format!(
                    "`{user}` is not a number; what a name stands for depends on the image"
                );
                Err(ParamError::new("user", message))
            }
        }
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        match &container.uid {
            Field::Set(0) => {}
            Field::Set(_) => return Verdict::Pass,
            Field::Inherited(_) => return Verdict::Unknown("the image's user is not known".into()),
            Field::Unknown(why) => return Verdict::Unknown((*why).into()),
        }
        let seen = match container.user.stated().map_or("", String::as_str) {
            "" => "root, since nothing says otherwise",
            user => user,
        };
        let Some(user) = &params.user else {
            let advice = "build the image with USER, or name a user in the rule: `user: \"1000\"`";
            return fails_by_hand("user", seen, "a user other than root", advice);
        };
        fails("user", seen, user.clone(), [ContainerEdit::User(user.clone())])
    }
}
