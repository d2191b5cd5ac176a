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
    /// The version of the kernel below it: `6.1.0-18-amd64`.
    pub kernel_version: Option<String>,
    /// The programs that it is made of, by name: `Engine`, `containerd`, `runc` (`/version`).
    pub components: BTreeMap<String, Component>,
    /// Which of its proxies take a user and a password; the engine masks both.
    pub proxies_with_credentials: Vec<&'static str>,
    /// Whether plugins may change containers (NRI); engines before 29.2 have none.
    pub nri: Option<bool>,
}

/// A program and how it says its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// `20.10.24+dfsg1`, `1.3.6`.
    pub version: String,
    /// The commit, in which packages of distributions say their own number:
    /// `1.1.5+ds1-1+deb12u1`.
    pub commit: String,
}

impl Component {
    /// Returns whether a distribution made it, which may mend an old version without giving it a
    /// new number.
    pub fn is_of_distribution(&self) -> bool {
        let after =
            self.version.trim_start_matches(|it: char| it.is_ascii_digit() || "v.".contains(it));
        let is_preview = ["-rc", "-beta", "-alpha", "-dev"].iter().any(|it| after.starts_with(it));
        let is_commit = self.commit.chars().all(|it| it.is_ascii_hexdigit());
        // Runc made from its sources says `v1.1.12-0-g51d5e946`.
        let is_described = self
            .commit
            .rsplit_once("-g")
            .is_some_and(|(_, it)| it.chars().all(|it| it.is_ascii_hexdigit()));
        (!after.is_empty() && !is_preview) || !(is_commit || is_described)
    }
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
