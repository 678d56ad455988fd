//! Segments whose text only the host knows.

use crate::wit::{AuthorizationRecipe, Credential, CredentialRecipe, Encoding, Recipe, Segment};

/// A user name or password in some encoding.
pub fn credential(which: Credential, encoding: Encoding) -> Segment {
    Segment::Secret(Recipe::Credential(CredentialRecipe { which, encoding }))
}

/// The value of an `Authorization` header that answers `challenges`, the values of
/// all `WWW-Authenticate` headers of the refusing answer. `method` and `uri` are
/// those of the request that is being sent, `uri` with its placeholders unfilled.
pub fn authorization(challenges: &[String], method: &str, uri: &str) -> Segment {
    Segment::Secret(Recipe::Authorization(AuthorizationRecipe {
        challenges: challenges.to_vec(),
        method: method.to_owned(),
        uri: uri.to_owned(),
    }))
}

/// A URI as segments: `{username}` and `{password}` become secrets
/// (percent-encoded), everything between them bytes.
pub fn uri_segments(uri: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut rest = uri;
    while let Some((at, name, which)) = next_placeholder(rest) {
        if at > 0 {
            segments.push(Segment::Bytes(rest.as_bytes()[..at].to_vec()));
        }
        segments.push(credential(which, Encoding::Percent));
        rest = &rest[at + name.len()..];
    }
    if !rest.is_empty() {
        segments.push(Segment::Bytes(rest.as_bytes().to_vec()));
    }
    segments
}

fn next_placeholder(text: &str) -> Option<(usize, &'static str, Credential)> {
    [
        ("{username}", Credential::Username),
        ("{password}", Credential::Password),
    ]
    .into_iter()
    .filter_map(|(name, which)| text.find(name).map(|at| (at, name, which)))
    .min_by_key(|(at, _, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_secrets() {
        let segments = uri_segments("rtsp://h/u={username}&p={password}/x");
        assert_eq!(
            segments,
            [
                Segment::Bytes(b"rtsp://h/u=".to_vec()),
                credential(Credential::Username, Encoding::Percent),
                Segment::Bytes(b"&p=".to_vec()),
                credential(Credential::Password, Encoding::Percent),
                Segment::Bytes(b"/x".to_vec()),
            ]
        );
        assert_eq!(uri_segments("a"), [Segment::Bytes(b"a".to_vec())]);
        assert_eq!(
            uri_segments("{password}"),
            [credential(Credential::Password, Encoding::Percent)]
        );
    }
}
