//! Shapes of containers: one row for each way in which a copy can go wrong.

mod image;
mod limits;
mod namespaces;
mod networks;
mod odds;
mod ports;
mod process;
mod security;
mod volumes;

use std::env;

use plimsoll::model::edit::ContainerEdit;
use serde_json::{Value, json};

use crate::lab::Suite;

/// How a container is made, and what is special about it.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Its container is `fid-<name>`.
    pub(super) name: &'static str,
    /// What a copy could get wrong.
    pub(super) hazard: &'static str,
    pub(super) given: Given,
    /// The first engine that knows the setting.
    since: Suite,
    /// The last engine that does.
    until: Suite,
    pub(super) state: State,
    /// Commands for the host, with the container's name in `$it`: before it is created, before
    /// it is started, and when it runs.
    pub(super) before: &'static str,
    pub(super) then: &'static str,
    pub(super) at_last: &'static str,
    /// A command inside it whose output has to stay.
    pub(super) inside: &'static str,
    /// Names under which `fid-peer` has to find it.
    pub(super) found_as: &'static [&'static str],
    /// Its MAC addresses were asked for and have to stay.
    pub(super) fixed_mac: bool,
    /// Paths of the inspect reply that do change, because what they name did.
    pub(super) changes: &'static [&'static str],
    pub(super) edit: Edit,
}

#[derive(Clone, Copy)]
pub(super) enum Given {
    /// What follows `docker create --name NAME`, as a shell reads it.
    Options(&'static str),
    /// The request, where Docker's command line cannot say it.
    Body(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Created,
    Running,
    Exited,
}

/// The one thing that is to change.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Edit {
    Pids,
    NoNewPrivileges,
}

/// The limit that an edit sets; no shape has it.
pub(super) const PIDS: i64 = 321;

impl Edit {
    pub(super) fn of_container(self) -> ContainerEdit {
        match self {
            Self::Pids => ContainerEdit::PidsLimit(PIDS),
            Self::NoNewPrivileges => ContainerEdit::NoNewPrivileges(true),
        }
    }

    pub(super) fn is_in(self, inspect: &Value) -> bool {
        match self {
            Self::Pids => inspect["HostConfig"]["PidsLimit"] == PIDS,
            Self::NoNewPrivileges => {
                let options = inspect["HostConfig"]["SecurityOpt"].as_array();
                options.is_some_and(|it| it.contains(&json!("no-new-privileges=true")))
            }
        }
    }
}

const fn shape(name: &'static str, hazard: &'static str, options: &'static str) -> Shape {
    Shape {
        name,
        hazard,
        given: Given::Options(options),
        since: Suite::Bookworm,
        until: Suite::Sid,
        state: State::Running,
        before: "",
        then: "",
        at_last: "",
        inside: "",
        found_as: &[],
        fixed_mac: false,
        changes: &[],
        edit: Edit::Pids,
    }
}

const fn body(name: &'static str, hazard: &'static str, body: &'static str) -> Shape {
    Shape { given: Given::Body(body), ..shape(name, hazard, "") }
}

impl Shape {
    /// Not started: nothing that the kernel does depends on it, or it cannot start here.
    const fn created(self) -> Self {
        Self { state: State::Created, ..self }
    }

    const fn exited(self) -> Self {
        Self { state: State::Exited, ..self }
    }

    const fn since(self, suite: Suite) -> Self {
        Self { since: suite, ..self }
    }

    const fn until(self, suite: Suite) -> Self {
        Self { until: suite, ..self }
    }

    const fn before(self, script: &'static str) -> Self {
        Self { before: script, ..self }
    }

    const fn then(self, script: &'static str) -> Self {
        Self { then: script, ..self }
    }

    const fn at_last(self, script: &'static str) -> Self {
        Self { at_last: script, ..self }
    }

    const fn inside(self, script: &'static str) -> Self {
        Self { inside: script, ..self }
    }

    const fn found_as(self, names: &'static [&'static str]) -> Self {
        Self { found_as: names, ..self }
    }

    const fn fixed_mac(self) -> Self {
        Self { fixed_mac: true, ..self }
    }

    const fn changes(self, paths: &'static [&'static str]) -> Self {
        Self { changes: paths, ..self }
    }

    const fn edit(self, edit: Edit) -> Self {
        Self { edit, ..self }
    }

    pub(super) fn container(&self) -> String {
        format!("fid-{}", self.name)
    }
}

/// Returns the shapes that an engine knows; of those, while you work on one, only the ones with
/// `PLIMSOLL_SHAPES` in their name.
pub(super) fn of(suite: Suite) -> Vec<Shape> {
    let tables = [
        image::SHAPES,
        limits::SHAPES,
        namespaces::SHAPES,
        networks::SHAPES,
        odds::SHAPES,
        ports::SHAPES,
        process::SHAPES,
        security::SHAPES,
        volumes::SHAPES,
    ];
    let part = env::var("PLIMSOLL_SHAPES").unwrap_or_default();
    let known = |shape: &Shape| {
        (shape.since as u8..=shape.until as u8).contains(&(suite as u8))
            && shape.name.contains(&part)
    };
    tables.concat().into_iter().filter(known).collect()
}
