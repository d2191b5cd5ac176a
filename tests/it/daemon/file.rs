//! The file itself: what its owner wrote stays, and what keeps it from being replaced is said
//! before anything is touched.

use std::time::Duration;

use super::{DAEMON_JSON, FILE, NOTE, declare};
use crate::lab::{self, Host, Output, Suite};

fn apply_debug(host: &Host) -> Output {
    host.plimsoll(&["apply", "-f", FILE, "--yes"])
}

/// Everything in the daemon's directory, with what it is and holds, and what the daemon goes by.
fn state(host: &Host) -> String {
    let script = "cd /etc/docker; find . -exec stat -c '%N %F %a %u:%g %h' {} + | sort; \
                  find . -type f -exec sha256sum {} + | sort; docker info --format '{{.Debug}}'";
    host.run(&["sh", "-c", script]).stdout
}

/// One line, as if the screen were wide.
fn unfolded(output: &Output) -> String {
    let text = format!("{} {}", output.stdout, output.stderr);
    text.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ")
}

/// What was done to the file, how that is undone, the exit code, and what is said.
type Obstacle = (&'static str, &'static str, &'static str, i32, &'static [&'static str]);

const OBSTACLES: &[Obstacle] = &[
    (
        "immutable",
        "echo '{}' >daemon.json; chattr +i daemon.json",
        "chattr -i daemon.json",
        0,
        &["it is immutable; `chattr -i -a /etc/docker/daemon.json` lifts that"],
    ),
    (
        "immutable directory",
        "chattr +i .",
        "chattr -i .",
        0,
        &["/etc/docker is immutable; `chattr -i /etc/docker` lifts that"],
    ),
    (
        "bind mount",
        "echo '{}' >/srv/real.json; echo '{}' >daemon.json; mount --bind /srv/real.json daemon.json",
        "umount daemon.json; rm /srv/real.json",
        0,
        &["cannot be replaced: it is a mount of its own", "mount the directory it is in instead"],
    ),
    (
        "read-only file system",
        "echo '{}' >daemon.json; mount --bind . /etc/docker; mount -o remount,ro,bind /etc/docker",
        "cd /; umount /etc/docker; cd /etc/docker",
        0,
        &["the file system of /etc/docker is mounted read-only", "`mount -o remount,rw`"],
    ),
    (
        "full disk",
        "mount -t tmpfs -o size=4k tmpfs /etc/docker; echo '{}' >/etc/docker/daemon.json",
        "cd /; umount /etc/docker; cd /etc/docker",
        1,
        &["its file system is full; free some space first", "failed before anything changed"],
    ),
    (
        "directory",
        "rm -f daemon.json; mkdir daemon.json",
        "rmdir daemon.json",
        1,
        &["it is a directory; the daemon needs a file, or nothing, there", "Nothing was changed"],
    ),
    (
        "pipe, which is not waited for",
        "mkfifo daemon.json",
        "rm daemon.json",
        1,
        &["it is no regular file", "Nothing was changed"],
    ),
    (
        "link to nowhere",
        "ln -s /srv/nowhere.json daemon.json",
        "rm daemon.json",
        0,
        &["it is a link to /srv/nowhere.json, which is not there", "make that file, or take"],
    ),
    (
        "circle of links",
        "ln -s daemon.json daemon.json",
        "rm daemon.json",
        1,
        &["its links lead in a circle", "Nothing was changed"],
    ),
    (
        "two names",
        "echo '{}' >daemon.json; ln daemon.json other",
        "rm other daemon.json",
        0,
        &["it has 2 names (hard links)", "make it a file of its own"],
    ),
    (
        "UTF-16",
        r"printf '\377\376{\0}\0' >daemon.json",
        "rm daemon.json",
        1,
        &["it is written in UTF-16", "save it as UTF-8", "Nothing was changed"],
    ),
    (
        "Latin-1",
        r#"printf '{\n"labels": ["a=caf\351"]}' >daemon.json"#,
        "rm daemon.json",
        1,
        &["line 2 holds bytes that are not UTF-8"],
    ),
    (
        "comma too many",
        r#"printf '{\n"icc": true,\n}' >daemon.json"#,
        "rm daemon.json",
        1,
        &["trailing comma at line 3 column 1"],
    ),
    (
        "comment",
        r#"printf '{\n// ours\n"icc": true}' >daemon.json"#,
        "rm daemon.json",
        1,
        &["at line 2 column 1"],
    ),
    (
        "key given twice",
        r#"printf '{\n"debug": false,\n"icc": true,\n"debug": false}' >daemon.json"#,
        "rm daemon.json",
        0,
        &["gives debug more than once: false on line 2 and false on line 4", "take the others out"],
    ),
];

#[test]
fn a_file_that_cannot_be_replaced_is_said_to_be_and_nothing_is_touched() {
    let host = lab::host(Suite::Sid).exclusive();
    declare(&host, "{ debug: true }");
    host.sh(&format!("rm -f {DAEMON_JSON}"));
    for (name, make, unmake, status, says) in OBSTACLES {
        host.sh(&format!("cd /etc/docker; {make}"));
        let before = state(&host);

        let plan = host.plimsoll(&["plan", "-f", FILE]);
        let said = apply_debug(&host);
        let after = state(&host);

        host.sh(&format!("cd /etc/docker; {unmake}; rm -f daemon.json"));
        assert_eq!(said.status, *status, "{name}: {}{}", said.stdout, said.stderr);
        for part in *says {
            assert!(unfolded(&said).contains(part), "{name}: {}{}", said.stdout, said.stderr);
        }
        // What can be known before is in the plan too.
        let first = unfolded(&plan);
        assert!(*name == "full disk" || first.contains(says[0]), "{name}: {first}");
        assert_eq!(after, before, "{name}");
        assert!(!host.exists(NOTE), "{name}");
    }
    // The way is free again.
    apply_debug(&host).ok();
    assert_eq!(host.docker(&["info", "--format", "{{.Debug}}"]), "true");
    assert_eq!(host.read(DAEMON_JSON), "{\n  \"debug\": true\n}\n");
    assert_eq!(host.sh(&format!("stat -c %a {DAEMON_JSON}")), "644\n");
}

/// As Windows and a person with tabs write it. Nothing in it keeps an engine from starting.
const ODD: &str = "\u{feff}{\r\n\t\"shutdown-timeout\" : 20 ,\r\n\r\n\t\"labels\": [ \"a=\\u0062\" ],\
                   \r\n\t\"debug\": false,\r\n\t\"max-concurrent-downloads\": 5\r\n}\r\n\r\n";

#[test]
fn what_its_owner_wrote_stays_to_the_byte_on_bookworm() {
    what_its_owner_wrote_stays(Suite::Bookworm);
}

#[test]
fn what_its_owner_wrote_stays_to_the_byte_on_trixie() {
    what_its_owner_wrote_stays(Suite::Trixie);
}

#[test]
fn what_its_owner_wrote_stays_to_the_byte_on_sid() {
    what_its_owner_wrote_stays(Suite::Sid);
}

fn what_its_owner_wrote_stays(suite: Suite) {
    let host = lab::host(suite).exclusive();
    // Up to 22 the engine takes the mark for the first letter of a value.
    let odd = if suite == Suite::Bookworm { &ODD['\u{feff}'.len_utf8()..] } else { ODD };
    host.write(DAEMON_JSON, odd);
    host.sh(&format!("chmod 604 {DAEMON_JSON}; chown 3:7 {DAEMON_JSON}"));
    assert_eq!(host.restart_docker().status, 0, "the engine itself reads it");

    declare(&host, "{ debug: true, default-shm-size: 32M }");
    let said = apply_debug(&host).ok();

    let wanted = odd
        .replace("\"debug\": false", "\"debug\": true")
        .replace(": 5\r\n}", ": 5,\r\n\t\"default-shm-size\" : \"32M\"\r\n}");
    assert_eq!(host.read(DAEMON_JSON), wanted, "{said}");
    assert_eq!(host.sh(&format!("stat -c '%a %u:%g' {DAEMON_JSON}")), "604 3:7\n");
    let shown = host.docker(&["info", "--format", "{{.Debug}} {{.Labels}}"]);
    assert_eq!(shown, "true [a=b]");

    if suite == Suite::Bookworm {
        host.write(DAEMON_JSON, ODD);
        let said = apply_debug(&host);
        assert_eq!(said.status, 1, "{}{}", said.stdout, said.stderr);
        assert!(unfolded(&said).contains("starts with a byte order mark"), "{}", said.stderr);
        assert_eq!(host.read(DAEMON_JSON), ODD);
    }

    // A whole directory that is missing is made, for everybody to read as packages make it.
    host.sh("rm -r /etc/docker");
    declare(&host, "{ debug: false }");
    let command = "umask 077; exec \"$@\"";
    let words = ["sh", "-c", command, "sh", &host.binary, "apply", "-f", FILE, "--yes"];
    host.run(&words).ok();
    assert_eq!(host.docker(&["info", "--format", "{{.Debug}}"]), "false");
    assert_eq!(host.sh(&format!("stat -c %a /etc/docker {DAEMON_JSON}")), "755\n644\n");
}

/// Holds plimsoll at the moment when it brings a file of its own to the disk.
fn apply_held_at(host: &'static Host, path: &str) -> lab::Process {
    let hold = "inject=fsync:delay_enter=4000000:when=1";
    let strace = ["strace", "-f", "-qq", "-o", "/tmp/held.strace", "-P", path];
    let rest = ["-e", "trace=fsync", "-e", hold, &host.binary, "apply", "-f", FILE, "--yes"];
    host.spawn(&[&strace[..], &rest[..]].concat())
}

#[test]
fn an_edit_while_plimsoll_is_at_work_stays_and_is_planned_upon() {
    let host = lab::host(Suite::Sid).exclusive();
    declare(&host, "{ debug: true }");
    // Before our own reading, and between it and the moment the new file takes its place.
    let moments = [
        ("/var/lib/plimsoll", "/var/lib/plimsoll/run-counter", "was changed since the plan"),
        (
            "/etc/docker/daemon.json.plimsoll-2.new",
            "/etc/docker/daemon.json.plimsoll-2.new",
            "just now; nothing was written; plan again",
        ),
    ];
    for (turn, (held_at, seen, says)) in moments.into_iter().enumerate() {
        host.write(DAEMON_JSON, "{}");
        let counted = format!("{}\n", turn + 1);
        let process = apply_held_at(&host, held_at);
        host.wait("its file", Duration::from_secs(20), || {
            let is_there = host.exists(seen);
            let numbered = || host.read(seen).trim() == counted.trim();
            is_there && (!seen.ends_with("counter") || numbered())
        });
        let theirs = format!("{{\"labels\": [\"turn={turn}\"]}}");
        host.write(DAEMON_JSON, &theirs);

        let said = process.finish();

        assert_eq!(said.status, 1, "{}{}", said.stdout, said.stderr);
        assert!(unfolded(&said).contains(says), "{}{}", said.stdout, said.stderr);
        assert_eq!(host.read(DAEMON_JSON), theirs);
        assert_eq!(host.sh("ls /etc/docker | grep -c plimsoll || true").trim(), "0");
        assert!(!host.exists(NOTE));
    }
    apply_debug(&host).ok();
    let merged = host.read(DAEMON_JSON);
    assert!(merged.contains("turn=1") && merged.contains("\"debug\": true"), "{merged}");
}
