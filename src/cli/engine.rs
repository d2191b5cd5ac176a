//! What commands that talk to an engine share: the runtime, the connection, recovery, the look.

use std::time::Duration;

use jiff::Timestamp;
use plimsoll::{
    declaration::{import::ImportOptions, policy::Policy, problem::Problem},
    docker::{Docker, Endpoint},
    execute::gate::GateOptions,
    model::class::Class,
    observe,
    pipeline::{self, Errand, Imported, Look, Recovered, Recovery, watcher::WatcherCommand},
    plan::Ceiling,
    render::status,
    store::{Holder, Lock, Store},
};

use crate::{
    args::{GateArgs, Global, Narrow},
    exit::Exit,
    failure::Failure,
    output,
    signals::Signals,
    watcher,
};

/// Runs a command that waits for an engine.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::io("start the runtime", &error))?
        .block_on(work)
}

pub(crate) fn endpoint(global: &Global) -> Result<Endpoint, Failure> {
    let variable = std::env::var("DOCKER_HOST").ok().filter(|it| !it.is_empty());
    Ok(Endpoint::resolve(global.host.as_deref(), variable.as_deref())?)
}

/// Where runs on this engine are remembered. Several engines on one host do not mix.
pub(crate) fn store(global: &Global, endpoint: &Endpoint) -> Store {
    Store::of_engine(&global.state_dir, endpoint.distinct_name().as_deref())
}

pub(crate) fn ceiling(class: Class, narrow: &Narrow) -> Ceiling {
    Ceiling {
        class,
        own_container: observe::own_container(),
        only: narrow.only.clone(),
        exclude: narrow.exclude.clone(),
    }
}

pub(crate) fn gate(args: &GateArgs) -> GateOptions {
    GateOptions { quiet: args.quiet_period, ..GateOptions::default() }
}

/// Who takes the lock, for others that find it taken.
pub(crate) fn holder(command: &str) -> Holder {
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Holder {
        run: None,
        command: command.to_owned(),
        user: user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())),
        pid: std::process::id(),
        since: Timestamp::now().to_string(),
    }
}

/// What a command that acts begins with.
pub(crate) struct Opened {
    pub(crate) docker: Docker,
    pub(crate) store: Store,
    pub(crate) lock: Lock,
    pub(crate) gate: GateOptions,
    pub(crate) signals: Signals,
    pub(crate) watcher: WatcherCommand,
}

/// Takes the lock, listens for signals, connects, and takes back what was left half done; says
/// what that was.
pub(crate) async fn open(
    global: &Global,
    command: &str,
    lock_timeout: Duration,
    gate_args: &GateArgs,
) -> Result<Opened, Failure> {
    let endpoint = endpoint(global)?;
    let store = store(global, &endpoint);
    let lock = store.lock(holder(command), lock_timeout).await?;
    let signals = Signals::listen()?;
    let gate = gate(gate_args);
    let (docker, recovered) =
        pipeline::open_under(&endpoint, &store, &lock, &gate, Timestamp::now).await?;
    tell(&recovered)?;
    tell_cut_off(&store)?;
    let watcher = watcher::command(global, &endpoint, gate_args)?;
    Ok(Opened { docker, store, lock, gate, signals, watcher })
}

/// What commands that only look do: take back what was left half done, then observe, judge and
/// plan.
pub(crate) async fn look(
    global: &Global,
    policy: &Policy,
    class: Class,
    narrow: &Narrow,
) -> Result<Look, Failure> {
    let (docker, store) = look_only(global).await?;
    let ceiling = ceiling(class, narrow);
    Ok(pipeline::look(errand(&docker, policy, &store, &ceiling)).await?)
}

/// Writes a declaration of the host as it is.
pub(crate) async fn import(global: &Global, options: &ImportOptions) -> Result<Imported, Failure> {
    let policy = pipeline::import_policy(options)?;
    let (docker, store) = look_only(global).await?;
    let ceiling = ceiling(Class::Loss, &Narrow::default());
    Ok(pipeline::import(errand(&docker, &policy, &store, &ceiling), options).await?)
}

/// Takes back what was left half done.
async fn look_only(global: &Global) -> Result<(Docker, Store), Failure> {
    let endpoint = endpoint(global)?;
    let store = store(global, &endpoint);
    let (docker, recovery) =
        pipeline::open(&endpoint, &store, holder("recovery"), Timestamp::now).await?;
    match recovery {
        Recovery::NothingToDo => {}
        Recovery::Done(recovered) => tell(&recovered)?,
        Recovery::AnotherRunIsAtWork => {
            output::say("note: another plimsoll is at work on this host; what is shown may move");
        }
    }
    Ok((docker, store))
}

fn errand<'a>(
    docker: &'a Docker,
    policy: &'a Policy,
    store: &'a Store,
    ceiling: &'a Ceiling,
) -> Errand<'a> {
    Errand { docker, policy, store, ceiling, retry: false, clock: Timestamp::now }
}

/// Says that the last run died and what its watcher did, which nobody was told then.
pub(crate) fn tell_cut_off(store: &Store) -> Result<(), Failure> {
    let Some((id, _)) = store.last_applied()?.run else { return Ok(()) };
    let Some(run) = store.run(id)? else { return Ok(()) };
    for line in status::told_by_watcher(&run, Timestamp::now()) {
        output::note(&line);
    }
    Ok(())
}

/// Says what recovery did; fails if something was left that needs a person.
pub(crate) fn tell(recovered: &[Recovered]) -> Result<(), Failure> {
    for it in recovered {
        output::note(&format!("recovered: {it}"));
    }
    if recovered.iter().all(|it| it.settled) {
        return Ok(());
    }
    let problem = Problem::without_text(
        "recovery.stuck",
        "an earlier run was cut off, and what it left could not be put right",
    )
    .help("see the lines above; nothing else was changed");
    Err(Failure::new(Exit::Stuck, problem))
}
