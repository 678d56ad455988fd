//! ONVIF requests and answers as texts: SOAP 1.2 over HTTP POST to a service's address.
//!
//! Nothing here connects. A caller asks, in this order: [`Request::SystemDateAndTime`] without
//! an account (for [`Clock`]), [`Request::DeviceInformation`], [`Request::Services`] (or
//! [`Request::Capabilities`] where that is a fault), then of the media service
//! [`Request::Profiles`] and a [`Request::StreamUri`] each.

mod answer;
mod clock;
mod device;
mod media;
mod request;
mod security;

pub use answer::OnvifError;
pub use clock::Clock;
pub use device::{Device, Services, at_reached_host};
pub use media::{Profile, VideoEncoder, stream_uri};
pub use request::{Media, Request};
pub use security::UsernameToken;

#[cfg(test)]
mod tests;
