//! Cameras that answer in the words of real ones, recorded.

use std::path::{Path, PathBuf};
use std::time::Duration;

use padelvar_tests::cameras;
use padelvar_tests::{Config, Host, Take, machine, together};
use simcam::{Dialect, Handle, RtspConfig};

const LENGTH: Duration = Duration::from_secs(4);
/// Cameras that are recorded at the same time.
const AT_ONCE: usize = 5;

/// Conversations of real cameras, which lie beside the repository and are not part of it.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/camera-dialects")
}

/// All makes of the folder; none where it is not there, and that is said.
fn makes(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder) else {
        eprintln!("skipped: there is no {}", folder.display());
        return Vec::new();
    };
    let names = files.map(|file| file.expect("it is listed").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let described = names.filter(|name| name.contains("_describe") || name.ends_with("_sdp.txt"));
    let mut makes: Vec<String> = described
        .filter_map(|name| {
            let at = name.find("_describe").or(name.find("_sdp"))?;
            Some(name[..at].to_owned())
        })
        .collect();
    makes.sort();
    makes.dedup();
    makes
}

async fn camera(dialect: Dialect) -> Handle {
    cameras::rtsp(RtspConfig {
        dialect: Some(dialect),
        ..RtspConfig::default()
    })
    .await
}

#[tokio::test]
async fn every_make_is_recorded_with_what_it_announces() {
    let _shared = machine::shared().await;
    let folder = folder();
    let mut all: Vec<(String, Dialect)> = makes(&folder)
        .into_iter()
        .map(|make| {
            let dialect = Dialect::read(&folder, &make).expect("its files are read");
            (make, dialect)
        })
        .collect();
    // The second description of one make.
    if let Ok(h265) = std::fs::read_to_string(folder.join("dahua_describe_h265_pcma.txt")) {
        let mut dialect = Dialect::read(&folder, "dahua").expect("its files are read");
        dialect.describe = Some(h265);
        all.push(("dahua with H.265".to_owned(), dialect));
    }
    for some in all.chunks(AT_ONCE) {
        let mut config = Config::new();
        let mut cameras = Vec::new();
        for (make, dialect) in some {
            let described = dialect.describe.as_ref().or(dialect.sdp.as_ref());
            let described = described.expect("a description").to_ascii_lowercase();
            let codec = if described.contains(" h265/") {
                "h265"
            } else {
                "h264"
            };
            let sound = described.contains("m=audio");
            let camera = camera(dialect.clone()).await;
            config = config.url(camera.url()).with_sound();
            cameras.push((make, codec, sound, camera));
        }
        let host = Host::start(&config).await;
        let takes = (1..)
            .zip(&cameras)
            .map(|(terrain, (make, codec, sound, _))| {
                let host = &host;
                async move {
                    let take = Take::record(host, terrain, LENGTH).await;
                    (make, take.with(codec, *sound))
                }
            });
        for (make, take) in together(takes).await {
            eprintln!("judging {make}: {:?}", take.kind);
            take.check().await;
        }
        host.end().await;
    }
}
