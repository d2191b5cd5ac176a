//! Plugins that decide are there.

use super::key::{running, texts};
use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct AuthzPluginHealthy;

static META: Meta = Meta {
    id: "daemon.authz-plugin-healthy",
    title: "Every authorization plugin answers",
    severity: Severity::High,
    docs: "
## Checks
That each plugin of `authorization-plugins` listens on its socket, or is enabled in the engine.

## Why
A plugin that does not answer blocks every request to the engine, and one that is gone at a reload ends the daemon.

## What a fix may break
Nothing is changed: whether the plugin or its name is wrong is for its owner to say.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{in-force: {authorization-plugins: [opa]}, plugins: [opa]}" },
        Example::NotApplicable { params: "{}", object: "{}" },
        Example::Fails { params: "{}", object: "{in-force: {authorization-plugins: [opa]}, plugins: []}" },
        Example::Unknown { params: "{}", object: "in-force: {authorization-plugins: [opa]}" },
    ],
};

impl Rule for AuthzPluginHealthy {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("authorization-plugins"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let named = match running(config, "authorization-plugins") {
            Ok(value) => texts(value),
            Err(why) => return Verdict::Unknown(why.into()),
        };
        if named.is_empty() {
            return Verdict::NotApplicable("no authorization plugin is asked");
        }
        let Some(there) = &config.host.plugins else {
            return Verdict::Unknown("the plugins of the daemon's host cannot be looked at".into());
        };
        let silent: Vec<&str> = named.into_iter().filter(|it| !there.contains(*it)).collect();
        if silent.is_empty() {
            return Verdict::Pass;
        }
        let advice = "start the plugin, or take its name out of `authorization-plugins` and \
            reload the daemon";
        fails_by_hand(
            "authorization-plugins",
            format!("no answer from {}", silent.join(", ")),
            "plugins that answer",
            advice,
        )
    }
}
