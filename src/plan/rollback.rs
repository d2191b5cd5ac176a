//! What taking back a run would do, at what price, and what cannot be taken back.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Lost, SettingChange,
    run::{Outcome, Run},
};
use crate::model::{
    class::Class,
    edit::OwnFile,
    object::Address,
    transaction::{Phase, Transaction, phase},
};

/// What the record of a rollback calls it.
pub const COMMAND: &str = "rollback";

/// What a run is about to change, noted down before it does: what the engine alone does not show
/// afterwards. Holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// ID of the change.
    pub change: String,
    pub address: Address,
    pub class: Class,
    /// As the plan showed them.
    pub settings: Vec<SettingChange>,
    pub was: Was,
}

/// What is done, with what the way back needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Was {
    /// The engine shows the rest.
    Replaced,
    /// Members of `HostConfig` as inspect shows them, and as the update sets them.
    Updated {
        id: String,
        before: BTreeMap<String, Value>,
        after: BTreeMap<String, Value>,
    },
    /// Started again, after an update or none.
    Restarted,
    Evicted {
        id: String,
        /// Members of an `execute::evict::Evicted`.
        way_back: Value,
    },
    /// A rollback let it out of an eviction.
    Released,
    FilesSet(FilesSet),
    /// A rollback put the predecessor `old` back and keeps `new`, which had this restart policy
    /// and ran or not.
    PutBack {
        old: String,
        new: String,
        restart: String,
        running: bool,
    },
    /// A rollback of a rollback put the replacement that run `of` made back into office.
    Renewed {
        of: String,
    },
}

/// Files of the host, as they were and as they are set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesSet {
    pub files: Vec<FileSet>,
    pub own: Vec<OwnFileSet>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSet {
    pub path: String,
    pub before: FileState,
    pub after: FileState,
}

/// Everything about a file that plimsoll sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
    /// The kernel's bytes of it (`system.posix_acl_access`).
    pub access_list: Option<Vec<u8>>,
}

/// A file of plimsoll's own; without a text it is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFileSet {
    pub file: OwnFile,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl FilesSet {
    /// Returns the way back.
    #[must_use]
    pub fn turned(self) -> Self {
        let turn = |it: FileSet| FileSet { before: it.after, after: it.before, ..it };
        let turn_own = |it: OwnFileSet| OwnFileSet { before: it.after, after: it.before, ..it };
        Self {
            files: self.files.into_iter().map(turn).collect(),
            own: self.own.into_iter().map(turn_own).collect(),
        }
    }
}

/// One container as the engine lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub name: String,
    /// The engine's word: `running`, `exited`.
    pub state: String,
    /// What its labels say, if it is a replacement.
    pub transaction: Option<Transaction>,
}

/// Everything about taking back one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollback {
    pub format_version: String,
    pub run: u64,
    /// Command and end of that run, if it came to its end.
    pub record: Option<(String, String)>,
    /// Whether that run was a rollback itself, so that changes come into force again.
    pub renews: bool,
    /// In the order in which they are carried out.
    pub undos: Vec<Undo>,
    /// What needs nothing, and why.
    pub settled: Vec<(Address, String)>,
    /// What cannot be taken back, and why. Nothing is done while there is any.
    pub blocked: Vec<(Address, String)>,
    /// Patterns that the view was narrowed to, as given; empty is the whole run.
    pub narrowed_to: Vec<String>,
}

/// One object, put back as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// ID of the change that is taken back; empty if nobody wrote it down.
    pub change: String,
    pub address: Address,
    pub class: Class,
    /// From what is now to what was before.
    pub settings: Vec<SettingChange>,
    pub way: Way,
    /// What is done, in a line.
    pub how: String,
    /// What it interrupts, a line each.
    pub impact: Vec<String>,
    /// What the container that is put aside has written to its own layer.
    pub aside: Option<Lost>,
}

/// How it is put back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Way {
    /// The kept predecessor comes back into office, its replacement is kept instead. Those that
    /// share `txn` go together, lowest `seq` first.
    PutBack {
        name: String,
        old: String,
        new: String,
        kept: String,
        txn: String,
        seq: usize,
    },
    /// The replacement that a rollback had put aside comes back, together with those that share
    /// `txn` likewise.
    Renew {
        name: String,
        old: String,
        new: String,
        of: String,
        restart: String,
        running: bool,
        txn: String,
        seq: usize,
    },
    /// Members of `HostConfig`, as an update sets them.
    Update {
        id: String,
        name: String,
        body: Value,
    },
    /// Out of an eviction; members of an `execute::evict::Evicted`.
    Release {
        id: String,
        name: String,
        way_back: Value,
    },
    SetFiles(FilesSet),
}

/// What is to be said about one object of a run before the engine is asked for details.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Way(Way),
    /// An update; whether it can be taken back shows when the container is looked at.
    Update {
        id: String,
        before: BTreeMap<String, Value>,
        after: BTreeMap<String, Value>,
    },
    Settled(String),
    Blocked(String),
}

/// An object that a run changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Touched {
    pub change: String,
    pub address: Address,
    pub class: Class,
    pub settings: Vec<SettingChange>,
    pub answer: Answer,
}

/// Returns every object that a run changed and what can be done about it, last first. `record`
/// and `before` are what was written down, as far as it was; replaced containers are found
/// without either.
pub fn touched(
    run: u64,
    record: Option<&Run>,
    before: &[Before],
    listed: &[Listed],
) -> Vec<Touched> {
    let mut all: Vec<Touched> = Vec::new();
    for note in before {
        let answer = match &note.was {
            Was::Replaced => replaced(run, note.address.name(), listed),
            Was::Updated { id, before, after } => {
                let (id, before, after) = (id.clone(), before.clone(), after.clone());
                Some(Answer::Update { id, before, after })
            }
            Was::Restarted => Some(Answer::Settled(
                "was restarted, and takes the daemon's defaults at each start: nothing to put back"
                    .into(),
            )),
            Was::Evicted { id, way_back } => {
                Some(released(note.address.name(), id, way_back, listed))
            }
            Was::PutBack { old, new, restart, running } => {
                Some(renewed(note.address.name(), (old, new), restart, *running, listed))
            }
            Was::FilesSet(set) => Some(Answer::Way(Way::SetFiles(set.clone().turned()))),
            Was::Released => Some(Answer::Blocked(
                "it was let out of an eviction: `plimsoll apply --retry` puts it out of action again"
                    .into(),
            )),
            Was::Renewed { of } => Some(Answer::Blocked(format!(
                "the replacement came back into office: `plimsoll rollback {of}` takes that back"
            ))),
        };
        let Some(answer) = answer else { continue };
        all.push(Touched {
            change: note.change.clone(),
            address: note.address.clone(),
            class: note.class,
            settings: turned(&note.settings),
            answer,
        });
    }
    for outcome in record.iter().flat_map(|run| &run.outcomes) {
        if all.iter().any(|it| it.address == outcome.address) {
            continue;
        }
        let answer = match outcome.address.kind() {
            "daemon" => matches!(outcome.outcome, Outcome::Done { .. }).then(of_daemon),
            _ => replaced(run, outcome.address.name(), listed).or_else(|| {
                matches!(outcome.outcome, Outcome::Done { .. }).then(|| {
                    Answer::Blocked("nobody wrote down how it was before, or it is gone".into())
                })
            }),
        };
        let Some(answer) = answer else { continue };
        all.push(Touched {
            change: outcome.change.clone(),
            address: outcome.address.clone(),
            class: Class::Recreate,
            settings: Vec::new(),
            answer,
        });
    }
    // A run that was killed wrote nothing down; its labels are there all the same.
    for listed_one in listed {
        let Some(transaction) = &listed_one.transaction else { continue };
        let address = Address::container(&transaction.name);
        if transaction.run != run.to_string() || all.iter().any(|it| it.address == address) {
            continue;
        }
        if let Some(answer) = replaced(run, &transaction.name, listed) {
            all.push(Touched {
                change: String::new(),
                address,
                class: Class::Recreate,
                settings: Vec::new(),
                answer,
            });
        }
    }
    all.reverse();
    all
}

fn of_daemon() -> Answer {
    Answer::Blocked(
        "a rollback does not reach the daemon: declare the old value and run `plimsoll apply`"
            .into(),
    )
}

fn turned(settings: &[SettingChange]) -> Vec<SettingChange> {
    settings
        .iter()
        .map(|it| SettingChange {
            name: it.name.clone(),
            before: it.after.clone(),
            after: it.before.clone(),
            forces: None,
        })
        .collect()
}

/// Returns what can be done about a container that this run replaced; `None` if it replaced
/// none of this name.
fn replaced(run: u64, name: &str, listed: &[Listed]) -> Option<Answer> {
    let run = run.to_string();
    let made_here =
        |it: &&Listed| it.transaction.as_ref().is_some_and(|it| it.run == run && it.name == name);
    let mut made: Vec<&Listed> = listed.iter().filter(made_here).collect();
    // Numbers of runs start again when the state directory is lost; the one in office is meant.
    made.sort_by_key(|it| phase(&it.name).1 != Phase::InOffice);
    let Some(new) = made.first() else { return kept_alone(&run, name, listed) };
    let transaction = new.transaction.as_ref()?;
    let old = listed.iter().find(|it| it.id == transaction.replaces);
    Some(match phase(&new.name) {
        (plain, Phase::InOffice) if plain != name => Answer::Blocked(format!(
            "its replacement is called `{}` now; give it its name back: docker rename {} {name}",
            new.name, new.name
        )),
        (_, Phase::InOffice) => in_office(new, old, transaction),
        (_, Phase::Kept(_)) => match successor(&new.id, listed) {
            Some(later) => Answer::Blocked(format!(
                "it was replaced again by run {}: `plimsoll rollback {}` comes first",
                later, later
            )),
            None => Answer::Settled("was put back before".into()),
        },
        (_, Phase::New | Phase::Old | Phase::Failed | Phase::Back(_)) => Answer::Blocked(
            "it is half way between two containers; `plimsoll status` says why".into(),
        ),
    })
}

fn in_office(new: &Listed, old: Option<&Listed>, transaction: &Transaction) -> Answer {
    let name = &transaction.name;
    let Some(old) = old else {
        return Answer::Blocked(
            "the container it replaced is gone: kept ones are removed after their time, those of \
             Compose at once"
                .into(),
        );
    };
    let has_processes =
        |it: &Listed| matches!(it.state.as_str(), "running" | "restarting" | "paused");
    match phase(&old.name) {
        (plain, Phase::Kept(_)) if plain == name => {}
        _ => {
            return Answer::Blocked(format!(
                "the container it replaced is called `{}` now, so somebody has taken a hand in it",
                old.name
            ));
        }
    }
    if has_processes(old) {
        return Answer::Blocked(format!(
            "the container it replaced runs as `{}`; stop it first: docker stop {}",
            old.name, old.name
        ));
    }
    if new.state == "paused" {
        return Answer::Blocked(format!(
            "it is paused, which may be on purpose; first: docker unpause {name}"
        ));
    }
    if has_processes(new) && !transaction.old_running {
        return Answer::Blocked(format!(
            "it runs now and did not before, and would not run afterwards; first: docker stop \
             {name}"
        ));
    }
    Answer::Way(Way::PutBack {
        name: name.clone(),
        old: old.id.clone(),
        new: new.id.clone(),
        kept: old.name.clone(),
        txn: transaction.txn.clone(),
        seq: transaction.seq,
    })
}

/// Puts those next to each other that go together. A group of which not all can be taken back
/// stays as it is: its members need each other.
pub fn grouped(rollback: &mut Rollback, listed: &[Listed]) {
    let txn_of = |undo: &Undo| match &undo.way {
        Way::PutBack { txn, .. } | Way::Renew { txn, .. } => Some(txn.clone()),
        Way::Update { .. } | Way::Release { .. } | Way::SetFiles(_) => None,
    };
    let mut rest = std::mem::take(&mut rollback.undos);
    while !rest.is_empty() {
        let first = txn_of(&rest[0]);
        let Some(txn) = first else {
            rollback.undos.push(rest.remove(0));
            continue;
        };
        let (mut group, others): (Vec<Undo>, Vec<Undo>) =
            rest.into_iter().partition(|it| txn_of(it).as_ref() == Some(&txn));
        rest = others;
        let made: Vec<&Transaction> = listed
            .iter()
            .filter_map(|it| it.transaction.as_ref())
            .filter(|it| it.txn == txn)
            .collect();
        let size = made.iter().map(|it| it.size).max().unwrap_or(1);
        if group.len() == size {
            group.sort_by_key(|it| match &it.way {
                Way::PutBack { seq, .. } | Way::Renew { seq, .. } => *seq,
                Way::Update { .. } | Way::Release { .. } | Way::SetFiles(_) => 0,
            });
            rollback.undos.append(&mut group);
            continue;
        }
        let mut names: Vec<&str> = made.iter().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        let why = format!(
            "it was replaced together with others ({}), and goes back only with all of them",
            names.join(", ")
        );
        rollback.blocked.extend(group.into_iter().map(|it| (it.address, why.clone())));
    }
}

/// Follows replacements of replacements to the one in office; returns the number of its run.
fn successor<'a>(id: &str, listed: &'a [Listed]) -> Option<&'a str> {
    let mut found = None;
    let mut id = id;
    // Each container replaces an older one, so that this ends.
    for _ in 0..listed.len() {
        let next = listed
            .iter()
            .filter_map(|it| Some((it, it.transaction.as_ref()?)))
            .find(|(_, transaction)| transaction.replaces == id);
        let Some((next, transaction)) = next else { break };
        (id, found) = (&next.id, Some(transaction.run.as_str()));
    }
    found
}

/// The replacement is gone, and with it what tells how the kept one was.
fn kept_alone(run: &str, name: &str, listed: &[Listed]) -> Option<Answer> {
    let is_kept = |it: &&Listed| phase(&it.name) == (name, Phase::Kept(run.to_owned()));
    let kept = listed.iter().find(is_kept)?;
    let by_hand = format!("docker rename {} {name} && docker start {name}", kept.name);
    Some(Answer::Blocked(match listed.iter().find(|it| it.name == name) {
        Some(_) => format!(
            "what is called `{name}` now is not what run {run} made; take it away, then: {by_hand}"
        ),
        None => format!(
            "what run {run} made is gone, and with it the restart policy of before; by hand: \
             {by_hand}"
        ),
    }))
}

fn released(name: &str, id: &str, way_back: &Value, listed: &[Listed]) -> Answer {
    match listed.iter().find(|it| it.id == id) {
        None => Answer::Blocked("it is gone; evicted containers are removed by nobody here".into()),
        Some(it) if it.state == "running" => Answer::Settled("runs already".into()),
        Some(_) => Answer::Way(Way::Release {
            id: id.to_owned(),
            name: name.to_owned(),
            way_back: way_back.clone(),
        }),
    }
}

fn renewed(
    name: &str,
    (old, new): (&str, &str),
    restart: &str,
    running: bool,
    listed: &[Listed],
) -> Answer {
    let find = |id: &str| listed.iter().find(|it| it.id == id);
    let Some(kept) = find(new) else {
        return Answer::Blocked(
            "its replacement is gone: kept ones are removed after their time".into(),
        );
    };
    let Some(transaction) = &kept.transaction else {
        return Answer::Blocked("the labels of its replacement do not say what it is".into());
    };
    match (find(old).map(|it| phase(&it.name)), phase(&kept.name)) {
        (_, (_, Phase::InOffice)) => Answer::Settled("the replacement is in office".into()),
        (Some((plain, Phase::InOffice)), (of_kept, Phase::Kept(_)))
            if plain == name && of_kept == name =>
        {
            Answer::Way(Way::Renew {
                name: name.to_owned(),
                old: old.to_owned(),
                new: new.to_owned(),
                of: transaction.run.clone(),
                restart: restart.to_owned(),
                running,
                txn: transaction.txn.clone(),
                seq: transaction.seq,
            })
        }
        _ => Answer::Blocked(format!(
            "`{name}` is another container by now; run `plimsoll apply` instead"
        )),
    }
}
