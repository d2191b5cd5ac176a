//! Rules about the image that a container is made of.

pub mod allow_list;
