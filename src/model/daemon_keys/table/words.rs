//! The words the table's columns are written with.

use super::super::{
    BridgeMember, DaemonKeyFacts, InfoMember, LiveSource, Member, Pickup, Release, Shape,
    TakesEffect, ValueKind, VersionMember,
};

/// A key that needs a restart, concerns no container, is excluded by the flag of its name, and
/// shows nowhere. The words below say what is different.
pub(super) const fn key(name: &'static str, kind: ValueKind, since: Release) -> DaemonKeyFacts {
    DaemonKeyFacts {
        name,
        kind,
        flag: Some(name),
        short_flag: None,
        flag_merges: false,
        takes_effect: TakesEffect::Restart,
        pickup: Pickup::NotAboutContainers,
        live: LiveSource::Nowhere,
        event: None,
        default: None,
        shape: Shape::Any,
        about: "",
        note: None,
        sensitive: false,
        since,
        until: None,
    }
}

pub(super) const fn member(name: &'static str, kind: ValueKind) -> Member {
    Member { name, kind }
}

/// The words the table is written with. Two columns are set by most of them: what applies a
/// change, and when a container follows it.
impl DaemonKeyFacts {
    pub(super) const fn flag(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }

    pub(super) const fn no_flag(self) -> Self {
        Self { flag: None, ..self }
    }

    pub(super) const fn short(self, short: char) -> Self {
        Self { short_flag: Some(short), ..self }
    }

    pub(super) const fn merges(self) -> Self {
        Self { flag_merges: true, ..self }
    }

    pub(super) const fn reload_keeps(self) -> Self {
        Self { takes_effect: TakesEffect::Reload { kept_when_absent: true }, ..self }
    }

    pub(super) const fn reload_resets(self) -> Self {
        Self { takes_effect: TakesEffect::Reload { kept_when_absent: false }, ..self }
    }

    pub(super) const fn breaks(self) -> Self {
        Self { takes_effect: TakesEffect::Breaks, ..self }
    }

    pub(super) const fn breaks_bridge(self) -> Self {
        Self { takes_effect: TakesEffect::Breaks, pickup: Pickup::EmptyStart, ..self }
    }

    pub(super) const fn empty_start(self) -> Self {
        Self { takes_effect: TakesEffect::EmptyStart, pickup: Pickup::EmptyStart, ..self }
    }

    pub(super) const fn hides(self) -> Self {
        Self { takes_effect: TakesEffect::Hides, pickup: Pickup::OutOfView, ..self }
    }

    pub(super) const fn at_start(self) -> Self {
        Self { takes_effect: TakesEffect::Restart, pickup: Pickup::ContainerStart, ..self }
    }

    pub(super) const fn at_start_too(self) -> Self {
        Self { pickup: Pickup::ContainerStart, ..self }
    }

    pub(super) const fn at_creation(self) -> Self {
        Self { pickup: Pickup::ContainerCreation, ..self }
    }

    pub(super) const fn at_creation_too(self) -> Self {
        Self { pickup: Pickup::ContainerCreation, ..self }
    }

    pub(super) const fn at_daemon_start(self) -> Self {
        Self { takes_effect: TakesEffect::Restart, pickup: Pickup::DaemonStart, ..self }
    }

    pub(super) const fn at_daemon_start_too(self) -> Self {
        Self { pickup: Pickup::DaemonStart, ..self }
    }

    pub(super) const fn new_networks(self) -> Self {
        Self { pickup: Pickup::NewNetworks, ..self }
    }

    pub(super) const fn out_of_view(self) -> Self {
        Self { pickup: Pickup::OutOfView, ..self }
    }

    pub(super) const fn info(self, member: InfoMember) -> Self {
        Self { live: LiveSource::Info(member), ..self }
    }

    pub(super) const fn version(self, member: VersionMember) -> Self {
        Self { live: LiveSource::Version(member), ..self }
    }

    pub(super) const fn option(self, name: &'static str) -> Self {
        Self { live: LiveSource::BridgeOption(name), ..self }
    }

    pub(super) const fn bridge(self, member: BridgeMember) -> Self {
        Self { live: LiveSource::Bridge(member), ..self }
    }

    pub(super) const fn live(self, live: LiveSource) -> Self {
        Self { live, ..self }
    }

    /// Names the event's attribute. It is the live source too where nothing better is known.
    pub(super) const fn event(self, attribute: &'static str) -> Self {
        match self.live {
            LiveSource::Nowhere => {
                Self { event: Some(attribute), live: LiveSource::ReloadEvent, ..self }
            }
            _ => Self { event: Some(attribute), ..self },
        }
    }

    pub(super) const fn default(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }

    pub(super) const fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    pub(super) const fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    pub(super) const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(super) const fn note(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }
}
