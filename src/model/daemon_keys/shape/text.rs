//! Shapes of single texts.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use serde_json::Value;

use super::{Family, Fault, Shape};

/// An address and the length of its network.
type Cidr = (IpAddr, u8);

pub(super) fn fault(shape: Shape, text: &str) -> Option<Fault> {
    if text.is_empty() {
        return None;
    }
    match shape {
        Shape::Address(family) => {
            let fits = text.parse().is_ok_and(|it: IpAddr| family.has(it));
            fault_unless(fits, shape, text)
        }
        Shape::HostAddress(family) => host_address(shape, family, text),
        Shape::Network(family) => {
            fault_unless(cidr(text).is_some_and(|(it, _)| family.has(it)), shape, text)
        }
        // The engine looks the host up, so there has to be one.
        Shape::HostPort => fault_unless(is_host_port(text) && !text.starts_with(':'), shape, text),
        Shape::Path => fault_unless(text.starts_with('/'), shape, text),
        Shape::PathOr(words) => {
            fault_unless(text.starts_with('/') || words.contains(&text), shape, text)
        }
        Shape::Listener => listener(shape, text),
        Shape::ExecOption => exec_option(shape, text),
        Shape::Pair => fault_unless(is_pair(text), shape, text),
        Shape::Label => label(text),
        Shape::Mirror => mirror(shape, text),
        Shape::Registry => registry(shape, text),
        Shape::ApiVersion => {
            fault_unless(api_version(text).is_some_and(|version| version >= (1, 24)), shape, text)
        }
        Shape::Mark => {
            let fits = match text.split_once('/') {
                Some((mark, mask)) => is_number(mark) && is_number(mask),
                None => is_number(text),
            };
            fault_unless(fits, shape, text)
        }
        Shape::Remap => {
            let parts: Vec<&str> = text.split(':').collect();
            let fits = parts.len() <= 2
                && parts.iter().all(|it| !it.is_empty() && !it.contains(char::is_whitespace));
            fault_unless(fits, shape, text)
        }
        Shape::Any
        | Shape::AtLeast(_)
        | Shape::Between(..)
        | Shape::Pools
        | Shape::Ulimits
        | Shape::Runtimes
        | Shape::NetworkOptions => None,
    }
}

impl Family {
    const fn has(self, address: IpAddr) -> bool {
        match self {
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
            Self::Either => true,
        }
    }
}

fn fault_unless(fits: bool, shape: Shape, text: &str) -> Option<Fault> {
    (!fits).then(|| {
        let form = shape.says().unwrap_or_default();
        Fault::new(format!("`{text}` does not do"), format!("write {form}"))
    })
}

/// The engine needs an address of the host inside the network, not the network's own.
fn host_address(shape: Shape, family: Family, text: &str) -> Option<Fault> {
    let Some((address, length)) = cidr(text).filter(|(it, _)| family.has(*it)) else {
        return fault_unless(false, shape, text);
    };
    let (first, host_bits) = first_of(address, length);
    if host_bits < 2 || first != address {
        return None;
    }
    let next = match first {
        IpAddr::V4(it) => IpAddr::V4((it.to_bits() + 1).into()),
        IpAddr::V6(it) => IpAddr::V6((it.to_bits() + 1).into()),
    };
    Some(Fault::new(
        format!("`{text}` is the network itself"),
        format!("give the bridge an address in it, such as {next}/{length}"),
    ))
}

/// Reads `10.0.0.1/24` as the address and the length.
pub(crate) fn cidr(text: &str) -> Option<Cidr> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let length: u8 = length.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    (length <= width).then_some((address, length))
}

/// Returns the first address of the network, and how many bits count its hosts.
fn first_of(address: IpAddr, length: u8) -> (IpAddr, u8) {
    match address {
        IpAddr::V4(it) => {
            let host_bits = 32 - length;
            let mask = u32::MAX.checked_shl(u32::from(host_bits)).unwrap_or(0);
            (IpAddr::V4((it.to_bits() & mask).into()), host_bits)
        }
        IpAddr::V6(it) => {
            let host_bits = 128 - length;
            let mask = u128::MAX.checked_shl(u32::from(host_bits)).unwrap_or(0);
            (IpAddr::V6((it.to_bits() & mask).into()), host_bits)
        }
    }
}

/// Reads a network and returns its first address and its length.
pub(crate) fn network(text: &str) -> Option<Cidr> {
    let (address, length) = cidr(text)?;
    Some((first_of(address, length).0, length))
}

/// Returns whether two networks have addresses in common.
fn share((a, a_length): Cidr, (b, b_length): Cidr) -> bool {
    let shorter = a_length.min(b_length);
    a.is_ipv4() == b.is_ipv4() && first_of(a, shorter).0 == first_of(b, shorter).0
}

/// Returns whether an address lies in a network.
pub(crate) fn holds(network: Cidr, address: IpAddr) -> bool {
    let width = if address.is_ipv4() { 32 } else { 128 };
    share(network, (address, width))
}

pub(super) fn is_host_port(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            port.parse::<u16>().is_ok() && !host.contains([':', '/', ' '])
        })
}

fn listener(shape: Shape, text: &str) -> Option<Fault> {
    let fits = match text.split_once("://") {
        Some(("unix", path)) => path.starts_with('/'),
        Some(("tcp", address)) => is_host_port(address.split('/').next().unwrap_or(address)),
        Some(("fd", _)) => true,
        _ => false,
    };
    fault_unless(fits, shape, text)
}

fn exec_option(shape: Shape, text: &str) -> Option<Fault> {
    match text.split_once('=') {
        Some(("native.cgroupdriver", "systemd" | "cgroupfs")) => None,
        Some(("native.cgroupdriver", driver)) => Some(Fault::new(
            format!("`{driver}` is no cgroup driver"),
            "write `native.cgroupdriver=systemd` or `native.cgroupdriver=cgroupfs`",
        )),
        _ => fault_unless(false, shape, text),
    }
}

fn is_pair(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| !name.trim().is_empty())
}

fn label(text: &str) -> Option<Fault> {
    const RESERVED: [&str; 3] = ["com.docker.", "io.docker.", "org.dockerproject."];
    if !is_pair(text) {
        return Some(Fault::new(format!("`{text}` has no value"), "write KEY=VALUE"));
    }
    let prefix =
        RESERVED.into_iter().find(|prefix| text.to_ascii_lowercase().starts_with(prefix))?;
    Some(Fault::new(
        format!("`{text}` begins with {prefix}, which is Docker's own"),
        "use a prefix of your own",
    ))
}

/// The engine refuses a key with two values.
pub(super) fn labels_given_twice(items: &[Value]) -> Vec<Fault> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut faults = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some((key, value)) = item.as_str().and_then(|it| it.split_once('=')) else { continue };
        let before = *first.entry(key).or_insert(value);
        if before != value {
            let what = format!("label `{key}` is `{before}` and `{value}`");
            faults.push(Fault::new(what, "the engine takes one value a key").at(at.to_string()));
        }
    }
    faults
}

fn mirror(shape: Shape, text: &str) -> Option<Fault> {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return fault_unless(false, shape, text);
    };
    let authority = rest.split('/').next().unwrap_or(rest);
    // What may be a password is not repeated.
    if authority.contains('@') {
        return Some(Fault::new(
            "a mirror with a user in its URL".into(),
            "the engine refuses it; take the user out",
        ));
    }
    fault_unless(!rest.is_empty() && !rest.contains(['?', '#', ' ']), shape, text)
}

fn registry(shape: Shape, text: &str) -> Option<Fault> {
    // The engine strips these with a warning.
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let bare = bare.unwrap_or(text);
    // What may be a password is not repeated.
    if bare.contains('@') {
        let what = "a registry with a user in its name".to_owned();
        return Some(Fault::new(what, "the engine refuses it; take the user out"));
    }
    if cidr(bare).is_some() || bare.parse::<IpAddr>().is_ok() {
        return None;
    }
    let fits = !bare.contains(['/', ' '])
        && match bare.rsplit_once(':') {
            Some((host, port)) => !host.is_empty() && port.parse::<u16>().is_ok(),
            None => !bare.is_empty(),
        };
    fault_unless(fits, shape, text)
}

/// Reads `1.44`.
pub(crate) fn api_version(text: &str) -> Option<(u16, u16)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn is_number(text: &str) -> bool {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).is_ok(),
        None => text.parse::<u32>().is_ok(),
    }
}
