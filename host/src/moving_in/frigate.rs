//! Frigate's `cameras:`.
//!
//! A camera has several inputs, each with roles; the one that Frigate recorded from is the
//! one with the best picture. Most inputs name a stream of the go2rtc inside Frigate.

use super::court::{Camera, Court, Given, Moved, shown};
use super::go2rtc::Streams;
use super::source;
use super::yaml::Node;

/// Hosts that mean the go2rtc inside Frigate, beside the machine itself.
const SELF: [&str; 2] = ["frigate", "go2rtc"];
/// Settings of a camera that say nothing about its stream.
const SILENT: [&str; 7] = [
    "enabled",
    "ffmpeg",
    "friendly_name",
    "name",
    "ui",
    "webui_url",
    "record",
];

/// Translates a Frigate file.
pub(super) fn translate(root: &Node) -> Moved {
    let mut moved = Moved::default();
    let nothing = Node {
        line: 1,
        value: super::yaml::Value::Null,
    };
    let streams = Streams::new(root.get("go2rtc").unwrap_or(&nothing), &SELF);
    let mut most_days = most_days(root.get("record"));
    let left: Vec<String> = root
        .entries()
        .map(|(key, _)| key)
        .filter(|key| {
            ![
                "cameras", "go2rtc", "version", "ffmpeg", "record", "logger", "ui", "tls",
            ]
            .contains(key)
        })
        .map(|key| format!("`{}`", shown(key)))
        .collect();
    if !left.is_empty() {
        moved
            .notes
            .push(format!("not carried over: {}", left.join(", ")));
    }
    for (name, camera) in root.get("cameras").into_iter().flat_map(Node::entries) {
        most_days = most_days.max(self::most_days(camera.get("record")));
        moved.courts.push(court(name, camera, root, &streams));
    }
    if let Some(days) = most_days {
        moved.notes.push(super::keep_days(days));
    }
    if moved.courts.is_empty() {
        moved.notes.push("it has no `cameras`".to_owned());
    }
    moved
}

fn court(name: &str, camera: &Node, root: &Node, streams: &Streams<'_>) -> Court {
    let mut notes = Vec::new();
    let name = camera
        .text_at(&["friendly_name"])
        .unwrap_or(name)
        .to_owned();
    let mut found = None;
    let inputs = camera
        .at(&["ffmpeg", "inputs"])
        .map_or(&[][..], Node::items);
    if camera.get("enabled").is_some_and(Node::is_false) {
        notes.push("it was switched off (`enabled: false`)".to_owned());
    } else if inputs.is_empty() {
        notes.push("it has no `ffmpeg.inputs`".to_owned());
    } else {
        let mut order: Vec<&Node> = inputs.iter().collect();
        // Stable: inputs of the same worth stay in the file's order.
        order.sort_by_key(|input| worth(input));
        for input in order {
            match from_input(input, camera, root, streams) {
                Ok((camera, its_notes)) => {
                    if worth(input) > 0 && inputs.iter().any(|input| worth(input) == 0) {
                        notes.push("another input than the one for recording is taken: its picture may be small".to_owned());
                    }
                    found = Some(camera);
                    notes.extend(its_notes);
                    break;
                }
                Err(why) => notes.push(format!("input on line {}: {why}", input.line)),
            }
        }
    }
    if found.is_some() {
        if inputs.len() > 1 {
            notes.push("one input is taken, the one for recording where there is one".to_owned());
        }
        let sound = [camera, root]
            .iter()
            .find_map(|node| node.text_at(&["ffmpeg", "output_args", "record"]));
        if sound.is_some_and(|preset| preset.contains("audio") || preset.contains("-c:a")) {
            notes.push(
                "sound was recorded: set `audio = true` where the club may record voices"
                    .to_owned(),
            );
        }
        if let Some(record) = camera
            .get("record")
            .filter(|record| record.get("enabled").is_some_and(Node::is_true))
        {
            notes.push(format!(
                "line {}: `record`: PadelVar records when a session asks for it",
                record.line
            ));
        }
        let left: Vec<String> = camera
            .entries()
            .map(|(key, _)| key)
            .filter(|key| !SILENT.contains(key))
            .map(|key| format!("`{}`", shown(key)))
            .collect();
        if !left.is_empty() {
            notes.push(format!("not carried over: {}", left.join(", ")));
        }
    }
    Court {
        name,
        line: camera.line,
        camera: found,
        notes,
    }
}

/// 0: for recording; 1: without that role; 2: for detection alone, which is mostly small.
fn worth(input: &Node) -> u8 {
    let roles = input.get("roles").map_or(&[][..], Node::items);
    let has = |role: &str| roles.iter().any(|node| node.text() == Some(role));
    match (has("record"), has("detect")) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => 2,
    }
}

fn from_input(input: &Node, camera: &Node, root: &Node, streams: &Streams<'_>) -> source::Found {
    let path = input
        .get("path")
        .and_then(Node::text)
        .ok_or("it has no `path`")?;
    let (mut found, mut notes) = match streams.restreamed(path) {
        Some(name) => restreamed(name, streams)?,
        None => source::camera(path)?,
    };
    // In go2rtc's part the arguments are FFmpeg's for the way from go2rtc, not from the camera.
    if streams.restreamed(path).is_none() {
        let own = input.get("input_args");
        let inherited = || {
            [camera, root]
                .iter()
                .find_map(|node| node.at(&["ffmpeg", "input_args"]))
        };
        if let Some(arguments) = own.or_else(inherited) {
            input_arguments(arguments, &mut found, &mut notes);
        }
    }
    for given in [&mut found.username, &mut found.password] {
        braces(given);
    }
    Ok((found, notes))
}

fn restreamed(name: &str, streams: &Streams<'_>) -> source::Found {
    let shown = shown(name);
    let stream = streams
        .stream(name)
        .ok_or_else(|| format!("it restreams `{shown}`, which `go2rtc.streams` does not have"))?;
    let (camera, mut notes) = streams.camera(stream);
    let Some(camera) = camera else {
        return Err(format!(
            "it restreams `{shown}`, and of that: {}",
            notes.join("; ")
        ));
    };
    notes.insert(
        0,
        format!("it restreamed `{shown}` of `go2rtc.streams`: that camera is taken"),
    );
    Ok((camera, notes))
}

/// `preset-rtsp-udp` and the like, or FFmpeg's own arguments.
fn input_arguments(arguments: &Node, camera: &mut Camera, notes: &mut Vec<String>) {
    let words: Vec<&str> = arguments
        .items()
        .iter()
        .filter_map(Node::text)
        .flat_map(str::split_whitespace)
        .collect();
    let after = words
        .iter()
        .position(|word| *word == "-rtsp_transport")
        .and_then(|at| words.get(at + 1));
    match (words.first(), after) {
        (_, Some(&"udp")) | (Some(&"preset-rtsp-udp"), _) => camera.transport = Some("udp"),
        (_, Some(&"udp_multicast")) => camera.transport = Some("multicast"),
        (_, Some(&"http")) => camera.transport = Some("http"),
        (_, Some(&"tcp")) => camera.transport = Some("tcp"),
        (Some(&"preset-http-jpeg-generic"), _) if camera.url.starts_with("http") => {
            camera.adapter = Some("snapshot");
            notes.retain(|note| note != "taken for MJPEG");
        }
        (Some(&"preset-http-mjpeg-generic"), _) if camera.url.starts_with("http") => {
            camera.adapter = Some("mjpeg");
        }
        (Some(preset), _) if preset.starts_with("preset-") => {}
        (Some(_), _) => notes.push("`input_args` are FFmpeg's, and not carried over".into()),
        (None, _) => {}
    }
}

/// Frigate fills in braces in all of a path, so that a brace that is meant is written twice.
fn braces(given: &mut Option<Given>) {
    if let Some(Given::Text(text)) = given {
        *text = text.replace("{{", "{").replace("}}", "}");
    }
}

/// The longest that a part of `record` keeps anything, in days, rounded up.
fn most_days(record: Option<&Node>) -> Option<u64> {
    const WAYS: [&[&str]; 7] = [
        &["retain", "days"],
        &["continuous", "days"],
        &["motion", "days"],
        &["alerts", "retain", "days"],
        &["detections", "retain", "days"],
        &["events", "retain", "default"],
        &["events", "retain", "days"],
    ];
    let record = record?;
    let days = WAYS
        .iter()
        .filter_map(|way| record.text_at(way)?.parse::<f64>().ok());
    let most = days.filter(|days| days.is_finite()).fold(0.0, f64::max);
    (most > 0.0).then(|| most.min(36_500.0).ceil() as u64)
}
