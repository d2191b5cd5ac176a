//! What no rule asks about and a person should know: keys of the daemon's file that a later
//! start or reload, whoever causes it, will apply or fail on, and containers that nobody can place.

use super::{Remark, Stands, build::Context, claims, leftovers::leftovers};
use crate::model::{
    daemon::DaemonConfig,
    daemon_keys,
    object::Address,
    standing::{Needs, Standing},
};

/// Returns what is said beside the changes, by address.
pub(super) fn remarks(context: &Context<'_>) -> Vec<Remark> {
    let mut remarks = if context.snapshot.daemon.is_missing {
        vec![without_daemon(context)]
    } else {
        of_daemon(context)
    };
    remarks.extend(leftovers(context.snapshot));
    remarks.extend(claims::remarks(context));
    remarks.sort_by(|a, b| a.address.cmp(&b.address));
    remarks
}

fn of_daemon(context: &Context<'_>) -> Vec<Remark> {
    let daemon = &context.snapshot.daemon;
    let mut remarks: Vec<Remark> = undeclared(context)
        .filter_map(|key| {
            let standing = daemon.standing(key);
            let text = match &standing {
                Standing::Pending(Needs::EmptyStart) => daemon.says(key, &standing),
                Standing::Pending(_) => format!(
                    "{}; the next start of the daemon applies it, whoever causes that",
                    daemon.says(key, &standing)
                ),
                Standing::Left(_)
                | Standing::Conflict
                | Standing::FlagDropped
                | Standing::NotTaken(_) => daemon.says(key, &standing),
                Standing::Unset
                | Standing::HostDecides
                | Standing::File
                | Standing::Flag
                | Standing::Environment(_)
                | Standing::Unread
                | Standing::Unknown(_) => return None,
            };
            let stands = Stands { word: standing.word().into(), text };
            Some(Remark { address: Address::daemon_key(key), stands })
        })
        .collect();
    remarks.extend(untold(context, daemon));
    remarks
}

fn without_daemon(context: &Context<'_>) -> Remark {
    let engine = &context.snapshot.host.engine_name;
    let skipped = match context.policy.daemon.len() {
        0 => String::new(),
        1 => "; what the declaration says of the daemon is skipped (1 rule)".into(),
        many => format!("; what the declaration says of the daemon is skipped ({many} rules)"),
    };
    let text = format!(
        "the engine is {engine}, which has no daemon.json and no daemon to set up; containers are \
         judged as everywhere{skipped}"
    );
    let stands = Stands { word: "no-daemon".into(), text };
    Remark { address: Address::daemon(), stands }
}

/// Returns where a key of the daemon stands, for its change.
pub(super) fn stands(daemon: &DaemonConfig, key: &str) -> Option<Stands> {
    let standing = daemon.standing(key);
    let tells = standing.is_waiting() || matches!(standing, Standing::Environment(_));
    tells.then(|| Stands { word: standing.word().into(), text: daemon.says(key, &standing) })
}

/// The file changed after the daemon read it, and these keys show nowhere.
fn untold(context: &Context<'_>, daemon: &DaemonConfig) -> Option<Remark> {
    if daemon.read.by_start || daemon.read.by_reload || daemon.file_error.is_some() {
        return None;
    }
    let is_untold = |key: &&str| {
        let in_file = daemon.keys.get(*key).is_some_and(|it| it.file.is_some());
        // What is no key is a finding of the file's.
        let is_key = daemon_keys::find(key).is_some();
        in_file && is_key && matches!(daemon.standing(key), Standing::Unknown(_))
    };
    let keys: Vec<&str> = undeclared(context).filter(is_untold).collect();
    if keys.is_empty() {
        return None;
    }
    let text = format!(
        "{} was changed after the daemon read it, and whether the daemon goes by these keys of it \
         shows nowhere: {}",
        daemon.file_path,
        keys.join(", ")
    );
    let stands = Stands { word: "file-newer-than-daemon".into(), text };
    Some(Remark { address: Address::daemon(), stands })
}

/// Iterates over keys that no rule looks at.
fn undeclared<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a str> {
    let policy = context.policy;
    let keys = context.snapshot.daemon.keys.keys().map(String::as_str);
    keys.filter(|key| !policy.settings.contains_key(*key) && !policy.absent.contains_key(*key))
}
