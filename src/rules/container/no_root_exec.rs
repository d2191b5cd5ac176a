//! Nobody is let into a container as somebody greater.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        effective::uid_of,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, container::looked_at, fails_by_hand, nist, stig,
    },
};

pub struct NoRootExec;

static META: Meta = Meta {
    id: "container.no-root-exec",
    title: "No program was started as root in a container that is not root's",
    severity: Severity::Low,
    docs: "
## Checks
That no program runs in the container that was started from outside as root (`docker exec --user 0`) while the container itself runs as somebody else.
What has ended is not seen.

## Why
What root does there is what the container's own user was kept from.

## What a fix may break
Nothing is changed: the session ends by itself, or with the container.
",
    fix: None,
    references: &[cis6("5.24"), cis8("5.24"), stig("V-235814"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{State: {Status: running}, Config: {User: '1000'}, Sessions: [{Running: true, ProcessConfig: {user: '1000'}}]}" },
        Example::Passes { params: "{}", object: "{State: {Status: running}, Config: {User: app}, Sessions: [{Running: true, ProcessConfig: {user: app}}]}" },
        Example::Fails { params: "{}", object: "{State: {Status: running}, Config: {User: '1000'}, Sessions: [{Running: true, ProcessConfig: {user: '0:1000'}}]}" },
        Example::Unknown { params: "{}", object: "{State: {Status: running}, Config: {User: '1000'}, Sessions: [{Running: true, ProcessConfig: {user: toor}}]}" },
        Example::Unknown { params: "{}", object: "{State: {Status: running}, Config: {User: app}, Sessions: [{Running: true, ProcessConfig: {user: root}}]}" },
        Example::NotApplicable { params: "{}", object: "{State: {Status: running}, Config: {User: root}, Sessions: []}" },
        Example::NotApplicable { params: "{}", object: "State: {Status: exited}" },
    ],
};

impl Rule for NoRootExec {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Execs]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.state.has_processes() {
            return Verdict::NotApplicable("it does not run");
        }
        if container.uid == Field::Set(0) {
            return Verdict::NotApplicable("it runs as root itself");
        }
        let sessions = match looked_at(&container.inside.sessions) {
            Ok(sessions) => sessions,
            Err(unknown) => return unknown,
        };
        let own = container.user.stated().map_or("", String::as_str);
        // The container's own user may be a name; it is the same one in both places.
        let others = sessions.iter().map(|it| it.user.as_str()).filter(|user| *user != own);
        let uids: Vec<Field<u32>> = others.map(uid_of).collect();
        let count = uids.iter().filter(|it| **it == Field::Set(0)).count();
        match &container.uid {
            Field::Set(_) if count > 0 => {
                let seen = format!("{count} as root");
                let advice = format!("`docker top {}` shows what it is", container.name);
                fails_by_hand("exec", seen, "none", advice)
            }
            Field::Unknown(why) if count > 0 => Verdict::Unknown((*why).into()),
            _ if uids.iter().all(|it| it.stated().is_some()) && count == 0 => Verdict::Pass,
            _ => {
                Verdict::Unknown("as whom something was started in it is told by its image".into())
            }
        }
    }
}
