//! Images without what building them left behind.

use super::files;
use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand, shortened},
};

pub struct NoLeftoverFiles;

static META: Meta = Meta {
    id: "image.no-leftover-files",
    title: "Images hold no repositories, caches or keys that building them left behind",
    severity: Severity::Low,
    docs: "
## Checks
That no directory of the image is called `.git`, `.hg`, `.svn`, `.cache`, `.npm`, `.aws`, `.azure`, `.idea` or `.vscode`, and that no file is a private key or holds the credentials of a tool (`id_rsa`, `ssh_host_rsa_key`, `.netrc`, `.git-credentials`, `.pypirc`), but for those whose path fits one of `allow`. Of files called `*.key` and `*.pem` the first line decides.
Only images on `overlay2` of this machine can be looked through; that takes about as long as `find` does.

## Why
A repository holds every secret that was ever committed to it, a cache is weight and nothing else, and a key in an image belongs to everybody who can pull it.

## What a fix may break
Nothing is changed: the image has to be built without them, with a `.dockerignore` and in stages. A key that was in an image is to be replaced.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "LeftOver: []" },
        Example::Passes { params: "allow: [/usr/src/*]", object: "LeftOver: [/usr/src/app/.git]" },
        Example::Fails { params: "allow: [/usr/src/*]", object: "LeftOver: [/usr/src/app/.git, /root/.ssh/id_rsa]" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for NoLeftoverFiles {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image, Detail::ImageFiles]
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let paths = match files(container) {
            Ok(files) => &files.left_over,
            Err(unknown) => return unknown,
        };
        let others: Vec<&str> =
            paths.iter().map(String::as_str).filter(|it| !params.allows(it)).collect();
        if others.is_empty() {
            return Verdict::Pass;
        }
        let advice = "build it without them: name them in `.dockerignore`, and copy what is \
                      needed alone into the last stage";
        fails_by_hand("image files", shortened(&others), "none left behind", advice)
    }
}
