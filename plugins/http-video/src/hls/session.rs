//! One session: reading playlists and segments, and playing them.

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::rc::Rc;

use padelvar_sdk::fetch::Fetcher;
use padelvar_sdk::time::after;
use padelvar_sdk::{Body, Camera, Error, FailureClass, Io, Microseconds, Timer};

use super::follow::Follow;
use super::playlist::{ByteRange, Map, Media, Playlist, Segment, Wanted, choose, parse};
use crate::fmp4::Mp4Demuxer;
use crate::kind::Container;
use crate::output::Output;
use crate::pace::Pacer;
use crate::run::{Head, recognise};
use crate::sample::Segmented;
use crate::ts::TsDemuxer;

/// A playlist of a day of segments is some hundred kilobytes long.
const MAX_PLAYLIST_BYTES: usize = 1024 * 1024;

/// The beginning of an MP4 is some kilobytes long.
const MAX_MAP_BYTES: usize = 1024 * 1024;

/// How long a playlist may take.
const PLAYLIST: Duration = Duration::from_secs(10);

/// So many failures in a row, of playlists or of segments, and the camera is taken for dead.
const MAX_FAILURES: u32 = 3;

/// More bytes in wait, and the next segment is left at the camera.
const AHEAD_BYTES: usize = 12 * 1024 * 1024;

/// Without a picture for three segments' time the camera is taken for dead, but not sooner and
/// not later than these; the host itself waits 30 s.
const LEAST_PATIENCE: Duration = Duration::from_secs(10);
const MOST_PATIENCE: Duration = Duration::from_secs(25);

/// Bytes in one answer to the host, who takes 16 MiB: one picture may come on top.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What reading and playing share.
struct Shared {
    pacer: RefCell<Pacer>,
    patience: Cell<Duration>,
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
    let mut reader = Reader {
        io,
        shared: &shared,
        segments: Fetcher::new(camera, io)?,
        playlist: fetcher,
        ts: TsDemuxer::new(camera.audio),
        mp4: Mp4Demuxer::new(camera.audio),
        map: None,
        failures: 0,
    };
    let mut player = Player {
        io,
        shared: &shared,
        output: Output::new(io),
        begun: io.now(),
        timer: io.timer(),
        set_for: None,
    };
    let mut reading = pin!(reader.read(text, wanted));
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

/// The rest of a playlist whose first bytes are there.
pub async fn read_on(head: Vec<u8>, body: &mut Body) -> Result<String, Error> {
    let room = MAX_PLAYLIST_BYTES.saturating_sub(head.len());
    let mut bytes = head;
    bytes.extend(body.read_to_end(room).await?);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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

/// Reads what is there to be read, ahead of the player.
struct Reader<'a> {
    io: &'a Io,
    shared: &'a Shared,
    playlist: Fetcher,
    segments: Fetcher,
    ts: TsDemuxer,
    mp4: Mp4Demuxer,
    /// The beginning that `mp4` has.
    map: Option<Rc<Map>>,
    /// In a row, of segments.
    failures: u32,
}

impl Reader<'_> {
    /// Until the stream's end.
    async fn read(&mut self, text: String, wanted: Wanted) -> Result<(), Error> {
        let mut media = self.first(&text, wanted).await?;
        let mut follow = Follow::default();
        loop {
            let loaded = self.io.now();
            let patience = (media.target * 3).clamp(LEAST_PATIENCE, MOST_PATIENCE);
            self.shared.patience.set(patience);
            let plan = follow.plan(&media);
            self.lost(plan.lost);
            if plan.cut {
                self.shared.pacer.borrow_mut().cut();
            }
            for segment in plan.segments {
                self.room(media.target).await;
                self.segment(segment).await?;
            }
            if media.ended {
                return Ok(());
            }
            // Section 6.3.4: half of it where nothing was new.
            let pause = if plan.segments.is_empty() {
                media.target / 2
            } else {
                media.target
            };
            self.io.sleep_until(after(loaded, pause)).await;
            media = self.again().await?;
        }
    }

    /// The first list of segments.
    async fn first(&mut self, text: &str, wanted: Wanted) -> Result<Media, Error> {
        match parse(text)? {
            Playlist::Media(media) => Ok(media),
            Playlist::Master(variants) => {
                let variant = choose(&variants, wanted).ok_or_else(|| {
                    Error::unsupported("the camera's HLS offers neither H.264 nor H.265 pictures")
                })?;
                let url = self.playlist.url().join(&variant.uri).map_err(|error| {
                    Error::protocol(format!("the camera's HLS names a wrong playlist: {error}"))
                })?;
                self.playlist.go_to(url);
                self.load().await
            }
        }
    }

    /// The playlist once more; single failures are forgiven.
    async fn again(&mut self) -> Result<Media, Error> {
        let mut failures = 0;
        loop {
            let error = match self.load().await {
                Ok(media) => return Ok(media),
                Err(error) => error,
            };
            failures += 1;
            let lasting = matches!(error.class, FailureClass::Auth | FailureClass::Unsupported);
            if lasting || failures == MAX_FAILURES {
                return Err(error);
            }
            self.io.sleep(Duration::from_secs(1)).await;
        }
    }

    async fn load(&mut self) -> Result<Media, Error> {
        let playlist = &mut self.playlist;
        let load = async {
            let mut response = playlist.get().await?;
            read_on(Vec::new(), &mut response.body).await
        };
        let text = self.io.timeout(PLAYLIST, load).await;
        let text = text
            .map_err(Error::from)
            .flatten()
            .map_err(|error| error.during("the playlist"))?;
        match parse(&text)? {
            Playlist::Media(media) => Ok(media),
            Playlist::Master(_) => Err(Error::protocol(
                "the camera's HLS names a list of variants where one of segments should be",
            )),
        }
    }

    /// Waits until the player needs more.
    async fn room(&self, target: Duration) {
        poll_fn(|_| {
            let pacer = self.shared.pacer.borrow();
            let span = Duration::from_micros(pacer.span(self.io.now()));
            if span > target || pacer.bytes() > AHEAD_BYTES {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Reads one segment. One that cannot be had is a loss; several in a row are an error.
    async fn segment(&mut self, segment: &Segment) -> Result<(), Error> {
        if segment.discontinuity {
            self.shared.pacer.borrow_mut().cut();
        }
        if segment.missing {
            self.lost(1);
            return Ok(());
        }
        let error = match self.fetch(segment).await {
            Ok(()) => {
                self.failures = 0;
                return Ok(());
            }
            Err(error) => error.during("a segment"),
        };
        self.failures += 1;
        let lasting = matches!(error.class, FailureClass::Auth | FailureClass::Unsupported);
        if lasting || self.failures == MAX_FAILURES {
            return Err(error);
        }
        self.lost(1);
        if self.failures == 1 {
            self.io.debug(format_args!("a gap: {error}"));
        }
        Ok(())
    }

    async fn fetch(&mut self, segment: &Segment) -> Result<(), Error> {
        if let Some(map) = &segment.map
            && segment.map != self.map
        {
            let mut body = self.open(&map.uri, map.range).await?;
            self.mp4.init(&body.read_to_end(MAX_MAP_BYTES).await?)?;
            self.map.clone_from(&segment.map);
        }
        let mut body = self.open(&segment.uri, segment.range).await?;
        let head = if segment.map.is_some() {
            Head::none(self.io.now())
        } else {
            let (container, head) = recognise(self.io, &mut body).await?;
            if container != Container::Ts {
                return Err(Error::unsupported(
                    "it is neither MPEG-TS nor fragmented MP4",
                ));
            }
            head
        };
        let is_mp4 = segment.map.is_some();
        let result = self.read_body(is_mp4, head, &mut body).await;
        let (now, mut samples) = (self.io.now(), Vec::new());
        self.demuxer(is_mp4)
            .end_of_file(result.is_ok(), now, &mut samples);
        self.wait_in_line(samples);
        result
    }

    async fn open(&mut self, uri: &str, range: Option<ByteRange>) -> Result<Body, Error> {
        let url = self.playlist.url().join(uri);
        let url =
            url.map_err(|error| Error::protocol(format!("the camera names it wrongly: {error}")))?;
        self.segments.go_to(url);
        let response = match range {
            Some(range) => self.segments.get_range(range.start, range.len).await?,
            None => self.segments.get().await?,
        };
        Ok(response.body)
    }

    fn demuxer(&mut self, is_mp4: bool) -> &mut dyn Segmented {
        if is_mp4 { &mut self.mp4 } else { &mut self.ts }
    }

    async fn read_body(&mut self, is_mp4: bool, head: Head, body: &mut Body) -> Result<(), Error> {
        let (mut bytes, mut arrived) = (head.bytes, head.arrived);
        loop {
            let mut samples = Vec::new();
            let pushed = self.demuxer(is_mp4).push(&bytes, arrived, &mut samples);
            self.wait_in_line(samples);
            pushed?;
            let Some(chunk) = body.chunk().await? else {
                return Ok(());
            };
            (bytes, arrived) = (chunk.bytes, chunk.arrived);
        }
    }

    fn wait_in_line(&mut self, samples: Vec<crate::sample::Sample>) {
        let mut pacer = self.shared.pacer.borrow_mut();
        for sample in samples {
            pacer.push(sample, self.io.now());
        }
    }

    fn lost(&mut self, segments: u64) {
        let count = u32::try_from(segments).unwrap_or(u32::MAX);
        self.demuxer(self.map.is_some()).lost(count);
    }
}
