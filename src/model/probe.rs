//! Questions to a service that is asked whether it works.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::redacted::Redacted;

/// One question, and how patiently it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    pub asks: Asks,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Between two attempts.
    pub interval: Duration,
    /// Attempts after the first one that failed.
    pub retries: u32,
}

/// What is asked. Ports are those inside the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Whether something accepts connections.
    Tcp { port: u16 },
    Http {
        port: u16,
        path: String,
        /// `None` is everything below 400.
        status: Option<u16>,
        /// Text that the body has to hold.
        body: Option<String>,
        headers: Redacted<BTreeMap<String, String>>,
    },
    /// Whether a program in the container ends with 0.
    Command(Redacted<Vec<String>>),
}

/// Says what is asked without what may be secret: headers, arguments, and a query.
impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { port } => write!(f, "tcp {port}"),
            Self::Http { port, path, .. } => match path.split_once('?') {
                Some((path, _)) => write!(f, "http {port}{path}?…"),
                None => write!(f, "http {port}{path}"),
            },
            Self::Command(words) => {
                let program = words.expose().first().map_or("", String::as_str);
                let name = program.rsplit('/').next().unwrap_or(program);
                let more = if words.expose().len() > 1 { " …" } else { "" };
                write!(f, "command {name}{more}")
            }
        }
    }
}

impl Probe {
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    pub const INTERVAL: Duration = Duration::from_secs(1);
    pub const RETRIES: u32 = 5;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_said() {
        let headers = BTreeMap::from([("Authorization".to_owned(), "Bearer hunter22".to_owned())]);
        let http = Asks::Http {
            port: 80,
            path: "/up?key=hunter22".into(),
            status: None,
            body: None,
            headers: Redacted::new(headers),
        };
        let words = ["/usr/bin/check", "--password", "hunter22"].map(str::to_owned);
        let command = Asks::Command(Redacted::new(words.to_vec()));
        assert_eq!(http.to_string(), "http 80/up?…");
        assert_eq!(command.to_string(), "command check …");
        for asks in [http, command] {
            let debug = format!("{asks:?}");
            assert!(!debug.contains("Bearer") && !debug.contains("--password"), "{debug}");
        }
    }
}
