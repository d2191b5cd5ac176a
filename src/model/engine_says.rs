//! What an engine tells about itself beside its settings.

use std::collections::BTreeMap;

/// Parts of `/info`; `None` where the engine does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineSays {
    /// Warnings that it prints for everybody who asks.
    pub warnings: Option<Vec<String>>,
    /// `name=seccomp,profile=builtin` and the like.
    pub security_options: Option<Vec<String>>,
    /// Name of a runtime to its program, the built-in ones among them.
    pub runtimes: Option<BTreeMap<String, String>>,
    /// The oldest version of the API that it takes: `1.24` (`/version`).
    pub min_api_version: Option<String>,
    /// Which of its proxies take a user and a password; the engine masks both.
    pub proxies_with_credentials: Vec<&'static str>,
}

impl EngineSays {
    /// Returns whether a security option of this name is there.
    pub fn has_option(&self, name: &str) -> Option<bool> {
        let options = self.security_options.as_ref()?;
        Some(options.iter().any(|it| {
            it.split(',').next().and_then(|it| it.strip_prefix("name=")).unwrap_or(it) == name
        }))
    }
}
