//! A filter on system calls.

use crate::{
    model::{
        class::Class,
        container::{ContainerSpec, Seccomp},
        edit::ContainerEdit,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, fails, fails_by_hand, nist, owasp, pss_baseline,
        stig,
    },
};

pub struct SeccompConfined;

static META: Meta = Meta {
    id: "container.seccomp-confined",
    title: "Containers run under a seccomp profile",
    severity: Severity::High,
    docs: "
## Checks
That system calls are filtered: not `unconfined` by option, by being privileged or by the daemon's default, and not by a profile that allows what it does not name.
For a running container without an option the kernel's word counts.

## Why
The engine's profile keeps some sixty system calls away from containers, among them most of those through which kernels were broken into.

## What a fix may break
The container is replaced by one under the daemon's own profile.
A program that uses a filtered call, such as a debugger or something that mounts, gets an error.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.22"), cis8("5.22"), stig("V-235812"), nist("4.4.3"), owasp("RULE #6"), pss_baseline("Seccomp")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes {
            params: "{}",
            object: r#"HostConfig: {SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}']}"#,
        },
        Example::Fails {
            params: "{}",
            object: "HostConfig: {SecurityOpt: ['seccomp:unconfined']}",
        },
        Example::Fails {
            params: "{}",
            object: r#"HostConfig: {SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']}"#,
        },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true}" },
        Example::Unknown { params: "{}", object: "HostConfig: {SecurityOpt: [seccomp=word]}" },
    ],
};

impl Rule for SeccompConfined {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let seccomp = match &container.seccomp {
            Field::Set(seccomp) => seccomp,
            Field::Inherited(_) => {
                return Verdict::Unknown("the daemon's own profile is not known".into());
            }
            Field::Unknown(why) => return Verdict::Unknown((*why).into()),
        };
        let (field, seen) = match seccomp {
            Seccomp::Builtin | Seccomp::Profile { allows_everything: false, .. } => {
                return Verdict::Pass;
            }
            Seccomp::Unreadable => {
                return Verdict::Unknown("its seccomp profile cannot be read".into());
            }
            Seccomp::Profile { allows_everything: true, .. } => {
                ("security_opt", "a profile that allows by default")
            }
            Seccomp::Unconfined if container.seccomp_option.is_some() => {
                ("security_opt", "seccomp=unconfined")
            }
            Seccomp::Unconfined if container.privileged => {
                ("privileged", "unconfined, since it is privileged")
            }
            Seccomp::Unconfined => ("security_opt", "unconfined by the daemon's default"),
        };
        let want = "the daemon's profile";
        if container.seccomp_default == Field::Set(Seccomp::Unconfined) {
            let advice = "the daemon's own profile is `unconfined`: declare the daemon setting \
                          `seccomp-profile: builtin` first";
            return fails_by_hand(field, seen, want, advice);
        }
        let unprivileged = container.privileged.then_some(ContainerEdit::Privileged(false));
        fails(field, seen, want, unprivileged.into_iter().chain([ContainerEdit::DefaultSeccomp]))
    }
}
