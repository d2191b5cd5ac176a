//! The one place where errors become messages and exit codes.

use std::io::{self, Write};

use plimsoll::{
    declaration::problem::Problem,
    docker::DockerError,
    pipeline::PipelineError,
    plan::run::Outcome,
    render::{diagnostic, events},
    store::{LockError, StoreError},
};

use crate::{exit::Exit, output, terminal::Terminal};

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) problems: Vec<Problem>,
    pub(crate) exit: Exit,
}

impl Failure {
    pub(crate) fn new(exit: Exit, problem: Problem) -> Self {
        Self { problems: vec![problem], exit }
    }

    /// Something the operating system refused while doing `what`.
    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::Failed,
        };
        Self::new(
            exit,
            Problem::without_text("io", format!("cannot {what}")).note(error.to_string()),
        )
    }

    /// Prints it on standard error.
    /// Tells people, and those who read events.
    pub(crate) fn tell(&self, terminal: &Terminal) -> io::Result<()> {
        for problem in &self.problems {
            output::event(&events::problem(problem));
        }
        self.print(terminal)
    }

    pub(crate) fn print(&self, terminal: &Terminal) -> io::Result<()> {
        let mut text = Vec::new();
        diagnostic::problems(&mut text, &self.problems, terminal.stderr_color, terminal.width)?;
        io::stderr().write_all(&text)
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems, exit: Exit::Declaration }
    }
}

impl From<DockerError> for Failure {
    fn from(error: DockerError) -> Self {
        let problem = |code, message: &str| Problem::without_text(code, message.to_owned());
        let note = error.to_string();
        match error {
            DockerError::PermissionDenied { .. } => Self::new(
                Exit::Permission,
                problem("docker.permission", "no permission to talk to the Docker daemon")
                    .note(note)
                    .help("run as root, or as a member of the group that owns the socket; that access equals root"),
            ),
            DockerError::Unreachable { .. } => Self::new(
                Exit::Unreachable,
                problem("docker.unreachable", "no answer from the Docker daemon")
                    .note(note)
                    .help("start it, or name another endpoint with `-H` or DOCKER_HOST"),
            ),
            DockerError::ConnectionLost { .. } | DockerError::TimedOut { .. } => Self::new(
                Exit::Unreachable,
                problem("docker.lost", "the Docker daemon stopped answering")
                    .note(note)
                    .help("look with `plimsoll status` once it is back"),
            ),
            DockerError::BadEndpoint { .. } => Self::new(
                Exit::Usage,
                problem("docker.endpoint", "this is not an endpoint that plimsoll can use")
                    .note(note)
                    .help("write unix:///run/docker.sock or tcp://host:port"),
            ),
            DockerError::TooOld { .. } => Self::new(
                Exit::Unreachable,
                problem("docker.too-old", "this engine is older than plimsoll supports").note(note),
            ),
            DockerError::Status { code: 403, .. } => Self::new(
                Exit::Permission,
                problem("docker.forbidden", "the Docker daemon, or a proxy before it, refused a request")
                    .note(note),
            ),
            DockerError::Status { .. } | DockerError::BadReply { .. } => Self::new(
                Exit::Failed,
                problem("docker.refused", "the Docker daemon did not do what it was asked").note(note),
            ),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let exit = match &error {
            StoreError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Exit::Permission
            }
            StoreError::Io { .. } | StoreError::Damaged { .. } | StoreError::Newer { .. } => {
                Exit::Failed
            }
        };
        let problem = Problem::without_text("state", error.to_string())
            .help("another state directory can be named with `--state-dir`");
        Self::new(exit, source.into_iter().fold(problem, Problem::note))
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Store(error) => error.into(),
            LockError::Held(_) => Self::new(
                Exit::Locked,
                Problem::without_text("lock.held", error.to_string())
                    .help("wait for it with `--lock-timeout 5m`; nothing was changed"),
            ),
        }
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        let message = error.to_string();
        match error {
            PipelineError::Docker(error) => error.into(),
            PipelineError::Store(error) => error.into(),
            PipelineError::Lock(error) => error.into(),
            PipelineError::Problems(problems) => problems.into(),
            PipelineError::NotRecovered(recovered) => {
                let problem = Problem::without_text("recovery.stuck", message);
                let lines = recovered.iter().filter(|it| !it.settled).map(ToString::to_string);
                Self::new(Exit::Stuck, lines.fold(problem, Problem::note))
            }
            PipelineError::DaemonStuck(run) => {
                let problem = Problem::without_text("daemon.stuck", message);
                let said = run.outcomes.iter().find_map(|it| match &it.outcome {
                    Outcome::Stuck { why, left } => Some(format!("{why}\n{}", left.join("\n"))),
                    Outcome::Done { .. }
                    | Outcome::NotReached
                    | Outcome::Failed { .. }
                    | Outcome::Undone { .. } => None,
                });
                let said = said.unwrap_or_default();
                Self::new(Exit::Stuck, problem.note(said))
            }
            PipelineError::NoSuchRun(_) => Self::new(
                Exit::Refused,
                Problem::without_text("rollback.unknown", message)
                    .help("`plimsoll status` names the last run; without a number the last one is taken back"),
            ),
            PipelineError::NothingToTakeBack => Self::new(
                Exit::Refused,
                Problem::without_text("rollback.nothing", message)
                    .note("nothing was changed"),
            ),
            PipelineError::NoSuchObject(_) => Self::new(
                Exit::Usage,
                Problem::without_text("narrow.nothing", message)
                    .help("`plimsoll plan` shows the addresses; `*` and `?` are globs"),
            ),
        }
    }
}
