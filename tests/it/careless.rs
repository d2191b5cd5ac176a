//! Ten containers that break the rules in different ways, and what has to survive of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lab::{BUSYBOX, Host, VOLUME, WEB, WRITER};

/// What cannot be started on a machine without SYS_RESOURCE is only created.
pub(crate) const CREATED_ONLY: &str = "mj-privileged";

/// Cannot live with a read-only root.
pub(crate) const STUBBORN: &str = "mj-stubborn";

/// Lacks nothing that an update in place could not give it.
pub(crate) const UNLIMITED: &str = "mj-unlimited";

pub(crate) const ALL: [&str; 10] = [
    "mj-addresses",
    "mj-anonymous",
    "mj-caps",
    "mj-health",
    "mj-named",
    CREATED_ONLY,
    "mj-rundir",
    "mj-socket",
    STUBBORN,
    UNLIMITED,
];

const NAMED_DATA: &str = "a hundred orders";
/// In an environment variable: nobody but the engine may know it.
pub(crate) const SECRET: &str = "canary-7f3a";
const ADDRESS: &str = "172.31.77.10";

/// Starts them all.
pub(crate) fn start(host: &Host) {
    host.sh(&format!(
        r#"
docker create --name {CREATED_ONLY} --privileged {BUSYBOX}
docker run -d --name mj-caps --cap-add SYS_ADMIN --cap-add NET_RAW --uts host {BUSYBOX}
docker run -d --name mj-socket -v /var/run/docker.sock:/var/run/docker.sock {BUSYBOX}
docker run -d --name mj-rundir -v /run:/host/run --security-opt no-new-privileges {BUSYBOX}
docker run -d --name mj-named -v mj-data:/data --pid host --restart always -e TOKEN={SECRET} {BUSYBOX}
docker exec mj-named sh -c 'echo "{NAMED_DATA}" >/data/orders; chown -R 1000:1000 /data'
docker run -d --name mj-anonymous --security-opt seccomp=unconfined {VOLUME}
docker exec mj-anonymous sh -c 'rm /data/seed; echo kept >/data/own'
docker network create --subnet 172.31.77.0/24 mj-front
docker network create mj-back
docker run -d --name mj-addresses --network mj-front --ip {ADDRESS} --network-alias shop --ipc host {BUSYBOX}
docker network connect --alias store mj-back mj-addresses
docker run -d --name mj-health --publish 127.0.0.1:18080:8080 --restart on-failure:3 {WEB}
docker run -d --name {STUBBORN} --security-opt no-new-privileges --pids-limit 100 {WRITER}
docker run -d --name {UNLIMITED} --security-opt no-new-privileges:true {BUSYBOX}
"#
    ));
}

/// What the containers kept and how they are reached is as it was, and the server answers.
pub(crate) fn data_and_addresses_are_intact(host: &Host, before: &BTreeMap<String, Value>) {
    assert_eq!(host.docker(&["exec", "mj-named", "cat", "/data/orders"]), NAMED_DATA);
    let owner = host.docker(&["exec", "mj-named", "stat", "-c", "%u:%g", "/data"]);
    assert_eq!(owner, "1000:1000");
    assert_eq!(host.docker(&["exec", "mj-anonymous", "ls", "/data"]), "own");
    let now = inspect_all(host);
    assert_eq!(
        now["mj-anonymous"]["Mounts"][0]["Name"], before["mj-anonymous"]["Mounts"][0]["Name"],
        "the anonymous volume is the one it was"
    );
    let networks = &now["mj-addresses"]["NetworkSettings"]["Networks"];
    assert_eq!(networks["mj-front"]["IPAddress"], ADDRESS);
    assert!(networks["mj-front"]["Aliases"].to_string().contains("shop"), "{networks:#}");
    assert!(networks["mj-back"]["Aliases"].to_string().contains("store"), "{networks:#}");
    let page = host.run(&["curl", "-s", "http://127.0.0.1:18080/"]).ok();
    assert!(page.contains("plimsoll-test"), "{page}");
    let health = host.inspect("mj-health")["State"]["Health"]["Status"].clone();
    assert_eq!(health, "healthy");
}

/// Every container under its name, without what moves by itself.
pub(crate) fn inspect_all(host: &Host) -> BTreeMap<String, Value> {
    ALL.into_iter()
        .map(|name| {
            let mut reply = host.inspect(name);
            if let Some(state) = reply["State"].as_object_mut() {
                state.remove("Health");
            }
            if let Some(members) = reply.as_object_mut() {
                // A health check under way.
                members.remove("ExecIDs");
            }
            (name.to_owned(), reply)
        })
        .collect()
}
