//! The engine's API over one pooled, versioned HTTP client.
//!
//! What comes from the engine is read as bytes, so that no unknown word of a newer engine ends a
//! run. Typed calls that only send go through bollard, over the same client. bollard itself
//! never sends a version and gives up its connection after each call; here the path prefix is
//! ours and connections are kept.

mod calls;
pub mod endpoint;
pub mod error;
pub mod events;
#[cfg(test)]
pub(crate) mod fake;

use std::{fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, combinators::UnsyncBoxBody};
use hyper::{Method, Request, Response, StatusCode, Uri, body::Incoming, header};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};

pub use calls::{PathChange, Summary};
pub use endpoint::Endpoint;
pub use error::DockerError;

use endpoint::Connector;
use error::{from_bollard, from_client};

/// Docker 20.10.
const OLDEST_API: ApiVersion = ApiVersion { major: 1, minor: 41 };
/// The newest dialect this program was tried with.
const NEWEST_API: ApiVersion = ApiVersion { major: 1, minor: 51 };

const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// For calls that the engine answers from what it has at hand.
pub const SHORT: Duration = Duration::from_secs(60);
/// For calls that wait for processes, mounts or networks.
pub const LONG: Duration = Duration::from_secs(300);
/// No answer that this program reads is larger.
const BODY_LIMIT: usize = 64 << 20;
/// More than eight calls at once gain nothing, so more idle connections do not either.
const IDLE_CONNECTIONS: usize = 8;
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A version of the engine's API, such as 1.41.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    pub major: usize,
    pub minor: usize,
}

impl ApiVersion {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.')?;
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// One engine. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Docker {
    shared: Arc<Shared>,
}

struct Shared {
    line: Line,
    version: ApiVersion,
    bollard: bollard::Docker,
}

/// The client and what it is connected to.
#[derive(Clone)]
struct Line {
    client: Client<Connector, Body>,
    endpoint: Endpoint,
}

impl fmt::Debug for Docker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Docker({}, {})", self.shared.line.endpoint, self.shared.version)
    }
}

impl Docker {
    /// Asks the engine for its newest dialect and settles on one that both sides know.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, DockerError> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(Connector(endpoint.clone()));
        let line = Line { client, endpoint: endpoint.clone() };
        let version = line.negotiate().await?;
        let bollard = bollard_over(&line, version)?;
        Ok(Self { shared: Arc::new(Shared { line, version, bollard }) })
    }

    /// Returns the dialect that is spoken.
    pub fn version_spoken(&self) -> ApiVersion {
        self.shared.version
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.line.endpoint
    }

    /// Returns bollard's client over the same connections, for calls that only send.
    pub fn bollard(&self) -> &bollard::Docker {
        &self.shared.bollard
    }

    /// Reads a path such as `/info`. A lost connection is tried once more.
    pub async fn get(&self, path: &str) -> Result<Bytes, DockerError> {
        self.get_within(path, SHORT).await
    }

    pub async fn get_within(&self, path: &str, limit: Duration) -> Result<Bytes, DockerError> {
        match self.call(Method::GET, path, None, limit).await {
            Err(DockerError::ConnectionLost { .. }) => {
                self.call(Method::GET, path, None, limit).await
            }
            other => other,
        }
    }

    /// Sends JSON, or nothing. Never sent twice: after `ConnectionLost` the caller has to look.
    pub async fn post(&self, path: &str, body: Option<Bytes>) -> Result<Bytes, DockerError> {
        self.post_within(path, body, LONG).await
    }

    pub async fn post_within(
        &self,
        path: &str,
        body: Option<Bytes>,
        limit: Duration,
    ) -> Result<Bytes, DockerError> {
        self.call(Method::POST, path, body, limit).await
    }

    pub async fn delete(&self, path: &str) -> Result<Bytes, DockerError> {
        self.call(Method::DELETE, path, None, LONG).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        limit: Duration,
    ) -> Result<Bytes, DockerError> {
        let what = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let exchange = async {
            let request = request(method, &format!("/v{}{path}", self.shared.version), body)
                .map_err(|cause| bad_reply(&what, &cause))?;
            let response = self.shared.line.send(request, &what).await?;
            let status = response.status();
            let bytes = collect(response.into_body(), &what).await?;
            if status.is_success() { Ok(bytes) } else { Err(refusal(status, &bytes)) }
        };
        within(limit, &what, exchange).await
    }

    /// Opens a stream; only the headers are waited for.
    async fn open(&self, path: &str, what: &str) -> Result<Incoming, DockerError> {
        let request = request(Method::GET, &format!("/v{}{path}", self.shared.version), None)
            .map_err(|cause| bad_reply(what, &cause))?;
        let response = within(SHORT, what, self.shared.line.send(request, what)).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let bytes = within(SHORT, what, collect(response.into_body(), what)).await?;
        Err(refusal(status, &bytes))
    }

    /// Runs a typed call within a limit of ours: bollard's own ends with the headers.
    async fn typed(
        &self,
        what: &str,
        limit: Duration,
        call: impl Future<Output = Result<(), bollard::errors::Error>>,
    ) -> Result<(), DockerError> {
        within(limit, what, async { call.await.map_err(|error| from_bollard(error, what)) }).await
    }
}

impl Line {
    async fn send(
        &self,
        request: Request<Body>,
        what: &str,
    ) -> Result<Response<Incoming>, DockerError> {
        self.client
            .request(request)
            .await
            .map_err(|error| from_client(&error, &self.endpoint, what))
    }

    async fn negotiate(&self) -> Result<ApiVersion, DockerError> {
        let what = "GET /_ping";
        let exchange = async {
            let request =
                request(Method::GET, "/_ping", None).map_err(|cause| bad_reply(what, &cause))?;
            let response = self.send(request, what).await?;
            let status = response.status();
            let offered = response
                .headers()
                .get("api-version")
                .and_then(|value| value.to_str().ok())
                .map(ToOwned::to_owned);
            let bytes = collect(response.into_body(), what).await?;
            if status.is_success() { Ok(offered) } else { Err(refusal(status, &bytes)) }
        };
        let offered = within(PING_TIMEOUT, what, exchange).await?.ok_or_else(|| {
            bad_reply(what, &"it names no API version, so this is not a container engine")
        })?;
        let newest = ApiVersion::parse(&offered)
            .ok_or_else(|| bad_reply(what, &format!("`{offered}` is not an API version")))?;
        if newest < OLDEST_API {
            return Err(DockerError::TooOld { found: offered, needed: OLDEST_API.to_string() });
        }
        Ok(newest.min(NEWEST_API))
    }
}

fn request(
    method: Method,
    path: &str,
    body: Option<Bytes>,
) -> Result<Request<Body>, hyper::http::Error> {
    let mut builder = Request::builder().method(method).uri(format!("http://engine{path}"));
    if body.is_some() {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    builder.body(boxed(Full::new(body.unwrap_or_default())))
}

fn boxed<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    body.map_err(Into::into).boxed_unsync()
}

async fn collect(body: Incoming, what: &str) -> Result<Bytes, DockerError> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(bad_reply(what, &format!("it is larger than {} MiB", BODY_LIMIT >> 20)))
        }
        Err(_) => Err(DockerError::ConnectionLost { what: what.into() }),
    }
}

async fn within<T>(
    limit: Duration,
    what: &str,
    exchange: impl Future<Output = Result<T, DockerError>>,
) -> Result<T, DockerError> {
    tokio::time::timeout(limit, exchange)
        .await
        .unwrap_or_else(|_| Err(DockerError::TimedOut { what: what.into() }))
}

/// Reads `{"message": …}`, or takes the start of whatever else is there.
fn refusal(status: StatusCode, bytes: &[u8]) -> DockerError {
    #[derive(serde::Deserialize)]
    struct Reply {
        message: String,
    }
    let message = match serde_json::from_slice::<Reply>(bytes) {
        Ok(reply) => reply.message,
        Err(_) => String::from_utf8_lossy(bytes).trim().chars().take(300).collect(),
    };
    let message = match message.is_empty() {
        true => status.canonical_reason().unwrap_or("no message").to_lowercase(),
        false => message,
    };
    DockerError::Status { code: status.as_u16(), message }
}

fn bad_reply(what: &str, cause: &impl ToString) -> DockerError {
    DockerError::BadReply { what: what.into(), cause: cause.to_string() }
}

/// Builds bollard over our client: same connections, our path prefix.
fn bollard_over(line: &Line, version: ApiVersion) -> Result<bollard::Docker, DockerError> {
    let line = line.clone();
    let transport = move |request: bollard::BollardRequest| {
        let line = line.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            let path = parts.uri.path_and_query().map_or("/", |it| it.as_str());
            parts.uri = prefixed(path, version)?;
            let what = format!("{} {}", parts.method, parts.uri.path());
            let response = line
                .send(Request::from_parts(parts, boxed(body)), &what)
                .await
                .map_err(io::Error::other)?;
            if response.status() == StatusCode::NOT_MODIFIED {
                // bollard takes 304 for success, and its callers could not tell.
                return Err(bollard::errors::Error::DockerResponseServerError {
                    status_code: 304,
                    message: "not modified".into(),
                });
            }
            Ok(response)
        }
    };
    // The limit is ours (see `typed`); this one must never be the shorter.
    let a_day = 86_400;
    let client_version =
        bollard::ClientVersion { major_version: version.major, minor_version: version.minor };
    bollard::Docker::connect_with_custom_transport(
        transport,
        Some("http://engine"),
        a_day,
        &client_version,
    )
    .map_err(|error| bad_reply("setting up the client", &error))
}

/// Returns the URI with exactly one version in front: 0.21 of bollard sends none, later ones do.
fn prefixed(path: &str, version: ApiVersion) -> Result<Uri, bollard::errors::Error> {
    let own = path
        .strip_prefix("/v")
        .and_then(|rest| rest.split('/').next())
        .is_some_and(|first| ApiVersion::parse(first).is_some());
    let text = if own {
        format!("http://engine{path}")
    } else {
        format!("http://engine/v{version}{path}")
    };
    Ok(text.parse::<Uri>()?)
}

/// Escapes one segment of a path or one value of a query.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
