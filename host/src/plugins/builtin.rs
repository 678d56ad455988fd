//! The plugins inside the binary, in the order in which they are offered a URL.

use super::outline::Kind;

/// Name and component of each built-in adapter. Of those for HTTP `http-video` comes first: it
/// knows by the first bytes whether a camera is one of its own, while the others look for
/// pictures in a video for seconds. `mjpeg` comes before `snapshot`: an HTTP camera that answers
/// a single JPEG is refused by the first and taken by the second.
pub const ADAPTERS: &[(&str, &[u8])] = &[
    (
        "rtsp",
        include_bytes!(concat!(env!("OUT_DIR"), "/rtsp.wasm")),
    ),
    (
        "http-video",
        include_bytes!(concat!(env!("OUT_DIR"), "/http-video.wasm")),
    ),
    (
        "mjpeg",
        include_bytes!(concat!(env!("OUT_DIR"), "/mjpeg.wasm")),
    ),
    (
        "snapshot",
        include_bytes!(concat!(env!("OUT_DIR"), "/snapshot.wasm")),
    ),
];

/// Name and component of each built-in policy.
pub const POLICIES: &[(&str, &[u8])] = &[
    (
        "club-roles",
        include_bytes!(concat!(env!("OUT_DIR"), "/club-roles.wasm")),
    ),
    (
        "cedar",
        include_bytes!(concat!(env!("OUT_DIR"), "/cedar.wasm")),
    ),
];

/// The version that all of them have: a workspace of plugins has one.
pub const PLUGINS_VERSION: &str = env!("PADELVAR_PLUGINS_VERSION");

/// The kind of the built-in plugin of this name.
pub fn built_in(name: &str) -> Option<Kind> {
    let has = |list: &[(&str, &[u8])]| list.iter().any(|(known, _)| *known == name);
    if has(ADAPTERS) {
        Some(Kind::Adapter)
    } else {
        has(POLICIES).then_some(Kind::Policy)
    }
}

/// The component of the built-in plugin of this name.
pub fn built_in_wasm(name: &str) -> Option<(Kind, &'static [u8])> {
    let of = |plugins: &[(&str, &'static [u8])], kind| {
        let found = plugins.iter().find(|(known, _)| *known == name);
        found.map(|(_, wasm)| (kind, *wasm))
    };
    of(ADAPTERS, Kind::Adapter).or_else(|| of(POLICIES, Kind::Policy))
}

/// Names of the built-in adapters, in the order in which they are offered a URL.
pub fn built_in_adapters() -> impl Iterator<Item = &'static str> {
    ADAPTERS.iter().map(|(name, _)| *name)
}
