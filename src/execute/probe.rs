//! Asks a container whether it works, by the probes that are declared for it.
//!
//! Ports are reached from where plimsoll runs. With the engine on the same machine that is the
//! container's own address, and the published port only where there is no way to that: the
//! engine's proxy accepts connections for a port that nobody listens on. With an engine elsewhere
//! it is the published port, on that machine. Commands run inside the container, by the engine.

use std::{io, net::IpAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::{Interrupt, effects::Effects, seen::Seen};
use crate::{
    docker::{Docker, Endpoint},
    model::probe::{Asks, Probe},
};

/// Longer answers are not read to their end.
const BODY_LIMIT: u64 = 1 << 20;
/// How soon the engine's proxy hangs up on a connection that it cannot pass on.
const PROXY_HANGS_UP: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(50);
/// Shorter arguments are no secrets.
const SECRET: usize = 4;

/// Why a probe did not pass.
enum Refusal {
    /// It may pass another time.
    No(String),
    /// Asking again is of no use, or does harm.
    Never(String),
}

/// Asks until the answer is good, as often as the probe allows.
pub(super) async fn insist<E: Effects>(
    effects: &E,
    id: &str,
    probe: &Probe,
    longest: Duration,
    interrupt: &Interrupt,
) -> Result<(), String> {
    let deadline = Instant::now() + longest;
    let mut left = probe.retries;
    loop {
        let why = match Seen::of(effects.docker(), id).await {
            // What became of it is the gate's to say.
            Ok(seen) if !seen.is_running() => return Err("it does not run any more".into()),
            Ok(seen) => match ask(effects, &seen, probe).await {
                Ok(()) => return Ok(()),
                Err(Refusal::No(why)) => why,
                Err(Refusal::Never(why)) => return Err(why),
            },
            Err(error) => error.to_string(),
        };
        let again = Instant::now() + probe.interval;
        if left == 0 || again > deadline {
            return Err(why);
        }
        left -= 1;
        while Instant::now() < again {
            if interrupt.is_insistent() {
                return Err(why);
            }
            sleep(PAUSE.min(probe.interval)).await;
        }
    }
}

async fn ask<E: Effects>(effects: &E, seen: &Seen, probe: &Probe) -> Result<(), Refusal> {
    match &probe.asks {
        Asks::Command(words) => command(effects, seen, words.expose(), probe.timeout).await,
        Asks::Tcp { port } | Asks::Http { port, .. } => {
            let ways = ways(effects.docker(), seen, *port).await.map_err(Refusal::Never)?;
            let asking = over_network(&ways, &probe.asks, probe.timeout);
            match timeout(probe.timeout, asking).await {
                Ok(answer) => answer.map_err(Refusal::No),
                Err(_) => Err(Refusal::No(no_answer_within(probe.timeout))),
            }
        }
    }
}

fn no_answer_within(limit: Duration) -> String {
    format!("no answer within {} s", limit.as_secs_f64())
}

/// A way to a port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    host: String,
    port: u16,
    /// Through the engine's proxy, which accepts before it asks the container.
    published: bool,
}

async fn ways(docker: &Docker, seen: &Seen, port: u16) -> Result<Vec<Way>, String> {
    let mode = seen.0["HostConfig"]["NetworkMode"].as_str().unwrap_or_default();
    match mode.strip_prefix("container:") {
        None => ways_to(docker.endpoint(), &seen.0, port),
        Some(owner) => match Seen::of(docker, owner).await {
            Ok(owner) => ways_to(docker.endpoint(), &owner.0, port),
            Err(error) => Err(format!("the container whose network it shares: {error}")),
        },
    }
}

/// Returns how to get to a port, the surest way first.
fn ways_to(endpoint: &Endpoint, inspect: &Value, port: u16) -> Result<Vec<Way>, String> {
    let is_hosts = inspect["HostConfig"]["NetworkMode"] == "host";
    let published = inspect["NetworkSettings"]["Ports"][format!("{port}/tcp")].as_array();
    let published = published.into_iter().flatten().filter_map(|it| {
        let address: Option<IpAddr> = it["HostIp"].as_str()?.parse().ok();
        Some((address, it["HostPort"].as_str()?.parse().ok()?))
    });
    let ways: Vec<Way> = match endpoint {
        Endpoint::Unix(_) if is_hosts => {
            vec![Way { host: "127.0.0.1".into(), port, published: false }]
        }
        Endpoint::Unix(_) => {
            let networks = inspect["NetworkSettings"]["Networks"].as_object();
            let own = networks
                .into_iter()
                .flatten()
                .flat_map(|(_, endpoint)| [&endpoint["IPAddress"], &endpoint["GlobalIPv6Address"]]);
            let own = own.filter_map(Value::as_str).filter(|it| !it.is_empty());
            let own = own.map(|host| Way { host: host.to_owned(), port, published: false });
            let published = published.map(|(address, port)| {
                let host = match address {
                    Some(address) if !address.is_unspecified() => address.to_string(),
                    Some(IpAddr::V6(_)) => "::1".into(),
                    Some(IpAddr::V4(_)) | None => "127.0.0.1".into(),
                };
                Way { host, port, published: true }
            });
            own.chain(published).collect()
        }
        Endpoint::Tcp { host, .. } if is_hosts => {
            vec![Way { host: host.clone(), port, published: false }]
        }
        Endpoint::Tcp { host, .. } => published
            .filter(|(address, _)| !address.is_some_and(|it| it.is_loopback()))
            .map(|(_, port)| Way { host: host.clone(), port, published: true })
            .collect(),
    };
    if !ways.is_empty() {
        return Ok(ways);
    }
    Err(match endpoint {
        Endpoint::Unix(_) => {
            "it has no address that can be reached from here; a `command` probe asks inside".into()
        }
        Endpoint::Tcp { .. } => "the engine is on another machine, and the port is not published \
                                 there for others; a `command` probe asks inside"
            .into(),
    })
}

/// The first way that leads somewhere decides.
async fn over_network(ways: &[Way], asks: &Asks, limit: Duration) -> Result<(), String> {
    let each = limit / u32::try_from(ways.len()).unwrap_or(1).max(1);
    let mut why = String::new();
    for way in ways {
        match timeout(each, TcpStream::connect((way.host.as_str(), way.port))).await {
            Ok(Ok(stream)) => return speak(stream, way, asks).await,
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Err("connection refused".into());
            }
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => why = "no answer".into(),
        }
    }
    Err(why)
}

async fn speak(mut stream: TcpStream, way: &Way, asks: &Asks) -> Result<(), String> {
    match asks {
        Asks::Tcp { .. } => {
            if way.published {
                let hung_up = timeout(PROXY_HANGS_UP, stream.read(&mut [0])).await;
                if matches!(hung_up, Ok(Ok(0) | Err(_))) {
                    return Err("nothing listens behind the published port".into());
                }
            }
            Ok(())
        }
        Asks::Http { path, status, body, headers, .. } => {
            // 1.0: the answer comes in one piece and ends with the connection.
            let mut request = format!("GET {path} HTTP/1.0\r\nConnection: close\r\n");
            let headers = headers.expose();
            let named = |name: &str| headers.keys().any(|it| it.eq_ignore_ascii_case(name));
            if !named("Host") {
                request.push_str("Host: localhost\r\n");
            }
            if !named("User-Agent") {
                request.push_str("User-Agent: plimsoll\r\n");
            }
            for (name, value) in headers {
                request.push_str(&format!("{name}: {value}\r\n"));
            }
            request.push_str("\r\n");
            let words = |error: io::Error| error.to_string();
            stream.write_all(request.as_bytes()).await.map_err(words)?;
            let mut reply = Vec::new();
            // A reset behind a whole answer is none of our business.
            let read = stream.take(BODY_LIMIT).read_to_end(&mut reply).await;
            if reply.is_empty() {
                read.map_err(words)?;
            }
            judge(&reply, *status, body.as_deref())
        }
        Asks::Command(_) => Ok(()),
    }
}

/// Judges a whole answer. What it says is not repeated: it can hold secrets.
fn judge(reply: &[u8], status: Option<u16>, body: Option<&str>) -> Result<(), String> {
    let text = String::from_utf8_lossy(reply);
    let (head, rest) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut first = head.lines().next().unwrap_or_default().split(' ');
    let is_http = first.next().is_some_and(|it| it.starts_with("HTTP/"));
    let seen: Option<u16> = first.next().and_then(|it| it.parse().ok()).filter(|_| is_http);
    let Some(seen) = seen else { return Err("the answer is not HTTP".into()) };
    match status {
        Some(want) if seen != want => return Err(format!("status {seen}, and not {want}")),
        None if seen >= 400 => return Err(format!("status {seen}")),
        Some(_) | None => {}
    }
    match body {
        Some(want) if !rest.contains(want) => {
            Err(format!("status {seen}, and the body does not hold the text"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Nobody can end a command from outside, so one that takes too long is not started again.
async fn command<E: Effects>(
    effects: &E,
    seen: &Seen,
    words: &[String],
    limit: Duration,
) -> Result<(), Refusal> {
    let began = Instant::now();
    let no = |error: String| Refusal::No(without(words, error));
    let body = json!({ "Cmd": words, "AttachStdout": false, "AttachStderr": false });
    let exec =
        effects.create_exec(seen.id(), &body).await.map_err(|error| no(error.to_string()))?;
    effects.start_exec(&exec).await.map_err(|error| no(error.to_string()))?;
    loop {
        let reply = effects.docker().exec(&exec).await.map_err(|error| no(error.to_string()))?;
        let reply: Value = serde_json::from_slice(&reply).unwrap_or_default();
        if reply["Running"] == false {
            return match reply["ExitCode"].as_i64() {
                Some(0) => Ok(()),
                Some(code) => Err(Refusal::No(format!("exit code {code}"))),
                None => Err(Refusal::No("the engine does not say how it ended".into())),
            };
        }
        if began.elapsed() > limit {
            return Err(Refusal::Never(no_answer_within(limit)));
        }
        sleep(PAUSE).await;
    }
}

/// Arguments are never shown, whoever repeats them.
fn without(words: &[String], text: String) -> String {
    let secrets = words.iter().skip(1).filter(|it| it.len() >= SECRET);
    secrets.fold(text, |text, secret| text.replace(secret.as_str(), "(sensitive)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(mode: &str) -> Value {
        json!({
            "HostConfig": { "NetworkMode": mode },
            "NetworkSettings": {
                "Networks": { "back": { "IPAddress": "172.18.0.2", "GlobalIPv6Address": "" } },
                "Ports": {
                    "80/tcp": [{ "HostIp": "0.0.0.0", "HostPort": "8080" },
                               { "HostIp": "::", "HostPort": "8080" }],
                    "81/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "8081" }],
                    "82/tcp": null,
                },
            },
        })
    }

    fn said(endpoint: &Endpoint, inspect: &Value, port: u16) -> Result<Vec<String>, String> {
        let ways = ways_to(endpoint, inspect, port)?;
        Ok(ways.into_iter().map(|it| format!("{} {}", it.host, it.port)).collect())
    }

    #[test]
    fn own_address_comes_first_on_this_machine() {
        let here = Endpoint::Unix("/run/docker.sock".into());
        let bridged = container("back");
        assert_eq!(
            said(&here, &bridged, 80).unwrap(),
            ["172.18.0.2 80", "127.0.0.1 8080", "::1 8080"]
        );
        assert_eq!(said(&here, &bridged, 82).unwrap(), ["172.18.0.2 82"]);
        assert_eq!(said(&here, &container("host"), 80).unwrap(), ["127.0.0.1 80"]);
        let alone = json!({ "HostConfig": { "NetworkMode": "none" } });
        assert!(said(&here, &alone, 80).unwrap_err().contains("`command` probe"));
    }

    #[test]
    fn other_machine_shows_published_ports_alone() {
        let there = Endpoint::Tcp { host: "dock".into(), port: 2375 };
        let bridged = container("back");
        assert_eq!(said(&there, &bridged, 80).unwrap(), ["dock 8080", "dock 8080"]);
        assert!(said(&there, &bridged, 81).unwrap_err().contains("another machine"));
        assert!(said(&there, &bridged, 82).unwrap_err().contains("another machine"));
    }

    #[test]
    fn answer_is_judged_by_status_and_body() {
        let ok = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nall is well\n";
        assert_eq!(judge(ok, None, Some("well")), Ok(()));
        assert_eq!(judge(ok, Some(204), None), Err("status 200, and not 204".into()));
        assert!(judge(ok, None, Some("A: b")).is_err());
        assert_eq!(judge(b"HTTP/1.0 302 Found\r\n\r\n", None, None), Ok(()));
        assert_eq!(judge(b"HTTP/1.0 503 No\r\n\r\n", None, None), Err("status 503".into()));
        assert_eq!(judge(b"HTTP/1.0 503 No\r\n\r\n", Some(503), None), Ok(()));
        assert!(judge(b"SSH-2.0-OpenSSH\r\n", None, None).is_err());
        assert!(judge(b"", None, None).is_err());
    }

    #[test]
    fn arguments_are_not_repeated() {
        let words = ["check", "--token", "hunter22", "x"].map(str::to_owned);
        let text = without(&words, "exec: \"check\" \"--token\" \"hunter22\": not found".into());
        assert_eq!(text, "exec: \"check\" \"(sensitive)\" \"(sensitive)\": not found");
    }
}
