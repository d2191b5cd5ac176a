//! Linux capabilities as a set of bits, so that spelling and order never matter.

use std::{fmt, sync::LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Kernel names without `CAP_`, by number (`include/uapi/linux/capability.h`).
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

const fn number(name: &str) -> usize {
    let mut bit = 0;
    while bit < NAMES.len() {
        if are_same(NAMES[bit].as_bytes(), name.as_bytes()) {
            return bit;
        }
        bit += 1;
    }
    panic!("not a capability");
}

/// Comparison of text is not `const` yet.
const fn are_same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// A set of capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct CapabilitySet(u64);

impl CapabilitySet {
    pub const EMPTY: Self = Self(0);
    /// Every capability this program knows.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);
    /// What an engine gives a container that asks for nothing (moby `oci/caps/defaults.go`).
    pub const DEFAULT: Self = Self(0xa804_25fb);

    /// Returns the set of the bits that the kernel shows as `CapBnd` and the like.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Returns the set holding the one capability of this name, in any case, with or without
    /// `CAP_`.
    pub fn named(name: &str) -> Option<Self> {
        let upper = name.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        NAMES.iter().position(|known| *known == bare).map(|bit| Self(1 << bit))
    }

    /// Returns the set of these names as the kernel spells them, without `CAP_`. Made for
    /// constants: a name that is none does not compile there.
    pub const fn of_names(names: &[&str]) -> Self {
        let mut set = Self::EMPTY;
        let mut at = 0;
        while at < names.len() {
            set = set.union(Self(1 << number(names[at])));
            at += 1;
        }
        set
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub const fn is_subset(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    /// Iterates over the names without `CAP_`, in alphabetical order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        static BY_NAME: LazyLock<Vec<(usize, &str)>> = LazyLock::new(|| {
            let mut named: Vec<_> = NAMES.iter().copied().enumerate().collect();
            named.sort_unstable_by_key(|(_, name)| *name);
            named
        });
        BY_NAME.iter().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| *name)
    }

    /// Every name there is, for suggestions.
    pub const fn known() -> &'static [&'static str] {
        &NAMES
    }
}

impl fmt::Display for CapabilitySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "[";
        for name in self.names() {
            f.write_str(between)?;
            f.write_str(name)?;
            between = ", ";
        }
        f.write_str(if self.is_empty() { "[]" } else { "]" })
    }
}

impl Serialize for CapabilitySet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for CapabilitySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().try_fold(Self::EMPTY, |set, name| {
            Self::named(name)
                .map(|one| set.union(one))
                .ok_or_else(|| serde::de::Error::custom(format!("`{name}` is not a capability")))
        })
    }
}

impl JsonSchema for CapabilitySet {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Capabilities".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Linux capabilities, in any case, with or without CAP_.",
            "type": "array",
            "items": {
                "anyOf": [
                    { "enum": NAMES.as_slice() },
                    { "type": "string", "pattern": "^(CAP_[A-Z_]+|[a-z_]+)$" },
                ],
            },
        })
    }
}

/// What a container asks for: lists to add and to drop, each possibly `ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CapabilityRequest {
    pub add: CapabilitySet,
    pub add_all: bool,
    pub drop: CapabilitySet,
    pub drop_all: bool,
}

impl CapabilityRequest {
    /// Returns what the engine makes of it (moby `oci/caps/utils.go`): `ALL` in add wins over
    /// `ALL` in drop, and a name in add wins over the same name in drop.
    pub const fn effective(self, privileged: bool) -> CapabilitySet {
        if privileged {
            CapabilitySet::ALL
        } else if self.add_all {
            CapabilitySet::ALL.without(self.drop)
        } else if self.drop_all {
            self.add
        } else {
            CapabilitySet::DEFAULT.without(self.drop).union(self.add)
        }
    }

    /// Returns the request whose effect is the effect of this one within `allow`, changed as
    /// little as possible.
    #[must_use]
    pub fn bounded(self, allow: CapabilitySet) -> Self {
        let wanted = self.effective(false).intersection(allow);
        let trimmed = Self { add: self.add.intersection(allow), ..self };
        if !self.add_all && trimmed.effective(false) == wanted {
            trimmed
        } else if wanted == CapabilitySet::DEFAULT {
            Self::default()
        } else {
            Self { add: wanted, add_all: false, drop: CapabilitySet::EMPTY, drop_all: true }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> CapabilitySet {
        names.iter().fold(CapabilitySet::EMPTY, |all, n| {
            all.union(CapabilitySet::named(n).expect("a name in a test"))
        })
    }

    #[test]
    fn default_set_is_the_fourteen_of_the_engine() {
        assert_eq!(CapabilitySet::DEFAULT.names().count(), 14);
        assert!(set(&["net_raw", "CAP_CHOWN", "SYS_CHROOT"]).is_subset(CapabilitySet::DEFAULT));
    }

    #[test]
    fn adding_all_wins_over_dropping_all() {
        let request = CapabilityRequest { add_all: true, drop_all: true, ..Default::default() };
        assert_eq!(request.effective(false), CapabilitySet::ALL);
    }

    #[test]
    fn bounding_takes_the_surplus_out_of_add_and_leaves_the_rest() {
        let request =
            CapabilityRequest { add: set(&["SYS_ADMIN", "NET_RAW"]), ..Default::default() };
        let bounded = request.bounded(CapabilitySet::DEFAULT);
        assert_eq!(bounded, CapabilityRequest { add: set(&["NET_RAW"]), ..Default::default() });
    }

    #[test]
    fn bounding_never_adds_and_always_bounds() {
        let samples = [
            CapabilityRequest::default(),
            CapabilityRequest { add_all: true, ..Default::default() },
            CapabilityRequest { drop_all: true, add: set(&["KILL", "BPF"]), ..Default::default() },
            CapabilityRequest { drop: set(&["NET_RAW"]), ..Default::default() },
        ];
        for request in samples {
            for allow in [CapabilitySet::EMPTY, CapabilitySet::DEFAULT, set(&["KILL", "NET_RAW"])] {
                let after = request.bounded(allow).effective(false);
                assert_eq!(after, request.effective(false).intersection(allow));
            }
        }
    }
}
