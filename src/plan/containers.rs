//! The change of one container: what is edited, how, at what price, and what speaks against it.

use super::{
    Action, Cause, Change, Held, Lost, WayBack,
    build::{Context, listed},
    cause::cause,
    followers::{self, DaemonPlan},
    groups::Members,
    identity::{change_id, of_spec},
    keep::keep,
    leftovers, lines,
    merge::{Merged, merge},
    owner_lines,
    settings::{port_text, settings},
};
use crate::{
    declaration::policy::{ComposeContainers, Policy},
    model::{
        class::Class,
        compose,
        container::{ContainerSpec, State},
        edit::{ContainerEdit, Edit, Eviction},
        finding::Finding,
        object::Address,
        owner::{Claim, Owner},
        probe::Probe,
        reference::Shares,
        snapshot::Observed,
    },
};

/// What a person should know of an image that is made of a container.
const COMMITTED: &str = "frozen while its files are put into an image, which the new one is made \
                         from; values of its environment are in that image then, and no registry \
                         or scanner knows it. It goes once no container uses it";

/// What has to happen to a container.
enum Means {
    Evict(Eviction),
    Update(Merged),
    /// What can be changed in place, and then a restart for the daemon's defaults.
    Restart(Merged, Vec<String>),
    Replace(Merged),
}

impl Means {
    /// Returns the means that do what all these findings want. A container that is not allowed
    /// is put out of action, and nothing else is done to it.
    fn of(findings: &[&Finding]) -> Self {
        let mut until = None;
        let mut edits = Vec::new();
        for finding in findings {
            for edit in finding.verdict.edits() {
                match edit {
                    Edit::Container(edit) => edits.push((finding.rule, edit)),
                    Edit::Evict { until: far } => until = until.max(Some(*far)),
                    Edit::Restart { .. }
                    | Edit::DaemonKey { .. }
                    | Edit::DaemonKeyAbsent { .. }
                    | Edit::HostFile(_) => {}
                }
            }
        }
        if let Some(until) = until {
            return Self::Evict(until);
        }
        let merged = merge(edits);
        let keys = followers::restarts_for(findings);
        if !merged.edits.iter().all(ContainerEdit::in_place) {
            // A new container takes today's defaults anyway.
            Self::Replace(merged)
        } else if keys.is_empty() {
            Self::Update(merged)
        } else {
            Self::Restart(merged, keys.into_iter().map(str::to_owned).collect())
        }
    }

    /// A new container has it all.
    fn replacing(self) -> Self {
        match self {
            Self::Update(merged) | Self::Restart(merged, _) => Self::Replace(merged),
            other @ (Self::Evict(_) | Self::Replace(_)) => other,
        }
    }

    /// Leaves the restart out, which the daemon's own does as well.
    fn without_restart(self) -> Option<Self> {
        match self {
            Self::Restart(merged, _) if merged.edits.is_empty() => None,
            Self::Restart(merged, _) => Some(Self::Update(merged)),
            other @ (Self::Evict(_) | Self::Update(_) | Self::Replace(_)) => Some(other),
        }
    }

    const fn class(&self) -> Class {
        match self {
            Self::Evict(_) => Class::Evict,
            Self::Update(_) => Class::Live,
            Self::Restart(..) => Class::Restart,
            Self::Replace(_) => Class::Recreate,
        }
    }

    fn edits(&self) -> &[ContainerEdit] {
        match self {
            Self::Evict(_) => &[],
            Self::Update(merged) | Self::Restart(merged, _) | Self::Replace(merged) => {
                &merged.edits
            }
        }
    }
}

/// How a container takes part in the replacement of a group.
pub(super) struct Part<'a> {
    pub(super) members: &'a Members<'a>,
    /// Why those differ that need it themselves, and what they are to become.
    pub(super) cause: Cause,
    pub(super) targets: &'a [(String, Vec<ContainerEdit>)],
}

/// Returns what one that needs it itself is to become.
pub(super) fn target(spec: &ContainerSpec, findings: &[&Finding]) -> (String, Vec<ContainerEdit>) {
    (spec.name.clone(), Means::of(findings).edits().to_vec())
}

pub(super) fn is_evicted(findings: &[&Finding]) -> bool {
    matches!(Means::of(findings), Means::Evict(_))
}

/// Returns whether a container with these findings would be replaced, and not left to its owner.
pub(super) fn is_replaced(policy: &Policy, spec: &ContainerSpec, findings: &[&Finding]) -> bool {
    // The means themselves are made once; here most need no more than a look at what is asked.
    asks_for_another(findings)
        && (spec.owner == Owner::Nobody || owned(policy, spec, &Means::of(findings)).is_none())
}

/// Whether it is to stay in action, with something that a container gets at its creation only.
fn asks_for_another(findings: &[&Finding]) -> bool {
    let edits = || findings.iter().flat_map(|it| it.verdict.edits());
    edits().any(|it| matches!(it, Edit::Container(edit) if !edit.in_place()))
        && !edits().any(|it| matches!(it, Edit::Evict { .. }))
}

/// Returns the change that answers these findings about one container; none if the daemon's own
/// changes answer them all, since they start it anew. As part of a group it is replaced, even
/// without a finding.
pub(super) fn change(
    context: &Context<'_>,
    daemon: &DaemonPlan<'_>,
    address: &Address,
    observed: &Observed,
    findings: &[&Finding],
    part: Option<&Part<'_>>,
) -> Option<Change> {
    let spec = &observed.spec;
    let means = Means::of(findings);
    let means = match (part, daemon.restart_of_all()) {
        (Some(_), _) => means.replacing(),
        (None, Some(_)) => means.without_restart()?,
        (None, None) => means,
    };
    let class = means.class();
    let policy = of_spec(&context.chooser, spec);
    let applied = context.last.objects.get(address);
    let (cause, drift): (Cause, _) = match part {
        Some(part) if findings.is_empty() => (part.cause, None),
        _ => cause(findings, applied, &observed.fingerprint, &policy),
    };
    let id = match &means {
        Means::Replace(_) if findings.is_empty() => {
            change_id(address, &part.map(|part| part.targets))
        }
        Means::Evict(until) => change_id(address, until),
        Means::Update(merged) | Means::Replace(merged) => change_id(address, &merged.edits),
        Means::Restart(merged, _) => change_id(address, &(&merged.edits, restart_rows(findings))),
    };
    let mut lost = lost(context, address, spec, &means);
    let is_clean = |it: &Lost| it.files.as_ref().is_some_and(Vec::is_empty);
    let commit = matches!(means, Means::Replace(_))
        && context.allows(spec, |it| it.commit_writable_layer)
        && !lost.as_ref().is_some_and(is_clean);
    if let (true, Some(lost)) = (commit, &mut lost) {
        lost.files = Some(Vec::new());
    }
    let held = part
        .and_then(|part| noted_by_compose(context, part, spec, &means))
        .or_else(|| held(context, daemon, observed, findings, &means, &id, lost.as_ref()))
        .or_else(|| part.and_then(in_circle))
        .or_else(|| part.and_then(|_| not_alone(spec)));
    let mut settings = settings(spec, means.edits());
    if matches!(means, Means::Restart(..) | Means::Replace(_)) {
        settings.extend(followers::rows(findings));
    }
    let probes = match &means {
        Means::Restart(..) | Means::Replace(_) if spec.state.has_processes() => {
            context.probes(spec).to_vec()
        }
        Means::Evict(_) | Means::Update(_) | Means::Restart(..) | Means::Replace(_) => Vec::new(),
    };
    let how = how(&means, spec, &probes);
    let mut impact = impact(context, spec, &means);
    // Who is taken out of action waits for no default, and follows none.
    let follows = !matches!(means, Means::Evict(_));
    if follows {
        impact.extend(followers::own_choice(findings));
    }
    if commit {
        impact.push(COMMITTED.to_owned());
    }
    let (undo, way_back) = (undo(context, spec, &means), way_back(context, spec, &means));
    let (container, name) = (spec.id.clone(), spec.name.clone());
    let action = match means {
        Means::Evict(until) => Action::EvictContainer { id: container, name, until },
        Means::Update(merged) => {
            Action::UpdateContainer { id: container, name, edits: merged.edits }
        }
        Means::Restart(merged, keys) => {
            Action::RestartContainer { id: container, name, edits: merged.edits, keys }
        }
        Means::Replace(merged) if goes_when_it_stops(spec) => {
            Action::ReplaceAutoRemoved { id: container, name, edits: merged.edits }
        }
        Means::Replace(merged) => {
            Action::ReplaceContainer { id: container, name, edits: merged.edits }
        }
    };
    Some(Change {
        id,
        address: address.clone(),
        class,
        cause,
        settings,
        rules: context.cited(findings),
        held,
        action,
        group: None,
        how,
        interrupts: class > Class::Live && spec.state.has_processes(),
        drift,
        standing: None,
        impact,
        lost,
        undo,
        way_back,
        after: if follows { daemon.before(findings) } else { Vec::new() },
        commit,
        probes,
    })
}

fn restart_rows(findings: &[&Finding]) -> Vec<(String, String)> {
    let rows = followers::rows(findings);
    rows.into_iter().map(|row| (row.name, format!("{:?}", row.after))).collect()
}

fn held(
    context: &Context<'_>,
    daemon: &DaemonPlan<'_>,
    observed: &Observed,
    findings: &[&Finding],
    means: &Means,
    id: &str,
    lost: Option<&Lost>,
) -> Option<Held> {
    let spec = &observed.spec;
    conflict(means)
        .or_else(|| left_over(context, spec))
        .or_else(|| itself(context, spec))
        .or_else(|| carrier(context, spec, means))
        .or_else(|| owned(context.policy, spec, means))
        .or_else(|| by_state(context, spec, means))
        .or_else(|| referred_to(context, spec, means))
        .or_else(|| in_vain(context, daemon, means, findings))
        .or_else(|| context.undone(id, &Address::container(&spec.name)))
        .or_else(|| writable_layer(context, spec, means, lost))
        .or_else(|| context.above_ceiling(means.class()))
}

fn conflict(means: &Means) -> Option<Held> {
    match means {
        Means::Evict(_) => None,
        Means::Update(merged) | Means::Restart(merged, _) | Means::Replace(merged) => {
            (!merged.conflicts.is_empty()).then(|| Held::Conflict(merged.conflicts.join("; ")))
        }
    }
}

/// Nobody knows which of its twins is to have the name.
fn left_over(context: &Context<'_>, spec: &ContainerSpec) -> Option<Held> {
    let (plain, what) = leftovers::left(&spec.name)?;
    let is_taken = context.snapshot.containers.iter().any(|it| it.spec.name == plain);
    Some(Held::ByHand(leftovers::text(&spec.name, plain, what, is_taken)))
}

fn itself(context: &Context<'_>, spec: &ContainerSpec) -> Option<Held> {
    let own = context.ceiling.own_container.as_deref().filter(|it| it.len() >= 12)?;
    spec.id
        .starts_with(own)
        .then(|| Held::ByHand("plimsoll runs in this container; change it from outside".to_owned()))
}

fn carrier(context: &Context<'_>, spec: &ContainerSpec, means: &Means) -> Option<Held> {
    let stays = matches!(means, Means::Update(_));
    (!stays && context.allows(spec, |it| it.carries_connection)).then(|| {
        let why = "plimsoll reaches the engine through it, as the declaration says; change it from \
                   outside";
        Held::ByHand(why.to_owned())
    })
}

/// A start gives a container what the daemon goes by, and that is not what is wanted yet.
fn in_vain(
    context: &Context<'_>,
    daemon: &DaemonPlan<'_>,
    means: &Means,
    findings: &[&Finding],
) -> Option<Held> {
    let (keys, what) = match means {
        Means::Restart(_, keys) => (keys.iter().map(String::as_str).collect(), "a restart"),
        Means::Replace(_) if followers::takes_seccomp(findings) => {
            (vec!["seccomp-profile"], "a replacement")
        }
        Means::Replace(_) | Means::Update(_) | Means::Evict(_) => return None,
    };
    let key = daemon.in_vain(context, &keys)?;
    Some(Held::ByHand(format!(
        "daemon/{key} comes first: until the daemon goes by it, {what} changes nothing"
    )))
}

fn owned(policy: &Policy, spec: &ContainerSpec, means: &Means) -> Option<Held> {
    // A label that the engine itself contradicts keeps nobody from acting.
    if matches!(spec.claim, Claim::False(_)) {
        return None;
    }
    if matches!(means, Means::Restart(..)) {
        return followers::restarted_elsewhere(spec).map(Held::OwnedElsewhere);
    }
    let is_held = match &spec.owner {
        Owner::Nobody => false,
        // What is changed in place, or put out of action, is no worse for somebody's mark.
        Owner::Unit { .. } | Owner::Other(_) => matches!(means, Means::Replace(_)),
        Owner::Swarm { .. }
        | Owner::Kubernetes { .. }
        | Owner::Nomad { .. }
        | Owner::Ecs { .. } => true,
        Owner::Compose { oneoff, .. } => match means {
            Means::Replace(_) => *oneoff || policy.limits.compose == ComposeContainers::Hold,
            Means::Evict(_) | Means::Update(_) | Means::Restart(..) => false,
        },
    };
    if is_held { owner_lines::lines(spec, means.edits()).map(Held::OwnedElsewhere) } else { None }
}

/// One that was started with `--rm` and runs: the engine removes it as soon as it stops.
fn goes_when_it_stops(spec: &ContainerSpec) -> bool {
    spec.auto_remove && spec.state == State::Running
}

/// Its copies could be started before those that they refer to.
fn not_alone(spec: &ContainerSpec) -> Option<Held> {
    goes_when_it_stops(spec).then(|| {
        let why = "it was started with --rm, and such a one is only replaced alone; start it anew \
                   without --rm";
        Held::ByHand(why.to_owned())
    })
}

fn by_state(context: &Context<'_>, spec: &ContainerSpec, means: &Means) -> Option<Held> {
    let sets_restart =
        means.edits().iter().any(|it| matches!(it, ContainerEdit::RestartPolicy { .. }));
    let stops = match means {
        Means::Replace(_) | Means::Restart(..) => true,
        Means::Evict(until) => *until == Eviction::Stop,
        Means::Update(_) => false,
    };
    let why = match (spec.state, means) {
        (State::Removing, _) => "the engine is removing it; look again afterwards",
        (State::Dead, _) => "it is dead: its removal failed halfway; remove it",
        (State::Paused, Means::Replace(_) | Means::Restart(..)) => {
            "it is paused and may be evidence; unpause it or remove it first"
        }
        (State::Restarting, Means::Restart(..)) => {
            "it restarts again and again, and takes the daemon's defaults each time"
        }
        (_, Means::Replace(_)) if goes_when_it_stops(spec) => {
            if context.allows(spec, |it| it.replace_auto_removed) {
                return None;
            }
            let entry = lines::entry(&spec.name, "auto-remove: replace");
            return Some(Held::ByHand(format!(
                "it was started with --rm: stopping deletes it, so there would be no way back; \
                 start it anew without --rm, or let a copy of it be the way back:\n{entry}"
            )));
        }
        _ if spec.auto_remove && stops => {
            "it was started with --rm: stopping deletes it, so there would be no way back; \
             start it anew without --rm"
        }
        _ if spec.auto_remove && sets_restart => {
            "it was started with --rm, which excludes a restart policy; start it anew"
        }
        _ => return None,
    };
    Some(Held::ByHand(why.to_owned()))
}

/// A replacement takes them along. A restart does not.
fn referred_to(context: &Context<'_>, spec: &ContainerSpec, means: &Means) -> Option<Held> {
    let names = context.holds.living_in(spec);
    (matches!(means, Means::Restart(..)) && !names.is_empty()).then(|| {
        Held::ByHand(format!(
            "{} would be cut off, for want of its namespaces; restart them together by hand, it \
             first:\n  docker restart {} {}",
            names.join(", "),
            spec.name,
            names.join(" ")
        ))
    })
}

/// Compose counts the ID of whom a container lives in among its settings, and starts it anew when
/// that is another one (docker/compose `resolveSharedNamespaces`).
fn noted_by_compose(
    context: &Context<'_>,
    part: &Part<'_>,
    spec: &ContainerSpec,
    means: &Means,
) -> Option<Held> {
    let is_composes = |it: &ContainerSpec| {
        matches!(it.owner, Owner::Compose { .. }) && !matches!(it.claim, Claim::False(_))
    };
    if !is_composes(spec) || context.policy.limits.compose == ComposeContainers::Hold {
        return None;
    }
    let noted = part.members.all.iter().filter(|it| is_composes(&it.spec)).find(|it| {
        let because = context.holds.because(it, &part.members.all);
        because.iter().any(|it| it.shares != Shares::Link)
    })?;
    let why = format!(
        "its file is the place: replaced here, {} would live in a container of another ID, and \
         `docker compose up` would start it anew without what was changed",
        noted.spec.name
    );
    let lines = match means.edits() {
        [] => None,
        edits => owner_lines::lines(spec, edits),
    };
    Some(match lines {
        Some(lines) => Held::OwnedElsewhere(format!("{lines}\n{why}")),
        None => Held::ByHand(why),
    })
}

fn in_circle(part: &Part<'_>) -> Option<Held> {
    let names: Vec<&str> = part.members.all.iter().map(|it| it.spec.name.as_str()).collect();
    part.members.in_circle.then(|| {
        Held::ByHand(format!(
            "{} refer to each other in a circle, so none can be created first; replace them by \
             hand, or take a link away",
            listed(&names)
        ))
    })
}

fn writable_layer(
    context: &Context<'_>,
    spec: &ContainerSpec,
    means: &Means,
    lost: Option<&Lost>,
) -> Option<Held> {
    let is_clean = lost.is_some_and(|it| it.files.as_ref().is_some_and(Vec::is_empty));
    let may_lose = context.ceiling.class >= Class::Loss
        || context.allows(spec, |it| it.discard_writable_layer)
        || context.allows(spec, |it| it.commit_writable_layer);
    let replaced = matches!(means, Means::Replace(_));
    (replaced && !is_clean && !may_lose).then_some(Held::WritableLayer)
}

fn lost(
    context: &Context<'_>,
    address: &Address,
    spec: &ContainerSpec,
    means: &Means,
) -> Option<Lost> {
    let mut lost = match means {
        Means::Update(_) => return None,
        Means::Evict(_) | Means::Restart(..) => Lost { files: Some(Vec::new()), ..Lost::default() },
        Means::Replace(_) => context.layers.get(address).cloned().unwrap_or_default(),
    };
    let stops = !matches!(means, Means::Evict(Eviction::Pause | Eviction::Disconnect));
    if let (Means::Replace(merged), Some(files)) = (means, &lost.files) {
        let commit = context.allows(spec, |it| it.commit_writable_layer);
        lost.keep = keep(spec, &merged.edits, files, commit);
    }
    if stops && spec.state.has_processes() {
        // Of those that are replaced, it was looked at what is in them.
        if !context.layers.contains_key(address) || !matches!(means, Means::Replace(_)) {
            for path in spec.tmpfs.keys() {
                lost.also.push(format!("what is in the tmpfs {path}"));
            }
        }
        if matches!(means, Means::Evict(_) | Means::Restart(..)) {
            lost.also.push("what its processes hold in memory".into());
        }
    }
    lost.also.sort();
    lost.also.dedup();
    Some(lost)
}

fn how(means: &Means, spec: &ContainerSpec, probes: &[Probe]) -> String {
    let answers = match probes {
        [] => String::new(),
        probes => {
            let asks: Vec<String> = probes.iter().map(|it| it.asks.to_string()).collect();
            format!(" and answers as before ({})", asks.join(", "))
        }
    };
    match means {
        Means::Update(_) => "container update, no restart".into(),
        Means::Restart(..) if spec.has_healthcheck => {
            format!("stopped and started; done when it is healthy again{answers}")
        }
        Means::Restart(..) => {
            format!("stopped and started; done when it keeps running{answers}")
        }
        Means::Replace(_) if goes_when_it_stops(spec) => {
            "a copy of it is made as the way back, and its replacement; it is stopped, which \
             removes it; the replacement is kept only if it proves itself, else the copy is started"
                .into()
        }
        Means::Replace(_) if !spec.state.has_processes() => {
            "created anew beside the old one, then the two swap names; it is not started".into()
        }
        Means::Replace(_) if spec.has_healthcheck => format!(
            "created anew, swapped in, started; kept only if it becomes healthy{answers}, else \
             the old one comes back"
        ),
        Means::Replace(_) => format!(
            "created anew, swapped in, started; kept only if it keeps running{answers}, else the \
             old one comes back"
        ),
        Means::Evict(Eviction::Pause) => "pause; never removed".into(),
        Means::Evict(Eviction::Disconnect) => {
            "pause, disconnect from its networks; never removed".into()
        }
        Means::Evict(Eviction::Stop) => {
            "pause, disconnect from its networks, stop; never removed".into()
        }
    }
}

fn impact(context: &Context<'_>, spec: &ContainerSpec, means: &Means) -> Vec<String> {
    let mut lines = Vec::new();
    let ports: Vec<String> = spec.published_ports.iter().map(port_text).collect();
    match means {
        Means::Update(_) => match &spec.owner {
            Owner::Compose { .. } => {
                lines.push("the Compose file says otherwise; its next recreate undoes this".into())
            }
            Owner::Unit { .. } | Owner::Other(_) => lines.push(format!(
                "{} starts it; what it starts next is without this",
                spec.owner.who()
            )),
            Owner::Nobody
            | Owner::Swarm { .. }
            | Owner::Kubernetes { .. }
            | Owner::Nomad { .. }
            | Owner::Ecs { .. } => {}
        },
        Means::Restart(..) => {
            lines.push("down while it stops and starts; for how long is unknown".into());
            if !ports.is_empty() {
                lines.push(format!("published ports closed meanwhile: {}", ports.join(", ")));
            }
        }
        Means::Replace(merged) => {
            let moves_user = merged.edits.iter().any(|it| matches!(it, ContainerEdit::User(_)));
            if moves_user && !spec.mounts.is_empty() {
                lines.push("files in its volumes keep their owners".into());
            }
            if goes_when_it_stops(spec) {
                lines.push("if the engine restarts meanwhile, it removes all of them".into());
            }
            if spec.state == State::Restarting {
                lines.push("it restarts again and again; its replacement may do so too".into());
            }
            if spec.state.has_processes() {
                lines
                    .push("down while it is replaced, how long is unknown; connections end".into());
                if !ports.is_empty() {
                    lines.push(format!("published ports closed meanwhile: {}", ports.join(", ")));
                }
            }
            if let Some(origin) = compose::Origin::from_labels(&spec.labels) {
                lines.push(format!(
                    "leave Compose project {} alone meanwhile: it sees two of this container",
                    origin.project
                ));
            }
            lines.push(match spec.networks.as_slice() {
                [] => "the container ID changes".into(),
                networks => format!(
                    "the container ID changes, and addresses that are not fixed, on: {}",
                    networks.join(", ")
                ),
            });
        }
        Means::Evict(_) => {
            if spec.state.has_processes() {
                lines.push("does no work from then on".into());
                if matches!(
                    spec.owner,
                    Owner::Compose { .. } | Owner::Unit { .. } | Owner::Other(_)
                ) {
                    lines.push(format!("{} may start it again", spec.owner.who()));
                }
                if !ports.is_empty() {
                    lines.push(format!("published ports closed: {}", ports.join(", ")));
                }
            }
            let dependents = context.holds.living_in(spec);
            if !dependents.is_empty() {
                lines.push(format!("cut off with it: {}", dependents.join(", ")));
            }
        }
    }
    lines
}

fn undo(context: &Context<'_>, spec: &ContainerSpec, means: &Means) -> String {
    let name = &spec.name;
    let reconnect = match spec.networks.as_slice() {
        [] => String::new(),
        networks => format!("connect {} again, ", networks.join(", ")),
    };
    match means {
        Means::Update(merged) => {
            let adds_memory = spec.memory_bytes.is_none()
                && merged.edits.iter().any(|it| matches!(it, ContainerEdit::Memory(_)));
            if adds_memory {
                "update back; a memory limit goes only with a replacement".into()
            } else {
                "update back".into()
            }
        }
        Means::Restart(..) => "none: it takes the daemon's defaults at each of its starts".into(),
        Means::Replace(_) if is_counted(spec) => from_its_file(spec),
        Means::Replace(_) => match context.policy.limits.retention_days {
            0 => "none once it is in office: replaced containers are kept for 0 days".into(),
            days if goes_when_it_stops(spec) => format!(
                "a copy of the old one, never started, is kept for {days} days or until \
                 the engine restarts"
            ),
            days => {
                format!("the old container is kept, stopped, with its log, for {days} days")
            }
        },
        Means::Evict(Eviction::Pause) => format!("docker unpause {name}"),
        Means::Evict(Eviction::Disconnect) => format!("{reconnect}docker unpause {name}"),
        Means::Evict(Eviction::Stop) => format!("{reconnect}docker start {name}"),
    }
}

fn way_back(context: &Context<'_>, spec: &ContainerSpec, means: &Means) -> WayBack {
    match means {
        Means::Update(_) => WayBack::UpdateBack,
        Means::Restart(..) => WayBack::None,
        Means::Replace(_) if is_counted(spec) => WayBack::OwnersFile,
        Means::Replace(_) if context.policy.limits.retention_days == 0 => WayBack::None,
        Means::Replace(_) | Means::Evict(_) => WayBack::Kept,
    }
}

/// Returns whether Compose would count a kept container as a replica, so that none is kept.
fn is_counted(spec: &ContainerSpec) -> bool {
    spec.labels.contains_key(compose::PROJECT)
}

fn from_its_file(spec: &ContainerSpec) -> String {
    let why = "the old one is not kept: Compose would count it as a replica, and start it instead";
    match (&spec.owner, compose::Origin::from_labels(&spec.labels)) {
        (Owner::Compose { service, .. }, Some(origin)) if !service.is_empty() => {
            let words =
                format!("up -d --no-deps --force-recreate {}", compose::shell_word(service));
            format!("{why}; back as its file has it:\n  {}", origin.command(&words))
        }
        _ => format!("{why}; whoever called Compose can start it as its file has it"),
    }
}
