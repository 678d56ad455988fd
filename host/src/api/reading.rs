//! The body of a download: while it is read, its file is in use.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

use crate::library::Reading;

/// A body that holds its file in use until it was read to its end, or is dropped.
pub struct Read {
    body: Body,
    _reading: Reading,
}

impl Read {
    /// The body of this file.
    pub fn of(body: Body, reading: Reading) -> Body {
        Body::new(Self {
            body,
            _reading: reading,
        })
    }
}

impl hyper::body::Body for Read {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
