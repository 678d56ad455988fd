//! SETUP, PLAY, and the time until TEARDOWN.

use core::time::Duration;

use padelvar_sdk::time::after;
use padelvar_sdk::{Either, Error, Microseconds, select};

use super::client::{Client, Request};
use super::describe::{Offer, expect_success};
use super::keepalive::KeepAlive;
use super::plan::Plan;
use super::rtp_info;
use super::setup::set_up;
use super::stream::{Reply, Wish};

/// A camera without video for that long is taken for dead. Video packets of any kind
/// count, not key pictures: some cameras send these every 10 s or less often.
const SILENCE_US: Microseconds = 10_000_000;

/// After a BYE, video of the same session may still come: some cameras send it when
/// they begin anew.
const BYE_US: Microseconds = 1_000_000;

/// How long the answer to TEARDOWN may take. The host waits one second for all of it.
const GOODBYE: Duration = Duration::from_millis(500);

const TICK: Duration = Duration::from_secs(1);

/// How a session ended, if not by a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Over,
    /// To be tried again on a new connection, as the plan says.
    Again,
    /// To be gone on with there.
    Redirect(String),
}

/// Plays until the host says stop, the camera says goodbye, or something breaks.
/// Cameras have few sessions to give away, so each is given back.
pub async fn play(client: &mut Client, offer: &Offer, plan: &mut Plan) -> Result<End, Error> {
    let result = play_session(client, offer, plan).await;
    if client.session.is_some() && !client.stream.is_closed() {
        let io = client.io.clone();
        // Whatever comes back, we leave.
        let goodbye = say_goodbye(client, &offer.session_uri);
        let _ = io.timeout(GOODBYE, goodbye).await;
    }
    result
}

async fn say_goodbye(client: &mut Client, uri: &str) -> Result<(), Error> {
    let goodbye = Request {
        method: "TEARDOWN",
        uri,
        headers: &[],
    };
    let reply = client.exchange_within(&goodbye, GOODBYE).await?;
    if reply.status == 401 {
        // The nonce grew old.
        client.learn(&reply.headers)?;
        client.exchange_within(&goodbye, GOODBYE).await?;
    }
    Ok(())
}

async fn play_session(client: &mut Client, offer: &Offer, plan: &mut Plan) -> Result<End, Error> {
    let delivery = match set_up(client, offer, plan).await {
        Err(_) if client.io.is_stopped() => return Ok(End::Over),
        other => other?,
    };
    client.stream.delivery = delivery;
    if client.stream.delivery.is_none() {
        return Ok(End::Again);
    }
    report(client);
    match ask_to_play(client, offer).await {
        Err(_) if client.io.is_stopped() => return Ok(End::Over),
        other => other?,
    }
    if let Some(delivery) = &mut client.stream.delivery {
        delivery.media.announce();
    }
    let began = client.io.now();
    let mut keepalive = KeepAlive::new(client, &offer.session_uri, &offer.public);
    let mut timer = client.io.timer();
    timer.set(after(began, TICK));
    loop {
        while let Some(reply) = client.stream.next_reply(false)? {
            keepalive.answered(client, &reply)?;
        }
        match client.stream.wish.take() {
            Some(Wish::Redirect(location)) => return Ok(End::Redirect(location)),
            Some(Wish::End) => {
                client.io.info("the camera ended the session");
                client.session = None;
                return Ok(End::Over);
            }
            None => {}
        }
        let news = select(client.stream.fill(), timer.rung());
        match select(client.io.stopped(), news).await {
            Either::Left(()) => return Ok(End::Over),
            Either::Right(Either::Left(filled)) => filled?,
            Either::Right(Either::Right(())) => {
                if let Some(end) = is_over(client, began, plan)? {
                    return Ok(end);
                }
                report(client);
                let stopped = client.io.stopped();
                match select(stopped, keepalive.tick(client)).await {
                    Either::Left(()) => return Ok(End::Over),
                    Either::Right(ticked) => ticked?,
                }
                timer.set(after(client.io.now(), TICK));
            }
        }
    }
}

/// Lets the camera know how it is received, where it is time to.
fn report(client: &mut Client) {
    let now = client.io.now();
    let Some(delivery) = &mut client.stream.delivery else {
        return;
    };
    let reports = delivery.tick(now);
    if client.stream.is_tunnel() {
        // Not all servers take anything but requests there.
        return;
    }
    for (channel, bytes) in reports {
        client.stream.send_data(channel, &bytes);
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
        expect_success(&reply, "PLAY")?;
        begin_together(client, offer, &reply);
        return Ok(());
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

/// VLC's sender reports tell when a packet was sent rather than when it is heard, and come after
/// seconds: sound would be up to 47 ms from its picture (3.0, measured). What it says of both
/// streams in `RTP-Info` is right. Others' `RTP-Info` is not asked: it may name the first packets
/// of two streams that do not begin at the same moment.
fn begin_together(client: &mut Client, offer: &Offer, reply: &Reply) {
    let server = reply.headers.get("server").unwrap_or_default();
    let sound_uri = offer.sound_uri.as_deref();
    let (Some(sound_uri), true) = (sound_uri, server.starts_with("VLC/")) else {
        return;
    };
    let info = reply.headers.all("rtp-info").collect::<Vec<_>>().join(",");
    let starts = rtp_info::starts(&info, [&offer.video_uri, sound_uri]);
    let now = client.io.now();
    if let (Some(starts), Some(delivery)) = (starts, &mut client.stream.delivery) {
        delivery.media.begin_together(starts, now);
    }
}

fn has_sound(client: &Client) -> bool {
    let delivery = client.stream.delivery.as_ref();
    delivery.is_some_and(|delivery| delivery.media.has_sound())
}

fn is_playing(client: &Client) -> bool {
    let delivery = client.stream.delivery.as_ref();
    delivery.is_some_and(|delivery| delivery.media.last_packet().is_some())
}

/// Looks whether video still comes. How it ended, if it did.
fn is_over(
    client: &mut Client,
    began: Microseconds,
    plan: &mut Plan,
) -> Result<Option<End>, Error> {
    let now = client.io.now();
    let Some(delivery) = &mut client.stream.delivery else {
        return Ok(Some(End::Over));
    };
    let media = &mut delivery.media;
    media.tell_losses();
    if media
        .bye()
        .is_some_and(|at| now.saturating_sub(at) >= BYE_US)
    {
        client.io.info("the camera ended the stream");
        return Ok(Some(End::Over));
    }
    match media.last_packet() {
        None if now >= after(began, plan.patience()) => {
            if plan.silent() {
                client
                    .io
                    .warn("the camera accepted PLAY but sends no video over TCP; trying UDP");
                return Ok(Some(End::Again));
            }
            Err(plan.silence())
        }
        Some(last) if now.saturating_sub(last.max(began)) >= SILENCE_US => {
            let message = "the camera sends no video any more";
            Err(Error::unreachable(message))
        }
        Some(_) => {
            if let Some(memory) = plan.worked() {
                client.io.remember(memory);
            }
            Ok(None)
        }
        None => Ok(None),
    }
}
