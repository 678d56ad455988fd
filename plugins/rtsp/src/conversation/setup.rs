//! SETUP of all streams, and where their packets come in.

use core::time::Duration;

use padelvar_sdk::{Datagrams, Error, FailureClass, Io};

use super::client::{Client, Request};
use super::delivery::Delivery;
use super::describe::{Offer, expect_success};
use super::group;
use super::plan::{Plan, Way};
use super::route::{Link, Route};
use super::session::Session;
use super::transport::{Asked, Channels, Group, Transport};
use crate::media::{Media, Setup};

/// How long the host may take for ports of its own.
const BIND: Duration = Duration::from_secs(5);

/// Why streams were not set up.
enum Refusal {
    /// The camera does not send them this way; what it said.
    Way(&'static str),
    /// Something of an older session may still be there.
    Leftover(Error),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// A stream to set up.
struct Wanted<'a> {
    /// Its place among the streams.
    place: u8,
    /// As in the description.
    kind: &'static str,
    control: Option<&'a str>,
    uri: &'a str,
    setup: &'a Setup,
}

/// Sets the streams up in the way that the plan says, or the next one. None: the plan has
/// changed, and a new connection is needed.
pub async fn set_up(
    client: &mut Client,
    offer: &Offer,
    plan: &mut Plan,
) -> Result<Option<Delivery>, Error> {
    loop {
        match streams(client, offer, plan.way()).await {
            Ok(delivery) => return Ok(Some(delivery)),
            Err(Refusal::Way(said)) => {
                if !plan.refused() {
                    return Err(plan.refusal(said).during("SETUP"));
                }
                let next = match plan.way() {
                    Way::Interleaved => "TCP",
                    Way::Unicast | Way::Multicast => "UDP",
                };
                client.io.info(format_args!(
                    "the camera does not send RTP the way it was asked ({said}); asking for {next}"
                ));
                // What it set up in its own way is in the way.
                if client.session.is_some() || client.stream.is_closed() {
                    return Ok(None);
                }
            }
            Err(Refusal::Leftover(error)) => {
                if !plan.start_afresh() {
                    return Err(error);
                }
                client
                    .io
                    .info(format_args!("{error}; trying on a new connection"));
                return Ok(None);
            }
            Err(Refusal::Other(error)) => return Err(error),
        }
    }
}

async fn streams(client: &mut Client, offer: &Offer, way: Way) -> Result<Delivery, Refusal> {
    let video = Setup::from(&offer.choice.video);
    let wanted = Wanted {
        place: 0,
        kind: "video",
        control: offer.choice.video.control.as_deref(),
        uri: &offer.video_uri,
        setup: &video,
    };
    let mut routes = vec![stream(client, offer, way, &wanted).await?];
    let mut setups = vec![video];
    if let (Some(sound), Some(uri)) = (&offer.choice.sound, &offer.sound_uri) {
        let setup = Setup::from(sound);
        let wanted = Wanted {
            place: 1,
            kind: "audio",
            control: sound.control.as_deref(),
            uri,
            setup: &setup,
        };
        match stream(client, offer, way, &wanted).await {
            Ok(route) => {
                routes.push(route);
                setups.push(setup);
            }
            Err(refusal) if client.stream.is_closed() || client.io.is_stopped() => {
                return Err(refusal);
            }
            // Pictures matter more.
            Err(Refusal::Way(said)) => client.io.warn(format_args!(
                "going on without sound: the camera sends it in another way ({said})"
            )),
            Err(Refusal::Leftover(error) | Refusal::Other(error)) => client
                .io
                .warn(format_args!("going on without sound: {error}")),
        }
    }
    let media = Media::new(&client.io, setups);
    // Elsewhere the host lets no datagrams out.
    let host = client.is_own_host().then(|| client.host().to_owned());
    let now = client.io.now();
    Ok(Delivery::new(media, routes, host, &client.url(), now))
}

async fn stream(
    client: &mut Client,
    offer: &Offer,
    way: Way,
    wanted: &Wanted<'_>,
) -> Result<Route, Refusal> {
    let ours = match way {
        Way::Unicast => {
            let bind = client.io.timeout(BIND, client.io.bind_datagrams());
            Some(bind.await.map_err(Error::from)??)
        }
        Way::Interleaved | Way::Multicast => None,
    };
    let channels = [2 * wanted.place, 2 * wanted.place + 1];
    let asked = match (way, &ours) {
        (Way::Multicast, _) => Asked::Multicast,
        (_, Some(ports)) => Asked::Unicast(ports.ports()),
        (_, None) => Asked::Interleaved(channels),
    };
    let answer = ask(client, wanted.uri, asked).await?;
    let link = match (way, ours) {
        (Way::Multicast, _) => {
            if !answer.multicast && (answer.client_port || is_tcp(&answer)) {
                return Err(OTHER_WAY);
            }
            let described = group::described(&offer.sdp, wanted.kind, wanted.control);
            let group = group::agreed(&answer, &described).ok_or_else(|| {
                Error::protocol("the camera agrees to multicast and names no IPv4 group for it")
            })?;
            Link::Group(join(&client.io, &group).await?)
        }
        (_, Some(ports)) => {
            if answer.multicast || is_tcp(&answer) {
                return Err(OTHER_WAY);
            }
            tell_of_source(client, &answer);
            Link::Unicast(ports, answer.server_port)
        }
        (_, None) => match answer.interleaved {
            Some(Channels::Numbers(chosen)) => Link::Interleaved(chosen),
            Some(Channels::Odd) => {
                let message = "the camera names interleaved channels that are no numbers";
                return Err(Error::protocol(message).into());
            }
            None if answer.client_port || answer.multicast => return Err(OTHER_WAY),
            None => Link::Interleaved(channels),
        },
    };
    let Setup {
        payload_type,
        clock_rate,
        ..
    } = wanted.setup;
    Ok(Route::new(link, answer.ssrc, *payload_type, *clock_rate))
}

const OTHER_WAY: Refusal = Refusal::Way("it answers with another transport");

fn is_tcp(answer: &Transport) -> bool {
    answer.tcp || answer.interleaved.is_some()
}

async fn ask(client: &mut Client, uri: &str, asked: Asked) -> Result<Transport, Refusal> {
    let transport = asked.header();
    let request = Request {
        method: "SETUP",
        uri,
        headers: &[("Transport", transport.as_str())],
    };
    let reply = client.call(request).await?;
    if reply.status == 461 {
        return Err(Refusal::Way("461"));
    }
    let success = expect_success(&reply, "SETUP");
    if matches!(reply.status, 454 | 455 | 459) && client.session.is_none() {
        return success
            .map_err(Refusal::Leftover)
            .map(|()| Transport::default());
    }
    success?;
    if client.session.is_none() {
        let session = reply.headers.get("session").and_then(Session::parse);
        let missing = || Error::protocol("the camera answers SETUP without a session");
        client.session = Some(session.ok_or_else(missing)?);
    }
    let answer = reply.headers.get("transport").unwrap_or_default();
    Ok(Transport::parse(answer))
}

/// Says what to do where a camera sends from an address that the host does not know.
fn tell_of_source(client: &Client, answer: &Transport) {
    let literal = |text: &str| text.parse::<std::net::IpAddr>().ok();
    let source = answer.source.as_deref().and_then(literal);
    if let (Some(source), Some(host)) = (source, literal(client.host()))
        && source != host
        && !source.is_unspecified()
    {
        let (port, _) = answer.server_port.unwrap_or((554, 555));
        client.io.warn(format_args!(
            "the camera says that it sends from {source}; if no video comes, add \
             \"{source}:{port}\" to reach"
        ));
    }
}

async fn join(io: &Io, group: &Group) -> Result<Datagrams, Error> {
    let (address, port) = (group.address.as_str(), group.rtp_port);
    let join = |source| io.timeout(BIND, io.join_multicast(address, port, source));
    let joined = match group.source.as_deref() {
        None => join(None).await?,
        source => match join(source).await? {
            // A host may not know how to listen to one sender alone.
            Err(error) if error.class == FailureClass::Unsupported => join(None).await?,
            joined => joined,
        },
    };
    joined.map_err(|error| {
        let hint = if error.message.contains("reach") {
            String::new()
        } else {
            format!("; hint: reach = [\"{address}:{port}\"]")
        };
        let message = format!(
            "the multicast group {address}:{port} cannot be joined: {}{hint}",
            error.message
        );
        Error::new(error.class, message)
    })
}
