//! How many changes one run may make.

use super::Plan;
use crate::declaration::policy::{Limits, MaxChanges};

/// Returns why a plan is larger than its limits allow, if it is.
pub fn exceeds(plan: &Plan, limits: &Limits) -> Option<String> {
    let planned = plan.todo().count();
    let objects = plan.ledger.objects.total;
    let share = |percent: u8| (objects * usize::from(percent)).div_ceil(100);
    let (most, said) = match limits.max_changes {
        MaxChanges::Number(most) => (most, format!("limits.max-changes is {most}")),
        MaxChanges::Percent(percent) => {
            let most = share(percent);
            (
                most,
                format!("limits.max-changes is {percent} % of {objects} objects, which is {most}"),
            )
        }
        MaxChanges::Unstated => {
            let most = share(20).max(5);
            (most, format!("without limits.max-changes it is 5, or 20 % of the objects: {most}"))
        }
    };
    (planned > most).then(|| format!("the plan has {planned} changes; {said}"))
}
