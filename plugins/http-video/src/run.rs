//! One session: what is it, and who reads it.

use core::time::Duration;

use padelvar_sdk::fetch::Fetcher;
use padelvar_sdk::{Body, Camera, Error, Io, Microseconds, Url};

use crate::flv::FlvDemuxer;
use crate::hls::{self, Wanted};
use crate::kind::{Container, Verdict, judge, refused_ending, refused_type};
use crate::progressive;
use crate::ts::TsDemuxer;

/// How long the first bytes may take.
const FIRST_BYTES: Duration = Duration::from_secs(10);

/// The beginning of an answer's body.
pub struct Head {
    /// At least so many bytes as show what it is.
    pub bytes: Vec<u8>,
    /// When the first of them arrived.
    pub arrived: Microseconds,
}

impl Head {
    /// Nothing yet.
    pub fn none(now: Microseconds) -> Self {
        Self {
            bytes: Vec::new(),
            arrived: now,
        }
    }
}

/// The adapter.
pub async fn run(camera: Camera, io: Io) -> Result<(), Error> {
    if refused_ending(&Url::parse(&camera.url)?.target()) {
        return Err(other("JPEG pictures"));
    }
    let wanted = wanted(&camera.options)?;
    let mut fetcher = Fetcher::new(&camera, &io)?;
    let response = fetcher.get().await?;
    if let Some(what) = refused_type(response.headers.get("content-type")) {
        return Err(other(what));
    }
    let mut body = response.body;
    let (container, head) = io.timeout(FIRST_BYTES, recognise(&io, &mut body)).await??;
    match container {
        Container::Ts => {
            let demuxer = TsDemuxer::new(camera.audio);
            progressive::run(&io, demuxer, head, body).await
        }
        Container::Flv => {
            let demuxer = FlvDemuxer::new(camera.audio);
            progressive::run(&io, demuxer, head, body).await
        }
        Container::Hls => {
            let text = hls::read_on(head.bytes, &mut body).await?;
            drop(body);
            hls::run(&camera, &io, fetcher, text, wanted).await
        }
    }
}

/// Reads until it is clear what the body is.
pub async fn recognise(io: &Io, body: &mut Body) -> Result<(Container, Head), Error> {
    let mut head = Head::none(io.now());
    loop {
        let chunk = body.chunk().await?;
        let ended = chunk.is_none();
        if let Some(chunk) = chunk {
            if head.bytes.is_empty() {
                head.arrived = chunk.arrived;
            }
            head.bytes.extend_from_slice(&chunk.bytes);
        }
        match judge(&head.bytes, ended) {
            Verdict::Is(container) => return Ok((container, head)),
            Verdict::Other(what) => return Err(other(what)),
            Verdict::More => {}
        }
    }
}

fn other(what: &str) -> Error {
    Error::unsupported(format!(
        "not a video stream of this adapter: the camera answers with {what}"
    ))
}

fn wanted(options: &[(String, String)]) -> Result<Wanted, Error> {
    let option = options.iter().find(|(name, _)| name == "variant");
    match option.map(|(_, value)| value.trim()) {
        None | Some("highest") => Ok(Wanted::Highest),
        Some("lowest") => Ok(Wanted::Lowest),
        Some(value) => Err(Error::unsupported(format!(
            "variant = {value:?} is neither \"highest\" nor \"lowest\""
        ))),
    }
}
