//! What the commands for authors of plugins have in common.

pub mod camera;
pub mod load;
