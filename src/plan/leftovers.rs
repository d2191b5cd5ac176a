//! Containers that replacements left and that nothing on the engine proves to be plimsoll's any
//! more, because somebody removed what did. They are never removed; a person is told how.

use super::{Remark, Stands};
use crate::model::{
    object::Address,
    snapshot::Snapshot,
    transaction::{Phase, phase},
};

/// The word of such a remark.
pub const WORD: &str = "left-over";

/// Returns one remark for each, with the commands to type.
pub(super) fn leftovers(snapshot: &Snapshot) -> Vec<Remark> {
    let taken = |name: &str| snapshot.containers.iter().any(|it| it.spec.name == name);
    let listed = snapshot.containers.iter().filter_map(|it| {
        let spec = &it.spec;
        let (plain, what) = left(&spec.name)?;
        Some((spec.name.as_str(), text(&spec.name, plain, what, taken(plain))))
    });
    let kept = snapshot.kept.iter().filter(|it| it.replaced_by.is_none()).filter_map(|it| {
        let (plain, Phase::Kept(_)) = phase(&it.name) else { return None };
        let what = "it was replaced, and what took its place is gone";
        Some((it.name.as_str(), text(&it.name, plain, what, taken(plain))))
    });
    let remark = |(name, text)| Remark {
        address: Address::container(name),
        stands: Stands { word: WORD.into(), text },
    };
    listed.chain(kept).map(remark).collect()
}

/// Returns the name that such a container had, and what became of it.
pub(super) fn left(name: &str) -> Option<(&str, &'static str)> {
    match phase(name) {
        (plain, Phase::Old) => Some((plain, "it was being replaced, and its replacement is gone")),
        (plain, Phase::New | Phase::Failed | Phase::Back(_)) => {
            Some((plain, "it was to be a replacement, and nothing shows of what"))
        }
        (_, Phase::InOffice | Phase::Kept(_)) => None,
    }
}

/// Says what is there, and the way out: commands on lines of their own.
pub(super) fn text(name: &str, plain: &str, what: &str, is_taken: bool) -> String {
    let remove = format!("  docker rm {name}");
    if is_taken {
        return format!(
            "{what}; `{plain}` is another one now. Once nothing of it is needed:\n{remove}"
        );
    }
    format!(
        "{what}; plimsoll leaves it alone. To put it back, or to remove it:\n  docker rename {name} \
         {plain} && docker start {plain}\n{remove}"
    )
}
