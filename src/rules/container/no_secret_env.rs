//! Secrets are not for everybody who may look.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand, nist, owasp},
};

pub struct NoSecretEnv;

static META: Meta = Meta {
    id: "container.no-secret-env",
    title: "Containers have no secrets in their configuration",
    severity: Severity::High,
    docs: "
## Checks
That no variable, label or argument looks like a secret: one whose name says so (`DB_PASSWORD`, `API_TOKEN`) and whose value is not empty, a switch or a small number; a private key, a URL with a password, a token of a well-known make.
Names that end in `_FILE` and the like say where a secret is, and pass; so do names that fit one of `allow`.
Values are never shown or kept.

## Why
Everybody who may look at the container sees its configuration: it is in `docker inspect`, in crash reports and in every process that it starts.

## What a fix may break
Nothing is changed: the program has to learn to read the secret from a file first.
",
    fix: None,
    references: &[
        owasp("RULE #12"),
        nist("4.1.4"),
    ],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Config: {Env: ['DB_PASSWORD_FILE=/run/secrets/db', 'USE_TOKEN=true']}" },
        Example::Passes { params: "allow: ['PUBLIC_*']", object: "Config: {Env: ['PUBLIC_TOKEN=abcdef']}" },
        Example::Fails { params: "{}", object: "Config: {Env: ['DB_PASSWORD=hunter2']}" },
        Example::Fails { params: "{}", object: "Config: {Env: ['DB=postgres://app:hunter2@db/shop']}" },
        Example::Fails { params: "{}", object: "Config: {Cmd: [serve, '--api-token=abcdef']}" },
    ],
};

impl Rule for NoSecretEnv {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let is_allowed = |place: &str| {
            let name = place.split_once(' ').map_or(place, |(_, name)| name);
            params.allows(name)
        };
        let places = container.secrets.iter().map(String::as_str);
        let places: Vec<&str> = places.filter(|it| !is_allowed(it)).collect();
        if places.is_empty() {
            return Verdict::Pass;
        }
        let advice = "hand it over as a file, by a variable that ends in `_FILE` where the \
                      program knows that, and give it a new value";
        fails_by_hand("environment", places.join(", "), "secrets in files", advice)
    }
}
