//! Containers of plimsoll's own: predecessors that are kept, and replacements under way.
//!
//! Everybody can choose a name, so a name alone hides nothing: the labels of another container,
//! or that the container does not run, have to agree.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    docker::Summary,
    model::{
        snapshot::Kept,
        transaction::{self, Phase},
    },
};

/// The list of containers, sorted out. `since` of a kept one is empty if its successor is gone.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) ordinary: Vec<Summary>,
    pub(super) kept: Vec<Kept>,
}

pub(super) fn sort(listed: Vec<Summary>) -> Sorted {
    let ids: BTreeSet<String> = listed.iter().map(|it| it.id.clone()).collect();
    let successors: BTreeMap<String, (String, i64)> = listed
        .iter()
        .filter(|it| it.label(transaction::TXN).is_some())
        .filter_map(|it| {
            Some((it.label(transaction::REPLACES)?.to_owned(), (it.id.clone(), it.created)))
        })
        .collect();
    let mut sorted = Sorted::default();
    for summary in listed {
        let successor = successors.get(&summary.id);
        let replaces_one = summary.label(transaction::TXN).is_some()
            && summary.label(transaction::REPLACES).is_some_and(|old| ids.contains(old));
        let idle = matches!(summary.state.as_str(), "exited" | "created" | "dead");
        match transaction::phase(summary.name()).1 {
            Phase::Kept(_) if idle => sorted.kept.push(Kept {
                name: summary.name().to_owned(),
                id: summary.id.clone(),
                // A rollback puts a replacement aside for what it had replaced.
                replaced_by: successor.map(|(id, _)| id.clone()).or_else(|| {
                    let old = summary.label(transaction::REPLACES).filter(|_| replaces_one)?;
                    Some(old.to_owned())
                }),
                since: successor.map(|(_, created)| rfc3339(*created)).unwrap_or_default(),
            }),
            Phase::New | Phase::Failed | Phase::Back(_) if replaces_one => {}
            Phase::Old if successor.is_some() => {}
            Phase::InOffice
            | Phase::Kept(_)
            | Phase::New
            | Phase::Old
            | Phase::Failed
            | Phase::Back(_) => {
                sorted.ordinary.push(summary);
            }
        }
    }
    sorted.kept.sort_by(|a, b| a.name.cmp(&b.name));
    sorted
}

fn rfc3339(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(id: &str, name: &str, state: &str, replaces: Option<&str>) -> Summary {
        let labels = replaces.map(|old| {
            [(transaction::TXN, "t"), (transaction::REPLACES, old)]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into()
        });
        Summary {
            id: id.into(),
            names: Some(vec![format!("/{name}")]),
            state: state.into(),
            labels,
            created: 60,
            ..Summary::default()
        }
    }

    #[test]
    fn own_containers_are_told_from_those_that_only_look_like_it() {
        let sorted = sort(vec![
            summary("1", "web", "running", Some("2")),
            summary("2", "web.plimsoll-kept-7", "exited", None),
            summary("3", "db", "running", None),
            summary("4", "db.plimsoll-new", "created", Some("3")),
            summary("5", "rogue.plimsoll-new", "running", None),
            summary("6", "rogue.plimsoll-kept-1", "running", None),
            summary("7", "app.plimsoll-old", "exited", None),
            summary("8", "app", "running", Some("9")),
            summary("9", "app.plimsoll-old", "exited", None),
        ]);
        let ordinary: Vec<_> = sorted.ordinary.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ordinary, ["1", "3", "5", "6", "7", "8"]);
        let kept = Kept {
            name: "web.plimsoll-kept-7".into(),
            id: "2".into(),
            replaced_by: Some("1".into()),
            since: "1970-01-01T00:01:00Z".into(),
        };
        assert_eq!(sorted.kept, [kept]);
    }

    #[test]
    fn replacement_that_a_rollback_put_aside_made_room_for_what_it_had_replaced() {
        let sorted = sort(vec![
            summary("1", "web", "running", None),
            summary("2", "web.plimsoll-kept-8", "exited", Some("1")),
            summary("3", "db.plimsoll-back-8", "exited", Some("4")),
            summary("4", "db", "running", None),
        ]);
        let ordinary: Vec<_> = sorted.ordinary.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ordinary, ["1", "4"]);
        let kept: Vec<_> = sorted.kept.iter().map(|it| it.replaced_by.as_deref()).collect();
        assert_eq!(kept, [Some("1")]);
    }
}
