//! Why an adapter gives up.

use crate::wit::{FailureClass, IoError};

/// A reason to end the session, with the class that tells the host when to try
/// again. The message is for people and must never hold a secret; do not put a
/// URL that the camera sent into it, since cameras echo passwords in those.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// When the host should try again.
    pub class: FailureClass,
    /// What was tried and what went wrong.
    pub message: String,
}

impl Error {
    /// An error of any class.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }

    /// The camera does not answer.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Unreachable, message)
    }

    /// The camera refuses the credentials.
    pub fn auth(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Auth, message)
    }

    /// Not a stream for this adapter.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Unsupported, message)
    }

    /// The camera breaks the protocol, or its stream ended or broke.
    pub fn protocol(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Protocol, message)
    }

    /// Anything else.
    pub fn other(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Other, message)
    }

    /// The same error, with what was being done in front of its message.
    #[must_use]
    pub fn during(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl From<IoError> for Error {
    fn from(error: IoError) -> Self {
        Self::new(error.class, error.message)
    }
}

impl From<Error> for IoError {
    fn from(error: Error) -> Self {
        Self {
            class: error.class,
            message: error.message,
        }
    }
}
