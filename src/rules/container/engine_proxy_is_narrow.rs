//! A filter before the engine lets little through.

use super::unknown_mount;
use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        finding::{Severity, Verdict},
        mount::SocketReach,
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct EngineProxyIsNarrow;

static META: Meta = Meta {
    id: "container.engine-proxy-is-narrow",
    title: "A proxy before the engine's socket lets nothing be changed",
    severity: Severity::High,
    docs: "
## Checks
Of a container that holds an engine's socket and listens itself: that no port of it is published, that it is not in the host's network, and that nothing it is told lets others change things, but for what is named in `allow`.
That is read off the variables and the command of two kinds of proxies: those with a variable for each part of the API (`POST`, `EXEC`, `GRPC`, `SESSION`, `ALL`, `ALLOW_START` and the like), and those with a list of paths for each method (`-allowPOST`, `SP_ALLOW_DELETE`). What another program lets through is unknown. Who is on its networks is for `container.networks-declared`.

## Why
A proxy is the socket with a filter. Lists of paths do not see what a request holds: who may create a container may create a privileged one, which is root on the host.

## What a fix may break
Nothing is changed: whoever starts or stops containers through the proxy no longer can once it is narrow.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s']}, Config: {Env: [CONTAINERS=1, POST=0, EXEC=0]}}" },
        Example::Passes { params: "allow: [ALLOW_RESTARTS]", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s']}, Config: {Env: [CONTAINERS=1, POST=0, ALLOW_RESTARTS=1]}}" },
        Example::Passes { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s']}, Config: {Cmd: ['-allowGET=/v1\\..{1,2}/containers/json']}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s']}, Config: {Env: [CONTAINERS=1, POST=1, EXEC=on]}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s']}, Config: {Cmd: [--allowPOST, '/containers/.*']}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s']}, Config: {Env: [SP_ALLOW_GET=.*, SP_ALLOW_DELETE_1=.*]}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s'], PortBindings: {2375/tcp: [{HostPort: '2375'}]}}, Config: {Env: [CONTAINERS=1, POST=0]}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s'], NetworkMode: host}, Config: {Env: [CONTAINERS=1, POST=0]}}" },
        Example::Unknown { params: "{}", object: "{HostConfig: {Binds: ['/var/run/docker.sock:/s']}, Config: {ExposedPorts: {9000/tcp: {}}}}" },
        Example::NotApplicable { params: "{}", object: "HostConfig: {Binds: ['/var/run/docker.sock:/s']}" },
        Example::NotApplicable { params: "{}", object: "{Config: {Env: [CONTAINERS=1, POST=1], ExposedPorts: {2375/tcp: {}}}}" },
    ],
};

impl Rule for EngineProxyIsNarrow {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let publishes = container.publish_all_ports || !container.published_ports.is_empty();
        if container.engine_filter.is_none() && !container.exposes_ports && !publishes {
            return Verdict::NotApplicable("as far as its image tells, it does not listen");
        }
        let holds_socket = container.mounts.iter().any(|it| matches!(it.reach, SocketReach::Is(_)));
        if !holds_socket {
            return unknown_mount(container).map_or(
                Verdict::NotApplicable("it holds no socket of an engine"),
                Verdict::Unknown,
            );
        }
        let mut seen = Vec::new();
        if container.network_mode == Namespace::Host {
            seen.push("in the host's network".to_owned());
        }
        let published = container.published_ports.iter().map(|it| it.container_port.as_str());
        seen.extend(published.map(|port| format!("publishes {port}")));
        if container.publish_all_ports && container.published_ports.is_empty() {
            seen.push("publishes every port that its image exposes".to_owned());
        }
        let switches = container.engine_filter.iter().flatten().map(String::as_str);
        seen.extend(params.others(switches).map(|it| format!("lets through {it}")));
        if !seen.is_empty() {
            let advice = "take the ports away, put it on a network with its clients alone, and \
                          switch off what lets others change things; name what they cannot do \
                          without in the rule: `allow`";
            return fails_by_hand(
                "engine proxy",
                seen.join(", "),
                "reads alone, for its network alone",
                advice,
            );
        }
        match container.engine_filter {
            Some(_) => Verdict::Pass,
            None => Verdict::Unknown(
                "neither its variables nor its command tell what it lets through".into(),
            ),
        }
    }
}
