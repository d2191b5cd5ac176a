//! No way up for processes.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails, nist, owasp, pss_restricted, stig},
};

pub struct NoNewPrivileges;

static META: Meta = Meta {
    id: "container.no-new-privileges",
    title: "Processes in containers cannot gain privileges",
    severity: Severity::High,
    docs: "
## Checks
That `no-new-privileges` is on: by the container's own option, the last mention of which counts, or else by what the kernel says about its first process.
The daemon's default is copied into a container when it is created and inspect does not show it, so that a container without the option that does not run cannot be judged.

## Why
Without it, a set-uid program in the image turns an ordinary user into root.

## What a fix may break
The container is replaced.
Programs such as `sudo`, `su` or `ping` with the set-uid bit stop working in it.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.26"), cis8("5.26"), stig("V-235816"), nist("4.4.3"), nist("4.4.4"), owasp("RULE #4"), pss_restricted("Privilege Escalation")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "HostConfig: {SecurityOpt: ['no-new-privileges:true']}",
        },
        Example::Passes { params: "{}", object: "HostConfig: {SecurityOpt: [no-new-privileges]}" },
        Example::Fails {
            params: "{}",
            object: "HostConfig: {SecurityOpt: [no-new-privileges, no-new-privileges=false]}",
        },
        Example::Unknown { params: "{}", object: "State: {Status: exited}" },
    ],
};

impl Rule for NoNewPrivileges {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        match container.no_new_privileges {
            Field::Set(true) => Verdict::Pass,
            Field::Set(false) => fails(
                "security_opt",
                "no-new-privileges is off",
                "no-new-privileges=true",
                [ContainerEdit::NoNewPrivileges(true)],
            ),
            Field::Inherited(_) => Verdict::Unknown("the daemon's default is not known".into()),
            Field::Unknown(why) => Verdict::Unknown(why.into()),
        }
    }
}
