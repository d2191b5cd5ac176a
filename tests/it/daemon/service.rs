//! Daemons that other service managers than systemd look after. There is no snapd in the lab:
//! how a snap is told apart is tested where it is done, in `observe/service.rs`.

use std::time::Duration;

use super::{DAEMON_JSON, FILE, NOTE, containers};
use crate::lab::{self, BUSYBOX, Host, Suite};

/// A daemon that is started, and then hardened, by its service manager alone: the declaration
/// says of no command.
fn declare(host: &Host, settings: &str) {
    host.write(FILE, &format!("version: 1\ndaemon:\n  settings: {settings}\n"));
}

/// Ends the supervisor's daemon and keeps it from starting another. `tests/lab/reset` gives the
/// daemon back to it.
fn take_over(host: &Host) {
    host.sh("touch /run/unsupervised-dockerd; kill $(cat /run/docker.pid)");
    host.wait("the supervised daemon's end", Duration::from_secs(30), || {
        host.run(&["pgrep", "-x", "dockerd"]).status != 0
    });
}

fn daemon_pid(host: &Host) -> String {
    host.sh("cat /run/docker.pid").trim().to_owned()
}

/// A reload, a restart and a start that fails, all through the service manager.
fn acts_through(host: &'static Host, restart: &str) {
    host.wait("the daemon", Duration::from_secs(60), || host.answers());
    host.docker(&["run", "-d", "--name", "sv-web", BUSYBOX]);
    let before = containers(host);
    let pid = daemon_pid(host);

    declare(host, "{ debug: true, live-restore: true }");
    host.plimsoll(&["apply", "-f", FILE, "--yes"]).ok();
    assert_eq!(host.docker(&["info", "--format", "{{.Debug}}"]), "true");
    assert_eq!(daemon_pid(host), pid, "a reload keeps the process");

    declare(host, "{ debug: true, live-restore: true, log-driver: local }");
    let said = host.plimsoll(&["apply", "-f", FILE, "--yes"]).ok();
    assert!(said.contains("daemon reports log-driver"), "{said}");
    assert_ne!(daemon_pid(host), pid, "{said}");
    assert_eq!(containers(host), before, "{said}");

    let file = host.read(DAEMON_JSON);
    declare(
        host,
        "{ debug: true, live-restore: true, log-driver: local, metrics-addr: \"192.0.2.1:9323\" }",
    );
    let failed = host.plimsoll(&["apply", "-f", FILE, "--yes"]);
    assert_eq!(failed.status, 5, "{}{}", failed.stdout, failed.stderr);
    assert_eq!(host.read(DAEMON_JSON), file);
    assert!(host.answers(), "{}{}", failed.stdout, failed.stderr);
    assert_eq!(containers(host), before, "{}{}", failed.stdout, failed.stderr);
    assert!(!host.exists(NOTE));

    // It is still the service manager's.
    host.sh(restart);
    host.wait("the daemon", Duration::from_secs(60), || host.answers());
    host.docker(&["rm", "-f", "sv-web"]);
}

/// Debian's own script of sysvinit, whose `force-reload` would restart. `reload` it has none.
#[test]
fn a_script_of_sysvinit_restarts_and_the_process_is_signalled_to_reload_on_trixie() {
    let host = lab::host(Suite::Trixie).exclusive();
    take_over(&host);
    // What it would do to the machine beside starting Docker is not allowed here.
    host.sh(
        "echo 'cgroup # lab' >>/etc/fstab; echo 'ulimit() { :; } # lab' >>/etc/default/docker; \
         service docker start",
    );
    acts_through(&host, "service docker restart");
}

/// OpenRC with a script of the usual kind, that lets OpenRC make the pidfile.
#[test]
fn openrc_reloads_and_restarts_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    take_over(&host);
    host.write(
        "/etc/init.d/lab-docker",
        "#!/sbin/openrc-run\n\
         command=/usr/sbin/dockerd\n\
         command_args=\"-p /run/docker.pid\"\n\
         command_background=true\n\
         pidfile=/run/lab-docker-openrc.pid\n\
         output_log=/var/log/lab-docker.log\n\
         error_log=/var/log/lab-docker.log\n\
         extra_started_commands=reload\n\
         reload() {\n\
         \tstart-stop-daemon --signal HUP --pidfile \"$pidfile\"\n\
         }\n",
    );
    host.sh("chmod +x /etc/init.d/lab-docker; mkdir -p /run/openrc; touch /run/openrc/softlevel; \
         rc-service lab-docker start");
    acts_through(&host, "rc-service lab-docker restart");
}

/// A daemon of an ordinary user, under RootlessKit and the user's own systemd. Its containers end
/// with it whatever live-restore says.
#[test]
fn rootless_daemon_is_changed_through_its_owners_systemd_on_bookworm() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.sh("useradd --create-home lab-rootless; loginctl enable-linger lab-rootless");
    let uid = host.sh("id -u lab-rootless").trim().to_owned();
    let run = format!("/run/user/{uid}");
    let systemctl = format!(
        "setpriv --reuid lab-rootless --regid lab-rootless --init-groups \
         env HOME=/home/lab-rootless XDG_RUNTIME_DIR={run} systemctl --user"
    );
    // In the host's network, since not every machine has what makes a network of its own.
    host.write(
        "/home/lab-rootless/.config/systemd/user/docker.service",
        "[Service]\n\
         ExecStart=/usr/bin/rootlesskit --net=host --copy-up=/etc --copy-up=/run sh -c \
         'rm -f /run/docker /run/containerd /run/xtables.lock; \
         exec dockerd --bridge=none --iptables=false'\n\
         ExecReload=/bin/kill -s HUP $MAINPID\n\
         Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin\n\
         KillMode=mixed\n\
         Restart=on-failure\n",
    );
    host.sh("chown -R lab-rootless: /home/lab-rootless");
    host.wait("the user's bus", Duration::from_secs(30), || host.exists(&format!("{run}/bus")));
    host.sh(&format!("{systemctl} daemon-reload; {systemctl} start docker"));
    let socket = format!("unix://{run}/docker.sock");
    let docker = |line: &str| host.sh(&format!("docker -H {socket} {line}"));
    host.wait("the user's daemon", Duration::from_secs(60), || {
        host.run(&["docker", "-H", &socket, "version"]).status == 0
    });
    host.sh(&format!("docker save {BUSYBOX} | docker -H {socket} load"));
    docker(&format!("run -d --net none --name rl-web {BUSYBOX}"));
    let started = || docker("inspect --format '{{.State.Status}} {{.State.StartedAt}}' rl-web");
    let before = started();

    declare(&host, "{ live-restore: true, debug: true }");
    host.plimsoll(&["-H", &socket, "apply", "-f", FILE, "--yes"]).ok();
    assert_eq!(docker("info --format '{{.Debug}} {{.LiveRestoreEnabled}}'").trim(), "true true");
    assert_eq!(started(), before);
    let file = "/home/lab-rootless/.config/docker/daemon.json";
    assert_eq!(host.sh(&format!("stat -c %U {file}")).trim(), "lab-rootless");

    declare(&host, "{ live-restore: true, debug: true, log-driver: local }");
    let plan = host.plimsoll(&["-H", &socket, "plan", "-f", FILE]);
    assert!(plan.stdout.contains("which stops 1 container: rl-web"), "{}", plan.stdout);
    let apply = ["-H", &socket, "apply", "-f", FILE, "--yes", "--allow", "outage"];
    let said = host.plimsoll(&apply).ok();
    assert_eq!(docker("info --format '{{.LoggingDriver}}'").trim(), "local", "{said}");
    assert!(started().starts_with("running"), "{said}");
    assert_ne!(started(), before, "{said}");

    docker("rm -f rl-web");
    host.sh(&format!("{systemctl} stop docker"));
}
