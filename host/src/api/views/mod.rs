//! The host's things as answers show them. Every member is always there; what is not known is
//! null. The schemas of the API's document are these structs'.

mod camera;
mod difference;
mod file;
mod health;
mod plugin;
mod preview;
mod problem;
mod quality;
mod recording;
mod report;
mod session;
mod set_up;
mod terrain;
mod words;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{
    KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, schema};
use utoipa::{PartialSchema, ToSchema};

pub use camera::{CameraView, camera};
pub use difference::DifferencesAnswer;
pub use file::{DeletedAnswer, FileView, FilesAnswer};
pub use health::{HealthAnswer, StatusAnswer, Wellness};
pub use plugin::{PluginsAnswer, ReleaseAnswer};
pub use preview::InfoAnswer;
pub use problem::ProblemView;
pub use recording::{RecordingAnswer, StoppedAnswer, recording, recording_at};
pub use report::{ReportAnswer, Reported};
pub use session::{SessionAnswer, SessionView, SessionsAnswer, session, session_as};
pub use set_up::{DiscoverAnswer, EditedAnswer, ProbeAnswer, SettingsAnswer};
pub use terrain::{TerrainView, TerrainsAnswer};

/// `"success": true`.
#[derive(Clone, Copy, Debug)]
pub struct Success;

impl Serialize for Success {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl PartialSchema for Success {
    fn schema() -> RefOr<Schema> {
        verdict(true).into()
    }
}

impl ToSchema for Success {
    fn name() -> std::borrow::Cow<'static, str> {
        "Success".into()
    }
}

/// A boolean that is always the same.
fn verdict(success: bool) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .enum_values(Some([success]))
}

/// The schema of an id of a club or a terrain: as the configuration's owner wrote it, digits as
/// a number, all else as a text. Both forms are the same id.
pub struct Id;

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z0-9-]{1,32}$"));
        let description = "A number or a text; `7` and `\"7\"` are the same id.";
        OneOfBuilder::new()
            .item(number)
            .item(text)
            .description(Some(description))
            .examples([serde_json::json!(1), serde_json::json!("court-1")])
            .into()
    }
}

impl ToSchema for Id {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

/// The schema of what is no text: a picture, a film.
pub struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(format))
            .into()
    }
}

impl ToSchema for Binary {
    fn name() -> std::borrow::Cow<'static, str> {
        "Binary".into()
    }
}

/// The schema of one of a few words.
fn words<const N: usize>(words: [&'static str; N]) -> schema::Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}

/// Seconds to the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
