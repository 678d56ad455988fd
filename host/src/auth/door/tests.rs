use std::time::Duration;

use super::super::token::mint;
use super::super::token_keys::TokenKeys;
use super::*;
use crate::config::Auth;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn door() -> Door {
    crate::install_crypto();
    let keys = TokenKeys::Secret(SECRET.to_vec());
    Door::new(
        TokenVerifier::new(&keys, &Auth::default()),
        Arc::new(|_| {}),
    )
}

fn user(id: &str) -> Principal {
    Principal {
        id: id.into(),
        role: "PLAYER".into(),
        club: Some("3".into()),
        claims: vec![("level".into(), "5".into())],
    }
}

fn token(id: &str) -> String {
    mint(SECRET, &Auth::default(), &user(id), Duration::from_mins(1)).unwrap()
}

/// Header, ticket and cookie; an empty one is none.
fn papers(bearer: &str, ticket: &str, cookie: &str) -> Presented {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Presented {
        bearer: some(bearer),
        ticket: some(ticket),
        cookie: some(cookie),
        address: Some([192, 0, 2, 1].into()),
    }
}

/// Papers, who they are of for a preview of `s1`, and for being told of events: who and the only
/// session.
type Row<'a> = (
    Presented,
    Option<&'a str>,
    Option<(&'a str, Option<&'a str>)>,
);

#[tokio::test]
async fn which_paper_counts() {
    let door = door();
    let ticket = |purpose| door.tickets.issue(&user("ticket"), "s1", purpose).unwrap();
    let (preview, download) = (ticket(Purpose::Preview), ticket(Purpose::Download));
    let (bearer, cookie) = (token("bearer"), token("cookie"));
    let rows: [Row<'_>; 15] = [
        (papers("", "", ""), None, None),
        (
            papers(&bearer, "", ""),
            Some("bearer"),
            Some(("bearer", None)),
        ),
        (
            papers(&bearer, &preview, &cookie),
            Some("bearer"),
            Some(("bearer", None)),
        ),
        (papers("x", &preview, &cookie), None, None),
        (
            papers("", &preview, ""),
            Some("ticket"),
            Some(("ticket", Some("s1"))),
        ),
        (
            papers("", &preview, &cookie),
            Some("ticket"),
            Some(("ticket", Some("s1"))),
        ),
        (papers("", &download, ""), None, None),
        (
            papers("", &download, &cookie),
            Some("cookie"),
            Some(("cookie", None)),
        ),
        (
            papers("", "x", &cookie),
            Some("cookie"),
            Some(("cookie", None)),
        ),
        (papers("", "x", "x"), None, None),
        (
            papers("", "", &cookie),
            Some("cookie"),
            Some(("cookie", None)),
        ),
        (papers("", "", "x"), None, None),
        // A ticket is no token, and a token no ticket.
        (papers(&preview, "", ""), None, None),
        (papers("", "", &preview), None, None),
        (papers("", &bearer, ""), None, None),
    ];
    for (number, (papers, preview, events)) in rows.into_iter().enumerate() {
        let found = door
            .by_ticket_or_token(&papers, "s1", Purpose::Preview)
            .await;
        let found = found.ok().map(|who| who.id);
        assert_eq!(found.as_deref(), preview, "preview {number}");
        let found = door.watcher(&papers).await.ok();
        let found = found
            .as_ref()
            .map(|(who, session)| (&*who.id, session.as_deref()));
        assert_eq!(found, events, "events {number}");
        // Where only a token of the header is good.
        let found = door.by_token(&papers).await.is_ok();
        assert_eq!(
            found,
            papers.bearer.as_ref() == Some(&bearer),
            "token {number}"
        );
    }
    let other = papers("", &preview, "");
    let found = door
        .by_ticket_or_token(&other, "s2", Purpose::Preview)
        .await;
    assert!(found.is_err(), "another session's");
    let carried = door.tickets.read(&preview).unwrap().principal;
    assert_eq!(carried, user("ticket"), "with its claims");
}

#[tokio::test]
async fn too_many_failures_and_a_good_token_among_them() {
    let door = door();
    let good = papers(&token("1"), "", "");
    for number in 0..300 {
        let papers = match number % 3 {
            0 => papers("bad", "", ""),
            1 => papers("", "bad", ""),
            _ => papers("", "", "bad"),
        };
        let told = door.watcher(&papers).await.unwrap_err();
        let too_many = matches!(told, Unauthenticated::TooMany { .. });
        assert_eq!(too_many, number >= 100, "{number}: {told}");
        assert!(door.by_token(&good).await.is_ok(), "{number}");
        // Nothing presented is nothing that failed.
        let nothing = Presented {
            address: papers.address,
            ..Presented::default()
        };
        let told = door.watcher(&nothing).await;
        assert_eq!(told, Err(Unauthenticated::Missing));
    }
    let elsewhere = Presented {
        address: Some([192, 0, 2, 2].into()),
        ..papers("bad", "", "")
    };
    let told = door.by_token(&elsewhere).await;
    assert!(matches!(told, Err(Unauthenticated::Bad(_))));
}

#[tokio::test]
async fn keys_that_are_not_there_are_nobodys_failure() {
    crate::install_crypto();
    // Nobody fetches them, and nobody waits: the one fetch that there may be is never done.
    let keys = super::super::jwks::PublishedKeys::never();
    let verifier = TokenVerifier::new(&TokenKeys::Published(keys), &Auth::default());
    let door = Door::new(verifier, Arc::new(|_| {}));
    let token = super::super::test_keys::TestKey::ed().token(Some("1"), &serde_json::json!({}));
    for _ in 0..200 {
        let told = door.by_token(&papers(&token, "", "")).await;
        assert_eq!(told, Err(Unauthenticated::KeysUnavailable));
    }
}
