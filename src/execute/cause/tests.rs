use serde_json::json;

use super::*;
use crate::model::capability::CapabilitySet;

fn words_of(state: Value, log: &str, edits: &[ContainerEdit]) -> String {
    let twin = Seen(json!({
        "Config": { "Env": ["TOKEN=hunter22", "PATH=/bin", "PGDATA=/var/lib/postgresql/data"],
                    "WorkingDir": "/data/app" },
        "State": state,
    }));
    last_words(&twin, log, edits, "web")
}

fn words(log: &str, edits: &[ContainerEdit]) -> String {
    words_of(json!({}), log, edits)
}

fn bounded(names: &[&str]) -> ContainerEdit {
    let named = |set: CapabilitySet, name: &&str| set.union(CapabilitySet::named(name).unwrap());
    ContainerEdit::BoundCapabilities(names.iter().fold(CapabilitySet::EMPTY, named))
}

#[test]
fn read_only_root_is_named_with_the_path_in_many_programs_words() {
    for (line, path, setting) in [
        (
            "/bin/sh: can't create /var/lib/app/pid: Read-only file system",
            "/var/lib/app/pid",
            "tmpfs: [/var/lib/app]",
        ),
        (
            "nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file \
             system)",
            "/var/cache/nginx/client_temp",
            "tmpfs: [/var/cache/nginx]",
        ),
        (
            "FATAL:  could not create lock file \"/var/run/postgresql/.s.PGSQL.5432.lock\": \
             Read-only file system",
            "/var/run/postgresql/.s.PGSQL.5432.lock",
            "tmpfs: [/var/run/postgresql]",
        ),
        (
            "1:M 26 Nov 2026 07:00:00.000 # Failed opening the temp RDB file temp-1.rdb (in \
             server root dir /data/redis) for saving: Read-only file system",
            "/data/redis",
            "tmpfs: [/data]",
        ),
        (
            "java.io.FileNotFoundException: /opt/app/logs/app.log (Read-only file system)",
            "/opt/app/logs/app.log",
            "tmpfs: [/opt/app/logs]",
        ),
        (
            "OSError: [Errno 30] Read-only file system: '/srv/app/cache/x'",
            "/srv/app/cache/x",
            "tmpfs: [/srv/app/cache]",
        ),
        (
            "Error: EROFS: read-only file system, open '/srv/app/x.log'",
            "/srv/app/x.log",
            "tmpfs: [/srv/app]",
        ),
        (
            "(30)Read-only file system: AH00099: could not create /var/run/apache2/apache2.pid",
            "/var/run/apache2/apache2.pid",
            "tmpfs: [/var/run/apache2]",
        ),
        ("mkdir: can't create directory '/spool': Read-only file system", "/spool", "[/spool]"),
        ("open /etc/app.conf: read-only file system", "/etc/app.conf", "rootfs: off"),
        ("sh: can't create /beat: Read-only file system", "/beat", "no tmpfs takes a single file"),
    ] {
        let edits = [ContainerEdit::PidsLimit(1), ContainerEdit::ReadOnlyRootfs(true)];
        let text = words(&format!("starting\n{line}\nbye\n"), &edits);
        assert!(text.contains(&format!("read-only root, and it writes to {path}\n")), "{text}");
        assert!(text.contains(setting), "{text}");
        assert!(text.ends_with("\nits last words: bye"), "{text}");
    }
}

#[test]
fn what_is_declared_already_stays_in_the_lines_to_type() {
    let tmpfs = ContainerEdit::Tmpfs { path: "/run".into(), options: "size=1m".into() };
    let text = words(
        "touch: /cache/app/x: Read-only file system",
        &[ContainerEdit::ReadOnlyRootfs(true), tmpfs],
    );
    let entry = "\n  - match: { name: web }\n    rules:\n      container.read-only-rootfs: { \
                 tmpfs: [\"/run:size=1m\", /cache/app] }\n";
    assert!(text.contains(entry), "{text}");
}

#[test]
fn path_that_is_not_said_leads_to_the_working_directory() {
    let text = words("open: Read-only file system", &[ContainerEdit::ReadOnlyRootfs(true)]);
    assert!(text.contains("tmpfs: [/data/app]"), "{text}");
}

#[test]
fn capability_is_told_from_what_was_tried() {
    for (line, capability) in [
        ("chown: /srv/x: Operation not permitted", "CHOWN"),
        (
            "chown(\"/var/cache/nginx/client_temp\", 101) failed (1: Operation not permitted)",
            "CHOWN",
        ),
        ("initgroups(nginx, 101) failed (1: Operation not permitted)", "SETGID"),
        ("setpriv: setresuid failed: Operation not permitted", "SETUID"),
        ("error: failed switching to \"redis\": operation not permitted", "SETGID, SETUID"),
        ("bind() to 0.0.0.0:80 failed (13: Permission denied)", "NET_BIND_SERVICE"),
        ("Error: listen EACCES: permission denied 0.0.0.0:80", "NET_BIND_SERVICE"),
        ("listen tcp :80: bind: permission denied", "NET_BIND_SERVICE"),
        ("mknod: /tmp/null: Operation not permitted", "MKNOD"),
        ("chroot: can't change root directory to '/': Operation not permitted", "SYS_CHROOT"),
        ("ping: permission denied (are you root?)", "NET_RAW"),
        ("ip: RTNETLINK answers: Operation not permitted", "NET_ADMIN"),
        ("mount: permission denied (are you root?)", "SYS_ADMIN"),
        ("cat: can't open '/srv/secret': Permission denied", "DAC_OVERRIDE"),
    ] {
        let text = words(line, &[bounded(&["KILL"])]);
        assert!(text.contains(&format!("without {capability} now")), "{line}: {text}");
        // What it has stays in the list.
        assert!(text.contains("allow: [") && text.contains("KILL"), "{text}");
    }
    // One that it still has is not it.
    let text = words("chown: /srv/x: Operation not permitted", &[bounded(&["CHOWN"])]);
    assert!(text.contains("which one it does not say"), "{text}");
    // Nor a word that only ends in one.
    let text = words("mapping: Operation not permitted", &[bounded(&[])]);
    assert!(!text.contains("NET_RAW"), "{text}");
}

#[test]
fn privileged_leaves_the_default_capabilities() {
    let text = words("mount: Operation not permitted", &[ContainerEdit::Privileged(false)]);
    assert!(text.contains("without SYS_ADMIN now"), "{text}");
}

#[test]
fn limits_fit_their_words_and_their_signs() {
    let memory = [ContainerEdit::Memory(64 << 20)];
    let killed = words_of(json!({ "OOMKilled": true, "ExitCode": 137 }), "", &memory);
    assert!(killed.contains("ended it for want of memory"), "{killed}");
    assert!(killed.contains("container.memory-limit: { max: 128m }"), "{killed}");
    let thrown = words("java.lang.OutOfMemoryError: Java heap space", &memory);
    assert!(thrown.contains("the memory limit"), "{thrown}");
    let well = words_of(json!({ "ExitCode": 1 }), "bye", &memory);
    assert!(!well.contains("likely cause"), "{well}");

    let text =
        words("sh: can't fork: Resource temporarily unavailable", &[ContainerEdit::PidsLimit(8)]);
    assert!(text.contains("container.pids-limit: { max: 16 }"), "{text}");
}

#[test]
fn program_on_a_tmpfs_and_a_setuid_program_are_known() {
    let tmpfs = ContainerEdit::Tmpfs { path: "/tmp".into(), options: String::new() };
    let edits = [ContainerEdit::ReadOnlyRootfs(true), tmpfs];
    let text = words("sh: /tmp/run/tool: Permission denied", &edits);
    assert!(text.contains("the tmpfs at /tmp runs no programs"), "{text}");
    assert!(text.contains("tmpfs: [\"/tmp:exec\"]"), "{text}");

    let text = words(
        "sudo: The \"no new privileges\" flag is set, which prevents sudo from running as root.",
        &[ContainerEdit::NoNewPrivileges(true), bounded(&[])],
    );
    assert!(text.contains("no-new-privileges: sudo cannot"), "{text}");
}

#[test]
fn user_mount_and_network_are_known() {
    let text = words("open '/srv/db': Permission denied", &[ContainerEdit::User("1000".into())]);
    assert!(
        text.contains("it runs as user 1000, and may not do what it does at /srv/db"),
        "{text}"
    );

    let gone = ContainerEdit::RemoveMount { destination: "/var/run/docker.sock".into() };
    let text = words("dial unix /var/run/docker.sock: connect: no such file or directory", &[gone]);
    assert!(text.contains("the mount at /var/run/docker.sock"), "{text}");

    let moved = [ContainerEdit::NetworkMode("bridge".into())];
    let text = words("could not connect to 127.0.0.1:5432: Connection refused", &moved);
    assert!(text.contains("it is on the network bridge now"), "{text}");
}

#[test]
fn setting_that_was_not_changed_is_never_the_cause() {
    for line in [
        "x: Read-only file system",
        "chown: Operation not permitted",
        "out of memory",
        "can't fork",
        "open '/x': Permission denied",
        "connection refused",
    ] {
        let text = words(line, &[ContainerEdit::ShmSize(1)]);
        assert!(!text.contains("likely cause"), "{text}");
    }
}

#[test]
fn values_of_the_environment_are_not_repeated_and_directories_are() {
    let text = words("login with hunter22 failed", &[]);
    assert_eq!(text, "\nits last words: login with (sensitive) failed");
    let text = words(
        "mkdir: can't create directory '/var/lib/postgresql/data': Read-only file system",
        &[ContainerEdit::ReadOnlyRootfs(true)],
    );
    assert!(text.contains("writes to /var/lib/postgresql/data\n"), "{text}");
    assert!(text.contains("tmpfs: [/var/lib/postgresql]"), "{text}");
}

#[test]
fn last_words_steer_no_terminal() {
    let text = words("a\u{1b}[31mred", &[]);
    assert_eq!(text, "\nits last words: a[31mred");
}
