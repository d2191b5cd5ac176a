//! What starts the daemon is what somebody declared.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        host_system::{HostSystem, UnitFile, UnitFileKind},
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist},
};

pub struct UnitDropinsTrusted;

/// What the files hold.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Path of a file to its SHA-256, as `sha256sum` prints it.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

static META: Meta = Meta {
    id: "host.unit-dropins-trusted",
    title: "The daemon is started by declared files alone",
    severity: Severity::High,
    docs: "
## Checks
Looks at what systemd starts the daemon by: its unit and `docker.socket`, their drop-ins, those for all services, and the files that `EnvironmentFile=` names. Every drop-in is named in `files`, and every file that is named there is there and holds what its SHA-256 says. The unit itself and files of variables need not be named: packages change them. Who may change the files is judged by `host-file.docker-service-owner`, `host-file.docker-service-mode` and the like.

## Why
A drop-in replaces the daemon's whole command line: one more socket, or a program that runs before it as root. Nobody sees it in the unit that the package brought.

## What a fix may break
Nothing is changed. A setting that came by a file which is taken away is gone with the next start of the daemon.
",
    fix: None,
    references: &[nist("4.5.5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "unit-files: [{path: /lib/systemd/system/docker.service, kind: unit}]" },
        Example::Passes { params: "files: {/etc/systemd/system/docker.service.d/a.conf: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}", object: "unit-files: [{path: /etc/systemd/system/docker.service.d/a.conf, kind: drop-in, digest: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}]" },
        Example::Fails { params: "{}", object: "unit-files: [{path: /etc/systemd/system/docker.service.d/a.conf, kind: drop-in}]" },
        Example::Fails { params: "files: {/etc/default/docker: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}", object: "unit-files: [{path: /etc/default/docker, kind: variables}]" },
        Example::Fails { params: "files: {/etc/default/docker: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}", object: "unit-files: [{path: /lib/systemd/system/docker.service, kind: unit}]" },
        Example::NotApplicable { params: "{}", object: "unit-files: []" },
        Example::Unknown { params: "files: {/etc/default/docker: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}", object: "unit-files: [{path: /etc/default/docker, kind: variables, unseen: no permission}]" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

impl Rule for UnitDropinsTrusted {
    type View = HostSystem;
    type Params = Files;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("unit-files"))
    }

    fn check(&self, params: &Files) -> Result<(), ParamError> {
        let is_digest = |it: &str| it.len() == 64 && it.bytes().all(|it| it.is_ascii_hexdigit());
        for (path, digest) in &params.files {
            if !path.starts_with('/') {
                return Err(ParamError::new("files", format!("`{path}` is not absolute")));
            }
            if !is_digest(digest) {
                let message = "a SHA-256 has 64 digits, as `sha256sum` prints it";
                return Err(ParamError::new(format!("files.{path}"), message));
            }
        }
        Ok(())
    }

    fn judge(&self, host: &HostSystem, params: &Files) -> Verdict {
        let files = match &host.unit_files {
            Ok(files) => files,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        if files.is_empty() {
            return Verdict::NotApplicable("no unit of systemd starts the daemon");
        }
        let is = |file: &UnitFile, path: &str| file.path == path || file.resolved == path;
        let (mut wrong, mut todo, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for file in files.iter().filter(|it| it.kind == UnitFileKind::DropIn) {
            let path = &file.path;
            if !params.files.keys().any(|it| is(file, it)) {
                wrong.push(format!("{path} is not declared"));
                todo.push(match &file.digest {
                    Ok(digest) => format!("remove {path}, or declare `{path}: {digest}`"),
                    Err(_) => format!("remove {path}, or declare it"),
                });
            }
        }
        for (path, wanted) in &params.files {
            match files.iter().find(|it| is(it, path)).map(|it| &it.digest) {
                None => {
                    wrong.push(format!("{path} is not among the files that start it"));
                    todo.push(format!("bring {path} back, or take it out of `files`"));
                }
                Some(Err(why)) => unknown.push(format!("{path}: {why}")),
                Some(Ok(seen)) if !seen.eq_ignore_ascii_case(wanted) => {
                    wrong.push(format!("{path} holds something else"));
                    todo.push(format!("look at who changed {path}; it is {seen} now"));
                }
                Some(Ok(_)) => {}
            }
        }
        if !wrong.is_empty() {
            let want = "declared files, as they were declared";
            return fails_by_hand("unit files", wrong.join("; "), want, todo.join("; "));
        }
        if !unknown.is_empty() {
            return Verdict::Unknown(unknown.join("; "));
        }
        Verdict::Pass
    }
}
