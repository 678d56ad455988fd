//! Bodies of requests: read with a bound, parsed leniently (unknown members are ignored),
//! checked strictly (a bad value names its field).

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Type};

use super::problem::Problem;
use crate::config::{ClubId, TerrainId};

/// Longest body of a request. Stops clients that send without end.
const MOST_BYTES: usize = 64 << 10;
/// What is read of a body that is too long, so that its sender gets to read the answer.
const MOST_DRAINED: usize = 64 << 20;
/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The id in a path. What is no text is the id of nothing.
pub struct Id(pub String);

impl IntoParams for Id {
    /// The id of a session, which is most ids.
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^sess_[A-Za-z0-9-]{1,32}_[0-9]{1,20}$"))
            .examples(["sess_1_1732281000123"]);
        let mut parameter = Parameter::new("id");
        parameter.parameter_in = ParameterIn::Path;
        parameter.description = Some("The session's id.".to_owned());
        parameter.schema = Some(id.into());
        vec![parameter]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Problem::not_found("there is nothing of that id"))?;
        Ok(Self(id))
    }
}

/// The parameters of a query. Unknown ones are nobody's; of a repeated one the last counts.
pub struct Params(HashMap<String, String>);

impl Params {
    /// Those of an address.
    pub fn of(uri: &Uri) -> Self {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How many things are wanted, 1 to `most`; `most` where the parameter is missing.
    pub fn limit(&self, name: &str, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(most);
        };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| {
            Problem::bad_value(name, format!("{name} is a whole number from 1 to {most}"))
        })
    }

    /// A club, where one is named.
    pub fn club_id(&self, name: &str) -> Result<Option<ClubId>, Problem> {
        let parsed = self.get(name).map(str::parse::<ClubId>);
        parsed
            .transpose()
            .map_err(|error| Problem::bad_value(name, error.to_string()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

/// Most texts in a list, and members of an object.
const MOST_ENTRIES: usize = 64;

/// The members of a JSON object.
#[derive(Default)]
pub struct Fields {
    members: Map<String, Value>,
    /// What errors put before a member's name: where an object within the body is read.
    within: &'static str,
}

/// What is said of something that is set, kept or taken out.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// Nothing.
    Nothing,
    /// `null`.
    Null,
    /// This.
    Text(&'a str),
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let json = kind.is_none_or(|kind| {
            let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind == "application/json" || kind.ends_with("+json")
        });
        let bytes = read(request.into_body()).await?;
        if !json {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(
                status,
                "not_json",
                "send Content-Type: application/json",
            ));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self {
                members,
                within: "",
            }),
            Ok(_) => Err(not_json("the body is not a JSON object")),
            Err(error) => Err(not_json(format!("the body is not JSON: {error}"))),
        }
    }
}

fn not_json(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "not_json", detail)
}

async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let hint = body.size_hint().lower();
    let mut stream = body.into_data_stream();
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut seen = 0;
    loop {
        let next = timeout_at(deadline, stream.next()).await.map_err(|_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the body took too long",
            )
        })?;
        match next {
            None => break,
            Some(Err(error)) => return Err(not_json(format!("the body broke off: {error}"))),
            Some(Ok(chunk)) => {
                seen += chunk.len();
                if seen <= MOST_BYTES {
                    bytes.extend_from_slice(&chunk);
                } else if seen > MOST_DRAINED || hint > MOST_DRAINED as u64 {
                    break;
                }
            }
        }
    }
    if seen > MOST_BYTES {
        let detail = format!("the body has over {MOST_BYTES} bytes");
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            detail,
        ));
    }
    Ok(bytes)
}

impl Fields {
    /// Those of a JSON object.
    #[cfg(test)]
    pub fn of(body: Value) -> Self {
        let Value::Object(members) = body else {
            panic!("not an object: {body}")
        };
        Self {
            members,
            within: "",
        }
    }

    /// A terrain's id, as number or string.
    pub fn terrain_id(&self) -> Result<TerrainId, Problem> {
        let value = self.required("terrain_id")?;
        self.id("terrain_id", value)
    }

    /// A club's id, where there is one.
    pub fn club_id(&self) -> Result<Option<ClubId>, Problem> {
        let value = self.present("club_id");
        value.map(|value| self.id("club_id", value)).transpose()
    }

    fn id<T: DeserializeOwned>(&self, name: &str, value: &Value) -> Result<T, Problem> {
        serde_json::from_value(value.clone())
            .map_err(|_| self.bad(name, "is an integer or a short text"))
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<&str, Problem> {
        let value = self.required(name)?;
        value.as_str().ok_or_else(|| self.bad(name, "is a text"))
    }

    /// A text, where there is one.
    pub fn text_if_any(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.said(name)? {
            Said::Text(text) => Ok(Some(text)),
            Said::Nothing | Said::Null => Ok(None),
        }
    }

    /// A text, where something is said at all.
    pub fn said(&self, name: &str) -> Result<Said<'_>, Problem> {
        match self.members.get(name) {
            None => Ok(Said::Nothing),
            Some(Value::Null) => Ok(Said::Null),
            Some(Value::String(text)) => Ok(Said::Text(text)),
            Some(_) => Err(self.bad(name, "is a text or null")),
        }
    }

    /// A text that is read as something else, where there is one.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let text = self.text_if_any(name)?;
        let parsed = text.map(str::parse::<T>);
        parsed
            .transpose()
            .map_err(|error| self.bad(name, &format!("is {error}")))
    }

    /// Yes or no, where it is said.
    pub fn truth(&self, name: &str) -> Result<Option<bool>, Problem> {
        let value = self.present(name).map(Value::as_bool);
        match value {
            None => Ok(None),
            Some(None) => Err(self.bad(name, "is true or false")),
            Some(truth) => Ok(truth),
        }
    }

    /// A list of texts; none where the member is missing or null.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, Problem> {
        let wrong = || self.bad(name, &format!("is a list of at most {MOST_ENTRIES} texts"));
        let Some(value) = self.present(name) else {
            return Ok(Vec::new());
        };
        let entries = value.as_array().filter(|list| list.len() <= MOST_ENTRIES);
        let entries = entries.ok_or_else(wrong)?.iter().map(Value::as_str);
        entries.collect::<Option<_>>().ok_or_else(wrong)
    }

    /// An object whose members are texts, numbers and booleans, as texts.
    pub fn options(&self, name: &str) -> Result<BTreeMap<String, String>, Problem> {
        let wrong = || {
            let kind =
                format!("is an object of at most {MOST_ENTRIES} texts, numbers and booleans");
            self.bad(name, &kind)
        };
        let Some(value) = self.present(name) else {
            return Ok(BTreeMap::new());
        };
        let members = value.as_object().filter(|all| all.len() <= MOST_ENTRIES);
        let members = members.ok_or_else(wrong)?.iter();
        let as_text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        };
        members
            .map(|(key, value)| as_text(value).map(|text| (key.clone(), text)))
            .collect::<Option<_>>()
            .ok_or_else(wrong)
    }

    /// The object in a member, for which errors say `within` before a member's name.
    pub fn object(&self, name: &str, within: &'static str) -> Result<Self, Problem> {
        match self.required(name)? {
            Value::Object(members) => Ok(Self {
                members: members.clone(),
                within,
            }),
            _ => Err(self.bad(name, "is an object")),
        }
    }

    /// Minutes over 0 and at most a day; none where the member is missing or null.
    pub fn minutes(&self, name: &str) -> Result<Option<Duration>, Problem> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let minutes = value
            .as_f64()
            .filter(|minutes| *minutes > 0.0 && *minutes <= 1440.0);
        let minutes =
            minutes.ok_or_else(|| self.bad(name, "is a number over 0 and at most 1440"))?;
        Ok(Some(Duration::from_secs_f64(minutes * 60.0)))
    }

    /// Seconds within bounds; none where the member is missing or null.
    pub fn seconds(
        &self,
        name: &str,
        (least, most): (Duration, Duration),
    ) -> Result<Option<Duration>, Problem> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let (least, most) = (least.as_secs_f64(), most.as_secs_f64());
        let seconds = value
            .as_f64()
            .filter(|seconds| (least..=most).contains(seconds));
        let seconds = seconds
            .ok_or_else(|| self.bad(name, &format!("is a number from {least} to {most}")))?;
        Ok(Some(Duration::from_secs_f64(seconds)))
    }

    /// What to answer where a member cannot be used: `kind` goes on after its name.
    pub fn bad(&self, name: &str, kind: &str) -> Problem {
        let name = format!("{}{name}", self.within);
        Problem::bad_value(&name, format!("{name} {kind}"))
    }

    fn present(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn required(&self, name: &str) -> Result<&Value, Problem> {
        self.members
            .get(name)
            .ok_or_else(|| self.bad(name, "is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        Params::of(&format!("/x?{query}").parse().unwrap())
    }

    #[test]
    fn limits_are_checked_and_the_last_of_a_repeated_parameter_counts() {
        assert_eq!(params("").limit("limit", 100).unwrap(), 100);
        assert_eq!(params("limit=1&x=y").limit("limit", 100).unwrap(), 1);
        assert_eq!(
            params("limit=0&limit=100").limit("limit", 100).unwrap(),
            100
        );
        for bad in [
            "0",
            "101",
            "-1",
            "1.5",
            "",
            "ten",
            "99999999999999999999999",
        ] {
            let query = format!("limit={bad}");
            assert!(params(&query).limit("limit", 100).is_err(), "{bad}");
        }
    }

    #[test]
    fn clubs_are_ids() {
        assert_eq!(params("").club_id("club_id").unwrap(), None);
        let club = params("club_id=7").club_id("club_id").unwrap();
        assert_eq!(club, Some(ClubId::from(7)));
        for bad in ["", "a%20b", "..%2f", "%00", "%ff"] {
            assert!(
                params(&format!("club_id={bad}"))
                    .club_id("club_id")
                    .is_err(),
                "{bad}"
            );
        }
    }
}
