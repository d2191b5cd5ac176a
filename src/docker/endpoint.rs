//! Where the engine listens, and the wire to it.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
};

use hyper::Uri;
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};

use super::error::DockerError;

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// The port that Docker's own tools take for `tcp://` without one.
const DEFAULT_PORT: u16 = 2375;

/// The address of one engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Unix(PathBuf),
    /// Plain HTTP.
    Tcp {
        host: String,
        port: u16,
    },
}

impl Default for Endpoint {
    fn default() -> Self {
        Self::Unix(DEFAULT_SOCKET.into())
    }
}

impl Endpoint {
    /// Chooses between `-H`, which wins, `DOCKER_HOST` and the usual socket. Empty is not given.
    pub fn resolve(flag: Option<&str>, docker_host: Option<&str>) -> Result<Self, DockerError> {
        [flag, docker_host]
            .into_iter()
            .flatten()
            .map(str::trim)
            .find(|text| !text.is_empty())
            .map_or_else(|| Ok(Self::default()), Self::parse)
    }

    fn parse(text: &str) -> Result<Self, DockerError> {
        let refuse = |why: String| Err(DockerError::BadEndpoint { endpoint: text.into(), why });
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse(
                "it has no scheme; write unix:///var/run/docker.sock or tcp://HOST:PORT".into(),
            );
        };
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            "unix" => refuse("the path of a socket has to be absolute".into()),
            "tcp" | "http" => parse_host_and_port(rest).map_or_else(
                || refuse("it is not HOST:PORT".into()),
                |(host, port)| Ok(Self::Tcp { host, port }),
            ),
            "ssh" => refuse(
                "plimsoll does not speak ssh; forward the socket instead: \
                 ssh -NL /tmp/engine.sock:/var/run/docker.sock HOST, then unix:///tmp/engine.sock"
                    .into(),
            ),
            "https" => {
                refuse("plimsoll does not speak TLS; run it on the engine's own machine".into())
            }
            other => refuse(format!("`{other}` is not a scheme plimsoll speaks (unix, tcp)")),
        }
    }

    /// Returns whether the engine can only be on this machine.
    pub const fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { .. } => false,
        }
    }

    /// Returns what tells this engine from the others of the machine, fit for a file's name;
    /// `None` for the one on the usual socket, however that is spelt.
    pub fn distinct_name(&self) -> Option<String> {
        match self {
            Self::Unix(path) => {
                let path = real(path);
                (path != real(Path::new(DEFAULT_SOCKET)))
                    .then(|| escaped(&path.display().to_string()))
            }
            Self::Tcp { host, port } => Some(escaped(&format!("tcp/{host}/{port}"))),
        }
    }

    async fn dial(&self) -> io::Result<Wire> {
        match self {
            Self::Unix(path) => Ok(Wire(Box::new(UnixStream::connect(path).await?))),
            Self::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Ok(Wire(Box::new(stream)))
            }
        }
    }
}

/// The path without links, as far as there is something: a daemon that is down has no socket.
fn real(path: &Path) -> PathBuf {
    let above = || {
        let folder = path.parent()?.canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(above).unwrap_or_else(|| path.to_owned())
}

/// Slashes become dashes, and dashes two of them, so that two paths stay two names.
fn escaped(text: &str) -> String {
    text.trim_start_matches('/')
        .chars()
        .flat_map(|c| match c {
            '/' => vec!['-'],
            '-' => vec!['-', '-'],
            '.' | '_' => vec![c],
            c if c.is_alphanumeric() => vec![c],
            _ => vec!['_'],
        })
        .collect()
}

fn parse_host_and_port(rest: &str) -> Option<(String, u16)> {
    let rest = rest.trim_end_matches('/');
    if rest.is_empty() || rest.contains(['/', '@', '?', '#']) {
        return None;
    }
    if let Some(bracketed) = rest.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        let port = match port {
            "" => DEFAULT_PORT,
            given => given.strip_prefix(':')?.parse().ok()?,
        };
        return Some((host.into(), port));
    }
    match rest.split_once(':') {
        None => Some((rest.into(), DEFAULT_PORT)),
        Some((host, port)) if !host.is_empty() => Some((host.into(), port.parse().ok()?)),
        Some(_) => None,
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

/// Dials the one endpoint, whatever host a request names.
#[derive(Clone, Debug)]
pub(super) struct Connector(pub(super) Endpoint);

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let endpoint = self.0.clone();
        Box::pin(async move { endpoint.dial().await.map(TokioIo::new) })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One connection of either kind.
pub(super) struct Wire(Box<dyn Duplex>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_of_one_machine_have_names_of_their_own() {
        let name = |text: &str| Endpoint::parse(text).unwrap().distinct_name();
        assert_eq!(Endpoint::default().distinct_name(), None);
        assert_eq!(name("unix:///var/run/docker.sock"), None);
        let user = name("unix:///no-such/user/1000/docker.sock");
        assert_eq!(user.as_deref(), Some("no--such-user-1000-docker.sock"));
        assert_ne!(name("unix:///no/such.sock"), name("unix:///no-such.sock"));
        assert_eq!(name("tcp://localhost:2375").as_deref(), Some("tcp-localhost-2375"));
        assert_eq!(name("tcp://[::1]:2375").as_deref(), Some("tcp-__1-2375"));
    }

    #[test]
    fn flag_wins_over_the_environment_and_both_over_the_default() {
        let resolve = |flag, env| Endpoint::resolve(flag, env).unwrap().to_string();
        assert_eq!(resolve(Some("unix:///a.sock"), Some("tcp://b:1")), "unix:///a.sock");
        assert_eq!(resolve(None, Some("tcp://b:1")), "tcp://b:1");
        assert_eq!(resolve(Some(""), Some(" ")), "unix:///var/run/docker.sock");
        assert_eq!(resolve(None, None), "unix:///var/run/docker.sock");
    }

    #[test]
    fn tcp_takes_addresses_of_both_families_and_the_usual_port() {
        let parse = |text| Endpoint::parse(text).unwrap().to_string();
        assert_eq!(parse("tcp://10.0.0.1"), "tcp://10.0.0.1:2375");
        assert_eq!(parse("tcp://[::1]:99/"), "tcp://[::1]:99");
        assert_eq!(parse("http://engine:80"), "tcp://engine:80");
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_with_a_reason() {
        for (text, part) in [
            ("ssh://bob@host", "forward the socket"),
            ("https://host:2376", "TLS"),
            ("fd://", "`fd`"),
            ("/run/docker.sock", "no scheme"),
            ("unix://docker.sock", "absolute"),
            ("tcp://", "HOST:PORT"),
            ("tcp://host:port", "HOST:PORT"),
            ("tcp://:2375", "HOST:PORT"),
        ] {
            let error = Endpoint::parse(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains(text), "{error}");
        }
    }
}
