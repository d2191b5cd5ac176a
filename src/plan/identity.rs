//! What stays the same between two plans: IDs of changes, fingerprints, digests of a policy.

use serde_json::{Value, json};

use super::daemon_file;
use crate::{
    declaration::{
        choose::Chooser,
        policy::{Assignment, Policy},
    },
    model::{
        container::ContainerSpec,
        daemon::DaemonConfig,
        daemon_digest::digest_of_bytes,
        object::Address,
        snapshot::{Fingerprint, Observed, Snapshot},
    },
};

/// Returns the ID of a change: the same for the same object and the same target.
pub(super) fn change_id(address: &Address, target: &impl serde::Serialize) -> String {
    let target = serde_json::to_string(target).unwrap_or_default();
    let digest = digest([address.as_str(), &target]);
    format!("c-{}", &digest[..6])
}

/// Returns the digest of how an object is configured, for the basis of a plan and for the record
/// of what was last in sync; `None` if it is not there.
pub fn fingerprint(snapshot: &Snapshot, address: &Address) -> Option<Fingerprint> {
    match address.kind() {
        "container" => container(snapshot, address).map(|it| it.fingerprint.clone()),
        "daemon" if address.name().is_empty() => {
            let daemon = &snapshot.daemon;
            let keys = daemon.keys.keys().map(|key| key_fingerprint(daemon, key));
            Some(digest(keys.chain([daemon.file_path.clone()])))
        }
        "daemon" => Some(key_fingerprint(&snapshot.daemon, address.name())),
        "host-file" => {
            let of_subject = snapshot.files.files.iter();
            let seen = of_subject.filter(|(subject, _)| subject.name() == address.name());
            Some(digest(seen.map(|(_, seen)| format!("{seen:?}"))))
        }
        "host" => {
            let Snapshot { system, daemon, .. } = snapshot;
            let (components, host) = (&daemon.engine.components, &daemon.host);
            let modes = (&host.apparmor_mode, &host.kernel_fips, &host.order_sockets);
            Some(digest([format!("{system:?} {components:?} {modes:?}")]))
        }
        _ => None,
    }
}

/// Secrets are no part of it: a digest can be guessed at.
pub(super) fn key_fingerprint(daemon: &DaemonConfig, key: &str) -> Fingerprint {
    let sides = daemon.keys.get(key).map(|it| {
        let safe = |value: &Value| daemon_file::redact(key, value);
        json!({
            "file": it.file.as_ref().map(safe),
            "flag": it.flag.as_ref().map(|flag| safe(&flag.value)),
            "running": it.running.stated().map(safe),
        })
    });
    digest([key, &sides.unwrap_or(Value::Null).to_string()])
}

/// Returns the digest of everything that a policy asks of an object.
pub fn policy_digest(policy: &Policy, snapshot: &Snapshot, address: &Address) -> String {
    digest_of_policy(policy, &Chooser::new(policy), snapshot, address)
}

/// The same for many objects of one policy.
pub fn digest_of_policy(
    policy: &Policy,
    chooser: &Chooser<'_>,
    snapshot: &Snapshot,
    address: &Address,
) -> String {
    match address.kind() {
        "container" => {
            container(snapshot, address).map_or_else(String::new, |it| of_spec(chooser, &it.spec))
        }
        _ => {
            let about = policy.daemon.iter().filter(|it| it.daemon_address() == *address);
            let mut digests: Vec<_> = about.map(|it| it.digest.clone()).collect();
            digests.sort();
            digest(digests)
        }
    }
}

/// Returns the same of a container.
pub(super) fn of_spec(chooser: &Chooser<'_>, spec: &ContainerSpec) -> String {
    let of = |all: &[&Assignment]| digest(all.iter().map(|it| &it.digest));
    chooser.for_container(spec).digest(of).to_owned()
}

/// Returns the container of this address.
pub(super) fn container<'a>(snapshot: &'a Snapshot, address: &Address) -> Option<&'a Observed> {
    snapshot.containers.get(place(snapshot, address.of_container()?)?)
}

/// Returns where a container of this name stands in the snapshot, which is sorted by name.
pub(super) fn place(snapshot: &Snapshot, name: &str) -> Option<usize> {
    snapshot.containers.binary_search_by(|it| it.spec.name.as_str().cmp(name)).ok()
}

fn digest(parts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        // The length keeps two lists apart that join to the same text.
        bytes.extend((part.as_ref().len() as u64).to_le_bytes());
        bytes.extend(part.as_ref().as_bytes());
    }
    digest_of_bytes(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{daemon::DaemonKey, field::Field, samples::snapshot};

    #[test]
    fn change_of_the_same_object_to_the_same_target_keeps_its_id() {
        let web = Address::container("web");
        let id = change_id(&web, &[1]);
        assert_eq!(id, change_id(&web, &[1]));
        assert_ne!(id, change_id(&web, &[2]));
        assert_ne!(id, change_id(&Address::container("db"), &[1]));
        assert!(id.starts_with("c-") && id.len() == 8, "{id}");
    }

    #[test]
    fn fingerprint_moves_with_the_key_and_not_with_a_secret_in_it() {
        let with = |url: &str| {
            let mut snapshot = snapshot([]);
            let value = json!({ "http-proxy": url });
            let running = Field::Set(value.clone());
            let key = DaemonKey { file: Some(value), flag: None, running };
            snapshot.daemon.keys.insert("proxies".into(), key);
            fingerprint(&snapshot, &Address::daemon_key("proxies")).unwrap()
        };
        assert_eq!(with("http://me:one@p"), with("http://me:two@p"));
    }
}
