//! What taking back a run would do, from what was written down and what the engine shows.

use std::collections::BTreeMap;

use serde_json::Value;
use wildmatch::WildMatch;

use super::set_back::{SetBack, set_back};
use crate::{
    docker::{Docker, DockerError},
    execute::{
        evict::Evicted,
        host_file::{self, LiveFiles, Stands},
        relations::Relations,
        seen::Seen,
    },
    model::{class::Class, object::Address, transaction::Transaction},
    plan::{
        FORMAT_VERSION,
        rollback::{
            Answer, Before, COMMAND, Listed, Rollback, Touched, Undo, Was, Way, grouped, touched,
        },
        run::Run,
    },
    sources::inspect::from_inspect,
};

/// What is known about a run that is to be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    pub run: u64,
    /// As far as it came to its end.
    pub record: Option<&'a Run>,
    pub before: &'a [Before],
}

/// Puts together what would be done. Changes nothing. `only` narrows it to these addresses, with
/// globs; `own` is the container that this program runs in.
pub async fn look(
    docker: &Docker,
    past: Past<'_>,
    only: &[String],
    own: Option<&str>,
) -> Result<Rollback, DockerError> {
    let listed: Vec<Listed> = docker
        .containers()
        .await?
        .into_iter()
        .map(|it| Listed {
            name: it.name().to_owned(),
            transaction: it.labels.as_ref().and_then(Transaction::from_labels),
            id: it.id,
            state: it.state,
        })
        .collect();
    let mut rollback = Rollback {
        format_version: FORMAT_VERSION.to_owned(),
        run: past.run,
        record: past.record.map(|run| (run.command.clone(), run.ended_at.clone())),
        renews: past.before.iter().any(|it| matches!(it.was, Was::PutBack { .. }))
            || past.record.is_some_and(|run| run.command == COMMAND),
        undos: Vec::new(),
        settled: Vec::new(),
        blocked: Vec::new(),
        narrowed_to: only.to_vec(),
    };
    let patterns: Vec<WildMatch> = only.iter().map(|it| WildMatch::new(it)).collect();
    let shows = |address: &Address| {
        patterns.is_empty() || patterns.iter().any(|it| it.matches(address.as_str()))
    };
    let touched = touched(past.run, past.record, past.before, &listed);
    let relations = match touched.iter().any(|it| matches!(it.answer, Answer::Way(_))) {
        true => Relations::read(docker).await?,
        false => Relations::default(),
    };
    let together: Vec<String> = touched
        .iter()
        .filter(|it| matches!(it.answer, Answer::Way(Way::PutBack { .. } | Way::Renew { .. })))
        .map(|it| it.address.name().to_owned())
        .collect();
    let together: Vec<&str> = together.iter().map(String::as_str).collect();
    for it in touched.into_iter().filter(|it| shows(&it.address)) {
        let address = it.address.clone();
        match undo(docker, (&relations, &together), own, it).await? {
            Found::Undo(undo) => rollback.undos.push(*undo),
            Found::Settled(text) => rollback.settled.push((address, text)),
            Found::Blocked(why) => rollback.blocked.push((address, why)),
        }
    }
    grouped(&mut rollback, &listed);
    Ok(rollback)
}

enum Found {
    Undo(Box<Undo>),
    Settled(String),
    Blocked(String),
}

async fn undo(
    docker: &Docker,
    (relations, together): (&Relations, &[&str]),
    own: Option<&str>,
    touched: Touched,
) -> Result<Found, DockerError> {
    let Touched { change, address, class, settings, answer } = touched;
    let undo = Undo {
        change,
        address,
        class,
        settings,
        way: Way::Update { id: String::new(), name: String::new(), body: Value::Null },
        how: String::new(),
        impact: Vec::new(),
        aside: None,
    };
    match answer {
        Answer::Settled(text) => Ok(Found::Settled(text)),
        Answer::Blocked(why) => Ok(Found::Blocked(why)),
        Answer::Update { id, before, after } => update(docker, undo, &id, (&before, &after)).await,
        Answer::Way(way) => match &way {
            Way::PutBack { name, new, .. } | Way::Renew { name, old: new, .. } => {
                if own.is_some_and(|own| own.len() >= 12 && new.starts_with(own)) {
                    let why = "plimsoll runs in this container; take it back from outside";
                    return Ok(Found::Blocked(why.into()));
                }
                let dependents = relations.dependents_of(new, name, together);
                if !dependents.is_empty() {
                    let who = dependents.join(", ");
                    return Ok(Found::Blocked(format!("others would break: {who}")));
                }
                let in_office = docker.inspect(new).await?;
                if Seen::from_reply(&in_office)?.auto_remove() {
                    return Ok(Found::Blocked(format!(
                        "it was started with --rm, and stopping it removes it, so it could not be \
                         kept; by hand: docker stop {name}, then give its kept copy the name and \
                         start it"
                    )));
                }
                Ok(Found::Undo(Box::new(Undo {
                    class: Class::Recreate,
                    how: how(&way),
                    impact: swapped(&in_office),
                    way,
                    ..undo
                })))
            }
            Way::Release { way_back, .. } => Ok(released(undo, way_back, way.clone())),
            Way::Update { .. } => Ok(Found::Undo(Box::new(Undo { way, ..undo }))),
            Way::SetFiles(set) => Ok(match host_file::stands(&LiveFiles, set) {
                Ok(Stands::AsBefore) => Found::Undo(Box::new(Undo {
                    how: "set in place; put back if one of them cannot be".into(),
                    way,
                    ..undo
                })),
                Ok(Stands::AsAfter) => Found::Settled("is as it was before already".into()),
                Err(why) => Found::Blocked(why),
            }),
        },
    }
}

async fn update(
    docker: &Docker,
    undo: Undo,
    id: &str,
    (before, after): (&BTreeMap<String, Value>, &BTreeMap<String, Value>),
) -> Result<Found, DockerError> {
    let Some(seen) = Seen::find(docker, id).await? else {
        return Ok(Found::Blocked(
            "it is gone, or was replaced since; what it was given went with it".into(),
        ));
    };
    let name = seen.name().to_owned();
    if name != undo.address.name() {
        return Ok(Found::Blocked(format!(
            "it is called `{name}` now: a later run replaced it, or somebody renamed it"
        )));
    }
    Ok(match set_back(before, after, &seen.0["HostConfig"]) {
        SetBack::Settled => Found::Settled("is as it was before already".into()),
        SetBack::Blocked(why) => Found::Blocked(why),
        SetBack::Body(body) => Found::Undo(Box::new(Undo {
            class: Class::Live,
            way: Way::Update { id: id.to_owned(), name, body },
            how: "container update, no restart".into(),
            ..undo
        })),
    })
}

fn released(undo: Undo, way_back: &Value, way: Way) -> Found {
    match serde_json::from_value::<Evicted>(way_back.clone()) {
        Ok(evicted) => Found::Undo(Box::new(Undo {
            class: Class::Live,
            how: match evicted.endpoints.len() {
                0 => "goes on where it was stopped".into(),
                _ => "put back on its networks with its addresses, then goes on".into(),
            },
            impact: vec![format!("it was {}, and is so again", evicted.status)],
            way,
            ..undo
        })),
        Err(error) => Found::Blocked(format!("what was written down cannot be read: {error}")),
    }
}

fn how(way: &Way) -> String {
    match way {
        Way::PutBack { kept, .. } => format!(
            "{kept} takes its name, restart policy and place back; kept only if it keeps running, \
             else the present one comes back"
        ),
        Way::Renew { of, .. } => format!(
            "the container that run {of} made comes back into office; kept only if it keeps \
             running, else the present one comes back"
        ),
        Way::Update { .. } | Way::Release { .. } | Way::SetFiles(_) => String::new(),
    }
}

/// What it costs that this container goes out of office.
fn swapped(inspect: &[u8]) -> Vec<String> {
    let Ok(inspected) = from_inspect(inspect) else {
        return vec!["down while the two swap places".into()];
    };
    let spec = inspected.spec;
    let mut lines = Vec::new();
    if spec.state.has_processes() {
        lines.push("down while the two swap places; for how long is unknown".into());
        let ports: Vec<String> =
            spec.published_ports.iter().map(|it| it.container_port.clone()).collect();
        if !ports.is_empty() {
            lines.push(format!("published ports closed meanwhile: {}", ports.join(", ")));
        }
        for path in spec.tmpfs.keys() {
            lines.push(format!("what is in the tmpfs {path} is lost"));
        }
    }
    lines
}
