//! Files that nobody but root may change: programs, data, and what the engine finds plugins by.
//! The rules differ in nothing but which files.

use crate::{
    model::{
        class::Class,
        finding::{Severity, Verdict},
        host_files::{FileFacts, HostFiles, Subject},
        object::Address,
    },
    rules::{
        Allow, Example, Meta, Rule,
        host_file::{self, Owned, Wrong},
        nist,
    },
};

/// That files are root's, and open to no more people than these bits say.
pub struct Trusted {
    subject: Subject,
    /// The bits that may be set, by the path.
    at_most: fn(&str) -> u32,
    meta: &'static Meta,
}

/// That there is nothing else in directories than what is declared, and that it is root's.
pub struct PluginSpecs;

impl Rule for Trusted {
    type View = HostFiles;
    type Params = crate::rules::NoParams;

    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host_file(self.subject.name()))
    }

    fn judge(&self, host: &HostFiles, _: &Self::Params) -> Verdict {
        let wrong = host_file::judge(host, self.subject, |path, facts, wrong| {
            look(host, path, facts, (self.at_most)(path), wrong);
        });
        wrong.map_or_else(|verdict| verdict, |it| it.verdict(self.subject, "mode", WANT))
    }
}

impl Rule for PluginSpecs {
    type View = HostFiles;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &PLUGIN_SPEC_DIRS
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host_file(Subject::PluginSpecs.name()))
    }

    fn judge(&self, host: &HostFiles, params: &Allow) -> Verdict {
        let wrong = host_file::judge(host, Subject::PluginSpecs, |path, facts, wrong| {
            look(host, path, facts, 0o7777, wrong);
            let (folder, name) = path.rsplit_once('/').unwrap_or_default();
            // The directories themselves are among what was seen.
            if folder.ends_with("/plugins") && !params.allows(name) {
                let todo = format!("name {name} under `allow`, or remove {path}");
                wrong.by_hand(format!("{path} is not declared"), todo);
            }
        });
        wrong.map_or_else(|verdict| verdict, |it| it.verdict(Subject::PluginSpecs, "mode", WANT))
    }
}

const WANT: &str = "root's or the daemon's user's, and nobody else can write to it";

fn look(host: &HostFiles, path: &str, facts: &FileFacts, at_most: u32, wrong: &mut Wrong) {
    let (uid, gid) = host.owner;
    if ![0, uid].contains(&facts.attributes.uid) {
        wrong.owner(
            path,
            facts,
            Owned { uid, gid: facts.attributes.gid, or_gid: facts.attributes.gid },
        );
    }
    wrong.access_list(path, facts);
    // A group that is root's writes as root does.
    let by_group = if [0, gid].contains(&facts.attributes.gid) { 0 } else { 0o020 };
    wrong.mode(path, facts, at_most & !(0o002 | by_group));
    wrong.open_parents(path, facts, host);
}

/// Spells a rule of the family out.
macro_rules! trusted {
    ($rule:ident, $subject:ident, $at_most:expr, $id:literal, $title:literal, $severity:ident,
     $name:literal, $good:literal, $bad:literal, $checks:literal, $why:literal,
     $fix:expr, $breaks:literal, $references:expr $(,)?) => {
        pub static $rule: Trusted = Trusted {
            subject: Subject::$subject,
            at_most: $at_most,
            meta: &Meta {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                docs: concat!("
## Checks
Looks at ", $checks, ".
Behind all links, they belong to root or the daemon's user, nobody else can write to them (a group other than root's neither), and to none of the directories on the way. What is not there is not judged.

## Why
", $why, "

## What a fix may break
", $breaks, " Whoever used the files by their old owner or mode no longer can.
"),
                fix: $fix,
                references: $references,
                implies: &[],
                examples: &[
                    Example::Passes { params: "{}", object: concat!($name, ": [{path: /x, mode: '", $good, "'}]") },
                    Example::Passes { params: "{}", object: concat!($name, ": [{path: /x, mode: '0600', gid: 998}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, mode: '", $bad, "'}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, mode: '0600', uid: 1000}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, mode: '0620', gid: 998}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, mode: '0600', open-parents: [/]}]") },
                    Example::NotApplicable { params: "{}", object: concat!($name, ": []") },
                    Example::Unknown { params: "{}", object: concat!($name, ": [{path: /x, unseen: no permission to look}]") },
                    Example::Unknown { params: "{}", object: "unseen: the engine is elsewhere" },
                ],
            },
        };
    };
}

const fn anybody_may_read(_: &str) -> u32 {
    0o755
}

trusted! {
    CDI_DIRS, CdiSpecs, anybody_may_read, "daemon.cdi-dirs-trusted",
    "Descriptions of devices are root's", Medium, "cdi-specs", "0755", "0757",
    "the directories of `cdi-spec-dirs` that are there (`CDISpecDirs`), and every file in them",
    "A file there says which devices, mounts and hooks a container gets that asks for its name; a hook is a program that runs as root on the host.",
    Some(Class::Live), "Bits are only taken away; where others can write to a directory above, nothing is changed and the commands are named.",
    &[],
}

trusted! {
    DATA_ROOT_MODE, DataRoot,
    // The engine itself lets everybody pass through `volumes`.
    |path| if path.ends_with("/volumes") { 0o711 } else { 0o710 },
    "host.data-root-mode", "The engine's data is open to nobody else", High, "data-root", "0710", "0711",
    "the data root (`DockerRootDir`) and `containers` in it, with no more permissions than 0710, and `volumes` in it with no more than 0711, as the engine makes it",
    "Layers, volumes and the settings of every container lie there, secrets among them; set-user-ID programs of images are there for every user to start.",
    Some(Class::Live), "Bits are only taken away; where others can write to a directory above, nothing is changed and the commands are named.",
    &[nist("4.5.5")],
}

trusted! {
    ENGINE_BINARIES, EngineBinaries, anybody_may_read, "host.engine-binaries-owner-mode",
    "The engine's programs are root's", Critical, "engine-binaries", "0755", "4755",
    "the programs of dockerd (the one that runs), containerd, its shims, runc and other runtimes that the engine names by their path, docker-proxy, docker-init, and the plugins of the command line, with no more permissions than 0755",
    "All of them run as root; whoever writes to one is root at its next start. That they are those of the package is what the package manager tells (`dpkg --verify`, `rpm -V`).",
    None, "Nothing is changed: programs are the package manager's, and the commands are named.",
    &[nist("4.5.5")],
}

trusted! {
    ENGINE_KEY_MODE, EngineKey, |_| 0o600, "host.engine-key-mode",
    "The engine's own key is open to nobody else", Low, "engine-key", "0600", "0640",
    "`/etc/docker/key.json`, which engines up to 28 make, with no more permissions than 0600",
    "The engine is known by the key; with Swarm, or to old registries, whoever reads it can pass for it.",
    Some(Class::Live), "Bits are only taken away; where others can write to a directory above, nothing is changed and the commands are named.",
    &[],
}

static PLUGIN_SPEC_DIRS: Meta = Meta {
    id: "host.plugin-spec-dirs",
    title: "Only declared plugins are where the engine looks for them",
    severity: Severity::High,
    docs: "
## Checks
Looks at `/etc/docker/plugins`, `/usr/lib/docker/plugins` and `/run/docker/plugins`, where they are there, and at what is in them.
Every entry fits one of `allow`, by its name with its ending, such as `loki.spec`. Directories and entries belong to root or the daemon's user, and nobody else can write to them (a group other than root's neither), nor to a directory on the way.

## Why
The engine believes a plugin that it finds there, by its name alone: it hands over volumes, networks, logs, or the say on every request.

## What a fix may break
Owner and mode are put right; who used the files by the old ones no longer can. What is not declared stays: containers with volumes or networks of a plugin that is taken away no longer start, so that is for a person to do.
",
    fix: Some(Class::Live),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "plugin-specs: [{path: /etc/docker/plugins, mode: '0755'}]" },
        Example::Passes { params: "allow: ['loki.*']", object: "plugin-specs: [{path: /etc/docker/plugins/loki.spec, mode: '0644'}]" },
        Example::Fails { params: "{}", object: "plugin-specs: [{path: /run/docker/plugins/loki.sock, mode: '0660'}]" },
        Example::Fails { params: "allow: ['*']", object: "plugin-specs: [{path: /run/docker/plugins/loki.sock, mode: '0660', gid: 998}]" },
        Example::Fails { params: "{}", object: "plugin-specs: [{path: /etc/docker/plugins, mode: '0777'}]" },
        Example::NotApplicable { params: "{}", object: "plugin-specs: []" },
        Example::Unknown { params: "{}", object: "unseen: the engine is elsewhere" },
    ],
};
