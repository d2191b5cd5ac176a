//! One setting, as far as one source can tell.

/// A value that a source states, leaves to a parent, or cannot show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<T> {
    /// The source states it.
    Set(T),
    /// The source leaves it out, and this parent decides.
    Inherited(Parent),
    /// It is there, and this source cannot read it; the reason is for people.
    Unknown(&'static str),
}

/// Who decides a setting that a source leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    Image,
    Daemon,
    Host,
}

impl<T> Field<T> {
    /// Returns the value where the source states it.
    pub const fn stated(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Inherited(_) | Self::Unknown(_) => None,
        }
    }
}
