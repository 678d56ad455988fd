//! The `RTP-Info` header (RFC 2326, section 12.33): what the timestamps of the streams are at the
//! moment that playing begins with.

/// The timestamps of two streams at that moment, where the header names both. The streams are
/// known by the URLs that they were set up with; a server that writes its own address in another
/// way still names the same last part.
pub fn starts(header: &str, uris: [&str; 2]) -> Option<[u32; 2]> {
    let start = |uri| {
        let mut entries = header.split(',').filter_map(entry);
        let found = entries.find(|(url, _)| *url == uri || last_part(url) == last_part(uri));
        found.map(|(_, timestamp)| timestamp)
    };
    let [first, second] = uris;
    Some([start(first)?, start(second)?])
}

/// `url=rtsp://cam/track1;seq=4711;rtptime=123456`
fn entry(text: &str) -> Option<(&str, u32)> {
    let (mut url, mut timestamp) = (None, None);
    for part in text.split(';') {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "url" => url = Some(value),
            "rtptime" => timestamp = value.parse().ok(),
            _ => {}
        }
    }
    Some((url?, timestamp?))
}

fn last_part(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URIS: [&str; 2] = [
        "rtsp://10.0.0.9/cam/trackID=0",
        "rtsp://10.0.0.9/cam/trackID=1",
    ];

    #[test]
    fn the_streams_that_were_set_up() {
        let header = "url=rtsp://10.0.0.9/cam/trackID=1;seq=1;rtptime=4294967295, \
                      URL=\"rtsp://camera:554/cam/trackID=0\" ; rtptime=7; seq=2";
        assert_eq!(starts(header, URIS), Some([7, u32::MAX]));
    }

    #[test]
    fn one_that_is_missing_or_makes_no_sense() {
        for header in [
            "",
            "url=rtsp://10.0.0.9/cam/trackID=0;rtptime=7",
            "url=rtsp://10.0.0.9/cam/trackID=0;rtptime=7,url=rtsp://10.0.0.9/cam/trackID=1;seq=1",
            "url=rtsp://10.0.0.9/cam/trackID=0;rtptime=7,url=rtsp://10.0.0.9/cam/trackID=1;rtptime=-1",
            "rtptime=7,rtptime=8",
            "url=;rtptime=7,;;,url",
        ] {
            assert_eq!(starts(header, URIS), None, "{header}");
        }
    }
}
