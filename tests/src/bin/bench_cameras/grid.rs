//! The matrix as a table for people, in Markdown.

use std::fmt::Write as _;
use std::process::Command;

use padelvar_tests::{gst, vlc};

use crate::combination::{
    AUDIOS, AUTHS, Audio, Auth, CODECS, Combination, SERVERS, Server, TRANSPORTS, Transport,
    codec_name,
};
use crate::matrix::Outcome;

/// Characters of a reason that are shown.
const REASON: usize = 300;

/// Table, reasons and what it was made with.
pub fn text(outcomes: &[Outcome], seconds: f64) -> String {
    let mut text = head(outcomes, seconds);
    let mut reasons = Vec::new();
    // Writing to a string cannot fail.
    text +=
        "\n| Server | Transport | Pictures | silent | AAC | G.711 |\n|---|---|---|---|---|---|\n";
    for server in SERVERS {
        for transport in TRANSPORTS {
            if !can(server, transport) {
                let (server, transport) = (server.name(), transport.name());
                let _ = writeln!(text, "| {server} | {transport} | all | – | – | – |");
                continue;
            }
            for codec in CODECS {
                let cells = AUDIOS.map(|audio| {
                    let is_here = |outcome: &&Outcome| {
                        let one = &outcome.combination;
                        (one.server, one.transport, one.codec, one.audio)
                            == (server, transport, codec, audio)
                    };
                    let here: Vec<&Outcome> = outcomes.iter().filter(is_here).collect();
                    cell(&here, &mut reasons)
                });
                let names = [server.name(), transport.name(), codec_name(codec)];
                let row = [names.as_slice(), &cells.each_ref().map(String::as_str)].concat();
                let _ = writeln!(text, "| {} |", row.join(" | "));
            }
        }
    }
    text += "\n–: the server cannot. VLC's answers 461 to everything but UDP, and knows neither TLS nor Digest.\n";
    for (index, reason) in reasons.iter().enumerate() {
        let _ = writeln!(text, "\n[{}]: {reason}", index + 1);
    }
    text
}

fn head(outcomes: &[Outcome], seconds: f64) -> String {
    let good = outcomes.iter().filter(|outcome| outcome.broken.is_empty());
    let worst = outcomes.iter().filter_map(|outcome| outcome.measured.sound);
    let worst = worst.fold(0.0, |worst: f64, (_, ms)| worst.max(ms.abs()));
    let none = || "none".to_owned();
    format!(
        "`cargo xtask cameras matrix --write`: {seconds} s of each, FFmpeg {}, GStreamer {}, VLC {}. \
         {} of {} are good: one MP4 of the right length, decoded without a complaint, no picture \
         missing, sound within 40 ms of its picture (the worst beep was {worst:.0} ms away). A cell \
         names the accounts that were tried: none at all (open), Basic, Digest.\n",
        ffmpeg(),
        gst::version().unwrap_or_else(none),
        vlc::version().unwrap_or_else(none),
        good.count(),
        outcomes.len(),
    )
}

fn can(server: Server, transport: Transport) -> bool {
    let one = Combination {
        server,
        transport,
        codec: CODECS[0],
        audio: Audio::None,
        auth: Auth::None,
    };
    one.is_possible()
}

/// The accounts with which it is good, and those with which it is not, with their reasons.
fn cell(here: &[&Outcome], reasons: &mut Vec<String>) -> String {
    let (mut good, mut failed): (Vec<&str>, Vec<(usize, Vec<&str>)>) = Default::default();
    for auth in AUTHS {
        let Some(outcome) = here.iter().find(|o| o.combination.auth == auth) else {
            continue;
        };
        if outcome.broken.is_empty() {
            good.push(auth.name());
            continue;
        }
        let reason: String = outcome.broken.join("; ").replace(['\n', '\r'], " ");
        let reason: String = reason.chars().take(REASON).collect();
        let known = reasons.iter().position(|known| alike(known, &reason));
        let number = known.unwrap_or_else(|| {
            reasons.push(reason);
            reasons.len() - 1
        });
        match failed.iter_mut().find(|(of, _)| *of == number) {
            Some((_, auths)) => auths.push(auth.name()),
            None => failed.push((number, vec![auth.name()])),
        }
    }
    let mut parts: Vec<String> = good.into_iter().map(str::to_owned).collect();
    parts.extend(failed.iter().map(|(number, auths)| {
        let (auths, number) = (auths.join(", "), number + 1);
        format!("**{auths} FAILED** [{number}]")
    }));
    if parts.is_empty() {
        "–".to_owned()
    } else {
        parts.join(", ")
    }
}

/// Whether two reasons differ in numbers only: one of them stands for both.
fn alike(one: &str, other: &str) -> bool {
    let words = |text: &str| -> String { text.chars().filter(|c| c.is_alphabetic()).collect() };
    words(one) == words(other)
}

/// FFmpeg's version, without what the distribution adds.
fn ffmpeg() -> String {
    let output = Command::new("ffmpeg").arg("-version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let said = said.unwrap_or_default();
    let word = said.split_whitespace().nth(2).unwrap_or("unknown");
    word.split('-').next().unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::combination;
    use crate::recording::Measured;

    #[test]
    fn failures_are_shown_with_their_reasons() {
        let all = combination::all()
            .into_iter()
            .filter(|one| one.is_possible());
        let outcomes: Vec<Outcome> = all
            .map(|combination| Outcome {
                combination,
                measured: Measured::default(),
                broken: match combination.name().as_str() {
                    "VLC UDP H.264 AAC Basic" => vec!["it\nhangs at 3.5".to_owned()],
                    "VLC UDP H.265 AAC Basic" => vec!["it hangs at 4.5".to_owned()],
                    _ => Vec::new(),
                },
            })
            .collect();
        let text = text(&outcomes, 15.0);
        assert!(text.contains("178 of 180 are good"), "{text}");
        let row = "| VLC | UDP | H.264 | open, Basic | open, **Basic FAILED** [1] | open, Basic |";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("\n[1]: it hangs at 3.5\n"), "{text}");
        assert!(!text.contains("[2]"), "{text}");
        assert!(text.contains("| VLC | TCP | all | – | – | – |"), "{text}");
        let row = "| simcam | TCP | MJPEG | open, Basic, Digest | open, Basic, Digest |";
        assert!(text.contains(row), "{text}");
    }
}
