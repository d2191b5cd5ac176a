//! A plan over many containers, against fetching the same replies and throwing them away.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{StreamExt as _, stream};
use jiff::civil::date;
use plimsoll::{
    declaration::policy::Policy,
    docker::{Docker, Endpoint},
    evaluate::evaluate,
    model::{class::Class, object::Address},
    observe::{self, Options},
    plan::{Ceiling, Lost, Plan, build, run::LastApplied},
};
use tokio::runtime::{self, Runtime};

use crate::{
    Outcome, declarations,
    lab::Host,
    measure::{against, compare, heading, in_turns},
    program,
};

/// As many as the program has under way.
const AT_ONCE: usize = 8;
const GOAL: f64 = 1.25;
const GOAL_MIB: f64 = 64.0;

pub(crate) fn rows(host: &Host) -> Outcome<()> {
    let runtime = runtime()?;
    let endpoint = runtime.block_on(host.up())?;
    let limits = declarations::policy(declarations::LIMITS)?;
    let every_rule = declarations::every_rule()?;
    let all = host.containers;
    let ids = runtime.block_on(async {
        let listed = Docker::connect(&endpoint).await?.containers().await?;
        Outcome::Ok(listed.into_iter().map(|it| it.id).collect::<Vec<_>>())
    })?;
    if ids.len() != all {
        return Err(format!("there are {} containers instead of {all}", ids.len()).into());
    }

    let rounds = if all > 1_000 { 5 } else { 11 };
    heading(&format!("plan over {all} created containers, {rounds} rounds"));
    let limits_file = program::declaration("bench-limits.yaml", declarations::LIMITS)?;
    let [whole, in_place, replacing, listing, fetching] = in_turns(
        rounds,
        [
            &mut || Ok(Box::new(program::plan(&endpoint, &limits_file)?)),
            &mut || Ok(Box::new(runtime.block_on(plan(&endpoint, &limits, all))?)),
            &mut || Ok(Box::new(runtime.block_on(plan(&endpoint, &every_rule, all))?)),
            &mut || Ok(Box::new(runtime.block_on(fetch(&endpoint, None))?)),
            &mut || Ok(Box::new(runtime.block_on(fetch(&endpoint, Some(&ids)))?)),
        ],
    )?;
    let planned = "connect, look, judge, plan";
    let listed = ("connect, list, fetch the same replies and drop them", &listing);
    let run = "`plimsoll plan` from its start to its end";
    let fetched = ("connect, fetch the same replies by known IDs and drop them", &fetching);
    let row = "limits alone, put right in place, the whole program";
    compare(row, (run, &whole), listed, Some(GOAL));
    compare("limits alone, put right in place", (planned, &in_place), listed, Some(GOAL));
    compare(
        "every rule, most containers to be replaced, without looking at writable layers",
        (planned, &replacing),
        listed,
        Some(GOAL),
    );
    compare("limits alone, with the list on one side only", (planned, &in_place), fetched, None);

    let [layers, listing] = in_turns(
        2,
        [&mut || Ok(Box::new(runtime.block_on(layers(&endpoint, &every_rule))?)), &mut || {
            Ok(Box::new(runtime.block_on(fetch(&endpoint, None))?))
        }],
    )?;
    compare(
        "every rule, with a look at the writable layers of what would be replaced",
        ("connect, look, judge, look at layers, plan", &layers),
        (listed.0, &listing),
        None,
    );
    if all == 1_000 {
        let file = program::declaration("bench-every-rule.yaml", &declarations::every_rule_text())?;
        for (row, file) in [("limits alone", &limits_file), ("every rule", &file)] {
            let peak = program::peak_kib(&endpoint, file)? / 1024.0;
            against(&format!("peak memory of `plimsoll plan`, {row}"), peak, GOAL_MIB, "MiB");
        }
    }
    Ok(())
}

/// As the program has it.
fn runtime() -> Outcome<Runtime> {
    Ok(runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

async fn plan(endpoint: &Endpoint, policy: &Policy, containers: usize) -> Outcome<Plan> {
    let docker = Docker::connect(endpoint).await?;
    let snapshot = observe::observe(&docker, &Options::default()).await?;
    if snapshot.containers.len() != containers || !snapshot.blind_spots.is_empty() {
        return Err(format!("not everything was seen: {:?}", snapshot.blind_spots).into());
    }
    let report = evaluate(policy, date(2026, 1, 1), &snapshot);
    let layers = BTreeMap::new();
    Ok(build::plan(policy, &report, &snapshot, &LastApplied::default(), &layers, &ceiling()))
}

async fn layers(endpoint: &Endpoint, policy: &Policy) -> Outcome<Plan> {
    let docker = Docker::connect(endpoint).await?;
    let snapshot = observe::observe(&docker, &Options::default()).await?;
    let report = evaluate(policy, date(2026, 1, 1), &snapshot);
    let replaced = build::replacements(&report, &snapshot, policy);
    let docker = &docker;
    let layers: BTreeMap<Address, Lost> = stream::iter(replaced)
        .map(|(address, id)| async move { (address, observe::writable_layer(docker, &id).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    Ok(build::plan(policy, &report, &snapshot, &LastApplied::default(), &layers, &ceiling()))
}

const fn ceiling() -> Ceiling {
    Ceiling::at(Class::Evict)
}

/// The other side: as many connections, and nothing done with what comes.
async fn fetch(endpoint: &Endpoint, known: Option<&[String]>) -> Outcome<()> {
    let docker = Docker::connect(endpoint).await?;
    let ids: Vec<String> = match known {
        Some(ids) => ids.to_vec(),
        None => docker.containers().await?.into_iter().map(|it| it.id).collect(),
    };
    let (ids, next) = (Arc::new(ids), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (docker, ids, next) = (docker.clone(), ids.clone(), next.clone());
            tokio::spawn(async move {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    drop(docker.inspect(id).await?);
                }
                Outcome::Ok(())
            })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(())
}
