//! Whether the daemon starts with the machine: what its service manager looks at then, as files,
//! which is the same on a machine that this run is only a guest of.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    accounts,
    rooted::{Root, is_absent},
};
use crate::model::{
    daemon::Service,
    host_system::{AtBoot, Seen},
};

/// Links that `systemctl enable` makes are in directories below these; packages' own too.
const UNITS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
const USER_UNITS: [&str; 3] = ["/etc/systemd/user", "/usr/lib/systemd/user", "/lib/systemd/user"];
const LINGER: &str = "/var/lib/systemd/linger";
const RUNLEVELS: &str = "/etc/runlevels";

/// Looks. Blocks.
pub(super) fn look(root: &Root, service: &Service) -> Seen<Option<AtBoot>> {
    let at_boot = |service: &str, is_enabled: bool, enable: String, disable: String| AtBoot {
        service: service.to_owned(),
        is_enabled,
        waits_for: None,
        enable,
        disable,
    };
    Ok(Some(match service {
        Service::Systemd { unit, .. } | Service::Snap { unit, .. } => {
            let is_enabled = !is_masked(root, UNITS.map(PathBuf::from), unit)
                && is_wanted(root, UNITS.map(PathBuf::from), unit)?;
            let (enable, disable) = match service {
                Service::Snap { name, .. } => {
                    (format!("snap start --enable {name}"), format!("snap stop --disable {name}"))
                }
                _ => (format!("systemctl enable {unit}"), format!("systemctl disable {unit}")),
            };
            at_boot(unit, is_enabled, enable, disable)
        }
        Service::SystemdUser { unit, uid, .. } => {
            let accounts = accounts::read(root)?;
            let owner = accounts.iter().find(|it| it.uid == *uid);
            let owner = owner.ok_or_else(|| format!("/etc/passwd does not know user {uid}"))?;
            let folders = USER_UNITS.map(PathBuf::from).into_iter();
            let folders = folders.chain([owner.home.join(".config/systemd/user")]);
            let lingers = exists(root, &Path::new(LINGER).join(&owner.name))?;
            let command = |word: &str| format!("systemctl --user {word} {unit}");
            AtBoot {
                waits_for: (!lingers).then(|| owner.name.clone()),
                ..at_boot(
                    unit,
                    is_wanted(root, folders, unit)?,
                    format!("{} and `loginctl enable-linger {}`", command("enable"), owner.name),
                    command("disable"),
                )
            }
        }
        Service::OpenRc { name, .. } => {
            let levels = list(root, Path::new(RUNLEVELS))?;
            at_boot(
                name,
                any_exists(root, levels.into_iter().map(|it| it.join(name)))?,
                format!("rc-update add {name} default"),
                format!("rc-update delete {name} --all"),
            )
        }
        Service::SysVInit { name, .. } => at_boot(
            name,
            starts_by_script(root, name)?,
            format!("update-rc.d {name} enable` or `chkconfig {name} on"),
            format!("update-rc.d {name} disable` or `chkconfig {name} off"),
        ),
        Service::Process { .. } => return Ok(None),
        Service::NotFound => return Err("the daemon's process could not be looked at".into()),
    }))
}

/// Whether a link to nowhere stands in the unit's place; what wants it is still there then.
fn is_masked(root: &Root, folders: impl IntoIterator<Item = PathBuf>, unit: &str) -> bool {
    let leads = |folder: PathBuf| root.resolve(&folder.join(unit)).ok();
    folders.into_iter().filter_map(leads).any(|it| it == Path::new("/dev/null"))
}

/// Whether another unit, `multi-user.target` above all, pulls it in. That of sockets only starts
/// it when somebody asks.
fn is_wanted(root: &Root, folders: impl IntoIterator<Item = PathBuf>, unit: &str) -> Seen<bool> {
    let mut links = Vec::new();
    for folder in folders {
        links.extend(
            list(root, &folder)?
                .into_iter()
                .filter(|it| it.extension().is_some_and(|it| it == "wants" || it == "requires")),
        );
    }
    any_exists(root, links.into_iter().map(|it| it.join(unit)))
}

/// Scripts start in the order of names like `S20docker`; one of level 2 to 5 is enough.
fn starts_by_script(root: &Root, name: &str) -> Seen<bool> {
    for level in 2..=5 {
        for folder in [format!("/etc/rc{level}.d"), format!("/etc/rc.d/rc{level}.d")] {
            let is_start = |path: &PathBuf| {
                let link = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
                let number = link.strip_prefix('S').and_then(|it| it.strip_suffix(name));
                number.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
            };
            if list(root, Path::new(&folder))?.iter().any(is_start) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn any_exists(root: &Root, mut paths: impl Iterator<Item = PathBuf>) -> Seen<bool> {
    paths.try_fold(false, |found, path| Ok(found || exists(root, &path)?))
}

/// Whether something is there, a link too whose target is not.
fn exists(root: &Root, path: &Path) -> Seen<bool> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().unwrap_or_default();
    match root.find(folder).and_then(|it| fs::symlink_metadata(it.join(name))) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(refused(path, &error)),
    }
}

fn list(root: &Root, folder: &Path) -> Seen<Vec<PathBuf>> {
    match root.find(folder).and_then(fs::read_dir) {
        Ok(entries) => Ok(entries.flatten().map(|it| folder.join(it.file_name())).collect()),
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(error) => Err(refused(folder, &error)),
    }
}

fn refused(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be looked at: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::observe::scratch::Scratch;

    #[track_caller]
    fn check(scratch: &Scratch, service: &Service, expected: bool) {
        let seen = look(&Root::new(scratch.path("")), service).unwrap().unwrap();
        assert_eq!(seen.is_enabled, expected, "{seen:?}");
    }

    #[test]
    fn unit_starts_if_a_target_wants_it_and_not_by_its_socket() {
        let scratch = Scratch::new();
        let service = Service::Systemd { unit: "docker.service".into(), pid: 7 };
        let units = "etc/systemd/system";
        scratch.file(&format!("{units}/sockets.target.wants/docker.socket"), "");
        check(&scratch, &service, false);
        scratch.directory(&format!("{units}/multi-user.target.wants"));
        let link = scratch.path(&format!("{units}/multi-user.target.wants/docker.service"));
        symlink("/lib/systemd/system/docker.service", link).unwrap();
        check(&scratch, &service, true);
        let mask = scratch.path(&format!("{units}/docker.service"));
        symlink("/dev/null", mask).unwrap();
        check(&scratch, &service, false);
    }

    #[test]
    fn unit_of_a_user_waits_for_a_login_unless_the_user_lingers() {
        let scratch = Scratch::new();
        scratch.file("etc/passwd", "ann:x:1000:1::/home/ann:\n");
        let wants = "home/ann/.config/systemd/user/default.target.wants/docker.service";
        scratch.file(wants, "");
        let service = Service::SystemdUser {
            unit: "docker.service".into(),
            pid: 7,
            uid: 1000,
            gid: 1,
            runtime_directory: "/run/user/1000".into(),
        };
        check(&scratch, &service, true);
        let waits_for = || {
            let seen = look(&Root::new(scratch.path("")), &service);
            seen.unwrap().unwrap().waits_for
        };
        assert_eq!(waits_for().as_deref(), Some("ann"));
        scratch.file("var/lib/systemd/linger/ann", "");
        assert_eq!(waits_for(), None);
    }

    #[test]
    fn services_of_others_are_in_runlevels() {
        let scratch = Scratch::new();
        let openrc = Service::OpenRc { name: "docker".into(), pid: 7 };
        let sysvinit = Service::SysVInit { name: "docker".into(), pid: 7 };
        scratch.file("etc/rc3.d/K01docker", "");
        scratch.file("etc/rc3.d/S01docker-extra", "");
        check(&scratch, &openrc, false);
        check(&scratch, &sysvinit, false);
        scratch.file("etc/runlevels/default/docker", "");
        scratch.file("etc/rc3.d/S01docker", "");
        check(&scratch, &openrc, true);
        check(&scratch, &sysvinit, true);
        let process = Service::Process { pid: 7 };
        assert_eq!(look(&Root::new(scratch.path("")), &process), Ok(None));
    }
}
