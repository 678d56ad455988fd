//! An adapter with simulated cameras: good ones, guarded ones, and such that do what cameras do
//! wrong.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use simcam::{Fault, RtspConfig, Scheme};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::cameras::{ACCOUNT, Camera, FPS, Kind};
use super::live::{FIRST_PICTURE, Failure, Live};
use super::report::Case;
use super::variants;
use super::viewer::Seen;
use crate::cassette::Cassette;
use crate::plugins::Adapter;
use crate::plugins::types::FailureClass;

/// Pictures of a happy conversation: two seconds and a little.
const PICTURES: usize = 2 * FPS as usize + 2;
/// Pictures before something goes wrong.
const BEFORE: usize = 3;
/// An adapter that is dropped, or hears nonsense, has noticed by then, or goes on.
const NOTICED: Duration = Duration::from_secs(15);
/// Requests after which one that is refused each time goes in a circle.
const MOST_REFUSED: usize = 10;

/// The adapter's own options.
pub type Options = [(String, String)];

/// All cases, for every simulated camera whose scheme the adapter knows.
pub async fn cases(adapter: &Arc<Adapter>, options: &Options) -> Vec<Case> {
    let schemes = &adapter.description().schemes;
    let kinds: Vec<Kind> = schemes
        .iter()
        .flat_map(|scheme| Kind::of_scheme(scheme))
        .copied()
        .collect();
    if kinds.is_empty() {
        let known = schemes.join(", ");
        let reason = format!(
            "there is none for its schemes ({known}); hint: point --camera URL at a simulator of your own"
        );
        return vec![Case::skipped("a simulated camera", reason)];
    }
    let mut cases = Vec::new();
    let mut played = false;
    for kind in kinds {
        let (more, plays) = with(kind, adapter, options).await;
        cases.extend(more);
        played |= plays;
    }
    if !played
        && cases
            .iter()
            .all(|case| case.verdict == super::Verdict::Skipped)
    {
        let reason =
            "no simulated camera is one for this adapter; hint: point --camera URL at one that is";
        cases.push(Case::skipped("a simulated camera", reason));
    }
    cases
}

/// The cases of one kind of camera, and whether it is one for this adapter.
async fn with(kind: Kind, adapter: &Arc<Adapter>, options: &Options) -> (Vec<Case>, bool) {
    let who = kind.name();
    let name = |what: &str| format!("{who}: {what}");
    let camera = match Camera::start(kind, None).await {
        Ok(camera) => camera,
        Err(error) => return (vec![Case::of(name("pictures"), Err(error))], true),
    };
    let live = Live::start(adapter, camera.spec(None, options), true);
    let cassette = match happy(live, kind).await {
        Ok(cassette) => cassette,
        Err(failure) if failure.class == Some(FailureClass::Unsupported) => {
            let reason = format!("not for this adapter: {}", failure.message);
            return (vec![Case::skipped(name("pictures"), reason)], false);
        }
        Err(failure) => {
            let reason = failure.message;
            return (vec![Case::of(name("pictures"), Err(reason))], true);
        }
    };
    let (cassette, seen) = cassette;
    let mut cases = vec![Case::of(name("pictures"), Ok(seen))];
    let stage = Stage {
        kind,
        adapter,
        options,
    };
    let mut tries: Vec<(&str, BoxFuture<Outcome>)> = vec![
        ("password, Basic", stage.password(Scheme::Basic).boxed()),
        (
            "password, Digest MD5",
            stage.password(Scheme::DigestMd5).boxed(),
        ),
        (
            "password, Digest SHA-256",
            stage.password(Scheme::DigestSha256).boxed(),
        ),
        ("wrong password", stage.refused(Some("wrong")).boxed()),
        ("no password", stage.refused(None).boxed()),
        (
            "the camera hangs up",
            stage.fault(Fault::Close, Bad::Ends).boxed(),
        ),
        (
            "half a picture",
            stage.fault(Fault::TruncateFrame, Bad::Any).boxed(),
        ),
        (
            "half a message",
            stage.fault(Fault::TruncateMessage, Bad::Ends).boxed(),
        ),
        (
            "a giant header",
            stage.fault(Fault::GiantHeader(8 << 20), Bad::Any).boxed(),
        ),
        ("a message that lies about its length", stage.lie().boxed()),
        (
            "rubbish between messages",
            stage.fault(Fault::Garbage(100_000), Bad::Any).boxed(),
        ),
        ("redirected elsewhere", stage.redirected_elsewhere().boxed()),
        (
            "redirected in a circle",
            stage.redirected_in_a_circle().boxed(),
        ),
        ("stop", stage.stopped().boxed()),
    ];
    if kind == Kind::Rtsp {
        let second = 90_000;
        tries.extend([
            ("timestamps pass their end", stage.wrap().boxed()),
            ("timestamps jump ahead", stage.jump(100 * second).boxed()),
            ("timestamps jump back", stage.jump(-100 * second).boxed()),
        ]);
    }
    let (names, tries): (Vec<&str>, Vec<_>) = tries.into_iter().unzip();
    let outcomes = join_all(tries).await;
    let tried = names.into_iter().zip(outcomes);
    cases.extend(tried.map(|(what, outcome)| Case::of(name(what), outcome)));
    cases.extend(variants::cases(who, adapter, &cassette).await);
    (cases, true)
}

type Outcome = Result<String, String>;

/// What is to become of an attempt when something went wrong.
#[derive(Clone, Copy)]
enum Bad {
    /// It ends, or the adapter connects anew by itself: both bring pictures again.
    Ends,
    /// It may also go on as if nothing had been.
    Any,
}

struct Stage<'a> {
    kind: Kind,
    adapter: &'a Arc<Adapter>,
    options: &'a Options,
}

impl Stage<'_> {
    fn start(&self, camera: &Camera, password: Option<&str>) -> Live {
        Live::start(self.adapter, camera.spec(password, self.options), false)
    }

    async fn password(&self, scheme: Scheme) -> Outcome {
        let camera = Camera::start(self.kind, Some(scheme)).await?;
        let mut live = self.start(&camera, Some(ACCOUNT.1));
        live.pictures(BEFORE, FIRST_PICTURE)
            .await
            .map_err(|failure| failure.message)?;
        live.stop().await.map_err(|failure| failure.message)?;
        Ok(String::new())
    }

    /// A password that is not the right one.
    async fn refused(&self, password: Option<&str>) -> Outcome {
        let camera = Camera::start(self.kind, Some(Scheme::DigestMd5)).await?;
        let mut live = self.start(&camera, password);
        let Some(failure) = live.end(FIRST_PICTURE).await else {
            return Err("it does not give up".to_owned());
        };
        let asked = camera.answered(401);
        if failure.class != Some(FailureClass::Auth) {
            return Err(format!("it did not fail with `auth`: {}", failure.message));
        }
        if asked > MOST_REFUSED {
            return Err(format!(
                "it was refused {asked} times before it gave up: many makes lock the account"
            ));
        }
        Ok(failure.message)
    }

    async fn fault(&self, fault: Fault, bad: Bad) -> Outcome {
        let camera = Camera::start(self.kind, None).await?;
        let mut live = self.start(&camera, None);
        live.pictures(BEFORE, FIRST_PICTURE)
            .await
            .map_err(|failure| failure.message)?;
        camera.handle.inject(fault);
        self.survives(live, bad).await
    }

    async fn lie(&self) -> Outcome {
        let claimed = if self.kind == Kind::Rtsp {
            65_000
        } else {
            4 << 30
        };
        self.fault(Fault::LengthLie(claimed), Bad::Any).await
    }

    /// Ends with a reason, or goes on with pictures.
    async fn survives(&self, mut live: Live, bad: Bad) -> Outcome {
        let had = live.viewer.seen().packets.len();
        match live.pictures(had + PICTURES, NOTICED).await {
            Ok(()) => {
                live.stop().await.map_err(|failure| failure.message)?;
                Ok("goes on".to_owned())
            }
            Err(failure) if failure.crashed => Err(failure.message),
            Err(failure) if failure.class == Some(FailureClass::Auth) => Err(format!(
                "it failed with `auth`, which the host takes for a wrong password: {}",
                failure.message
            )),
            Err(Failure {
                class: Some(_),
                message,
                ..
            }) => Ok(message),
            Err(failure) => match bad {
                Bad::Any if failure.message == "it finished" => Ok(failure.message),
                _ => Err(failure.message),
            },
        }
    }

    async fn redirected_elsewhere(&self) -> Outcome {
        let trap = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|error| error.to_string())?;
        let address = trap.local_addr().map_err(|error| error.to_string())?;
        let outcome = self
            .redirected(&format!("{}://{address}/x", self.scheme()))
            .await;
        match timeout(Duration::from_millis(100), trap.accept()).await {
            Ok(_) => Err("the host let it connect to an address that is not granted".to_owned()),
            Err(_) => outcome,
        }
    }

    async fn redirected_in_a_circle(&self) -> Outcome {
        let camera = Camera::start(self.kind, None).await?;
        let url = camera.url();
        self.redirected_by(camera, &url).await
    }

    async fn redirected(&self, to: &str) -> Outcome {
        let camera = Camera::start(self.kind, None).await?;
        self.redirected_by(camera, to).await
    }

    async fn redirected_by(&self, camera: Camera, to: &str) -> Outcome {
        camera.handle.inject(Fault::Redirect(Some(to.to_owned())));
        let mut live = self.start(&camera, None);
        let failure = live.end(FIRST_PICTURE).await;
        let asked = camera.answered(301) + camera.answered(302) + camera.answered(307);
        match failure {
            None => Err(format!(
                "it does not give up; it was redirected {asked} times"
            )),
            Some(failure) if failure.crashed => Err(failure.message),
            Some(failure) if asked > MOST_REFUSED => Err(format!(
                "it was redirected {asked} times: {}",
                failure.message
            )),
            Some(failure) => Ok(failure.message),
        }
    }

    fn scheme(&self) -> &'static str {
        match self.kind {
            Kind::Rtsp => "rtsp",
            Kind::Mjpeg | Kind::Snapshot => "http",
        }
    }

    async fn stopped(&self) -> Outcome {
        let camera = Camera::start(self.kind, None).await?;
        let mut live = Live::start(self.adapter, camera.spec(None, self.options), true);
        live.pictures(BEFORE, FIRST_PICTURE)
            .await
            .map_err(|failure| failure.message)?;
        let (_, file) = live.stop().await.map_err(|failure| failure.message)?;
        let cassette = Cassette::read(&file).map_err(|error| error.to_string())?;
        let said = cassette.turns().any(|turn| {
            let answer = turn.answer.iter().flatten();
            answer.clone().any(|command| command == "finished")
        });
        if !said {
            return Err("it did not answer `finished` within 1 s".to_owned());
        }
        // The camera's side of it is told a moment later.
        for _ in 0..50 {
            if camera.handle.connected() == 0 {
                return Ok(String::new());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err("a connection is open after it finished".to_owned())
    }

    async fn wrap(&self) -> Outcome {
        let first = RtspConfig::near_wrap(1);
        let camera = Camera::rtsp_with(self.kind, None, Some(first)).await?;
        let mut live = self.start(&camera, None);
        live.pictures(PICTURES, FIRST_PICTURE)
            .await
            .map_err(|failure| failure.message)?;
        let (seen, _) = live.stop().await.map_err(|failure| failure.message)?;
        rising(&seen)
    }

    async fn jump(&self, ticks: i64) -> Outcome {
        self.fault(Fault::TimestampJump(ticks), Bad::Any).await
    }
}

/// A conversation that goes well: its cassette, and what was seen.
pub async fn happy(mut live: Live, kind: Kind) -> Result<(Cassette, String), Failure> {
    live.pictures(PICTURES, FIRST_PICTURE).await?;
    let (seen, file) = live.stop().await?;
    let wrong = |message: String| Failure::other(message);
    let cassette = Cassette::read(&file).map_err(|error| wrong(error.to_string()))?;
    if !seen.packets.first().is_some_and(|packet| packet.keyframe) {
        return Err(wrong("the first picture is no keyframe".to_owned()));
    }
    let told = rising(&seen).map_err(wrong)?;
    // A camera with a clock of its own tells it.
    if kind == Kind::Rtsp && seen.packets.iter().any(|packet| packet.timestamp.is_none()) {
        return Err(wrong(
            "a picture is without the camera's timestamp".to_owned(),
        ));
    }
    Ok((cassette, told))
}

/// Timestamps and arrivals rise; those of a 32-bit counter pass its end.
pub fn rising(seen: &Seen) -> Outcome {
    let Some(track) = seen.packets.first().map(|packet| packet.track) else {
        return Err("there is no picture".to_owned());
    };
    let rate = seen.tracks.iter().find(|known| known.id == track);
    let rate = u64::from(rate.map_or(90_000, |track| track.clock_rate));
    let of_track: Vec<_> = seen.packets.iter().filter(|it| it.track == track).collect();
    for (at, pair) in of_track.windows(2).enumerate() {
        if pair[1].arrived < pair[0].arrived {
            return Err(format!(
                "picture {} arrives before the one before it",
                at + 1
            ));
        }
        let (Some(before), Some(after)) = (pair[0].timestamp, pair[1].timestamp) else {
            continue;
        };
        let step = after.wrapping_sub(before) & 0xffff_ffff;
        if step == 0 || step > 30 * rate {
            return Err(format!(
                "the timestamp of picture {} is {after}, after {before}",
                at + 1
            ));
        }
    }
    Ok(String::new())
}
