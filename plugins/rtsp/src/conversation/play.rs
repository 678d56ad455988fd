//! SETUP, PLAY, and the time until TEARDOWN.

use core::time::Duration;

use padelvar_sdk::time::after;
use padelvar_sdk::{Either, Error, Microseconds, select};

use super::client::{Client, Request};
use super::describe::{Offer, expect_success};
use super::keepalive::KeepAlive;
use super::session::{self, Session};
use crate::media::{Media, Setup};

/// A camera without video for that long is taken for dead. Video packets of any kind
/// count, not key pictures: some cameras send these every 10 s or less often.
const SILENCE_US: Microseconds = 10_000_000;

/// After a BYE, video of the same session may still come: some cameras send it when
/// they begin anew.
const BYE_US: Microseconds = 1_000_000;

/// How long the answer to TEARDOWN may take. The host waits one second for all of it.
const GOODBYE: Duration = Duration::from_millis(500);

/// Interleaved channels of RTP and RTCP to ask for.
struct Channels {
    numbers: [u8; 2],
    transport: &'static str,
}

const VIDEO_CHANNELS: Channels = Channels {
    numbers: [0, 1],
    transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
};

const SOUND_CHANNELS: Channels = Channels {
    numbers: [2, 3],
    transport: "RTP/AVP/TCP;unicast;interleaved=2-3",
};

const TICK: Duration = Duration::from_secs(1);

/// Plays until the host says stop, the camera says goodbye, or something breaks.
/// Cameras have few sessions to give away, so each is given back.
pub async fn play(client: &mut Client, offer: &Offer) -> Result<(), Error> {
    set_up(client, offer).await?;
    let result = play_session(client, offer).await;
    if client.session.is_some() && !client.stream.is_closed() {
        let uri = offer.session_uri.as_str();
        let goodbye = Request {
            method: "TEARDOWN",
            uri,
            headers: &[],
        };
        // Whatever comes back, we leave.
        let _ = client.exchange_within(&goodbye, GOODBYE).await;
    }
    result
}

async fn set_up(client: &mut Client, offer: &Offer) -> Result<(), Error> {
    let mut channels = vec![set_up_stream(client, &offer.video_uri, VIDEO_CHANNELS).await?];
    let mut streams = vec![Setup::from(&offer.choice.video)];
    if let (Some(sound), Some(uri)) = (&offer.choice.sound, &offer.sound_uri) {
        match set_up_stream(client, uri, SOUND_CHANNELS).await {
            Ok(agreed) => {
                channels.push(agreed);
                streams.push(Setup::from(sound));
            }
            Err(error) if client.stream.is_closed() => return Err(error),
            // Pictures matter more.
            Err(error) => client
                .io
                .warn(format_args!("going on without sound: {error}")),
        }
    }
    let media = Media::new(&client.io, streams);
    client.stream.start_media(media, &channels);
    Ok(())
}

/// Asks for one stream on these interleaved channels. The ones that the camera chose.
async fn set_up_stream(
    client: &mut Client,
    uri: &str,
    channels: Channels,
) -> Result<[u8; 2], Error> {
    let headers = &[("Transport", channels.transport)];
    let request = Request {
        method: "SETUP",
        uri,
        headers,
    };
    let reply = client.call(request).await?;
    expect_success(&reply, "SETUP")?;
    if client.session.is_none() {
        let session = reply.headers.get("session").and_then(Session::parse);
        let missing = || Error::protocol("the camera answers SETUP without a session");
        client.session = Some(session.ok_or_else(missing)?);
    }
    session::channels(reply.headers.get("transport"), channels.numbers)
}

async fn play_session(client: &mut Client, offer: &Offer) -> Result<(), Error> {
    match ask_to_play(client, offer).await {
        Err(_) if client.io.is_stopped() => return Ok(()),
        other => other?,
    }
    if let Some(media) = &mut client.stream.media {
        media.announce();
    }
    let began = client.io.now();
    let mut keepalive = KeepAlive::new(client, &offer.session_uri, offer.knows_get_parameter);
    let mut timer = client.io.timer();
    timer.set(after(began, TICK));
    loop {
        while let Some(reply) = client.stream.next_reply(false)? {
            keepalive.answered(client, &reply)?;
        }
        let news = select(client.stream.fill(), timer.rung());
        match select(client.io.stopped(), news).await {
            Either::Left(()) => return Ok(()),
            Either::Right(Either::Left(filled)) => filled?,
            Either::Right(Either::Right(())) => {
                if is_over(client, began)? {
                    return Ok(());
                }
                keepalive.tick(client);
                timer.set(after(client.io.now(), TICK));
            }
        }
    }
}

async fn ask_to_play(client: &mut Client, offer: &Offer) -> Result<(), Error> {
    let headers = &[("Range", "npt=0.000-")];
    let request = |uri| Request {
        method: "PLAY",
        uri,
        headers,
    };
    let reply = match client.call(request(&offer.session_uri)).await {
        // The camera plays, it only did not say so.
        Err(error)
            if is_playing(client) && !client.stream.is_closed() && !client.io.is_stopped() =>
        {
            client
                .io
                .warn(format_args!("{error}, but the camera plays"));
            return Ok(());
        }
        other => other?,
    };
    if reply.status != 459 {
        return expect_success(&reply, "PLAY");
    }
    // "Aggregate operation not allowed": ask for each stream.
    let reply = client.call(request(&offer.video_uri)).await?;
    expect_success(&reply, "PLAY")?;
    if let Some(uri) = offer.sound_uri.as_deref().filter(|_| has_sound(client)) {
        let reply = client.call(request(uri)).await?;
        if let Err(error) = expect_success(&reply, "PLAY") {
            client
                .io
                .warn(format_args!("going on without sound: {error}"));
        }
    }
    Ok(())
}

fn has_sound(client: &Client) -> bool {
    let media = client.stream.media.as_ref();
    media.is_some_and(Media::has_sound)
}

fn is_playing(client: &Client) -> bool {
    let media = client.stream.media.as_ref();
    media.is_some_and(|media| media.last_packet().is_some())
}

/// Looks whether video still comes. Whether the camera ended the stream.
fn is_over(client: &mut Client, began: Microseconds) -> Result<bool, Error> {
    let now = client.io.now();
    let Some(media) = &mut client.stream.media else {
        return Ok(true);
    };
    media.tell_losses();
    if media
        .bye()
        .is_some_and(|at| now.saturating_sub(at) >= BYE_US)
    {
        client.io.info("the camera ended the stream");
        return Ok(true);
    }
    match media.last_packet() {
        None if now.saturating_sub(began) >= SILENCE_US => {
            let message = "the camera accepted PLAY but sends no video";
            Err(Error::unreachable(message))
        }
        Some(last) if now.saturating_sub(last.max(began)) >= SILENCE_US => {
            let message = "the camera sends no video any more";
            Err(Error::unreachable(message))
        }
        _ => Ok(false),
    }
}
