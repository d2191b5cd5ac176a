//! Sets owners and modes of the host's files, and adds lines to files of plimsoll's own: all of a
//! change or none of it.

pub mod effects;
mod live;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Instant};

use self::effects::{FileEffects, Step};
pub use self::live::LiveFiles;
use super::{Interrupt, Progress, Tell, before};
use crate::{
    model::{edit::OwnFile, host_files::FileAttributes},
    plan::{
        Action, FileChange, Plan,
        rollback::{FileSet, FileState, FilesSet, OwnFileSet, Was},
        run::{Outcome, RunChange},
    },
};

/// Carries out what a plan does not hold back about files of the host. One outcome a change;
/// changes of other objects are not its business.
pub async fn apply<E: FileEffects>(
    plan: &Plan,
    effects: &E,
    interrupt: &Interrupt,
    tell: Tell<'_>,
) -> Vec<RunChange> {
    let mut outcomes = Vec::new();
    for change in plan.todo() {
        let Action::SetFiles { files, lines } = &change.action else { continue };
        if interrupt.is_raised() {
            outcomes.push(RunChange::not_reached(change));
            continue;
        }
        let began = Instant::now();
        tell(Progress::Started(change.into()));
        let outcome = match prepare(effects, files, lines) {
            Ok(wanted) => {
                let save = &mut |way| tell(before(change, Was::FilesSet(way)));
                set(effects, &wanted, save).await
            }
            Err(why) => Outcome::Failed { why },
        };
        tell(Progress::Finished(change.into(), &outcome));
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (change, address) = (change.id.clone(), change.address.clone());
        outcomes.push(RunChange { change, address, took_ms, outcome });
    }
    outcomes
}

/// How files stand to a change of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    AsBefore,
    AsAfter,
}

/// Returns what a planned change comes to with the files as they are now. What moved since the
/// plan was made is not touched.
fn prepare<E: FileEffects>(
    effects: &E,
    files: &[FileChange],
    lines: &BTreeMap<OwnFile, Vec<String>>,
) -> Step<FilesSet> {
    let mut set = FilesSet::default();
    for FileChange { path, before: planned, after } in files {
        let before = effects.look(path)?;
        if attributes(&before) != *planned {
            return Err(format!("{path} was changed since the plan was made; plan again"));
        }
        let after = target(&before, after);
        set.files.push(FileSet { path: path.clone(), before, after });
    }
    for (file, lines) in lines {
        let before = effects.read(*file)?;
        let after = Some(file.with(before.as_deref(), lines));
        set.own.push(OwnFileSet { file: *file, before, after });
    }
    Ok(set)
}

/// Without its access list a file goes by its mode alone, of which the middle was the list's
/// mask until then and not what the group had (`acl(5)`).
fn target(before: &FileState, after: &FileAttributes) -> FileState {
    let access_list = before.access_list.clone().filter(|_| after.has_access_list);
    let mode = match (&before.access_list, &access_list) {
        (Some(list), None) => after.mode & (!0o070 | of_group(list) << 3),
        _ => after.mode,
    };
    FileState { uid: after.uid, gid: after.gid, mode, access_list }
}

/// Returns what an access list allows the owning group, as a digit of a mode: behind four bytes
/// of a version come entries of a tag, a digit and an ID (`linux/posix_acl_xattr.h`).
fn of_group(list: &[u8]) -> u32 {
    const GROUP_OBJ: u16 = 0x04;
    let entries = list.get(4..).unwrap_or_default().chunks_exact(8);
    let found = entries
        .map(|it| (u16::from_le_bytes([it[0], it[1]]), u16::from_le_bytes([it[2], it[3]])))
        .find(|(tag, _)| *tag == GROUP_OBJ);
    found.map_or(0, |(_, digit)| u32::from(digit & 0o7))
}

fn attributes(state: &FileState) -> FileAttributes {
    let FileState { uid, gid, mode, ref access_list } = *state;
    FileAttributes { uid, gid, mode, has_access_list: access_list.is_some() }
}

/// Returns how all of it stands now; fails where somebody else has had a hand in it.
pub fn stands<E: FileEffects>(effects: &E, set: &FilesSet) -> Step<Stands> {
    let mut all = Vec::new();
    for FileSet { path, before, after } in &set.files {
        all.push((path.as_str(), side(&effects.look(path)?, (before, after))));
    }
    for OwnFileSet { file, before, after } in &set.own {
        all.push((file.path(), side(&effects.read(*file)?, (before, after))));
    }
    if let Some((path, _)) = all.iter().find(|(_, side)| side.is_none()) {
        return Err(format!("{path} was changed since, by a later run or by somebody else"));
    }
    let done = all.iter().all(|(_, side)| *side == Some(Stands::AsAfter));
    Ok(if done { Stands::AsAfter } else { Stands::AsBefore })
}

fn side<T: PartialEq>(now: &T, (before, after): (&T, &T)) -> Option<Stands> {
    match now {
        now if now == after => Some(Stands::AsAfter),
        now if now == before => Some(Stands::AsBefore),
        _ => None,
    }
}

/// Carries it out. `save` writes the way back down before anything is touched.
pub async fn set<E: FileEffects>(
    effects: &E,
    set: &FilesSet,
    save: &mut (dyn FnMut(FilesSet) + Send),
) -> Outcome {
    if let Err(why) = stands(effects, set) {
        return Outcome::Failed { why };
    }
    save(set.clone());
    let Err(why) = go(effects, set).await else { return Outcome::Done { proof: proof(set) } };
    let back = set.clone().turned();
    match go(effects, &back).await {
        Ok(()) => Outcome::Undone { why },
        Err(further) => Outcome::Stuck {
            why: format!("{why}; then: {further}"),
            left: set.files.iter().map(|it| command(&it.path, &it.before)).collect(),
        },
    }
}

/// Every step bears being repeated.
async fn go<E: FileEffects>(effects: &E, set: &FilesSet) -> Step<()> {
    for FileSet { path, after, .. } in &set.files {
        let now = effects.look(path)?;
        if now != *after {
            effects.set(path, &now, after)?;
        }
    }
    for OwnFileSet { file, before, after } in &set.own {
        if effects.read(*file)? != *after {
            effects.write(*file, after.as_deref())?;
        }
        match file {
            OwnFile::SocketUnit => effects.reload_units().await?,
            OwnFile::AuditRules => {
                for rule in rules(after.as_deref()) {
                    effects.add_audit_rule(rule).await?;
                }
                let stay: Vec<&str> = rules(after.as_deref()).collect();
                for rule in rules(before.as_deref()).filter(|it| !stay.contains(it)) {
                    effects.remove_audit_rule(rule).await?;
                }
            }
        }
    }
    Ok(())
}

fn rules(text: Option<&str>) -> impl Iterator<Item = &str> {
    let lines = text.unwrap_or_default().lines().map(str::trim);
    lines.filter(|it| !it.is_empty() && !it.starts_with('#'))
}

fn proof(set: &FilesSet) -> String {
    let files = set.files.iter().map(|FileSet { path, after, .. }| {
        format!("{path} is {}:{} {:04o}", after.uid, after.gid, after.mode)
    });
    let own = set.own.iter().map(|it| match (it.file, &it.after) {
        (OwnFile::SocketUnit, Some(_)) => format!("systemd has read {}", it.file.path()),
        (OwnFile::AuditRules, Some(_)) => format!("the kernel has the rules of {}", it.file.path()),
        (_, None) => format!("{} is gone", it.file.path()),
    });
    files.chain(own).collect::<Vec<_>>().join("; ")
}

fn command(path: &str, state: &FileState) -> String {
    format!("chown {}:{} {path} && chmod {:04o} {path}", state.uid, state.gid, state.mode)
}
