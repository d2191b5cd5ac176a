//! A declaration of a host as it is: nothing is to be done under it.
//!
//! What fails today under the baselines that it builds on gets waivers with an end, so that
//! adopting a baseline begins without a change and what is left of it can be counted down. So does
//! what cannot be judged: a container that stands still today fails once it is started.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan as _, civil::Date};
use serde::Serialize;
use serde_json::Value;

use crate::{
    declaration::{policy::WaiverLengths, starter::SCHEMA, yaml},
    model::{
        daemon::DaemonConfig,
        daemon_keys,
        finding::{Finding, Mode, Report, Severity, Verdict},
        snapshot::Snapshot,
    },
    rules::{self, daemon::settings},
};

/// Names in one line of a waiver.
const LINE: usize = 80;

/// What the waivers say, and what the declaration builds on.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Names of shipped baselines.
    pub baselines: Vec<String>,
    /// The last day on which the waivers hold, UTC; those of severe rules end sooner.
    pub expires: Date,
    pub owner: String,
}

/// Daemon keys that the declaration does not name, and why.
pub type LeftOut = BTreeMap<String, String>;

/// Returns what the declaration builds on, to judge the host by.
pub fn extends(baselines: &[String]) -> String {
    match baselines {
        [] => "version: 1\n".to_owned(),
        _ => format!("version: 1\n\nextends: [{}]\n", baselines.join(", ")),
    }
}

/// Returns a declaration that sets one key, to learn whether it can be declared.
pub fn setting(key: &str, value: &Value) -> String {
    format!("version: 1\ndaemon:\n  settings:\n{}", entry(key, value))
}

/// Returns the keys of the daemon's file that are not to be declared, whatever they say.
pub fn left_out(daemon: &DaemonConfig) -> LeftOut {
    let why = |key: &str, value: &Value, is_flag: bool| match daemon_keys::find(key) {
        None => Some("not a key that plimsoll knows"),
        Some(facts) if facts.holds_secret(value) => Some("it can hold a secret"),
        Some(_) if is_flag => Some("the daemon's command line sets it as well"),
        Some(_) => None,
    };
    let of_file = daemon.keys.iter().filter_map(|(name, key)| {
        let why = why(name, key.file.as_ref()?, key.flag.is_some())?;
        Some((name.clone(), why.to_owned()))
    });
    of_file.collect()
}

/// Returns the declared keys that the daemon does not go by: nobody knows which side is meant.
/// `report` is what the declaration says about the host.
pub fn differing(report: &Report, left_out: &LeftOut) -> LeftOut {
    let of_keys = report
        .findings
        .iter()
        .filter(|it| it.rule == settings::SETTING.id && !left_out.contains_key(it.address.name()));
    let why = |finding: &Finding| match &*finding.verdict {
        Verdict::Fail { seen, .. } => format!("declared so it would have to change: {seen}"),
        Verdict::Unknown(why) => format!("what the daemon goes by is not known: {why}"),
        Verdict::Pass | Verdict::NotApplicable(_) => String::new(),
    };
    of_keys.map(|it| (it.address.name().to_owned(), why(it))).collect()
}

/// Returns the text. `report` is what the baselines say about the host.
pub fn import(
    snapshot: &Snapshot,
    report: &Report,
    left_out: &LeftOut,
    options: &ImportOptions,
) -> String {
    let host = &snapshot.host;
    let containers = match snapshot.containers.len() {
        1 => "1 container".to_owned(),
        count => format!("{count} containers"),
    };
    let mut text = format!(
        "\
# yaml-language-server: $schema={SCHEMA}
# {} as it was on {}: {} {}, {containers}.
# Written by `plimsoll import`: under this, `plimsoll plan` finds nothing to do.
",
        host.name, report.today, host.engine_name, host.engine_version,
    );
    text.push_str(&extends(&options.baselines));
    if options.baselines.is_empty() {
        text.push_str(
            "\
# Nothing is asked of containers yet. `plimsoll import --baseline essential` adds what keeps them
# from the host, with waivers for what fails today.
",
        );
    }
    text.push_str(&daemon(&snapshot.daemon, left_out));
    text.push_str(&waivers(report, options));
    text
}

fn daemon(daemon: &DaemonConfig, left_out: &LeftOut) -> String {
    let declared: String = daemon
        .keys
        .iter()
        .filter(|(name, _)| !left_out.contains_key(*name))
        .filter_map(|(name, key)| Some(entry(name, key.file.as_ref()?)))
        .collect();
    let mut text = String::new();
    if !declared.is_empty() {
        text.push_str(
            "\n# As in the daemon's file. Keys that are not named here are left alone.\n",
        );
        text.push_str("daemon:\n  settings:\n");
        text.push_str(&declared);
    }
    if !left_out.is_empty() {
        text.push_str("\n# In the daemon's file too, and not declared:\n");
        for (name, why) in left_out {
            text.push_str(&format!("# - {name}: {why}\n"));
        }
    }
    text
}

fn entry(key: &str, value: &Value) -> String {
    let lines = yaml::write(&BTreeMap::from([(key, value)]));
    lines.lines().map(|line| format!("    {line}\n")).collect()
}

#[derive(Serialize)]
struct Words<'a> {
    reason: &'a str,
    owner: &'a str,
}

fn waivers(report: &Report, options: &ImportOptions) -> String {
    // Of rules about the host as a whole there is one object, which needs no name.
    let mut by_rule: BTreeMap<&str, (Severity, BTreeSet<&str>)> = BTreeMap::new();
    for finding in report.findings.iter().filter(|it| is_to_be_waived(it)) {
        let (worst, names) =
            by_rule.entry(finding.rule).or_insert((finding.severity, BTreeSet::new()));
        *worst = finding.severity.max(*worst);
        if matches!(finding.address.kind(), "container" | "network" | "service") {
            names.insert(finding.address.name());
        }
    }
    if by_rule.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "
# What fails today, or cannot be judged before it runs. Take a name out once its container holds to
# the rule; what is still here when a waiver ends is planned.
waivers:
",
    );
    let reason = format!("present at import on {}", report.today);
    let longest = WaiverLengths::default();
    let words = yaml::write(&Words { reason: &reason, owner: &options.owner });
    for (at, (rule, (severity, names))) in by_rule.iter().enumerate() {
        text.push_str(&format!("  - id: import-{}\n    rule: {rule}\n", at + 1));
        if !names.is_empty() {
            text.push_str(&format!("    match: {{ name: [{}] }}\n", wrapped(names)));
        }
        text.extend(words.lines().map(|line| format!("    {line}\n")));
        let last = report.today.saturating_add(i64::from(longest.of(*severity)).days());
        text.push_str(&format!("    expires: {}\n", options.expires.min(last)));
    }
    text
}

/// What is only observed has no consequence, and so needs no waiver. Keys of the daemon's file have
/// none: they are declared as they are.
fn is_to_be_waived(finding: &Finding) -> bool {
    let may_fail = match *finding.verdict {
        Verdict::Fail { .. } => true,
        Verdict::Unknown(_) => finding.address.kind() == "container",
        Verdict::Pass | Verdict::NotApplicable(_) => false,
    };
    may_fail && finding.mode != Mode::Observe && rules::find(finding.rule).is_some()
}

/// Names with commas, broken into lines.
fn wrapped(names: &BTreeSet<&str>) -> String {
    let mut lines = vec![String::new()];
    for (at, name) in names.iter().enumerate() {
        let comma = if at + 1 < names.len() { "," } else { "" };
        let line = lines.last().map_or(0, String::len);
        if line > 0 && line + name.len() > LINE {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            let space = if line.is_empty() { "" } else { " " };
            line.push_str(&format!("{space}{name}{comma}"));
        }
    }
    lines.join("\n        ")
}

#[cfg(test)]
mod tests;
