//! Changing containers on real engines, through the library.

mod auto_remove;
mod causes;
mod cut;
mod cut_group;
mod effects;
mod evict;
mod fidelity;
mod many;
mod sight;
mod taken_back;
mod update;

use std::{collections::BTreeMap, time::Duration};

use plimsoll::{
    docker::Docker,
    execute::{
        ExecuteOptions, Interrupt, effects::Effects, execute, gate::GateOptions, host::Host,
    },
    model::{class::Class, edit::ContainerEdit, object::Address},
    plan::{
        Action, Cause, Change, DeclarationFacts, FORMAT_VERSION, HostFile, Ledger, Plan,
        WaiverNotes, WayBack,
        groups::Group,
        run::{Outcome, RunChange},
    },
    sources::create_body::DaemonFacts,
};
use tokio::runtime::Runtime;

use crate::lab;

/// An engine, and what it takes to call it.
struct Engine {
    runtime: Runtime,
    host: Host,
}

impl Engine {
    fn of(host: &lab::Host) -> Self {
        let runtime = Runtime::new().unwrap();
        let docker = runtime.block_on(Docker::connect(&host.engine())).unwrap();
        Self { runtime, host: Host::new(docker) }
    }

    /// Carries out one action and returns what became of it.
    fn carry_out(&self, action: Action) -> Outcome {
        self.runtime.block_on(carry_out(&self.host, action, quiet_for(1)))
    }
}

async fn carry_out<E: Effects>(effects: &E, action: Action, gate: GateOptions) -> Outcome {
    carry_out_all(effects, vec![action], gate).await.remove(0)
}

/// The same for containers that are replaced together.
async fn carry_out_all<E: Effects>(
    effects: &E,
    actions: Vec<Action>,
    gate: GateOptions,
) -> Vec<Outcome> {
    carry_out_plan(effects, &plan(actions), gate).await
}

async fn carry_out_plan<E: Effects>(effects: &E, plan: &Plan, gate: GateOptions) -> Vec<Outcome> {
    let interrupt = Interrupt::default();
    let tell = &mut |_: plimsoll::execute::Progress<'_>| {};
    let outcomes = execute(plan, effects, &options(gate), &interrupt, Vec::new(), tell).await;
    outcomes.into_iter().map(|RunChange { outcome, .. }| outcome).collect()
}

fn options(gate: GateOptions) -> ExecuteOptions {
    let daemon = DaemonFacts { default_runtime: "runc".into(), ..DaemonFacts::default() };
    ExecuteOptions { run: 1, gate, max_failures: usize::MAX, parallel: 1, daemon }
}

/// A gate that watches for so many seconds.
fn quiet_for(seconds: u64) -> GateOptions {
    GateOptions { quiet: Duration::from_secs(seconds), ..GateOptions::default() }
}

fn replacement(inspect: &serde_json::Value, edits: &[ContainerEdit]) -> Action {
    Action::ReplaceContainer {
        id: inspect["Id"].as_str().unwrap().into(),
        name: inspect["Name"].as_str().unwrap().trim_start_matches('/').into(),
        edits: edits.to_vec(),
    }
}

/// Several actions are one group.
fn plan(actions: Vec<Action>) -> Plan {
    let id = |at: usize| format!("c-{at}");
    let members: Vec<String> = (0..actions.len()).map(id).collect();
    let group = (members.len() > 1).then(|| Group { members, because: Vec::new() });
    let change = |(at, action): (usize, Action)| Change {
        id: id(at),
        address: Address::container(match &action {
            Action::ReplaceContainer { name, .. } => name,
            _ => "it",
        }),
        class: Class::Recreate,
        cause: Cause::New,
        settings: Vec::new(),
        rules: Vec::new(),
        held: None,
        action,
        drift: None,
        standing: None,
        group: group.clone(),
        how: String::new(),
        interrupts: false,
        impact: Vec::new(),
        lost: None,
        undo: String::new(),
        way_back: WayBack::None,
        after: Vec::new(),
        commit: false,
        probes: Vec::new(),
    };
    Plan {
        format_version: FORMAT_VERSION.into(),
        host: plimsoll::plan::Host {
            name: String::new(),
            engine_id: String::new(),
            engine_name: String::new(),
            engine_version: String::new(),
            api_version: String::new(),
        },
        declaration: DeclarationFacts {
            path: String::new(),
            digest: String::new(),
            files: Vec::new(),
            last_run: None,
        },
        narrowed_to: Vec::new(),
        waivers: WaiverNotes::default(),
        basis: BTreeMap::new(),
        blind_spots: Vec::new(),
        remarks: Vec::new(),
        host_file: HostFile::default(),
        changes: actions.into_iter().enumerate().map(change).collect(),
        notes: Vec::new(),
        ledger: Ledger::default(),
    }
}
