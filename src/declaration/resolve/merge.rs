//! Many files to one policy: later entries win.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{files::File, followers::Followers, put, rule_of};
use crate::{
    declaration::{
        AutoRemove, Declaration, LimitsSection, WaiverEntry, WritableLayer,
        bind::{self, provenance},
        check::Checked,
        policy::{Allowance, Assignment, Choice, Choices, Limits, Policy, Probes, Setting, Waiver},
        probes,
        problem::{Place, Problem},
        schema::{about_containers, about_host},
        yaml::{Entry, Node},
    },
    model::{
        daemon_keys,
        finding::Mode,
        object::{Address, ObjectKind},
        provenance::Provenance,
        selector::Selector,
    },
    rules::{self, AnyRule, BoundRule, Meta, container::follows_daemon_defaults, daemon::settings},
};

/// What the files say so far.
#[derive(Default)]
pub(super) struct Merged {
    daemon_rules: BTreeMap<String, Assignment>,
    containers: BTreeMap<&'static str, Choices>,
    settings: BTreeMap<String, Setting>,
    absent: BTreeMap<String, Place>,
    restart_command: Option<Vec<String>>,
    reload_command: Option<Vec<String>>,
    waivers: Vec<Waiver>,
    waiver_ids: BTreeMap<String, Place>,
    allowances: Vec<Allowance>,
    probes: Vec<Probes>,
    limits: Limits,
    followers: Followers,
}

impl Merged {
    /// Takes the rules over that are declared without fault, and reports parameters that no rule
    /// takes.
    pub(super) fn rules_of(&mut self, file: &File, checked: &Checked, problems: &mut Vec<Problem>) {
        for (rule, entry) in declared(file.root.value_of("rules"), about_host) {
            if !checked.is_clean(&format!("/rules/{}", entry.key)) {
                continue;
            }
            match bind::assignment(&file.source, rule, entry) {
                Err(found) => problems.extend(found),
                Ok(assignment) => match (rule.kind(), assignment) {
                    (ObjectKind::Container, assignment) => {
                        self.choose(rule, Selector::default(), assignment, entry);
                    }
                    (_, Some(assignment)) => put(&mut self.daemon_rules, &entry.key, assignment),
                    (_, None) => {
                        self.daemon_rules.remove(&entry.key);
                    }
                },
            }
        }
        let sections = file.root.value_of("containers").map_or(&[][..], Node::items);
        for (index, section) in sections.iter().enumerate() {
            let on = section
                .value_of("match")
                .and_then(|it| {
                    serde_json::from_value::<Option<Selector>>(it.to_json()).ok().flatten()
                })
                .unwrap_or_default();
            for (rule, entry) in declared(section.value_of("rules"), about_containers) {
                if !checked.is_clean(&format!("/containers/{index}/rules/{}", entry.key)) {
                    continue;
                }
                match bind::assignment(&file.source, rule, entry) {
                    Err(found) => problems.extend(found),
                    Ok(assignment) => self.choose(rule, on.clone(), assignment, entry),
                }
            }
        }
    }

    fn choose(
        &mut self,
        rule: &dyn AnyRule,
        on: Selector,
        assignment: Option<Assignment>,
        entry: &Entry,
    ) {
        let meta = rule.meta();
        if meta.id == follows_daemon_defaults::ID {
            self.followers.say(on, assignment, entry);
            return;
        }
        self.containers
            .entry(meta.id)
            .or_insert_with(|| Choices { meta, choices: Vec::new() })
            .choices
            .push(Choice { on, assignment });
    }

    /// Takes everything else over from a file that has no faults of its own.
    pub(super) fn sections_of(&mut self, file: &File, problems: &mut Vec<Problem>) {
        let declaration: Declaration = match serde_path_to_error::deserialize(file.root.to_json()) {
            Ok(declaration) => declaration,
            // The check lets through only what fits the types; if it ever errs, say so
            // instead of going on.
            Err(error) => {
                let place = file.place_of_key(&file.root, "version");
                let message = format!("`{}` cannot be read", error.path());
                problems.push(
                    Problem::new("decl.bad-value", message, place).note(error.inner().to_string()),
                );
                return;
            }
        };
        if let Some(daemon) = declaration.daemon {
            let node = file.root.value_of("daemon");
            let key_place = |section: &str, key: &str| {
                node.and_then(|node| node.value_of(section)).map_or_else(
                    || file.place_of_key(&file.root, "daemon"),
                    |node| file.place_of_key(node, key),
                )
            };
            for (key, value) in daemon.settings.unwrap_or_default().0 {
                let place = key_place("settings", &key);
                self.absent.remove(&key);
                self.settings.insert(key, Setting { value, place });
            }
            for key in daemon.absent.into_iter().flatten() {
                let place = key_place("absent", &key.0);
                self.settings.remove(&key.0);
                self.absent.insert(key.0, place);
            }
            self.restart_command = daemon.restart_command.or(self.restart_command.take());
            self.reload_command = daemon.reload_command.or(self.reload_command.take());
        }
        for section in declaration.containers.into_iter().flatten() {
            let on = section.on.unwrap_or_default();
            if let Some(probes) = section.probes {
                let probes = probes.into_iter().filter_map(Option::from).collect();
                self.probes.push(Probes { on: on.clone(), probes });
            }
            self.allowances.push(Allowance {
                on,
                discard_writable_layer: section
                    .writable_layer
                    .map(|it| it == WritableLayer::Discard),
                commit_writable_layer: section.writable_layer.map(|it| it == WritableLayer::Commit),
                replace_auto_removed: section.auto_remove.map(|it| it == AutoRemove::Replace),
                carries_connection: section.carries_connection,
            });
        }
        let nodes = file.root.value_of("waivers").map_or(&[][..], Node::items);
        for (entry, node) in declaration.waivers.into_iter().flatten().zip(nodes) {
            let (id_at, expires_at) =
                (file.place_of_key(node, "id"), file.place_of_value(node, "expires"));
            self.waive(entry, provenance(&id_at), expires_at);
        }
        if let Some(limits) = declaration.limits {
            self.limit(limits);
        }
    }

    fn waive(&mut self, entry: WaiverEntry, from: Provenance, expires_at: Place) {
        let Some(rule) = rules::find(&entry.rule.0) else { return };
        self.waivers.push(Waiver {
            id: entry.id,
            rule: rule.meta().id,
            on: entry.on.map(|it| it.0).unwrap_or_default(),
            reason: entry.reason,
            owner: entry.owner,
            ticket: entry.ticket,
            expires: entry.expires.0,
            from,
            expires_at,
            only_image: entry.only_while.map(|it| it.image),
        });
    }

    /// Reports probes that ask nothing, or more than one thing.
    pub(super) fn probes_of(file: &File, checked: &Checked, problems: &mut Vec<Problem>) {
        let sections = file.root.value_of("containers").map_or(&[][..], Node::items);
        for (index, section) in sections.iter().enumerate() {
            let entries = section.value_of("probes").map_or(&[][..], Node::items);
            for (at, entry) in entries.iter().enumerate() {
                if !checked.is_clean(&format!("/containers/{index}/probes/{at}")) {
                    continue;
                }
                problems.extend(probes::faults(entry).into_iter().map(|fault| {
                    let place = Place { source: Arc::clone(&file.source), span: fault.at };
                    Problem::new("decl.probe", fault.message, place).help(fault.help)
                }));
            }
        }
    }

    /// Reports waivers that share an ID.
    pub(super) fn waiver_ids_of(&mut self, file: &File, problems: &mut Vec<Problem>) {
        for item in file.root.value_of("waivers").map_or(&[][..], Node::items) {
            let Some(id) = item.value_of("id") else { continue };
            let Some(text) = id.text() else { continue };
            let place = Place { source: Arc::clone(&file.source), span: id.span.clone() };
            match self.waiver_ids.get(text) {
                None => put(&mut self.waiver_ids, text, place),
                Some(earlier) => problems.push(
                    Problem::new(
                        "waiver.duplicate-id",
                        format!("two waivers are called `{text}`"),
                        place,
                    )
                    .note(format!("the other one stands in {}", provenance(earlier)))
                    .help("reports name waivers by their ID; give each its own"),
                ),
            }
        }
    }

    fn limit(&mut self, said: LimitsSection) {
        let limits = &mut self.limits;
        let ceiling = said.ceiling.unwrap_or_default();
        limits.apply_ceiling = ceiling.apply.unwrap_or(limits.apply_ceiling);
        limits.enforce_ceiling = ceiling.enforce.unwrap_or(limits.enforce_ceiling);
        limits.max_changes = said.max_changes.unwrap_or(limits.max_changes);
        limits.compose = said.compose.unwrap_or(limits.compose);
        let waivers = said.waivers.unwrap_or_default();
        let days = &mut limits.waiver_days;
        days.low = waivers.low.map_or(days.low, |it| it.0);
        days.medium = waivers.medium.map_or(days.medium, |it| it.0);
        days.high = waivers.high.map_or(days.high, |it| it.0);
        days.critical = waivers.critical.map_or(days.critical, |it| it.0);
        limits.retention_days = said.retention.map_or(limits.retention_days, |it| it.0);
    }

    /// Returns the policy, without digest and files.
    pub(super) fn into_policy(self) -> Policy {
        let set = self.settings.iter().map(|(key, setting)| {
            let bound = settings::setting(key.clone(), setting.value.clone());
            about_key(&settings::SETTING, bound, key, &setting.value, &setting.place)
        });
        let absent = self.absent.iter().map(|(key, place)| {
            let bound = settings::absent(key.clone());
            about_key(&settings::ABSENT, bound, key, &Value::Null, place)
        });
        let daemon: Vec<Assignment> = set.chain(absent).collect();
        let mut containers: Vec<Choices> = self.containers.into_values().collect();
        containers.extend(self.followers.choices(&self.settings));
        Policy {
            daemon: daemon.into_iter().chain(self.daemon_rules.into_values()).collect(),
            containers,
            waivers: self.waivers,
            limits: self.limits,
            allowances: self.allowances,
            probes: self.probes,
            restart_command: self.restart_command,
            reload_command: self.reload_command,
            settings: self.settings,
            absent: self.absent,
            digest: String::new(),
            files: Vec::new(),
        }
    }
}

fn about_key(
    meta: &'static Meta,
    bound: Box<dyn BoundRule>,
    key: &str,
    value: &Value,
    place: &Place,
) -> Assignment {
    let params = Value::from_iter([(key.to_owned(), value.clone())]);
    Assignment {
        meta,
        bound,
        severity: settings::severity_of(key),
        mode: Mode::Enforce,
        from: Arc::new(provenance(place)),
        about: Some(Address::daemon_key(key)),
        digest: bind::digest(meta, &params, Mode::Enforce),
    }
}

/// The rules that a section names, each once: the first counts where a key is given twice, which
/// is reported elsewhere.
fn declared(
    section: Option<&Node>,
    belongs: fn(&dyn AnyRule) -> bool,
) -> impl Iterator<Item = (&'static dyn AnyRule, &Entry)> {
    section
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(move |entry| rule_of(&entry.key, belongs).map(|rule| (rule, entry)))
}

/// Reports keys that one file wants to be there and not to be there.
pub(super) fn contradictions(file: &File, problems: &mut Vec<Problem>) {
    let Some(daemon) = file.root.value_of("daemon") else { return };
    let Some(settings) = daemon.value_of("settings") else { return };
    for item in daemon.value_of("absent").map_or(&[][..], Node::items) {
        // Of a key that does not exist, that much is said already.
        let known = item.text().filter(|key| daemon_keys::find(key).is_some());
        let Some(entry) = known.and_then(|key| settings.get(key)) else { continue };
        let set_at = Place { source: Arc::clone(&file.source), span: entry.key_span.clone() };
        let place = Place { source: Arc::clone(&file.source), span: item.span.clone() };
        problems.push(
            Problem::new(
                "decl.set-and-absent",
                format!("`{}` is both set and absent", entry.key),
                place,
            )
            .label("must not be there")
            .note(format!("line {} says what it must be", set_at.line_column().0))
            .help("keep one of the two"),
        );
    }
}

impl File {
    /// The place of the value of a key of this mapping.
    fn place_of_value(&self, node: &Node, key: &str) -> Place {
        let span = node.value_of(key).map_or(&node.span, |it| &it.span).clone();
        Place { source: Arc::clone(&self.source), span }
    }

    /// The place of a key of this mapping, or of an entry of this list that says the key.
    fn place_of_key(&self, node: &Node, key: &str) -> Place {
        let in_list = || node.items().iter().find(|item| item.text() == Some(key));
        let span = node
            .get(key)
            .map(|entry| entry.key_span.clone())
            .or_else(|| in_list().map(|item| item.span.clone()))
            .unwrap_or_else(|| node.span.clone());
        Place { source: Arc::clone(&self.source), span }
    }
}
