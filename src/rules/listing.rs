//! What rules there are, as `plimsoll rules -o json` keeps them, and what has changed between two
//! listings: an upgrade must not surprise.

use serde::Deserialize;

use super::Meta;
use crate::model::{class::Class, finding::Severity};

/// One rule, as far as it matters to who has declared it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    pub id: String,
    pub title: String,
    pub severity: Severity,
    /// What its fix costs; `None` where a person has to do it.
    pub fix: Option<Class>,
    /// Its numbers in the standard that is listed; none where none is.
    pub items: Vec<String>,
}

impl Listed {
    pub fn new(meta: &Meta, items: &[&str]) -> Self {
        Self {
            id: meta.id.into(),
            title: meta.title.into(),
            severity: meta.severity,
            fix: meta.fix,
            items: items.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    /// Returns what is otherwise than before, in words; nothing if nothing is.
    fn moved(&self, before: &Self) -> Option<String> {
        let mut moved = Vec::new();
        if self.severity != before.severity {
            moved.push(format!("severity {} -> {}", before.severity, self.severity));
        }
        if self.fix != before.fix {
            let word = |fix: Option<Class>| fix.map_or("by hand", Class::word);
            moved.push(format!("fix {} -> {}", word(before.fix), word(self.fix)));
        }
        if self.items != before.items {
            moved.push(format!("{} -> {}", before.items.join(", "), self.items.join(", ")));
        }
        (!moved.is_empty()).then(|| moved.join("; "))
    }
}

/// What has changed, each list in the order of the listing that it is from.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// In the old listing alone.
    pub retired: Vec<Listed>,
    /// With what is otherwise now.
    pub moved: Vec<(Listed, String)>,
    pub added: Vec<Listed>,
}

/// Compares two listings.
pub fn changed(before: &[Listed], now: Vec<Listed>) -> Changed {
    let mut changed = Changed::default();
    let is_gone = |it: &&Listed| !now.iter().any(|other| other.id == it.id);
    changed.retired = before.iter().filter(is_gone).cloned().collect();
    for rule in now {
        match before.iter().find(|it| it.id == rule.id) {
            None => changed.added.push(rule),
            Some(old) => {
                if let Some(what) = rule.moved(old) {
                    changed.moved.push((rule, what));
                }
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, severity: Severity, fix: Option<Class>, items: &[&str]) -> Listed {
        let items = items.iter().map(|it| (*it).to_owned()).collect();
        Listed { id: id.into(), title: "It holds".into(), severity, fix, items }
    }

    #[test]
    fn what_came_what_went_and_what_moved_is_told() {
        let before = [
            listed("a.gone", Severity::Low, None, &["1.1"]),
            listed("a.moved", Severity::Low, None, &["1.2"]),
            listed("a.same", Severity::High, Some(Class::Live), &[]),
        ];
        let now = vec![
            listed("a.moved", Severity::High, Some(Class::Live), &["1.1", "1.3"]),
            listed("a.new", Severity::Low, None, &[]),
            listed("a.same", Severity::High, Some(Class::Live), &[]),
        ];
        let changed = changed(&before, now.clone());
        assert_eq!(changed.retired, before[..1]);
        assert_eq!(changed.added, now[1..2]);
        let what = "severity low -> high; fix by hand -> live; 1.2 -> 1.1, 1.3";
        assert_eq!(changed.moved, [(now[0].clone(), what.to_owned())]);
        assert_eq!(super::changed(&before, before.to_vec()), Changed::default());
    }
}
