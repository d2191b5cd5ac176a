//! Images that wait for nobody to log in.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, image::facts},
};

pub struct NoSshPort;

static META: Meta = Meta {
    id: "image.no-ssh-port",
    title: "Images do not expose the port of SSH",
    severity: Severity::Low,
    docs: "
## Checks
That port 22 is not among those that the image says it listens on.

## Why
A container with an SSH server has keys, accounts and updates of its own to look after, and a way in beside the engine's.

## What a fix may break
Nothing is changed: the image has to be built without the server.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "OfImage: {Config: {ExposedPorts: {80/tcp: {}, 2222/tcp: {}}}}" },
        Example::Fails { params: "{}", object: "OfImage: {Config: {ExposedPorts: {22/tcp: {}}}}" },
        Example::Unknown { params: "{}", object: "Config: {Image: nginx}" },
    ],
};

impl Rule for NoSshPort {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let image = match facts(container) {
            Ok(image) => image,
            Err(unknown) => return unknown,
        };
        let is_ssh = |port: &&String| port.split('/').next() == Some("22");
        match image.exposed_ports.iter().find(is_ssh) {
            None => Verdict::Pass,
            Some(port) => {
                let advice = "build it without the SSH server; `docker exec` leads inside as well";
                fails_by_hand("exposed port", port, "none of SSH", advice)
            }
        }
    }
}
