//! Containers that hold on to each other are replaced together: the new ones refer to new ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Change, Held};
use crate::model::{
    class::Class,
    container::ContainerSpec,
    object::Address,
    reference::{Shares, is_to, references},
    snapshot::{Observed, Snapshot},
};

/// The transaction that a replacement is part of: all of its members or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// IDs of the changes, this one among them; who is referred to comes first.
    pub members: Vec<String>,
    /// Other members that this container refers to.
    pub because: Vec<Because>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    pub address: Address,
    pub shares: Shares,
}

/// Who holds on to whom.
pub(super) struct Holds<'a> {
    /// A container's name to those that refer to it.
    on: BTreeMap<&'a str, Vec<Hold<'a>>>,
}

#[derive(Clone, Copy)]
struct Hold<'a> {
    of: &'a Observed,
    shares: Shares,
}

/// Containers that have to be replaced together.
pub(super) struct Members<'a> {
    /// Who is referred to comes first.
    pub(super) all: Vec<&'a Observed>,
    /// Some refer to each other, so that there is no first one.
    pub(super) in_circle: bool,
}

impl<'a> Holds<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let referring: Vec<_> = snapshot
            .containers
            .iter()
            .flat_map(|of| references(&of.spec).into_iter().map(move |it| (of, it)))
            .collect();
        let mut on: BTreeMap<&str, Vec<Hold<'_>>> = BTreeMap::new();
        if referring.is_empty() {
            return Self { on };
        }
        // Few refer to others, and many are there to be asked about.
        let wanted: BTreeSet<&str> = referring.iter().map(|(_, it)| it.to.as_str()).collect();
        for provider in &snapshot.containers {
            let ContainerSpec { id, name, .. } = &provider.spec;
            let short = id.get(..12).unwrap_or(id);
            let is_wanted = wanted.contains(name.as_str())
                || wanted.range(short..=id.as_str()).next().is_some();
            if !is_wanted {
                continue;
            }
            let holds = referring
                .iter()
                .filter(|(of, it)| !std::ptr::eq(*of, provider) && is_to(&it.to, id, name));
            for (of, it) in holds {
                on.entry(name).or_default().push(Hold { of, shares: it.shares });
            }
        }
        Self { on }
    }

    fn on(&self, name: &str) -> &[Hold<'a>] {
        self.on.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the names of containers that live in namespaces of this one.
    pub(super) fn living_in(&self, spec: &ContainerSpec) -> Vec<&'a str> {
        let holds = self.on(&spec.name).iter().filter(|it| it.shares.is_namespace());
        let mut names: Vec<&str> = holds.map(|it| it.of.spec.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns which of the others this one refers to.
    pub(super) fn because(&self, member: &Observed, others: &[&Observed]) -> Vec<Because> {
        let mut because = Vec::new();
        for other in others {
            for hold in self.on(&other.spec.name) {
                if std::ptr::eq(hold.of, member) {
                    let address = Address::container(&other.spec.name);
                    because.push(Because { address, shares: hold.shares });
                }
            }
        }
        because
    }

    /// Returns what has to be replaced together for these to be; not those that stand alone.
    pub(super) fn groups(&self, replaced: &[&'a Observed]) -> Vec<Members<'a>> {
        let mut left: BTreeMap<&str, &Observed> = BTreeMap::new();
        let mut to_do: Vec<&Observed> = replaced.to_vec();
        while let Some(it) = to_do.pop() {
            if left.insert(&it.spec.name, it).is_none() {
                to_do.extend(self.on(&it.spec.name).iter().map(|hold| hold.of));
            }
        }
        // Who refers to whom among them, by name.
        let pairs: Vec<(&str, &str)> = left
            .keys()
            .flat_map(|provider| {
                self.on(provider).iter().map(|hold| (*provider, hold.of.spec.name.as_str()))
            })
            .collect();
        left.retain(|name, _| pairs.iter().any(|(a, b)| a == name || b == name));
        let mut groups = Vec::new();
        while let Some(first) = left.keys().next().copied() {
            let mut names = BTreeSet::from([first]);
            loop {
                let before = names.len();
                for (provider, dependent) in &pairs {
                    if names.contains(provider) || names.contains(dependent) {
                        names.extend([provider, dependent]);
                    }
                }
                if names.len() == before {
                    break;
                }
            }
            let mut members: BTreeMap<&str, &Observed> = BTreeMap::new();
            for name in names {
                members.extend(left.remove(name).map(|it| (name, it)));
            }
            groups.push(in_order(members, &pairs));
        }
        groups
    }
}

fn in_order<'a>(
    mut left: BTreeMap<&'a str, &'a Observed>,
    pairs: &[(&'a str, &'a str)],
) -> Members<'a> {
    let mut all = Vec::new();
    while !left.is_empty() {
        let is_free = |name: &str| {
            !pairs.iter().any(|(provider, it)| *it == name && left.contains_key(provider))
        };
        let Some(free) = left.keys().copied().find(|name| is_free(name)) else {
            all.extend(left.into_values());
            return Members { all, in_circle: true };
        };
        all.extend(left.remove(free));
    }
    Members { all, in_circle: false }
}

/// Ties the changes of a group together. One that is held holds all of them; `missing` says what
/// speaks against it that no change shows.
pub(super) fn tie(
    mut changes: Vec<(Change, Vec<Because>)>,
    missing: Option<String>,
) -> Vec<Change> {
    let held: Vec<(Address, String, bool)> = changes
        .iter()
        .filter_map(|(change, _)| {
            let held = change.held.as_ref()?;
            Some((change.address.clone(), briefly(held), is_a_flag_away(held)))
        })
        .collect();
    let about_others = |own: &Address| {
        let others = held.iter().filter(|(address, ..)| address != own);
        let texts = others.map(|(address, why, _)| {
            format!("{address}, which is replaced with it, is held: {why}")
        });
        texts.chain(missing.clone()).collect::<Vec<String>>().join("\n")
    };
    for (change, _) in &mut changes {
        let about_others = about_others(&change.address);
        if change.held.is_none() && !about_others.is_empty() {
            change.held = Some(Held::Together(about_others));
        }
    }
    // Nothing would come of it, and it needs nothing itself: it is as it should be.
    let is_possible = missing.is_none() && held.iter().all(|(.., is_near)| *is_near);
    changes.retain(|(change, _)| is_possible || !change.rules.is_empty());
    let members: Vec<String> = changes.iter().map(|(change, _)| change.id.clone()).collect();
    changes
        .into_iter()
        .map(|(change, because)| {
            let group = Some(Group { members: members.clone(), because });
            Change { group, ..change }
        })
        .collect()
}

/// Whether a person may have it by a word on the command line.
const fn is_a_flag_away(held: &Held) -> bool {
    matches!(held, Held::AboveCeiling(_) | Held::WritableLayer)
}

fn briefly(held: &Held) -> String {
    match held {
        Held::AboveCeiling(class) => format!("it takes --allow {class}"),
        Held::WritableLayer => {
            format!("its writable layer holds changes; it takes --allow {}", Class::Loss)
        }
        Held::OwnedElsewhere(what) => what.lines().next().unwrap_or_default().to_owned(),
        Held::ByHand(what) | Held::Together(what) => what.clone(),
        Held::Conflict(what) => format!("two rules disagree: {what}"),
        Held::Undone(what) => what.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        container::Namespace,
        samples::{container, snapshot},
    };

    fn in_network_of(name: &str, provider: &str) -> ContainerSpec {
        let network_mode = Namespace::from_word(&format!("container:{}", container(provider).id));
        ContainerSpec { network_mode, ..container(name) }
    }

    fn groups(containers: Vec<ContainerSpec>, replaced: &[&str]) -> Vec<(Vec<String>, bool)> {
        let snapshot = snapshot(containers);
        let roots: Vec<&Observed> = snapshot
            .containers
            .iter()
            .filter(|it| replaced.contains(&it.spec.name.as_str()))
            .collect();
        let holds = Holds::new(&snapshot);
        let name = |it: &&Observed| it.spec.name.clone();
        let groups = holds.groups(&roots).into_iter();
        groups.map(|it| (it.all.iter().map(name).collect(), it.in_circle)).collect()
    }

    #[test]
    fn who_refers_comes_along_and_after_whom_it_refers_to() {
        let all = || {
            vec![
                ContainerSpec { links: vec!["app".into()], ..container("a-proxy") },
                in_network_of("app", "vpn"),
                container("vpn"),
                container("alone"),
                in_network_of("other", "stranger"),
                container("stranger"),
            ]
        };
        let whole = vec!["vpn".to_owned(), "app".into(), "a-proxy".into()];
        assert_eq!(groups(all(), &["vpn", "alone"]), [(whole, false)]);
        // Whom it refers to stays as it is.
        assert_eq!(groups(all(), &["app"]), [(vec!["app".into(), "a-proxy".into()], false)]);
        assert_eq!(groups(all(), &["a-proxy", "other"]), []);
    }

    #[test]
    fn two_that_need_the_same_one_are_two_groups_unless_that_is_replaced() {
        let all = || vec![in_network_of("a", "vpn"), in_network_of("b", "vpn"), container("vpn")];
        assert_eq!(groups(all(), &["a", "b"]), []);
        let whole = vec!["vpn".to_owned(), "a".into(), "b".into()];
        assert_eq!(groups(all(), &["a", "vpn"]), [(whole, false)]);
    }

    #[test]
    fn links_can_go_in_a_circle() {
        let a = ContainerSpec { links: vec!["b".into()], ..container("a") };
        let b = ContainerSpec { links: vec!["a".into()], ..container("b") };
        assert_eq!(groups(vec![a, b], &["a"]), [(vec!["a".into(), "b".into()], true)]);
    }
}
