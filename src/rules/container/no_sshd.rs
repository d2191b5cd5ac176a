//! One way into a container is enough.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, container::looked_at, fails_by_hand, nist, stig,
    },
};

pub struct NoSshd;

static META: Meta = Meta {
    id: "container.no-sshd",
    title: "No SSH server runs in a container",
    severity: Severity::Low,
    docs: "
## Checks
That none of the container's processes is called `sshd` or `dropbear`.
Nothing is started in the container to find out: the kernel tells, and on another machine the engine.

## Why
An SSH server has keys, accounts and updates of its own to look after, and who comes in by it is in none of the engine's records.

## What a fix may break
Nothing is changed: the image has to be built without the server, and `docker exec` leads inside as well.
",
    fix: None,
    references: &[cis6("5.7"), cis8("5.7"), stig("V-235803"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{State: {Status: running}, Programs: [sh, ssh-agent, ssh]}" },
        Example::Fails { params: "{}", object: "{State: {Status: running}, Programs: [sh, sshd]}" },
        Example::Fails { params: "{}", object: "{State: {Status: paused}, Programs: [dropbear]}" },
        Example::Unknown { params: "{}", object: "{State: {Status: running}}" },
        Example::NotApplicable { params: "{}", object: "State: {Status: exited}" },
    ],
};

impl Rule for NoSshd {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Programs]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.state.has_processes() {
            return Verdict::NotApplicable("it does not run");
        }
        let mut names = match looked_at(&container.inside.ssh_servers) {
            Ok(servers) => servers.clone(),
            Err(unknown) => return unknown,
        };
        if names.is_empty() {
            return Verdict::Pass;
        }
        names.sort_unstable();
        names.dedup();
        let advice = "build its image without the SSH server";
        fails_by_hand("processes", names.join(", "), "no SSH server", advice)
    }
}
