//! Policies that misbehave, and what the host makes of it.

mod built_in;
mod life;
mod misdeeds;
mod settings;
mod workers;
