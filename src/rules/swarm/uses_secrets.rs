//! Secrets of services are kept as secrets.

use crate::{
    model::{
        finding::{Severity, Verdict},
        service::Service,
    },
    rules::{Allow, Example, Meta, Rule, cis6, cis8, fails_by_hand, owasp},
};

pub struct UsesSecrets;

static META: Meta = Meta {
    id: "swarm.uses-secrets",
    title: "Services of a Swarm have no secrets in their specification",
    severity: Severity::Low,
    docs: "
## Checks
That no variable, label or argument of a service looks like a secret, as `container.no-secret-env` knows them, but those whose name fits one of `allow`. Values are never shown or kept. Only managers know the services.

## Why
The specification is shown to everybody who may ask a manager, and to every process of the service. A secret of the Swarm's is encrypted at rest and reaches only the tasks that are given it, as a file.

## What a fix may break
Nothing is changed: the program has to learn to read the secret from a file first.
",
    fix: None,
    references: &[cis6("7.4"), cis8("7.4"), owasp("RULE #12")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "services: [{Spec: {Name: web, TaskTemplate: {ContainerSpec: {Env: ['DB_PASSWORD_FILE=/run/secrets/db']}}}}]" },
        Example::Passes { params: "allow: ['PUBLIC_*']", object: "services: [{Spec: {Name: web, TaskTemplate: {ContainerSpec: {Env: ['PUBLIC_TOKEN=abcdef']}}}}]" },
        Example::Fails { params: "{}", object: "services: [{Spec: {Name: web, TaskTemplate: {ContainerSpec: {Env: ['DB_PASSWORD=hunter2']}}}}]" },
        Example::Fails { params: "{}", object: "services: [{Spec: {Name: web, TaskTemplate: {ContainerSpec: {Args: [serve, '--api-token=abcdef']}}}}]" },
    ],
};

impl Rule for UsesSecrets {
    type View = Service;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, service: &Service, params: &Allow) -> Verdict {
        let is_allowed = |place: &&str| {
            let name = place.split_once(' ').map_or(*place, |(_, name)| name);
            params.allows(name)
        };
        let places = service.secrets.iter().map(String::as_str);
        let places: Vec<&str> = places.filter(|it| !is_allowed(it)).collect();
        if places.is_empty() {
            return Verdict::Pass;
        }
        let advice = "make a secret with `docker secret create`, give it to the service with \
                      `--secret`, and give it a new value";
        fails_by_hand("specification", places.join(", "), "secrets of the Swarm", advice)
    }
}
