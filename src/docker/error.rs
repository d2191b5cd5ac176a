//! Why the engine did not do or tell what it was asked.

use std::{error::Error, io};

use super::endpoint::Endpoint;

/// What a caller has to tell apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerError {
    #[error("cannot reach the engine at {endpoint}: {cause}")]
    Unreachable { endpoint: String, cause: String },
    #[error("no permission to open {path} as user ID {uid}")]
    PermissionDenied { path: String, uid: u32 },
    /// The engine understood and said no. 304 is among them: nothing was to be done.
    #[error("the engine answered {code}: {message}")]
    Status { code: u16, message: String },
    /// Nobody knows whether the engine did it, or still will.
    #[error("no answer in time to {what}")]
    TimedOut { what: String },
    /// The connection ended after the request was sent. Nobody knows whether the engine did it.
    #[error("the connection was lost during {what}")]
    ConnectionLost { what: String },
    #[error("the answer to {what} cannot be used: {cause}")]
    BadReply { what: String, cause: String },
    #[error("cannot use {endpoint} as the engine's address: {why}")]
    BadEndpoint { endpoint: String, why: String },
    #[error(
        "the engine speaks API {found} at most; plimsoll needs {needed} (Docker 20.10) or newer"
    )]
    TooOld { found: String, needed: String },
}

impl DockerError {
    /// Returns the status code, where the engine answered with one.
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Status { code, .. } => Some(*code),
            Self::Unreachable { .. }
            | Self::PermissionDenied { .. }
            | Self::TimedOut { .. }
            | Self::ConnectionLost { .. }
            | Self::BadReply { .. }
            | Self::BadEndpoint { .. }
            | Self::TooOld { .. } => None,
        }
    }

    /// Returns whether the thing asked about is not there.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Returns whether the engine itself could not be talked to, so that asking for the next
    /// thing is pointless.
    pub const fn is_engine_gone(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::PermissionDenied { .. }
            | Self::ConnectionLost { .. }
            | Self::BadEndpoint { .. }
            | Self::TooOld { .. } => true,
            Self::Status { .. } | Self::TimedOut { .. } | Self::BadReply { .. } => false,
        }
    }
}

/// Sorts a failure of the client: not dialled, or lost on the way.
pub(super) fn from_client(
    error: &hyper_util::client::legacy::Error,
    endpoint: &Endpoint,
    what: &str,
) -> DockerError {
    if !error.is_connect() {
        return DockerError::ConnectionLost { what: what.into() };
    }
    let io_error = sources(error).find_map(|it| it.downcast_ref::<io::Error>());
    match (io_error, endpoint) {
        (Some(cause), Endpoint::Unix(path)) if cause.kind() == io::ErrorKind::PermissionDenied => {
            DockerError::PermissionDenied {
                path: path.display().to_string(),
                uid: rustix::process::geteuid().as_raw(),
            }
        }
        (Some(cause), Endpoint::Unix(_)) if cause.kind() == io::ErrorKind::NotFound => {
            unreachable_because(endpoint, "there is no such socket")
        }
        (Some(cause), Endpoint::Unix(_)) if cause.kind() == io::ErrorKind::ConnectionRefused => {
            unreachable_because(endpoint, "nobody listens on the socket")
        }
        (Some(cause), _) => unreachable_because(endpoint, &cause.to_string()),
        (None, _) => unreachable_because(endpoint, &error.to_string()),
    }
}

fn unreachable_because(endpoint: &Endpoint, cause: &str) -> DockerError {
    DockerError::Unreachable { endpoint: endpoint.to_string(), cause: cause.into() }
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |it: &&'a (dyn Error + 'static)| (*it).source())
}

/// Sorts a failure that came through bollard; our own transport hides ours in an I/O error.
pub(super) fn from_bollard(error: bollard::errors::Error, what: &str) -> DockerError {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, message } => {
            DockerError::Status { code: status_code, message }
        }
        bollard::errors::Error::RequestTimeoutError => DockerError::TimedOut { what: what.into() },
        bollard::errors::Error::IOError { err } => err
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<DockerError>())
            .cloned()
            .unwrap_or_else(|| DockerError::ConnectionLost { what: what.into() }),
        bollard::errors::Error::HyperResponseError { .. } => {
            DockerError::ConnectionLost { what: what.into() }
        }
        other => DockerError::BadReply { what: what.into(), cause: other.to_string() },
    }
}
