//! Every way this program can change a file of the host that is not the daemon's own.
//!
//! One method is one step, so that tests can let any of them fail.

use crate::{model::edit::OwnFile, plan::rollback::FileState};

/// A step that did not work, in words for people.
pub type Step<T> = Result<T, String>;

pub trait FileEffects: Sync {
    /// Looks at what a path leads to.
    fn look(&self, path: &str) -> Step<FileState>;

    /// Sets a file that is still as in `from`.
    fn set(&self, path: &str, from: &FileState, to: &FileState) -> Step<()>;

    /// Returns its text; `None` if it is not there.
    fn read(&self, file: OwnFile) -> Step<Option<String>>;

    /// Replaces it in one step; without a text it is removed.
    fn write(&self, file: OwnFile, text: Option<&str>) -> Step<()>;

    /// Lets systemd read its units again.
    fn reload_units(&self) -> impl Future<Output = Step<()>> + Send;

    /// Gives the kernel a rule of the audit system; one that it has is fine.
    fn add_audit_rule(&self, rule: &str) -> impl Future<Output = Step<()>> + Send;

    /// Takes one away again; one that it has not is fine.
    fn remove_audit_rule(&self, rule: &str) -> impl Future<Output = Step<()>> + Send;
}
