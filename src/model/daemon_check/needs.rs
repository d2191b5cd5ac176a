//! What settings need of the host: files, programs, groups. The engine looks for most of them
//! when it starts and not before.

use std::fmt;

use serde_json::Value;

use super::Settings;

/// Something that a key relies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub key: &'static str,
    pub thing: Thing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A file that can be read.
    File(String),
    /// A file that can be run.
    Program(String),
    /// A group of this name.
    Group(String),
}

/// Returns what these settings need. Names that the engine looks up itself are not among them.
pub fn needs(settings: &Settings) -> Vec<Need> {
    let text = |key: &str| settings.get(key).and_then(Value::as_str).filter(|it| !it.is_empty());
    let path = |key: &str| text(key).filter(|it| it.starts_with('/')).map(str::to_owned);
    let mut needs = Vec::new();
    for key in ["seccomp-profile", "tlscacert", "tlscert", "tlskey"] {
        needs.extend(path(key).map(|path| Need { key, thing: Thing::File(path) }));
    }
    for key in ["init-path", "userland-proxy-path"] {
        needs.extend(path(key).map(|path| Need { key, thing: Thing::Program(path) }));
    }
    let runtimes = settings.get("runtimes").and_then(Value::as_object);
    for (_, runtime) in runtimes.into_iter().flatten() {
        let program = runtime.get("path").and_then(Value::as_str);
        needs.extend(
            program
                .filter(|it| it.starts_with('/'))
                .map(|path| Need { key: "runtimes", thing: Thing::Program(path.to_owned()) }),
        );
    }
    // The engine does without its own default, and takes numbers as they are.
    let group = text("group").filter(|it| *it != "docker" && it.parse::<u32>().is_err());
    needs.extend(group.map(|name| Need { key: "group", thing: Thing::Group(name.to_owned()) }));
    needs
}

impl fmt::Display for Need {
    /// Says that it is not there, in a sentence without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, thing } = self;
        match thing {
            Thing::File(path) => write!(f, "{key}: there is no file {path} on this host"),
            Thing::Program(path) => write!(f, "{key}: there is no program {path} on this host"),
            Thing::Group(name) => write!(f, "{key}: there is no group {name} on this host"),
        }
    }
}
