//! Who looks after the daemon's process: seen from its cgroup, its parent and the pidfiles that
//! service managers keep, never assumed.

use std::{fs, path::Path};

use super::{
    process::{Proc, status_word},
    rooted::Root,
};
use crate::model::daemon::Service;

impl Proc {
    /// Returns how a process of the daemon is looked after.
    pub(super) fn service(&self, pid: u32) -> Service {
        let nobody = Service::Process { pid };
        let Ok(status) = self.text(pid, "status") else { return nobody };
        // Managers inside a container would be called in vain from here.
        if status_word(&status, "NSpid", 1).is_some() {
            return nobody;
        }
        if self.text(1, "comm").is_ok_and(|name| name.trim() == "systemd") {
            return self.systemd(pid, &status).unwrap_or(nobody);
        }
        let root = self.root(pid);
        let openrc = || self.openrc(pid, &root).map(|name| Service::OpenRc { name, pid });
        let sysvinit = || sysvinit(pid, &root).map(|name| Service::SysVInit { name, pid });
        openrc().or_else(sysvinit).unwrap_or(nobody)
    }

    fn systemd(&self, pid: u32, status: &str) -> Option<Service> {
        let cgroups = self.text(pid, "cgroup").ok()?;
        let path = cgroups
            .lines()
            .filter_map(|line| {
                let mut parts = line.splitn(3, ':');
                let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
                let tracks =
                    controllers == "name=systemd" || (number == "0" && controllers.is_empty());
                tracks.then_some(path)
            })
            .find(|path| path.contains(".service"))?;
        let unit = path.split('/').rfind(|part| part.ends_with(".service"))?.to_owned();
        if path.contains("/user@") {
            // Below the user's systemd itself there is no unit of the daemon's.
            return (!unit.starts_with("user@")).then(|| self.of_user(pid, status, unit))?;
        }
        // `snap.docker.dockerd.service`
        let snap = unit.strip_prefix("snap.").and_then(|rest| rest.split('.').next());
        Some(match snap.map(ToOwned::to_owned) {
            Some(name) => Service::Snap { name, unit, pid },
            None => Service::Systemd { unit, pid },
        })
    }

    /// A rootless daemon is root in a namespace of its own, and its owner outside of it.
    fn of_user(&self, pid: u32, status: &str, unit: String) -> Option<Service> {
        let uid = status_word(status, "Uid", 0)?.parse().ok()?;
        let gid = status_word(status, "Gid", 0)?.parse().ok()?;
        let environment = self.environment(pid, &["XDG_RUNTIME_DIR"]).unwrap_or_default();
        let runtime_directory = environment
            .get("XDG_RUNTIME_DIR")
            .cloned()
            .unwrap_or_else(|| format!("/run/user/{uid}"));
        Some(Service::SystemdUser { unit, pid, uid, gid, runtime_directory })
    }

    /// OpenRC's supervisor is the parent and is told the service's name; without it OpenRC notes
    /// down the pidfile of what a service has started.
    fn openrc(&self, pid: u32, root: &Root) -> Option<String> {
        if let Some(parent) = self.parent(pid)
            && self.text(parent, "comm").is_ok_and(|name| name.starts_with("supervise-daemo"))
        {
            return self.arguments(parent).ok()?.into_iter().nth(1);
        }
        let daemons = root.find(Path::new("/run/openrc/daemons")).ok()?;
        let services = fs::read_dir(daemons).ok()?.flatten();
        services
            .filter_map(|service| {
                let notes = fs::read_dir(service.path()).ok()?.flatten();
                let mut texts = notes.filter_map(|note| fs::read_to_string(note.path()).ok());
                let is_its = |text: &str| {
                    let pidfile = text.lines().find_map(|line| line.strip_prefix("pidfile="));
                    pidfile.is_some_and(|path| names_pid(root, Path::new(path), pid))
                };
                texts.any(|text| is_its(&text)).then(|| service.file_name().into_string().ok())?
            })
            .next()
    }
}

/// Debian's script lets start-stop-daemon write a pidfile of its own, beside the daemon's; Red
/// Hat's leaves a lock.
fn sysvinit(pid: u32, root: &Root) -> Option<String> {
    let scripts = root.find(Path::new("/etc/init.d")).ok()?;
    let mut names: Vec<String> = fs::read_dir(scripts)
        .ok()?
        .flatten()
        .filter_map(|script| script.file_name().into_string().ok())
        .collect();
    names.sort();
    names.into_iter().find(|name| {
        let path = |directory: &str, end: &str| format!("{directory}/{name}{end}");
        let names = |path: String| names_pid(root, Path::new(&path), pid);
        let is_locked = || {
            let lock = path("/var/lock/subsys", "");
            root.find(Path::new(&lock)).is_ok_and(|lock| lock.exists())
        };
        names(path("/run", "-ssd.pid")) || (is_locked() && names(path("/run", ".pid")))
    })
}

fn names_pid(root: &Root, pidfile: &Path, pid: u32) -> bool {
    root.find(pidfile).and_then(fs::read_to_string).is_ok_and(|text| text.trim() == pid.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::observe::scratch::Scratch;

    /// Process 7 below a first process of this name, with this cgroup.
    fn host(init: &str, cgroup: &str) -> Scratch {
        let scratch = Scratch::new();
        scratch.file("proc/1/comm", init);
        scratch.file("proc/7/cgroup", cgroup);
        scratch.file(
            "proc/7/status",
            "Name:\tdockerd\nPPid:\t1\nUid:\t1000\t0\t0\t0\nGid:\t100\t0\t0\t0\nNSpid:\t7\n",
        );
        scratch.directory("root");
        symlink(scratch.path("root"), scratch.path("proc/7/root")).unwrap();
        scratch
    }

    #[track_caller]
    fn check(scratch: &Scratch, service: Service) {
        assert_eq!(Proc::new(scratch.path("proc")).service(7), service);
    }

    #[test]
    fn unit_is_taken_from_the_cgroup_if_systemd_is_in_charge_here() {
        let nested = "5:cpu:/x\n9:name=systemd:/docker/0123/system.slice/docker.service\n0::/\n";
        let unit = Service::Systemd { unit: "docker.service".into(), pid: 7 };
        check(&host("systemd\n", nested), unit.clone());
        check(&host("systemd\n", "0::/system.slice/docker.service\n"), unit);
        check(&host("sh\n", nested), Service::Process { pid: 7 });
    }

    #[test]
    fn manager_inside_a_container_is_not_called_from_outside() {
        let scratch = host("systemd\n", "0::/system.slice/docker.service\n");
        scratch.file("proc/7/status", "Name:\tdockerd\nNSpid:\t7 1\n");
        check(&scratch, Service::Process { pid: 7 });
    }

    #[test]
    fn rootless_daemon_is_a_unit_of_its_owner() {
        let cgroup = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service\n";
        let scratch = host("systemd\n", cgroup);
        let of = |directory: &str| Service::SystemdUser {
            unit: "docker.service".into(),
            pid: 7,
            uid: 1000,
            gid: 100,
            runtime_directory: directory.into(),
        };
        check(&scratch, of("/run/user/1000"));
        scratch.file("proc/7/environ", "HOME=/home/a\0XDG_RUNTIME_DIR=/tmp/run\0");
        check(&scratch, of("/tmp/run"));
        let by_hand = "0::/user.slice/user-1000.slice/user@1000.service/init.scope\n";
        check(&host("systemd\n", by_hand), Service::Process { pid: 7 });
    }

    /// There is no snapd in the lab; this is how its units are named.
    #[test]
    fn snap_is_known_by_its_unit() {
        let unit = "snap.docker.dockerd.service".to_owned();
        let scratch = host("systemd\n", &format!("0::/system.slice/{unit}\n"));
        check(&scratch, Service::Snap { name: "docker".into(), unit, pid: 7 });
    }

    #[test]
    fn openrc_notes_the_pidfile_of_what_it_started() {
        let scratch = host("init\n", "0::/\n");
        let note = "exec=/usr/bin/dockerd\nargv_0=/usr/bin/dockerd\npidfile=/run/docker.pid\n";
        scratch.file("root/run/openrc/daemons/docker-edge/001", note);
        scratch.file("root/run/docker.pid", "8\n");
        check(&scratch, Service::Process { pid: 7 });
        scratch.file("root/run/docker.pid", "7\n");
        check(&scratch, Service::OpenRc { name: "docker-edge".into(), pid: 7 });
    }

    #[test]
    fn supervisor_of_openrc_is_the_parent() {
        let scratch = host("init\n", "0::/\n");
        scratch.file("proc/7/status", "Name:\tdockerd\nPPid:\t6\nNSpid:\t7\n");
        scratch.file("proc/6/comm", "supervise-daemo\n");
        scratch.file("proc/6/cmdline", "supervise-daemon\0docker\0--start\0");
        check(&scratch, Service::OpenRc { name: "docker".into(), pid: 7 });
    }

    #[test]
    fn scripts_leave_a_pidfile_or_a_lock() {
        let sysvinit = Service::SysVInit { name: "docker".into(), pid: 7 };
        let debian = host("init\n", "0::/\n");
        debian.file("root/etc/init.d/docker", "");
        debian.file("root/run/docker.pid", "7");
        check(&debian, Service::Process { pid: 7 });
        debian.file("root/run/docker-ssd.pid", "7\n");
        check(&debian, sysvinit.clone());

        let red_hat = host("init\n", "0::/\n");
        red_hat.file("root/etc/init.d/docker", "");
        red_hat.file("root/run/docker.pid", "7");
        red_hat.file("root/var/lock/subsys/docker", "");
        check(&red_hat, sysvinit);
    }
}
