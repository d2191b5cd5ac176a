//! The one evaluator: what holds, what does not, what nobody could see.

mod said;
#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;

use self::said::Said;
use crate::{
    declaration::{
        choose::Chooser,
        policy::{Assignment, Policy, Waiver},
    },
    model::{
        attestable::Attestable,
        class::Class,
        container::ContainerSpec,
        engine_objects::Listing,
        finding::{Covering, Finding, Report, Severity, Verdict},
        object::{Address, Object, ObjectKind, View},
        selector::Matcher,
        snapshot::Snapshot,
    },
};

/// Waivers that end within this many days are mentioned.
const ENDING_DAYS: i64 = 14;
/// What addresses of containers begin with.
const CONTAINERS: &str = "container/";

/// Judges everything in a snapshot. `today` decides which waivers hold.
pub fn evaluate(policy: &Policy, today: Date, snapshot: &Snapshot) -> Report {
    let mut evaluation = Evaluation {
        report: Report { today, ..Report::default() },
        waivers: Waivers::new(policy, today),
        said: Said::default(),
        passing: Vec::new(),
        folding: Vec::new(),
    };
    // In the order of addresses, so that the many findings about containers stay where they are.
    evaluation.daemon(policy, snapshot);
    let behind = evaluation.split_off_behind_containers();
    evaluation.containers(&Chooser::new(policy), snapshot);
    evaluation.report.findings.extend(behind);
    evaluation.into_report()
}

struct Evaluation<'p> {
    report: Report,
    waivers: Waivers<'p>,
    said: Said<'p>,
    passing: Vec<(Address, usize)>,
    /// Of the object at hand: index of a failing finding, and what it implies.
    folding: Vec<(usize, &'static [&'static str])>,
}

/// Whom a waiver has to fit.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Container(&'a ContainerSpec),
    /// A container of which only the name is known.
    Name(&'a str),
    /// A thing of the host, by its address.
    Host,
}

impl<'p> Evaluation<'p> {
    fn containers(&mut self, chooser: &Chooser<'p>, snapshot: &Snapshot) {
        if let Some(first) = snapshot.containers.first() {
            // Memory that is never touched costs nothing, and moving many findings does.
            let some = chooser.for_container(&first.spec).assignments.len() / 2;
            self.report.findings.reserve(some * snapshot.containers.len());
        }
        let mut judged = Vec::new();
        for observed in &snapshot.containers {
            let address = Address::container(&observed.spec.name);
            let object = Object::Container(&observed.spec);
            let chosen = chooser.for_container(&observed.spec);
            let (mut passing, mut not_applicable, mut put_aside) = (0, 0, false);
            for assignment in &chosen.assignments {
                match assignment.bound.judge(object) {
                    Some(Verdict::Pass) => passing += 1,
                    None => not_applicable += 1,
                    Some(Verdict::NotApplicable(_)) => {
                        not_applicable += 1;
                        put_aside |= puts_aside(assignment);
                    }
                    Some(verdict) => judged.push((*assignment, verdict)),
                }
            }
            if put_aside {
                (passing, not_applicable) = (0, chosen.assignments.len());
                judged.clear();
            }
            self.report.checks.passing += passing;
            self.report.not_applicable += not_applicable;
            for (assignment, verdict) in judged.drain(..) {
                self.fault(assignment, &address, Subject::Container(&observed.spec), verdict);
            }
            self.fold();
            if !chosen.assignments.is_empty() {
                self.passing.push((address, passing));
            }
        }
        let seen: BTreeSet<&str> =
            snapshot.containers.iter().map(|it| it.spec.name.as_str()).collect();
        let blind = snapshot
            .blind_spots
            .iter()
            .filter(|spot| spot.address.of_container().is_some_and(|name| !seen.contains(name)));
        let mut is_sorted = true;
        for spot in blind {
            let name = spot.address.name();
            for assignment in chooser.for_name(name) {
                let verdict = Some(Verdict::Unknown(spot.why.clone()));
                self.count(assignment, &spot.address, Subject::Name(name), verdict);
            }
            self.passing.push((spot.address.clone(), 0));
            is_sorted = false;
        }
        // Others stand in the order of a snapshot, and their findings in that of a chooser.
        if !is_sorted {
            self.report.findings.sort_by(order);
        }
    }

    fn daemon(&mut self, policy: &'p Policy, snapshot: &Snapshot) {
        if snapshot.daemon.is_missing {
            self.report.not_applicable += policy.daemon.len();
            return;
        }
        let mut by_address: BTreeMap<Address, Vec<&'p Assignment>> = BTreeMap::new();
        let objects = &snapshot.objects;
        self.each(policy, &objects.networks, Address::network, |it| {
            (&it.name, Object::Network(it))
        });
        self.each(policy, &objects.services, Address::service, |it| {
            (&it.name, Object::Service(it))
        });
        let of_each = [Some(ObjectKind::Network), Some(ObjectKind::Service)];
        for assignment in policy.daemon.iter().filter(|it| !of_each.contains(&it.kind())) {
            by_address.entry(assignment.daemon_address()).or_default().push(assignment);
        }
        let swarm_active = snapshot.daemon.swarm_active;
        let attestable = Attestable { today: self.report.today, swarm_active };
        let views = [
            Object::Daemon(&snapshot.daemon),
            Object::HostFiles(&snapshot.files),
            Object::Attestable(&attestable),
            Object::HostSystem(&snapshot.system),
            Object::Swarm(&snapshot.objects.swarm),
            Object::StoredImages(&snapshot.objects.images),
            Object::Upkeep(&snapshot.upkeep),
        ];
        for (address, mut assignments) in by_address {
            assignments.sort_by_key(|it| it.meta.id);
            let blind = snapshot.blind_spots.iter().find(|spot| spot.address == address);
            let mut passing = 0;
            for assignment in assignments {
                let judged = views.iter().find_map(|view| assignment.bound.judge(*view));
                let verdict = match (judged, blind) {
                    (Some(Verdict::Pass), Some(spot)) => Some(Verdict::Unknown(spot.why.clone())),
                    (verdict, _) => verdict,
                };
                passing += self.count(assignment, &address, Subject::Host, verdict);
            }
            self.fold();
            self.passing.push((address, passing));
        }
    }

    /// Judges by the rules that look at every thing of a kind in turn. If nobody knows what there
    /// is, each of them is unknown once.
    fn each<T: View>(
        &mut self,
        policy: &'p Policy,
        listing: &Listing<T>,
        address: fn(&str) -> Address,
        object: fn(&T) -> (&str, Object<'_>),
    ) {
        let assignments: Vec<_> =
            policy.daemon.iter().filter(|it| it.kind() == Some(T::KIND)).collect();
        if assignments.is_empty() {
            return;
        }
        let objects = match listing {
            Listing::Listed(objects) => objects,
            Listing::NotHere(_) => {
                self.report.not_applicable += assignments.len();
                return;
            }
            Listing::Unknown(why) => {
                for assignment in assignments {
                    let verdict = Some(Verdict::Unknown(why.clone()));
                    self.count(assignment, &address(""), Subject::Host, verdict);
                }
                self.passing.push((address(""), 0));
                return;
            }
        };
        for (name, object) in objects.iter().map(object) {
            let address = address(name);
            let judged = assignments.iter().map(|it| (*it, it.bound.judge(object)));
            let passing =
                judged.map(|(it, verdict)| self.count(it, &address, Subject::Host, verdict)).sum();
            self.fold();
            self.passing.push((address, passing));
        }
    }

    /// Counts one check and returns 1 if it passes.
    fn count(
        &mut self,
        assignment: &'p Assignment,
        address: &Address,
        subject: Subject<'_>,
        verdict: Option<Verdict>,
    ) -> usize {
        match verdict {
            None | Some(Verdict::NotApplicable(_)) => self.report.not_applicable += 1,
            Some(Verdict::Pass) => {
                self.report.checks.passing += 1;
                return 1;
            }
            Some(verdict @ (Verdict::Fail { .. } | Verdict::Unknown(_))) => {
                self.fault(assignment, address, subject, verdict);
            }
        }
        0
    }

    /// Takes down a check that did not pass.
    fn fault(
        &mut self,
        assignment: &'p Assignment,
        address: &Address,
        subject: Subject<'_>,
        verdict: Verdict,
    ) {
        let fails = matches!(verdict, Verdict::Fail { .. });
        let waiver = self.waivers.covering(assignment.meta.id, address, subject, fails);
        let is_waived = matches!(waiver.as_deref(), Some(Covering::Now(_)));
        match (&verdict, is_waived) {
            (Verdict::Fail { .. }, true) => self.report.checks.waived += 1,
            (Verdict::Fail { .. }, false) => {
                self.report.checks.failing[rank(assignment.severity)] += 1;
                if !assignment.meta.implies.is_empty() {
                    self.folding.push((self.report.findings.len(), assignment.meta.implies));
                }
            }
            (Verdict::Unknown(_), _) => self.report.checks.unknown += 1,
            (Verdict::Pass | Verdict::NotApplicable(_), _) => {}
        }
        self.report.findings.push(Finding {
            rule: assignment.meta.id,
            severity: assignment.severity,
            mode: assignment.mode,
            address: address.clone(),
            verdict: self.said.once(assignment, verdict),
            from: assignment.from.clone(),
            waiver,
            implied_by: None,
        });
    }

    /// Puts what follows from a failing rule under it, for the object at hand. A waived rule
    /// folds nothing: what it would have explained stands by itself.
    fn fold(&mut self) {
        for (at, implies) in std::mem::take(&mut self.folding) {
            let (address, rule) = {
                let finding = &self.report.findings[at];
                (finding.address.clone(), finding.rule)
            };
            let above = self.report.findings[at].implied_by;
            let of_object =
                self.report.findings.iter_mut().rev().take_while(|it| it.address == address);
            for finding in of_object {
                let follows = matches!(*finding.verdict, Verdict::Fail { .. })
                    && finding.waived_by().is_none()
                    && finding.implied_by.is_none()
                    && finding.rule != rule
                    && above != Some(finding.rule)
                    && implies.contains(&finding.rule);
                if follows {
                    finding.implied_by = Some(above.unwrap_or(rule));
                }
            }
        }
    }

    /// Returns the findings so far that come behind those about containers.
    fn split_off_behind_containers(&mut self) -> Vec<Finding> {
        let findings = &mut self.report.findings;
        findings.sort_by(order);
        findings.split_off(findings.partition_point(|it| it.address.as_str() < CONTAINERS))
    }

    fn into_report(self) -> Report {
        let Self { mut report, waivers, mut passing, said: _, folding: _ } = self;
        passing.sort();
        (report.objects, report.passing) = passing.into_iter().unzip();
        waivers.tell(&mut report);
        report
    }
}

/// Those of one object share its address, which is the same without a look at its letters.
fn order(a: &Finding, b: &Finding) -> Ordering {
    match a.address == b.address {
        true => a.rule.cmp(b.rule),
        false => a.address.cmp(&b.address),
    }
}

/// Whether a container to which this does not apply is not allowed, and out of action already:
/// nobody hardens what must not run.
fn puts_aside(assignment: &Assignment) -> bool {
    assignment.meta.fix == Some(Class::Evict)
}

const fn rank(severity: Severity) -> usize {
    match severity {
        Severity::Critical => 0,
        Severity::High => 1,
        Severity::Medium => 2,
        Severity::Low => 3,
    }
}

struct Waivers<'p> {
    all: Vec<Tracked<'p>>,
    today: Date,
}

struct Tracked<'p> {
    waiver: &'p Waiver,
    matcher: Matcher,
    used: bool,
    /// Whether a container is of another image than it holds for.
    has_moved: bool,
}

/// Returns whether a container is of another image than a waiver holds for.
fn has_moved(waiver: &Waiver, container: &ContainerSpec) -> bool {
    waiver.only_image.as_ref().is_some_and(|wanted| {
        let is_wanted = |digest: &str| digest.rsplit('@').next() == Some(wanted);
        let of_repositories = container.repo_digests.stated().into_iter().flatten();
        !is_wanted(&container.image_id) && !of_repositories.into_iter().any(|it| is_wanted(it))
    })
}

impl<'p> Waivers<'p> {
    fn new(policy: &'p Policy, today: Date) -> Self {
        let all = policy.waivers.iter().map(|waiver| Tracked {
            waiver,
            matcher: Matcher::new(&waiver.on),
            used: false,
            has_moved: false,
        });
        Self { all: all.collect(), today }
    }

    /// Returns the waiver that covers a finding, else the one that did until it ended.
    fn covering(
        &mut self,
        rule: &str,
        address: &Address,
        subject: Subject<'_>,
        fails: bool,
    ) -> Option<Arc<Covering>> {
        let mut ended = None;
        for tracked in self.all.iter_mut().filter(|it| it.waiver.rule == rule) {
            let fits = match subject {
                Subject::Container(spec) => tracked.matcher.selects(spec),
                Subject::Name(name) => tracked.matcher.selects_name(name) != Some(false),
                // It has a name, and nothing else that a selector could ask for.
                Subject::Host => tracked.matcher.selects_name(address.name()) == Some(true),
            };
            if !fits {
                continue;
            }
            tracked.used = true;
            let has_moved =
                matches!(subject, Subject::Container(spec) if has_moved(tracked.waiver, spec));
            tracked.has_moved |= has_moved;
            if !fails {
                continue;
            }
            // The last day counts.
            if self.today <= tracked.waiver.expires && !has_moved {
                return Some(Arc::new(Covering::Now(tracked.waiver.id.clone())));
            }
            ended = Some(Arc::new(Covering::Ended(tracked.waiver.id.clone())));
        }
        ended
    }

    fn tell(self, report: &mut Report) {
        for tracked in &self.all {
            let waiver = tracked.waiver;
            if waiver.expires < self.today || tracked.has_moved {
                report.ended_waivers.push(waiver.id.clone());
                continue;
            }
            if !tracked.used {
                report.unused_waivers.push(waiver.id.clone());
            }
            let left = waiver.days_left(self.today);
            if left <= ENDING_DAYS {
                report.ending_waivers.push((waiver.id.clone(), left));
            }
        }
        report.unused_waivers.sort();
        report.ended_waivers.sort();
        report.ending_waivers.sort();
    }
}
