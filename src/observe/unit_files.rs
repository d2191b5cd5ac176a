//! Files that the service manager starts the daemon by, and what they hold, as a digest.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    origin,
    rooted::{Root, is_absent},
};
use crate::model::{
    daemon::{DaemonConfig, Service},
    daemon_digest::digest_of_bytes,
    host_system::{Seen, UnitFile, UnitFileKind},
};

/// Finds and reads them. Blocks.
pub(super) fn look(root: &Root, config: &DaemonConfig) -> Seen<Vec<UnitFile>> {
    if let Service::SystemdUser { unit, .. } = &config.service {
        return Err(format!("{unit} is a unit of a user's own systemd"));
    }
    let service = config.service.system_unit().unwrap_or("docker.service");
    let mut kinds: BTreeMap<PathBuf, UnitFileKind> = BTreeMap::new();
    for unit in [service, "docker.socket"] {
        for path in origin::unit_files(root, unit) {
            let is_drop_in = path.extension().is_some_and(|it| it == "conf");
            let kind = if is_drop_in { UnitFileKind::DropIn } else { UnitFileKind::Unit };
            kinds.insert(path, kind);
        }
    }
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    // Those for all services are for this one too.
    let shared =
        origin::drop_ins(root, "service").into_iter().chain(origin::drop_ins(root, "socket"));
    kinds.extend(shared.map(|path| (path, UnitFileKind::DropIn)));
    let variables = origin::variable_files(root, service).into_iter();
    kinds.extend(variables.map(|path| (path, UnitFileKind::Variables)));
    Ok(kinds.into_iter().filter_map(|(path, kind)| see(root, &path, kind)).collect())
}

fn see(root: &Root, path: &Path, kind: UnitFileKind) -> Option<UnitFile> {
    let resolved = root.resolve(path).unwrap_or_else(|_| path.to_path_buf());
    let outside = root.outside(&resolved);
    let read = fs::metadata(&outside).and_then(|it| match it.is_file() {
        true => fs::read(&outside),
        // A unit that is masked.
        false => Ok(Vec::new()),
    });
    let digest = match read {
        Ok(bytes) => Ok(digest_of_bytes(&bytes)),
        Err(error) if is_absent(&error) => return None,
        Err(error) => Err(error.to_string()),
    };
    Some(UnitFile {
        path: path.display().to_string(),
        resolved: resolved.display().to_string(),
        kind,
        digest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn unit_drop_ins_and_variables_are_found_with_what_they_hold() {
        let scratch = Scratch::new();
        let root = Root::new(scratch.path(""));
        let config = DaemonConfig {
            service: Service::Systemd { unit: "docker.service".into(), pid: 7 },
            ..DaemonConfig::default()
        };
        assert_eq!(look(&root, &config), Ok(Vec::new()));
        let unit = "[Service]\nEnvironmentFile=-/etc/default/docker\n";
        scratch.file("lib/systemd/system/docker.service", unit);
        scratch.file("etc/systemd/system/docker.service.d/a.conf", "abc");
        scratch.file("etc/systemd/system/service.d/b.conf", "");
        scratch.file("etc/default/docker", "");
        let seen = look(&root, &config).unwrap();
        let seen: Vec<_> = seen.iter().map(|it| (it.path.as_str(), it.kind)).collect();
        assert_eq!(
            seen,
            [
                ("/etc/default/docker", UnitFileKind::Variables),
                ("/etc/systemd/system/docker.service.d/a.conf", UnitFileKind::DropIn),
                ("/etc/systemd/system/service.d/b.conf", UnitFileKind::DropIn),
                ("/lib/systemd/system/docker.service", UnitFileKind::Unit),
            ]
        );
        let digest = look(&root, &config).unwrap()[1].digest.clone().unwrap();
        assert!(digest.starts_with("ba7816bf8f01cfea"), "{digest}");
    }
}
