//! Images that the engine keeps.

use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImages {
    /// Those that no container was made of, stopped ones counted too; or why that is not known.
    pub unused: Result<Vec<UnusedImage>, String>,
    /// The engine's clock when it was asked.
    pub now: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedImage {
    /// Its first name; a short ID if it has none.
    pub name: String,
    /// When it was built.
    pub created: Option<Timestamp>,
}

impl Default for StoredImages {
    fn default() -> Self {
        Self { unused: Err("nobody asked the engine".into()), now: None }
    }
}
