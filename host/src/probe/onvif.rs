//! Asking a camera's ONVIF services (ONVIF Core and Media specifications).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use tokio::time::timeout;

use super::find::{Finding, Place};
use crate::camera::{CameraSpec, http_client};
use crate::discovery::MAX_MESSAGE_BYTES;
use crate::discovery::onvif::{
    Clock, Device, Media, Profile, Request, Services, UsernameToken, stream_uri,
};

/// Profiles whose streams are asked for: the best ones.
const MOST_PROFILES: usize = 8;

/// Asks for clock, make, and the addresses of streams, the largest picture first. What a camera
/// does not answer is left out, and the first reason noted.
pub async fn ask(spec: &CameraSpec, patience: Duration) -> Finding {
    let mut finding = Finding::default();
    let asked = timeout(patience, conversation(spec, &mut finding)).await;
    match asked {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => finding.note = Some(reason),
        Err(_) => finding.note = Some("it does not answer in time".to_owned()),
    }
    finding
}

async fn conversation(spec: &CameraSpec, finding: &mut Finding) -> Result<(), String> {
    let mut service = Service {
        client: http_client(spec.tls, &spec.grants)?,
        spec,
        offset: SignedDuration::ZERO,
    };
    let device = spec.url.as_str();
    let before = Timestamp::now();
    // Without an account: the answer is needed to make one that the camera takes.
    let text = service.plain(device, &Request::SystemDateAndTime).await?;
    let clock = Clock::parse(&text).map_err(|error| error.to_string())?;
    let took = Timestamp::now().duration_since(before);
    let middle = before.saturating_add(took / 2).unwrap_or(before);
    service.offset = clock.offset(middle);
    finding.clock_offset_seconds = Some(service.offset.as_secs_f64());
    if let Ok(text) = service.call(device, &Request::DeviceInformation).await
        && let Ok(told) = Device::parse(&text)
    {
        let words = [told.manufacturer, told.model].into_iter().flatten();
        let words: Vec<String> = words.collect();
        finding.device = (!words.is_empty()).then(|| words.join(" "));
    }
    let services = if let Ok(text) = service.call(device, &Request::Services).await {
        Services::parse(&text, device)
    } else {
        let text = service.call(device, &Request::Capabilities).await?;
        Services::parse(&text, device)
    };
    let services = services.map_err(|error| error.to_string())?;
    // The second one knows H.265, and not every camera has it.
    let media = [(Media::Two, services.media2), (Media::One, services.media)];
    let mut last = Err("it has no media service".to_owned());
    for (media, address) in media {
        let Some(address) = address else { continue };
        last = streams(&service, media, &address, finding).await;
        if !finding.places.is_empty() {
            return Ok(());
        }
    }
    last
}

async fn streams(
    service: &Service<'_>,
    media: Media,
    address: &str,
    finding: &mut Finding,
) -> Result<(), String> {
    let text = service.call(address, &Request::Profiles(media)).await?;
    let mut profiles = Profile::parse_all(&text).map_err(|error| error.to_string())?;
    let pixels = |profile: &Profile| {
        let video = profile.video.as_ref();
        let side = |side: Option<u32>| u64::from(side.unwrap_or(0));
        video.map_or(0, |video| side(video.width) * side(video.height))
    };
    profiles.sort_by_key(|profile| std::cmp::Reverse(pixels(profile)));
    for profile in profiles.into_iter().take(MOST_PROFILES) {
        let request = Request::StreamUri(media, profile.token.clone());
        let text = service.call(address, &request).await?;
        let url = stream_uri(&text, address).map_err(|error| error.to_string())?;
        let video = profile.video.unwrap_or_default();
        let codec = video.codec.unwrap_or_default();
        let size = match (video.width, video.height) {
            (Some(width), Some(height)) => format!(" {width}x{height}"),
            _ => String::new(),
        };
        let name = profile.name.unwrap_or(profile.token);
        let place = Place {
            url,
            name: format!("{name}: {codec}{size}"),
            named: true,
        };
        if !finding.places.iter().any(|known| known.url == place.url) {
            finding.places.push(place);
        }
    }
    Ok(())
}

struct Service<'a> {
    client: Client,
    spec: &'a CameraSpec,
    /// What the camera's clock is ahead.
    offset: SignedDuration,
}

impl Service<'_> {
    /// Asks with the account, where there is one.
    async fn call(&self, address: &str, request: &Request) -> Result<String, String> {
        let token = match &self.spec.credentials {
            Some(account) => {
                let mut nonce = [0; 16];
                rustix::rand::getrandom(&mut nonce, rustix::rand::GetRandomFlags::empty())
                    .map_err(|error| format!("no random numbers: {error}"))?;
                let (now, offset) = (Timestamp::now(), self.offset);
                let (name, password) = (&account.username, &account.password);
                Some(UsernameToken::new(name, password, now, offset, nonce))
            }
            None => None,
        };
        self.post(address, request, token.as_ref()).await
    }

    async fn plain(&self, address: &str, request: &Request) -> Result<String, String> {
        self.post(address, request, None).await
    }

    async fn post(
        &self,
        address: &str,
        request: &Request,
        token: Option<&UsernameToken>,
    ) -> Result<String, String> {
        let url = reqwest::Url::parse(address).map_err(|_| "no address".to_owned())?;
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default().unwrap_or(80);
        let grants = &self.spec.grants;
        grants
            .check(host, port)
            .map_err(|refusal| refusal.to_string())?;
        if let Ok(literal) = host.parse() {
            let checked = grants.check_address(host, literal);
            checked.map_err(|refusal| refusal.to_string())?;
        }
        let kind = format!(
            "application/soap+xml; charset=utf-8; action=\"{}\"",
            request.action()
        );
        let sent = self
            .client
            .post(url)
            .header(reqwest::header::CONTENT_TYPE, kind)
            .body(request.message(token));
        let mut answer = sent
            .send()
            .await
            .map_err(|error| format!("it cannot be asked: {}", error.without_url()))?;
        if matches!(answer.status().as_u16(), 401 | 403) {
            return Err("it refuses the user name or password".to_owned());
        }
        let mut bytes = Vec::new();
        while let Some(more) = answer
            .chunk()
            .await
            .map_err(|error| format!("its answer breaks off: {}", error.without_url()))?
        {
            bytes.extend_from_slice(&more);
            if bytes.len() > MAX_MESSAGE_BYTES {
                return Err("its answer is too long".to_owned());
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::camera::{Credentials, Grants, Remembered, TlsRule};

    const CLOCK: &str = "<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime>\
        <Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time>\
        <Date><Year>2001</Year><Month>2</Month><Day>3</Day></Date>\
        </UTCDateTime></SystemDateAndTime></GetSystemDateAndTimeResponse>";
    const DEVICE: &str = "<GetDeviceInformationResponse><Manufacturer>Acme</Manufacturer>\
        <Model>Court 9</Model></GetDeviceInformationResponse>";
    /// Its own address is one that leads nowhere, as behind a router.
    const SERVICES: &str = "<GetServicesResponse><Service>\
        <Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace>\
        <XAddr>http://192.0.2.7/onvif/media</XAddr></Service></GetServicesResponse>";
    const PROFILES: &str = "<GetProfilesResponse>\
        <Profiles token=\"small\"><Name>Sub</Name><VideoEncoderConfiguration>\
        <Encoding>H264</Encoding><Resolution><Width>640</Width><Height>360</Height></Resolution>\
        </VideoEncoderConfiguration></Profiles>\
        <Profiles token=\"large\"><Name>Main</Name><VideoEncoderConfiguration>\
        <Encoding>H264</Encoding><Resolution><Width>1920</Width><Height>1080</Height></Resolution>\
        </VideoEncoderConfiguration></Profiles></GetProfilesResponse>";

    /// A camera that answers each request on a connection of its own; without an account it only
    /// tells the time.
    async fn answer(mut client: TcpStream) {
        let mut asked = String::new();
        let mut more = [0; 4096];
        while !asked.contains("</s:Envelope>") {
            match client.read(&mut more).await {
                Ok(count) if count > 0 => {
                    asked.push_str(&String::from_utf8_lossy(&more[..count]));
                }
                _ => return,
            }
        }
        assert!(
            !asked.contains("s3cret"),
            "the password itself is never sent"
        );
        let body = if asked.contains("<GetSystemDateAndTime ") {
            CLOCK.to_owned()
        } else if !asked.contains("UsernameToken") || !asked.contains("2001-02-03T01:0") {
            let refused = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
            return client.write_all(refused).await.unwrap();
        } else if asked.contains("<GetDeviceInformation ") {
            DEVICE.to_owned()
        } else if asked.contains("<GetServices ") {
            SERVICES.to_owned()
        } else if asked.contains("<GetProfiles ") {
            PROFILES.to_owned()
        } else {
            let large = asked.contains("<ProfileToken>large<");
            let path = if large { "main" } else { "sub" };
            format!(
                "<GetStreamUriResponse><MediaUri><Uri>rtsp://192.0.2.7:8554/{path}</Uri>\
                 </MediaUri></GetStreamUriResponse>"
            )
        };
        let text = format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>{body}\
             </s:Body></s:Envelope>"
        );
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            text.len()
        );
        let whole = [head.as_bytes(), text.as_bytes()].concat();
        client.write_all(&whole).await.unwrap();
    }

    async fn camera(password: Option<&str>) -> CameraSpec {
        crate::install_crypto();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answer(client));
            }
        });
        CameraSpec {
            url: format!("http://127.0.0.1:{port}/onvif/device_service"),
            scheme: "http".into(),
            adapter: None,
            credentials: password.map(|password| Credentials {
                username: "admin".into(),
                password: password.into(),
            }),
            tls: TlsRule::Verify,
            grants: Grants::new("127.0.0.1", port, &[]),
            options: Vec::new(),
            audio: false,
            crashes: None,
            remembered: Remembered::default(),
        }
    }

    #[tokio::test]
    async fn a_camera_tells_its_make_and_its_streams_the_largest_first() {
        let spec = camera(Some("s3cret")).await;
        let finding = ask(&spec, Duration::from_secs(10)).await;
        assert_eq!(finding.note, None);
        assert_eq!(finding.device.as_deref(), Some("Acme Court 9"));
        // Decades behind, and its account is made for its own time.
        assert!(finding.clock_offset_seconds.unwrap() < -7e8);
        let urls: Vec<&str> = finding.places.iter().map(|p| p.url.as_str()).collect();
        // At the host that was asked, whatever address it names.
        let wanted = ["rtsp://127.0.0.1:8554/main", "rtsp://127.0.0.1:8554/sub"];
        assert_eq!(urls, wanted);
        assert!(finding.places[0].named && finding.places[0].name.contains("1920x1080"));
    }

    #[tokio::test]
    async fn what_it_refuses_or_what_is_not_granted_is_said() {
        let spec = camera(None).await;
        let finding = ask(&spec, Duration::from_secs(10)).await;
        assert!(finding.note.unwrap().contains("refuses the user name"));
        let elsewhere = CameraSpec {
            grants: Grants::new("127.0.0.1", 1, &[]),
            ..spec
        };
        let finding = ask(&elsewhere, Duration::from_secs(10)).await;
        assert!(finding.note.unwrap().contains("not granted"));
        assert!(finding.places.is_empty());
    }
}
