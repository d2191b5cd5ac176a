//! Labels that say that somebody starts a container, while nothing else here does.

use super::{Remark, Stands, build::Context};
use crate::model::{
    object::Address,
    owner::{Claim, Owner},
    snapshot::Observed,
};

/// Returns what is said about claims that do not hold. Those of Compose stand with the change
/// that waits for it: its files may well be on another machine.
pub(super) fn remarks<'a>(context: &'a Context<'_>) -> impl Iterator<Item = Remark> + 'a {
    context.snapshot.containers.iter().filter_map(|Observed { spec, .. }| {
        let who = spec.owner.who();
        let (word, text) = match (&spec.claim, &spec.owner) {
            (Claim::False(why), _) => (
                "false-claim",
                format!(
                    "its labels say that {who} starts it, which is not so: {why}; it is treated \
                     as nobody's"
                ),
            ),
            (Claim::Doubtful(_), Owner::Compose { .. })
            | (Claim::Unchecked | Claim::Confirmed(_), _) => return None,
            (Claim::Doubtful(why), _) => (
                "doubtful-claim",
                format!(
                    "its labels say that {who} starts it, which is doubtful: {why}; it is judged \
                     as all are, and left alone as its labels ask"
                ),
            ),
        };
        let stands = Stands { word: word.into(), text };
        Some(Remark { address: Address::container(&spec.name), stands })
    })
}
