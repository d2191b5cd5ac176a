//! Images in which nobody becomes somebody else.

use super::files;
use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, cis, fails_by_hand, shortened},
};

pub struct NoSetidFiles;

static META: Meta = Meta {
    id: "image.no-setid-files",
    title: "Images have no files that give their caller another user or group",
    severity: Severity::Medium,
    docs: "
## Checks
That no file of the image has the set-user-ID or set-group-ID bit, but for those whose path fits one of `allow`.
Only images on `overlay2` of this machine can be looked through; that takes about as long as `find` does.
Where a container may not gain privileges (`no-new-privileges`) the bits have no effect, and nothing is looked for.

## Why
A fault in such a program makes whoever calls it root, however few rights the container began with.

## What a fix may break
Nothing is changed: the image has to be built without the bits, and `no-new-privileges` makes them harmless at once.
",
    fix: None,
    references: &cis("4.8"),
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "SetIdFiles: []" },
        Example::Passes { params: "allow: [/usr/bin/*]", object: "SetIdFiles: [/usr/bin/passwd]" },
        Example::Fails { params: "allow: [/usr/bin/passwd]", object: "SetIdFiles: [/usr/bin/passwd, /opt/tool]" },
        Example::NotApplicable { params: "{}", object: "{HostConfig: {SecurityOpt: [no-new-privileges]}, SetIdFiles: [/opt/tool]}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for NoSetidFiles {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image, Detail::ImageFiles]
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        if container.no_new_privileges == Field::Set(true) {
            return Verdict::NotApplicable("`no-new-privileges` takes the effect from such files");
        }
        let paths = match files(container) {
            Ok(files) => &files.set_id,
            Err(unknown) => return unknown,
        };
        let others: Vec<&str> =
            paths.iter().map(String::as_str).filter(|it| !params.allows(it)).collect();
        if others.is_empty() {
            return Verdict::Pass;
        }
        let advice = "build it with `chmod ug-s` on them, or run it with `no-new-privileges`";
        fails_by_hand("image files", shortened(&others), "none with set-ID bits", advice)
    }
}
