//! A declaration of the host as it is, and whether nothing is to be done under it.

use jiff::tz::TimeZone;

use super::{Errand, Look, PipelineError, look, observe_with};
use crate::{
    declaration::{
        self,
        import::{self, ImportOptions, LeftOut},
        policy::Policy,
        problem::Problem,
    },
    evaluate::evaluate,
    model::snapshot::Snapshot,
};

/// What `problems` call the text.
const NAME: &str = "import";

pub struct Imported {
    /// The declaration.
    pub text: String,
    /// The host under it.
    pub look: Look,
}

/// Looks at the host twice: to write the declaration, and to see what it makes of the host.
/// `errand.policy` is what [`policy`] returns for these options.
pub async fn import(
    errand: Errand<'_>,
    options: &ImportOptions,
) -> Result<Imported, PipelineError> {
    let snapshot = observe_with(errand, &errand.store.last_applied()?).await?;
    let today = (errand.clock)().to_zoned(TimeZone::UTC).date();
    let report = evaluate(errand.policy, today, &snapshot);
    let mut left_out = undeclarable(&snapshot);
    loop {
        let text = import::import(&snapshot, &report, &left_out, options);
        let policy = load(&text).map_err(PipelineError::Problems)?;
        let differing = import::differing(&evaluate(&policy, today, &snapshot), &left_out);
        if differing.is_empty() {
            let look = look(Errand { policy: &policy, ..errand }).await?;
            return Ok(Imported { text, look });
        }
        left_out.extend(differing);
    }
}

/// Returns the policy to look at the host with.
pub fn policy(options: &ImportOptions) -> Result<Policy, Vec<Problem>> {
    load(&import::extends(&options.baselines))
}

fn load(text: &str) -> Result<Policy, Vec<Problem>> {
    let nothing_else = |_: &str| Err("an import extends no file".to_owned());
    declaration::load(NAME, text.as_bytes(), &nothing_else)
}

/// Keys that cannot be declared as they stand in the file.
fn undeclarable(snapshot: &Snapshot) -> LeftOut {
    let mut left_out = import::left_out(&snapshot.daemon);
    for (name, key) in &snapshot.daemon.keys {
        let Some(value) = key.file.as_ref().filter(|_| !left_out.contains_key(name)) else {
            continue;
        };
        if let Err(problems) = load(&import::setting(name, value)) {
            let why = problems.first().map_or("it is refused", |it| it.message.as_str()).to_owned();
            left_out.insert(name.clone(), why);
        }
    }
    left_out
}
