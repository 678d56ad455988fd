//! What is asked of a question again and again. An empty id is none: nothing owns, and
//! nothing belongs to, what has no name.

use crate::{Principal, Request, Resource};

/// The id, unless it is missing or empty.
fn named(id: Option<&String>) -> Option<&str> {
    id.map(String::as_str).filter(|id| !id.is_empty())
}

impl Principal {
    /// The user's club, where there is one.
    pub fn club(&self) -> Option<&str> {
        named(self.club.as_ref())
    }

    /// What the token says under this name: a text is itself, all else is JSON.
    pub fn claim(&self, name: &str) -> Option<&str> {
        let mut claims = self.claims.iter();
        claims
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Resource {
    /// The club that it belongs to, where there is one.
    pub fn club(&self) -> Option<&str> {
        named(self.club.as_ref())
    }

    /// Who made it, where that is known.
    pub fn owner(&self) -> Option<&str> {
        named(self.owner.as_ref())
    }

    /// The terrain that it belongs to, where there is one.
    pub fn terrain(&self) -> Option<&str> {
        named(self.terrain.as_ref())
    }
}

impl Request {
    /// Whether it is wanted on something of the user's own club; no, where either has
    /// none.
    pub fn in_own_club(&self) -> bool {
        let club = self.principal.club();
        club.is_some() && club == self.resource.club()
    }

    /// Whether it is wanted on something that the user made; no, where nobody did.
    pub fn is_owner(&self) -> bool {
        self.resource.owner() == Some(self.principal.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::question;

    #[test]
    fn what_has_no_name_belongs_to_nobody() {
        let mut request = question("PLAYER", "session.view");
        assert!(!request.in_own_club() && !request.is_owner());
        request.resource.club = request.principal.club.clone();
        request.resource.owner = Some(request.principal.id.clone());
        assert!(request.in_own_club() && request.is_owner());
        request.principal.club = None;
        request.resource.club = None;
        assert!(!request.in_own_club());
        request.principal.club = Some(String::new());
        request.resource.club = Some(String::new());
        request.principal.id = String::new();
        request.resource.owner = Some(String::new());
        assert!(!request.in_own_club() && !request.is_owner());
        request.resource.owner = None;
        assert!(!request.is_owner());
    }

    #[test]
    fn claims_by_name() {
        let mut request = question("PLAYER", "session.view");
        request.principal.claims = vec![("level".into(), "gold".into())];
        assert_eq!(request.principal.claim("level"), Some("gold"));
        assert_eq!(request.principal.claim("Level"), None);
    }
}
