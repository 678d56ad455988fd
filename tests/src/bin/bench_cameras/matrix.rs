//! `matrix`: every server with every transport, codec, sound and account.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::FutureExt as _;
use padelvar_tests::{Host, document, together};

use crate::camera::{self, Camera, Films};
use crate::combination::{self, Audio, Combination};
use crate::grid;
use crate::recording::{self, Measured};

/// Where the table stands, between its marks.
const DOCUMENT: &str = "docs/cameras.md";
const SECTION: &str = "matrix";

/// What is recorded.
#[derive(Args)]
pub struct Options {
    /// Only combinations in whose names all these words are, for instance `"vlc aac"`
    #[arg(long, value_name = "WORDS")]
    only: Option<String>,
    /// Length of a recording
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// How many are recorded at the same time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    jobs: u8,
    /// Also records each with plain FFmpeg, and tells how its sound fares
    #[arg(long)]
    beside: bool,
    /// Where the files are kept; they are deleted where nothing is said
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Prints what the host says, of everything
    #[arg(long)]
    log: bool,
    /// Writes the table into docs/cameras.md
    #[arg(long, conflicts_with = "only")]
    write: bool,
}

/// How a combination fared.
pub struct Outcome {
    /// Which one.
    pub combination: Combination,
    /// What was found in its file.
    pub measured: Measured,
    /// What is wrong; nothing where it is good.
    pub broken: Vec<String>,
}

/// Records, judges and prints; whether all are good.
pub async fn run(options: &Options) -> bool {
    let only = options.only.as_deref().unwrap_or_default().to_lowercase();
    let is_wanted = |one: &Combination| {
        let name = one.name().to_lowercase();
        one.is_possible() && only.split_whitespace().all(|word| name.contains(word))
    };
    let wanted: Vec<Combination> = combination::all().into_iter().filter(is_wanted).collect();
    eprintln!("making the films ...");
    let films = Films::make().await;
    let mut outcomes = Vec::new();
    for some in wanted.chunks(usize::from(options.jobs)) {
        outcomes.extend(at_once(some, &films, options).await);
    }
    let text = grid::text(&outcomes, options.seconds);
    println!("\n{text}");
    if options.write
        && let Err(error) = document::write(Path::new(DOCUMENT), SECTION, &text)
    {
        eprintln!("error: {DOCUMENT}: {error}");
        return false;
    }
    outcomes.iter().all(|outcome| outcome.broken.is_empty())
}

/// Some of them at the same time, by one host.
async fn at_once(some: &[Combination], films: &Films, options: &Options) -> Vec<Outcome> {
    let starting = some.iter().map(|one| async move {
        let camera = camera::start(*one, films).await;
        (*one, camera)
    });
    let cameras: Vec<(Combination, Camera)> = together(starting).await;
    let level = if options.log { "debug" } else { "info" };
    let host = Host::start(&camera::config(&cameras).level(level)).await;
    let recording = (1..).zip(&cameras).map(|(terrain, (one, camera))| {
        let host = &host;
        async move {
            let beside = async {
                if options.beside && one.audio != Audio::None {
                    Some(recording::beside(*one, &camera.url, options.seconds).await)
                } else {
                    None
                }
            };
            let (recorded, beside) = tokio::join!(
                guarded(recording::record(host, terrain, options.seconds)),
                beside
            );
            (*one, recorded, beside)
        }
    });
    let recorded = together(recording).await;
    // Nothing more is sent, so that judging has the machine for itself.
    drop(cameras);
    let mut outcomes = Vec::new();
    for (combination, recorded, beside) in recorded {
        let judged = match &recorded {
            Ok(recorded) => {
                let judging = recording::judged(combination, recorded);
                guarded(judging.map(Ok)).await
            }
            Err(reason) => Err(reason.clone()),
        };
        let (measured, broken) =
            judged.unwrap_or_else(|reason| (Measured::default(), vec![reason]));
        if let (Some(folder), Ok(recorded)) = (&options.keep, &recorded) {
            recorded.keep(&folder.join(format!("{}.mp4", combination.name())));
        }
        let outcome = Outcome {
            combination,
            measured,
            broken,
        };
        tell(&outcome, beside);
        outcomes.push(outcome);
    }
    if options.log {
        eprintln!("{}", host.log.text());
    }
    host.end().await;
    outcomes
}

fn tell(outcome: &Outcome, beside: Option<Result<(f64, f64), String>>) {
    let Outcome {
        combination,
        measured,
        broken,
    } = outcome;
    let verdict = if broken.is_empty() { "good" } else { "BROKEN" };
    let (name, length) = (combination.name(), measured.length);
    let mut parts = vec![format!("{verdict:6} {name:32} {length:6.2} s")];
    if let Some((most, worst)) = measured.sound {
        parts.push(format!("sound {most:5.1} ms late, at worst {worst:5.1}"));
    }
    match beside {
        Some(Ok((most, worst))) => parts.push(format!("plain FFmpeg {most:.1}, {worst:.1}")),
        Some(Err(error)) => parts.push(format!("plain FFmpeg: {error}")),
        None => {}
    }
    parts.extend(broken.iter().cloned());
    println!("{}", parts.join("  "));
}

/// A panic, which is how the tests' helpers fail, becomes a reason.
async fn guarded<T>(future: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => Err(match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(other) => match other.downcast::<&str>() {
                Ok(text) => (*text).to_owned(),
                Err(_) => "a helper failed".to_owned(),
            },
        }),
    }
}
