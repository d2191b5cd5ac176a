//! Everything a plan knows about one object.

use std::io::{self, Write};

use super::{
    Style,
    paragraph::{labelled, plain},
    text::{self, change_block, header},
};
use crate::{
    model::{
        capability::CapabilitySet, container::ContainerSpec, daemon::DaemonConfig,
        daemon_check::Engine, daemon_keys, field::Field, object::Address, snapshot::Snapshot,
    },
    plan::{NoteKind, Plan},
};

/// Writes what each side says of a key of the daemon.
fn sides(out: &mut dyn Write, daemon: &DaemonConfig, key: &str, style: &Style) -> io::Result<()> {
    writeln!(out, "  {}", style.bold(&format!("daemon/{}", plain(key))))?;
    for (side, said) in daemon.sides(key) {
        labelled(out, style, side, &said)?;
    }
    Ok(())
}

/// Writes what the kernel says of a container's first process, which inspect does not show.
fn kernel(out: &mut dyn Write, spec: &ContainerSpec, style: &Style) -> io::Result<()> {
    writeln!(out, "  {}", style.bold(&format!("container/{}", plain(&spec.name))))?;
    let process = match &spec.process {
        Field::Set(process) => process,
        Field::Inherited(_) => return writeln!(out),
        Field::Unknown(why) => {
            labelled(out, style, "kernel", &format!("not asked: {why}"))?;
            return writeln!(out);
        }
    };
    let on = |it: bool| if it { "on" } else { "off" };
    let all = |set: CapabilitySet| match set == CapabilitySet::ALL {
        true => "all".to_owned(),
        false => set.to_string(),
    };
    let mut lines = vec![
        format!(
            "no-new-privileges {}, seccomp {}, user ID {}",
            on(process.no_new_privileges),
            on(process.seccomp != 0),
            process.uid
        ),
        format!("capabilities in effect {}", all(process.effective)),
        format!("capabilities within reach {}", all(process.bounding)),
    ];
    if let Some(details) = &process.details {
        let own = |it| if it { "of its own" } else { "the host's" };
        lines.push(format!("user namespace {}", own(details.user_namespace)));
        if let Some(it) = details.own_cgroup_namespace {
            lines.push(format!("control group namespace {}", own(it)));
        }
        let limit = |it: &Option<u64>| it.map_or("unlimited".to_owned(), |it| it.to_string());
        let limits = details
            .ulimits
            .iter()
            .map(|(name, (soft, hard))| format!("{name} {}:{}", limit(soft), limit(hard)));
        lines.push(format!("limits {}", limits.collect::<Vec<_>>().join(", ")));
        if !details.command.is_empty() {
            lines.push(format!("first process {}", details.command));
        }
    }
    labelled(out, style, "kernel", &lines.join("\n"))?;
    writeln!(out)
}

/// Writes that a host was not looked at, and why.
pub fn not_asked(out: &mut dyn Write, why: &str, style: &Style) -> io::Result<()> {
    labelled(out, style, "here", &format!("the engine could not be asked: {why}"))
}

/// Writes everything about one object, with the full list of what would be lost. Returns whether
/// the plan has anything to say about it.
pub fn address(
    out: &mut dyn Write,
    plan: &Plan,
    snapshot: &Snapshot,
    address: &Address,
    style: &Style,
) -> io::Result<bool> {
    header(out, plan, style, None)?;
    writeln!(out)?;
    let mut found = false;
    let daemon = &snapshot.daemon;
    let spec = snapshot.containers.iter().map(|it| &it.spec);
    let spec = spec.into_iter().find(|it| Address::container(&it.name) == *address);
    if let Some(spec) = spec.filter(|it| it.state.has_processes()) {
        kernel(out, spec, style)?;
    }
    if address.kind() == "daemon" && !daemon.is_missing && !address.name().is_empty() {
        sides(out, daemon, address.name(), style)?;
        let key = address.name();
        let remark = plan.remarks.iter().find(|it| it.address == *address);
        let so = remark.map_or_else(
            || daemon.says(key, &daemon.standing(key)),
            |remark| remark.stands.text.clone(),
        );
        let engine = Engine::of(daemon);
        match daemon_keys::find(key).and_then(|facts| engine.does_not_know(facts)) {
            Some(why) => labelled(out, style, "so", &why)?,
            None => labelled(out, style, "so", &so)?,
        }
        for it in plan.host_file.findings.iter().filter(|it| it.top_key() == key) {
            labelled(out, style, "seen", &it.what)?;
            labelled(out, style, "needs", &it.advice)?;
            found = true;
        }
        writeln!(out)?;
        found |= remark.is_some();
    }
    for change in plan.changes.iter().filter(|it| it.address == *address) {
        found = true;
        change_block(out, plan, change, style)?;
        writeln!(out, "  change {}", change.id)?;
        let files = change.lost.iter().flat_map(|lost| lost.files.iter().flatten());
        let files: Vec<&String> = files.collect();
        if !files.is_empty() {
            writeln!(out, "  in the writable layer, lost with a replacement:")?;
            for file in files {
                writeln!(out, "    {}", plain(file))?;
            }
        }
        writeln!(out)?;
    }
    for note in plan.notes.iter().filter(|it| it.address == *address) {
        found = true;
        let kind = match &note.kind {
            NoteKind::ByHand => "by hand".to_owned(),
            NoteKind::Reported => note.mode.word().to_owned(),
            NoteKind::Unknown => "unknown".to_owned(),
            NoteKind::Waived(by) => format!("waived by {} until {}", by.waiver, by.until),
        };
        writeln!(out, "  {} ({})   {}", note.rule.id, note.rule.severity.word(), plain(&kind))?;
        labelled(out, style, "seen", &note.text)?;
        labelled(out, style, "why", &note.rule.from.to_string())?;
        if let Some(advice) = &note.advice {
            labelled(out, style, "needs", advice)?;
        }
    }
    for (_, why) in plan.blind_spots.iter().filter(|(it, _)| it == address) {
        found = true;
        writeln!(out, "  could not be read: {}", plain(why))?;
    }
    if !found && address.kind() == "daemon" {
        writeln!(out, "  nothing to change")?;
    } else if !found {
        writeln!(out, "{}: no change, no finding", plain(address.as_str()))?;
        text::ledgers(out, plan, style, "")?;
    }
    Ok(found)
}
