//! The suite of an adapter.

use std::sync::Arc;

use super::cameras::Kind;
use super::live::Live;
use super::report::Case;
use super::simulated::{self, Options, happy};
use super::{alone, variants};
use crate::camera::CameraSpec;
use crate::plugins::Adapter;
use crate::plugins::types::Camera;

/// Runs every case. With a camera of the author's own the simulated ones are left out.
pub async fn test_adapter(
    adapter: &Arc<Adapter>,
    own: Option<CameraSpec>,
    options: &Options,
) -> Vec<Case> {
    let camera = imagined(adapter, own.as_ref(), options);
    let mut cases = alone::cases(adapter, &camera).await;
    match own {
        None => cases.extend(simulated::cases(adapter, options).await),
        Some(spec) => cases.extend(with_own(adapter, spec).await),
    }
    cases
}

/// The camera that is not there.
fn imagined(adapter: &Adapter, own: Option<&CameraSpec>, options: &Options) -> Camera {
    let scheme = adapter.description().schemes.first();
    let scheme = scheme.map_or("rtsp", String::as_str);
    // An address for documentation (RFC 5737): nothing is ever sent to it.
    let url = format!("{scheme}://192.0.2.7:8554/stream1");
    Camera {
        url: own.map_or(url, |spec| spec.url.clone()),
        has_credentials: true,
        options: options.to_vec(),
        audio: false,
        user_agent: concat!("PadelVar/", env!("CARGO_PKG_VERSION")).to_owned(),
        memory: Vec::new(),
    }
}

async fn with_own(adapter: &Arc<Adapter>, spec: CameraSpec) -> Vec<Case> {
    const WHO: &str = "your camera";
    let live = Live::start(adapter, spec, true);
    match happy(live, Kind::Mjpeg).await {
        Err(failure) => vec![Case::of(format!("{WHO}: pictures"), Err(failure.message))],
        Ok((cassette, seen)) => {
            let mut cases = vec![Case::of(format!("{WHO}: pictures"), Ok(seen))];
            cases.extend(variants::cases(WHO, adapter, &cassette).await);
            cases
        }
    }
}
