//! Images into which only files come that somebody had at hand.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
        image::{Added, Step},
    },
    rules::{
        Example, Meta, NoParams, Rule, cis, fails_by_hand,
        image::{UNTOLD, facts},
    },
};

pub struct CopyNotAdd;

static META: Meta = Meta {
    id: "image.copy-not-add",
    title: "Images are built with COPY where ADD would fetch or unpack",
    severity: Severity::Low,
    docs: "
## Checks
That no step of the image's history adds something from the network, or an archive, which ADD unpacks.
The root file system that an image begins with is added by everybody, and passes.
What ADD brings of plain files and directories passes too; the classic builder does not write down whether a file was an archive, and then nobody knows.

## Why
What is fetched can be another file tomorrow, and an archive can put files where nobody looked for them.

## What a fix may break
Nothing is changed: the image has to be built with COPY, and with a RUN that fetches, checks and unpacks.
",
    fix: None,
    references: &cis("4.9"),
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "OfImage: {History: [{CreatedBy: 'COPY a.tar.gz /x/ # buildkit'}, {CreatedBy: 'ADD rootfs.tar.xz / # buildkit'}]}" },
        Example::Passes { params: "{}", object: "OfImage: {History: [{CreatedBy: '/bin/sh -c #(nop)  CMD [\"sh\"]'}, {CreatedBy: '/bin/sh -c #(nop) ADD file:5a1c in / '}]}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: 'ADD app.tgz /app # buildkit'}, {CreatedBy: 'ADD rootfs.tar.xz / # buildkit'}]}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: 'ADD https://example.org/app?key=1 /app # buildkit'}]}" },
        Example::Unknown { params: "{}", object: "OfImage: {History: [{CreatedBy: '/bin/sh -c #(nop) ADD file:77aa in /app '}, {CreatedBy: '/bin/sh -c #(nop) ADD file:5a1c in / '}]}" },
        Example::Unknown { params: "{}", object: "OfImage: {History: [{CreatedBy: ''}]}" },
    ],
};

impl Rule for CopyNotAdd {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let image = match facts(container) {
            Ok(image) => image,
            Err(unknown) => return unknown,
        };
        let is_base = |step: &&Step| match step {
            Step::Setting => true,
            Step::Add { what, to } => to == "/" && !matches!(what, Added::Fetched(_)),
            Step::Run(_) | Step::Files => false,
        };
        let after = image.steps.iter().skip_while(is_base);
        let added: Vec<&Added> = after
            .filter_map(|step| match step {
                Step::Add { what, .. } => Some(what),
                Step::Run(_) | Step::Files | Step::Setting => None,
            })
            .collect();
        let seen: Vec<String> = added
            .iter()
            .filter_map(|it| match it {
                Added::Fetched(from) => Some(format!("ADD from {from}")),
                Added::Archive(name) => Some(format!("ADD of the archive {name}")),
                Added::Plain | Added::Unsaid => None,
            })
            .collect();
        if !seen.is_empty() {
            let advice = "build it with COPY, or with a RUN that fetches, checks and unpacks";
            return fails_by_hand("image history", seen.join(", "), "COPY", advice);
        }
        if added.contains(&&Added::Unsaid) {
            let why = "its history has an ADD and does not tell whether that was an archive";
            return Verdict::Unknown(why.into());
        }
        if image.steps.iter().all(|it| *it == Step::Files) {
            return Verdict::Unknown(UNTOLD.into());
        }
        Verdict::Pass
    }
}
