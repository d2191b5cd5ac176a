//! What a person changes where somebody else starts the container.
//!
//! Each owner's words are in a file of their own, and each says of every edit how it is written
//! there, or that it cannot be.

mod compose;
mod ecs;
mod flags;
mod kubernetes;
mod nomad;
mod swarm;

use crate::model::{
    capability::CapabilitySet,
    container::ContainerSpec,
    edit::ContainerEdit,
    owner::{Claim, Owner},
    owner_families::Words,
};

/// Edits in an owner's words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    lines: Vec<String>,
    /// What the owner's file has no word for, with what does instead.
    cannot: Vec<String>,
}

impl Said {
    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn cannot(&mut self, what: impl Into<String>) {
        self.cannot.push(what.into());
    }

    /// Returns the lines further in, and a sentence on what cannot be said.
    fn text(self, indent: &str, who: &str) -> Vec<String> {
        let mut text: Vec<String> =
            self.lines.into_iter().map(|line| format!("{indent}{line}")).collect();
        if !self.cannot.is_empty() {
            text.push(format!("{who} has no word for: {}", self.cannot.join("; ")));
        }
        text
    }
}

/// Returns whose container it is and the lines to change there, or nothing if it is nobody's.
pub(super) fn lines(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Option<String> {
    let label = |key: &str| spec.labels.get(key).map(String::as_str);
    let mut text = match &spec.owner {
        Owner::Nobody => return None,
        Owner::Compose { project, oneoff: true, .. } => vec![format!(
            "a one-off `docker compose run` of project {project} started it, and ends it"
        )],
        Owner::Compose { project, service, oneoff: false } => {
            compose::text(project, service, spec, edits)
        }
        Owner::Swarm { service } => swarm::text(service, label, spec, edits),
        // Not a setting is wrong, but that it is there.
        Owner::Kubernetes { pod } if edits.is_empty() => {
            vec![format!("Kubernetes starts it; take away what makes pod {pod}")]
        }
        Owner::Nomad { allocation } if edits.is_empty() => {
            vec![format!("Nomad starts it; stop the job of allocation {allocation}")]
        }
        Owner::Ecs { task } if edits.is_empty() => {
            vec![format!("ECS starts it; take it out of the service behind {task}")]
        }
        Owner::Kubernetes { pod } => kubernetes::text(pod, label, spec, edits),
        Owner::Nomad { allocation } => nomad::text(allocation, label, spec, edits),
        Owner::Ecs { task } => ecs::text(task, label, spec, edits),
        Owner::Unit { unit } => {
            let mut text = vec![format!(
                "systemd unit {unit} runs it; change its ExecStart (`systemctl edit --full \
                 {unit}`), then `systemctl restart {unit}`:"
            )];
            text.extend(flags::said(spec, edits).text("  ", "`docker run`"));
            text
        }
        Owner::Other(family) => {
            let mut text = vec![format!("{} starts it; change {}:", family.who, family.place)];
            text.extend(match family.words {
                Words::Compose => compose::said(spec, edits).text("  ", "Compose"),
                Words::Flags => flags::said(spec, edits).text("  ", "`docker run`"),
            });
            text
        }
    };
    text.push(match &spec.claim {
        Claim::Unchecked => "its labels say so; there was nothing to check them by".into(),
        Claim::Confirmed(why) => format!("checked: {why}"),
        Claim::Doubtful(why) | Claim::False(why) => {
            format!("its labels say so, and it is doubtful: {why}")
        }
    });
    Some(text.join("\n"))
}

/// The capabilities that a container asks for once they are bounded: drop, then add.
struct Capabilities {
    drop: Vec<String>,
    add: Vec<String>,
}

fn bounded(spec: &ContainerSpec, allow: CapabilitySet) -> Capabilities {
    let after = spec.capability_request.bounded(allow);
    let names = |set: CapabilitySet| set.names().map(|it| it.to_string()).collect();
    Capabilities {
        drop: if after.drop_all { vec!["ALL".into()] } else { names(after.drop) },
        add: names(after.add),
    }
}

/// Returns a list as JSON, which YAML and HCL read as well.
fn list(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|it| format!("{it:?}")).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests;
