//! One answer's body on its way to being a picture.

use padelvar_sdk::Error;
use padelvar_sdk::fetch::content_coding;
use padelvar_sdk::headers::Headers;
use padelvar_sdk::jpeg::{MAX_PICTURE_BYTES, Walk, Walker, find_start, with_huffman_tables};

use crate::gzip;

/// Room for the Huffman tables that are put in where they are missing.
const TABLES_BYTES: usize = 512;

/// The largest body.
const MAX_BYTES: usize = MAX_PICTURE_BYTES - TABLES_BYTES;

/// So many bytes may stand before the picture: some cameras begin with an empty line.
const MAX_PROLOGUE_BYTES: usize = 64;

/// What has come so far.
pub struct Picture {
    bytes: Vec<u8>,
    walker: Walker,
    is_gzip: bool,
}

impl Picture {
    /// For the answer with that header; an error where it cannot be a picture.
    pub fn new(headers: &Headers) -> Result<Self, Error> {
        let kind = headers.get("content-type").unwrap_or_default();
        if kind.to_ascii_lowercase().starts_with("multipart/") {
            return Err(Error::unsupported("a stream, not a single picture"));
        }
        let coding = content_coding(headers);
        let is_gzip = matches!(coding.as_deref(), Some("gzip" | "x-gzip"));
        match coding {
            Some(coding) if !is_gzip => Err(Error::unsupported(format!(
                "the camera compresses its picture unasked ({coding})"
            ))),
            _ => Ok(Self {
                bytes: Vec::new(),
                walker: Walker::new(),
                is_gzip,
            }),
        }
    }

    /// Takes what came. Whether the picture is whole: what follows it does not matter.
    pub fn push(&mut self, bytes: Vec<u8>) -> Result<bool, Error> {
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
        if self.bytes.len() > MAX_BYTES {
            return Err(too_large());
        }
        Ok(!self.is_gzip && self.starts() && self.is_whole())
    }

    /// The picture, as the host takes it.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        if self.bytes.is_empty() {
            return Err(Error::protocol("the camera's answer is empty"));
        }
        if self.is_gzip {
            self.bytes = gzip::unpacked(&self.bytes, MAX_BYTES).map_err(|error| match error {
                gzip::Flaw::TooLarge => too_large(),
                gzip::Flaw::Damaged => Error::protocol("the camera's compressed answer is damaged"),
            })?;
        }
        if !self.starts() {
            let message = "the camera's answer is not a JPEG picture";
            return Err(Error::unsupported(message));
        }
        let Walk::Whole { len } = self.walker.advance(&self.bytes) else {
            return Err(Error::protocol("the picture is damaged"));
        };
        let facts = self.walker.facts();
        if !facts.is_picture() {
            return Err(Error::protocol("the picture is damaged"));
        }
        if let Some(reason) = facts.refusal() {
            let message = format!("the camera's pictures cannot be recorded: {reason}");
            return Err(Error::unsupported(message));
        }
        self.bytes.truncate(len);
        Ok(with_huffman_tables(self.bytes, facts))
    }

    /// Whether a JPEG begins here; what stands before it goes.
    fn starts(&mut self) -> bool {
        let head = &self.bytes[..self.bytes.len().min(MAX_PROLOGUE_BYTES)];
        let start = find_start(head);
        self.bytes.drain(..start.unwrap_or(0));
        start.is_some()
    }

    fn is_whole(&mut self) -> bool {
        matches!(self.walker.advance(&self.bytes), Walk::Whole { .. })
    }
}

fn too_large() -> Error {
    Error::unsupported("the camera's picture is larger than 8 MiB")
}
