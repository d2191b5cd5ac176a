//! The table: for each file whom it belongs to, and how far its permissions may go.

use super::{FileMode, FileOwner};
use crate::{
    model::{class::Class, finding::Severity, host_files::Subject},
    rules::{Example, Meta, cis6, cis8, nist, owasp, stig},
};

/// Spells out what a rule about an owner says.
macro_rules! owner {
    ($rule:ident, $subject:ident, $id:literal, $title:literal, $severity:ident, $name:literal,
     $checks:literal, $why:literal, $references:expr $(,)?) => {
        pub static $rule: FileOwner = FileOwner {
            subject: Subject::$subject,
            meta: &Meta {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                docs: concat!("
## Checks
Looks at ", $checks, ".
User and group, as numbers and behind all links, are those that the daemon runs as: 0 and 0, or for a rootless daemon its owner's. No directory above it, on the way of the links too, is one that others can write to. A file that is not there is not judged.

## Why
Of this file: ", $why, ".

## What a fix may break
Whoever used the file by its old owner no longer can. Where others can write to a directory above it, nothing is changed: the directory may be somebody's, and the commands are named.
"),
                fix: Some(Class::Live),
                references: $references,
                implies: &[],
                examples: &[
                    Example::Passes { params: "{}", object: concat!($name, ": [{path: /x}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, uid: 1000}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x}, {path: /y, gid: 1000}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, open-parents: [/]}]") },
                    Example::NotApplicable { params: "{}", object: concat!($name, ": []") },
                    Example::Unknown { params: "{}", object: concat!($name, ": [{path: /x, unseen: no permission to look}]") },
                    Example::Unknown { params: "{}", object: "unseen: the engine is elsewhere" },
                ],
            },
        };
    };
}

/// Spells out what a rule about permissions says.
macro_rules! mode {
    ($rule:ident, $subject:ident, $at_most:literal, $id:literal, $title:literal, $severity:ident,
     $name:literal, $text:literal, $checks:literal, $why:literal, $references:expr $(,)?) => {
        pub static $rule: FileMode = FileMode {
            subject: Subject::$subject,
            at_most: $at_most,
            meta: &Meta {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                docs: concat!("
## Checks
Looks at ", $checks, ".
No bit of its mode is set beside those of ", $text, ", and no access list says more. Modes are compared bit by bit, so 0606 is not less than 0660. A file that is not there is not judged.

## Why
Of this file: ", $why, ".

## What a fix may break
Whoever reads or writes the file without being its owner no longer can. Bits are only taken away.
"),
                fix: Some(Class::Live),
                references: $references,
                implies: &[],
                examples: &[
                    Example::Passes { params: "{}", object: concat!($name, ": [{path: /x, mode: '", $text, "'}]") },
                    Example::Passes { params: "permissions: '0777'", object: concat!($name, ": [{path: /x, mode: '0777'}]") },
                    Example::Passes { params: "mode: '0777'", object: concat!($name, ": [{path: /x, mode: '0644'}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, mode: '0606'}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, mode: '4400'}]") },
                    Example::Fails { params: "{}", object: concat!($name, ": [{path: /x, mode: '0400', has-access-list: true}]") },
                    Example::Fails { params: "permissions: '0400'", object: concat!($name, ": [{path: /x, mode: '0440'}]") },
                    Example::NotApplicable { params: "{}", object: concat!($name, ": []") },
                    Example::Unknown { params: "{}", object: concat!($name, ": [{path: /x, unseen: no permission to look}]") },
                    Example::Unknown { params: "{}", object: "unseen: the engine is elsewhere" },
                ],
            },
        };
    };
}

owner! {
    CONTAINERD_SOCK_OWNER, ContainerdSock, "host-file.containerd-sock-owner",
    "The socket of containerd belongs to the daemon's user", Critical, "containerd-sock",
    "the socket of containerd that the engine uses, as it tells (`Containerd.Address`) or at its usual places",
    "containerd starts containers for whoever reaches its socket, past everything that the engine asks",
    &[cis6("3.23"), cis8("3.23"), nist("4.5.5")],
}

mode! {
    CONTAINERD_SOCK_MODE, ContainerdSock, 0o660, "host-file.containerd-sock-mode",
    "The socket of containerd is open to nobody else", Critical, "containerd-sock", "0660",
    "the socket of containerd that the engine uses, as it tells (`Containerd.Address`) or at its usual places",
    "containerd starts containers for whoever reaches its socket, past everything that the engine asks",
    &[cis6("3.24"), cis8("3.24"), nist("4.5.5")],
}

owner! {
    DAEMON_JSON_OWNER, DaemonJson, "host-file.daemon-json-owner",
    "The daemon's file belongs to the daemon's user", High, "daemon-json",
    "the file of `--config-file`, or `/etc/docker/daemon.json`",
    "whoever writes to it decides what the daemon does at its next start",
    &[cis6("3.17"), cis8("3.17"), stig("V-235867"), nist("4.5.5")],
}

mode! {
    DAEMON_JSON_MODE, DaemonJson, 0o644, "host-file.daemon-json-mode",
    "The daemon's file is open to nobody else", High, "daemon-json", "0644",
    "the file of `--config-file`, or `/etc/docker/daemon.json`",
    "whoever writes to it decides what the daemon does at its next start",
    &[cis6("3.18"), cis8("3.18"), stig("V-235868"), nist("4.5.5")],
}

owner! {
    DOCKER_SERVICE_OWNER, DockerService, "host-file.docker-service-owner",
    "The daemon's unit belongs to the daemon's user", High, "docker-service",
    "the unit that the daemon runs as, and every drop-in of it",
    "whoever writes to it decides which program runs as root",
    &[cis6("3.1"), cis8("3.1"), stig("V-235851"), nist("4.5.5")],
}

mode! {
    DOCKER_SERVICE_MODE, DockerService, 0o644, "host-file.docker-service-mode",
    "The daemon's unit is open to nobody else", High, "docker-service", "0644",
    "the unit that the daemon runs as, and every drop-in of it",
    "whoever writes to it decides which program runs as root",
    &[cis6("3.2"), cis8("3.2"), nist("4.5.5")],
}

owner! {
    DOCKER_SOCK_OWNER, DockerSock, "host-file.docker-sock-owner",
    "The engine's socket belongs to the daemon's user", Critical, "docker-sock",
    "every Unix socket that the daemon was told to listen on, and the one that this run talks to",
    "whoever writes to the socket is root on the host",
    &[cis6("3.15"), cis8("3.15"), stig("V-235865"), nist("4.5.5"), owasp("RULE #1")],
}

mode! {
    DOCKER_SOCK_MODE, DockerSock, 0o660, "host-file.docker-sock-mode",
    "The engine's socket is open to nobody else", Critical, "docker-sock", "0660",
    "every Unix socket that the daemon was told to listen on, and the one that this run talks to",
    "whoever writes to the socket is root on the host",
    &[cis6("3.16"), cis8("3.16"), stig("V-235866"), nist("4.5.5"), owasp("RULE #1")],
}

owner! {
    DOCKER_SOCKET_UNIT_OWNER, DockerSocketUnit, "host-file.docker-socket-unit-owner",
    "The unit of the engine's socket belongs to the daemon's user", High, "docker-socket-unit",
    "`docker.socket` and every drop-in of it",
    "it says where the engine listens, and for whom",
    &[cis6("3.3"), cis8("3.3"), stig("V-235853"), nist("4.5.5")],
}

mode! {
    DOCKER_SOCKET_UNIT_MODE, DockerSocketUnit, 0o644, "host-file.docker-socket-unit-mode",
    "The unit of the engine's socket is open to nobody else", High, "docker-socket-unit", "0644",
    "`docker.socket` and every drop-in of it",
    "it says where the engine listens, and for whom",
    &[cis6("3.4"), cis8("3.4"), nist("4.5.5")],
}

owner! {
    ETC_DEFAULT_DOCKER_OWNER, EtcDefaultDocker, "host-file.etc-default-docker-owner",
    "`/etc/default/docker` belongs to the daemon's user", High, "etc-default-docker",
    "`/etc/default/docker`",
    "some service managers run it as a script of root's, and take the daemon's arguments from it",
    &[cis6("3.19"), cis8("3.19"), stig("V-235869"), nist("4.5.5")],
}

mode! {
    ETC_DEFAULT_DOCKER_MODE, EtcDefaultDocker, 0o644, "host-file.etc-default-docker-mode",
    "`/etc/default/docker` is open to nobody else", High, "etc-default-docker", "0644",
    "`/etc/default/docker`",
    "some service managers run it as a script of root's, and take the daemon's arguments from it",
    &[cis6("3.20"), cis8("3.20"), nist("4.5.5")],
}

owner! {
    ETC_DOCKER_OWNER, EtcDocker, "host-file.etc-docker-owner",
    "`/etc/docker` belongs to the daemon's user", High, "etc-docker",
    "`/etc/docker`; for a rootless daemon the directory of its file",
    "the daemon's settings, certificates and plugins are in it",
    &[cis6("3.5"), cis8("3.5"), stig("V-235855"), nist("4.5.5")],
}

mode! {
    ETC_DOCKER_MODE, EtcDocker, 0o755, "host-file.etc-docker-mode",
    "`/etc/docker` is open to nobody else", Medium, "etc-docker", "0755",
    "`/etc/docker`; for a rootless daemon the directory of its file",
    "the daemon's settings, certificates and plugins are in it",
    &[cis6("3.6"), cis8("3.6"), nist("4.5.5")],
}

owner! {
    ETC_SYSCONFIG_DOCKER_OWNER, EtcSysconfigDocker, "host-file.etc-sysconfig-docker-owner",
    "`/etc/sysconfig/docker` belongs to the daemon's user", High, "etc-sysconfig-docker",
    "`/etc/sysconfig/docker`, and every file that the daemon's unit takes variables from (`EnvironmentFile=`)",
    "the daemon's arguments and its environment are taken from it",
    &[cis6("3.22"), cis8("3.22"), nist("4.5.5")],
}

mode! {
    ETC_SYSCONFIG_DOCKER_MODE, EtcSysconfigDocker, 0o644, "host-file.etc-sysconfig-docker-mode",
    "`/etc/sysconfig/docker` is open to nobody else", High, "etc-sysconfig-docker", "0644",
    "`/etc/sysconfig/docker`, and every file that the daemon's unit takes variables from (`EnvironmentFile=`)",
    "the daemon's arguments and its environment are taken from it",
    &[cis6("3.21"), cis6("3.22"), cis8("3.21"), cis8("3.22"), nist("4.5.5")],
}

owner! {
    REGISTRY_CERTS_OWNER, RegistryCerts, "host-file.registry-certs-owner",
    "Certificates of registries belong to the daemon's user", High, "registry-certs",
    "every file below `/etc/docker/certs.d`, keys too",
    "they say which registry is believed, and the keys in them speak for this host",
    &[cis6("3.7"), cis8("3.7"), stig("V-235857"), nist("4.2.1"), nist("4.5.5")],
}

mode! {
    REGISTRY_CERTS_MODE, RegistryCerts, 0o444, "host-file.registry-certs-mode",
    "Certificates of registries are open to nobody else", High, "registry-certs", "0444",
    "every file below `/etc/docker/certs.d`, keys too; a key (`.key`) to its owner alone",
    "they say which registry is believed, and the keys in them speak for this host",
    &[cis6("3.8"), cis8("3.8"), nist("4.5.5"), nist("4.2.1")],
}

owner! {
    TLS_CA_OWNER, TlsCa, "host-file.tls-ca-owner",
    "The certificate that clients are checked against belongs to the daemon's user", High, "tls-ca",
    "the file of `tlscacert`",
    "whoever writes to it decides whose certificates open the API",
    &[cis6("3.9"), cis8("3.9"), stig("V-235859"), nist("4.5.5")],
}

mode! {
    TLS_CA_MODE, TlsCa, 0o444, "host-file.tls-ca-mode",
    "The certificate that clients are checked against is open to nobody else", Low, "tls-ca", "0444",
    "the file of `tlscacert`",
    "whoever writes to it decides whose certificates open the API",
    &[cis6("3.10"), cis8("3.10"), nist("4.5.5")],
}

owner! {
    TLS_CERT_OWNER, TlsCert, "host-file.tls-cert-owner",
    "The daemon's certificate belongs to the daemon's user", High, "tls-cert",
    "the file of `tlscert`",
    "clients know the daemon by it",
    &[cis6("3.11"), cis8("3.11"), stig("V-235861"), nist("4.5.5")],
}

mode! {
    TLS_CERT_MODE, TlsCert, 0o444, "host-file.tls-cert-mode",
    "The daemon's certificate is open to nobody else", Low, "tls-cert", "0444",
    "the file of `tlscert`",
    "clients know the daemon by it",
    &[cis6("3.12"), cis8("3.12"), nist("4.5.5")],
}

owner! {
    TLS_KEY_OWNER, TlsKey, "host-file.tls-key-owner",
    "The daemon's key belongs to the daemon's user", Critical, "tls-key",
    "the file of `tlskey`",
    "whoever reads it can pass for the daemon",
    &[cis6("3.13"), cis8("3.13"), nist("4.5.5")],
}

mode! {
    TLS_KEY_MODE, TlsKey, 0o400, "host-file.tls-key-mode",
    "The daemon's key is open to nobody else", Critical, "tls-key", "0400",
    "the file of `tlskey`",
    "whoever reads it can pass for the daemon",
    &[cis6("3.14"), cis8("3.14"), stig("V-235864"), nist("4.5.5")],
}
