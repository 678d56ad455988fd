//! Telling the camera that somebody still listens.

use padelvar_sdk::time::after;
use padelvar_sdk::{Error, Microseconds};

use super::client::{Client, Request};
use super::stream::Reply;

/// The state of it.
pub struct KeepAlive {
    uri: String,
    method: &'static str,
    due: Microseconds,
    /// Number of the newest request, and whether it was asked again with a new nonce.
    sent: Option<(u32, bool)>,
}

impl KeepAlive {
    /// From PLAY on. `uri` is that of all streams.
    pub fn new(client: &Client, uri: &str, knows_get_parameter: bool) -> Self {
        let mut this = Self {
            uri: uri.to_owned(),
            method: if knows_get_parameter {
                "GET_PARAMETER"
            } else {
                "OPTIONS"
            },
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
    pub fn tick(&mut self, client: &mut Client) {
        if client.io.now() >= self.due {
            self.send(client, false);
            self.schedule(client);
        }
    }

    fn send(&mut self, client: &mut Client, again: bool) {
        let (method, uri) = (self.method, self.uri.as_str());
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
            400..=599 if self.method == "GET_PARAMETER" => {
                self.method = "OPTIONS";
                self.send(client, false);
            }
            _ => {}
        }
        Ok(())
    }
}
