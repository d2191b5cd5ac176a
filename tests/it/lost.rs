//! What a replacement would discard is told before, and how to keep it is told so that it works.

use std::time::Duration;

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Output, Suite};

const FILE: &str = "/tmp/lo/plimsoll.yaml";

/// Writes again at each start, where a read-only root would refuse it.
const WRITER: &str = "mkdir -p /cache/lo && head -c 70000 /dev/zero >/cache/lo/data || exit 5; \
                      exec sleep 600";

#[test]
fn what_would_be_lost_is_told_with_lines_that_keep_it() {
    let host = lab::host(Suite::Sid).exclusive();
    // Of a run that was stopped halfway.
    host.sh("docker ps -aq --filter name=lo- | xargs -r docker rm -f; rm -rf /tmp/lo");
    let writer = ["run", "-d", "--name", "lo-writer", "--stop-signal", "KILL", "--tmpfs", "/fast"];
    host.docker(&[&writer[..], &[BUSYBOX, "sh", "-c", WRITER]].concat());
    host.wait("the writer has written", Duration::from_secs(30), || {
        host.run(&["docker", "exec", "lo-writer", "test", "-s", "/cache/lo/data"]).status == 0
    });
    host.docker(&["exec", "lo-writer", "sh", "-c", "head -c 300000 /dev/zero >/fast/a; \
                   head -c 5000 /dev/zero >/dev/shm/b; touch \"/cache/lo/$(printf 'odd\\n\\033[31mname')\""]);
    host.docker(&["exec", "-d", "lo-writer", "sleep", "600"]);
    host.write(
        FILE,
        "version: 1\ncontainers:\n  - match: { name: lo-* }\n    rules:\n      \
                      container.read-only-rootfs: true\n",
    );

    let plan = plimsoll(&host, &["plan", "--allow", "recreate", "--output", "json"]);
    let document: Value = serde_json::from_str(&plan.stdout).unwrap();
    let change = &document["changes"][0];
    assert_eq!(change["held"]["why"], "writable-layer", "{change:#}");
    let lost = &change["impact"]["lost"];
    assert!(lost["layer_bytes"].as_u64().is_some_and(|it| it >= 70_000), "{lost:#}");
    let also = lost["also"].to_string();
    assert!(also.contains("296.0 KiB in the tmpfs /fast"), "{lost:#}");
    assert!(also.contains("8.0 KiB in the tmpfs /dev/shm"), "{lost:#}");
    assert!(also.contains("1 exec session is open in it"), "{lost:#}");
    let text = plimsoll(&host, &["plan", "--allow", "recreate"]).stdout;
    assert!(!text.contains('\u{1b}'), "{text}");

    // The lines that it says are what keeps it running.
    let keep: Vec<&str> =
        lost["keep"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let entry: Vec<&str> = keep.iter().copied().filter(|it| it.starts_with("  ")).collect();
    assert!(entry.len() == 3 && entry[2].contains("tmpfs: [/cache]"), "{keep:#?}");
    let written = host.read(FILE);
    host.write(FILE, &format!("{written}{}\n    writable-layer: discard\n", entry.join("\n")));
    let apply = ["apply", "--yes", "--allow", "recreate", "--quiet-period", "1s"];
    let applied = plimsoll(&host, &apply);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    let data = host.docker(&["exec", "lo-writer", "wc", "-c", "/cache/lo/data"]);
    assert_eq!(data, "70000 /cache/lo/data");

    // Or the files go along in an image, where that is declared.
    host.docker(&["run", "-d", "--name", "lo-commit", BUSYBOX]);
    host.docker(&["exec", "lo-commit", "sh", "-c", "mkdir /kept; echo here >/kept/file"]);
    host.docker(&["commit", "lo-commit", "plimsoll-committed:orphan-of-a-crash"]);
    let written = host.read(FILE);
    let commit = "  - match: { name: lo-commit }\n    writable-layer: commit\n    rules: { \
                  container.read-only-rootfs: off, container.no-new-privileges: true }\n";
    host.write(FILE, &format!("{written}{commit}"));
    let plan = plimsoll(&host, &["plan", "--allow", "recreate"]).stdout;
    assert!(plan.contains("frozen while its files are put into an image"), "{plan}");
    let applied = plimsoll(&host, &apply);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(host.docker(&["exec", "lo-commit", "cat", "/kept/file"]), "here");
    let image = host.inspect("lo-commit")["Config"]["Image"].clone();
    assert!(image.as_str().is_some_and(|it| it.starts_with("plimsoll-committed:lo-commit-")));
    let images = ["images", "--format", "{{.Repository}}:{{.Tag}}", "plimsoll-committed"];
    assert_eq!(host.docker(&images), image, "an image that nobody uses is left");
    host.sh("docker ps -aq --filter name=lo- | xargs -r docker rm -f; rm -rf /tmp/lo");
}

fn plimsoll(host: &Host, arguments: &[&str]) -> Output {
    let common = ["--file", FILE, "--state-dir", "/tmp/lo/state"];
    host.plimsoll(&[arguments, &common].concat())
}
