//! Finding cameras and asking them what they send.
//!
//! [`discover`] asks a network for ONVIF devices; [`onvif`] makes the requests and reads the
//! answers of their services (sending them is the caller's); [`paths`] knows where cameras
//! that speak no ONVIF have their streams; [`advice`] says what to change in a camera.

pub mod advice;
mod found;
pub mod onvif;
pub mod paths;
mod probe;
mod report;
mod search;
mod xml;

pub use found::{Found, Service};
pub use report::Report;
pub use search::{Interface, MAX_FOUND, MAX_TIME, SearchError, discover};
pub use xml::{MAX_BYTES as MAX_MESSAGE_BYTES, XmlError};
