//! `GET /api/openapi.json`: the document, generated from the handlers. A handler says what it
//! answers; what all routes of an access have in common is added here, in one place.

use axum::Extension;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::Tag;
use utoipa::openapi::{
    ComponentsBuilder, Content, Header, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    PathItem, Ref, RefOr, Response, Schema, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::access::Access;
use super::views::ProblemView;
use crate::auth::Action;

/// Names of the ways to prove who one is.
const BEARER: &str = "bearer";
const COOKIE: &str = "cookie";
const TICKET: &str = "ticket";

const PROBLEM: &str = "application/problem+json";

/// Groups of routes, in the order of a match.
const TAGS: [(&str, &str); 10] = [
    ("terrains", "Courts, each with its camera."),
    ("sessions", "Bookings of a terrain's camera."),
    ("recordings", "A session's one MP4, under way."),
    ("files", "Finished recordings."),
    ("previews", "Live pictures."),
    ("events", "What happens, as it happens."),
    ("auth", "Tokens and cookies."),
    ("plugins", "Adapters and policies."),
    ("cameras", "Finding and trying cameras, to set terrains up."),
    ("host", "How the host is, and this document."),
];

const ABOUT: &str = "Records padel courts: one session, one MP4. Failures are \
`application/problem+json` (RFC 9457) with a stable `code`. Times are RFC 3339 in UTC. Ids of \
clubs and terrains are accepted as numbers and as texts. Unknown members and parameters are \
ignored. `x-action` names what the policy is asked about before a route answers.";

/// The finished document.
#[derive(Clone)]
pub struct Document(Bytes);

impl Document {
    /// The document as it is answered.
    pub fn of(api: &OpenApi) -> Self {
        Self(text(api).into())
    }
}

/// The document as JSON, members in order.
fn text(api: &OpenApi) -> String {
    let value = serde_json::to_value(api).expect("a document is plain data");
    format!("{value:#}\n")
}

/// This document
///
/// `OpenAPI` 3.1, generated from the handlers.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "host",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub async fn document(Extension(document): Extension<Document>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document.0)
}

/// The document's beginning: what it is about, and how to prove who one is.
pub fn head() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A JSON Web Token in `Authorization: Bearer`."))
        .build();
    let cookie = ApiKeyValue::with_description(
        "padelvar_token",
        "The token in a cookie, for previews, downloads and events.",
    );
    let ticket = ApiKeyValue::with_description(
        "ticket",
        "A ticket as the links in answers carry it, for previews and downloads.",
    );
    let components = ComponentsBuilder::new()
        .schema(ProblemView::name(), ProblemView::schema())
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .security_scheme(COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .security_scheme(TICKET, SecurityScheme::ApiKey(ApiKey::Query(ticket)))
        .build();
    let info = InfoBuilder::new()
        .title("PadelVar")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .build();
    let tags = TAGS.map(|(name, about)| {
        let mut tag = Tag::new(name);
        tag.description = Some(about.to_owned());
        tag
    });
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

/// Completes what is said of a path's operations by what its access says.
pub fn complete(item: &mut PathItem, access: Access) {
    let operations = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ];
    for operation in operations.into_iter().flatten() {
        complete_operation(operation, access);
    }
}

fn complete_operation(operation: &mut Operation, access: Access) {
    // Handlers of different rooms have the same names: the room's makes the whole unique.
    let group = operation.tags.iter().flatten().next();
    if let (Some(group), Some(name)) = (group, &operation.operation_id) {
        operation.operation_id = Some(format!("{group}_{name}"));
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            complete_parameter(parameter);
        }
    }
    let mut also: Vec<(&str, &str)> = vec![("500", "The host made a mistake; its log says which.")];
    if operation.request_body.is_some() {
        also.extend([
            ("400", "The body is not JSON."),
            ("408", "The body took too long."),
            ("413", "The body has over 64 KiB."),
            ("415", "The body is said not to be JSON."),
            ("422", "A value is missing or bad; `field` names it."),
        ]);
    }
    let (key, value) = match access {
        Access::Public(reason) => ("x-public", serde_json::json!(reason)),
        Access::Authenticated(reason) => ("x-authenticated", serde_json::json!(reason)),
        Access::Asks(actions) | Access::AsksByLink(actions) => {
            also.push(("403", "The policy said no; `code` is the policy's."));
            let names = actions.iter().copied().map(Action::name);
            ("x-action", names.collect())
        }
    };
    if !matches!(access, Access::Public(_)) {
        also.push(("401", "No token, or one that is not good."));
        also.push(("429", "Too many failed authentications from this address."));
    }
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert(key.to_owned(), value);
    let schemes: &[&str] = match access {
        Access::Public(_) => &[],
        Access::Authenticated(_) | Access::Asks(_) => &[BEARER],
        Access::AsksByLink(_) => &[BEARER, COOKIE, TICKET],
    };
    let none: [&str; 0] = [];
    operation.security = Some(
        schemes
            .iter()
            .map(|scheme| SecurityRequirement::new(*scheme, none))
            .collect(),
    );
    let responses = &mut operation.responses.responses;
    for (status, about) in also {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| Response::new(about).into());
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
        {
            complete_failure(status, response);
        }
    }
}

/// A parameter that need not be there is never null: text has no null.
fn complete_parameter(parameter: &mut Parameter) {
    if let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
        && let SchemaType::Array(types) = &schema.schema_type
        && let Some(only) = types.iter().find(|kind| **kind != Type::Null)
    {
        schema.schema_type = SchemaType::Type(only.clone());
    }
}

/// Every failure is a problem.
fn complete_failure(status: &str, response: &mut Response) {
    let problem = Content::new(Some(Ref::from_schema_name(ProblemView::name())));
    response
        .content
        .entry(PROBLEM.to_owned())
        .or_insert_with(|| problem.into());
    let told = match status {
        "401" => ("WWW-Authenticate", Type::String, "`Bearer`."),
        "429" | "503" => ("Retry-After", Type::Integer, "Seconds to wait."),
        _ => return,
    };
    let (name, kind, about) = told;
    let mut header = Header::new(ObjectBuilder::new().schema_type(kind));
    header.description = Some(about.to_owned());
    response.headers.insert(name.to_owned(), header.into());
}

#[cfg(test)]
mod tests;
