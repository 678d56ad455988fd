//! For people who write plugins: the projects that `plugin new` makes, the examples, other
//! languages, and the versions of the interfaces.
#![forbid(unsafe_code)]

mod examples;
mod frozen;
mod guests;
mod languages;
mod projects;
mod stage;
mod vendor;
