//! Reading one list of segments, ahead of the player.

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::rc::Rc;

use padelvar_sdk::fetch::Fetcher;
use padelvar_sdk::time::after;
use padelvar_sdk::{Body, Camera, Error, FailureClass, Io};

use super::follow::Follow;
use super::playlist::{ByteRange, Map, Media, Playlist, Segment, parse};
use super::session::Shared;
use crate::fmp4::Mp4Demuxer;
use crate::kind::Container;
use crate::run::{Head, recognise};
use crate::sample::{Sample, Segmented, Stream};
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

/// What is read of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// All that is wanted.
    All,
    /// Pictures; their sound stands in a list of its own.
    Pictures,
    /// That sound.
    Sound,
}

/// Reads what is there to be read.
pub struct Reader<'a> {
    io: &'a Io,
    shared: &'a Shared,
    role: Role,
    playlist: Fetcher,
    segments: Fetcher,
    ts: TsDemuxer,
    mp4: Mp4Demuxer,
    /// The beginning that `mp4` has.
    map: Option<Rc<Map>>,
    /// In a row, of segments.
    failures: u32,
}

impl<'a> Reader<'a> {
    /// For the list that `playlist` asks for.
    pub fn new(
        camera: &Camera,
        io: &'a Io,
        shared: &'a Shared,
        role: Role,
        playlist: Fetcher,
    ) -> Result<Self, Error> {
        let with_audio = camera.audio && role == Role::All;
        Ok(Self {
            io,
            shared,
            role,
            segments: Fetcher::new(camera, io)?,
            playlist,
            ts: TsDemuxer::new(with_audio),
            mp4: match role {
                Role::Sound => Mp4Demuxer::of_sound(),
                Role::All | Role::Pictures => Mp4Demuxer::new(with_audio),
            },
            map: None,
            failures: 0,
        })
    }

    /// Until the stream's end, from the list as it is now.
    pub async fn read(&mut self, mut media: Media) -> Result<(), Error> {
        let mut follow = Follow::default();
        loop {
            let loaded = self.io.now();
            if self.role != Role::Sound {
                self.shared.be_patient(media.target);
            }
            let plan = follow.plan(&media);
            self.lost(plan.lost);
            self.cut(plan.cut);
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

    /// The playlist once more; single failures are forgiven.
    async fn again(&mut self) -> Result<Media, Error> {
        let mut failures = 0;
        loop {
            let error = match load(self.io, &mut self.playlist).await {
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

    /// Waits until the player needs more.
    async fn room(&self, target: Duration) {
        poll_fn(|_| {
            let pacer = self.shared.pacer.borrow();
            let now = self.io.now();
            let span = Duration::from_micros(match self.role {
                Role::All => pacer.span(now),
                Role::Pictures => pacer.span_of(Stream::Video, now),
                Role::Sound => pacer.span_of(Stream::Audio, now),
            });
            // The pictures set the clock.
            let early = self.role == Role::Sound && !pacer.is_running();
            if early || span > target || pacer.bytes() > AHEAD_BYTES {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Reads one segment. One that cannot be had is a loss; several in a row are an error.
    async fn segment(&mut self, segment: &Segment) -> Result<(), Error> {
        self.cut(segment.discontinuity);
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
            if self.role == Role::Sound {
                return Err(Error::unsupported("it is not fragmented MP4"));
            }
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
        self.wait_in_line(samples)?;
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
            self.wait_in_line(samples)?;
            pushed?;
            let Some(chunk) = body.chunk().await? else {
                return Ok(());
            };
            (bytes, arrived) = (chunk.bytes, chunk.arrived);
        }
    }

    fn wait_in_line(&mut self, samples: Vec<Sample>) -> Result<(), Error> {
        let mut pacer = self.shared.pacer.borrow_mut();
        for sample in samples {
            if self.role == Role::Sound && !pacer.fits(&sample) {
                let message = "its times are not those of the pictures";
                return Err(Error::protocol(message));
            }
            pacer.push(sample, self.io.now());
        }
        Ok(())
    }

    /// The pictures say where the times go on.
    fn cut(&self, cut: bool) {
        if cut && self.role != Role::Sound {
            self.shared.pacer.borrow_mut().cut();
        }
    }

    fn lost(&mut self, segments: u64) {
        let count = u32::try_from(segments).unwrap_or(u32::MAX);
        self.demuxer(self.map.is_some()).lost(count);
    }
}

/// The list of segments as it is now.
pub async fn load(io: &Io, playlist: &mut Fetcher) -> Result<Media, Error> {
    let load = async {
        let mut response = playlist.get().await?;
        read_on(Vec::new(), &mut response.body).await
    };
    let text = io.timeout(PLAYLIST, load).await;
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

/// The rest of a playlist whose first bytes are there.
pub async fn read_on(head: Vec<u8>, body: &mut Body) -> Result<String, Error> {
    let room = MAX_PLAYLIST_BYTES.saturating_sub(head.len());
    let mut bytes = head;
    bytes.extend(body.read_to_end(room).await?);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
