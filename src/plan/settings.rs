//! A container's settings before and after its edits, in Docker's words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{SettingChange, Shown};
use crate::model::{
    capability::CapabilitySet,
    class::Class,
    container::{ContainerSpec, PublishedPort, Seccomp},
    daemon_keys,
    edit::ContainerEdit,
    field::Field,
    size::Size,
};

/// Returns the settings that the edits change, in the order of Docker's documentation. Those
/// that cannot be changed on a container that exists say so.
pub(super) fn settings(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Vec<SettingChange> {
    let mut rows = Rows::default();
    for edit in edits {
        rows.add(spec, edit);
    }
    rows.settings
}

#[derive(Default)]
struct Rows {
    settings: Vec<SettingChange>,
}

impl Rows {
    fn add(&mut self, spec: &ContainerSpec, edit: &ContainerEdit) {
        let forces = (!edit.in_place()).then_some(Class::Recreate);
        let mut row = |name: &str, before: Shown, after: Shown| {
            self.settings.push(SettingChange { name: name.into(), before, after, forces });
        };
        match edit {
            ContainerEdit::Privileged(after) => {
                row("privileged", value(spec.privileged), value(*after));
            }
            ContainerEdit::BoundCapabilities(allow) => {
                let request = spec.capability_request;
                let after = request.bounded(*allow);
                let (add, add_after) =
                    (names(request.add, request.add_all), names(after.add, after.add_all));
                let (drop, drop_after) =
                    (names(request.drop, request.drop_all), names(after.drop, after.drop_all));
                if add != add_after {
                    row("cap_add", Shown::Value(add), Shown::Value(add_after));
                }
                if drop != drop_after {
                    row("cap_drop", Shown::Value(drop), Shown::Value(drop_after));
                }
            }
            ContainerEdit::NoNewPrivileges(after) => {
                let text = |on: bool| format!("no-new-privileges:{on}");
                let before = match spec.no_new_privileges {
                    Field::Set(it) => Some(text(it)).filter(|_| it),
                    Field::Inherited(_) | Field::Unknown(_) => None,
                };
                self.in_list("security_opt", before, Some(text(*after)), forces);
            }
            ContainerEdit::DefaultSeccomp => {
                let before = spec.seccomp_option.as_ref().map(|option| match option {
                    Seccomp::Builtin => "seccomp=builtin".to_owned(),
                    Seccomp::Unconfined => "seccomp=unconfined".to_owned(),
                    Seccomp::Profile { .. } => "seccomp=(a profile)".to_owned(),
                    Seccomp::Unreadable => "seccomp=(unreadable)".to_owned(),
                });
                if before.is_none() {
                    // Unconfined since a start under an unconfined daemon; inspect shows nothing.
                    row("seccomp", value("unconfined"), value("the daemon's"));
                    return;
                }
                self.in_list("security_opt", before, None, forces);
            }
            ContainerEdit::ReadOnlyRootfs(after) => {
                row("read_only", value(spec.read_only_rootfs), value(*after));
            }
            ContainerEdit::Tmpfs { path, options } => {
                let text = |options: &str| match options {
                    "" => path.clone(),
                    options => format!("{path}:{options}"),
                };
                let before = spec.tmpfs.get(path).map(|options| text(options));
                self.in_list("tmpfs", before, Some(text(options)), forces);
            }
            ContainerEdit::User(after) => {
                let before = match &spec.user {
                    Field::Set(user) if !user.is_empty() => value(user.as_str()),
                    Field::Set(_) | Field::Inherited(_) | Field::Unknown(_) => Shown::Absent,
                };
                row("user", before, value(after.as_str()));
            }
            ContainerEdit::RemoveMount { destination } => {
                let mount = spec.mounts.iter().find(|it| it.destination == *destination);
                let before = mount.map_or_else(
                    || destination.clone(),
                    |it| {
                        let mode = if it.writable { "" } else { ":ro" };
                        format!("{}:{destination}{mode}", it.source)
                    },
                );
                self.in_list("mounts", Some(before), None, forces);
            }
            ContainerEdit::NetworkMode(after) => {
                row("network_mode", value(spec.network_mode.text()), value(after.as_str()));
            }
            ContainerEdit::PrivatePid => {
                row("pid", value(spec.pid_mode.text()), value("private"));
            }
            ContainerEdit::PrivateIpc => {
                row("ipc", value(spec.ipc_mode.text()), value("private"));
            }
            ContainerEdit::PrivateUts => {
                row("uts", value(spec.uts_mode.text()), value("private"));
            }
            ContainerEdit::ShareableIpc => {
                row("ipc", value(spec.ipc_mode.text()), value("shareable"));
            }
            ContainerEdit::CgroupnsMode(after) => {
                let before = &spec.defaulted.cgroupns;
                let before = if before.is_empty() { Shown::Absent } else { value(before.as_str()) };
                row("cgroup", before, value(after.as_str()));
            }
            ContainerEdit::ShmSize(after) => {
                let text = |bytes: i64| value(Size(bytes).to_string());
                row("shm_size", spec.defaulted.shm_bytes.map_or(Shown::Absent, text), text(*after));
            }
            ContainerEdit::Runtime(after) => {
                row("runtime", value(spec.defaulted.runtime.as_str()), value(after.as_str()));
            }
            ContainerEdit::Log { driver, set, unset } => {
                let log = spec.defaulted.log.clone().unwrap_or_default();
                if log.driver != *driver {
                    row("logging.driver", value(log.driver.as_str()), value(driver.as_str()));
                }
                let names: BTreeSet<&String> = set.keys().chain(unset).collect();
                for name in names {
                    let is_secret = daemon_keys::has_secret_name(&json!({ name.as_str(): "" }));
                    let shown = |it: Option<&String>| match it {
                        None => Shown::Absent,
                        Some(_) if is_secret => Shown::Sensitive,
                        Some(it) => value(it.as_str()),
                    };
                    let (before, after) = (shown(log.options.get(name)), shown(set.get(name)));
                    row(&format!("logging.{name}"), before, after);
                }
            }
            ContainerEdit::PublishOn { container_port, address } => {
                let moved = spec
                    .published_ports
                    .iter()
                    .filter(|it| it.container_port == *container_port && it.is_wildcard());
                for port in moved {
                    let after = PublishedPort { host_ip: address.clone(), ..port.clone() };
                    self.in_list("ports", Some(port_text(port)), Some(port_text(&after)), forces);
                }
            }
            ContainerEdit::PidsLimit(after) => {
                row("pids_limit", spec.pids_limit.map_or(Shown::Absent, value), value(*after));
            }
            ContainerEdit::Memory(after) => {
                let text = |bytes: i64| value(Size(bytes).to_string());
                row("memory", spec.memory_bytes.map_or(Shown::Absent, text), text(*after));
            }
            ContainerEdit::RestartPolicy { name, max_retries } => {
                let after = match max_retries {
                    0 => name.clone(),
                    retries => format!("{name}:{retries}"),
                };
                row("restart", value(spec.restart_policy.text()), value(after));
            }
        }
    }

    /// Adds changed elements to the one row of a setting that is a list.
    fn in_list(
        &mut self,
        name: &str,
        before: Option<String>,
        after: Option<String>,
        forces: Option<Class>,
    ) {
        let known = self.settings.iter().position(|row| row.name == name);
        let at = known.unwrap_or_else(|| {
            let empty = || Shown::Value(Value::Array(Vec::new()));
            let row = SettingChange { name: name.into(), before: empty(), after: empty(), forces };
            self.settings.push(row);
            self.settings.len() - 1
        });
        let row = &mut self.settings[at];
        for (list, item) in [(&mut row.before, before), (&mut row.after, after)] {
            if let (Shown::Value(Value::Array(items)), Some(item)) = (list, item) {
                items.push(item.into());
            }
        }
    }
}

fn value(it: impl Into<Value>) -> Shown {
    Shown::Value(it.into())
}

fn names(set: CapabilitySet, all: bool) -> Value {
    if all { json!(["ALL"]) } else { set.names().collect() }
}

/// Writes a port as Docker's command line does: `127.0.0.1:8080:80/tcp`.
pub(super) fn port_text(port: &PublishedPort) -> String {
    let PublishedPort { container_port, host_ip, host_port } = port;
    let host_port = if host_port.is_empty() { "0" } else { host_port.as_str() };
    match host_ip.as_str() {
        "" => format!("{host_port}:{container_port}"),
        ip if ip.contains(':') => format!("[{ip}]:{host_port}:{container_port}"),
        ip => format!("{ip}:{host_port}:{container_port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{capability::CapabilityRequest, samples::container};

    fn check(spec: &ContainerSpec, edits: &[ContainerEdit], want: &[(&str, Value, Value)]) {
        let shown = |shown: &Shown| match shown {
            Shown::Absent => Value::Null,
            Shown::Value(it) => it.clone(),
            Shown::Sensitive => json!("(sensitive)"),
        };
        let settings = settings(spec, edits);
        let seen: Vec<_> = settings
            .iter()
            .map(|row| (row.name.as_str(), shown(&row.before), shown(&row.after)))
            .collect();
        assert_eq!(seen, want);
    }

    #[test]
    fn capabilities_show_both_lists_where_both_change() {
        let mut spec = container("web");
        let sys_admin = CapabilitySet::named("SYS_ADMIN").unwrap();
        spec.capability_request = CapabilityRequest { add: sys_admin, ..Default::default() };
        check(
            &spec,
            &[ContainerEdit::BoundCapabilities(CapabilitySet::DEFAULT)],
            &[("cap_add", json!(["SYS_ADMIN"]), json!([]))],
        );
        check(
            &spec,
            &[ContainerEdit::BoundCapabilities(CapabilitySet::named("KILL").unwrap())],
            &[
                ("cap_add", json!(["SYS_ADMIN"]), json!(["KILL"])),
                ("cap_drop", json!([]), json!(["ALL"])),
            ],
        );
    }

    #[test]
    fn options_that_share_a_list_share_a_row() {
        let mut spec = container("web");
        spec.seccomp_option = Some(Seccomp::Unconfined);
        check(
            &spec,
            &[ContainerEdit::NoNewPrivileges(true), ContainerEdit::DefaultSeccomp],
            &[("security_opt", json!(["seccomp=unconfined"]), json!(["no-new-privileges:true"]))],
        );
    }

    #[test]
    fn only_wildcard_bindings_of_the_port_move() {
        let mut spec = container("web");
        let port = |ip: &str, host: &str| PublishedPort {
            container_port: "80/tcp".into(),
            host_ip: ip.into(),
            host_port: host.into(),
        };
        spec.published_ports = vec![port("", "8080"), port("10.0.0.1", "8081")];
        let edit = ContainerEdit::PublishOn {
            container_port: "80/tcp".into(),
            address: "127.0.0.1".into(),
        };
        check(
            &spec,
            &[edit],
            &[("ports", json!(["8080:80/tcp"]), json!(["127.0.0.1:8080:80/tcp"]))],
        );
    }
}
