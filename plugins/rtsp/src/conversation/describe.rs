//! OPTIONS and DESCRIBE: what the camera can and what it offers.

use padelvar_sdk::Error;

use super::client::{Client, Request};
use super::control;
use super::stream::Reply;
use crate::sdp::{Choice, Description, choose};

/// What the camera says.
pub enum Answer {
    /// Ask elsewhere.
    Redirect(String),
    /// This is there.
    Description(Box<Offer>),
}

/// The streams to play.
pub struct Offer {
    /// The streams.
    pub choice: Choice,
    /// Of all streams together: for PLAY, keep-alive and TEARDOWN.
    pub session_uri: String,
    /// Of the video alone: for SETUP.
    pub video_uri: String,
    /// Of the sound alone, where there is any.
    pub sound_uri: Option<String>,
    /// The methods that the camera says it knows.
    pub public: String,
    /// The description as it came: it may name multicast groups.
    pub sdp: Vec<u8>,
}

/// Asks for both. `audio`: whether sound is wanted.
pub async fn describe(client: &mut Client, audio: bool) -> Result<Answer, Error> {
    let uri = client.url();
    let options = client
        .call(Request {
            method: "OPTIONS",
            uri: &uri,
            headers: &[],
        })
        .await?;
    // A refusal other than of the password is no reason to give up: some cameras do
    // not know OPTIONS.
    let public = options.headers.all("public").collect::<Vec<_>>().join(",");
    let accept = &[("Accept", "application/sdp")];
    let reply = client
        .call(Request {
            method: "DESCRIBE",
            uri: &uri,
            headers: accept,
        })
        .await?;
    if matches!(reply.status, 301 | 302 | 303 | 305 | 307 | 308) {
        let location = reply.headers.get("location");
        let message = "the camera redirects to nowhere";
        let location = location.ok_or_else(|| Error::protocol(message))?;
        return Ok(Answer::Redirect(location.to_owned()));
    }
    expect_success(&reply, "DESCRIBE")?;
    let description = Description::parse(&reply.body);
    let choice = choose(&description, audio)?;
    if let Some(reason) = &choice.no_sound {
        client
            .io
            .warn(format_args!("going on without sound: {reason}"));
    }
    let base = control::base(
        reply.headers.get("content-base"),
        reply.headers.get("content-location"),
        &uri,
    );
    Ok(Answer::Description(Box::new(Offer {
        session_uri: control::resolve(base, description.control.as_deref()),
        video_uri: control::resolve(base, choice.video.control.as_deref()),
        sound_uri: choice
            .sound
            .as_ref()
            .map(|sound| control::resolve(base, sound.control.as_deref())),
        choice,
        public,
        sdp: reply.body,
    })))
}

/// Turns a refusal into an error that an operator understands.
pub fn expect_success(reply: &Reply, method: &str) -> Result<(), Error> {
    let status = reply.status;
    let error = match status {
        200..=299 => return Ok(()),
        401 | 403 => Error::auth(format!("the camera refuses access ({status})")),
        404 | 410 => Error::unreachable(format!(
            "the camera has no stream at this path ({status}): check the path of the URL"
        )),
        453 | 503 => Error::unreachable(format!(
            "the camera serves no further client ({status}): close other viewers"
        )),
        454 => Error::protocol("the camera forgot the session (454)"),
        455 => Error::protocol("the camera refuses that at this point (455)"),
        459 | 460 => Error::protocol(format!("the camera mixes up the stream's URLs ({status})")),
        461 => Error::unsupported("the camera does not send RTP this way (461)"),
        505 => Error::unsupported("the camera does not speak RTSP 1.0 (505)"),
        500..=599 => Error::unreachable(format!("the camera is not ready ({status})")),
        _ => Error::protocol(format!("the camera answers with status {status}")),
    };
    Err(error.during(method))
}
