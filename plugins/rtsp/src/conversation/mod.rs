//! What is said to the camera, from OPTIONS to TEARDOWN.

mod client;
mod control;
mod describe;
mod keepalive;
mod play;
mod session;
mod settings;
mod stream;

use padelvar_sdk::{Camera, Error, Io, Url};

use self::client::Client;
use self::describe::Answer;
use self::settings::Settings;

/// Redirects followed; more is a circle.
const MAX_REDIRECTS: u32 = 3;

/// The adapter.
pub async fn run(camera: Camera, io: Io) -> Result<(), Error> {
    Settings::parse(&camera.options)?;
    let mut url = Url::parse(&camera.url)?;
    for _ in 0..=MAX_REDIRECTS {
        let mut client = Client::connect(&camera, &io, &url).await?;
        match describe::describe(&mut client, camera.audio).await? {
            Answer::Redirect(location) => {
                url = url
                    .join(&location)
                    .map_err(|_| Error::protocol("the camera redirects to what is not a URL"))?;
            }
            Answer::Description(description) => {
                return play::play(&mut client, &description).await;
            }
        }
    }
    Err(Error::protocol("the camera redirects in a circle"))
}
