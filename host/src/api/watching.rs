//! What the previews and the proxy listener share: who may watch, and JPEGs as an answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::App;
use super::caller::Papers;
use super::open_answers::OpenAnswers;
use super::permit::Permit;
use super::problem::Problem;
use crate::auth::{Action, Purpose};
use crate::media::Codec;
use crate::preview::{Picture, Viewer};
use crate::proxy::Feed;
use crate::recording::ToolStatus;
use crate::session::SessionError;

/// Between the parts of a multipart answer.
const BOUNDARY: &str = "padelvar-frame";
/// While there is nothing new the last picture is sent again so often: intermediaries do not
/// take the answer for dead, and a client that is gone is found out.
const AGAIN_EVERY: Duration = Duration::from_secs(10);

/// A feed that the caller may watch, for as long as the permit stands.
pub struct Watched {
    pub feed: Arc<Feed>,
    pub permit: Permit,
}

/// The feed of a session that the caller may watch.
pub async fn viewed(app: &App, papers: &Papers, id: &str) -> Result<Watched, Problem> {
    let caller = papers.caller(app, id, Purpose::Preview).await?;
    let session = app.sessions.get(id)?;
    let resource = session.resource();
    let permit = Permit::ask(&app.door, caller, Action::PreviewView, resource)?;
    session.touch();
    let feed = session.feed().ok_or(SessionError::Closed)?;
    Ok(Watched { feed, permit })
}

/// Refuses a stream of pictures that FFmpeg would have to make while there is none.
pub async fn can_be_shown(app: &App, feed: &Feed) -> Result<(), Problem> {
    let codec = feed.status().codec;
    if codec.is_none_or(|codec| codec == Codec::Mjpeg) {
        return Ok(());
    }
    match app.sessions.ffmpeg().await {
        ToolStatus::Available(_) => Ok(()),
        ToolStatus::Missing(reason) => Err(SessionError::NoFfmpeg(reason).into()),
    }
}

/// Whether only the head of an answer is asked for: nothing is begun for it.
pub struct HeadOnly(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for HeadOnly {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.method == Method::HEAD))
    }
}

/// An answer that goes on, of this type.
pub fn endless(kind: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, body).into_response()
}

/// The head of such an answer. Its body has no length, as that of the answer has none.
pub fn endless_head(kind: &str) -> Response {
    endless(
        kind,
        Body::from_stream(stream::empty::<Result<Bytes, Infallible>>()),
    )
}

/// The type of JPEGs one after the other.
pub fn multipart_type() -> String {
    format!("multipart/x-mixed-replace; boundary={BOUNDARY}")
}

/// One JPEG a part. A client has one slot, the latest picture: one that is slow sees fewer and
/// costs nobody anything.
pub fn multipart(answers: &OpenAnswers, permit: Permit, viewer: Viewer) -> Response {
    endless(&multipart_type(), answers.body(permit, parts(viewer)))
}

fn parts(viewer: Viewer) -> impl Stream<Item = Bytes> + Send {
    let mut again = interval(AGAIN_EVERY);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pictures = Pictures {
        viewer,
        again,
        last: None,
        fresh: true,
    };
    let opening = Bytes::from(format!("--{BOUNDARY}\r\n"));
    let parts = stream::unfold(pictures, |mut pictures| async {
        let picture = pictures.next().await?;
        Some((picture.framed(part), pictures))
    });
    stream::iter([opening]).chain(parts)
}

/// A part, from behind its boundary to behind the next one: browsers show a picture when the
/// boundary after it has come.
fn part(jpeg: &Bytes) -> Bytes {
    let head = format!(
        "Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        jpeg.len()
    );
    let tail = format!("\r\n--{BOUNDARY}\r\n");
    [head.as_bytes(), jpeg, tail.as_bytes()].concat().into()
}

/// A viewer's pictures, the last one again when nothing new comes.
struct Pictures {
    viewer: Viewer,
    again: Interval,
    last: Option<Arc<Picture>>,
    /// The last one was sent since the last tick.
    fresh: bool,
}

impl Pictures {
    async fn next(&mut self) -> Option<Arc<Picture>> {
        loop {
            tokio::select! {
                biased;
                picture = self.viewer.next() => {
                    let picture = picture?;
                    self.last = Some(Arc::clone(&picture));
                    self.fresh = true;
                    return Some(picture);
                }
                _ = self.again.tick() => {
                    if !std::mem::take(&mut self.fresh)
                        && let Some(last) = &self.last
                    {
                        return Some(Arc::clone(last));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::media::testing;
    use crate::preview::{Audience, Previews};
    use crate::proxy::testing::feed;

    #[tokio::test]
    async fn parts_are_made_once_for_all() {
        let (feed, camera) = feed();
        let jpeg = testing::jpeg("64x36");
        camera.jpeg(&jpeg);
        let previews = Previews::new(1);
        let answers = OpenAnswers::new(CancellationToken::new());
        let mut seen = Vec::new();
        for _ in 0..2 {
            let viewer = previews.view("s", &feed, Path::new("none"), Audience::Viewers);
            let answer = multipart(&answers, Permit::open_to_all(), viewer);
            let mut body = answer.into_body().into_data_stream();
            let opening = body.next().await.unwrap().unwrap();
            assert_eq!(opening, "--padelvar-frame\r\n");
            seen.push(body.next().await.unwrap().unwrap());
        }
        assert_eq!(seen[0].as_ptr(), seen[1].as_ptr());
        let head = format!(
            "Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
            jpeg.len()
        );
        let whole = [head.as_bytes(), &jpeg, b"\r\n--padelvar-frame\r\n"].concat();
        assert_eq!(seen[0], whole);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_picture_comes_again() {
        let (feed, camera) = feed();
        camera.jpeg(&testing::jpeg("64x36"));
        let previews = Previews::new(1);
        let viewer = previews.view("s", &feed, Path::new("none"), Audience::Viewers);
        let mut parts = std::pin::pin!(parts(viewer));
        parts.next().await.unwrap();
        let first = parts.next().await.unwrap();
        let asked = tokio::time::Instant::now();
        assert_eq!(parts.next().await.unwrap(), first);
        assert!(asked.elapsed() <= 2 * AGAIN_EVERY, "{:?}", asked.elapsed());
        drop((feed, camera));
        assert!(parts.next().await.is_none());
    }
}
