//! A camera that answers in the words of a real one.

mod description;
mod script;

use std::io;
use std::path::{Path, PathBuf};

pub(super) use description::{Media, Section, of, sections};
pub(super) use script::{
    Own, announced_ssrc, answer, header, readdress, starts, track_of, transport,
};

/// What a real camera answered. What is not known is answered as every simulated camera does.
///
/// The texts are whole answers, head and body, with any line ends. They are sent as they are but
/// for the number of the request, the addresses in RTSP URLs and in `Transport` (they become the
/// simulated camera's and the client's), the channels or ports that were agreed on, and the
/// body's length. The camera is found under the path of `Content-Base`, and whatever URL a client
/// makes of it is taken. It sends what the description announces, on the payload types that it
/// names, from the SSRC, the sequence number and the timestamp on which the answers insist:
/// H.264, H.265 or JPEGs of the clip, AAC, Opus and G.711 with the beep. Other tracks stay silent. The
/// description's parameter sets are the real camera's; those of the clip are in the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialect {
    /// To OPTIONS.
    pub options: Option<String>,
    /// To DESCRIBE, with the description.
    pub describe: Option<String>,
    /// A bare description, where the answer that had it is not known.
    pub sdp: Option<String>,
    /// To one SETUP after the other; the last one again for more of them.
    pub setups: Vec<String>,
    /// To PLAY.
    pub play: Option<String>,
    /// To TEARDOWN.
    pub teardown: Option<String>,
}

impl Dialect {
    /// Reads `MAKE_options.txt`, `MAKE_describe.txt` (or the first that begins with
    /// `MAKE_describe`), `MAKE_sdp.txt`, `MAKE_setup.txt` (or `MAKE_setup_video.txt` and
    /// `MAKE_setup_audio.txt`), `MAKE_play.txt` and `MAKE_teardown.txt`, as far as they are there.
    /// Fails where there is no description.
    pub fn read(folder: &Path, make: &str) -> io::Result<Self> {
        let text = |name: &str| -> io::Result<Option<String>> {
            let path = folder.join(format!("{make}_{name}.txt"));
            match std::fs::read(path) {
                Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        let mut described = named(folder, &format!("{make}_describe"))?;
        described.sort();
        let describe = described.first().map(std::fs::read).transpose()?;
        let setups = match text("setup")? {
            Some(setup) => vec![setup],
            None => [text("setup_video")?, text("setup_audio")?]
                .into_iter()
                .flatten()
                .collect(),
        };
        let dialect = Self {
            options: text("options")?,
            describe: describe.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            sdp: text("sdp")?,
            setups,
            play: text("play")?,
            teardown: text("teardown")?,
        };
        if dialect.describe.is_none() && dialect.sdp.is_none() {
            let text = format!("no description of `{make}` in {}", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        Ok(dialect)
    }

    /// The description, if there is one.
    pub(super) fn description(&self) -> Option<&str> {
        let whole = self.describe.as_deref();
        whole.map(script::body).or(self.sdp.as_deref())
    }

    /// Path and query of the real camera's stream, if its answer named them.
    pub(super) fn path(&self) -> Option<String> {
        let base = script::header(self.describe.as_deref()?, "Content-Base")?;
        let after_scheme = base.split_once("://")?.1;
        let path = after_scheme[after_scheme.find('/')?..].trim_end_matches('/');
        path.starts_with('/').then(|| path.to_owned())
    }

    /// The text for a method; of SETUP the answer to the request with this number, from 0 on.
    pub(super) fn text(&self, method: &str, number: usize) -> Option<&str> {
        let text = match method {
            "OPTIONS" => &self.options,
            "DESCRIBE" => &self.describe,
            "SETUP" => {
                let last = self.setups.last();
                return self.setups.get(number).or(last).map(String::as_str);
            }
            "PLAY" => &self.play,
            "TEARDOWN" => &self.teardown,
            _ => &None,
        };
        text.as_deref()
    }
}

fn named(folder: &Path, start: &str) -> io::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(start) {
            out.push(entry.path());
        }
    }
    Ok(out)
}
