//! Whether a replacement is not worse than what it replaces.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Interrupt, effects::Effects, probe, seen::Seen};
use crate::{model::probe::Probe, plan::step::Wait};

const PAUSE: Duration = Duration::from_millis(100);
/// Looks that may fail in a row before the engine counts as gone.
const BLIND_LOOKS: u32 = 20;
/// Time for the engine to run and note down the last health check.
const HEALTH_MARGIN: Duration = Duration::from_secs(5);

/// After so long without a restart the engine itself calls a run stable.
const STABLE: Duration = Duration::from_secs(10);

/// How long is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateOptions {
    /// How long it has to run without a restart. The engine itself calls a run stable after ten
    /// seconds.
    pub quiet: Duration,
    /// The longest wait for a health check, whatever the check itself asks for.
    pub longest: Duration,
}

impl Default for GateOptions {
    fn default() -> Self {
        Self { quiet: Duration::from_secs(10), longest: Duration::from_secs(600) }
    }
}

/// What the replaced container was like, as far as its replacement is held to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Baseline {
    /// It was restarting over and over.
    looping: bool,
    unhealthy: bool,
    /// It had not run for longer than the quiet period itself.
    young: bool,
    published: BTreeSet<String>,
    /// Probes that passed.
    probes: Vec<Probe>,
    /// Those that did not, and why.
    unanswered: Vec<String>,
}

impl Baseline {
    pub(super) fn of(old: &Seen, quiet: Duration, now: jiff::Timestamp) -> Self {
        let is_younger_than = |age: Duration| {
            let age = jiff::SignedDuration::try_from(age).unwrap_or_default();
            old.started_at().is_some_and(|at| now.duration_since(at) < age)
        };
        let young = is_younger_than(quiet);
        let unstable = is_younger_than(quiet.max(STABLE));
        Self {
            looping: old.status() == "restarting" || (old.restart_count() > 0 && unstable),
            unhealthy: old.health() == Some("unhealthy"),
            young,
            published: old.published_now().into_iter().map(str::to_owned).collect(),
            probes: Vec::new(),
            unanswered: Vec::new(),
        }
    }

    /// Asks the old container, while it still runs: what it does not answer is not held against
    /// its replacement.
    pub(super) async fn with_probes<E: Effects>(
        mut self,
        effects: &E,
        old: &Seen,
        probes: &[Probe],
        options: &GateOptions,
        interrupt: &Interrupt,
    ) -> Self {
        if !old.is_running() {
            return self;
        }
        for probe in probes {
            match probe::insist(effects, old.id(), probe, options.longest, interrupt).await {
                Ok(()) => self.probes.push(probe.clone()),
                Err(why) => self.unanswered.push(format!("{} ({why})", probe.asks)),
            }
        }
        self
    }

    /// Adds what was asked, and what could not be.
    fn with_answers(&self, mut proof: String) -> String {
        if !self.probes.is_empty() {
            let asked: Vec<String> = self.probes.iter().map(|it| it.asks.to_string()).collect();
            proof.push_str(&format!("; passes {}", asked.join(", ")));
        }
        if !self.unanswered.is_empty() {
            proof.push_str(&format!(
                "; not asked, because it failed before the replacement too: {}",
                self.unanswered.join(", ")
            ));
        }
        proof
    }

    /// Drops what was asked.
    pub(super) fn without_probes(&self) -> Self {
        Self { probes: Vec::new(), unanswered: Vec::new(), ..self.clone() }
    }

    /// Drops the ports that the edits take away.
    pub(super) fn without_ports(mut self) -> Self {
        self.published.clear();
        self
    }
}

/// Returns how long the gate takes for what replaces this one, if nothing goes wrong.
pub(super) fn wait(old: &Seen, options: &GateOptions) -> Wait {
    match old.health() {
        None | Some("unhealthy") => Wait::AtLeast(options.quiet),
        Some(_) => Wait::AtMost(health_deadline(&old.0).min(options.longest)),
    }
}

/// What the gate says, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Open(String),
    Closed(String),
}

/// Watches a container that was started until it has proved itself or failed.
pub(super) async fn gate<E: Effects>(
    effects: &E,
    id: &str,
    baseline: &Baseline,
    options: &GateOptions,
    interrupt: &Interrupt,
) -> Verdict {
    let mut first = None;
    let mut blind = 0;
    loop {
        match Seen::of(effects.docker(), id).await {
            Ok(seen) => {
                blind = 0;
                // A busy engine may take longer to answer than the whole quiet period, and answer
                // between two crashes: what was not seen to last does not count.
                let (run, began) = first.get_or_insert_with(|| (Run::of(&seen), Instant::now()));
                let look = Look { baseline, options, run, waited: began.elapsed() };
                match look.at(&seen) {
                    None => {}
                    Some(Verdict::Open(proof)) if seen.is_running() => {
                        let case = (baseline, options, &*run);
                        return answers(effects, id, case, proof, interrupt).await;
                    }
                    Some(verdict) => return verdict,
                }
            }
            Err(error) if error.is_not_found() => {
                return Verdict::Closed("it was removed meanwhile".into());
            }
            Err(error) if blind >= BLIND_LOOKS => {
                return Verdict::Closed(format!("it could not be watched: {error}"));
            }
            Err(_) => blind += 1,
        }
        if interrupt.is_insistent() {
            return Verdict::Closed("interrupted while it was being watched".into());
        }
        sleep(PAUSE).await;
    }
}

/// Asks what was asked of the old container, and then whether it still is the same run.
async fn answers<E: Effects>(
    effects: &E,
    id: &str,
    (baseline, options, run): (&Baseline, &GateOptions, &Run),
    proof: String,
    interrupt: &Interrupt,
) -> Verdict {
    for probe in &baseline.probes {
        if let Err(why) = probe::insist(effects, id, probe, options.longest, interrupt).await {
            let asks = &probe.asks;
            return Verdict::Closed(format!(
                "the probe `{asks}` fails and passed before: {why}; {proof}"
            ));
        }
    }
    if !baseline.probes.is_empty() {
        let same = |seen: &Seen| baseline.looping || (seen.is_running() && Run::of(seen) == *run);
        match Seen::of(effects.docker(), id).await {
            Ok(seen) if same(&seen) => {}
            Ok(_) => return Verdict::Closed("it ended while it was being asked".into()),
            Err(error) => return Verdict::Closed(format!("it could not be watched: {error}")),
        }
    }
    Verdict::Open(baseline.with_answers(proof))
}

/// One run of a container's process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Run {
    restarts: u64,
    started_at: Option<jiff::Timestamp>,
}

impl Run {
    fn of(seen: &Seen) -> Self {
        Self { restarts: seen.restart_count(), started_at: seen.started_at() }
    }
}

struct Look<'a> {
    baseline: &'a Baseline,
    options: &'a GateOptions,
    /// As it was at the first look.
    run: &'a Run,
    /// Since the first look.
    waited: Duration,
}

impl Look<'_> {
    /// Returns `None` while it is too early to tell.
    fn at(&self, seen: &Seen) -> Option<Verdict> {
        if self.baseline.looping && seen.has_processes() {
            return Some(Verdict::Open("restarts over and over, as it did before".into()));
        }
        if !seen.is_running() || Run::of(seen) != *self.run {
            return Some(self.stopped(seen));
        }
        let published: BTreeSet<&str> = seen.published_now().into_iter().collect();
        let missing: Vec<&str> = self
            .baseline
            .published
            .iter()
            .map(String::as_str)
            .filter(|port| !published.contains(port))
            .collect();
        if !missing.is_empty() {
            return Some(Verdict::Closed(format!(
                "it does not publish {} any more",
                missing.join(", ")
            )));
        }
        let health = seen.health().filter(|_| !self.baseline.unhealthy);
        match health {
            Some("healthy") | None if self.waited < self.options.quiet => None,
            Some("healthy") => Some(Verdict::Open("running and healthy".into())),
            Some("unhealthy") => {
                Some(Verdict::Closed(format!("its health check fails{}", last_check(seen))))
            }
            // `starting`, or a word that this program does not know.
            Some(_) => {
                let limit = health_deadline(&seen.0).min(self.options.longest);
                (self.waited > limit).then(|| {
                    Verdict::Closed(format!("it was not healthy within {} s", limit.as_secs()))
                })
            }
            None => Some(Verdict::Open(format!(
                "running for {} s without a restart",
                self.options.quiet.as_secs()
            ))),
        }
    }

    fn stopped(&self, seen: &Seen) -> Verdict {
        let code = seen.exit_code();
        let is_job = matches!(seen.restart_policy().as_str(), "no" | "on-failure");
        if seen.status() == "exited" && code == 0 && is_job && self.baseline.young {
            return Verdict::Open("ended with exit code 0".into());
        }
        let after = format!("{:.1} s after its start", self.waited.as_secs_f64());
        Verdict::Closed(match seen.status() {
            "exited" | "dead" if !seen.start_error().is_empty() => {
                format!("it did not start: {}", seen.start_error())
            }
            "exited" | "dead" => format!("it stopped with exit code {code}, {after}"),
            "paused" => "somebody paused it meanwhile".into(),
            "created" => "it was never started".into(),
            "running" => format!("it was started again, {after}"),
            _ => format!("it was restarting {after}, last exit code {code}"),
        })
    }
}

/// What the last check printed. Its command stays out: it can hold secrets.
fn last_check(seen: &Seen) -> String {
    let log = seen.0["State"]["Health"]["Log"].as_array();
    let Some(last) = log.and_then(|log| log.last()) else { return String::new() };
    let code = last["ExitCode"].as_i64().unwrap_or_default();
    format!(" with exit code {code}")
}

/// The engine's own arithmetic: a check may fail `retries` times after the start period.
fn health_deadline(inspect: &Value) -> Duration {
    let check = &inspect["Config"]["Healthcheck"];
    let duration = |key: &str, default: u64| match check[key].as_u64() {
        None | Some(0) => Duration::from_secs(default),
        Some(nanoseconds) => Duration::from_nanos(nanoseconds),
    };
    let retries = match check["Retries"].as_u64() {
        None | Some(0) => 3,
        Some(retries) => u32::try_from(retries).unwrap_or(u32::MAX),
    };
    let once = duration("Interval", 30).saturating_add(duration("Timeout", 30));
    duration("StartPeriod", 0)
        .saturating_add(once.saturating_mul(retries.saturating_add(1)))
        .saturating_add(HEALTH_MARGIN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn look(baseline: &Baseline, waited_s: u64, seen: Value) -> Option<Verdict> {
        let options = GateOptions::default();
        let waited = Duration::from_secs(waited_s);
        Look { baseline, options: &options, run: &Run::default(), waited }.at(&Seen(seen))
    }

    fn is_open(verdict: Option<&Verdict>) -> Option<bool> {
        verdict.map(|verdict| matches!(verdict, Verdict::Open(_)))
    }

    #[test]
    fn quiet_period_has_to_pass() {
        let running = json!({ "State": { "Status": "running" } });
        assert_eq!(look(&Baseline::default(), 9, running.clone()), None);
        let verdict = look(&Baseline::default(), 10, running);
        assert_eq!(is_open(verdict.as_ref()), Some(true));
    }

    #[test]
    fn crash_loop_that_claims_to_run_is_closed() {
        let loops = json!({
            "State": { "Status": "restarting", "Running": true, "ExitCode": 3 },
            "RestartCount": 2,
        });
        let verdict = look(&Baseline::default(), 1, loops.clone());
        assert_eq!(is_open(verdict.as_ref()), Some(false));
        let before = Baseline { looping: true, ..Baseline::default() };
        assert_eq!(is_open(look(&before, 1, loops).as_ref()), Some(true));
    }

    #[test]
    fn another_run_than_the_one_first_seen_is_closed() {
        let again =
            json!({ "State": { "Status": "running", "StartedAt": "2026-11-26T00:47:06Z" } });
        assert_eq!(is_open(look(&Baseline::default(), 10, again).as_ref()), Some(false));
    }

    #[test]
    fn health_is_waited_for_and_its_failure_closes() {
        let with = |status: &str| {
            json!({ "State": { "Status": "running", "Health": { "Status": status } },
                    "Config": { "Healthcheck": { "Interval": 1_000_000_000u64,
                                                 "Timeout": 1_000_000_000u64, "Retries": 1 } } })
        };
        let new = Baseline::default();
        assert_eq!(look(&new, 8, with("starting")), None);
        assert_eq!(is_open(look(&new, 10, with("starting")).as_ref()), Some(false));
        assert_eq!(look(&new, 8, with("healthy")), None);
        assert_eq!(is_open(look(&new, 10, with("healthy")).as_ref()), Some(true));
        assert_eq!(is_open(look(&new, 1, with("unhealthy")).as_ref()), Some(false));
        let sick = Baseline { unhealthy: true, ..Baseline::default() };
        assert_eq!(is_open(look(&sick, 10, with("unhealthy")).as_ref()), Some(true));
    }

    #[test]
    fn port_that_is_no_longer_published_closes() {
        let baseline =
            Baseline { published: BTreeSet::from(["80/tcp".into()]), ..Baseline::default() };
        let bare = json!({ "State": { "Status": "running" },
                           "NetworkSettings": { "Ports": { "80/tcp": null } } });
        assert_eq!(is_open(look(&baseline, 10, bare).as_ref()), Some(false));
    }

    #[test]
    fn engine_defaults_make_two_hundred_forty_five_seconds() {
        assert_eq!(health_deadline(&json!({})), Duration::from_secs(245));
    }
}
