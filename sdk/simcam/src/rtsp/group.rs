//! Multicast: one sender for all clients of a camera.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use super::RtspConfig;
use super::media::Media;
use super::track::Track;
use crate::camera::{Out, Shared};
use crate::rng::Rng;

/// RTP's port of the first track; each track has two.
const FIRST_PORT: u16 = 20_000;
/// Routers that a datagram may pass and one: none.
pub(super) const TTL: u8 = 1;

/// A group that gets all tracks as long as somebody holds it.
pub(super) struct Group {
    pub(super) address: Ipv4Addr,
    /// Of the tracks in their order.
    pub(super) ssrcs: Vec<u32>,
    task: JoinHandle<()>,
}

impl Group {
    /// The ports of a track.
    pub(super) fn ports(track: usize) -> [u16; 2] {
        let port = FIRST_PORT + 2 * track.min(1000) as u16;
        [port, port + 1]
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The group of one camera while it has clients.
#[derive(Default)]
pub(super) struct Groups(Mutex<Weak<Group>>);

impl Groups {
    /// The camera's group; the first client's call begins it.
    pub(super) fn join(
        &self,
        shared: &Arc<Shared>,
        config: &Arc<RtspConfig>,
        tracks: &[Track],
        own: SocketAddr,
        rng: &mut Rng,
    ) -> io::Result<Arc<Group>> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = current.upgrade() {
            return Ok(group);
        }
        // Of the organisation's own addresses (RFC 2365 6.1) one for each camera of a machine.
        let [high, low] = own.port().to_be_bytes();
        let address = Ipv4Addr::new(239, 255, high, low);
        let mut media = Media::default();
        let ips = [own.ip(), IpAddr::V4(address)];
        let ssrcs = media.setup_group(tracks.len(), ips, config.network.seed, rng)?;
        media.play(shared, config, tracks);
        let shared = shared.clone();
        let task = tokio::spawn(async move {
            let mut out = Out::new(tokio::io::sink(), shared.clone());
            while let Some(due) = media.due() {
                sleep_until(due).await;
                // Only a connection can fail, and there is none.
                if media.advance(&shared, &mut out, None).await.is_err() {
                    return;
                }
            }
        });
        let group = Arc::new(Group {
            address,
            ssrcs,
            task,
        });
        *current = Arc::downgrade(&group);
        Ok(group)
    }
}
