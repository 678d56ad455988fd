//! Simulated cameras with faults.
//!
//! A camera plays a short [`Clip`], real encoded video of a moving scene, in a
//! loop and in real time. Every frame shows the clip's clock to people and
//! carries its number for machines (see [`strip`]), and a square in it flashes when the
//! sound beeps (see [`flash`]), so that whoever recorded
//! the camera can prove what the recording shows and when. What real cameras
//! do wrong is done on demand: see [`Fault`].
//!
//! ```no_run
//! # async fn example() -> Result<(), simcam::Error> {
//! use simcam::{Auth, Fault, RtspCamera, RtspConfig, Scheme};
//!
//! let camera = RtspCamera::start(RtspConfig {
//!     auth: Some(Auth::new(Scheme::DigestMd5, "admin", "secret")),
//!     ..RtspConfig::default()
//! })
//! .await?;
//! println!("{}", camera.url());
//! camera.inject(Fault::Close);
//! camera.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! What makes a camera another one is a setting: H.265 or JPEGs, sound that beeps when the picture
//! flashes, UDP through a bad network, multicast, a tunnel in HTTP, or the words of a real camera.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use simcam::{ClipParams, Codec, Dialect, Network, RtspCamera, RtspConfig, Sound, Transports};
//!
//! let camera = RtspCamera::start(RtspConfig {
//!     clip: ClipParams { codec: Codec::H265, ..ClipParams::default() },
//!     audio: Some(Sound::Aac { rate: 48_000, channels: 1 }),
//!     transports: Transports { tcp: true, udp: true, ..Transports::NONE },
//!     network: Network { loss: 0.02, reorder: 0.01, ..Network::default() },
//!     ..RtspConfig::default()
//! })
//! .await?;
//! let like_a_real_one = RtspCamera::start(RtspConfig {
//!     dialect: Some(Dialect::read("camera-dialects".as_ref(), "dahua")?),
//!     ..RtspConfig::default()
//! })
//! .await?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod flash;
pub mod judge;
pub mod strip;

mod auth;
mod camera;
mod clip;
mod error;
mod fault;
mod ffmpeg;
mod http;
mod message;
mod rng;
mod rtsp;
mod scene;
mod sound;
mod tls;

pub use auth::{Auth, Scheme};
pub use camera::{ClientLog, Handle, Request, Sent, UdpLog};
pub use clip::{Clip, ClipParams, Codec, Picture};
pub use error::Error;
pub use fault::{Fault, Network, ParseFaultError, ScheduledFault};
pub use http::{Boundary, HttpCamera, HttpConfig, Transfer};
pub use rtsp::{
    Dialect, Packetization, ParameterSets, RtspCamera, RtspConfig, StartAt, Transports,
};
pub use sound::Sound;
