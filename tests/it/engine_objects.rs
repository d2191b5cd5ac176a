//! Rules about networks, the Swarm and what is left lying about, on real engines.

use serde_json::Value;

use crate::lab::{self, Host, Suite};

const FILE: &str = "/tmp/eo/plimsoll.yaml";

const SWARM: &str = "version: 1
rules:
  swarm.inactive-unless-declared: true
  swarm.manager-quorum: { min: 1, managers: [elsewhere] }
  swarm.listen-addr-bound: true
  swarm.overlay-encrypted: { ingress: true }
  swarm.uses-secrets: true
  swarm.autolock: true
  swarm.cert-expiry: { max-days: 30 }
  swarm.ca-rotated: true
  swarm.data-plane-separated: true
";

/// A Swarm of one node, which is left again however the test ends.
struct Swarm<'a>(&'a Host);

impl<'a> Swarm<'a> {
    fn of(host: &'a Host, options: &[&str]) -> Self {
        let swarm = Self(host);
        host.docker(&[&["swarm", "init", "--advertise-addr", "127.0.0.1"], options].concat());
        swarm
    }
}

impl Drop for Swarm<'_> {
    fn drop(&mut self) {
        let script = "docker swarm leave --force; docker network rm docker_gwbridge; true";
        self.0.run(&["sh", "-c", script]);
    }
}

#[test]
fn the_swarm_is_judged_as_it_is_on_bookworm() {
    the_swarm_is_judged_as_it_is(Suite::Bookworm);
}

#[test]
fn the_swarm_is_judged_as_it_is_on_sid() {
    the_swarm_is_judged_as_it_is(Suite::Sid);
}

fn the_swarm_is_judged_as_it_is(suite: Suite) {
    let lease = lab::host(suite).exclusive();
    let host: &Host = &lease;
    host.write(FILE, SWARM);
    assert_eq!(rules_noted(&plan(host)), Vec::<String>::new());

    let swarm = Swarm::of(host, &[]);
    host.sh("docker service create --quiet --detach --replicas 0 --name eo-svc \
         --env DB_PASSWORD=hunter2 --env MODE=quiet plimsoll-test/busybox:1 2>/dev/null");
    let seen = plan(host);
    let why = |rule: &str| note(&seen, rule).unwrap_or_else(|| panic!("{rule}: {seen:#}"));
    assert!(why("swarm.inactive-unless-declared").contains("active"));
    assert!(why("swarm.manager-quorum").contains(&suite.word().to_owned()));
    assert!(why("swarm.listen-addr-bound").contains(":2377"));
    assert!(why("swarm.autolock").contains("docker swarm update --autolock"));
    assert!(why("swarm.cert-expiry").contains("90 days"));
    assert!(why("swarm.data-plane-separated").contains("127.0.0.1"));
    let secrets = why("swarm.uses-secrets");
    assert!(secrets.contains("service/eo-svc") && secrets.contains("DB_PASSWORD"), "{secrets}");
    assert!(!seen.to_string().contains("hunter2"));
    // The root was made just now, and one node has nobody to send anything to.
    assert_eq!(note(&seen, "swarm.ca-rotated"), None);
    assert_eq!(note(&seen, "swarm.overlay-encrypted"), None);
    drop(swarm);

    let bound = ["--listen-addr", "127.0.0.1:2377", "--data-path-addr", "127.0.0.2"];
    let swarm = Swarm::of(host, &[&bound[..], &["--autolock", "--cert-expiry", "24h"]].concat());
    let wanted = SWARM.replace("declared: true", "declared: { wanted: true }");
    host.write(FILE, &wanted.replace("elsewhere", suite.word()));
    assert_eq!(rules_noted(&plan(host)), Vec::<String>::new());
    drop(swarm);
}

#[test]
fn networks_and_what_is_left_are_judged_as_they_are_on_bookworm() {
    networks_and_what_is_left_are_judged_as_they_are(Suite::Bookworm);
}

#[test]
fn networks_and_what_is_left_are_judged_as_they_are_on_sid() {
    networks_and_what_is_left_are_judged_as_they_are(Suite::Sid);
}

fn networks_and_what_is_left_are_judged_as_they_are(suite: Suite) {
    let lease = lab::host(suite).shared();
    let host: &Host = &lease;
    host.write(
        FILE,
        "version: 1
rules:
  network.icc-disabled: { networks: ['eo-*'] }
  network.bind-address: true
  network.unused-removed: { max-days: 0 }
  host.container-sprawl: { max-days: 0 }
  host.image-sprawl: { max: 0, max-days: 0 }
limits: { waivers: { high: 36500d } }
waivers:
  - { id: W-1, rule: network.bind-address, match: { name: eo-waived }, reason: edge, owner: me, expires: 2099-01-01 }
",
    );
    host.sh("bridge=com.docker.network.bridge
         docker network create eo-open
         docker network create eo-waived
         docker network create --opt $bridge.enable_icc=0 \
             --opt $bridge.host_binding_ipv4=127.0.0.1 eo-closed
         docker create --name eo-left --network eo-closed plimsoll-test/busybox:1
         docker tag plimsoll-test/busybox:1 eo/in-use:1
         tar -c -C /etc hostname | docker import - eo/unused:1");
    let seen = plan(host);
    host.sh("docker rm eo-left; docker network rm eo-open eo-waived eo-closed
         docker rmi eo/unused:1 eo/in-use:1");

    let about = |rule: &str, address: &str| {
        let address = format!("\"{address}\"");
        notes(&seen, rule).into_iter().find(|it| it.contains(&address))
    };
    for rule in ["network.icc-disabled", "network.bind-address", "network.unused-removed"] {
        assert!(about(rule, "network/eo-open").is_some(), "{rule}: {seen:#}");
        assert_eq!(about(rule, "network/eo-closed"), None, "{rule}");
        assert_eq!(about(rule, "network/bridge"), None, "{rule}");
    }
    assert_eq!(about("network.bind-address", "network/eo-waived"), None);
    let left = about("host.container-sprawl", "container/eo-left");
    assert!(left.is_some_and(|it| it.contains("docker rm eo-left")), "{seen:#}");
    let images = about("host.image-sprawl", "host/images").unwrap_or_else(|| panic!("{seen:#}"));
    assert!(!images.contains("eo/in-use:1"), "{images}");
}

#[track_caller]
fn plan(host: &Host) -> Value {
    let out = host.plimsoll(&["plan", "-f", FILE, "-o", "json"]);
    serde_json::from_str(&out.stdout).unwrap_or_else(|_| panic!("{}{}", out.stdout, out.stderr))
}

/// What the plan says of a rule: what was seen and is to be done by hand, or why it is unknown.
fn notes(plan: &Value, rule: &str) -> Vec<String> {
    let lists = ["findings", "unknown"];
    let all = lists.iter().flat_map(|it| plan[*it].as_array().into_iter().flatten());
    all.map(Value::to_string).filter(|it| it.contains(&format!("\"{rule}\""))).collect()
}

fn note(plan: &Value, rule: &str) -> Option<String> {
    notes(plan, rule).into_iter().next()
}

fn rules_noted(plan: &Value) -> Vec<String> {
    SWARM
        .lines()
        .filter_map(|line| {
            line.trim().strip_suffix(": true").or(line.trim().split_once(": {").map(|it| it.0))
        })
        .flat_map(|rule| notes(plan, rule))
        .collect()
}
