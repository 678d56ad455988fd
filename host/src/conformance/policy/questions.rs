//! The questions that a policy is asked: every action, role and ownership that the host has, and
//! values that nobody expects.

use crate::plugins::policy::types::{Context, Principal, Request, Resource};

/// Puts an odd text somewhere into a question.
type Spoil = fn(&mut Request, &str);

/// What the host asks about, as in the WIT.
pub const ACTIONS: [&str; 16] = [
    "session.create",
    "session.view",
    "session.close",
    "recording.start",
    "recording.stop",
    "recording.view",
    "preview.view",
    "file.list",
    "file.download",
    "file.delete",
    "system.cleanup",
    "plugin.view",
    "plugin.manage",
    "camera.discover",
    "camera.probe",
    "terrain.edit",
];
/// What no host asks about, and what looks like something that it does.
pub const UNKNOWN_ACTIONS: [&str; 7] = [
    "padelvar.conformance",
    "session",
    "session.",
    "session.create ",
    "SESSION.CREATE",
    "session.*",
    "",
];
/// A role that nobody has.
pub const NO_ROLE: &str = "padelvar-conformance";
const ROLES: [&str; 5] = ["SUPER_ADMIN", "CLUB_ADMIN", "PLAYER", NO_ROLE, ""];
/// What is asked about: kind and which of its facts are there.
const CLUB: &str = "1";
const OTHER_CLUB: &str = "2";
const USER: &str = "7";
const OTHER_USER: &str = "8";

/// Letters of a long text. In name and value of all 16 claims it is 64 KB together: more does not
/// fit into a request's head.
const LONG_CHARS: usize = 2000;

/// A question, with a name for people.
pub struct Question {
    /// Who wants what of whom.
    pub name: String,
    /// The question.
    pub request: Request,
}

/// Whose it is: a name, the club of who asks, the club and the owner of what is asked about.
type Ownership = (
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    Option<&'static str>,
);

const OWNERSHIPS: [Ownership; 7] = [
    ("own, own club", Some(CLUB), Some(CLUB), Some(USER)),
    (
        "own, another club",
        Some(CLUB),
        Some(OTHER_CLUB),
        Some(USER),
    ),
    (
        "another's, own club",
        Some(CLUB),
        Some(CLUB),
        Some(OTHER_USER),
    ),
    (
        "another's, another club",
        Some(CLUB),
        Some(OTHER_CLUB),
        Some(OTHER_USER),
    ),
    ("nobody's", Some(CLUB), None, None),
    (
        "own, asked by one without a club",
        None,
        Some(CLUB),
        Some(USER),
    ),
    ("nobody's, asked by one without a club", None, None, None),
];

/// Every action, role and ownership.
pub fn all() -> Vec<Question> {
    let actions = ACTIONS.iter().chain(&UNKNOWN_ACTIONS);
    actions
        .flat_map(|action| {
            ROLES.iter().flat_map(move |role| {
                OWNERSHIPS
                    .iter()
                    .map(move |ownership| question(action, role, ownership))
            })
        })
        .collect()
}

fn question(action: &str, role: &str, ownership: &Ownership) -> Question {
    let (whose, club, of_club, owner) = *ownership;
    Question {
        name: format!("{action:?} by {role:?}, {whose}"),
        request: Request {
            principal: Principal {
                id: USER.to_owned(),
                role: role.to_owned(),
                club: club.map(str::to_owned),
                claims: vec![("name".to_owned(), "Ana".to_owned())],
            },
            action: action.to_owned(),
            resource: Resource {
                kind: kind(action).to_owned(),
                id: "sess_1_1800000000000".to_owned(),
                club: of_club.map(str::to_owned),
                owner: owner.map(str::to_owned),
                terrain: Some("1".to_owned()),
            },
            context: Context {
                unix_seconds: 1_800_000_000,
                client_address: Some("192.0.2.1".to_owned()),
            },
        },
    }
}

/// The kind of resource that an action is about.
fn kind(action: &str) -> &'static str {
    match action {
        "session.create" | "terrain.edit" => "terrain",
        "file.list" => "club",
        "file.download" | "file.delete" => "file",
        "plugin.view" | "plugin.manage" => "plugin",
        "system.cleanup" | "camera.discover" | "camera.probe" => "host",
        _ => "session",
    }
}

/// Values that no host sends, and that one with a mistake might.
pub fn odd() -> Vec<Question> {
    let long = "x".repeat(LONG_CHARS);
    let texts = [
        ("empty", ""),
        ("a null", "\u{0}"),
        ("turned", "\u{202e}reya\u{feff}lp"),
        ("quotes", "' OR 1=1 --\"}]);"),
        ("a path", "../../etc/passwd"),
        ("a wildcard", "*"),
        ("long", &long),
        ("faces", "👩‍👩‍👧‍👦e\u{301}"),
        ("a number", "-0.5e400"),
    ];
    let mut questions = Vec::new();
    for action in ["session.view", "recording.start", "file.delete"] {
        for (what, text) in texts {
            let spoils: [(&str, Spoil); 8] = [
                ("the user's id", |it, text| {
                    text.clone_into(&mut it.principal.id);
                }),
                ("the role", |it, text| {
                    text.clone_into(&mut it.principal.role);
                }),
                ("the club", |it, text| {
                    it.principal.club = Some(text.to_owned());
                }),
                ("a claim", |it, text| {
                    it.principal.claims = vec![(text.to_owned(), text.to_owned()); 16];
                }),
                ("the kind", |it, text| {
                    text.clone_into(&mut it.resource.kind);
                }),
                ("the id", |it, text| text.clone_into(&mut it.resource.id)),
                ("the owner", |it, text| {
                    it.resource.owner = Some(text.to_owned());
                }),
                ("the address", |it, text| {
                    it.context.client_address = Some(text.to_owned());
                }),
            ];
            for (where_, spoil) in spoils {
                let mut question = question(action, "PLAYER", &OWNERSHIPS[0]);
                spoil(&mut question.request, text);
                question.name = format!("{action:?}, {where_} is {what}");
                questions.push(question);
            }
        }
        for unix_seconds in [i64::MIN, -1, 0, 253_402_300_800, i64::MAX] {
            let mut question = question(action, "PLAYER", &OWNERSHIPS[0]);
            question.request.context.unix_seconds = unix_seconds;
            question.name = format!("{action:?} at second {unix_seconds}");
            questions.push(question);
        }
    }
    questions
}
