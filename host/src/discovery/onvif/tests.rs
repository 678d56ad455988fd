use jiff::{SignedDuration, Timestamp};

use super::super::xml::{self, Element as _, XmlError};
use super::*;

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:tds=\"d\" xmlns:trt=\"m\" xmlns:tr2=\"m2\" xmlns:tt=\"s\" xmlns:ter=\"e\"><env:Body>{body}</env:Body></env:Envelope>"
    )
}

#[test]
fn requests_are_messages() {
    use Request as R;
    let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    let token = UsernameToken::new("admin", "pw", now, SignedDuration::ZERO, [1; 16]);
    let requests = [
        (
            R::SystemDateAndTime,
            "ver10/device/wsdl/GetSystemDateAndTime",
        ),
        (
            R::DeviceInformation,
            "ver10/device/wsdl/GetDeviceInformation",
        ),
        (R::Capabilities, "ver10/device/wsdl/GetCapabilities"),
        (R::Services, "ver10/device/wsdl/GetServices"),
        (R::Profiles(Media::One), "ver10/media/wsdl/GetProfiles"),
        (R::Profiles(Media::Two), "ver20/media/wsdl/GetProfiles"),
        (
            R::VideoEncoders(Media::Two),
            "ver20/media/wsdl/GetVideoEncoderConfigurations",
        ),
        (
            R::StreamUri(Media::One, "a<b".into()),
            "ver10/media/wsdl/GetStreamUri",
        ),
        (
            R::StreamUri(Media::Two, "a<b".into()),
            "ver20/media/wsdl/GetStreamUri",
        ),
        (
            R::SnapshotUri(Media::One, "a<b".into()),
            "ver10/media/wsdl/GetSnapshotUri",
        ),
    ];
    for (request, action) in requests {
        assert_eq!(request.action(), format!("http://www.onvif.org/{action}"));
        for token in [None, Some(&token)] {
            let text = request.message(token);
            let document = xml::parse(&text).unwrap();
            let root = document.root_element();
            let header = root.at(&["Header", "Security", "UsernameToken", "Nonce"]);
            assert_eq!(header.is_some(), token.is_some());
            let name = action.rsplit('/').next().unwrap();
            let body = root.at(&["Body", name]).unwrap();
            if matches!(request, R::StreamUri(..) | R::SnapshotUri(..)) {
                assert_eq!(body.words_at(&["ProfileToken"]), Some("a<b"));
            }
        }
    }
    let text = R::StreamUri(Media::One, "p".into()).message(None);
    let document = xml::parse(&text).unwrap();
    let setup = document
        .root_element()
        .at(&["Body", "GetStreamUri", "StreamSetup"])
        .unwrap();
    assert_eq!(setup.words_at(&["Stream"]), Some("RTP-Unicast"));
    assert_eq!(setup.words_at(&["Transport", "Protocol"]), Some("RTSP"));
}

#[test]
fn the_clock() {
    let time = |name: &str, hour: u8, day: u8| {
        format!(
            "<tt:{name}><tt:Time><tt:Hour>{hour}</tt:Hour><tt:Minute>0</tt:Minute><tt:Second>5</tt:Second></tt:Time>\
             <tt:Date><tt:Year>2026</tt:Year><tt:Month>3</tt:Month><tt:Day>{day}</tt:Day></tt:Date></tt:{name}>"
        )
    };
    let answer = |times: &str| {
        envelope(&format!(
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>\
             {times}</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        ))
    };
    let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    let both = time("UTCDateTime", 10, 1) + &time("LocalDateTime", 11, 1);
    let clock = Clock::parse(&answer(&both)).unwrap();
    assert!(clock.follows_ntp && !clock.is_local);
    assert_eq!(clock.offset(now), SignedDuration::from_secs(5));
    let clock = Clock::parse(&answer(&time("LocalDateTime", 9, 1))).unwrap();
    assert!(clock.is_local);
    assert_eq!(clock.offset(now), SignedDuration::from_secs(5 - 3600));
    for wrong in ["", &time("UTCDateTime", 25, 1), &time("UTCDateTime", 1, 32)] {
        assert_eq!(
            Clock::parse(&answer(wrong)),
            Err(OnvifError::Missing("UTCDateTime"))
        );
    }
}

#[test]
fn a_device() {
    let device = Device::parse(&envelope(
        "<tds:GetDeviceInformationResponse><tds:Manufacturer>ACME</tds:Manufacturer><tds:Model> C1 </tds:Model>\
         <tds:FirmwareVersion>1.0\n2</tds:FirmwareVersion><tds:SerialNumber/></tds:GetDeviceInformationResponse>",
    ))
    .unwrap();
    assert_eq!(device.manufacturer.as_deref(), Some("ACME"));
    assert_eq!(device.model.as_deref(), Some("C1"));
    assert_eq!(device.firmware.as_deref(), Some("1.0 2"));
    assert_eq!(device.serial, None);
}

#[test]
fn services_at_the_host_that_was_reached() {
    let reached = "http://203.0.113.5:8080/onvif/device_service";
    let services = Services::parse(
        &envelope(
            "<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/media/wsdl</tds:Namespace>\
             <tds:XAddr>http://192.168.1.9/onvif/Media</tds:XAddr></tds:Service><tds:Service>\
             <tds:Namespace>http://www.onvif.org/ver20/media/wsdl</tds:Namespace><tds:XAddr>http://evil.example/m2?x=1</tds:XAddr>\
             </tds:Service></tds:GetServicesResponse>",
        ),
        reached,
    )
    .unwrap();
    assert_eq!(
        services.media.as_deref(),
        Some("http://203.0.113.5:8080/onvif/Media")
    );
    assert_eq!(
        services.media2.as_deref(),
        Some("http://203.0.113.5:8080/m2?x=1")
    );
    let old = "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://10.0.0.1/m</tt:XAddr></tt:Media>\
               </tds:Capabilities></tds:GetCapabilitiesResponse>";
    let services = Services::parse(&envelope(old), reached).unwrap();
    assert_eq!(services.media.as_deref(), Some("http://203.0.113.5:8080/m"));
    assert!(Services::parse(&envelope("<tds:GetServicesResponse/>"), reached).is_err());
    for bad in ["", "ftp://h/", "file:///etc/passwd", "/relative"] {
        assert_eq!(
            at_reached_host(bad, reached),
            Err(OnvifError::Address),
            "{bad}"
        );
    }
}

#[test]
fn profiles_of_both_services() {
    let one = envelope(
        "<trt:GetProfilesResponse><trt:Profiles token=\"P0\" fixed=\"true\"><tt:Name>main</tt:Name>\
         <tt:VideoSourceConfiguration token=\"v\"><tt:SourceToken>S0</tt:SourceToken></tt:VideoSourceConfiguration>\
         <tt:AudioEncoderConfiguration token=\"a\"><tt:Encoding>AAC</tt:Encoding></tt:AudioEncoderConfiguration>\
         <tt:VideoEncoderConfiguration token=\"e\"><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>1920</tt:Width>\
         <tt:Height>1080</tt:Height></tt:Resolution><tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit>\
         <tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl>\
         <tt:H264><tt:GovLength>100</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>\
         </tt:VideoEncoderConfiguration></trt:Profiles><trt:Profiles token=\"P1\"/><trt:Profiles/></trt:GetProfilesResponse>",
    );
    let profiles = Profile::parse_all(&one).unwrap();
    assert_eq!(profiles.len(), 2);
    let video = profiles[0].video.as_ref().unwrap();
    assert_eq!(profiles[0].source.as_deref(), Some("S0"));
    assert_eq!(profiles[0].audio.as_deref(), Some("AAC"));
    assert_eq!((video.width, video.height), (Some(1920), Some(1080)));
    assert_eq!(video.bitrate_kbps, Some(4096));
    assert_eq!(video.keyframe_seconds(), Some(4.0));
    assert_eq!(video.codec_profile.as_deref(), Some("Main"));
    assert_eq!(profiles[1].video, None);
    let two = envelope(
        "<tr2:GetProfilesResponse><tr2:Profiles token=\"T0\"><tr2:Name>m</tr2:Name><tr2:Configurations>\
         <tr2:VideoEncoder token=\"e\" GovLength=\"50\" Profile=\"Main\"><tt:Encoding>H.265</tt:Encoding>\
         <tt:RateControl ConstantBitRate=\"false\"><tt:FrameRateLimit>12.5</tt:FrameRateLimit></tt:RateControl>\
         </tr2:VideoEncoder></tr2:Configurations></tr2:Profiles></tr2:GetProfilesResponse>",
    );
    let video = Profile::parse_all(&two).unwrap().remove(0).video.unwrap();
    assert_eq!(video.codec.as_deref(), Some("H265"));
    assert_eq!(video.keyframe_seconds(), Some(4.0));
    let all = envelope(
        "<tr2:GetVideoEncoderConfigurationsResponse><tr2:Configurations token=\"e\" GovLength=\"x\">\
         <tt:Encoding>JPEG</tt:Encoding></tr2:Configurations></tr2:GetVideoEncoderConfigurationsResponse>",
    );
    let all = VideoEncoder::parse_all(&all).unwrap();
    assert_eq!(all[0].codec.as_deref(), Some("JPEG"));
    assert_eq!(all[0].keyframe_seconds(), None);
}

#[test]
fn stream_addresses() {
    let answer = |uri: &str| {
        let uri = xml::escaped(uri);
        envelope(&format!(
            "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>"
        ))
    };
    let reached = "http://203.0.113.5:8080/onvif/device_service";
    let rows = [
        (
            "rtsp://192.168.1.9:554/cam/realmonitor?channel=1&subtype=0",
            "rtsp://203.0.113.5:554/cam/realmonitor?channel=1&subtype=0",
        ),
        ("rtsp://u:p@10.0.0.1/a", "rtsp://203.0.113.5/a"),
        ("RTSP://[fe80::1]:8554/a", "rtsp://203.0.113.5:8554/a"),
        ("rtsp://10.0.0.1", "rtsp://203.0.113.5"),
    ];
    for (uri, expected) in rows {
        assert_eq!(stream_uri(&answer(uri), reached).as_deref(), Ok(expected));
    }
    for bad in [
        "x",
        "file:///etc/passwd",
        "rtsp://h:0/",
        "rtsp://h:x/",
        "rtsp://h/a b",
    ] {
        assert_eq!(
            stream_uri(&answer(bad), reached),
            Err(OnvifError::Address),
            "{bad}"
        );
    }
    let six = stream_uri(&answer("rtsp://10.0.0.1:554/a"), "http://[fd00::1]/").unwrap();
    assert_eq!(six, "rtsp://[fd00::1]:554/a");
    let two = envelope(
        "<tr2:GetStreamUriResponse><tr2:Uri>rtsp://10.0.0.1/a</tr2:Uri></tr2:GetStreamUriResponse>",
    );
    assert_eq!(
        stream_uri(&two, reached).as_deref(),
        Ok("rtsp://203.0.113.5/a")
    );
}

#[test]
fn faults() {
    let fault = |code: &str, reason: &str| {
        let text = envelope(&format!(
            "<env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode><env:Value>{code}</env:Value></env:Subcode></env:Code>\
             <env:Reason><env:Text xml:lang=\"en\">{reason}</env:Text></env:Reason></env:Fault>"
        ));
        Device::parse(&text).unwrap_err()
    };
    assert!(matches!(
        fault("ter:NotAuthorized", "x"),
        OnvifError::NotAuthorized(_)
    ));
    assert!(matches!(
        fault("wsse:FailedAuthentication", "x"),
        OnvifError::NotAuthorized(_)
    ));
    assert!(matches!(
        fault("ter:other", "Sender not Authorized"),
        OnvifError::NotAuthorized(_)
    ));
    assert!(matches!(
        fault("ter:ActionNotSupported", "x"),
        OnvifError::NotSupported(_)
    ));
    assert_eq!(
        fault("ter:InvalidArgVal", "no\nsuch"),
        OnvifError::Fault("no such".into())
    );
    assert_eq!(Device::parse("<html/>"), Err(OnvifError::Missing("Body")));
    assert_eq!(
        Device::parse("nonsense"),
        Err(OnvifError::Xml(XmlError::Syntax))
    );
    assert_eq!(
        Device::parse("<!DOCTYPE a><a/>"),
        Err(OnvifError::Xml(XmlError::DocumentType))
    );
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "<trt:GetProfilesResponse><trt:Profiles token=\"é\"><tt:VideoEncoderConfiguration><tt:Resolution><tt:Width>-1</tt:Width>\
         </tt:Resolution><tt:RateControl><tt:FrameRateLimit>NaN</tt:FrameRateLimit></tt:RateControl></tt:VideoEncoderConfiguration>\
         </trt:Profiles></trt:GetProfilesResponse>",
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>99999</tt:Hour></tt:Time>\
         <tt:Date><tt:Year>-9999</tt:Year></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>",
        "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://[é:]@:/%</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>",
        "<env:Fault/>",
    ];
    for piece in pieces {
        let text = envelope(piece);
        let ends = (0..=text.len()).filter(|end| text.is_char_boundary(*end));
        for text in ends.map(|end| &text[..end]) {
            let _ = Clock::parse(text);
            let _ = Device::parse(text);
            let _ = Services::parse(text, "http://h/");
            let _ = Profile::parse_all(text);
            let _ = VideoEncoder::parse_all(text);
            let _ = stream_uri(text, "http://h/");
        }
    }
}
