//! A service of a Swarm, as a manager shows it.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    /// Where secrets stand in its specification, by name and never with the value, sorted.
    pub secrets: Vec<String>,
}
