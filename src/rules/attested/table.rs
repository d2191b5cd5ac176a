//! The table: for each rule what has to be so, and how many days an answer holds.

use super::Attested;
use crate::{
    model::finding::Severity,
    rules::{Example, Meta, cis, cis6, cis8, nist, owasp, stig},
};

/// Spells a rule out.
macro_rules! attested {
    ($rule:ident, $id:literal, $title:literal, $severity:ident, $days:literal,
     $statement:literal, $why:literal, $references:expr $(, of_swarm: $of_swarm:literal)? $(,)?) => {
        pub static $rule: Attested = Attested {
            statement: $statement,
            within_days: $days,
            of_swarm: false $(|| $of_swarm)?,
            meta: &Meta {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                docs: concat!("
## Checks
That a person looked within ", $days, " days (`within-days`), and says so in the declaration: `attested` is the day, `by` the name, `evidence` where the result is kept. What has to be so: ", $statement, ".
Without an answer it is unknown; plimsoll cannot see it.

## Why
", $why, "

## What a fix may break
Nothing is changed: a person looks again, and dates the answer.
"),
                fix: None,
                references: $references,
                implies: &[],
                examples: &[
                    Example::Passes { params: "{attested: 2026-11-26, by: netops}", object: "{}" },
                    Example::Passes { params: "{attested: 2020-01-01, by: netops, within-days: 9999}", object: "{}" },
                    Example::Fails { params: "{attested: 2020-01-01, by: netops}", object: "{}" },
                    Example::Fails { params: "{attested: 2026-11-27, by: netops}", object: "{}" },
                    Example::Unknown { params: "{}", object: "{}" },
                    $(
                        // The literal says no more than that the row has one.
                        Example::NotApplicable { params: "{}", object: concat!("swarm-active: false # ", $of_swarm) },
                    )?
                ],
            },
        };
    };
}

attested! {
    AUDIT_FAILURE_ALERT, "host.audit-failure-alert",
    "Somebody hears of it when the host can no longer audit", Low, 365,
    "the audit daemon of this host raises an alarm when its disk fills up or it cannot write",
    "An audit trail that stopped unnoticed is found missing on the day it is needed.",
    &[stig("V-235787")],
}

attested! {
    CONTENT_TRUST_ENV, "host.content-trust-env",
    "Those who pull images verify what they pull", Low, 365,
    "everybody and everything that pulls images here does so by digest, or verifies signatures (`DOCKER_CONTENT_TRUST=1` in its own environment, or a tool that does)",
    "A tag is whatever the registry, or who sits before it, says that it is. The variable counts in the environment of those who pull, which no program on the host sees as a whole; the mechanism behind it is being retired in favour of digests and signatures.",
    &cis("4.5"),
}

attested! {
    OS_HARDENED, "host.os-hardened",
    "The host's system is hardened by a benchmark of its own", Low, 365,
    "the host was measured by the benchmark of its operating system, and what it failed is mended or excused",
    "Containers share the kernel, the accounts and the files of the host: what is open there is open below every container.",
    &[cis6("1.2.1"), cis8("1.2.1"), nist("4.5.1")],
}

attested! {
    DOCKERFILE_HYGIENE, "image.dockerfile-hygiene",
    "The files that images are built from are linted", Low, 365,
    "the Dockerfiles of the images in use pass a linter where they are built",
    "Habits that make images large, slow to rebuild and hard to reproduce are in the Dockerfile, and an image no longer shows them.",
    &[],
}

attested! {
    MINIMAL_PACKAGES, "image.minimal-packages",
    "Images hold no packages that they do not need", Low, 365,
    "the images in use were looked through (or their lists of packages were), and hold nothing that they can do without",
    "Every program in an image is one more that can have a hole, and a tool for whoever gets in.",
    &[cis6("4.3"), cis8("4.3"), nist("4.1.2")],
}

attested! {
    SCAN_FRESH, "image.scan-fresh",
    "Images in use are scanned for known holes", High, 30,
    "a scanner looked at every image in use, by digest, and what it found is mended or excused",
    "Holes are found in programs long after an image of them was built, and a container keeps what it was made of.",
    &[cis6("4.4"), cis8("4.4"), nist("4.1.1"), nist("4.4.4"), owasp("RULE #9")],
}

attested! {
    SIGNATURE_VERIFIED, "image.signature-verified",
    "Images in use carry a signature of somebody who is trusted", High, 90,
    "the digest of every image in use has a signature that was verified, of an identity that is trusted",
    "Without a signature nothing tells an image of its maker from one that somebody put in its place.",
    &[cis6("4.12"), cis8("4.12"), nist("4.1.5"), owasp("RULE #13")],
}

attested! {
    VERIFIED_PACKAGES, "image.verified-packages",
    "What is installed in images is verified", Low, 365,
    "the builds of the images in use install only packages whose signature or digest they verify",
    "What a build fetches without looking is in the image, signed by whoever signs the image.",
    &cis("4.11"),
}

attested! {
    AUTOLOCK_ROTATED, "swarm.autolock-rotated",
    "The key that unlocks the Swarm is changed from time to time", Low, 365,
    "the unlock key was rotated (`docker swarm unlock-key --rotate`), and the old one thrown away",
    "Whoever has the key and a manager's disk reads every secret of the Swarm; a key that never changes is known to all who ever left.",
    &cis("7.6"),
    of_swarm: true,
}
