//! No parts of the host that lead into it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        finding::{Severity, Verdict},
        host_path::{clean, clean_on_host, is_within},
        mount::Mount,
    },
    rules::{
        Example, Meta, ParamError, Rule, cis6, cis8,
        container::{leads_to, mounts_verdict},
        nist, owasp, pss_baseline, stig,
    },
};

pub struct NoSensitiveBind;

static META: Meta = Meta {
    id: "container.no-sensitive-bind",
    title: "Containers do not hold sensitive parts of the host's file system",
    severity: Severity::High,
    docs: "
## Checks
That no mount leads, after symlinks, to a system directory, into one, or to a directory above one: /bin /boot /dev /etc /lib /lib32 /lib64 /proc /root /run /sbin /sys /usr /var/lib/containerd /var/lib/docker /var/log, and what `protect` adds; or to /home or somebody's home directory as a whole.
A volume that is a bind in disguise counts as a bind.
Paths in `allow` pass where they are mounted read-only.

## Why
Who can write to `/etc` or `/usr` is root on the host soon after, and reading `/root`, `/proc` or the engine's own directories gives away what is needed for it.

## What a fix may break
The container is replaced by one without the mount.
Where the image declares a volume at the same path, it gets a fresh one.
A program that reads its configuration or writes its data there finds nothing.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.6"), cis8("5.6"), stig("V-235783"), nist("4.5.5"), nist("4.4.3"), owasp("RULE #8"), pss_baseline("HostPath Volumes")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['/srv:/data']}" },
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['/etcetera:/data']}" },
        Example::Passes {
            params: "{}",
            object: "HostConfig: {Binds: ['/etc/localtime:/etc/localtime:ro']}",
        },
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['/home/ann/app:/app']}" },
        Example::Passes {
            params: "allow: ['/var/log:rw']",
            object: "HostConfig: {Binds: ['/var/log/nginx:/var/log/nginx']}",
        },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/etc/localtime:/t']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/etc/ssh/:/ssh:ro']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/:/host:ro']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/home/ann:/home']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['etc-in-disguise:/host']}" },
        Example::Fails {
            params: "protect: [/srv/keys]",
            object: "HostConfig: {Mounts: [{Type: bind, Source: /srv, Target: /data}]}",
        },
        Example::Unknown {
            params: "{}",
            object: "HostConfig: {Binds: ['/elsewhere/link:/data']}",
        },
    ],
};

/// Protected with everything in it.
const TREES: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/log",
];

/// The parent of home directories: protected as a whole, and so is each home, but not what lies
/// in them, where people keep the data of their containers.
const HOMES: &str = "/home";

/// Read by many programs and of no use to an intruder.
const HARMLESS: &[&str] = &[
    "/etc/ca-certificates",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/resolv.conf",
    "/etc/ssl/certs",
    "/etc/timezone",
    "/run/systemd/resolve/resolv.conf",
    "/run/systemd/resolve/stub-resolv.conf",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
];

/// What is sensitive here, and what is not.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Further paths of the host to protect.
    #[serde(default)]
    #[schemars(inner(pattern(r"^/")))]
    protect: Vec<String>,
    /// Paths that pass, with everything in them, where they are mounted read-only; with `:rw`
    /// behind a path also writable. In place of the usual ones: time zone, certificates, host
    /// names, resolver.
    #[serde(default = "harmless")]
    #[schemars(inner(pattern(r"^/")))]
    allow: Vec<String>,
}

fn harmless() -> Vec<String> {
    HARMLESS.iter().map(|&path| path.to_owned()).collect()
}

impl Rule for NoSensitiveBind {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        for (name, paths) in [("protect", &params.protect), ("allow", &params.allow)] {
            if let Some(at) = paths.iter().position(|path| !path.starts_with('/')) {
                let message = format!("`{}` is not an absolute path", paths[at]);
                return Err(ParamError::new(format!("{name}[{at}]"), message));
            }
        }
        Ok(())
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        mounts_verdict(container, "no sensitive path of the host", |mount| {
            leads_to(mount).is_some_and(|path| {
                is_sensitive(&path, params) && !is_allowed(mount, &path, params)
            })
        })
    }
}

fn is_sensitive(path: &str, params: &Params) -> bool {
    let is_home = is_within(HOMES, path)
        || path
            .strip_prefix(HOMES)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|rest| !rest.contains('/'));
    let touches = |tree: &str| is_within(path, tree) || is_within(tree, path);
    is_home
        || TREES.iter().any(|tree| touches(tree))
        || params.protect.iter().any(|tree| {
            let tree = clean_on_host(tree);
            // Everything is in `/`; protecting it means itself.
            if tree == "/" { path == "/" } else { touches(&tree) }
        })
}

/// An allowed path counts as it is written and where it leads: `/etc/localtime` is a link.
fn is_allowed(mount: &Mount, path: &str, params: &Params) -> bool {
    let given = clean(&mount.source);
    params.allow.iter().any(|allowed| {
        let (allowed, is_writable) = match allowed.strip_suffix(":rw") {
            Some(allowed) => (allowed, true),
            None => (allowed.strip_suffix(":ro").unwrap_or(allowed), false),
        };
        (is_writable || !mount.writable) && {
            let allowed = clean(allowed);
            is_within(path, &allowed) || is_within(&given, &allowed)
        }
    })
}
