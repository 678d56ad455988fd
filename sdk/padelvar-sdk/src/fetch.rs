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
        let mut redirects = 0;
        let mut refused = false;
        loop {
            let response = self.io.request(self.request()).await?;
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
                401 if refused => {
                    return Err(Error::auth("the camera refuses the user name or password"));
                }
                401 => {
                    self.challenges = challenges(&response.headers, self.has_credentials)?;
                    refused = true;
                }
                status => return Err(refusal(status)),
            }
        }
    }

    fn request(&self) -> Request {
        let request = Request::get(&self.url.to_string())
            .header("User-Agent", &self.user_agent)
            .header("Accept", "*/*");
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

fn refusal(status: u16) -> Error {
    match status {
        403 => Error::auth("the camera refuses access (403)"),
        404 | 410 => Error::unreachable(format!("the camera has nothing at this URL ({status})")),
        408 | 429 | 500..=599 => Error::unreachable(format!("the camera is not ready ({status})")),
        _ => Error::protocol(format!("the camera answers with status {status}")),
    }
}
