//! One step of a change that is under way, in words.

use std::{fmt, time::Duration};

/// What is happening to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Doing(String),
    /// It has to prove itself at the gate.
    Watching(Wait),
    /// What was done is taken back.
    Withdrawing(String),
}

/// How long the gate takes, if nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It has to last so long without a restart.
    AtLeast(Duration),
    /// It has to become healthy within this time.
    AtMost(Duration),
}

impl Step {
    /// Returns the words where so much of the wait is over.
    pub fn after(&self, waited: Duration) -> String {
        match self {
            Self::Doing(text) | Self::Withdrawing(text) => text.clone(),
            Self::Watching(Wait::AtLeast(all) | Wait::AtMost(all)) if waited >= *all => {
                "watching it".to_owned()
            }
            Self::Watching(Wait::AtLeast(all)) => {
                format!("watching it for at least {} s", left(*all, waited))
            }
            Self::Watching(Wait::AtMost(all)) => {
                format!("watching it until it is healthy, for at most {} s", left(*all, waited))
            }
        }
    }
}

/// Returns the seconds that are left, rounded up.
fn left(all: Duration, waited: Duration) -> u64 {
    all.saturating_sub(waited).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.after(Duration::ZERO))
    }
}

impl From<&str> for Step {
    fn from(text: &str) -> Self {
        Self::Doing(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_says_how_long_still() {
        let step = Step::Watching(Wait::AtLeast(Duration::from_secs(10)));
        assert_eq!(step.to_string(), "watching it for at least 10 s");
        assert_eq!(step.after(Duration::from_millis(3400)), "watching it for at least 7 s");
        assert_eq!(step.after(Duration::from_secs(60)), "watching it");
    }
}
