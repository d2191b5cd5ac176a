//! No groups that are root.

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoRootGroup;

static META: Meta = Meta {
    id: "container.no-root-group",
    title: "Containers are not in root's group",
    severity: Severity::Medium,
    docs: "
## Checks
That neither the group of the container's user nor one of `--group-add` is root's (0), unless the user is root itself, which is `container.non-root-user`'s.

## Why
Much that root owns is writable for its group, in images and on mounts from the host.

## What a fix may break
Nothing is changed: images made for OpenShift write their files by this group.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{Config: {User: '1000:1000'}, HostConfig: {GroupAdd: ['44']}}" },
        Example::Passes { params: "{}", object: "Config: {User: root}" },
        Example::Fails { params: "{}", object: "Config: {User: '1000:0'}" },
        Example::Fails { params: "{}", object: "{Config: {User: '1000:1000'}, HostConfig: {GroupAdd: [root]}}" },
        Example::Unknown { params: "{}", object: "Config: {User: '1000'}" },
    ],
};

impl Rule for NoRootGroup {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let user = match &container.user {
            Field::Set(user) => user,
            Field::Inherited(_) => return Verdict::Unknown("its user is not known".into()),
            Field::Unknown(why) => return Verdict::Unknown((*why).into()),
        };
        let is_root = |group: &str| group == "root" || group.parse() == Ok(0_u32);
        let of_user = user.split_once(':').map(|(_, group)| group);
        let added = container.groups.iter().map(String::as_str);
        let advice = "give its user another group: `--user UID:GID`, and take it out of root's";
        if container.uid == Field::Set(0) {
            return Verdict::Pass;
        }
        if let Some(group) = of_user.into_iter().chain(added).find(|it| is_root(it)) {
            return fails_by_hand("user", group, "another group", advice);
        }
        match of_user {
            Some(_) => Verdict::Pass,
            None => Verdict::Unknown("the image's account file has the group of its user".into()),
        }
    }
}
