//! An engine that makes something else than was asked: the replacement ends before anything is
//! stopped, and says in which field.

use plimsoll::{model::edit::ContainerEdit, plan::run::Outcome};
use serde_json::{Value, json};

use super::meddling::Meddling;
use crate::{
    execute::{Engine, carry_out, quiet_for, replacement},
    lab::{self, Suite},
};

/// Where the create request is changed, to what (nothing: the member goes), and what is said.
const MEDDLED: &[(&str, Option<&str>, &str)] = &[
    ("/User", None, "Config.User"),
    ("/Env", Some(r#"["A=b"]"#), "Config.Env"),
    ("/Hostname", None, "Config.Hostname"),
    ("/Healthcheck", None, "Config.Healthcheck"),
    ("/StopTimeout", None, "Config.StopTimeout"),
    ("/Labels/mine", None, "Config.Labels"),
    ("/Entrypoint", None, "Config.Entrypoint"),
    ("/Image", Some(r#""plimsoll-test/web:1""#), "Image"),
    ("/HostConfig/ReadonlyRootfs", None, "HostConfig.ReadonlyRootfs"),
    ("/HostConfig/CapDrop", None, "HostConfig.CapDrop"),
    ("/HostConfig/CapAdd", Some(r#"["SYS_ADMIN"]"#), "HostConfig.CapAdd"),
    ("/HostConfig/PortBindings", None, "HostConfig.PortBindings"),
    ("/HostConfig/Sysctls", None, "HostConfig.Sysctls"),
    ("/HostConfig/Tmpfs/~1more", Some(r#""""#), "HostConfig.Tmpfs"),
    ("/HostConfig/RestartPolicy", None, "HostConfig.RestartPolicy"),
    ("/HostConfig/MaskedPaths", Some("[]"), "HostConfig.MaskedPaths"),
    ("/HostConfig/PidMode", Some(r#""host""#), "HostConfig.PidMode"),
    ("/HostConfig/Privileged", Some("true"), "HostConfig.Privileged"),
    ("/HostConfig/PidsLimit", None, "pids_limit"),
    ("/HostConfig/Binds", None, "volume at /data"),
    ("/NetworkingConfig/EndpointsConfig/med-net/Aliases", None, "network med-net"),
    ("/NetworkingConfig/EndpointsConfig/med-net/IPAMConfig", None, "network med-net"),
];

#[test]
fn engine_that_makes_something_else_is_found_out_in_bookworm() {
    engine_that_makes_something_else_is_found_out(Suite::Bookworm);
}

#[test]
fn engine_that_makes_something_else_is_found_out_in_sid() {
    engine_that_makes_something_else_is_found_out(Suite::Sid);
}

fn engine_that_makes_something_else_is_found_out(suite: Suite) {
    let host = lab::host(suite).shared();
    host.sh("docker ps -aq --filter name=^/med | xargs -r docker rm -fv >/dev/null; docker network rm med-net 2>/dev/null || true");
    host.sh(&format!(
        "docker network create --subnet 10.87.{subnet}.0/24 med-net
         docker run -d --name med --user 1000 -e A=b -e C=d --hostname mail --health-cmd true \
             --health-interval 1s --stop-timeout 3 --label mine=yes --entrypoint sh --read-only \
             --cap-drop ALL -p 127.0.0.1:18120:80 --sysctl net.ipv4.ip_forward=0 --tmpfs /run \
             --restart on-failure:2 --network med-net --network-alias one --ip 10.87.{subnet}.9 \
             --mac-address 02:12:34:56:78:aa {image} \
             -c \"trap 'exit 0' TERM; sleep 99999 & wait\"",
        subnet = suite as u8,
        image = lab::VOLUME,
    ));
    let engine = Engine::of(&host);
    let before = host.inspect("med");
    let volumes = host.docker(&["volume", "ls", "-q"]);

    // Where the address is told depends on the engine.
    let mac = match suite {
        Suite::Bookworm => ("/MacAddress", None, "Config.MacAddress"),
        Suite::Trixie | Suite::Sid => {
            ("/NetworkingConfig/EndpointsConfig/med-net/MacAddress", None, "network med-net")
        }
    };
    for (pointer, to, said) in MEDDLED.iter().copied().chain([mac]) {
        let create = |body: &mut Value| meddle(body, pointer, to);
        let meddling = Meddling { create: &create, ..Meddling::of(&engine.host) };
        let action = replacement(&before, &[ContainerEdit::PidsLimit(99)]);
        match engine.runtime.block_on(carry_out(&meddling, action, quiet_for(1))) {
            Outcome::Failed { why } => assert!(why.contains(said), "{pointer}: {why}"),
            other => panic!("{pointer}: {other:?}"),
        }
    }

    let after = host.inspect("med");
    assert_eq!(after["State"]["StartedAt"], before["State"]["StartedAt"]);
    let names = host.docker(&["ps", "-a", "--filter", "name=med", "--format", "{{.Names}}"]);
    assert_eq!(names, "med");
    if let Some(kept) =
        host.docker(&["volume", "ls", "-q"]).lines().find(|it| !volumes.contains(it))
    {
        let users = host.docker(&["ps", "-aq", "--filter", &format!("volume={kept}")]);
        assert!(!users.is_empty(), "the volume {kept} was left");
    }
    host.sh("docker rm -fv med; docker network rm med-net");
}

fn meddle(body: &mut Value, pointer: &str, to: Option<&str>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
    match to {
        Some(to) => parent.insert(key, serde_json::from_str(to).unwrap_or_else(|_| json!(to))),
        None => Some(parent.remove(&key).unwrap_or_else(|| panic!("{pointer} is not sent"))),
    };
}
