//! What is said to the camera, from OPTIONS to TEARDOWN.

mod chance;
mod client;
mod control;
mod delivery;
mod describe;
mod group;
mod keepalive;
mod plan;
mod play;
mod route;
mod rtp_info;
mod session;
mod settings;
mod setup;
mod stream;
mod transport;
mod tunnel;
mod wire;

use padelvar_sdk::{Camera, Error, Io, Url};

use self::client::Client;
use self::describe::Answer;
use self::plan::Plan;
use self::play::End;
use self::settings::Settings;

/// Redirects followed; more is a circle.
const MAX_REDIRECTS: u32 = 3;

/// The adapter.
pub async fn run(camera: Camera, io: Io) -> Result<(), Error> {
    let settings = Settings::parse(&camera.options)?;
    let mut url = Url::parse(&camera.url)?;
    let encrypted = url.scheme() == "rtsps";
    let mut plan = Plan::new(settings.transport, encrypted, &camera.memory)?;
    let mut redirects = 0;
    loop {
        let mut client = Client::connect(&camera, &io, &url, plan.is_tunnelled()).await?;
        let end = match describe::describe(&mut client, camera.audio).await? {
            Answer::Redirect(location) => End::Redirect(location),
            Answer::Description(offer) => play::play(&mut client, &offer, &mut plan).await?,
        };
        match end {
            End::Over => return Ok(()),
            // The plan changes a few times at most.
            End::Again => {}
            End::Redirect(location) => {
                redirects += 1;
                if redirects > MAX_REDIRECTS {
                    return Err(Error::protocol("the camera redirects in a circle"));
                }
                let next = redirected(&url, &location)?;
                if next.scheme() != url.scheme() {
                    let encrypted = next.scheme() == "rtsps";
                    plan = Plan::new(settings.transport, encrypted, &camera.memory)?;
                }
                url = next;
            }
        }
    }
}

fn redirected(url: &Url, location: &str) -> Result<Url, Error> {
    let next = url
        .join(location)
        .map_err(|_| Error::protocol("the camera redirects to what is not a URL"))?;
    if url.scheme() == "rtsps" && next.scheme() != "rtsps" {
        let message = "the camera redirects from rtsps:// to what is not encrypted";
        return Err(Error::protocol(message));
    }
    Ok(next)
}
