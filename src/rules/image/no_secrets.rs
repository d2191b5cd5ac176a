//! Images that anybody may look at.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, cis6, cis8, fails_by_hand, image::facts, nist, owasp},
};

pub struct NoSecrets;

static META: Meta = Meta {
    id: "image.no-secrets",
    title: "Images hold no secrets in their configuration or history",
    severity: Severity::Critical,
    docs: "
## Checks
That no variable, label, build argument or step of the image looks like a secret: one whose name says so (`DB_PASSWORD`, `API_TOKEN`) and whose value is not empty, a switch or a small number; a private key, a URL with a password, a token of a well-known make.
Names that end in `_FILE` and the like say where a secret is, and pass; so do names that fit one of `allow`.
Values are never shown or kept, and files in the image are not looked at.

## Why
Everybody who can pull an image can read its history, and what one step sets, a later one cannot take out again.

## What a fix may break
Nothing is changed: the image has to be built anew, with `RUN --mount=type=secret`, and the secret has to be given a new value.
",
    fix: None,
    references: &[
        cis6("4.10"),
        cis8("4.10"),
        owasp("RULE #12"),
        nist("4.1.4"),
    ],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "OfImage: {Config: {Env: [PASSWORD_FILE=/run/secrets/db]}, History: [{CreatedBy: 'ARG API_TOKEN'}]}" },
        Example::Passes { params: "allow: ['PUBLIC_*']", object: "OfImage: {Config: {Env: [PUBLIC_TOKEN=abcdef]}}" },
        Example::Fails { params: "{}", object: "OfImage: {Config: {Env: [DB_PASSWORD=hunter2]}}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: 'RUN |1 API_TOKEN=abcdef /bin/sh -c make # buildkit'}]}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: '/bin/sh -c git clone https://me:abcdef@example.org/x'}]}" },
        Example::Unknown { params: "{}", object: "Config: {Image: nginx}" },
    ],
};

impl Rule for NoSecrets {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image]
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let image = match facts(container) {
            Ok(image) => image,
            Err(unknown) => return unknown,
        };
        let is_allowed = |place: &str| {
            let name = place.rsplit_once(' ').map_or(place, |(_, name)| name);
            params.allows(name)
        };
        let places = image.secrets.iter().map(String::as_str);
        let places: Vec<&str> = places.filter(|it| !is_allowed(it)).collect();
        if places.is_empty() {
            return Verdict::Pass;
        }
        let advice = "build it with `RUN --mount=type=secret`, hand it its secrets when it runs, \
                      and give them new values";
        fails_by_hand("image", places.join(", "), "no secrets", advice)
    }
}
