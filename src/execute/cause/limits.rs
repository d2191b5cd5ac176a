//! What it had too little of.

use super::{Case, Cause};
use crate::{model::edit::ContainerEdit, plan::lines};

/// Ended by SIGKILL, as the kernel does it.
const KILLED: i64 = 137;

pub(super) fn memory(case: &Case<'_>) -> Option<Cause> {
    let limit = case.edits.iter().find_map(|edit| match edit {
        ContainerEdit::Memory(bytes) => Some(*bytes),
        _ => None,
    })?;
    let was_killed = case.twin.ran_out_of_memory();
    let words = [
        "out of memory",
        "cannot allocate memory",
        "can't allocate memory",
        "outofmemory",
        "memoryerror",
        "enomem",
        "oom-kill",
    ];
    if !was_killed && case.twin.exit_code() != KILLED && case.said(&words).is_none() {
        return None;
    }
    let what = if was_killed {
        "the memory limit: the kernel ended it for want of memory"
    } else {
        "the memory limit"
    };
    let twice = limit.saturating_mul(2);
    Some(Cause::new(what).instead(lines::memory_limit(twice)))
}

pub(super) fn processes(case: &Case<'_>) -> Option<Cause> {
    let limit = case.edits.iter().find_map(|edit| match edit {
        ContainerEdit::PidsLimit(limit) => Some(*limit),
        _ => None,
    })?;
    case.said(&[
        "resource temporarily unavailable",
        "can't fork",
        "cannot fork",
        "unable to fork",
        "eagain",
        "can't start new thread",
        "unable to create native thread",
        "failed to create new os thread",
        "pthread_create",
    ])?;
    let twice = limit.saturating_mul(2);
    Some(Cause::new("the limit on processes and threads").instead(lines::pids_limit(twice)))
}

pub(super) fn network(case: &Case<'_>) -> Option<Cause> {
    let mode = case.edits.iter().find_map(|edit| match edit {
        ContainerEdit::NetworkMode(mode) => Some(mode.as_str()),
        _ => None,
    })?;
    case.said(&[
        "connection refused",
        "econnrefused",
        "no route to host",
        "network is unreachable",
        "name resolution",
        "name or service not known",
        "could not resolve",
        "bad address",
        "no such host",
        "enotfound",
        "eai_again",
        "unknownhost",
        "cannot assign requested address",
        "eaddrnotavail",
    ])?;
    Some(
        Cause::new(format!("it is on the network {mode} now, and reaches less from there"))
            .instead("container.no-host-network: off"),
    )
}
