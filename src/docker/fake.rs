//! A server on a socket in a temporary directory that answers as a test tells it to.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixListener,
};

use super::endpoint::Endpoint;

/// What to do about one request.
pub(crate) enum Answer {
    /// A whole reply.
    Reply(u16, Vec<u8>),
    /// Bytes as they are, then the connection ends.
    Raw(Vec<u8>),
    /// Bytes as they are, then silence.
    Stall(Vec<u8>),
    HangUp,
}

impl Answer {
    pub(crate) fn json(body: impl ToString) -> Self {
        Self::Reply(200, body.to_string().into_bytes())
    }
}

pub(crate) struct FakeEngine {
    directory: PathBuf,
    /// Method and path of each request, without `/_ping`.
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl FakeEngine {
    /// Starts it; `answer` gets the method and the path, without the version.
    pub(crate) fn start(
        api_version: &'static str,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("plimsoll-fake-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let listener = UnixListener::bind(directory.join("s")).unwrap();
        let engine = Self { directory, seen: Arc::default(), connections: Arc::default() };
        let (seen, connections) = (engine.seen.clone(), engine.connections.clone());
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, api_version, answer.clone(), seen.clone()));
            }
        });
        engine
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.directory.join("s"))
    }
}

async fn serve(
    stream: tokio::net::UnixStream,
    api_version: &str,
    answer: Arc<impl Fn(&str) -> Answer>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut head = String::new();
        if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let reply = if path == "/_ping" {
            Answer::Raw(
                format!(
                    "HTTP/1.1 200 OK\r\nApi-Version: {api_version}\r\nContent-Length: 2\r\n\r\nOK"
                )
                .into_bytes(),
            )
        } else {
            let request = format!("{method} {path}");
            seen.lock().unwrap().push(request.clone());
            let bare = path
                .strip_prefix("/v")
                .and_then(|rest| rest.find('/').map(|slash| &rest[slash..]))
                .unwrap_or(path);
            answer(&format!("{method} {bare}"))
        };
        match reply {
            Answer::Reply(code, body) => {
                let head = format!("HTTP/1.1 {code} X\r\nContent-Length: {}\r\n\r\n", body.len());
                let whole = [head.into_bytes(), body].concat();
                if stream.write_all(&whole).await.is_err() {
                    return;
                }
            }
            Answer::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                if path != "/_ping" {
                    return;
                }
            }
            Answer::Stall(bytes) => {
                let _ = stream.write_all(&bytes).await;
                std::future::pending::<()>().await;
            }
            Answer::HangUp => return,
        }
    }
}
