//! HTTP requests to cameras, with streamed answers.
//!
//! No proxy from the environment, no redirects, no cookies, HTTP/1.1 only; names resolve
//! through the grants, so that the address that was checked is the one that is used.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::connection::resolve;
use super::grants::Grants;
use super::inbox::{Post, io_error};
use super::outgoing::prepare;
use super::secrets::Secrets;
use super::spec::TlsRule;
use super::tls::client_config;
use crate::clock::now_us;
use crate::plugins::types::{
    BodyPart, Event, FailureClass, Header, HttpRequest, HttpResponse, IoError, RequestFailure,
};

/// Longest that an adapter may wait for anything, milliseconds.
const MOST_TIMEOUT_MS: u32 = 60_000;
/// Headers of an answer: stops a camera that sends headers without end.
const MOST_HEADERS: usize = 100;
/// Most bytes in one event, as the WIT says.
const MOST: usize = 256 << 10;
/// How long the first bytes of a body wait for more.
const COALESCE: Duration = Duration::from_millis(8);
/// Enough for a call: do not wait for more.
const ENOUGH: usize = 64 << 10;

/// A running request. Dropping it cancels it.
pub struct Request {
    _task: AbortOnDropHandle<()>,
}

/// Makes the client of a session.
pub fn client(rule: TlsRule, grants: &Grants) -> Result<Client, String> {
    let tls = client_config(rule).map_err(|error| error.to_string())?;
    Client::builder()
        .tls_backend_preconfigured(Arc::unwrap_or_clone(tls))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .http1_max_headers(MOST_HEADERS)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .pool_max_idle_per_host(1)
        .connect_timeout(Duration::from_secs(5))
        .dns_resolver(GrantedNames(grants.clone()))
        .build()
        .map_err(|error| error.to_string())
}

struct GrantedNames(Grants);

impl Resolve for GrantedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let grants = self.0.clone();
        Box::pin(async move {
            let found = resolve(name.as_str(), 0, &grants)
                .await
                .map_err(|error| error.message)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Request {
    /// Checks a request, fills its secrets in and starts it; the results come by `post`.
    pub fn start(
        client: Client,
        request: &HttpRequest,
        secrets: &mut Secrets,
        grants: &Grants,
        post: Post,
    ) -> Self {
        let id = request.id;
        let prepared = prepare(&client, request, secrets, grants);
        let header_timeout = millis(request.header_timeout_ms);
        let idle_timeout = millis(request.idle_timeout_ms);
        let task = tokio::spawn(async move {
            let outcome = match prepared {
                Ok(built) => run(id, &client, built, header_timeout, idle_timeout, &post).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                post.send(Event::RequestFailed(RequestFailure { id, error }))
                    .await;
            }
        });
        Self {
            _task: AbortOnDropHandle::new(task),
        }
    }
}

fn millis(ms: u32) -> Duration {
    Duration::from_millis(u64::from(ms.clamp(1, MOST_TIMEOUT_MS)))
}

async fn run(
    id: u32,
    client: &Client,
    request: reqwest::Request,
    header_timeout: Duration,
    idle_timeout: Duration,
    post: &Post,
) -> Result<(), IoError> {
    let unreachable = |message: String| io_error(FailureClass::Unreachable, message);
    let mut response = timeout(header_timeout, client.execute(request))
        .await
        .map_err(|_| unreachable("the camera does not answer the request".into()))?
        .map_err(|error| unreachable(explain(error)))?;
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        })
        .collect();
    let status = response.status().as_u16();
    if !post
        .send(Event::Response(HttpResponse {
            id,
            status,
            headers,
        }))
        .await
    {
        return Ok(());
    }
    loop {
        let first = timeout(idle_timeout, response.chunk())
            .await
            .map_err(|_| unreachable("the camera has stopped sending".into()))?
            .map_err(|error| io_error(FailureClass::Protocol, explain(error)))?;
        let mut arrived = now_us() as u64;
        let Some(first) = first else {
            post.send(Event::Body(BodyPart {
                id,
                bytes: Vec::new(),
                arrived,
                last: true,
            }))
            .await;
            return Ok(());
        };
        let mut bytes = first.to_vec();
        let until = Instant::now() + COALESCE;
        let mut failed = None;
        let mut last = false;
        while bytes.len() < ENOUGH {
            match timeout_at(until, response.chunk()).await {
                Err(_) => break,
                Ok(Ok(Some(more))) => {
                    bytes.extend_from_slice(&more);
                    // On a busy machine this may be long after the first bytes.
                    arrived = arrived.max(now_us() as u64 - COALESCE.as_micros() as u64);
                }
                Ok(Ok(None)) => {
                    last = true;
                    break;
                }
                Ok(Err(error)) => {
                    failed = Some(io_error(FailureClass::Protocol, explain(error)));
                    break;
                }
            }
        }
        let mut parts = bytes.chunks(MOST).peekable();
        while let Some(part) = parts.next() {
            let last = last && parts.peek().is_none();
            let part = BodyPart {
                id,
                bytes: part.to_vec(),
                arrived,
                last,
            };
            if !post.send(Event::Body(part)).await {
                return Ok(());
            }
        }
        match failed {
            Some(error) => return Err(error),
            None if last => return Ok(()),
            None => {}
        }
    }
}

/// An error and its causes in one line, without the URL (credentials may stand in it).
pub(super) fn explain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
