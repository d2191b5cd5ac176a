//! Defaults that were copied into the container when it was created.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        daemon_keys::has_secret_name,
        edit::ContainerEdit,
        field::Field,
        finding::Verdict,
        size::Size,
    },
    rules::{fails, fails_by_hand},
};

const OWN: Verdict = Verdict::NotApplicable("it has a value of its own");
const LOOSER: Verdict = Verdict::NotApplicable("what it has from before is stricter");

/// moby `daemon/create.go`, `setSecurityOptions`: copied, and shown by the kernel alone.
pub(super) fn no_new_privileges(container: &ContainerSpec, want: &Value) -> Verdict {
    if want != &Value::Bool(true) {
        return LOOSER;
    }
    match (container.defaulted.no_new_privileges, &container.process) {
        (Some(true), _) => Verdict::Pass,
        (Some(false), _) => OWN,
        (None, Field::Set(process)) if process.no_new_privileges => Verdict::Pass,
        (None, Field::Set(_)) => fails(
            "security_opt",
            "no-new-privileges is off, as the daemon's default was when it was created",
            "no-new-privileges=true",
            [ContainerEdit::NoNewPrivileges(true)],
        ),
        (None, Field::Inherited(_) | Field::Unknown(_))
            if was_created_under(container, "no-new-privileges", want) =>
        {
            Verdict::Pass
        }
        (None, Field::Inherited(_)) => Verdict::Unknown("its process was not looked at".into()),
        (None, Field::Unknown(why)) => Verdict::Unknown(format!(
            "the daemon's default when it was created decides, and only a running process shows \
             it: {why}"
        )),
    }
}

/// Whether the daemon that runs, and goes by the value, has created it.
fn was_created_under(container: &ContainerSpec, key: &str, want: &Value) -> bool {
    let defaults = &container.daemon_defaults;
    let created = container.defaulted.created_at.parse::<Timestamp>().ok();
    let is_younger =
        created.zip(defaults.started_at).is_some_and(|(created, started)| created >= started);
    is_younger && defaults.goes_by(key, want) == Some(true)
}

/// moby `daemon/logs.go`, `mergeAndVerifyLogConfig`: a container that names the daemon's driver,
/// or none, gets the daemon's options for what it does not say itself.
pub(super) fn log(
    container: &ContainerSpec,
    driver: Option<&str>,
    options: Option<&Map<String, Value>>,
) -> Verdict {
    let defaults = &container.daemon_defaults;
    let Some(log) = &container.defaulted.log else {
        return Verdict::Unknown("its log driver is not known".into());
    };
    let in_force = defaults.value("log-driver").and_then(Value::as_str);
    let Some(want) = driver.or(in_force) else {
        return Verdict::Unknown("the daemon's log driver is not known".into());
    };
    let moves = log.driver != want;
    if moves && driver.is_none() {
        return Verdict::NotApplicable(
            "it names another log driver, which takes no default option",
        );
    }
    if moves && !defaults.may_have_given("log-driver", &json!(log.driver)) {
        return Verdict::NotApplicable("it names a log driver of its own");
    }
    let mut set = BTreeMap::new();
    let mut unset = BTreeSet::new();
    let mut seen = Vec::new();
    let mut wanted = Vec::new();
    if moves {
        // Options of another driver may be refused by this one.
        unset.extend(log.options.keys().cloned());
        seen.push(log.driver.clone());
        wanted.push(want.to_owned());
    }
    for (name, value) in options.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let has = log.options.get(name).filter(|_| !moves);
        if has.is_some_and(|it| it == value) {
            continue;
        }
        if has_secret_name(&json!({ name.as_str(): "" })) {
            // The daemon fills it in; it is not written anywhere.
            unset.insert(name.clone());
            seen.push(format!("{name} (sensitive)"));
            wanted.push(format!("{name} (sensitive)"));
        } else {
            unset.remove(name);
            seen.extend((!moves).then(|| match has {
                Some(has) => format!("{name}={has}"),
                None => format!("no {name}"),
            }));
            wanted.push(format!("{name}={value}"));
            set.insert(name.clone(), value.to_owned());
        }
    }
    if wanted.is_empty() {
        return Verdict::Pass;
    }
    let edit = ContainerEdit::Log { driver: want.to_owned(), set, unset };
    fails("logging", seen.join(", "), wanted.join(", "), [edit])
}

/// moby `adaptContainerSettings`.
pub(super) fn ipc_mode(container: &ContainerSpec, want: &Value) -> Verdict {
    let edit = match want.as_str() {
        Some("shareable") => ContainerEdit::ShareableIpc,
        Some("private") => ContainerEdit::PrivateIpc,
        _ => return Verdict::Unknown("the declared mode is not known".into()),
    };
    let has = match &container.ipc_mode {
        Namespace::Own => "private",
        Namespace::Shareable => "shareable",
        Namespace::None | Namespace::Host | Namespace::Container { .. } | Namespace::Named(_) => {
            return OWN;
        }
    };
    let want = want.as_str().unwrap_or_default();
    if has == want { Verdict::Pass } else { fails("ipc", has, want.to_owned(), [edit]) }
}

/// moby `adaptContainerSettings`; on cgroup v1 a privileged container gets the host's.
pub(super) fn cgroupns_mode(container: &ContainerSpec, want: &Value) -> Verdict {
    let Some(want) = want.as_str() else {
        return Verdict::Unknown("the declared mode is not known".into());
    };
    match container.defaulted.cgroupns.as_str() {
        "" => Verdict::NotApplicable("it has no cgroup namespace mode"),
        has if has == want => Verdict::Pass,
        _ if container.privileged => {
            Verdict::NotApplicable("a privileged container may be given the host's")
        }
        has => fails("cgroup", has, want.to_owned(), [ContainerEdit::CgroupnsMode(want.into())]),
    }
}

/// moby `adaptContainerSettings`.
pub(super) fn shm_size(container: &ContainerSpec, want: &Value) -> Verdict {
    let Some(Size(want)) = want.as_str().and_then(Size::parse) else {
        return Verdict::Unknown("the declared size cannot be read".into());
    };
    if !matches!(container.ipc_mode, Namespace::Own | Namespace::Shareable) {
        return Verdict::NotApplicable("it has no shared memory of its own");
    }
    let Some(has) = container.defaulted.shm_bytes else {
        return Verdict::Unknown("its size of shared memory is not known".into());
    };
    if has == want {
        return Verdict::Pass;
    }
    // The engine says a size in bytes; as a setting it is text.
    if !container.daemon_defaults.may_have_given("default-shm-size", &json!(has.to_string())) {
        return OWN;
    }
    let text = |bytes: i64| Size(bytes).to_string();
    fails("shm_size", text(has), text(want), [ContainerEdit::ShmSize(want)])
}

/// moby `verifyPlatformContainerSettings`, or at the first start.
pub(super) fn runtime(container: &ContainerSpec, want: &Value) -> Verdict {
    let Some(want) = want.as_str() else {
        return Verdict::Unknown("the declared runtime is not known".into());
    };
    let has = container.defaulted.runtime.as_str();
    if has == want {
        return Verdict::Pass;
    }
    if has.is_empty() {
        return Verdict::NotApplicable("it is given a runtime at its first start");
    }
    if !container.daemon_defaults.may_have_given("default-runtime", &json!(has)) {
        return OWN;
    }
    fails("runtime", has, want.to_owned(), [ContainerEdit::Runtime(want.into())])
}

/// moby `parseSecurityOpt`: labels are made at creation.
pub(super) fn selinux(container: &ContainerSpec, want: &Value) -> Verdict {
    if want != &Value::Bool(true) {
        return LOOSER;
    }
    let in_force = container.daemon_defaults.goes_by("selinux-enabled", want);
    match (container.defaulted.process_label.is_empty(), in_force) {
        (false, _) => Verdict::Pass,
        (true, _) if container.privileged => OWN,
        (true, Some(true)) => fails_by_hand(
            "security_opt",
            "no SELinux label",
            "a label of its own",
            "create it anew: labels are given at creation; with label=disable it chose so itself, \
             and a waiver says that",
        ),
        (true, _) => Verdict::NotApplicable("the daemon gives no labels yet"),
    }
}
