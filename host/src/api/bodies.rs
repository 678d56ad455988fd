//! The bodies that requests have: what is read of them, checked, with the schema that the
//! document shows.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use utoipa::ToSchema;

use super::input::Fields;
use super::problem::Problem;
use super::views::Id;
use crate::config::TerrainId;

mod camera;

pub use camera::{Discover, EditTerrain, Probe};

/// Something that a body's members make.
pub trait Read: Sized {
    /// Whether a request without a body means one without members.
    const MAY_BE_MISSING: bool = false;

    /// Reads and checks the members; an error names the first one that is bad.
    fn read(fields: &Fields) -> Result<Self, Problem>;
}

/// A body, read and checked.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: Read> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let fields = if T::MAY_BE_MISSING && request.body().is_end_stream() {
            Fields::default()
        } else {
            Fields::from_request(request, state).await?
        };
        T::read(&fields).map(Self)
    }
}

/// Which terrain.
#[derive(Debug, ToSchema)]
pub struct CreateSession {
    /// The terrain to book.
    #[schema(value_type = Id)]
    pub terrain_id: TerrainId,
}

impl Read for CreateSession {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let terrain_id = fields.terrain_id()?;
        Ok(Self { terrain_id })
    }
}

/// Which session.
#[derive(Debug, ToSchema)]
pub struct OfSession {
    /// The session's id.
    #[schema(example = "sess_1_1732281000123")]
    pub session_id: String,
}

impl Read for OfSession {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let session_id = fields.text("session_id")?.to_owned();
        Ok(Self { session_id })
    }
}

/// What to record, and how long.
#[derive(Debug, ToSchema)]
pub struct StartRecording {
    /// The session's id.
    #[schema(example = "sess_1_1732281000123")]
    pub session_id: String,
    /// Minutes, fractions allowed. Default: `video.default_duration_minutes`.
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, maximum = 1440, example = 90)]
    pub duration_minutes: Option<Duration>,
}

impl Read for StartRecording {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        Ok(Self {
            session_id: fields.text("session_id")?.to_owned(),
            duration_minutes: fields.minutes("duration_minutes")?,
        })
    }
}
