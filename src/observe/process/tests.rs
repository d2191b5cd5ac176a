use std::os::unix::{fs::symlink, net::UnixListener};

use super::*;
use crate::observe::scratch::Scratch;

/// Makes a process whose root is `root-NAME` and which holds socket 77.
fn dockerd(scratch: &Scratch, pid: u32, root: &str, socket: &str) {
    scratch.file(&format!("proc/{pid}/comm"), "dockerd\n");
    scratch.directory(&format!("proc/{pid}/fd"));
    scratch.directory(root);
    symlink("socket:[77]", scratch.path(&format!("proc/{pid}/fd/3"))).unwrap();
    symlink("/dev/null", scratch.path(&format!("proc/{pid}/fd/0"))).unwrap();
    symlink(scratch.path(root), scratch.path(&format!("proc/{pid}/root"))).unwrap();
    let rows = format!(
        "Num       RefCount Protocol Flags    Type St Inode Path\n\
         0000000000000000: 00000003 00000000 00000000 0001 03 77 {socket}\n\
         0000000000000000: 00000002 00000000 00010000 0001 01    77 {socket}\n\
         0000000000000000: 00000002 00000000 00010000 0001 01 78 @abstract\n"
    );
    thread(scratch, pid, pid, "host", &rows);
}

fn thread(scratch: &Scratch, pid: u32, tid: u32, namespace: &str, sockets: &str) {
    let folder = format!("proc/{pid}/task/{tid}");
    scratch.file(&format!("{folder}/net/unix"), sockets);
    scratch.directory(&format!("{folder}/ns"));
    symlink(namespace, scratch.path(&format!("{folder}/ns/net"))).unwrap();
}

fn proc(scratch: &Scratch) -> Proc {
    Proc::new(scratch.path("proc"))
}

#[test]
fn daemon_is_the_one_that_listens_on_this_very_file() {
    let scratch = Scratch::new();
    for (pid, root) in [(7, "a"), (8, "b")] {
        dockerd(&scratch, pid, root, "/var/run/docker.sock");
        scratch.directory(&format!("{root}/run"));
        scratch.directory(&format!("{root}/var"));
        symlink("/run", scratch.path(&format!("{root}/var/run"))).unwrap();
    }
    let _one = UnixListener::bind(scratch.path("a/run/docker.sock")).unwrap();
    let _other = UnixListener::bind(scratch.path("b/run/docker.sock")).unwrap();
    assert_eq!(proc(&scratch).find_daemon(&scratch.path("b/run/docker.sock")), Ok(8));
    assert_eq!(proc(&scratch).listeners(7).unwrap(), [Path::new("/run/docker.sock")]);
}

#[test]
fn thread_that_is_in_a_containers_network_hides_no_socket() {
    let scratch = Scratch::new();
    dockerd(&scratch, 9, "a", "/run/docker.sock");
    scratch.directory("a/run");
    let _socket = UnixListener::bind(scratch.path("a/run/docker.sock")).unwrap();
    for tid in [7, 8, 10] {
        thread(&scratch, 9, tid, "container", "");
    }
    assert_eq!(proc(&scratch).find_daemon(&scratch.path("a/run/docker.sock")), Ok(9));
}

#[test]
fn socket_of_somebody_else_has_no_daemon() {
    let scratch = Scratch::new();
    dockerd(&scratch, 7, "a", "/run/docker.sock");
    scratch.directory("a/run");
    let _one = UnixListener::bind(scratch.path("a/run/docker.sock")).unwrap();
    let _other = UnixListener::bind(scratch.path("proxy.sock")).unwrap();
    let found = proc(&scratch).find_daemon(&scratch.path("proxy.sock"));
    assert!(found.unwrap_err().contains("listens on the engine's socket"));
}

#[test]
fn process_that_cannot_be_looked_at_is_not_guessed() {
    let scratch = Scratch::new();
    scratch.file("proc/7/comm", "dockerd\n");
    scratch.file("s", "");
    assert!(proc(&scratch).find_daemon(&scratch.path("s")).unwrap_err().contains("permission"));
}

#[test]
fn process_counts_only_if_it_is_the_containers() {
    let scratch = Scratch::new();
    scratch.file("proc/9/cgroup", "0::/system.slice/docker-0123abcd.scope\n");
    scratch.file(
        "proc/9/status",
        "Name:\tsh\nUid:\t0\t1000\t0\t0\nCapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n",
    );
    let facts = ProcessFacts {
        no_new_privileges: true,
        seccomp: 2,
        uid: 1000,
        effective: CapabilitySet::EMPTY,
        bounding: CapabilitySet::DEFAULT,
        details: None,
    };
    let process = |pid, id, detailed| proc(&scratch).container_process(pid, id, detailed);
    assert_eq!(process(9, "0123abcd", false), Ok(facts.clone()));
    assert!(process(9, "4567", false).is_err());
    assert!(process(10, "0123abcd", false).is_err());

    scratch.file("proc/9/comm", "docker-init\n");
    scratch.file("proc/9/uid_map", "         0     100000      65536\n");
    scratch.file(
        "proc/9/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n\
         Max open files            1024                 4096                 files     \n\
         Max core file size        unlimited            unlimited            bytes     \n",
    );
    let details = process(9, "0123abcd", true).unwrap().details.unwrap();
    assert_eq!(details.command, "docker-init");
    assert!(details.user_namespace);
    assert_eq!(details.root_is, Some(100_000));
    assert_eq!((&details.apparmor, details.memory), (&None, None));
    scratch.file("proc/9/attr/current", "docker-default (enforce)\n");
    let label = process(9, "0123abcd", true).unwrap().details.unwrap().apparmor;
    assert_eq!(label.as_deref(), Some("docker-default (enforce)"));
    assert_eq!(details.cgroups, ["/system.slice/docker-0123abcd.scope"]);
    let limits = [("core", (None, None)), ("nofile", (Some(1024), Some(4096)))];
    let limits = limits.map(|(name, limit)| (name.to_owned(), limit));
    assert_eq!(details.ulimits, limits.into());
}

#[test]
fn start_is_counted_from_boot_and_a_name_may_hold_brackets() {
    let scratch = Scratch::new();
    let fields: Vec<String> = (4..=30).map(|field| (field * 100).to_string()).collect();
    scratch.file("proc/7/stat", format!("7 (a) b) S {}", fields.join(" ")));
    scratch.file("proc/uptime", "100.50 3.0\n");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    let ticks = proc(&scratch).start_ticks(7).unwrap();
    assert_eq!(ticks, 2200);
    let moment = proc(&scratch).moment(ticks, now).unwrap();
    assert_eq!(
        moment.duration_since(SystemTime::UNIX_EPOCH).unwrap(),
        Duration::from_millis(921_500)
    );
}
