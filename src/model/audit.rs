//! What the kernel was told to write down about files, and whether that covers one.

use std::fmt;

/// Rules of the audit system, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub said_by: SaidBy,
    pub state: AuditState,
    pub rules: Vec<AuditRule>,
    /// Whether the kernel takes rules now, and the next start those under `/etc/audit/rules.d`,
    /// as far as can be seen.
    pub loads_folder: bool,
}

/// Whose word the rules are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaidBy {
    Kernel,
    /// What the next start would load, with the reason why the kernel could not be asked.
    Files(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditState {
    /// Nothing is written down, whatever the rules say.
    Off,
    #[default]
    On,
    /// On, and the rules stay as they are until the machine starts anew.
    Locked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRule {
    /// Whether it says what is not written down.
    pub never: bool,
    pub target: Target,
    pub accesses: Accesses,
    /// What it is limited to beside files and kinds of access: one user, one program.
    pub limited_to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Everything,
    /// A path and all below it; of a file, the file.
    Tree(String),
    /// What stands at the path alone: of a directory, nothing in it.
    Alone(String),
}

impl Target {
    fn covers(&self, path: &str, is_directory: bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Alone(it) => it == path && !is_directory,
            Self::Tree(it) if it == "/" => true,
            Self::Tree(it) => path
                .strip_prefix(it.as_str())
                .is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..])),
        }
    }
}

/// Kinds of access: `r`, `w`, `x` and `a`, as in `-p wa`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accesses(u8);

impl Accesses {
    const LETTERS: [char; 4] = ['r', 'w', 'x', 'a'];
    pub const ALL: Self = Self(0b1111);
    /// Contents and attributes.
    pub const CHANGES: Self = Self(0b1010);
    /// The same, and starting it.
    pub const OF_PROGRAMS: Self = Self(0b1110);

    /// Reads letters; others say nothing.
    pub fn of(letters: &str) -> Self {
        let bit = |letter| Self::LETTERS.iter().position(|it| *it == letter);
        Self(letters.chars().filter_map(bit).fold(0, |bits, at| bits | 1 << at))
    }

    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Accesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = Self::LETTERS.iter().enumerate().filter(|(at, _)| self.0 & 1 << at != 0);
        letters.map(|(_, letter)| letter).collect::<String>().fmt(f)
    }
}

impl Audit {
    /// Returns which accesses to a path are written down, whoever makes them.
    pub fn watched(&self, path: &str, is_directory: bool) -> Accesses {
        let mut watched = Accesses::default();
        let mut left_out = Accesses::default();
        // The first rule that fits decides.
        for rule in self.whole(path, is_directory) {
            match rule.never {
                true => left_out = left_out.with(rule.accesses.without(watched)),
                false => watched = watched.with(rule.accesses.without(left_out)),
            }
        }
        watched
    }

    /// Returns which they would be once a watch of all of `accesses` is added behind the rules.
    pub fn watched_with(&self, accesses: Accesses, path: &str, is_directory: bool) -> Accesses {
        let target = Target::Tree(path.to_owned());
        let mut after = self.clone();
        after.rules.push(AuditRule { never: false, target, accesses, limited_to: None });
        after.watched(path, is_directory)
    }

    fn whole(&self, path: &str, is_directory: bool) -> impl Iterator<Item = &AuditRule> {
        let fits =
            move |it: &&AuditRule| it.limited_to.is_none() && it.target.covers(path, is_directory);
        self.rules.iter().filter(fits)
    }

    /// Returns why rules that are about this path do not watch it.
    pub fn shortcoming(&self, path: &str, is_directory: bool) -> Option<String> {
        self.rules.iter().find_map(|rule| match (&rule.target, &rule.limited_to) {
            (Target::Everything, _) => None,
            (Target::Alone(it), _) if it == path && is_directory && !rule.never => {
                Some("`-F path=` watches the directory itself, and nothing in it".to_owned())
            }
            (target, Some(limit)) if !rule.never && target.covers(path, is_directory) => {
                Some(format!("a rule is limited to {limit}"))
            }
            (target, None) if rule.never && target.covers(path, is_directory) => {
                Some("a rule takes it out (`never`)".to_owned())
            }
            _ => None,
        })
    }
}
