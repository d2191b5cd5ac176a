//! Declarations that are shipped inside the program, by name.

/// One shipped declaration.
#[derive(Debug)]
pub struct Baseline {
    pub name: &'static str,
    /// What it is good for, in a line.
    pub title: &'static str,
    /// Its text, in the grammar of every other declaration.
    pub text: &'static str,
}

/// Every baseline, sorted by name.
pub static BASELINES: &[Baseline] = &[Baseline {
    name: "essential",
    title: "closes the ways from a container to its host; what breaks ordinary containers is only \
            observed",
    text: include_str!("baselines/essential.yaml"),
}];

/// Finds a baseline by its name.
pub fn find(name: &str) -> Option<&'static Baseline> {
    BASELINES.iter().find(|baseline| baseline.name == name)
}
