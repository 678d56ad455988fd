use padelvar_sdk::FailureClass;

use super::*;

fn media(text: &str) -> Media {
    match parse(text) {
        Ok(Playlist::Media(media)) => media,
        other => panic!("{other:?}"),
    }
}

#[test]
fn segments_with_their_numbers() {
    let media = media(
        "#EXTM3U\r\n#EXT-X-VERSION:3\r\n#EXT-X-TARGETDURATION:6\r\n#EXT-X-MEDIA-SEQUENCE:41\r\n\
         #EXTINF:6.0,title: with colon\r\na.ts\r\n\r\n#EXT-X-DISCONTINUITY\r\n#EXTINF:5.9,\r\n\
         http://other/b.ts?x=1\r\n#EXT-X-MAP:URI=\"i.mp4\"\r\n#EXT-X-GAP\r\n#EXTINF:1,\r\nc.ts\r\n#EXT-X-ENDLIST\r\n",
    );
    assert_eq!((media.target, media.ended), (Duration::from_secs(6), true));
    assert_eq!(media.segments[1].map, None);
    let map = media.segments[2].map.as_deref().expect("a beginning");
    assert_eq!((map.uri.as_str(), map.range), ("i.mp4", None));
    let of = |at: usize| {
        let segment: &Segment = &media.segments[at];
        (
            segment.number,
            segment.uri.as_str(),
            segment.discontinuity,
            segment.missing,
        )
    };
    assert_eq!(of(0), (41, "a.ts", false, false));
    assert_eq!(of(1), (42, "http://other/b.ts?x=1", true, false));
    assert_eq!(of(2), (43, "c.ts", false, true));
}

#[test]
fn parts_of_files() {
    let list = media(
        "#EXTM3U\n#EXT-X-MAP:URI=\"a.mp4\",BYTERANGE=\"700@0\"\n#EXT-X-BYTERANGE:100@700\na.mp4\n\
         #EXT-X-BYTERANGE:50\na.mp4\n#EXT-X-BYTERANGE: 9 @ 5\nb.mp4\nc.mp4\n\
         #EXT-X-MAP:URI=\"d.mp4\",BYTERANGE=\"30\"\nd.mp4\n",
    );
    let range = |start, len| Some(ByteRange { start, len });
    let ranges: Vec<_> = list.segments.iter().map(|segment| segment.range).collect();
    assert_eq!(
        ranges,
        [range(700, 100), range(800, 50), range(5, 9), None, None]
    );
    let map = |at: usize| list.segments[at].map.as_ref().and_then(|map| map.range);
    assert_eq!((map(0), map(4)), (range(0, 700), range(0, 30)));
    // Without a start it goes on behind the segment before, which must be of the same file.
    for wrong in [
        "5\na",
        "9@0\na\n#EXT-X-BYTERANGE:9\nb",
        "0@0\na",
        "x@0\na",
        "-1@0\na",
        "2@18446744073709551615\na",
    ] {
        let error = parse(&format!("#EXTM3U\n#EXT-X-BYTERANGE:{wrong}\n")).unwrap_err();
        assert_eq!(error.class, FailureClass::Protocol, "{wrong}");
    }
}

#[test]
fn variants_by_bandwidth() {
    let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=300\nlow.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=900,CODECS=\"avc1.4d401f,mp4a.40.2\"\nhigh.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=900\nsecond.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=100,CODECS=\"mp4a.40.2\"\nsound.m3u8\n";
    let Ok(Playlist::Master(variants)) = parse(text) else {
        panic!("no master playlist");
    };
    let uri = |wanted| choose(&variants, wanted).map(|variant| variant.uri.as_str());
    assert_eq!(uri(Wanted::Highest), Some("high.m3u8"));
    assert_eq!(uri(Wanted::Lowest), Some("low.m3u8"));
    assert_eq!(choose(&variants[3..], Wanted::Highest), None);
}

#[test]
fn sound_of_its_own() {
    let media = "#EXTM3U\n#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"a\",URI=\"no\",DEFAULT=YES\n\
        #EXT-X-MEDIA:TYPE=\"AUDIO\",GROUP-ID=\"a\",NAME=\"1\",URI=\"first.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"2\",DEFAULT=YES,URI=\"wanted.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"3\",URI=\"b.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"c\",NAME=\"4\",URI=\"c.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"c\",NAME=\"5\",DEFAULT=YES\n";
    for (group, expected) in [
        (",AUDIO=\"a\"", Some("wanted.m3u8")),
        (",AUDIO=\"b\"", Some("b.m3u8")),
        // Within the variant.
        (",AUDIO=\"c\"", None),
        (",AUDIO=\"d\"", None),
        ("", None),
    ] {
        let text = format!("{media}#EXT-X-STREAM-INF:BANDWIDTH=1{group}\nv.m3u8\n");
        let Ok(Playlist::Master(variants)) = parse(&text) else {
            panic!("no master playlist");
        };
        assert_eq!(variants[0].sound.as_deref(), expected, "{group}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_a_reason() {
    let error = parse("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\na\n").unwrap_err();
    assert_eq!(error.class, FailureClass::Unsupported);
    assert!(error.message.contains("encrypted"), "{error}");
    assert!(parse("#EXTM3U\n#EXT-X-KEY:METHOD=NONE\na\n").is_ok());
    assert_eq!(parse("<html>").unwrap_err().class, FailureClass::Protocol);
}

#[test]
fn hostile_numbers_and_lengths() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:99999999999999999999\n\
        #EXT-X-MEDIA-SEQUENCE:18446744073709551615\n"
        .to_owned();
    let list = media(&(text + &"a\n".repeat(50_000)));
    assert_eq!(list.target, MIN_TARGET);
    assert_eq!(list.segments.len(), MAX_SEGMENTS);
    assert_eq!(
        media("#EXTM3U\n#EXT-X-TARGETDURATION:3000\n").target,
        MAX_TARGET
    );
}

#[test]
fn any_text() {
    bolero::check!().with_type::<String>().for_each(|text| {
        let _ = parse(text);
        if let Ok(Playlist::Media(media)) = parse(&format!("#EXTM3U\n#EXT-X-{text}\n{text}")) {
            assert!(media.segments.len() <= MAX_SEGMENTS && media.target >= MIN_TARGET);
        }
    });
}
