//! A question in Cedar's words. Ids and names from outside become entities and texts as
//! they are; nothing of them is ever read as Cedar.

use core::net::IpAddr;
use std::collections::HashMap;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, ParseErrors,
    Request as CedarRequest, RestrictedExpression,
};
use padelvar_policy_sdk::{Request, names};

use crate::time;

/// The names that questions are made of, read once.
#[derive(Debug)]
pub struct Words {
    user: EntityTypeName,
    role: EntityTypeName,
    kinds: HashMap<&'static str, EntityTypeName>,
    actions: HashMap<&'static str, EntityUid>,
}

/// A question that can be put to rules.
#[derive(Debug)]
pub struct Question {
    /// Who wants what on what, and when.
    pub request: CedarRequest,
    /// Who and what in detail.
    pub entities: Entities,
}

/// Why there is no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unaskable {
    /// The action is not one of the schema's.
    Action,
    /// The kind of resource is not one of the schema's.
    Resource,
    /// Cedar did not take it.
    Question,
}

impl Words {
    /// The names of the schema.
    pub fn new() -> Result<Self, Box<ParseErrors>> {
        let action = type_name("Action")?;
        let kinds = [
            (names::kind::TERRAIN, "Terrain"),
            (names::kind::SESSION, "Session"),
            (names::kind::CLUB, "Club"),
            (names::kind::FILE, "File"),
            (names::kind::PLUGIN, "Plugin"),
            (names::kind::HOST, "Host"),
        ];
        let kinds = kinds.map(|(kind, name)| Ok((kind, type_name(name)?)));
        let actions = names::action::ALL.map(|name| (name, uid(&action, name)));
        Ok(Self {
            user: type_name("User")?,
            role: type_name("Role")?,
            kinds: kinds.into_iter().collect::<Result<_, Box<ParseErrors>>>()?,
            actions: actions.into_iter().collect(),
        })
    }

    /// The question in Cedar's words.
    pub fn question(&self, request: &Request) -> Result<Question, Unaskable> {
        let action = self.actions.get(request.action.as_str());
        let action = action.ok_or(Unaskable::Action)?.clone();
        let kind = self.kinds.get(request.resource.kind.as_str());
        let kind = kind.ok_or(Unaskable::Resource)?;

        let principal = self.principal(request).ok_or(Unaskable::Question)?;
        let resource = resource(kind, request).ok_or(Unaskable::Question)?;
        let context = context(request).ok_or(Unaskable::Question)?;
        let request = CedarRequest::new(principal.uid(), action, resource.uid(), context, None);
        let entities = Entities::from_entities([principal, resource], None);
        Ok(Question {
            request: request.map_err(|_| Unaskable::Question)?,
            entities: entities.map_err(|_| Unaskable::Question)?,
        })
    }

    fn principal(&self, request: &Request) -> Option<Entity> {
        let who = &request.principal;
        let id = uid(&self.user, &who.id);
        let role = uid(&self.role, &who.role);
        let attributes = present([
            ("id", Some(who.id.as_str())),
            ("role", Some(who.role.as_str())),
            ("club", who.club()),
        ]);
        let tags = who
            .claims
            .iter()
            .map(|(name, value)| (name.clone(), text(value)));
        Entity::new_with_tags(id, attributes, [role], tags).ok()
    }
}

fn resource(kind: &EntityTypeName, request: &Request) -> Option<Entity> {
    let what = &request.resource;
    let attributes = present([
        ("id", Some(what.id.as_str())),
        ("club", what.club()),
        ("owner", what.owner()),
        ("terrain", what.terrain()),
    ]);
    Entity::new_with_tags(uid(kind, &what.id), attributes, [], []).ok()
}

fn context(request: &Request) -> Option<Context> {
    let seconds = request.context.unix_seconds;
    let address = request.context.client_address.as_deref();
    let values = [
        (
            "unix_seconds",
            Some(RestrictedExpression::new_long(seconds)),
        ),
        (
            "now",
            time::datetime(seconds).map(RestrictedExpression::new_datetime),
        ),
        (
            "client_address",
            address.and_then(ip).map(RestrictedExpression::new_ip),
        ),
    ];
    let values = values
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Context::from_pairs(values).ok()
}

/// An address as Cedar reads it: an IPv4 address within IPv6 as the IPv4 address that it
/// is, and IPv6 in groups only. None for what is no address.
fn ip(text: &str) -> Option<String> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address
            .segments()
            .map(|group| format!("{group:x}"))
            .join(":"),
    })
}

fn present<const N: usize>(
    attributes: [(&str, Option<&str>); N],
) -> impl Iterator<Item = (String, RestrictedExpression)> {
    let attributes = attributes.into_iter();
    attributes.filter_map(|(name, value)| Some((name.to_owned(), text(value?))))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn type_name(name: &str) -> Result<EntityTypeName, Box<ParseErrors>> {
    name.parse().map_err(Box::new)
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use padelvar_policy_sdk::testing::question;

    #[test]
    fn addresses() {
        let rows = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8:0:0:0:0:0:1")),
            ("::", Some("0:0:0:0:0:0:0:0")),
            ("::192.0.2.1", Some("0:0:0:0:0:0:c000:201")),
            ("192.0.2.1:80", None),
            ("192.0.2.0/24", None),
            ("fe80::1%eth0", None),
            ("", None),
        ];
        let words = Words::new().expect("good names");
        for (given, read) in rows {
            assert_eq!(ip(given).as_deref(), read, "{given}");
            let mut request = question("PLAYER", "session.view");
            request.context.client_address = Some(given.to_owned());
            let question = words.question(&request).expect("a question");
            let context = question.request.context().expect("a context");
            assert_eq!(context.get("client_address").is_some(), read.is_some());
        }
    }

    #[test]
    fn times_that_cedar_cannot_write_are_left_out() {
        let words = Words::new().expect("good names");
        let mut request = question("PLAYER", "session.view");
        for (seconds, written) in [(0, true), (i64::MAX, false), (i64::MIN, false)] {
            request.context.unix_seconds = seconds;
            let question = words.question(&request).expect("a question");
            let context = question.request.context().expect("a context");
            assert_eq!(context.get("now").is_some(), written, "{seconds}");
        }
    }
}
