//! Keys of the daemon: what the table and our own checks claim of engines, against engines.

mod claims;
mod scratch;

use std::collections::BTreeSet;

use plimsoll::model::daemon_keys::{self, DAEMON_KEYS, REMOVED_OR_IGNORED, WhyUnusable};

use self::scratch::Scratch;
use crate::lab::{self, Host, Suite};

const DAEMON_JSON: &str = "/etc/docker/daemon.json";

fn version(host: &Host) -> String {
    host.docker(&["version", "--format", "{{.Server.Version}}"])
}

#[test]
fn the_engine_knows_the_keys_that_the_table_says_on_bookworm() {
    knows_its_keys(Suite::Bookworm);
}

#[test]
fn the_engine_knows_the_keys_that_the_table_says_on_trixie() {
    knows_its_keys(Suite::Trixie);
}

#[test]
fn the_engine_knows_the_keys_that_the_table_says_on_sid() {
    knows_its_keys(Suite::Sid);
}

/// An engine names all keys at once that it does not know.
fn knows_its_keys(suite: Suite) {
    let host = lab::host(suite).shared();
    let release = daemon_keys::release(&version(&host)).unwrap();
    let names = DAEMON_KEYS.iter().map(|key| key.name);
    let names: Vec<&str> = names.chain(REMOVED_OR_IGNORED.iter().map(|key| key.name)).collect();
    // An object is looked into, and an empty one has nothing in it.
    let value = |name: &str| if name == "proxies" { "{\"http-proxy\": \"\"}" } else { "null" };
    let file: Vec<String> =
        names.iter().map(|name| format!("\"{name}\": {}", value(name))).collect();
    let file = file.join(", ");
    host.write("/tmp/dk-all.json", &format!("{{{file}}}"));
    let said = host.run(&["dockerd", "--config-file", "/tmp/dk-all.json"]);
    host.sh("rm /tmp/dk-all.json");
    assert_eq!(said.status, 1, "{}", said.stderr);
    let (_, listed) = said.stderr.split_once("any configuration option: ").unwrap();
    let unknown: BTreeSet<&str> =
        listed.split([',', '\n', ' ']).filter(|it| !it.is_empty()).collect();

    for key in DAEMON_KEYS {
        let name = if key.name == "proxies" { "http-proxy" } else { key.name };
        assert_eq!(unknown.contains(name), !key.known_to(release), "{name} in {listed}");
    }
    // `http-proxy` of the object and the one beside it cannot be told apart.
    for key in REMOVED_OR_IGNORED.iter().filter(|it| it.name != "http-proxy") {
        let works = key.until.is_some_and(|until| release < until);
        let is_unknown = match key.why {
            WhyUnusable::Ignored | WhyUnusable::FlagOnly | WhyUnusable::Undocumented => {
                release < key.since
            }
            WhyUnusable::Removed | WhyUnusable::Refused => !works,
        };
        // 28 still has the name, and an error of its own for it.
        let has_error = key.name == "api-cors-header" && release.0 == 28;
        assert!(unknown.contains(key.name) == is_unknown || has_error, "{} in {listed}", key.name);
    }
}

#[test]
fn explain_shows_a_key_and_how_it_stands_on_bookworm() {
    let host = lab::host(Suite::Bookworm).shared();
    let explain = |subject: &str| host.plimsoll(&["explain", subject]).ok();
    let hosts = explain("daemon/hosts");
    assert!(hosts.contains("--host, -H; with both, the daemon does not start"), "{hosts}");
    assert!(hosts.contains("start    `-H") && hosts.contains("docker.service:"), "{hosts}");
    let format = explain("daemon/log-format");
    assert!(format.contains("engine 20.10"), "{format}");
    assert!(format.contains("does not know `log-format`; engines from"), "{format}");
}

#[test]
fn explain_shows_a_key_and_how_it_stands_on_trixie() {
    let host = lab::host(Suite::Trixie).shared();
    let backend = host.plimsoll(&["explain", "daemon/firewall-backend"]).ok();
    assert!(backend.contains("does not know `firewall-backend`"), "{backend}");
    let meant = host.plimsoll(&["explain", "daemon/host"]).ok();
    assert!(meant.contains("The key is `hosts`") && meant.contains("--host, -H"), "{meant}");
}

#[test]
fn explain_shows_a_key_and_how_it_stands_on_sid() {
    let host = lab::host(Suite::Sid).shared();
    let said = host.plimsoll(&["explain", "daemon/live-restore", "-o", "json"]).ok();
    let document: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["format"], "plimsoll.explain");
    assert_eq!(document["key"]["class"], "live");
    assert_eq!(document["here"]["sides"]["in_force"], "false");
    assert_eq!(document["here"]["standing"], "default");
}

#[test]
fn a_key_is_explained_without_an_engine_and_an_unknown_one_is_not() {
    let host = lab::host(Suite::Sid).shared();
    let explain =
        |subject: &str| host.plimsoll(&["-H", "unix:///dk-none.sock", "explain", subject]);
    let icc = explain("daemon/icc").ok();
    assert!(icc.contains("needs iptables") && icc.contains("could not be asked"), "{icc}");
    let swapped = explain("daemon/Debug").ok();
    assert!(swapped.contains("no key `Debug`; this is `debug`"), "{swapped}");
    assert_eq!(explain("daemon/frobnicate").status, 64);
    let bare = explain("icc");
    assert_eq!(bare.status, 64);
    assert!(bare.stderr.contains("`daemon/icc`"), "{}", bare.stderr);
}

#[test]
fn what_the_host_lacks_is_said_before_anything_is_written_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    let restart = host.suite.restart_command();
    let apply = |settings: &str| {
        host.write(
            "/etc/dk/plimsoll.yaml",
            &format!("version: 1\ndaemon:\n{restart}  settings: {settings}\n"),
        );
        host.plimsoll(&["apply", "-f", "/etc/dk/plimsoll.yaml", "--yes", "--allow", "outage"])
    };
    let pid = || host.sh("pidof dockerd");
    let (before, file) = (pid(), host.sh(&format!("cat {DAEMON_JSON} 2>&1 || true")));
    for (settings, said) in [
        ("{ seccomp-profile: /dk-none.json }", "there is no file /dk-none.json"),
        ("{ init-path: /dk-none }", "there is no program /dk-none"),
        ("{ runtimes: { dk: { path: /dk-none } } }", "there is no program /dk-none"),
    ] {
        let refused = apply(settings);
        assert_ne!(refused.status, 0, "{settings}");
        let text = format!("{}{}", refused.stdout, refused.stderr);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "{said} in {text}");
    }
    assert_eq!(pid(), before);
    assert_eq!(host.sh(&format!("cat {DAEMON_JSON} 2>&1 || true")), file);
    apply("{ runtimes: { dk: { path: /usr/sbin/runc } } }").ok();
    let runtimes = host.docker(&["info", "--format", "{{json .Runtimes}}"]);
    assert!(runtimes.contains("\"dk\""), "{runtimes}");
}

#[test]
fn traps_in_the_file_are_named_and_nothing_is_done_about_them_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    let text = "{\n  \"debug\": true,\n  \"host\": [\"tcp://127.0.0.1:2375\"],\n  \
                \"network\": {\"icc\": false, \"mtu\": 1400},\n  \"restart\": false,\n  \
                \"debug\": false\n}\n";
    host.write(DAEMON_JSON, text);
    assert_eq!(host.restart_docker().status, 0, "the engine takes all of it");
    host.write("/etc/dk/plimsoll.yaml", "version: 1\ndaemon:\n  settings: { debug: false }\n");
    let plan = host.plimsoll(&["plan", "-f", "/etc/dk/plimsoll.yaml"]).ok();
    for said in [
        "In sync.",
        "stands 2 times (lines 2, 6)",
        "the key is `hosts`",
        "applies `icc` at its start and drops it at a reload",
        "`restart` is false",
        "/etc/docker/daemon.json:3",
    ] {
        assert!(plan.contains(said), "{said} in {plan}");
    }
    let in_force = host.docker(&[
        "network",
        "inspect",
        "bridge",
        "--format",
        "{{index .Options \"com.docker.network.bridge.enable_icc\"}} {{index .Options \
         \"com.docker.network.driver.mtu\"}}",
    ]);
    assert_eq!(in_force, "false 1500", "what the plan says about groups is what the engine does");
    let status = host.plimsoll(&["status", "-f", "/etc/dk/plimsoll.yaml"]);
    assert_eq!(status.status, 0, "{}", status.stdout);
    assert!(status.stdout.contains("daemon/host  `host` passes every check"), "{}", status.stdout);
    assert_eq!(host.read(DAEMON_JSON), text);
}
