//! From a report to a plan.

#[cfg(test)]
mod tests;

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use wildmatch::WildMatch;

use super::{
    Cause, Ceiling, Change, Cited, DeclarationFacts, FORMAT_VERSION, Held, Host, HostFile, Lost,
    Note, Plan, WaiverNotes, containers, daemon, dependencies, files,
    followers::DaemonPlan,
    groups::{Holds, Members, tie},
    host_file, identity,
    ledger::{ledger, note},
    mentions::Mentions,
    remarks::remarks,
    run::LastApplied,
};
use crate::{
    declaration::{
        choose::Chooser,
        policy::{Allowance, Policy},
    },
    model::{
        class::Class,
        container::ContainerSpec,
        finding::{Finding, Mode, Report},
        object::Address,
        probe::Probe,
        selector::Matcher,
        snapshot::{BlindSpot, Observed, Snapshot},
    },
};

/// Returns what is to be done about a report, in order, and why. `last` explains causes and holds
/// back what was undone; it never decides what is right. `layers` tells what replacements would
/// discard: ask [`replacements`] whose to look at.
pub fn plan(
    policy: &Policy,
    report: &Report,
    snapshot: &Snapshot,
    last: &LastApplied,
    layers: &BTreeMap<Address, Lost>,
    ceiling: &Ceiling,
) -> Plan {
    let context = Context::new(policy, report, snapshot, last, layers, ceiling);
    let view = View::new(ceiling);
    let mut objects: Vec<&Address> = report.objects.iter().filter(|it| view.shows(it)).collect();
    let findings: Vec<&Finding> = match ceiling.is_whole() {
        true => report.findings.iter().collect(),
        false => report.findings.iter().filter(|it| view.shows(&it.address)).collect(),
    };

    let (changes, answered, notes) = changes(&context, &view, &findings);
    // Who is replaced with others may be one that no rule asks about.
    let is_asked_about = |it: &&Change| it.address.kind() == "container" && !it.rules.is_empty();
    let strangers = changes.iter().filter(|it| !is_asked_about(it)).map(|it| &it.address);
    objects.extend(strangers.filter(|it| report.objects.binary_search(it).is_err()));
    let ledger = ledger(&context, &objects, &findings, &changes, &notes, &answered);
    let basis = changes
        .iter()
        .filter_map(|change| {
            let print = match context.container(&change.address) {
                Some(it) => it.fingerprint.clone(),
                None => identity::fingerprint(snapshot, &change.address)?,
            };
            Some((change.address.clone(), print))
        })
        .collect();
    Plan {
        format_version: FORMAT_VERSION.into(),
        host: Host {
            name: snapshot.host.name.clone(),
            engine_id: snapshot.host.engine_id.clone(),
            engine_name: snapshot.host.engine_name.clone(),
            engine_version: snapshot.host.engine_version.clone(),
            api_version: snapshot.host.api_version.clone(),
        },
        declaration: DeclarationFacts {
            path: policy.files.first().map(|it| it.path.clone()).unwrap_or_default(),
            digest: policy.digest.clone(),
            files: policy.files.iter().map(|it| (it.path.clone(), it.digest.clone())).collect(),
            last_run: last.run.clone(),
        },
        basis,
        changes,
        notes,
        host_file: HostFile {
            path: snapshot.daemon.file_path.clone(),
            findings: host_file::findings(&snapshot.daemon)
                .into_iter()
                .filter(|it| view.shows(&Address::daemon_key(it.top_key())))
                .collect(),
        },
        blind_spots: context
            .blind()
            .filter(|spot| view.shows(&spot.address))
            .map(|spot| (spot.address.clone(), spot.why.clone()))
            .collect(),
        remarks: remarks(&context).into_iter().filter(|it| view.shows(&it.address)).collect(),
        waivers: WaiverNotes {
            unused: report.unused_waivers.clone(),
            ended: report.ended_waivers.clone(),
            ending: report.ending_waivers.clone(),
        },
        narrowed_to: view.said(ceiling),
        ledger,
    }
}

/// Returns the containers that would be replaced, with their IDs: those whose writable layer has
/// to be looked at before planning. Containers that are left to their owner are none of them.
pub fn replacements(
    report: &Report,
    snapshot: &Snapshot,
    policy: &Policy,
) -> Vec<(Address, String)> {
    let findings: Vec<&Finding> = report.findings.iter().collect();
    let replaced: Vec<&Observed> = by_address(&findings)
        .filter_map(|(address, group)| {
            let group: Vec<&Finding> = group.iter().copied().filter(|it| is_acted_on(it)).collect();
            let observed = identity::container(snapshot, address)?;
            containers::is_replaced(policy, &observed.spec, &group).then_some(observed)
        })
        .collect();
    let groups = Holds::new(snapshot).groups(&replaced);
    let with = groups.iter().flat_map(|group| group.all.iter().copied());
    let all: BTreeMap<&str, &str> = replaced
        .iter()
        .copied()
        .chain(with)
        .map(|it| (it.spec.name.as_str(), it.spec.id.as_str()))
        .collect();
    all.into_iter().map(|(name, id)| (Address::container(name), id.to_owned())).collect()
}

/// Returns which patterns of `only` and `exclude` match no object of the report.
pub fn patterns_without_object<'c>(report: &Report, ceiling: &'c Ceiling) -> Vec<&'c str> {
    let matches = |pattern: &str| {
        let pattern = WildMatch::new(pattern);
        report.objects.iter().any(|address| pattern.matches(address.as_str()))
    };
    let patterns = ceiling.only.iter().chain(&ceiling.exclude);
    patterns.map(String::as_str).filter(|pattern| !matches(pattern)).collect()
}

/// What the parts of the planner have in common.
pub(super) struct Context<'a> {
    pub(super) policy: &'a Policy,
    pub(super) chooser: Chooser<'a>,
    pub(super) report: &'a Report,
    pub(super) snapshot: &'a Snapshot,
    pub(super) last: &'a LastApplied,
    pub(super) layers: &'a BTreeMap<Address, Lost>,
    pub(super) ceiling: &'a Ceiling,
    allowances: Vec<(Matcher, &'a Allowance)>,
    /// Who refers to whom.
    pub(super) holds: Holds<'a>,
    probes: Vec<(Matcher, &'a [Probe])>,
    /// Where the next container is looked for: most are asked for in the order in which they stand.
    next: Cell<usize>,
    pub(super) mentions: Mentions,
}

impl<'a> Context<'a> {
    fn new(
        policy: &'a Policy,
        report: &'a Report,
        snapshot: &'a Snapshot,
        last: &'a LastApplied,
        layers: &'a BTreeMap<Address, Lost>,
        ceiling: &'a Ceiling,
    ) -> Self {
        let allowances = policy.allowances.iter();
        Self {
            policy,
            chooser: Chooser::new(policy),
            report,
            snapshot,
            last,
            layers,
            ceiling,
            allowances: allowances.map(|it| (Matcher::new(&it.on), it)).collect(),
            holds: Holds::new(snapshot),
            probes: policy
                .probes
                .iter()
                .map(|it| (Matcher::new(&it.on), it.probes.as_slice()))
                .collect(),
            next: Cell::new(0),
            mentions: Mentions::default(),
        }
    }

    /// Returns what the last entry that selects the container and says something says; without
    /// one, no.
    pub(super) fn allows(
        &self,
        spec: &ContainerSpec,
        what: impl Fn(&Allowance) -> Option<bool>,
    ) -> bool {
        let saying = self.allowances.iter().rev().filter_map(|(on, it)| Some((on, what(it)?)));
        saying.into_iter().find(|(on, _)| on.selects(spec)).is_some_and(|(_, may)| may)
    }

    /// Returns how to tell that a container works: the last entry that selects it decides.
    pub(super) fn probes(&self, spec: &ContainerSpec) -> &'a [Probe] {
        let found = self.probes.iter().rev().find(|(on, _)| on.selects(spec));
        found.map_or(&[], |(_, probes)| *probes)
    }

    pub(super) fn container(&self, address: &Address) -> Option<&'a Observed> {
        self.snapshot.containers.get(self.place(address)?)
    }

    /// Returns where a container stands in the snapshot.
    fn place(&self, address: &Address) -> Option<usize> {
        let (name, next) = (address.of_container()?, self.next.get());
        let at = match self.snapshot.containers.get(next) {
            Some(it) if it.spec.name == name => next,
            _ => identity::place(self.snapshot, name)?,
        };
        self.next.set(at + 1);
        Some(at)
    }

    /// Names the rules of findings, those first that others follow from.
    pub(super) fn cited(&self, findings: &[&Finding]) -> Vec<Arc<Cited>> {
        let mut rules: Vec<_> = findings.iter().map(|it| self.mentions.cite(it)).collect();
        rules.sort_by(|a, b| (&a.implied_by, &a.id).cmp(&(&b.implied_by, &b.id)));
        rules.dedup();
        rules
    }

    pub(super) fn above_ceiling(&self, class: Class) -> Option<Held> {
        (class > self.ceiling.class).then_some(Held::AboveCeiling(class))
    }

    /// An undone change does not come back until the declaration moves or a person asks.
    pub(super) fn undone(&self, id: &str, address: &Address) -> Option<Held> {
        let undone = self.last.undone.get(id)?;
        if undone.declaration_digest != self.policy.digest {
            return None;
        }
        let at = if undone.at.is_empty() { String::new() } else { format!(", {}", undone.at) };
        Some(Held::Undone(format!(
            "a changed declaration, or a person who tries it again:\n  plimsoll apply --retry \
             --only {address}\nundone in run {}{at}: {}",
            undone.run, undone.why
        )))
    }

    /// Iterates over what could not be looked at and is not among the containers.
    pub(super) fn blind(&self) -> impl Iterator<Item = &'a BlindSpot> {
        let snapshot = self.snapshot;
        snapshot.blind_spots.iter().filter(|spot| self.container(&spot.address).is_none())
    }
}

pub(super) type Answered = HashMap<Address, Vec<usize>>;

/// Containers, by their places in the snapshot, and the findings that are acted on.
type About<'a> = BTreeMap<usize, (&'a Address, Vec<&'a Finding>)>;

/// Returns the changes in order, which of them answer the findings of which object, and notes
/// for the rest.
fn changes<'a>(
    context: &Context<'a>,
    view: &View,
    findings: &[&'a Finding],
) -> (Vec<Change>, Answered, Vec<Note>) {
    let mut notes = Vec::new();
    let mut about_daemon = Vec::new();
    let mut about_files = Vec::new();
    let mut about_containers = Vec::new();
    for (address, group) in by_address(findings) {
        let mut acted = Vec::with_capacity(group.len());
        acted.extend(group.iter().copied().filter(|it| is_acted_on(it)));
        let asked = acted.len();
        for finding in group.iter().filter(|it| !is_acted_on(it)) {
            // What follows from an answered finding is answered with it.
            let is_answered = finding.implied_by.is_some_and(|rule| {
                is_enforced(finding) && acted[..asked].iter().any(|it| it.rule == rule)
            });
            match is_answered {
                true => acted.push(finding),
                false => notes.push(note(context, finding)),
            }
        }
        if acted.is_empty() {
            continue;
        }
        match context.place(address) {
            Some(at) => about_containers.push((at, (address, acted))),
            None if acted.iter().any(|it| files::concerns(it)) => {
                about_files.push((address, acted));
            }
            None => about_daemon.extend(acted),
        }
    }
    let mut about_containers: About<'_> = about_containers.into_iter().collect();
    let (of_daemon, mut answers): (Vec<Change>, Vec<Vec<&Finding>>) =
        daemon::changes(context, &about_daemon).into_iter().unzip();
    let daemon = DaemonPlan::new(&of_daemon);
    let of_groups = grouped(context, view, &daemon, &mut about_containers);
    let mut changes: Vec<Vec<(Change, Vec<&Finding>)>> = of_groups;
    for (at, (address, acted)) in about_containers {
        let observed = &context.snapshot.containers[at];
        match containers::change(context, &daemon, address, observed, &acted, None) {
            Some(change) => changes.push(vec![(change, acted)]),
            // The daemon's restart starts it anew.
            None => {
                if let Some(at) = daemon.restart_of_all() {
                    answers[at].extend(acted);
                }
            }
        }
    }
    dependencies::order(changes.iter_mut().flatten().map(|(it, _)| it), context);
    changes.sort_by(|a, b| place(a).cmp(&place(b)));
    // First, because a daemon that restarts makes its socket anew.
    let mut all = files::changes(context, about_files);
    all.reserve(of_daemon.len() + changes.len());
    all.extend(of_daemon.into_iter().zip(answers));
    all.extend(changes.into_iter().flatten());

    let mut answered = Answered::new();
    for (at, (change, findings)) in all.iter().enumerate() {
        if findings.is_empty() {
            answered.entry(change.address.clone()).or_default().push(at);
        }
        for (address, _) in by_address(findings) {
            let of_object = answered.entry(address.clone()).or_default();
            if of_object.last() != Some(&at) {
                of_object.push(at);
            }
        }
    }
    (all.into_iter().map(|(change, _)| change).collect(), answered, notes)
}

/// Returns where those that are changed together stand among the changes.
fn place<'g>(group: &'g [(Change, Vec<&Finding>)]) -> Option<(Class, &'g Address)> {
    group.iter().map(|(change, _)| (change.class, &change.address)).min()
}

/// Returns the changes of containers that are replaced with others, a group each, and takes them
/// out of `about`.
fn grouped<'a>(
    context: &Context<'a>,
    view: &View,
    daemon: &DaemonPlan<'_>,
    about: &mut About<'a>,
) -> Vec<Vec<(Change, Vec<&'a Finding>)>> {
    let all = &context.snapshot.containers;
    let replaced: Vec<&Observed> = about
        .iter()
        .map(|(at, (_, acted))| (&all[*at], acted))
        .filter(|(it, acted)| containers::is_replaced(context.policy, &it.spec, acted))
        .map(|(it, _)| it)
        .collect();
    let groups = context.holds.groups(&replaced).into_iter();
    groups.map(|members| group(context, view, daemon, about, &members)).collect()
}

fn group<'a>(
    context: &Context<'a>,
    view: &View,
    daemon: &DaemonPlan<'_>,
    about: &mut About<'a>,
    members: &Members<'a>,
) -> Vec<(Change, Vec<&'a Finding>)> {
    let mut missing = Vec::new();
    let mut taken = Vec::new();
    let mut targets = Vec::new();
    for observed in &members.all {
        let address = Address::container(&observed.spec.name);
        if !view.shows(&address) {
            missing.push(format!(
                "{address}, which is replaced with it, is left out of this run; --only {address} \
                 takes it in, an --exclude leaves it out"
            ));
            continue;
        }
        let at = context.place(&address);
        let found = at.and_then(|at| about.get(&at));
        let acted = found.map(|(_, acted)| acted.as_slice()).unwrap_or_default();
        if containers::is_evicted(acted) {
            missing.push(format!(
                "{address}, which is replaced with it, is put out of action; plan again afterwards"
            ));
            continue;
        }
        let found = at.and_then(|at| about.remove(&at));
        let acted = found.map(|(_, acted)| acted).unwrap_or_default();
        if !acted.is_empty() {
            targets.push(containers::target(&observed.spec, &acted));
        }
        taken.push((address, *observed, acted));
    }
    // Those that need it themselves say why it differs.
    taken.sort_by_key(|(_, _, acted)| acted.is_empty());
    let mut cause = Cause::New;
    let mut changes = BTreeMap::new();
    let mut answers = BTreeMap::new();
    for (address, observed, acted) in taken {
        let because = context.holds.because(observed, &members.all);
        let part = containers::Part { members, cause, targets: &targets };
        let Some(change) =
            containers::change(context, daemon, &address, observed, &acted, Some(&part))
        else {
            continue;
        };
        cause = change.cause;
        answers.insert(change.id.clone(), acted);
        changes.insert(observed.spec.name.as_str(), (change, because));
    }
    let in_order = members.all.iter().filter_map(|it| changes.remove(it.spec.name.as_str()));
    let missing = (!missing.is_empty()).then(|| missing.join("\n"));
    let tied = tie(in_order.collect(), missing).into_iter();
    tied.map(|change| {
        let acted = answers.remove(&change.id).unwrap_or_default();
        (change, acted)
    })
    .collect()
}

/// Groups findings, which are sorted, by object.
fn by_address<'f, 'a>(
    findings: &'f [&'a Finding],
) -> impl Iterator<Item = (&'a Address, &'f [&'a Finding])> {
    findings.chunk_by(|a, b| a.address == b.address).map(|group| (&group[0].address, group))
}

/// Whether a change answers it.
fn is_acted_on(finding: &Finding) -> bool {
    !finding.verdict.edits().is_empty() && is_enforced(finding)
}

fn is_enforced(finding: &Finding) -> bool {
    finding.mode == Mode::Enforce && finding.waived_by().is_none()
}

/// Writes names as a list that stays short.
pub(super) fn listed(names: &[&str]) -> String {
    const MOST: usize = 8;
    match names.len().checked_sub(MOST) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}

/// Which part of the host is looked at.
struct View {
    only: Vec<WildMatch>,
    exclude: Vec<WildMatch>,
}

impl View {
    fn new(ceiling: &Ceiling) -> Self {
        let read = |patterns: &[String]| patterns.iter().map(|it| WildMatch::new(it)).collect();
        Self { only: read(&ceiling.only), exclude: read(&ceiling.exclude) }
    }

    fn shows(&self, address: &Address) -> bool {
        let fits = |patterns: &[WildMatch]| patterns.iter().any(|it| it.matches(address.as_str()));
        (self.only.is_empty() || fits(&self.only)) && !fits(&self.exclude)
    }

    fn said(&self, ceiling: &Ceiling) -> Vec<String> {
        let exclude = ceiling.exclude.iter().map(|it| format!("not {it}"));
        ceiling.only.iter().cloned().chain(exclude).collect()
    }
}
