//! Keeps a host as declared: look, correct within the ceiling, hold the rest; once or at
//! intervals. Knows no rule; what is to be done comes from the plan.

pub mod notify;
pub mod resident;

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    declaration::policy::Policy,
    docker::Endpoint,
    execute::{Interrupt, Tell, gate::GateOptions},
    model::class::Class,
    pipeline::{
        self, ActOptions, Acted, Errand, Look, PipelineError, Recovered, watcher::WatcherCommand,
    },
    plan::{Ceiling, limits},
    store::{Holder, Store},
};

/// What an enforcement goes by.
pub struct Enforcement<'a> {
    pub endpoint: Endpoint,
    pub store: Store,
    /// Raises the declaration's ceiling.
    pub allow: Option<Class>,
    pub own_container: Option<String>,
    pub gate: GateOptions,
    pub lock_timeout: Duration,
    pub watcher: WatcherCommand,
    pub holder: fn() -> Holder,
    pub clock: fn() -> Timestamp,
    /// Raised when the program is asked to end.
    pub interrupt: &'a Interrupt,
}

/// What one pass saw and did.
pub struct Pass {
    pub recovered: Vec<Recovered>,
    pub before: Look,
    pub result: PassResult,
}

pub enum PassResult {
    /// Nothing was to be done within the ceiling.
    Nothing,
    /// A guard refused the whole plan; this says which.
    Refused(String),
    Acted(Box<Acted>),
}

impl Pass {
    /// Returns the host as it was last seen.
    pub fn latest(&self) -> &Look {
        match &self.result {
            PassResult::Acted(acted) => &acted.after,
            PassResult::Nothing | PassResult::Refused(_) => &self.before,
        }
    }
}

impl Enforcement<'_> {
    /// Looks, and corrects what the ceiling allows.
    pub async fn pass(&self, policy: &Policy, tell: Tell<'_>) -> Result<Pass, PipelineError> {
        let mut lock = self.store.lock((self.holder)(), self.lock_timeout).await?;
        let (docker, recovered) =
            pipeline::open_under(&self.endpoint, &self.store, &lock, &self.gate, self.clock)
                .await?;
        let ceiling = Ceiling {
            own_container: self.own_container.clone(),
            ..Ceiling::at(self.allow.unwrap_or(policy.limits.enforce_ceiling))
        };
        let errand = Errand {
            docker: &docker,
            policy,
            store: &self.store,
            ceiling: &ceiling,
            retry: false,
            clock: self.clock,
        };
        let before = pipeline::look(errand).await?;
        let result = if before.plan.todo().next().is_none() {
            pipeline::housekeep(errand, &lock, &before).await?;
            PassResult::Nothing
        } else if let Some(guard) = limits::exceeds(&before.plan, &policy.limits) {
            PassResult::Refused(guard)
        } else {
            let options = ActOptions {
                command: "enforce",
                gate: self.gate,
                max_failures: usize::MAX,
                parallel: 1,
                interrupt: self.interrupt,
                watcher: &self.watcher,
            };
            let acted = pipeline::act(errand, &mut lock, &before, &options, tell).await?;
            PassResult::Acted(Box::new(acted))
        };
        Ok(Pass { recovered, before, result })
    }
}
