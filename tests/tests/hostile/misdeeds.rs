//! What the hostile adapter is ordered to do, and what is said of it afterwards.

/// One order.
pub struct Misdeed {
    /// The adapter's option `do`.
    pub order: &'static str,
    /// Good pictures before it.
    pub after: u32,
    /// Further options. `CAMERA` stands for the camera's port, `OTHER` for that of a place that
    /// is not the camera, and `GRANTED` for one that is neither, but granted.
    pub options: &'static str,
    /// What the camera's `reach` grants.
    pub reach: &'static str,
    /// What `last_error` says: one of these.
    pub told: &'static [&'static str],
}

const PLAIN: Misdeed = Misdeed {
    order: "",
    after: 0,
    options: "",
    reach: "",
    told: &[],
};

/// Where nobody may go: to a port of the camera's host that is not the camera, there by other
/// spellings, to a name that leads there, and to a cloud's metadata.
const ELSEWHERE: &[&str] = &[
    "port = OTHER, url = \"http://127.0.0.1:OTHER/\"",
    "host = \"::ffff:127.0.0.1\", port = OTHER, url = \"http://[::ffff:127.0.0.1]:OTHER/\"",
    "host = \"127.1\", port = OTHER, url = \"http://2130706433:OTHER/\"",
    "host = \"localhost\", port = OTHER, url = \"http://localhost:OTHER/\"",
    "host = \"169.254.169.254\", port = 80, url = \"http://169.254.169.254/latest/meta-data/\"",
    "host = \"::ffff:169.254.169.254\", port = 80, url = \"http://[::ffff:a9fe:a9fe]/\"",
];
/// The camera sends it there: a path that is a URL is answered with a redirect to that.
const REDIRECTED: &[&str] = &[
    "url = \"http://127.0.0.1:CAMERA/http://127.0.0.1:OTHER/\"",
    "url = \"http://127.0.0.1:CAMERA/http://[::ffff:127.0.0.1]:OTHER/\"",
    "url = \"http://127.0.0.1:CAMERA/http://2130706433:OTHER/\"",
    "url = \"http://127.0.0.1:CAMERA/http://localhost:OTHER/\"",
    "url = \"http://127.0.0.1:CAMERA/http://169.254.169.254/latest/meta-data/\"",
    "url = \"http://127.0.0.1:CAMERA/http://[::ffff:a9fe:a9fe]/\"",
];
/// By another name than the camera's: its own host is where secrets may go.
const GRANTED: &str = "host = \"localhost\", port = GRANTED, url = \"http://localhost:GRANTED/\"";
const NOT_GRANTED: &[&str] = &["is not granted to this camera's adapter"];
const OWN_HOST_ONLY: &[&str] = &["credentials are sent to the camera's own host only"];
const TOO_LONG: &[&str] = &["took too long: the call's processor time is used up"];
const TOO_BIG: &[&str] = &["MiB of memory, 64 MiB are allowed"];
const TOO_DEEP: &[&str] = &["recursing too deep", "recursed too deep"];
const PANICKED: &[&str] = &["it panicked: the misdeed was ordered (hostile/src/compute.rs:"];
const BROKEN: &[&str] = &["delivered a broken picture"];
const IMPOSSIBLE: &[&str] = &["told of a track with impossible values"];

/// Order and reason of those that need nothing else.
const SIMPLE: &[(&str, &[&str])] = &[
    // Within a call.
    ("loop", TOO_LONG),
    ("constructor-loop", TOO_LONG),
    ("late", TOO_LONG),
    ("print-loop", TOO_LONG),
    ("allocate", TOO_BIG),
    ("constructor-allocate", TOO_BIG),
    ("recurse", TOO_DEEP),
    ("constructor-recurse", TOO_DEEP),
    ("panic", PANICKED),
    ("constructor-panic", PANICKED),
    ("panic-long", &["it aborted; it said: very very"]),
    ("sleep", &["tried to sleep"]),
    ("exit", &["ended its own process"]),
    ("abort", &["it aborted"]),
    // Out of the sandbox.
    ("files", &["no files: "]),
    ("write-file", &["no write-file: "]),
    ("environment", &["no environment: there is nothing"]),
    ("arguments", &["no arguments: there is nothing"]),
    ("tcp", &["no tcp: "]),
    ("listen", &["no listen: "]),
    ("udp", &["no udp: "]),
    ("resolve", &["no resolve: "]),
    ("stdin", &["no stdin: "]),
    ("spawn", &["no spawn: "]),
    ("thread", &["no thread: "]),
    // Too many.
    (
        "commands",
        &["answered 5000 commands at once, 4096 are allowed"],
    ),
    (
        "million-commands",
        &[
            "MiB of memory, 64 MiB",
            "answered more than",
            "took too long",
        ],
    ),
    (
        "giant-answer",
        &["answered more than the host takes at once"],
    ),
    ("log-flood", &["wrote more than 20 log lines a second"]),
    ("timers", &["set too many timers"]),
    ("memory", &["would remember 4097 bytes"]),
    ("connections", &["opened more than 16 connections at once"]),
    ("requests", &["opened more than 16 requests at once"]),
    ("ports", &["opened more than 16 pairs of ports at once"]),
    ("datagrams", &["sent more than 200 datagrams a second"]),
    ("same-connection", &["used a number again"]),
    ("same-request", &["used a number again"]),
    ("unwritten", &["over 1 MiB is waiting"]),
    ("headers", &["has 40000 headers, 100 are allowed"]),
    (
        "refused-storm",
        &["keeps itself busy", "processor time a second"],
    ),
    (
        "timer-storm",
        &["keeps itself busy", "processor time a second"],
    ),
    ("busy-storm", &["processor time a second"]),
    ("silence", &["no answer from the camera yet"]),
    // No pictures.
    ("no-nal", BROKEN),
    ("giant-nal", BROKEN),
    ("empty-nal", BROKEN),
    ("no-jpeg", BROKEN),
    ("half-jpeg", BROKEN),
    ("hollow-jpeg", BROKEN),
    ("no-picture", &["delivered a packet with no picture in it"]),
    // An unoptimised host needs longer for the copy than the call may take.
    (
        "huge-picture",
        &["delivered a picture of 9", "took too long"],
    ),
    (
        "unknown-track",
        &["a packet of track 99, which it has not told of"],
    ),
    (
        "packets-first",
        &["a packet of track 1, which it has not told of"],
    ),
    ("same-track", &["two tracks with the number 1"]),
    ("clock-rate-0", IMPOSSIBLE),
    ("clock-rate-max", IMPOSSIBLE),
    ("huge-config", IMPOSSIBLE),
    ("no-config", &["told of broken parameter sets"]),
    ("no-codec", &["nothing that can be recorded (it has: vp8)"]),
    (
        "codec-escapes",
        &["told of a track with an impossible codec"],
    ),
    (
        "no-tracks",
        &["nothing that can be recorded (it has: nothing)"],
    ),
    ("many-tracks", &["told of 10000 tracks, 16 are allowed"]),
    // The camera's secrets.
    ("echo", &["it says you said ***"]),
    ("echo-log", &["logged"]),
    (
        "echo-panic",
        &["it panicked: it says you said *** (hostile/src/network.rs:"],
    ),
    ("secret-host", NOT_GRANTED),
    ("smuggle", &["the header host is the host's own"]),
    (
        "hash-bomb",
        &[
            "a hash recipe has more than 16 steps",
            "over 1 MiB",
            "took too long",
        ],
    ),
];

/// All of them.
pub fn all() -> Vec<Misdeed> {
    let simple = SIMPLE.iter().map(|&(order, told)| Misdeed {
        order,
        told,
        ..PLAIN
    });
    let late = [("loop", TOO_LONG), ("panic", PANICKED), ("no-jpeg", BROKEN)];
    let late = late.into_iter().map(|(order, told)| Misdeed {
        order,
        told,
        after: 10,
        ..PLAIN
    });
    let places = |order, places: &'static [&'static str]| {
        places.iter().map(move |options| Misdeed {
            order,
            options,
            told: NOT_GRANTED,
            ..PLAIN
        })
    };
    let elsewhere = places("connect", ELSEWHERE)
        .chain(places("request", ELSEWHERE))
        .chain(places("redirect", REDIRECTED));
    let secrets = [
        "secret-connect",
        "secret-request",
        "secret-body",
        "secret-url",
    ];
    let secrets = secrets.into_iter().map(|order| Misdeed {
        order,
        options: GRANTED,
        // They may go there, but not with the password.
        reach: "\"localhost:GRANTED\"",
        told: OWN_HOST_ONLY,
        ..PLAIN
    });
    let others = [
        Misdeed {
            order: "redirect",
            told: NOT_GRANTED,
            ..PLAIN
        },
        Misdeed {
            order: "datagram",
            options: "port = 53",
            told: NOT_GRANTED,
            ..PLAIN
        },
        Misdeed {
            order: "multicast",
            options: "host = \"239.1.2.3\", port = 5004",
            told: NOT_GRANTED,
            ..PLAIN
        },
    ];
    simple
        .chain(late)
        .chain(elsewhere)
        .chain(secrets)
        .chain(others)
        .collect()
}
