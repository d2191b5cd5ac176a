//! Accounts that nobody can just walk into.

use super::files;
use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, shortened},
};

pub struct AccountDatabaseSane;

static META: Meta = Meta {
    id: "image.account-database-sane",
    title: "Images have no account without a password and no number with two names",
    severity: Severity::Medium,
    docs: "
## Checks
That no account in the image's `/etc/passwd` or `/etc/shadow` has an empty password (`*` and `!` are none that fits), and that no number in `/etc/passwd` or `/etc/group` belongs to two names.
Only images on `overlay2` of this machine can be looked at.

## Why
Whoever runs anything in the container becomes an account with an empty password by `su`, and an account with the number of root is root, whatever its name.

## What a fix may break
Nothing is changed: the image has to be built with the account locked (`passwd -l`) or removed.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Accounts: {passwd: 'root:x:0:0::/root:/bin/sh', shadow: 'root:*:19000::::::'}" },
        Example::Fails { params: "{}", object: "Accounts: {passwd: 'root:x:0:0::/root:/bin/sh', shadow: 'root:::0:::::'}" },
        Example::Fails { params: "{}", object: "Accounts: {passwd: \"root:x:0:0::/:\\ntoor:x:0:0::/:\"}" },
        Example::Unknown { params: "{}", object: "{}" },
        Example::NotApplicable { params: "{}", object: "Accounts: {}" },
    ],
};

impl Rule for AccountDatabaseSane {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image, Detail::ImageFiles]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let accounts = match files(container) {
            Ok(files) => &files.accounts,
            Err(unknown) => return unknown,
        };
        match accounts {
            Ok(None) => Verdict::NotApplicable("its image has no accounts"),
            Ok(Some(faults)) if faults.is_empty() => Verdict::Pass,
            Ok(Some(faults)) => {
                let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
                let advice = "build it with `passwd -l NAME`, or without the account";
                let want = "no empty password, one name for each number";
                fails_by_hand("image accounts", shortened(&faults), want, advice)
            }
            Err(why) => Verdict::Unknown((*why).into()),
        }
    }
}
