//! One session: what is read, and the playing of it.

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use padelvar_sdk::fetch::Fetcher;
use padelvar_sdk::time::after;
use padelvar_sdk::{Camera, Error, Io, Microseconds, Timer};

use super::playlist::{Playlist, Wanted, choose, parse};
use super::reader::{Reader, Role, load};
use super::sound;
use crate::output::Output;
use crate::pace::Pacer;

/// Without a picture for three segments' time the camera is taken for dead, but not sooner and
/// not later than these; the host itself waits 30 s.
const LEAST_PATIENCE: Duration = Duration::from_secs(10);
const MOST_PATIENCE: Duration = Duration::from_secs(25);

/// Bytes in one answer to the host, who takes 16 MiB: one picture may come on top.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// How long the rest of the sound may take once all pictures were read.
const LAST_SOUND: Duration = Duration::from_secs(5);

/// What reading and playing share.
pub struct Shared {
    /// What was read and is not due yet.
    pub pacer: RefCell<Pacer>,
    patience: Cell<Duration>,
}

impl Shared {
    /// The camera's segments are that long.
    pub fn be_patient(&self, target: Duration) {
        let patience = (target * 3).clamp(LEAST_PATIENCE, MOST_PATIENCE);
        self.patience.set(patience);
    }
}

/// Plays a stream whose first playlist is `text`; `fetcher` has it from there.
pub async fn run(
    camera: &Camera,
    io: &Io,
    fetcher: Fetcher,
    text: String,
    wanted: Wanted,
) -> Result<(), Error> {
    let shared = Shared {
        pacer: RefCell::default(),
        patience: Cell::new(LEAST_PATIENCE),
    };
    let mut player = Player {
        io,
        shared: &shared,
        output: Output::new(io),
        begun: io.now(),
        timer: io.timer(),
        set_for: None,
    };
    let mut reading = pin!(read(camera, io, &shared, fetcher, text, wanted));
    let mut read = None;
    // Not `select`: what was read is played to its end, whatever ended the reading.
    poll_fn(|context| {
        if read.is_none()
            && let Poll::Ready(result) = reading.as_mut().poll(context)
        {
            read = Some(result);
        }
        let alive = player.play();
        match &mut read {
            Some(result) if shared.pacer.borrow().is_empty() => {
                Poll::Ready(core::mem::replace(result, Ok(())))
            }
            _ => alive.map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending),
        }
    })
    .await
}

/// Reads to the stream's end.
async fn read(
    camera: &Camera,
    io: &Io,
    shared: &Shared,
    mut playlist: Fetcher,
    text: String,
    wanted: Wanted,
) -> Result<(), Error> {
    let (media, sound) = match parse(&text)? {
        Playlist::Media(media) => (media, None),
        Playlist::Master(variants) => {
            let variant = choose(&variants, wanted).ok_or_else(|| {
                Error::unsupported("the camera's HLS offers neither H.264 nor H.265 pictures")
            })?;
            let url = |uri| {
                let url = playlist.url().join(uri);
                url.map_err(|error| {
                    Error::protocol(format!("the camera's HLS names a wrong playlist: {error}"))
                })
            };
            let sound = variant.sound.as_deref().filter(|_| camera.audio);
            let (pictures, sound) = (url(&variant.uri)?, sound.map(url).transpose()?);
            playlist.go_to(pictures);
            (load(io, &mut playlist).await?, sound)
        }
    };
    let Some(sound) = sound else {
        let mut reader = Reader::new(camera, io, shared, Role::All, playlist)?;
        return reader.read(media).await;
    };
    let mut reader = Reader::new(camera, io, shared, Role::Pictures, playlist)?;
    let mut sound = pin!(sound::read(camera, io, shared, sound));
    let mut pictures = pin!(reader.read(media));
    let mut heard = false;
    let result = poll_fn(|context| {
        let state = pictures.as_mut().poll(context);
        heard = heard || sound.as_mut().poll(context).is_ready();
        state
    })
    .await;
    if result.is_ok() && !heard {
        // What belongs to the last pictures; without it they are played all the same.
        let _ = io.timeout(LAST_SOUND, sound).await;
    }
    result
}

/// Hands on what is due.
struct Player<'a> {
    io: &'a Io,
    shared: &'a Shared,
    output: Output,
    begun: Microseconds,
    timer: Timer,
    set_for: Option<Microseconds>,
}

impl Player<'_> {
    /// To be called at each event. An error where no picture comes.
    fn play(&mut self) -> Result<(), Error> {
        let now = self.io.now();
        let mut pacer = self.shared.pacer.borrow_mut();
        let mut bytes = 0;
        while bytes < ANSWER_BYTES
            && let Some(sample) = pacer.release(now)
        {
            bytes += sample.data.len();
            self.output.emit(sample);
        }
        let last = self.output.last_picture().unwrap_or(self.begun);
        let patience = self.shared.patience.get();
        let deadline = after(last, patience);
        if now >= deadline {
            let message = format!("no picture for {} s", patience.as_secs());
            return Err(Error::unreachable(message));
        }
        let at = pacer.next_due().map_or(deadline, |due| due.min(deadline));
        if self.set_for != Some(at) || at <= now {
            self.set_for = Some(at);
            self.timer.set(at);
        }
        Ok(())
    }
}
