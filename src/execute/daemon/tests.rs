//! The sequence against a daemon of our own, which can fail or vanish at any step.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use serde_json::{Value, json};

use super::{
    effects::{Containers, DaemonEffects, LogPosition, Process, Step},
    recover::{RecoveredEnd, recover},
    *,
};
use crate::{
    model::{
        class::Class,
        daemon::{DaemonKey, Flag, Service},
        daemon_check::Thing,
        field::Field,
        object::Address,
    },
    plan::{Action, Cause},
    store::Ran,
};

type Keys = BTreeMap<String, Value>;

#[derive(Clone, Default)]
struct World {
    file: Option<String>,
    candidate: Option<String>,
    backup: Option<String>,
    found: Option<String>,
    note: Option<DaemonChange>,
    start: Option<DaemonStart>,
    /// What the process goes by; `None` if it does not run.
    memory: Option<Keys>,
    pid: u32,
    running: Vec<Ran>,
    all: Vec<String>,
    starts: usize,
    reloads: usize,
    /// How often a new file took the old one's place.
    installs: usize,
    /// How many steps were taken that change something.
    steps: usize,
}

/// What goes wrong.
#[derive(Clone, Copy, Default)]
struct Faults {
    /// This step fails; later ones do not.
    fails_at: Option<usize>,
    /// From this step on nothing happens any more.
    killed_at: Option<usize>,
    /// The daemon does not start with this key in its file.
    starts_without: Option<&'static str>,
    /// The daemon refuses to reload a file with this key, after it applied the others.
    reloads_without: Option<&'static str>,
    /// Does not start with whatever file.
    never_starts: bool,
    invalid: bool,
    /// Somebody writes this file while ours is checked.
    edited_meanwhile: Option<&'static str>,
    /// Somebody writes this file while the daemon starts with ours.
    edited_at_start: Option<&'static str>,
}

struct Fake {
    world: Mutex<World>,
    faults: Faults,
}

const RELOADED: [&str; 2] = ["debug", "live-restore"];

impl Fake {
    fn new(file: &str, faults: Faults) -> Self {
        let ran = |name: &str, paused| Ran { id: name.to_owned(), name: name.to_owned(), paused };
        let world = World {
            file: Some(file.to_owned()),
            memory: Some(serde_json::from_str(file).unwrap()),
            pid: 100,
            running: vec![ran("web", false), ran("rogue", true)],
            all: vec!["web".to_owned(), "rogue".to_owned()],
            ..World::default()
        };
        Self { world: Mutex::new(world), faults }
    }

    fn with_faults(&self, faults: Faults) -> Self {
        Self { world: Mutex::new(self.world().clone()), faults }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn reloads_and_starts(&self) -> (usize, usize) {
        let world = self.world();
        (world.reloads, world.starts)
    }

    /// One step that changes something: done, or not.
    fn step(&self) -> Step<MutexGuard<'_, World>> {
        let mut world = self.world();
        world.steps += 1;
        if self.faults.fails_at == Some(world.steps) {
            return Err("scripted".to_owned());
        }
        if self.faults.killed_at.is_some_and(|at| world.steps >= at) {
            return Err("killed".to_owned());
        }
        Ok(world)
    }

    fn start(&self, world: &mut World) -> Step<()> {
        let file: Keys = serde_json::from_str(world.file.as_deref().unwrap_or("{}")).unwrap();
        let lives_through = world
            .memory
            .as_ref()
            .is_some_and(|memory| memory.get("live-restore") == Some(&json!(true)));
        world.memory = None;
        if !lives_through {
            world.running.clear();
        }
        let broken = self.faults.starts_without.is_some_and(|key| file.contains_key(key));
        if broken || self.faults.never_starts {
            return Err("exit status 1".to_owned());
        }
        world.memory = Some(file);
        world.pid += 1;
        world.starts += 1;
        Ok(())
    }
}

impl DaemonEffects for Fake {
    fn read_file(&self) -> Step<Option<String>> {
        Ok(self.world().file.clone())
    }

    fn write_candidate(&self, text: &str) -> Step<()> {
        self.step()?.candidate = Some(text.to_owned());
        Ok(())
    }

    async fn validate_candidate(&self) -> Step<()> {
        if self.faults.invalid { Err("the engine refuses the new file".to_owned()) } else { Ok(()) }
    }

    fn has(&self, _: &Thing) -> bool {
        false
    }

    async fn plugin_answers(&self, _: &str) -> bool {
        false
    }

    fn discard_candidate(&self) {
        if self.faults.killed_at.is_none() {
            self.world().candidate = None;
        }
    }

    fn back_up(&self) -> Step<Option<String>> {
        let mut world = self.step()?;
        world.backup = world.file.clone();
        if let Some(text) = self.faults.edited_meanwhile {
            world.file = Some(text.to_owned());
        }
        Ok(world.backup.is_some().then(|| "backup".to_owned()))
    }

    fn discard_backup(&self) {
        if self.faults.killed_at.is_none() {
            self.world().backup = None;
        }
    }

    fn install_candidate(&self) -> Step<()> {
        let mut world = self.step()?;
        world.file = Some(world.candidate.take().ok_or("no candidate")?);
        world.installs += 1;
        Ok(())
    }

    fn keep_found(&self) -> Step<String> {
        let mut world = self.step()?;
        world.found = world.file.clone();
        Ok("found".to_owned())
    }

    fn put_back(&self, backup: Option<&str>) -> Step<()> {
        let mut world = self.step()?;
        world.file = backup.and_then(|_| world.backup.clone());
        Ok(())
    }

    fn prune_backups(&self) {}

    fn note(&self, change: &DaemonChange) -> Step<()> {
        self.step()?.note = Some(change.clone());
        Ok(())
    }

    fn forget_note(&self) -> Step<()> {
        self.step()?.note = None;
        Ok(())
    }

    fn note_start(&self, start: &DaemonStart) -> Step<()> {
        self.step()?.start = Some(start.clone());
        Ok(())
    }

    async fn process(&self) -> Option<Process> {
        let world = self.world();
        world.memory.is_some().then_some(Process { pid: world.pid, start_ticks: 1 })
    }

    async fn reload(&self) -> Step<BTreeMap<String, String>> {
        let mut world = self.step()?;
        let file: Keys = serde_json::from_str(world.file.as_deref().unwrap_or("{}")).unwrap();
        let memory = world.memory.as_mut().ok_or("down")?;
        for key in RELOADED {
            if let Some(value) = file.get(key) {
                memory.insert(key.to_owned(), value.clone());
            }
        }
        if self.faults.reloads_without.is_some_and(|key| file.contains_key(key)) {
            return Err("no reload event".to_owned());
        }
        let shown = memory.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
        world.reloads += 1;
        Ok(shown)
    }

    async fn restart(&self) -> Step<()> {
        let mut world = self.step()?;
        let started = self.start(&mut world);
        if let Some(text) = self.faults.edited_at_start.filter(|_| started.is_err()) {
            world.file = Some(text.to_owned());
        }
        started
    }

    async fn wait_until_up(&self, other_than: Option<Process>) -> Step<Option<Process>> {
        let process = self.process().await;
        match process.is_some() && process != other_than {
            true => Ok(process),
            false => Err("nobody answers".to_owned()),
        }
    }

    fn by_hand(&self, _: &DaemonChange) -> Vec<String> {
        vec!["  restart it".to_owned()]
    }

    async fn answers(&self) -> bool {
        self.world().memory.is_some()
    }

    async fn log_position(&self) -> LogPosition {
        LogPosition::Nowhere
    }

    async fn last_words(&self, _: &LogPosition) -> Vec<String> {
        vec!["level=fatal".to_owned()]
    }

    async fn containers(&self) -> Step<Containers> {
        let world = self.world();
        world.memory.as_ref().ok_or("down")?;
        Ok(Containers { running: world.running.clone(), all: world.all.clone() })
    }

    async fn start_container(&self, id: &str) -> Step<()> {
        self.step()?.running.push(Ran { id: id.into(), name: id.into(), paused: false });
        Ok(())
    }

    async fn stop_container(&self, id: &str) -> Step<()> {
        self.step()?.running.retain(|it| it.id != id);
        Ok(())
    }

    async fn pause_container(&self, id: &str) -> Step<()> {
        for container in self.step()?.running.iter_mut().filter(|it| it.id == id) {
            container.paused = true;
        }
        Ok(())
    }

    async fn info(&self) -> Step<Value> {
        let world = self.world();
        let memory = world.memory.as_ref().ok_or("down")?;
        let on = |key: &str| memory.get(key) == Some(&json!(true));
        Ok(json!({"LiveRestoreEnabled": on("live-restore"), "Debug": on("debug"),
            "LoggingDriver": memory.get("log-driver").unwrap_or(&json!("json-file"))}))
    }

    async fn bridge(&self) -> Step<Option<Value>> {
        Ok(None)
    }
}

fn change(key: &str, value: Value, apply: DaemonApply) -> Change {
    let value = Some(value).filter(|value| !value.is_null());
    Change {
        id: format!("c-{key}"),
        address: Address::daemon_key(key),
        class: Class::Restart,
        cause: Cause::New,
        drift: None,
        standing: None,
        group: None,
        how: String::new(),
        settings: Vec::new(),
        rules: Vec::new(),
        held: None,
        action: Action::DaemonKey {
            key: key.to_owned(),
            value,
            apply,
            sensitive: false,
            write: true,
        },
        interrupts: false,
        impact: Vec::new(),
        lost: None,
        undo: String::new(),
        way_back: crate::plan::WayBack::None,
        after: Vec::new(),
        commit: false,
        probes: Vec::new(),
    }
}

fn reload(key: &str, value: Value) -> Change {
    change(key, value, DaemonApply::Reload)
}

fn restarting(key: &str, value: Value) -> Change {
    change(key, value, DaemonApply::Restart)
}

fn config(file: &str) -> DaemonConfig {
    let keys: Keys = serde_json::from_str(file).unwrap();
    let key = |value: Value| DaemonKey {
        running: Field::Set(value.clone()),
        file: Some(value),
        flag: None,
    };
    DaemonConfig {
        keys: keys.into_iter().map(|(name, value)| (name, key(value))).collect(),
        file_path: "/etc/docker/daemon.json".to_owned(),
        file_exists: true,
        engine_version: "28.5.2".to_owned(),
        service: Service::Process { pid: 100 },
        ..DaemonConfig::default()
    }
}

const OLD: &str = "{\"debug\":false,\"log-level\":\"info\"}";

async fn run(host: &Fake, changes: &[Change]) -> Vec<Outcome> {
    run_on(host, &config(OLD), changes).await
}

async fn run_on(host: &Fake, config: &DaemonConfig, changes: &[Change]) -> Vec<Outcome> {
    let changes: Vec<&Change> = changes.iter().collect();
    let context = DaemonContext { config, start: None, run: 7, can_restart: true };
    let done = apply(&changes, host, context, &mut |_| {}).await;
    done.into_iter().map(|it| it.outcome).collect()
}

/// The daemon runs, goes by its file, and so do the containers.
#[track_caller]
fn is_sound(host: &Fake, case: &str) {
    let world = host.world();
    let file: Keys = serde_json::from_str(world.file.as_deref().unwrap_or("{}")).unwrap();
    let memory = world.memory.as_ref().unwrap_or_else(|| panic!("{case}: the daemon is down"));
    for (key, value) in file.iter().filter(|(key, _)| !RELOADED.contains(&key.as_str())) {
        assert_eq!(memory.get(key), Some(value), "{case}: {key}");
    }
    let off = json!(false);
    for key in RELOADED {
        let [filed, live] = [&file, memory].map(|it| it.get(key).unwrap_or(&off));
        assert_eq!(filed, live, "{case}: {key}");
    }
    let mut names: Vec<_> = world.running.iter().map(|it| (it.name.as_str(), it.paused)).collect();
    names.sort_unstable();
    assert_eq!(names, [("rogue", true), ("web", false)], "{case}");
    assert_eq!(world.note, None, "{case}");
    assert_eq!(world.candidate, None, "{case}");
}

#[tokio::test]
async fn keys_that_reload_are_done_when_the_event_says_so() {
    let host = Fake::new(OLD, Faults::default());
    let done =
        run(&host, &[reload("debug", json!(true)), reload("live-restore", json!(true))]).await;
    let proof = "reload event reports debug=true".to_owned();
    assert_eq!(done[0], Outcome::Done { proof });
    is_sound(&host, "reload");
    assert_eq!(host.reloads_and_starts(), (1, 0));
    let file = "{\"debug\":true,\"log-level\":\"info\",\"live-restore\":true}";
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parsed(host.world().file.as_deref().unwrap()), parsed(file));
}

#[tokio::test]
async fn keys_of_both_kinds_take_one_write_and_one_restart() {
    let host = Fake::new(OLD, Faults::default());
    let changes = [reload("debug", json!(true)), restarting("log-driver", json!("local"))];
    let done = run(&host, &changes).await;
    let proof = "the restarted daemon reports log-driver=\"local\"".to_owned();
    assert_eq!(done[1], Outcome::Done { proof });
    is_sound(&host, "both");
    assert_eq!(host.reloads_and_starts(), (0, 1));
}

#[tokio::test]
async fn live_restore_is_reloaded_before_the_restart_it_is_for() {
    let host = Fake::new(OLD, Faults::default());
    let changes = [reload("live-restore", json!(true)), restarting("log-driver", json!("local"))];
    run(&host, &changes).await;
    is_sound(&host, "live-restore");
    assert_eq!(host.reloads_and_starts(), (1, 1));
    // Nothing was stopped, so that nothing had to be started or paused again: note, candidate,
    // backup, note, file, reload, note, restart, start record, note gone.
    assert_eq!(host.world().steps, 10);
}

/// Whatever is mixed: one write, at most one reload and one restart, and live-restore before both.
#[tokio::test]
async fn every_mix_takes_one_write_one_reload_and_one_restart_at_most() {
    let old = "{\"live-restore\":false,\"log-level\":\"info\"}";
    let all = [
        reload("debug", json!(true)),
        reload("live-restore", json!(true)),
        restarting("log-driver", json!("local")),
        restarting("log-level", json!(null)),
        Change { class: Class::Outage, ..restarting("mtu", json!(1400)) },
    ];
    for mask in 1_u32..1 << all.len() {
        let chosen = all.iter().enumerate().filter(|(at, _)| mask & (1 << at) != 0);
        let changes: Vec<Change> = chosen.map(|(_, change)| change.clone()).collect();
        let host = Fake::new(old, Faults::default());
        let done = run_on(&host, &config(old), &changes).await;
        let case = format!("{:?}: {done:?}", changes.iter().map(|it| &it.id).collect::<Vec<_>>());
        assert!(done.iter().all(|it| matches!(it, Outcome::Done { .. })), "{case}");
        is_sound(&host, &case);
        let restarts = mask & 0b11100 != 0;
        let reloads = mask & 0b10 != 0 || !restarts;
        assert_eq!(host.reloads_and_starts(), (reloads.into(), restarts.into()), "{case}");
        assert_eq!(host.world().installs, 1, "{case}");
    }
}

#[tokio::test]
async fn a_daemon_that_does_not_start_comes_back_with_its_old_file() {
    let faults = Faults { starts_without: Some("bip"), ..Faults::default() };
    let host = Fake::new(OLD, faults);
    let done = run(&host, &[restarting("bip", json!("10.0.0.1/24"))]).await;
    let why = "exit status 1\nlast lines of the daemon's log:\nlevel=fatal".to_owned();
    assert_eq!(done, [Outcome::Undone { why }]);
    is_sound(&host, "does not start");
    assert_eq!(host.world().file.as_deref(), Some(OLD));
}

#[tokio::test]
async fn a_daemon_that_does_not_come_back_at_all_is_said_to_be_stuck() {
    let host = Fake::new(OLD, Faults { never_starts: true, ..Faults::default() });
    let done = run(&host, &[restarting("bip", json!("10.0.0.1/24"))]).await;
    assert!(matches!(&done[0], Outcome::Stuck { left, .. }
        if left.iter().any(|it| it == "  restart it")
            && left.iter().any(|it| it == "the daemon does not answer; its file is the old one again")));
    let note = host.world().note.clone().unwrap();
    let mended = host.with_faults(Faults::default());
    assert_eq!(recover(&mended, &note).await, RecoveredEnd::TakenBack);
    is_sound(&mended, "mended");
}

#[tokio::test]
async fn what_an_older_engine_applied_of_a_refused_file_is_taken_back_too() {
    let faults = Faults { reloads_without: Some("registry-mirrors"), ..Faults::default() };
    let old = "{\"log-level\":\"info\"}";
    let host = Fake::new(old, faults);
    let changes = [reload("debug", json!(true)), reload("registry-mirrors", json!(["https://x"]))];
    let done = run_on(&host, &config(old), &changes).await;
    assert!(matches!(done[0], Outcome::Undone { .. }));
    is_sound(&host, "older engine");
    assert_eq!(host.world().file.as_deref(), Some(old));
    let debug = host.world().memory.as_ref().unwrap().get("debug").cloned();
    assert_eq!(debug, Some(json!(false)));
}

#[tokio::test]
async fn nothing_is_touched_where_the_engine_or_we_refuse_the_file() {
    let stale = "{\"debug\":true}";
    let flagged = |key: &str, value: Value| {
        let mut config = config(OLD);
        let flag = Flag { value, argument: format!("--{key}"), origin: None };
        let running = Field::Unknown("not asked");
        config.keys.insert(key.to_owned(), DaemonKey { file: None, flag: Some(flag), running });
        config
    };
    let debug = || vec![reload("debug", json!(true))];
    let cases = [
        (config(stale), debug(), "was changed since the plan"),
        (flagged("icc", json!(true)), vec![restarting("icc", json!(false))], "does not start"),
        (flagged("authorization-plugins", json!(["x"])), debug(), "leaves the API unguarded"),
        (flagged("iptables", json!(false)), vec![restarting("icc", json!(false))], "iptables"),
        (
            config(OLD),
            vec![reload("authorization-plugins", json!(["x"]))],
            "plugin x does not answer",
        ),
        (
            config(OLD),
            vec![restarting("seccomp-profile", json!("/none.json"))],
            "there is no file /none.json on this host",
        ),
        (config(OLD), vec![restarting("group", json!("nobodies"))], "no group nobodies"),
        (config(OLD), vec![restarting("bip", json!("10.0.0.0/24"))], "is the network itself"),
    ];
    for (config, changes, part) in cases {
        let host = Fake::new(OLD, Faults::default());
        let done = run_on(&host, &config, &changes).await;
        assert!(matches!(&done[0], Outcome::Failed { why } if why.contains(part)), "{done:?}");
        assert_eq!(host.world().steps, 0, "{part}");
    }
    let host = Fake::new(OLD, Faults { invalid: true, ..Faults::default() });
    let done = run(&host, &debug()).await;
    assert!(matches!(&done[0], Outcome::Failed { .. }));
    assert_eq!(host.world().file.as_deref(), Some(OLD));
    assert_eq!(host.world().candidate, None);
}

#[tokio::test]
async fn what_somebody_writes_while_the_new_file_is_checked_stays() {
    let theirs = "{\"debug\":true}";
    let faults = Faults { edited_meanwhile: Some(theirs), ..Faults::default() };
    let host = Fake::new(OLD, faults);
    let done = run(&host, &[restarting("log-driver", json!("local"))]).await;
    assert!(
        matches!(&done[0], Outcome::Failed { why } if why.contains("just now") && why.contains("plan again")),
        "{done:?}"
    );
    let world = host.world();
    assert_eq!(world.file.as_deref(), Some(theirs));
    assert_eq!((&world.candidate, &world.backup, &world.note), (&None, &None, &None));
    assert_eq!((world.reloads, world.starts), (0, 0));
}

#[tokio::test]
async fn what_somebody_writes_while_the_daemon_starts_is_kept_beside_the_old_file() {
    let theirs = "{\"debug\":true}";
    let faults =
        Faults { starts_without: Some("bip"), edited_at_start: Some(theirs), ..Faults::default() };
    let host = Fake::new(OLD, faults);
    let done = run(&host, &[restarting("bip", json!("10.0.0.1/24"))]).await;
    assert!(
        matches!(&done[0], Outcome::Undone { why } if why.ends_with("what they wrote is now in found")),
        "{done:?}"
    );
    is_sound(&host, "edited");
    let world = host.world();
    assert_eq!((world.file.as_deref(), world.found.as_deref()), (Some(OLD), Some(theirs)));
}

#[tokio::test]
async fn containers_that_would_drop_out_of_view_hold_the_change_back() {
    let old = "{\"live-restore\":true}";
    for (key, value) in [("data-root", json!("/srv")), ("mtu", json!(1400))] {
        let host = Fake::new(old, Faults::default());
        let done = run_on(&host, &config(old), &[restarting(key, value.clone())]).await;
        assert!(matches!(&done[0], Outcome::Failed { .. }), "{key}");
        assert_eq!(host.world().steps, 0);
    }
    // With leave to take everything down, the bridge gets the start it needs.
    let host = Fake::new(old, Faults::default());
    let mut change = restarting("mtu", json!(1400));
    change.class = Class::Outage;
    let done = run_on(&host, &config(old), &[change]).await;
    assert!(matches!(&done[0], Outcome::Done { .. }), "{done:?}");
    is_sound(&host, "empty start");
}

fn cases() -> Vec<(&'static str, Vec<Change>)> {
    vec![
        ("reload", vec![reload("debug", json!(true))]),
        ("restart", vec![restarting("log-driver", json!("local"))]),
        (
            "all",
            vec![
                reload("debug", json!(true)),
                reload("live-restore", json!(true)),
                restarting("log-driver", json!("local")),
                restarting("log-level", json!(null)),
            ],
        ),
    ]
}

#[tokio::test]
async fn whichever_step_fails_the_daemon_goes_by_the_old_or_the_new_file() {
    for (name, changes) in cases() {
        for at in 1..30 {
            let case = format!("{name}, step {at}");
            let host = Fake::new(OLD, Faults { fails_at: Some(at), ..Faults::default() });
            let done = run(&host, &changes).await;
            let note = host.world().note.clone();
            // A failure to forget the note, or on the way back, leaves work to the next command.
            if let Some(note) = note {
                let next = host.with_faults(Faults::default());
                assert!(
                    !matches!(recover(&next, &note).await, RecoveredEnd::Stuck { .. }),
                    "{case}"
                );
                is_sound(&next, &case);
                continue;
            }
            is_sound(&host, &case);
            let is_old = host.world().file.as_deref() == Some(OLD);
            assert_eq!(is_old, !matches!(done[0], Outcome::Done { .. }), "{case}: {done:?}");
        }
    }
}

#[tokio::test]
async fn killed_at_any_step_the_next_command_brings_the_daemon_back() {
    let broken = [None, Some("log-driver")];
    for ((name, changes), starts_without) in
        cases().into_iter().flat_map(|it| broken.map(|key| (it.clone(), key)))
    {
        for at in 1..30 {
            let case = format!("{name}, killed at {at}, without {starts_without:?}");
            let faults = Faults { starts_without, ..Faults::default() };
            let host = Fake::new(OLD, Faults { killed_at: Some(at), ..faults });
            run(&host, &changes).await;
            let next = host.with_faults(faults);
            let note = next.world().note.clone();
            if let Some(note) = note {
                let end = recover(&next, &note).await;
                assert!(!matches!(end, RecoveredEnd::Stuck { .. }), "{case}: {end:?}");
            }
            // Without a note nothing was written, or all was done.
            is_sound(&next, &case);
        }
    }
}

#[tokio::test]
async fn a_file_that_somebody_wrote_since_is_left_as_found() {
    let host = Fake::new(OLD, Faults { killed_at: Some(6), ..Faults::default() });
    run(&host, &[restarting("log-driver", json!("local"))]).await;
    let next = host.with_faults(Faults::default());
    let note = next.world().note.clone().unwrap();
    next.world().file = Some("{\"debug\":true}".to_owned());
    assert_eq!(recover(&next, &note).await, RecoveredEnd::LeftAsFound);
    assert_eq!(next.world().file.as_deref(), Some("{\"debug\":true}"));
}
