//! A camera with a login call before its stream: the usual reason to write an adapter.
//!
//! What the camera speaks, as its maker's manual would say it:
//!
//! - `POST /login` with `{"username": …, "password": …}` answers `{"session": "…"}`; 401 where
//!   it refuses them.
//! - `GET /live` with `Cookie: session=…` answers pictures without end: `VC`, the length (four
//!   bytes, big-endian), the camera's clock in microseconds (eight bytes), and a JPEG each.
//!   401 where the session is over: the camera forgets it when it restarts.
//! - `POST /logout` with the cookie. A camera keeps few sessions, so say goodbye.
//!
//! The URL's path is not looked at: `vendor://10.0.0.11:80` is enough; `vendors://` speaks TLS.
#![forbid(unsafe_code)]

mod live;
mod login;

use core::time::Duration;

use padelvar_sdk::{Camera, Either, Error, Io, Request, Track, Url, select};

/// Ticks a second of the camera's clock.
const CLOCK_RATE: u32 = 1_000_000;
/// How long the camera may take to say goodbye; the host waits a second.
const GOODBYE: Duration = Duration::from_millis(700);

/// One session, from login to logout.
pub async fn run(camera: Camera, io: Io) -> Result<(), Error> {
    let base = base(&camera.url)?;
    let cookie = login::login(&camera, &io, &base).await?;
    let stopped = io.stopped();
    let ended = match select(watch(&io, &base, &cookie), stopped).await {
        Either::Left(ended) => ended,
        Either::Right(()) => Ok(()),
    };
    let goodbye = Request::new("POST", &format!("{base}/logout")).header("Cookie", &cookie);
    // Whatever it answers, there is nothing more to do.
    let _ = io.timeout(GOODBYE, io.request(goodbye)).await;
    ended
}

/// Hands over pictures for as long as they come.
async fn watch(io: &Io, base: &str, cookie: &str) -> Result<(), Error> {
    let request = Request::get(&format!("{base}/live")).header("Cookie", cookie);
    let response = io.request(request).await?;
    match response.status {
        200 => {}
        // The password was right a moment ago: the next attempt logs in again.
        401 => return Err(Error::protocol("the camera has forgotten the session")),
        503 => return Err(Error::unreachable("the camera has no free stream (503)")),
        other => {
            let message = format!("the camera answers the stream with status {other}");
            return Err(Error::protocol(message));
        }
    }
    let mut live = live::Live::new(response.body);
    let mut announced = false;
    while let Some(packet) = live.next().await? {
        if !announced {
            announced = true;
            io.tracks(vec![Track {
                id: live::VIDEO,
                codec: "mjpeg".to_owned(),
                clock_rate: CLOCK_RATE,
                config: Vec::new(),
                channels: 0,
            }]);
        }
        io.emit(packet);
    }
    Err(Error::protocol("the camera ended its stream"))
}

/// Where the camera's API is. An adapter asks by `http:` or `https:`, whatever its own scheme.
fn base(url: &str) -> Result<String, Error> {
    let url = Url::parse(url)?;
    let (scheme, port) = match url.scheme() {
        "vendor" => ("http", 80),
        "vendors" => ("https", 443),
        other => {
            let message = format!("{other}:// is not vendor:// or vendors://");
            return Err(Error::unsupported(message));
        }
    };
    let (host, port) = (url.host(), url.port_or(port));
    Ok(if host.contains(':') {
        format!("{scheme}://[{host}]:{port}")
    } else {
        format!("{scheme}://{host}:{port}")
    })
}

padelvar_sdk::adapter! {
    title: "Vendor cameras: login, then a stream",
    version: env!("CARGO_PKG_VERSION"),
    schemes: ["vendor", "vendors"],
    options: [],
    run: run,
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn where_the_api_is() {
        for (url, wanted) in [
            ("vendor://cam", "http://cam:80"),
            ("vendor://10.0.0.11:8080/x?y", "http://10.0.0.11:8080"),
            ("vendors://[fe80::1]", "https://[fe80::1]:443"),
        ] {
            assert_eq!(base(url).as_deref(), Ok(wanted));
        }
        assert!(base("rtsp://cam").is_err());
    }
}
