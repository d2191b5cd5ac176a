//! A replacement that one machine began and did not finish is settled by another, which has never
//! heard of it: over TCP, with a state directory of its own, after a restart of the engine.

use std::{
    env, fs, io,
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    process::Command,
    thread,
    time::Duration,
};

use plimsoll::docker::Endpoint;

use crate::lab::{self, BUSYBOX, Suite};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DECLARATION: &str = r#"version: 1
containers:
  - match: { name: "el-*" }
    rules:
      container.no-new-privileges: true
"#;

#[test]
fn another_machine_settles_what_one_left_in_bookworm() {
    another_machine_settles(Suite::Bookworm);
}

#[test]
fn another_machine_settles_what_one_left_in_sid() {
    another_machine_settles(Suite::Sid);
}

fn another_machine_settles(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.write(FILE, DECLARATION);
    host.sh(&format!(
        "docker run -d --name el-web --restart unless-stopped -v el-data:/data {BUSYBOX} \
             sh -c 'trap \"sleep 2; exit 0\" TERM; while :; do sleep 0.1; done'
         docker exec el-web sh -c 'echo mine >/data/it'"
    ));
    let before = host.inspect("el-web");
    let apply = host.spawn(&[
        &host.binary,
        "apply",
        "-f",
        FILE,
        "--yes",
        "--allow",
        "recreate",
        "--quiet-period",
        "30s",
    ]);
    host.wait("the old one stops", Duration::from_secs(60), || {
        let names = host.docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", "name=^el-"]);
        names.contains("el-web.plimsoll-old")
    });
    host.kill_with_watcher(&apply);
    apply.finish();
    host.restart_docker().ok();
    host.wait("the engine is back", Duration::from_secs(60), || host.answers());

    let directory = env::temp_dir().join(format!("{}-elsewhere", host.name));
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("plimsoll.yaml");
    fs::write(&file, DECLARATION).unwrap();
    let Endpoint::Unix(socket) = host.engine() else { panic!("the lab has sockets") };
    let port = forward(socket.to_str().unwrap().to_owned());
    let status = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["status", "-H", &format!("tcp://127.0.0.1:{port}"), "-f"])
        .arg(&file)
        .arg("--state-dir")
        .arg(directory.join("state"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&[status.stdout, status.stderr].concat()).into_owned();
    fs::remove_dir_all(&directory).unwrap();

    assert!(told.contains("recovered: container/el-web: a replacement was cut off"), "{told}");
    let after = host.inspect("el-web");
    assert_eq!(after["State"]["Status"], "running", "{told}");
    assert_eq!(after["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped", "{told}");
    assert_eq!(host.docker(&["exec", "el-web", "cat", "/data/it"]), "mine", "{told}");
    let listed = host.docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", "name=^el-"]);
    let expected = match after["Id"] == before["Id"] {
        true => vec!["el-web"],
        false => vec!["el-web", "el-web.plimsoll-kept-1"],
    };
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    assert_eq!(listed, expected, "{told}");
}

/// Listens on a port of this machine for the rest of the test run, and hands everything on.
fn forward(socket: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(engine) = UnixStream::connect(&socket) else { continue };
            let (from, to) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
            thread::spawn(move || hand_on(from, to));
            thread::spawn(move || hand_back(engine, client));
        }
    });
    port
}

fn hand_on(mut from: TcpStream, mut to: UnixStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn hand_back(mut from: UnixStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Write);
}
