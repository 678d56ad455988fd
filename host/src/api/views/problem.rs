//! Failures, as RFC 9457 has them. The schema only: `api::problem` writes them.

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, schema::AdditionalProperties};
use utoipa::{PartialSchema, ToSchema};

use super::verdict;

/// The schema of `application/problem+json`.
pub struct ProblemView;

impl PartialSchema for ProblemView {
    fn schema() -> RefOr<Schema> {
        let text = |about: &str| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some(about))
        };
        let status = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(400))
            .maximum(Some(599))
            .description(Some("The answer's status."));
        let code = text("What went wrong, for programs: stable, in snake case.");
        let members: [(&str, ObjectBuilder); 7] = [
            ("type", text("`urn:padelvar:problem:<code>`.")),
            ("title", text("The status in words.")),
            ("status", status),
            ("detail", text("What went wrong, for people.")),
            ("success", verdict(false)),
            ("code", code),
            ("request_id", text("The request's id, as in the log.")),
        ];
        let mut object = ObjectBuilder::new().description(Some(
            "A failure (RFC 9457). Some have more members: `field` names a bad value, \
             `session_id` the session in the way.",
        ));
        for (name, schema) in members {
            object = object.property(name, schema).required(name);
        }
        for (name, about) in [
            ("field", "The member or parameter whose value is bad."),
            ("session_id", "The session that is in the way."),
        ] {
            object = object.property(name, text(about));
        }
        object
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for ProblemView {
    fn name() -> std::borrow::Cow<'static, str> {
        "Problem".into()
    }
}
