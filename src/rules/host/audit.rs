//! That changes of what the engine goes by are written down. The rules differ in nothing but which
//! files.

use crate::{
    model::{
        audit::{Accesses, Audit, AuditState, SaidBy},
        class::Class,
        edit::{Edit, FileEdit, OwnFile},
        finding::{Fix, Severity, Verdict},
        host_system::{Audited, AuditedPath, HostSystem},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist, stig},
};

const ABSENT: &str = "there is no such file on this host";
/// What holds the data root's worth, where watching all of it is too much.
const OF_DATA_ROOT: [&str; 2] = ["containers", "volumes"];

/// That the kernel watches a file.
pub struct Watch {
    subject: Audited,
    meta: &'static Meta,
}

impl Rule for Watch {
    type View = HostSystem;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("audit"))
    }

    fn judge(&self, host: &HostSystem, _: &NoParams) -> Verdict {
        let audit = match &host.audit {
            Ok(audit) => audit,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let Some(paths) = host.audited.get(&self.subject) else {
            return Verdict::NotApplicable(ABSENT);
        };
        if audit.state == AuditState::Off {
            let advice = "turn auditing on (`auditctl -e 1`), and take `-e 0` out of the files \
                under /etc/audit";
            return fails_by_hand("audit", "auditing is off", "on", advice);
        }
        let needed = match self.subject.is_program() {
            true => Accesses::OF_PROGRAMS,
            false => Accesses::CHANGES,
        };
        let unwatched: Vec<&AuditedPath> =
            paths.iter().filter(|it| !self.is_watched(audit, it, needed)).collect();
        match (&audit.said_by, unwatched.is_empty()) {
            (SaidBy::Kernel, true) => Verdict::Pass,
            (SaidBy::Files(why), true) => Verdict::Unknown(format!(
                "files under /etc/audit watch it, and whether the kernel does nobody could ask: \
                 {why}"
            )),
            (_, false) => fails(audit, &unwatched, needed),
        }
    }
}

impl Watch {
    fn is_watched(&self, audit: &Audit, path: &AuditedPath, needed: Accesses) -> bool {
        let is_watched =
            |path: &str, is_directory| needed.without(audit.watched(path, is_directory)).is_empty();
        let in_parts =
            || OF_DATA_ROOT.iter().all(|it| is_watched(&format!("{}/{it}", path.path), true));
        is_watched(&path.path, path.is_directory)
            || (self.subject == Audited::DataRoot && in_parts())
    }
}

fn fails(audit: &Audit, unwatched: &[&AuditedPath], needed: Accesses) -> Verdict {
    let mut seen = Vec::new();
    let mut lines = Vec::new();
    for AuditedPath { path, is_directory } in unwatched {
        let watched = audit.watched(path, *is_directory).and(needed);
        let mut text = match watched.is_empty() {
            true => format!("nothing watches {path}"),
            false => format!("only `{watched}` of {path} is watched"),
        };
        if let Some(why) = audit.shortcoming(path, *is_directory) {
            text = format!("{text}: {why}");
        }
        seen.push(text);
        lines.push(format!("-w {path} -p {needed} -k plimsoll"));
    }
    let seen = seen.join("; ");
    let want = format!("`{needed}` is watched");
    // A line has no way to write a space in a path, and does not help against an earlier `never`.
    let helps = |AuditedPath { path, is_directory }: &&AuditedPath| {
        let watched = audit.watched_with(needed, path, *is_directory);
        needed.without(watched).is_empty() && !path.contains(char::is_whitespace)
    };
    let takes_lines =
        audit.said_by == SaidBy::Kernel && audit.state == AuditState::On && audit.loads_folder;
    if takes_lines && unwatched.iter().all(helps) {
        let edit = |line| FileEdit::Line { file: OwnFile::AuditRules, line };
        let edits = lines.into_iter().map(|it| Edit::HostFile(edit(it))).collect();
        return Verdict::Fail { field: "audit", seen, want: want.into(), fix: Fix::Edits(edits) };
    }
    let then = match audit.state {
        AuditState::Locked => {
            "the rules are locked (`-e 2`), so it counts from the next start of the machine on"
        }
        AuditState::On | AuditState::Off => "load it by `augenrules --load`",
    };
    let lines: Vec<String> = lines.iter().map(|it| format!("`{it}`")).collect();
    let path = OwnFile::AuditRules.path();
    let advice = format!("add {} to {path}; {then}", lines.join(" and "));
    fails_by_hand("audit", seen, want, advice)
}

/// Spells a rule of the family out: `$example` is a path that it is about.
macro_rules! watch {
    ($rule:ident, $subject:ident, $id:literal, $title:literal, $severity:ident, $name:literal,
     $example:literal, $accesses:literal, $checks:literal, $why:literal,
     $references:expr $(,)?) => {
        pub static $rule: Watch = Watch {
            subject: Audited::$subject,
            meta: &Meta {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                docs: concat!("
## Checks
That the kernel's audit system writes down accesses of the kinds `", $accesses, "` to ", $checks, ". The rules are those that the kernel has (`auditctl -l`). A watch on a directory above counts; so does either way of writing one, `-w PATH -p ", $accesses, "` or `-a always,exit -F dir=PATH -F perm=", $accesses, "`; `-F path=` on a directory does not, as it watches nothing inside. What an earlier `never` takes out is not watched, and rules for certain users or programs alone are no watch. Links are followed on both sides.
Where nobody can ask the kernel, the files under `/etc/audit` are read: what they lack is lacking, and what they hold is unknown. What is not there is not judged.

## Why
", $why, " Afterwards the audit log is what tells who did it.

## What a fix may break
A line is added to `/etc/audit/rules.d/plimsoll.rules`, and given to the kernel. Every access that is written down takes room in the audit log. Where the rules are locked (`-e 2`), a new one would wait for the next start of the machine: then, and where nobody can ask the kernel, the line is named and nothing is changed.
"),
                fix: Some(Class::Live),
                references: $references,
                implies: &[],
                examples: &[
                    Example::Passes { params: "{}", object: concat!("{audit: ['-w ", $example, " -p ", $accesses, " -k docker'], paths: {", $name, ": [", $example, "]}}") },
                    Example::Passes { params: "{}", object: concat!("{audit: ['-a always,exit -F arch=b64 -F path=", $example, " -F perm=", $accesses, "'], paths: {", $name, ": [", $example, "]}}") },
                    Example::Passes { params: "{}", object: concat!("{audit: ['-w / -p rwxa'], paths: {", $name, ": [", $example, "/]}}") },
                    Example::Fails { params: "{}", object: concat!("{audit: [], paths: {", $name, ": [", $example, "]}}") },
                    Example::Fails { params: "{}", object: concat!("{audit: ['-w ", $example, ".d -p ", $accesses, "'], paths: {", $name, ": [", $example, "]}}") },
                    Example::Fails { params: "{}", object: concat!("{audit: ['-w ", $example, " -p r'], paths: {", $name, ": [", $example, "]}}") },
                    Example::Fails { params: "{}", object: concat!("{audit: ['-a never,exit -F dir=", $example, "', '-w ", $example, " -p ", $accesses, "'], paths: {", $name, ": [", $example, "]}}") },
                    Example::Fails { params: "{}", object: concat!("{audit: ['-a always,exit -F path=", $example, " -F perm=", $accesses, "'], paths: {", $name, ": [", $example, "/]}}") },
                    Example::Fails { params: "{}", object: concat!("{audit: ['-w ", $example, " -p ", $accesses, "', '-e 0'], paths: {", $name, ": [", $example, "]}}") },
                    Example::Fails { params: "{}", object: concat!("{audit-files: [], paths: {", $name, ": [", $example, "]}}") },
                    Example::Unknown { params: "{}", object: concat!("{audit-files: ['-w ", $example, " -p ", $accesses, "'], paths: {", $name, ": [", $example, "]}}") },
                    Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
                    Example::NotApplicable { params: "{}", object: "{audit: []}" },
                ],
            },
        };
    };
}

watch! {
    CONTAINERD_BIN, Containerd, "host.audit-containerd-bin", "The program of containerd is watched", Low,
    "containerd", "/usr/bin/containerd", "wxa",
    "`/usr/bin/containerd`",
    "containerd runs as root and starts every container; whoever replaces it is root.",
    &[cis6("1.1.14"), cis8("1.1.14"), nist("4.5.5")],
}

watch! {
    CONTAINERD_CONFIG, ContainerdConfig, "host.audit-containerd-config", "The file of containerd is watched", Low,
    "containerd-config", "/etc/containerd/config.toml", "wa",
    "`/etc/containerd/config.toml`",
    "The file says which programs containerd starts as root.",
    &[cis6("1.1.12"), cis8("1.1.12"), nist("4.5.5")],
}

watch! {
    CONTAINERD_SHIM, ContainerdShim, "host.audit-containerd-shim", "The oldest shim is watched", Low,
    "containerd-shim", "/usr/bin/containerd-shim", "wxa",
    "`/usr/bin/containerd-shim`, which old engines start containers by",
    "A shim runs as root beside every container.",
    &[cis6("1.1.15"), cis8("1.1.15"), nist("4.5.5")],
}

watch! {
    CONTAINERD_SHIM_RUNC_V1, ContainerdShimRuncV1, "host.audit-containerd-shim-runc-v1", "The first shim of runc is watched", Low,
    "containerd-shim-runc-v1", "/usr/bin/containerd-shim-runc-v1", "wxa",
    "`/usr/bin/containerd-shim-runc-v1`",
    "A shim runs as root beside every container.",
    &[cis6("1.1.16"), cis8("1.1.16"), nist("4.5.5")],
}

watch! {
    CONTAINERD_SHIM_RUNC_V2, ContainerdShimRuncV2, "host.audit-containerd-shim-runc-v2", "The second shim of runc is watched", Low,
    "containerd-shim-runc-v2", "/usr/bin/containerd-shim-runc-v2", "wxa",
    "`/usr/bin/containerd-shim-runc-v2`",
    "A shim runs as root beside every container.",
    &[cis6("1.1.17"), cis8("1.1.17"), nist("4.5.5")],
}

watch! {
    CONTAINERD_SOCKET, ContainerdSocket, "host.audit-containerd-socket", "The socket of containerd is watched", Low,
    "containerd-socket", "/run/containerd/containerd.sock", "wa",
    "the socket of containerd that the engine uses",
    "Whoever opens the socket up to others lets them start containers past the engine.",
    &[cis6("1.1.8"), cis8("1.1.8"), nist("4.5.5")],
}

watch! {
    DAEMON_JSON, DaemonJson, "host.audit-daemon-json", "The daemon's file is watched", Medium,
    "daemon-json", "/etc/docker/daemon.json", "wa",
    "the file of `--config-file`, or `/etc/docker/daemon.json`",
    "The file decides what the daemon does at its next start.",
    &[cis6("1.1.11"), cis8("1.1.11"), nist("4.5.5")],
}

watch! {
    DATA_ROOT, DataRoot, "host.audit-data-root", "The engine's data is watched", Low,
    "data-root", "/var/lib/docker", "wa",
    "the directory of `data-root` (`DockerRootDir`); as all of it is a great deal, watches on both `containers` and `volumes` in it do as well",
    "Layers, volumes and the settings of every container lie there, secrets among them.",
    &[cis6("1.1.5"), cis8("1.1.5"), nist("4.5.5")],
}

watch! {
    DOCKER_SERVICE, DockerService, "host.audit-docker-service", "The daemon's unit is watched", Low,
    "docker-service", "/usr/lib/systemd/system/docker.service", "wa",
    "the unit that the daemon runs as, and the directories of its drop-ins",
    "Whoever changes it, or adds a drop-in, decides which program runs as root.",
    &[cis6("1.1.7"), cis8("1.1.7"), nist("4.5.5")],
}

watch! {
    DOCKER_SOCKET, DockerSocket, "host.audit-docker-socket", "The engine's socket is watched", Low,
    "docker-socket", "/run/docker.sock", "wa",
    "the sockets of the engine, the unit `docker.socket` and the directories of its drop-ins",
    "Whoever opens the socket up to others makes them root on this host.",
    &[cis6("1.1.9"), cis8("1.1.9"), nist("4.5.5")],
}

watch! {
    DOCKERD, Dockerd, "host.audit-dockerd", "The daemon's program is watched", Medium,
    "dockerd", "/usr/bin/dockerd", "wxa",
    "the program that the daemon's process runs, or `/usr/bin/dockerd`",
    "The daemon runs as root; whoever replaces its program is root.",
    &[cis6("1.1.3"), cis8("1.1.3"), stig("V-235779"), nist("4.5.5")],
}

watch! {
    ETC_DEFAULT_DOCKER, EtcDefaultDocker, "host.audit-etc-default-docker", "`/etc/default/docker` is watched", Low,
    "etc-default-docker", "/etc/default/docker", "wa",
    "`/etc/default/docker`",
    "Some service managers take the daemon's arguments from it.",
    &[cis6("1.1.10"), cis8("1.1.10"), nist("4.5.5")],
}

watch! {
    ETC_DOCKER, EtcDocker, "host.audit-etc-docker", "`/etc/docker` is watched", Medium,
    "etc-docker", "/etc/docker", "wa",
    "`/etc/docker`; for a rootless daemon the directory of its file",
    "The daemon's settings, certificates and plugins are in it.",
    &[cis6("1.1.6"), cis8("1.1.6"), nist("4.5.5")],
}

watch! {
    ETC_SYSCONFIG_DOCKER, EtcSysconfigDocker, "host.audit-etc-sysconfig-docker", "`/etc/sysconfig/docker` is watched", Low,
    "etc-sysconfig-docker", "/etc/sysconfig/docker", "wa",
    "`/etc/sysconfig/docker`",
    "The daemon's arguments and its environment are taken from it.",
    &[cis6("1.1.13"), cis8("1.1.13"), nist("4.5.5")],
}

watch! {
    RUN_CONTAINERD, RunContainerd, "host.audit-run-containerd", "`/run/containerd` is watched", Low,
    "run-containerd", "/run/containerd", "wa",
    "`/run/containerd`",
    "The sockets of containerd and of every shim are in it.",
    &[cis6("1.1.4"), cis8("1.1.4"), nist("4.5.5")],
}

watch! {
    RUNC, Runc, "host.audit-runc", "The program of runc is watched", Low,
    "runc", "/usr/bin/runc", "wxa",
    "`/usr/bin/runc` or `/usr/sbin/runc`",
    "Runc starts every container as root; whoever replaces it is root.",
    &[cis6("1.1.18"), cis8("1.1.18"), nist("4.5.5")],
}
