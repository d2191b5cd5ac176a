//! Names and labels by which a replacement is recognised on the engine, and nothing else.
//!
//! A container's labels never change and its name can, so the labels say what a replacement
//! belongs to and the name says how far it has come. Recovery needs no file of its own.

use std::collections::BTreeMap;

/// Random, the same for everything that one replacement makes.
pub const TXN: &str = "io.plimsoll.txn";
/// Full ID of the container that is being replaced.
pub const REPLACES: &str = "io.plimsoll.replaces";
/// The name both have a claim to.
pub const NAME: &str = "io.plimsoll.name";
/// Number of the run, for the name of the container that is kept.
pub const RUN: &str = "io.plimsoll.run";
/// Restart policy of the replaced container: `always`, `on-failure:5`.
pub const OLD_RESTART: &str = "io.plimsoll.old-restart";
/// `true` if the replaced container ran, so that its replacement is started.
pub const OLD_RUNNING: &str = "io.plimsoll.old-running";
/// Position among those that are replaced together, from 1: others refer to lower ones.
pub const SEQ: &str = "io.plimsoll.seq";
/// How many are replaced together.
pub const SIZE: &str = "io.plimsoll.size";
/// Every label of plimsoll's own starts so.
pub const LABEL_PREFIX: &str = "io.plimsoll.";

const NEW: &str = ".plimsoll-new";
const OLD: &str = ".plimsoll-old";
const FAILED: &str = ".plimsoll-failed";
const KEPT: &str = ".plimsoll-kept-";
const BACK: &str = ".plimsoll-back-";

/// What a name says about a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// An ordinary name.
    InOffice,
    /// A replacement that is not yet in office.
    New,
    /// A predecessor that is needed for the way back.
    Old,
    /// A replacement that is being withdrawn: go back, never forward.
    Failed,
    /// Out of office for good, and kept; with the number of the run that put it there.
    Kept(String),
    /// A replacement that a rollback puts aside, with the number of that run: its predecessor
    /// comes back, and it is kept.
    Back(String),
}

/// Splits a container's name, without the leading slash, into the name it has a claim to and
/// its phase.
pub fn phase(name: &str) -> (&str, Phase) {
    if let Some(plain) = name.strip_suffix(NEW) {
        (plain, Phase::New)
    } else if let Some(plain) = name.strip_suffix(OLD) {
        (plain, Phase::Old)
    } else if let Some(plain) = name.strip_suffix(FAILED) {
        (plain, Phase::Failed)
    } else if let Some((plain, run)) = numbered(name, KEPT) {
        (plain, Phase::Kept(run.to_owned()))
    } else if let Some((plain, run)) = numbered(name, BACK) {
        (plain, Phase::Back(run.to_owned()))
    } else {
        (name, Phase::InOffice)
    }
}

fn numbered<'a>(name: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    name.rsplit_once(mark).filter(|(_, run)| is_run(run))
}

fn is_run(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '-')
}

pub fn new_name(name: &str) -> String {
    format!("{name}{NEW}")
}

pub fn old_name(name: &str) -> String {
    format!("{name}{OLD}")
}

pub fn failed_name(name: &str) -> String {
    format!("{name}{FAILED}")
}

pub fn kept_name(name: &str, run: &str) -> String {
    format!("{name}{KEPT}{run}")
}

pub fn back_name(name: &str, run: &str) -> String {
    format!("{name}{BACK}{run}")
}

/// What the labels of a replacement say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub txn: String,
    /// Full ID.
    pub replaces: String,
    pub name: String,
    pub run: String,
    pub old_restart: String,
    pub old_running: bool,
    /// Position and number of those that share `txn`, both from 1.
    pub seq: usize,
    pub size: usize,
}

impl Transaction {
    /// Reads the labels; `None` unless all of them are there. Without a position and a number it
    /// is alone.
    pub fn from_labels(labels: &BTreeMap<String, String>) -> Option<Self> {
        let get = |key: &str| labels.get(key).filter(|value| !value.is_empty()).cloned();
        let count = |key: &str| get(key).map_or(Some(1), |it| it.parse().ok());
        Some(Self {
            txn: get(TXN)?,
            replaces: get(REPLACES)?,
            name: get(NAME)?,
            run: get(RUN)?,
            old_restart: get(OLD_RESTART)?,
            old_running: get(OLD_RUNNING)? == "true",
            seq: count(SEQ)?,
            size: count(SIZE)?,
        })
    }

    pub fn labels(&self) -> [(&'static str, String); 8] {
        [
            (TXN, self.txn.clone()),
            (REPLACES, self.replaces.clone()),
            (NAME, self.name.clone()),
            (RUN, self.run.clone()),
            (OLD_RESTART, self.old_restart.clone()),
            (OLD_RUNNING, self.old_running.to_string()),
            (SEQ, self.seq.to_string()),
            (SIZE, self.size.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_claims_and_how_far_it_is() {
        let cases = [
            ("web", "web", Phase::InOffice),
            ("web.plimsoll-new", "web", Phase::New),
            ("web.plimsoll-old", "web", Phase::Old),
            ("web.plimsoll-failed", "web", Phase::Failed),
            ("web.plimsoll-kept-215", "web", Phase::Kept("215".into())),
            ("web.plimsoll-kept-215-2", "web", Phase::Kept("215-2".into())),
            ("web.plimsoll-back-9", "web", Phase::Back("9".into())),
            ("web.plimsoll-back-", "web.plimsoll-back-", Phase::InOffice),
            ("web.plimsoll-kept-", "web.plimsoll-kept-", Phase::InOffice),
            ("web.plimsoll-kept-all", "web.plimsoll-kept-all", Phase::InOffice),
        ];
        for (name, plain, expected) in cases {
            assert_eq!(phase(name), (plain, expected), "{name}");
        }
    }

    #[test]
    fn labels_are_read_back_as_written_and_half_of_them_are_none() {
        let transaction = Transaction {
            txn: "7f3a".into(),
            replaces: "ab".repeat(32),
            name: "web".into(),
            run: "3".into(),
            old_restart: "on-failure:5".into(),
            old_running: true,
            seq: 2,
            size: 3,
        };
        let mut labels: BTreeMap<String, String> =
            transaction.labels().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        assert_eq!(Transaction::from_labels(&labels), Some(transaction.clone()));
        labels.remove(SEQ);
        labels.remove(SIZE);
        let alone = Transaction { seq: 1, size: 1, ..transaction };
        assert_eq!(Transaction::from_labels(&labels), Some(alone));
        labels.remove(REPLACES);
        assert_eq!(Transaction::from_labels(&labels), None);
    }
}
