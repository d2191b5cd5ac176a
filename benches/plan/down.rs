//! How long a replaced container is down, against its own stop and start.
//!
//! Both sides are read off the engine's own events: from the signal that ends the old process to
//! the start of the next one. What the program says about itself is not asked.

use std::{collections::BTreeMap, time::Duration};

use jiff::civil::date;
use plimsoll::{
    docker::{
        Docker,
        events::{EventFilter, EventStream},
    },
    evaluate::evaluate,
    execute::{ExecuteOptions, Interrupt, execute, gate::GateOptions, host::Host},
    model::class::Class,
    observe::{self, Options},
    plan::{
        Ceiling, Lost, build,
        run::{LastApplied, Outcome as Became},
    },
    sources::create_body::DaemonFacts,
};
use tokio::{runtime::Runtime, time::timeout};

use crate::{
    Outcome, declarations,
    lab::{self, SUITES},
    measure::{against, heading, median, quantile},
};

/// A host of its own each: a thousand other containers would be measured with it.
pub(crate) const LAB: &str = "benchdown";

const CONTAINERS: usize = 12;
const GOAL_MS: f64 = 150.0;
/// For all of them, restarted and replaced.
const LONGEST: Duration = Duration::from_secs(300);

/// The common kind: a port, a volume, a network of its own, and a process that ends when asked.
const CONTAINER: &str = "docker run -d --name down-$n --restart always --network down \
     --publish 127.0.0.1:$((19000 + n)):8080 --volume down-$n:/data plimsoll-test/busybox:1 \
     sh -c \"trap 'exit 0' TERM; sleep 100000 & wait\"";

pub(crate) fn rows() -> Outcome<()> {
    heading(&format!(
        "down time of {CONTAINERS} containers replaced one by one, beyond a restart of each before it"
    ));
    let runtime = Runtime::new()?;
    for suite in SUITES {
        let endpoint = lab::host(LAB, suite)?;
        let host = lab::name(LAB, suite);
        start_afresh(&host)?;
        let spans = runtime.block_on(async {
            let docker = Docker::connect(&endpoint).await?;
            // Before anything happens: the engine remembers only its latest events.
            let events = docker.events(&signals_and_starts()).await?;
            let watched = tokio::spawn(timeout(LONGEST, spans(events)));
            for number in 1..=CONTAINERS {
                docker.restart(&format!("down-{number}")).await?;
            }
            replace(docker).await?;
            watched.await??
        })?;
        lab::sh(&host, "docker ps -aq | xargs -r docker rm --force")?;
        row(suite, &spans)?;
    }
    Ok(())
}

fn row(suite: &str, spans: &BTreeMap<String, Vec<f64>>) -> Outcome<()> {
    let mut own = Vec::new();
    let mut replaced = Vec::new();
    for (name, spans) in spans {
        let [restart, replacement] = spans[..] else {
            return Err(format!("{name} was started {} times", spans.len()).into());
        };
        own.push(restart);
        replaced.push(replacement);
    }
    if own.len() != CONTAINERS {
        return Err(format!("{} containers were seen", own.len()).into());
    }
    let beyond: Vec<f64> = replaced.iter().zip(&own).map(|(a, b)| a - b).collect();
    against(&format!("{suite}, median beyond"), median(&beyond), GOAL_MS, "ms");
    let side = |name: &str, side: &[f64]| {
        println!(
            "    {:>9.1} ms  {name} (half of them {:.1} to {:.1}, longest {:.1})",
            median(side),
            quantile(side, 0.25),
            quantile(side, 0.75),
            quantile(side, 1.0)
        );
    };
    side("replaced: from the old one's signal to the new one's start", &replaced);
    side("restarted by the engine: from the signal to the start", &own);
    side("beyond, container by container", &beyond);
    Ok(())
}

fn start_afresh(host: &str) -> Outcome<()> {
    lab::sh(
        host,
        &format!(
            "docker ps -aq | xargs -r docker rm --force
             docker network inspect down >/dev/null 2>&1 || docker network create down
             for n in $(seq {CONTAINERS}); do {CONTAINER}; done"
        ),
    )
    .map(drop)
}

/// Replaces every container, as an apply does, with a quiet period that does not count here.
async fn replace(docker: Docker) -> Outcome<()> {
    let policy = declarations::policy(declarations::HARDENED)?;
    let snapshot = observe::observe(&docker, &Options::default()).await?;
    let report = evaluate(&policy, date(2026, 1, 1), &snapshot);
    let clean = Lost { files: Some(Vec::new()), ..Lost::default() };
    let layers = build::replacements(&report, &snapshot, &policy)
        .into_iter()
        .map(|(address, _)| (address, clean.clone()))
        .collect();
    let ceiling = Ceiling::at(Class::Recreate);
    let plan = build::plan(&policy, &report, &snapshot, &LastApplied::default(), &layers, &ceiling);
    let options = ExecuteOptions {
        run: 1,
        gate: GateOptions { quiet: Duration::from_millis(500), ..GateOptions::default() },
        max_failures: 1,
        parallel: 1,
        daemon: DaemonFacts { default_runtime: "runc".into(), ..DaemonFacts::default() },
    };
    let (interrupt, tell) = (Interrupt::default(), &mut |_: plimsoll::execute::Progress<'_>| {});
    let outcomes = execute(&plan, &Host::new(docker), &options, &interrupt, Vec::new(), tell).await;
    let done = outcomes.iter().filter(|it| matches!(it.outcome, Became::Done { .. })).count();
    if done == CONTAINERS { Ok(()) } else { Err(format!("{done} done: {outcomes:?}").into()) }
}

fn signals_and_starts() -> EventFilter {
    EventFilter {
        kinds: vec!["container".into()],
        actions: vec!["kill".into(), "start".into()],
        ..EventFilter::default()
    }
}

/// Milliseconds from each signal to the next start under the same name, until every container
/// has been started twice.
async fn spans(mut events: EventStream) -> Outcome<BTreeMap<String, Vec<f64>>> {
    let mut signalled: BTreeMap<String, i64> = BTreeMap::new();
    let mut spans: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    while spans.values().filter(|it| it.len() == 2).count() < CONTAINERS {
        let event = events.next().await.ok_or("the engine ended its events")??;
        let name = event.actor.attributes.get("name").cloned().unwrap_or_default();
        if event.action == "kill" {
            signalled.entry(name).or_insert(event.time_nano);
        } else if let Some(from) = signalled.remove(&name) {
            spans.entry(name).or_default().push((event.time_nano - from) as f64 / 1e6);
        }
    }
    Ok(spans)
}
