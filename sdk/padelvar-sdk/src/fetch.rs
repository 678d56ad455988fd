//! `GET` as cameras need it: with the password when it is asked for, and along
//! redirects.

use crate::error::Error;
use crate::headers::Headers;
use crate::http::{Request, Response};
use crate::io::Io;
use crate::secret;
use crate::url::Url;
use crate::wit::Camera;

/// Redirects followed for one answer; more is a circle.
const MAX_REDIRECTS: u32 = 3;

/// Nonces that may have been too old for one answer; a camera that never takes one refuses.
const MAX_STALE: u32 = 2;

/// Bytes that are thrown away where a server gives a whole file for a part of it.
const MAX_SKIPPED_BYTES: u64 = 64 * 1024 * 1024;

/// Asks one camera for one URL, as often as wanted. It remembers the challenge and
/// where it was sent on to, so that only the first question costs several requests.
#[derive(Debug)]
pub struct Fetcher {
    io: Io,
    url: Url,
    user_agent: String,
    has_credentials: bool,
    challenges: Vec<String>,
}

impl Fetcher {
    /// For the URL of the camera.
    pub fn new(camera: &Camera, io: &Io) -> Result<Self, Error> {
        Ok(Self {
            io: io.clone(),
            url: Url::parse(&camera.url)?,
            user_agent: camera.user_agent.clone(),
            has_credentials: camera.has_credentials,
            challenges: Vec::new(),
        })
    }

    /// The URL that is asked, after the redirects so far.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Asks for another URL from now on. The challenge is remembered where it is of the same
    /// scheme, host and port.
    pub fn go_to(&mut self, url: Url) {
        if !url.same_origin(&self.url) {
            self.challenges.clear();
        }
        self.url = url;
    }

    /// An answer of status 2xx. Everything else is an error of the class that fits.
    pub async fn get(&mut self) -> Result<Response, Error> {
        self.ask(None).await
    }

    /// As [`Fetcher::get`], with a body of exactly the `len` bytes from `start` on (RFC 9110,
    /// section 14.2). A server that knows no ranges is read up to there, through 64 MiB at the
    /// most; a body that ends before is an error of class `protocol`.
    pub async fn get_range(&mut self, start: u64, len: u64) -> Result<Response, Error> {
        let last = start.saturating_add(len).saturating_sub(1);
        let range = format!("bytes={start}-{last}");
        let mut response = self.ask(Some(&range)).await?;
        let skip = match response.status {
            206 => {
                let told = response.headers.get("content-range").and_then(first_byte);
                if told.is_some_and(|told| told != start) {
                    let message = "the camera gives another part of its file than was asked for";
                    return Err(Error::protocol(message));
                }
                0
            }
            _ if start > MAX_SKIPPED_BYTES => {
                let message = "the camera gives no parts of its files";
                return Err(Error::unsupported(message));
            }
            _ => start,
        };
        response.body.narrow(skip, len);
        Ok(response)
    }

    async fn ask(&mut self, range: Option<&str>) -> Result<Response, Error> {
        let mut redirects = 0;
        let mut refused = false;
        let mut stale = 0;
        loop {
            let response = self.io.request(self.request(range)).await?;
            match response.status {
                200..=299 => return Ok(response),
                301 | 302 | 303 | 307 | 308 => {
                    redirects += 1;
                    if redirects > MAX_REDIRECTS {
                        return Err(Error::protocol("the camera redirects in a circle"));
                    }
                    self.follow(&response.headers)?;
                    refused = false;
                }
                401 if refused && stale < MAX_STALE && is_stale(&response.headers) => {
                    stale += 1;
                    self.challenges = challenges(&response.headers, self.has_credentials)?;
                }
                401 if refused => {
                    return Err(Error::auth("the camera refuses the user name or password"));
                }
                401 => {
                    self.challenges = challenges(&response.headers, self.has_credentials)?;
                    refused = true;
                }
                status => return Err(refusal(status, &response.headers)),
            }
        }
    }

    fn request(&self, range: Option<&str>) -> Request {
        let mut request = Request::get(&self.url.to_string())
            .header("User-Agent", &self.user_agent)
            .header("Accept", "*/*")
            // Without it any coding of the body would be welcome (RFC 9110, section 12.5.3).
            .header("Accept-Encoding", "identity");
        if let Some(range) = range {
            request = request.header("Range", range);
        }
        if self.challenges.is_empty() {
            return request;
        }
        let value = secret::authorization(&self.challenges, "GET", &self.url.target());
        request.header_segments("Authorization", vec![value])
    }

    fn follow(&mut self, headers: &Headers) -> Result<(), Error> {
        let location = headers
            .get("location")
            .ok_or_else(|| Error::protocol("the camera redirects to nowhere"))?;
        let next = self
            .url
            .join(location)
            .ok()
            .filter(|next| matches!(next.scheme(), "http" | "https"))
            .ok_or_else(|| Error::protocol("the camera redirects to what is not an HTTP URL"))?;
        self.go_to(next);
        Ok(())
    }
}

/// The challenges of a 401 answer. Errors are of class `auth`.
pub fn challenges(headers: &Headers, has_credentials: bool) -> Result<Vec<String>, Error> {
    if !has_credentials {
        let message = "the camera wants a user name and password, and none is configured";
        return Err(Error::auth(message));
    }
    let challenges: Vec<String> = headers.all("www-authenticate").map(str::to_owned).collect();
    if challenges.is_empty() {
        return Err(Error::auth(
            "the camera refuses access and does not say how to log in",
        ));
    }
    Ok(challenges)
}

/// Whether a 401 answer says that only its nonce was too old, not the password wrong (RFC 7616,
/// section 3.3).
fn is_stale(headers: &Headers) -> bool {
    headers.all("www-authenticate").any(|challenge| {
        let challenge = challenge.to_ascii_lowercase();
        let parameters = challenge.split([',', ' ']);
        parameters
            .filter_map(|parameter| parameter.split_once('='))
            .any(|(name, value)| name.trim() == "stale" && value.trim().trim_matches('"') == "true")
    })
}

/// How a body is coded, in lower case; none where it is as it is (RFC 9110, section 8.4).
pub fn content_coding(headers: &Headers) -> Option<String> {
    let codings: Vec<String> = headers
        .all("content-encoding")
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    (!codings.is_empty()).then(|| codings.join(", "))
}

/// The 5 of `bytes 5-9/10`.
fn first_byte(content_range: &str) -> Option<u64> {
    let range = content_range.trim().strip_prefix("bytes")?;
    range.split('-').next()?.trim().parse().ok()
}

fn refusal(status: u16, headers: &Headers) -> Error {
    match status {
        403 => Error::auth("the camera refuses access (403)"),
        404 | 410 => Error::unreachable(format!("the camera has nothing at this URL ({status})")),
        408 | 429 | 500..=599 => {
            let seconds = headers.get("retry-after");
            let later = seconds.and_then(|value| value.trim().parse::<u32>().ok());
            let later = later.map_or(String::new(), |s| format!(", it says to wait for {s} s"));
            Error::unreachable(format!("the camera is not ready ({status}{later})"))
        }
        _ => Error::protocol(format!("the camera answers with status {status}")),
    }
}
