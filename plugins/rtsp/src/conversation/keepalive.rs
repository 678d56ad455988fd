//! Telling the camera that somebody still listens.

use padelvar_sdk::time::after;
use padelvar_sdk::{Error, Microseconds};

use super::client::{Client, Request};
use super::stream::Reply;

/// Every server answers it, though to some it is no sign of life.
const LAST: &str = "OPTIONS";

/// What may be sent for it, the best first: methods that belong to a session, as far as the
/// camera says that it knows them (RFC 2326, sections 10.8 and 10.9).
fn methods(public: &str) -> Vec<&'static str> {
    let knows = |method: &str| {
        let mut all = public.split(',').map(str::trim);
        all.any(|known| known.eq_ignore_ascii_case(method))
    };
    let mut methods = vec!["GET_PARAMETER", "SET_PARAMETER"];
    methods.retain(|method| knows(method));
    methods.push(LAST);
    methods
}

/// The state of it.
pub struct KeepAlive {
    uri: String,
    /// Still to try, in this order; the first one is in use.
    methods: Vec<&'static str>,
    due: Microseconds,
    /// Number of the newest request, and whether it was asked again with a new nonce.
    sent: Option<(u32, bool)>,
}

impl KeepAlive {
    /// From PLAY on. `uri` is that of all streams, `public` the value of that header.
    pub fn new(client: &Client, uri: &str, public: &str) -> Self {
        let mut this = Self {
            uri: uri.to_owned(),
            methods: methods(public),
            due: 0,
            sent: None,
        };
        this.schedule(client);
        this
    }

    fn schedule(&mut self, client: &Client) {
        if let Some(session) = &client.session {
            self.due = after(client.io.now(), session.interval());
        }
    }

    /// Sends when it is time to. That the last one was not answered does not matter:
    /// liveness is judged by the video.
    pub async fn tick(&mut self, client: &mut Client) -> Result<(), Error> {
        if client.io.now() >= self.due {
            client.stream.ready().await?;
            self.send(client, false);
            self.schedule(client);
        }
        Ok(())
    }

    fn send(&mut self, client: &mut Client, again: bool) {
        let method = self.methods.first().copied().unwrap_or(LAST);
        let uri = self.uri.as_str();
        let number = client.send(&Request {
            method,
            uri,
            headers: &[],
        });
        self.sent = Some((number, again));
    }

    /// Takes an answer that came while playing.
    pub fn answered(&mut self, client: &mut Client, reply: &Reply) -> Result<(), Error> {
        let Some((number, again)) = self.sent else {
            return Ok(());
        };
        if reply.sequence().is_some_and(|answered| answered != number) {
            return Ok(());
        }
        self.sent = None;
        match reply.status {
            // The nonce grew old.
            401 if !again => {
                client.learn(&reply.headers)?;
                self.send(client, true);
            }
            401 => return Err(Error::auth("the camera refuses the user name or password")),
            454 => {
                // Nothing is left to say goodbye to.
                client.session = None;
                return Err(Error::protocol("the camera forgot the session (454)"));
            }
            400..=599 if self.methods.len() > 1 => {
                self.methods.remove(0);
                self.send(client, false);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_first() {
        for (public, first) in [
            ("OPTIONS, SET_PARAMETER,get_parameter", "GET_PARAMETER"),
            ("OPTIONS, SET_PARAMETER", "SET_PARAMETER"),
            ("DESCRIBE", "OPTIONS"),
            ("", "OPTIONS"),
        ] {
            let methods = methods(public);
            assert_eq!(
                (methods[0], methods.last()),
                (first, Some(&LAST)),
                "{public}"
            );
        }
    }
}
