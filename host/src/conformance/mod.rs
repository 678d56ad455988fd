//! What a plugin's author runs before anybody else runs the plugin: the conformance suite of
//! each world, and a look at what an adapter delivers.
//!
//! An adapter's suite has three parts. Alone (`alone`): a host without a network and with a
//! clock of its own plays cameras that do not answer, refuse, or send rubbish. With a camera
//! (`live`): simulated cameras over real sockets, good ones and bad ones. And with variants of
//! what a camera said (`variants`): the conversation of a good one is played again byte by
//! byte, cut off, with errors in it.

mod adapter;
mod alone;
mod cameras;
mod dice;
mod live;
mod manner;
mod policy;
mod report;
mod simulated;
mod stage;
mod variants;
mod viewer;

pub use adapter::test_adapter;
pub use policy::{test_policy, test_table};
pub use report::{Case, Verdict, passed};
pub use viewer::{Seen, Viewer};
