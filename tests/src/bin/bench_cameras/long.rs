//! `long`: simulated cameras with sound, recorded side by side for as long as a match takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use padelvar_tests::judge;
use padelvar_tests::sync::{Heard, IN_STEP_MS, Series};
use padelvar_tests::{Config, Host, Take, clock, together, token};
use serde_json::Value;
use simcam::{ClipParams, Handle, Network, RtspCamera, RtspConfig, Sound, Transports};
use tokio::time::{Instant, sleep};

use crate::table;

/// Minutes that are planned beside those that are recorded: the recording is stopped by a call.
const SPARE_MINUTES: f64 = 5.0;
/// Seconds that the token is good for after the recording: judging hours takes a while.
const TOKEN_LASTS: u32 = 7200;
/// The network's chance; the same one with every run.
const SEED: u64 = 7;
/// How far a file's length may be from the time of its recording, seconds.
const LENGTH: f64 = 0.3;
/// How much a file may go away from the camera's clock, first minute to last, milliseconds: half
/// a picture's time.
const DRIFT_MS: f64 = 20.0;
/// What may begin with half a beep, seconds.
const CUT: f64 = 0.2;

/// How RTP travels.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// What is recorded.
#[derive(Args)]
pub struct Options {
    /// For how long
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// A camera each: `aac`, `aac-16k`, `aac-stereo`, `pcma`, `pcmu`, `opus`, `l16`
    #[arg(
        long = "sound",
        value_name = "KIND",
        value_delimiter = ',',
        default_value = "aac"
    )]
    sounds: Vec<Named>,
    #[arg(long, value_enum, default_value = "tcp")]
    transport: Transport,
    /// Share of datagrams that get lost, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Share of datagrams that arrive behind others, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    reorder: f64,
    /// Where the files are kept; they are deleted where nothing is said
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// A kind of sound with its name.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    sound: Sound,
}

impl std::str::FromStr for Named {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let (name, sound) = (name.to_owned(), name.parse()?);
        Ok(Self { name, sound })
    }
}

/// What was found in one file.
struct Found {
    name: String,
    rows: Vec<(&'static str, String)>,
    broken: Vec<String>,
}

/// Records, judges and prints; whether everything is as it should be.
pub async fn run(options: &Options) -> bool {
    let mut cameras = Vec::new();
    let mut config = Config::new().level("info");
    for kind in &options.sounds {
        let camera = camera(options, kind.sound).await;
        let (url, transport) = (camera.url(), options.transport.name());
        let lines = format!("url = {url:?}\noptions = {{ transport = {transport:?} }}");
        config = config.camera(&lines).with_sound();
        cameras.push(camera);
    }
    let mut host = Host::start(&config).await;
    let lasts = options.minutes * 60.0 + f64::from(TOKEN_LASTS);
    let token = token::lasting("SUPER_ADMIN", lasts as i64);
    host.api = host.api.with_token(Some(&token));
    eprintln!("recording {} min ...", options.minutes);
    let takes = (1..)
        .zip(&cameras)
        .map(|(terrain, _)| take(&host, terrain, options.minutes));
    let takes = together(takes).await;
    if let Some(folder) = &options.keep {
        std::fs::create_dir_all(folder).expect("the folder can be made");
        for (take, kind) in takes.iter().zip(&options.sounds) {
            let to = folder.join(format!("{}-{}.mp4", kind.name, options.transport.name()));
            std::fs::copy(&take.file, to).expect("there is room");
        }
    }
    eprintln!("judging ...");
    let mut all = Vec::new();
    for ((take, camera), kind) in takes.iter().zip(&cameras).zip(&options.sounds) {
        let report = host.api.report(&take.id).await;
        let began = clock::unix(take.started_at()) - clock::of(camera.started_at());
        let quality = &report["quality"];
        eprintln!(
            "{}: second 0 is {began:.6} of the camera; {quality}",
            kind.name
        );
        all.push(found(options, &kind.name, take, began, &report).await);
    }
    host.end().await;
    let names: Vec<&str> = all.iter().map(|found| found.name.as_str()).collect();
    let columns: Vec<_> = all.iter().map(|found| found.rows.clone()).collect();
    let Options {
        minutes,
        transport,
        loss,
        reorder,
        ..
    } = options;
    let (transport, loss, reorder) = (transport.name(), loss * 100.0, reorder * 100.0);
    println!("{minutes} min over {transport}, {loss} % lost, {reorder} % out of order\n");
    print!("{}", table::columns(&names, &columns));
    let broken = all.iter().flat_map(|found| {
        let name = &found.name;
        found
            .broken
            .iter()
            .map(move |text| format!("{name}: {text}"))
    });
    let broken: Vec<String> = broken.collect();
    for text in &broken {
        println!("BROKEN: {text}");
    }
    broken.is_empty()
}

async fn camera(options: &Options, sound: Sound) -> Handle {
    let started = RtspCamera::start(RtspConfig {
        clip: ClipParams::default(),
        audio: Some(sound),
        transports: match options.transport {
            Transport::Tcp => Transports::TCP,
            Transport::Udp => Transports::UDP,
        },
        network: Network {
            loss: options.loss,
            reorder: options.reorder,
            seed: SEED,
            ..Network::default()
        },
        ..RtspConfig::default()
    });
    started.await.expect("the camera starts")
}

async fn take(host: &Host, terrain: u32, minutes: f64) -> Take {
    let id = host.api.create(terrain).await;
    // Sound is known some moments after the pictures are.
    sleep(Duration::from_secs(2)).await;
    let (start_call, began) = (clock::now(), Instant::now());
    host.api
        .try_start(&id, minutes + SPARE_MINUTES)
        .await
        .ok(200);
    let length = Duration::from_secs_f64(minutes * 60.0);
    tokio::time::sleep_until(began + length).await;
    Take::stop(host, id, start_call).await
}

fn most_and_least(series: &Series) -> String {
    let most = series.ms.iter().copied().fold(f64::NAN, f64::max);
    let least = series.ms.iter().copied().fold(f64::NAN, f64::min);
    format!("{most:.1}, {least:.1}")
}

/// Judges one file. `began`: where on the camera's clock it begins, seconds.
async fn found(options: &Options, name: &str, take: &Take, began: f64, report: &Value) -> Found {
    let file = take.file.as_path();
    let (heard, complaints) = tokio::join!(Heard::of(file), judge::complaints(file));
    let video = judge::video(file).await;
    let heard = heard.expect("FFmpeg reads it");
    let length = video.duration;
    let expected = clock::seconds(take.started_at(), take.stop_call);
    let (apart, late) = (
        heard.apart(video.sound_from.unwrap_or_default() + CUT),
        heard.flashes_late(began),
    );
    let beeps_late = heard.beeps_late(began);
    let part = (length / 3.0).min(60.0);
    let middle = length / 2.0 - part / 2.0;
    let parts = [
        (0.0, part),
        (middle, middle + part),
        (length - part, length + 1.0),
    ];
    let medians = parts.map(|(from, to)| apart.between(from, to).median());
    let [first, _, last] = parts.map(|(from, to)| late.between(from, to).median());
    let [first_beep, _, last_beep] = parts.map(|(from, to)| beeps_late.between(from, to).median());
    let (quality, gaps) = (&report["quality"], take.recording()["gaps"].as_array());
    let packets_lost = quality["packets_lost"].as_u64().unwrap_or_default();
    let lossy = options.loss > 0.0;
    let excused = |gap: &&Value| lossy && gap["cause"] == "packet_loss";
    let gaps: Vec<&Value> = gaps.into_iter().flatten().collect();
    let unexcused = gaps.iter().filter(|gap| !excused(gap)).count();
    let others = apart.beyond(IN_STEP_MS);

    let mut broken = Vec::new();
    let mut must = |kept: bool, text: String| {
        if !kept {
            broken.push(text);
        }
    };
    must(
        (length - expected).abs() <= LENGTH,
        format!("{length:.3} s instead of {expected:.3}"),
    );
    must(
        complaints.is_empty(),
        format!("decoding: {:?}", complaints.first()),
    );
    must(
        video.sound.as_deref() == Some("aac"),
        format!("sound is {:?}", video.sound),
    );
    let in_step = medians.iter().all(|ms| ms.abs() <= IN_STEP_MS);
    must(in_step, format!("sound is {medians:.1?} ms late"));
    must(
        lossy || others == 0,
        format!("{others} beeps are further from their flash"),
    );
    // A beep a second, but for those at the ends.
    let beeps = apart.at.len() as f64;
    must(
        beeps >= length - 3.0 || lossy,
        format!("{beeps} beeps in {length:.0} s"),
    );
    must(
        (last - first).abs() <= DRIFT_MS,
        format!("it drifts by {:.1} ms", last - first),
    );
    must(
        (packets_lost > 0) == lossy,
        format!("{packets_lost} packets are told to be lost"),
    );
    must(unexcused == 0, format!("{unexcused} gaps: {gaps:?}"));
    let only = padelvar_tests::files::entries(file.parent().expect("it has one"));
    let files = only
        .iter()
        .filter(|path| path.to_string_lossy().contains(&take.id))
        .count();
    must(files == 1, format!("{files} files"));

    let number = |key: &str| quality[key].to_string();
    let rows = vec![
        ("length, s", format!("{length:.2}")),
        ("time of the recording, s", format!("{expected:.2}")),
        ("pictures in the file", video.packets.len().to_string()),
        ("complaints of the decoder", complaints.len().to_string()),
        ("beeps with their flash", apart.at.len().to_string()),
        ("sound late, ms: first minute", format!("{:.1}", medians[0])),
        ("the minute in the middle", format!("{:.1}", medians[1])),
        ("last minute", format!("{:.1}", medians[2])),
        ("the worst of all", format!("{:.1}", apart.worst())),
        ("beyond 40 ms", others.to_string()),
        (
            "late on the camera's clock, ms: first minute",
            format!("{first:.1}"),
        ),
        ("last minute", format!("{last:.1}")),
        ("drift, ms", format!("{:.1}", last - first)),
        ("most and least late flash, ms", most_and_least(&late)),
        (
            "beeps late on it, ms: first minute",
            format!("{first_beep:.1}"),
        ),
        ("last minute", format!("{last_beep:.1}")),
        ("drift, ms", format!("{:.1}", last_beep - first_beep)),
        ("report: packets lost", packets_lost.to_string()),
        ("pictures lost", number("frames_lost")),
        ("pictures left out", number("frames_left_out")),
        ("FFmpeg restarts", number("ffmpeg_restarts")),
        ("gaps", gaps.len().to_string()),
        ("gaps, s", number("gap_seconds")),
        ("whole", report["whole"].to_string()),
    ];
    Found {
        name: name.to_owned(),
        rows,
        broken,
    }
}
