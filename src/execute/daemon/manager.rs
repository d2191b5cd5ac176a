//! Whoever looks after the daemon, and the commands that make it reload and restart.
//!
//! Debian's `force-reload` and Red Hat's `reload` of the sysvinit scripts restart the daemon, and
//! snap has no word for a reload: there the process itself is signalled.

use std::{os::unix::process::CommandExt as _, time::Duration};

use tokio::process::Command;

use super::{
    command::{QUICK, run},
    effects::{Process, Step},
    process,
};
use crate::model::daemon::Service;

/// Returns the command that reloads; `None` where the process has to be signalled.
pub(super) fn reload_command(service: &Service) -> Option<Command> {
    match service {
        Service::Systemd { unit, .. } => Some(command("systemctl", &["reload", unit])),
        Service::SystemdUser { unit, .. } => Some(user_systemctl(service, &["reload", unit])),
        Service::OpenRc { name, .. } => Some(command("rc-service", &[name, "reload"])),
        Service::SysVInit { .. }
        | Service::Snap { .. }
        | Service::Process { .. }
        | Service::NotFound => None,
    }
}

/// Returns the command that restarts; `None` where nobody known does.
pub(super) fn restart_command(service: &Service) -> Option<Command> {
    match service {
        Service::Systemd { unit, .. } => Some(command("systemctl", &["restart", unit])),
        Service::SystemdUser { unit, .. } => Some(user_systemctl(service, &["restart", unit])),
        Service::OpenRc { name, .. } => Some(command("rc-service", &[name, "restart"])),
        Service::SysVInit { name, .. } => Some(command("service", &[name, "restart"])),
        Service::Snap { name, .. } => Some(command("snap", &["restart", name])),
        Service::Process { .. } | Service::NotFound => None,
    }
}

/// Lets a service start that has failed too often lately: earlier starts do not count against
/// this one.
pub(super) async fn forgive(service: &Service) {
    let reset = |unit: &str| match service {
        Service::SystemdUser { .. } => user_systemctl(service, &["reset-failed", unit]),
        Service::Systemd { .. }
        | Service::Snap { .. }
        | Service::OpenRc { .. }
        | Service::SysVInit { .. }
        | Service::Process { .. }
        | Service::NotFound => command("systemctl", &["reset-failed", unit]),
    };
    match service {
        Service::Systemd { unit, .. }
        | Service::SystemdUser { unit, .. }
        | Service::Snap { unit, .. } => {
            let socket = unit.strip_suffix(".service").unwrap_or(unit).to_owned() + ".socket";
            for name in [unit, &socket] {
                // A unit without a socket says so here, and nothing depends on it.
                let _ = run(&mut reset(name), QUICK).await;
            }
        }
        // A service that is marked as crashed is not started again before it is zapped.
        Service::OpenRc { name, .. } => {
            let _ = run(&mut command("rc-service", &["--ifcrashed", name, "zap"]), QUICK).await;
        }
        Service::SysVInit { .. } | Service::Process { .. } | Service::NotFound => {}
    }
}

/// Returns whether whoever looks after the daemon has stopped trying to start it.
pub(super) async fn has_given_up(service: &Service) -> bool {
    let mut question = match service {
        Service::Systemd { unit, .. } | Service::Snap { unit, .. } => {
            command("systemctl", &["is-failed", "--quiet", unit])
        }
        Service::SystemdUser { unit, .. } => {
            user_systemctl(service, &["is-failed", "--quiet", unit])
        }
        Service::OpenRc { .. }
        | Service::SysVInit { .. }
        | Service::Process { .. }
        | Service::NotFound => return false,
    };
    run(&mut question, QUICK).await.is_ok()
}

/// Restarts, and returns when whoever does it says that it is done.
pub(super) async fn restart(service: &Service, limit: Duration) -> Step<()> {
    let mut restart =
        restart_command(service).ok_or("nobody known to plimsoll restarts this daemon")?;
    forgive(service).await;
    run(&mut restart, limit).await.map(drop)
}

/// Returns the process that systemd calls the main one of a unit.
pub(super) async fn main_process(unit: &str) -> Option<Process> {
    let arguments = ["show", "--property", "MainPID", "--value", unit];
    let text = run(&mut command("systemctl", &arguments), QUICK).await.ok()?;
    process::process(text.trim().parse().ok()?)
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Talks to the systemd of the daemon's owner, as that user.
fn user_systemctl(service: &Service, arguments: &[&str]) -> Command {
    let mut command = std::process::Command::new("systemctl");
    command.arg("--user").args(arguments);
    if let Service::SystemdUser { uid, gid, runtime_directory, .. } = service {
        command.env("XDG_RUNTIME_DIR", runtime_directory);
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={runtime_directory}/bus"));
        if rustix::process::geteuid().as_raw() != *uid {
            command.uid(*uid).gid(*gid);
        }
    }
    command.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: Option<Command>) -> String {
        let Some(command) = command else { return String::new() };
        let command = command.as_std();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    fn check(service: &Service, reload: &str, restart: &str) {
        assert_eq!(words(reload_command(service)), reload);
        assert_eq!(words(restart_command(service)), restart);
        assert_eq!(service.restart_line().unwrap_or_default(), restart, "as plans say it");
    }

    #[test]
    fn every_manager_has_its_own_words() {
        let (unit, name) = ("docker.service".to_owned(), "docker".to_owned());
        check(
            &Service::Systemd { unit: unit.clone(), pid: 7 },
            "systemctl reload docker.service",
            "systemctl restart docker.service",
        );
        let (uid, gid) = (1000, 1000);
        let runtime_directory = "/run/user/1000".to_owned();
        check(
            &Service::SystemdUser { unit, pid: 7, uid, gid, runtime_directory },
            "systemctl --user reload docker.service",
            "systemctl --user restart docker.service",
        );
        check(
            &Service::OpenRc { name: name.clone(), pid: 7 },
            "rc-service docker reload",
            "rc-service docker restart",
        );
        check(&Service::SysVInit { name: name.clone(), pid: 7 }, "", "service docker restart");
        let unit = "snap.docker.dockerd.service".to_owned();
        check(&Service::Snap { name, unit, pid: 7 }, "", "snap restart docker");
        check(&Service::Process { pid: 7 }, "", "");
    }
}
