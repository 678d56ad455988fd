//! What stands between the host's events and an author's `async fn`.
//!
//! Authors need nothing of this; [`adapter!`](crate::adapter) and
//! [`testing::Harness`](crate::testing::Harness) use it.

mod core;
mod driver;

pub(crate) use self::core::{Core, Link, Pending, Port};
pub use driver::Driver;
