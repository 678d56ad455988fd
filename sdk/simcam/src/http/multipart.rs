//! The bytes of a multipart stream.

use super::{HttpConfig, Transfer};
use crate::fault::{Faults, Once};

/// Status line and headers of the stream.
pub(super) fn head(config: &HttpConfig) -> Vec<u8> {
    let version = match config.transfer {
        Transfer::Http10 => "HTTP/1.0",
        Transfer::Close | Transfer::Chunked => "HTTP/1.1",
    };
    let mut head = format!(
        "{version} 200 OK\r\nServer: simcam\r\nCache-Control: no-cache\r\n\
         Content-Type: multipart/x-mixed-replace; boundary={}\r\n",
        config.boundary.header
    );
    head += match config.transfer {
        Transfer::Chunked => "Transfer-Encoding: chunked\r\n",
        Transfer::Close | Transfer::Http10 => "Connection: close\r\n",
    };
    head += "\r\n";
    head.into_bytes()
}

/// One part, and whether it is whole.
pub(super) fn part(config: &HttpConfig, faults: &Faults, jpeg: &[u8]) -> (Vec<u8>, bool) {
    let truncate = faults.take(|f| (*f == Once::TruncateFrame).then_some(()));
    let jpeg = if truncate.is_some() {
        &jpeg[..jpeg.len() / 2]
    } else {
        jpeg
    };
    let lie = faults.take(|f| match f {
        Once::LengthLie(says) => Some(*says),
        _ => None,
    });
    let giant = faults.take(|f| match f {
        Once::GiantHeader(bytes) => Some(*bytes),
        _ => None,
    });
    let length = match lie {
        None if !config.content_length => String::new(),
        lie => format!("Content-Length: {}\r\n", lie.unwrap_or(jpeg.len() as u64)),
    };
    let padding = giant.map_or_else(String::new, |bytes| {
        format!("X-Padding: {}\r\n", "x".repeat(bytes))
    });
    let delimiter = &config.boundary.delimiter;
    let head = format!("{delimiter}\r\nContent-Type: image/jpeg\r\n{length}{padding}\r\n");
    let mut out = head.into_bytes();
    out.extend_from_slice(jpeg);
    out.extend_from_slice(b"\r\n");
    let whole = truncate.is_none() && lie.is_none();
    match config.transfer {
        Transfer::Chunked => (chunks(&out), whole),
        Transfer::Close | Transfer::Http10 => (out, whole),
    }
}

/// Cuts bytes into chunks of uneven size, so that a border falls into headers
/// and into pictures.
fn chunks(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 128);
    let (first, rest) = bytes.split_at(bytes.len().min(23));
    for chunk in [first]
        .into_iter()
        .chain(rest.chunks(8191))
        .filter(|c| !c.is_empty())
    {
        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{chunks, part};
    use crate::fault::{Fault, Faults};
    use crate::http::HttpConfig;

    fn text(config: &HttpConfig, faults: &Faults) -> (String, bool) {
        let (bytes, whole) = part(config, faults, b"0123456789");
        (String::from_utf8(bytes).expect("it is text"), whole)
    }

    #[test]
    fn parts_with_and_without_length() {
        let (mut config, faults) = (HttpConfig::default(), Faults::new());
        let with =
            "--simcamframe\r\nContent-Type: image/jpeg\r\nContent-Length: 10\r\n\r\n0123456789\r\n";
        assert_eq!(text(&config, &faults), (with.to_owned(), true));
        config.content_length = false;
        assert!(!text(&config, &faults).0.contains("Length"));
    }

    #[test]
    fn faults_strike_once() {
        let (config, faults) = (HttpConfig::default(), Faults::new());
        faults.inject(Fault::LengthLie(u64::MAX));
        faults.inject(Fault::TruncateFrame);
        faults.inject(Fault::GiantHeader(100));
        let (bad, whole) = text(&config, &faults);
        assert!(bad.contains("Content-Length: 18446744073709551615\r\n") && !whole);
        assert!(bad.ends_with("\r\n\r\n01234\r\n") && bad.contains(&"x".repeat(100)));
        assert!(text(&config, &faults).1);
    }

    #[test]
    fn chunked() {
        assert_eq!(chunks(b"abc"), b"3\r\nabc\r\n");
        assert!(chunks(&[b'a'; 30]).starts_with(b"17\r\naaa"));
    }
}
