//! `plimsoll watcher`, which nobody types: stands by while `apply` or `enforce` change containers,
//! and puts right what they leave half done if they die.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{self, PathBuf},
};

use jiff::Timestamp;
use plimsoll::{
    docker::Endpoint,
    pipeline::{
        PipelineError,
        watcher::{self, Watched, WatcherCommand},
    },
    plan::run::WATCHER,
    store::LockError,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    args::{GateArgs, Global, WatcherArgs},
    engine,
    exit::Exit,
    failure::Failure,
};

/// Returns how to call it for a run that was itself called so.
pub(crate) fn command(
    global: &Global,
    endpoint: &Endpoint,
    gate: &GateArgs,
) -> Result<WatcherCommand, Failure> {
    let state_dir = path::absolute(&global.state_dir)
        .map_err(|error| Failure::io("find the state directory", &error))?;
    let quiet = gate.quiet_period.as_millis();
    let mut arguments = loader_arguments();
    arguments.extend([
        WATCHER.into(),
        format!("--host={endpoint}").into(),
        "--state-dir".into(),
        state_dir.into_os_string(),
        format!("--quiet-period={quiet}ms").into(),
    ]);
    Ok(WatcherCommand { program: program(), arguments })
}

/// What stands before this program's own arguments where the dynamic loader was called with it
/// (`ld.so --library-path … plimsoll`): the executable is the loader then.
fn loader_arguments() -> Vec<OsString> {
    let line = fs::read("/proc/self/cmdline").unwrap_or_default();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    let before = (words.len() + 1).saturating_sub(env::args_os().count());
    let leading = words.iter().take(before).skip(1);
    leading.map(|word| OsStr::from_bytes(word).to_owned()).collect()
}

/// The file itself, so that an upgrade in the middle of a run does not matter.
fn program() -> PathBuf {
    match env::current_exe() {
        Ok(path) if path.exists() => path,
        Ok(_) | Err(_) => PathBuf::from("/proc/self/exe"),
    }
}

pub(crate) fn run(global: &Global, args: &WatcherArgs) -> Result<Exit, Failure> {
    // A session of its own: no terminal, and no signal that is sent to the run's group.
    rustix::process::setsid()
        .map_err(|error| Failure::io("begin a session", &io::Error::from(error)))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("start the runtime", &error))?;
    runtime.block_on(async {
        // A service manager signals every process; the run says itself when it is done.
        let listen = |kind| signal(kind).map_err(|error| Failure::io("listen for signals", &error));
        let _ignored = [
            listen(SignalKind::hangup())?,
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
        ];
        let watched = watcher::stand_by(io::stdin().lock(), io::stdout().lock())
            .map_err(|error| Failure::io("wait for the run", &error))?;
        match watched {
            Watched::Dismissed => return Ok(Exit::Success),
            Watched::Orphaned => {}
        }
        let endpoint = engine::endpoint(global)?;
        let store = engine::store(global, &endpoint);
        let gate = engine::gate(&args.gate);
        let holder = engine::holder(WATCHER);
        match watcher::take_over(&endpoint, &store, holder, &gate, Timestamp::now).await {
            // Whoever holds it has seen to what was left.
            Ok(_) | Err(PipelineError::Lock(LockError::Held(_))) => Ok(Exit::Success),
            Err(error) => Err(error.into()),
        }
    })
}
