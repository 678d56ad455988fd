//! Sound that stands in a playlist of its own (RFC 8216, section 4.3.4.1), as MediaMTX gives it.

use core::time::Duration;

use padelvar_sdk::fetch::Fetcher;
use padelvar_sdk::{Camera, Error, FailureClass, Io, Url};

use super::reader::{Reader, Role, load};
use super::session::Shared;

/// How long it is left alone where it failed.
const PAUSE: Duration = Duration::from_secs(10);

/// Reads the sound beside the pictures, to its end. Pictures are what counts: where it fails,
/// that is told once, and it is tried again; where it cannot be read at all, it is left out.
pub async fn read(camera: &Camera, io: &Io, shared: &Shared, url: Url) {
    let mut told = false;
    while let Err(error) = once(camera, io, shared, url.clone()).await {
        if !told {
            io.warn(format_args!("the camera's sound is left out: {error}"));
            told = true;
        }
        if error.class == FailureClass::Unsupported {
            return;
        }
        io.sleep(PAUSE).await;
    }
}

async fn once(camera: &Camera, io: &Io, shared: &Shared, url: Url) -> Result<(), Error> {
    let mut playlist = Fetcher::new(camera, io)?;
    playlist.go_to(url);
    let media = load(io, &mut playlist).await?;
    let mut reader = Reader::new(camera, io, shared, Role::Sound, playlist)?;
    reader.read(media).await
}
