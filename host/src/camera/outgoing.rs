//! An adapter's HTTP request, checked and filled in: where it may go, and which of its parts are
//! the host's own.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};

use super::grants::Grants;
use super::http::explain;
use super::inbox::io_error;
use super::secrets::Secrets;
use crate::plugins::one_line;
use crate::plugins::types::{FailureClass, HttpRequest, IoError, RequestHeader};

/// Headers of a request: stops an adapter that sends them without end.
const MOST_HEADERS: usize = 100;
/// A header's name, bytes.
const MOST_NAME_BYTES: usize = 128;
/// A header's value, bytes: a Digest answer needs a few hundred, a cookie up to 4 KiB.
const MOST_VALUE_BYTES: usize = 8 << 10;
/// A URL before it is filled in, bytes: what servers commonly take.
const MOST_URL_BYTES: usize = 8 << 10;
/// A method's name, bytes.
const MOST_METHOD_BYTES: usize = 32;
/// Headers that say where a message goes, where it ends and what becomes of its connection
/// (RFC 9112, sections 3.2, 6 and 9; RFC 9110, sections 7.6.1, 7.8 and 10.1.1). In an
/// adapter's hand they would make one request two, or lead it elsewhere.
const HOSTS_OWN: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
];

/// A part of what is shown of a guest's text in a message, characters.
const SHOWN_CHARS: usize = 80;

/// Checks a request and fills its secrets in.
pub fn prepare(
    client: &Client,
    request: &HttpRequest,
    secrets: &mut Secrets,
    grants: &Grants,
) -> Result<reqwest::Request, IoError> {
    let wrong = |message: String| io_error(FailureClass::Other, message);
    let refused = |message: String| io_error(FailureClass::Auth, message);
    let (url, own) = destination(&request.url, secrets, grants)?;
    let shown = one_line(&request.method, SHOWN_CHARS);
    if request.method.len() > MOST_METHOD_BYTES {
        return Err(wrong(format!("{shown:?} is no method")));
    }
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| wrong(format!("{shown:?} is no method")))?;
    if request.headers.len() > MOST_HEADERS {
        return Err(wrong(format!(
            "the request has {} headers, {MOST_HEADERS} are allowed",
            request.headers.len()
        )));
    }
    let mut headers = HeaderMap::new();
    for header in &request.headers {
        let name = header_name(header).map_err(wrong)?;
        let value = secrets.fill(&header.value, own).map_err(refused)?;
        if value.len() > MOST_VALUE_BYTES {
            return Err(wrong(format!(
                "the value of {name} has {} bytes, {MOST_VALUE_BYTES} are allowed",
                value.len()
            )));
        }
        let mut value = HeaderValue::from_bytes(&value)
            .map_err(|_| wrong(format!("the value of {name} is no header")))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    let body = secrets.fill(&request.body, own).map_err(refused)?;
    let mut builder = client.request(method, url).headers(headers);
    if !body.is_empty() {
        builder = builder.body(body);
    }
    builder.build().map_err(|error| wrong(explain(error)))
}

/// The URL with its secrets, and whether it leads to the camera's own host.
fn destination(asked: &str, secrets: &Secrets, grants: &Grants) -> Result<(Url, bool), IoError> {
    let wrong = |message: String| io_error(FailureClass::Other, message);
    if asked.len() > MOST_URL_BYTES {
        return Err(wrong(format!(
            "the URL has {} bytes, {MOST_URL_BYTES} are allowed",
            asked.len()
        )));
    }
    // The URL of the messages is the one without secrets.
    let bare = Url::parse(asked)
        .map_err(|error| wrong(format!("{}: {error}", one_line(asked, SHOWN_CHARS))))?;
    if !matches!(bare.scheme(), "http" | "https") || !bare.username().is_empty() {
        return Err(wrong(format!(
            "{} is not an http or https address",
            one_line(bare.scheme(), SHOWN_CHARS)
        )));
    }
    let host = bare
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = bare.port_or_known_default().unwrap_or_default();
    grants
        .check(&host, port)
        .map_err(|refusal| wrong(refusal.to_string()))?;
    if let Ok(literal) = host.parse() {
        // A literal address never reaches the resolver: it is checked here.
        grants
            .check_address(&host, literal)
            .map_err(|refusal| wrong(refusal.to_string()))?;
    }
    let own = grants.is_camera(&host);
    if !own && (asked.contains("{username}") || asked.contains("{password}")) {
        let text = "credentials are sent to the camera's own host only";
        return Err(io_error(FailureClass::Auth, text));
    }
    let url = Url::parse(&secrets.fill_url(asked))
        .map_err(|_| wrong("the URL cannot be used with these credentials".into()))?;
    if (url.host_str(), url.port_or_known_default()) != (bare.host_str(), Some(port)) {
        return Err(wrong("credentials may not change where a URL leads".into()));
    }
    Ok((url, own))
}

fn header_name(header: &RequestHeader) -> Result<HeaderName, String> {
    let shown = one_line(&header.name, SHOWN_CHARS);
    if header.name.len() > MOST_NAME_BYTES {
        return Err(format!("{shown:?}… is no header"));
    }
    let name = HeaderName::try_from(&header.name).map_err(|_| format!("{shown:?} is no header"))?;
    if HOSTS_OWN.contains(&name.as_str()) {
        return Err(format!("the header {name} is the host's own"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Credentials, TlsRule};
    use crate::plugins::types::Segment;

    fn plain(text: &str) -> Vec<Segment> {
        vec![Segment::Bytes(text.as_bytes().to_vec())]
    }

    fn header(name: &str, value: &str) -> RequestHeader {
        RequestHeader {
            name: name.into(),
            value: plain(value),
        }
    }

    fn request(spoil: impl Fn(&mut HttpRequest)) -> Result<reqwest::Request, String> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let grants = Grants::new("cam.club", 80, &[("10.0.0.9".into(), 80)]);
        let client = super::super::http::client(TlsRule::Off, &grants).unwrap();
        let mut secrets = Secrets::new(Some(Credentials {
            username: "u".into(),
            password: "p@evil/".into(),
        }));
        let mut request = HttpRequest {
            id: 1,
            method: "GET".into(),
            url: "http://cam.club/".into(),
            headers: vec![],
            body: vec![],
            header_timeout_ms: 1000,
            idle_timeout_ms: 1000,
        };
        spoil(&mut request);
        prepare(&client, &request, &mut secrets, &grants).map_err(|error| error.message)
    }

    #[test]
    fn an_honest_request_is_sent_as_it_is() {
        let built = request(|r| {
            r.url = "http://cam.club/a?p={password}".into();
            r.headers = vec![header("x-a", "1"), header("X-A", "2")];
            r.body = plain("hello");
        })
        .unwrap();
        assert_eq!(built.url().as_str(), "http://cam.club/a?p=p%40evil%2F");
        let values: Vec<_> = built.headers().get_all("x-a").iter().collect();
        assert_eq!(values, ["1", "2"]);
    }

    #[test]
    fn the_hosts_own_headers_are_refused() {
        for name in HOSTS_OWN.into_iter().chain(["Host", "TRANSFER-ENCODING"]) {
            let error = request(|r| r.headers = vec![header(name, "x")]).unwrap_err();
            assert!(error.contains("host's own"), "{name}: {error}");
        }
        for (name, value) in [("a b", "x"), ("a\r\nb", "x"), ("", "x"), ("a", "x\r\ny: z")] {
            assert!(request(|r| r.headers = vec![header(name, value)]).is_err());
        }
    }

    #[test]
    fn everything_is_bounded() {
        let headers = |count| (0..count).map(|n| header(&format!("x-{n}"), "")).collect();
        assert!(request(|r| r.headers = headers(100)).is_ok());
        assert!(request(|r| r.headers = headers(40_000)).is_err());
        assert!(request(|r| r.headers = vec![header(&"n".repeat(129), "")]).is_err());
        assert!(request(|r| r.headers = vec![header("n", &"v".repeat(8193))]).is_err());
        assert!(request(|r| r.method = "M".repeat(33)).is_err());
        assert!(request(|r| r.method = "G T".into()).is_err());
        assert!(request(|r| r.url = format!("http://cam.club/{}", "u".repeat(8192))).is_err());
        assert!(request(|r| r.body = plain(&"b".repeat((1 << 20) + 1))).is_err());
    }

    #[test]
    fn only_granted_places_are_asked() {
        for url in [
            "http://other.club/",
            "http://cam.club:81/",
            "ftp://cam.club/",
            "http://u:p@cam.club/",
            "http://{password}.invalid/",
            "http://10.0.0.9/?{password}",
            "no url",
        ] {
            assert!(request(|r| r.url = url.into()).is_err(), "{url}");
        }
        assert!(request(|r| r.url = "http://10.0.0.9/".into()).is_ok());
    }
}
