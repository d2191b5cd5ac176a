use super::*;

fn summary(name: &str, state: &str) -> Summary {
    Summary { names: Some(vec![format!("/{name}")]), state: state.into(), ..Summary::default() }
}

fn member(seq: usize, size: usize, old: Option<(&str, &str)>, twin: (&str, &str)) -> Member {
    let name = phase(twin.0).0;
    let transaction = Transaction {
        txn: "t".into(),
        replaces: "old".into(),
        name: if name.starts_with("web-") { "web".into() } else { name.into() },
        run: "3".into(),
        old_restart: "always".into(),
        old_running: true,
        seq,
        size,
    };
    let old = old.map(|(name, state)| summary(name, state));
    Member { transaction, twin: summary(twin.0, twin.1), old }
}

fn decide(old: Option<(&str, &str)>, twin: (&str, &str), old_running: bool) -> Next {
    let mut alone = member(1, 1, old, twin);
    alone.transaction.old_running = old_running;
    next(&[alone])
}

#[test]
fn every_line_of_the_crash_table_has_its_way_on() {
    for (old, twin, expected) in [
        (("web", "running"), ("web.plimsoll-new", "created"), Next::Back),
        (("web", "exited"), ("web.plimsoll-new", "created"), Next::Back),
        (("web.plimsoll-old", "exited"), ("web.plimsoll-new", "created"), Next::Back),
        (("web.plimsoll-old", "exited"), ("web", "created"), Next::Back),
        (("web.plimsoll-old", "exited"), ("web", "running"), Next::Judge),
        (("web.plimsoll-old", "exited"), ("web", "restarting"), Next::Judge),
        (("web.plimsoll-kept-3", "exited"), ("web", "running"), Next::Nothing),
        (("web.plimsoll-old", "exited"), ("web.plimsoll-failed", "running"), Next::Back),
        (("web", "exited"), ("web.plimsoll-failed", "exited"), Next::Back),
        (("web", "running"), ("web.plimsoll-failed", "exited"), Next::Back),
        (("web.plimsoll-kept-3", "exited"), ("web.plimsoll-back-4", "running"), Next::Aside),
        (("web.plimsoll-kept-3", "running"), ("web.plimsoll-back-4", "exited"), Next::Aside),
        (("web", "running"), ("web.plimsoll-back-4", "exited"), Next::Aside),
    ] {
        assert_eq!(decide(Some(old), twin, true), expected, "{old:?} {twin:?}");
    }
}

#[test]
fn container_that_did_not_run_needs_no_gate() {
    let old = Some(("web.plimsoll-old", "exited"));
    assert_eq!(decide(old, ("web", "created"), false), Next::Commit);
}

#[test]
fn when_the_old_one_is_gone_what_served_goes_on_and_what_never_did_goes() {
    assert_eq!(decide(None, ("web", "running"), true), Next::Nothing);
    assert_eq!(decide(None, ("web", "created"), true), Next::Forward);
    assert_eq!(decide(None, ("web.plimsoll-failed", "exited"), true), Next::Forward);
    assert_eq!(decide(None, ("web.plimsoll-back-4", "exited"), true), Next::Forward);
    assert_eq!(decide(None, ("web.plimsoll-new", "created"), true), Next::Discard);
}

#[test]
fn names_that_somebody_else_gave_are_left_alone() {
    for (old, twin) in [
        (("web-backup", "exited"), ("web", "running")),
        (("web", "running"), ("web-hardened", "exited")),
        (("web.plimsoll-old", "exited"), ("web", "paused")),
        (("web", "running"), ("web.plimsoll-kept-4", "exited")),
    ] {
        assert_eq!(decide(Some(old), twin, true), Next::Nothing, "{old:?} {twin:?}");
    }
}

/// Decides about a provider and two that need it, from how old and new ones stand.
fn decide_group(all: [(Option<&str>, Option<&str>); 3]) -> Next {
    let state = |phase: &str| if phase == "new" { "created" } else { "running" };
    let full = |name: &str, phase: &str| match phase {
        "in-office" | "created" => name.to_owned(),
        phase => format!("{name}.plimsoll-{phase}"),
    };
    let names = ["vpn", "app", "job"];
    let members: Vec<Member> = all
        .iter()
        .enumerate()
        .filter_map(|(at, (old, twin))| {
            let old = old.map(|phase| full(names[at], phase));
            let twin = (*twin)?;
            let of_twin = if twin == "created" { "created" } else { state(twin) };
            let old = old.as_deref().map(|name| (name, "exited"));
            Some(member(at + 1, 3, old, (&full(names[at], twin), of_twin)))
        })
        .collect();
    next(&members)
}

#[test]
fn group_goes_back_together_until_all_of_it_is_in_office() {
    let (office, old, new, failed) = (Some("in-office"), Some("old"), Some("new"), Some("failed"));
    let created = Some("created");
    for (all, expected) in [
        // Being created: fewer than there will be.
        ([(office, new), (office, None), (office, None)], Next::Back),
        ([(office, new), (office, new), (office, new)], Next::Back),
        ([(old, new), (old, new), (office, new)], Next::Back),
        ([(old, created), (old, created), (old, new)], Next::Back),
        ([(old, created), (old, created), (old, created)], Next::Back),
        ([(old, office), (old, office), (old, created)], Next::Back),
        ([(old, office), (old, office), (old, office)], Next::Judge),
        // One failed, so all do.
        ([(old, office), (old, office), (old, failed)], Next::Back),
        ([(office, failed), (old, failed), (old, failed)], Next::Back),
        // Withdrawn, but for the last to be removed.
        ([(office, failed), (office, None), (office, None)], Next::Back),
        // The first that is kept is the point of no return.
        ([(old, office), (old, office), (Some("kept-3"), office)], Next::Commit),
        (
            [(Some("kept-3"), office), (Some("kept-3"), office), (Some("kept-3"), office)],
            Next::Nothing,
        ),
    ] {
        assert_eq!(decide_group(all), expected, "{all:?}");
    }
}

#[test]
fn group_that_was_committed_is_history_whatever_becomes_of_its_members() {
    let (office, kept) = (Some("in-office"), Some("kept-3"));
    // Some were removed by hand, or their retention has passed.
    assert_eq!(decide_group([(kept, office), (kept, None), (None, office)]), Next::Nothing);
    assert_eq!(decide_group([(None, office), (None, office), (None, None)]), Next::Nothing);
    // Replaced again since.
    assert_eq!(decide_group([(kept, office), (kept, office), (kept, kept)]), Next::Nothing);
    assert_eq!(decide_group([(kept, office), (kept, office), (kept, Some("old"))]), Next::Nothing);
}

#[test]
fn group_of_which_an_old_one_is_gone_goes_on_unless_nothing_has_happened_yet() {
    let (office, old, new) = (Some("in-office"), Some("old"), Some("new"));
    assert_eq!(decide_group([(old, office), (None, office), (old, new)]), Next::Forward);
    // Those that are not kept, and go last to first.
    assert_eq!(decide_group([(old, office), (old, office), (None, office)]), Next::Commit);
    assert_eq!(
        decide_group([(old, office), (None, office), (None, Some("created"))]),
        Next::Forward
    );
    assert_eq!(decide_group([(office, new), (None, new), (office, new)]), Next::Back);
    assert_eq!(decide_group([(None, new), (None, new), (None, new)]), Next::Discard);
}
