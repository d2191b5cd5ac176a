//! What a value has to look like beyond its type.
//!
//! The engine has these rules in many places, and half of them only act when it starts; here each
//! is judged from the value alone.

mod structured;
pub(super) mod text;

use serde_json::Value;

/// What a number, a text or each text of a list has to look like. Something empty always fits:
/// the engine takes it for "not set".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Any,
    /// A whole number of at least this.
    AtLeast(i64),
    /// A whole number from the one to the other.
    Between(i64, i64),
    /// An address of this family.
    Address(Family),
    /// An address of the host with the length of its network: `10.200.0.1/24`.
    HostAddress(Family),
    /// A network: `10.200.0.128/25`.
    Network(Family),
    /// `127.0.0.1:9323`.
    HostPort,
    /// A path from the root.
    Path,
    /// One of these words, or a path from the root.
    PathOr(&'static [&'static str]),
    /// What the API listens on.
    Listener,
    /// `native.cgroupdriver=…`, which is the only one there is.
    ExecOption,
    /// `name=value`.
    Pair,
    /// A label of the engine: `key=value`, under no prefix that belongs to Docker, and no key
    /// with two values.
    Label,
    /// `https://mirror.example`.
    Mirror,
    /// `registry.example:5000` or a network.
    Registry,
    /// `1.44`.
    ApiVersion,
    /// `0x1/0x3`: a firewall mark and its mask.
    Mark,
    /// `user`, `user:group`, numbers, or `default`.
    Remap,
    /// `default-address-pools`.
    Pools,
    /// `default-ulimits`.
    Ulimits,
    /// `runtimes`.
    Runtimes,
    /// `default-network-opts`.
    NetworkOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
    Either,
}

/// Something in a value that the engine would not take, or would take and fail over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Keys and indexes from the value down to what is at fault.
    pub path: Vec<String>,
    /// "`10.0.0.0/24` is the network itself".
    pub what: String,
    /// What to write: "give the bridge an address in it, such as 10.0.0.1/24".
    pub instead: String,
}

impl Fault {
    fn new(what: String, instead: impl Into<String>) -> Self {
        Self { path: Vec::new(), what, instead: instead.into() }
    }

    fn at(self, step: impl Into<String>) -> Self {
        let mut path = vec![step.into()];
        path.extend(self.path);
        Self { path, ..self }
    }
}

impl Shape {
    /// Returns what is wrong with a value. Wrong types are not its business.
    pub fn faults(self, value: &Value) -> Vec<Fault> {
        match (self, value) {
            (Self::AtLeast(least), Value::Number(_)) => out_of(value, least, i64::MAX),
            (Self::Between(least, most), Value::Number(_)) => out_of(value, least, most),
            (Self::Pools, Value::Array(pools)) => structured::pools(pools),
            (Self::Ulimits, Value::Object(limits)) => structured::ulimits(limits),
            (Self::Runtimes, Value::Object(runtimes)) => structured::runtimes(runtimes),
            (Self::NetworkOptions, Value::Object(drivers)) => structured::network_options(drivers),
            (
                Self::Pools | Self::Ulimits | Self::Runtimes | Self::NetworkOptions,
                Value::Array(_) | Value::Object(_),
            ) => {
                let form = self.says().unwrap_or_default();
                vec![Fault::new("this is not how the engine reads it".into(), form)]
            }
            (_, Value::String(text)) => text::fault(self, text).into_iter().collect(),
            (_, Value::Array(items)) => {
                let mut faults: Vec<Fault> = items
                    .iter()
                    .enumerate()
                    .filter_map(|(at, item)| {
                        text::fault(self, item.as_str()?).map(|it| it.at(at.to_string()))
                    })
                    .collect();
                if self == Self::Label {
                    faults.extend(text::labels_given_twice(items));
                }
                faults
            }
            _ => Vec::new(),
        }
    }

    /// Returns the shape in words, as in "it is …"; `None` where everything goes.
    pub fn says(self) -> Option<String> {
        let words = match self {
            Self::Any => return None,
            Self::AtLeast(least) => return Some(format!("at least {least}")),
            Self::Between(least, most) => return Some(format!("from {least} to {most}")),
            Self::PathOr(words) => {
                return Some(format!("`{}` or an absolute path", words.join("`, `")));
            }
            Self::Address(Family::V4) => "an IPv4 address",
            Self::Address(Family::V6) => "an IPv6 address",
            Self::Address(Family::Either) => "an IP address",
            Self::HostAddress(Family::V6) => "an address in a network, such as fd00:1::1/64",
            Self::HostAddress(_) => "an address in a network, such as 10.200.0.1/24",
            Self::Network(Family::V6) => "a network, such as fd00:1::/80",
            Self::Network(_) => "a network, such as 10.200.0.128/25",
            Self::HostPort => "HOST:PORT, such as 127.0.0.1:9323",
            Self::Path => "an absolute path",
            Self::Listener => "unix:///PATH, tcp://HOST:PORT or fd://",
            Self::ExecOption => "native.cgroupdriver=systemd or native.cgroupdriver=cgroupfs",
            Self::Pair => "NAME=VALUE",
            Self::Label => "KEY=VALUE, each key once, none of Docker's own prefixes",
            Self::Mirror => "http(s)://HOST, without user, query or fragment",
            Self::Registry => "HOST, HOST:PORT or a network such as 10.0.0.0/8",
            Self::ApiVersion => "an API version from 1.24 on, such as 1.44",
            Self::Mark => "MARK or MARK/MASK, numbers of 32 bits such as 0x1/0x3",
            Self::Remap => "`default`, USER, USER:GROUP or their numbers",
            Self::Pools => "a list of { base: 10.201.0.0/16, size: 24 }",
            Self::Ulimits => "{ nofile: { Name: nofile, Soft: 1024, Hard: 4096 } } and the like",
            Self::Runtimes => "{ NAME: { path: … } } or { NAME: { runtimeType: … } }",
            Self::NetworkOptions => "{ DRIVER: { OPTION: TEXT } }",
        };
        Some(words.to_owned())
    }

    /// Returns a regular expression that everything fits which fits the shape, for editors; the
    /// engine's rules are narrower than an expression can say.
    pub const fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Address(Family::V4) => Some(r"^([0-9]{1,3}(\.[0-9]{1,3}){3})?$"),
            Self::Address(Family::V6) => Some(r"^([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)?$"),
            Self::Address(Family::Either) => Some(r"^[0-9A-Fa-f:.]*$"),
            Self::HostAddress(Family::V6) | Self::Network(Family::V6) => {
                Some(r"^([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/[0-9]{1,3})?$")
            }
            Self::HostAddress(_) | Self::Network(_) => {
                Some(r"^([0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2})?$")
            }
            Self::HostPort => Some(r"^(.*:[0-9]{1,5})?$"),
            Self::Path => Some(r"^(/.*)?$"),
            Self::Listener => Some(r"^((unix|tcp|fd)://.*)?$"),
            Self::ExecOption => Some(r"^(native\.cgroupdriver=(systemd|cgroupfs))?$"),
            Self::Pair | Self::Label => Some(r"^([^=]+=.*)?$"),
            Self::Mirror => Some(r"^(https?://[^?#@]+)?$"),
            Self::ApiVersion => Some(r"^(1\.[0-9]+)?$"),
            Self::Mark => Some(r"^((0[xX][0-9A-Fa-f]+|[0-9]+)(/(0[xX][0-9A-Fa-f]+|[0-9]+))?)?$"),
            Self::Any
            | Self::AtLeast(_)
            | Self::Between(..)
            | Self::PathOr(_)
            | Self::Registry
            | Self::Remap
            | Self::Pools
            | Self::Ulimits
            | Self::Runtimes
            | Self::NetworkOptions => None,
        }
    }
}

fn out_of(value: &Value, least: i64, most: i64) -> Vec<Fault> {
    match value.as_i64() {
        Some(number) if (least..=most).contains(&number) => Vec::new(),
        _ => {
            let instead = match most {
                i64::MAX => format!("at least {least}"),
                _ => format!("from {least} to {most}"),
            };
            vec![Fault::new(format!("{value} is out of range"), instead)]
        }
    }
}

#[cfg(test)]
mod tests;
