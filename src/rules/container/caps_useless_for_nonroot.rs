//! No capabilities that cannot be used.

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct CapsUselessForNonroot;

static META: Meta = Meta {
    id: "container.caps-useless-for-nonroot",
    title: "Users other than root are given no capabilities that they cannot use",
    severity: Severity::Low,
    docs: "
## Checks
That a container whose user is not root, and whose programs gain no rights (`no-new-privileges`), adds no capabilities.
The engine gives such a user none of them, and no program in the container can take them up.

## Why
What is added and cannot be used is misunderstood: it looks needed, and it works as soon as somebody starts the container as root.

## What a fix may break
Nothing is changed: without the capability the container works as it does now.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{Config: {User: root}, HostConfig: {CapAdd: [NET_ADMIN], SecurityOpt: [no-new-privileges]}}" },
        Example::Passes { params: "{}", object: "{Config: {User: '1000'}, HostConfig: {SecurityOpt: [no-new-privileges]}}" },
        Example::Passes { params: "{}", object: "{Config: {User: '1000'}, HostConfig: {CapAdd: [NET_ADMIN], SecurityOpt: [no-new-privileges=false]}}" },
        Example::Fails { params: "{}", object: "{Config: {User: '1000'}, HostConfig: {CapAdd: [NET_ADMIN], SecurityOpt: [no-new-privileges]}}" },
        Example::Unknown { params: "{}", object: "{Config: {User: app}, HostConfig: {CapAdd: [NET_ADMIN], SecurityOpt: [no-new-privileges]}}" },
    ],
};

impl Rule for CapsUselessForNonroot {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let request = &container.capability_request;
        if container.privileged || !request.add_all && request.add.is_empty() {
            return Verdict::Pass;
        }
        match container.uid {
            Field::Set(0) => return Verdict::Pass,
            Field::Set(_) => {}
            Field::Inherited(_) => return Verdict::Unknown("its user is not known".into()),
            Field::Unknown(why) => return Verdict::Unknown(why.into()),
        }
        match container.no_new_privileges {
            Field::Set(true) => {}
            // A program with capabilities of its own file can take them up.
            Field::Set(false) => return Verdict::Pass,
            Field::Inherited(_) => {
                return Verdict::Unknown("the daemon's default when it was created decides".into());
            }
            Field::Unknown(why) => return Verdict::Unknown(why.into()),
        }
        let seen = if request.add_all { "ALL".to_owned() } else { request.add.to_string() };
        fails_by_hand("cap_add", seen, "none", "start it without `--cap-add`")
    }
}
