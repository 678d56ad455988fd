//! What one client has set up and plays, and the way it takes there.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::RtspConfig;
use super::audio::Audio;
use super::group::{Group, TTL};
use super::rtp::{Frames, Rtp};
use super::stream::Stream;
use super::track::{Source, Track};
use super::transport::{Wish, choose};
use super::udp::Udp;
use super::unasked::Unasked;
use crate::camera::{Client, Out, Shared};
use crate::rng::Rng;

/// Time after which datagrams from the client are looked at although none goes out.
const REPORTS: Duration = Duration::from_secs(1);

/// A stream that a client set up.
#[derive(Debug, Clone, Copy)]
struct Setup {
    /// Its place among the camera's tracks.
    track: usize,
    /// Of RTP; RTCP has the one after it. Over UDP a number that only the camera knows.
    channel: u8,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

/// Where a stream begins, as the answer to PLAY says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) track: usize,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
}

#[derive(Default)]
enum Way {
    /// Nothing is set up yet.
    #[default]
    None,
    Tcp,
    Udp(Box<Udp>),
    /// Somebody else sends, as long as this is held.
    Group(#[expect(dead_code, reason = "it is held and never asked")] Arc<Group>),
}

/// See the module.
#[derive(Default)]
pub(super) struct Media {
    setups: Vec<Setup>,
    way: Way,
    /// With the place of its track.
    video: Option<(usize, Box<Stream>)>,
    sounds: Vec<(usize, Audio)>,
    /// The sound that nobody asked for.
    unasked: Option<Unasked>,
    frames: Frames,
    next_reports: Option<Instant>,
}

impl Media {
    /// Sets a track up. The answer is the Transport header's value without the SSRC, and that, or
    /// the status of a refusal.
    pub(super) fn setup(
        &mut self,
        track: usize,
        header: &str,
        config: &RtspConfig,
        ips: [IpAddr; 2],
        rng: &mut Rng,
        group: impl FnOnce(&mut Rng) -> io::Result<Arc<Group>>,
    ) -> Result<(String, u32), u16> {
        if self.setups.iter().any(|setup| setup.track == track) {
            return Err(455);
        }
        let wish = choose(header, config.transports).ok_or(461_u16)?;
        let free = free_channel(self.setups.len());
        let random = rng.next();
        let mut ssrc = (random >> 32) as u32;
        let (channel, text) = match (wish, &mut self.way) {
            (Wish::Tcp(channel), Way::None | Way::Tcp) => {
                let channel = channel.unwrap_or(free);
                let taken = |setup: &Setup| setup.channel.abs_diff(channel) < 2;
                if self.setups.iter().any(taken) {
                    return Err(461);
                }
                self.way = Way::Tcp;
                let text = format!("RTP/AVP/TCP;unicast;interleaved={channel}-{}", channel + 1);
                (channel, text)
            }
            (Wish::Udp(ports), Way::None | Way::Udp(_)) => {
                if let Way::None = self.way {
                    self.way = Way::Udp(Box::new(Udp::new()));
                }
                let Way::Udp(udp) = &mut self.way else {
                    return Err(461);
                };
                let own = udp.open(free, ips, ports, config.network.seed);
                let [rtp, rtcp] = own.map_err(|error| no_ports(&error))?;
                let [client_rtp, client_rtcp] = ports;
                let text = format!(
                    "RTP/AVP;unicast;client_port={client_rtp}-{client_rtcp};\
                     server_port={rtp}-{rtcp}"
                );
                (free, text)
            }
            (Wish::Multicast, Way::None | Way::Group(_)) => {
                let group = group(rng).map_err(|error| no_ports(&error))?;
                ssrc = group.ssrcs.get(track).copied().unwrap_or(ssrc);
                let [rtp, rtcp] = Group::ports(track);
                let address = group.address;
                self.way = Way::Group(group);
                let text =
                    format!("RTP/AVP;multicast;destination={address};port={rtp}-{rtcp};ttl={TTL}");
                (free, text)
            }
            // All streams of a client go the same way.
            _ => return Err(461),
        };
        self.setups.push(Setup {
            track,
            channel,
            ssrc,
            sequence: (rng.next() >> 32) as u16,
            timestamp: random as u32,
        });
        Ok((text, ssrc))
    }

    /// Sets all tracks up for a group at the second address; the answer is their SSRCs.
    pub(super) fn setup_group(
        &mut self,
        tracks: usize,
        ips: [IpAddr; 2],
        seed: u64,
        rng: &mut Rng,
    ) -> io::Result<Vec<u32>> {
        let mut udp = Udp::new();
        for track in 0..tracks {
            let channel = free_channel(track);
            udp.open(channel, ips, Group::ports(track), seed)?;
            let random = rng.next();
            self.setups.push(Setup {
                track,
                channel,
                ssrc: (random >> 32) as u32,
                sequence: (rng.next() >> 32) as u16,
                timestamp: random as u32,
            });
        }
        self.way = Way::Udp(Box::new(udp));
        Ok(self.setups.iter().map(|setup| setup.ssrc).collect())
    }

    /// How many tracks are set up.
    pub(super) fn count(&self) -> usize {
        self.setups.len()
    }

    /// Lets the track that was set up last have this SSRC.
    pub(super) fn announce(&mut self, ssrc: u32) {
        if let Some(setup) = self.setups.last_mut() {
            setup.ssrc = ssrc;
        }
    }

    /// Lets a track that is set up begin here.
    pub(super) fn begin(&mut self, track: usize, sequence: Option<u16>, timestamp: Option<u32>) {
        for setup in self.setups.iter_mut().filter(|s| s.track == track) {
            setup.sequence = sequence.unwrap_or(setup.sequence);
            setup.timestamp = timestamp.unwrap_or(setup.timestamp);
        }
    }

    /// Begins to send all that is set up.
    pub(super) fn play(&mut self, shared: &Arc<Shared>, config: &Arc<RtspConfig>, all: &[Track]) {
        if let Way::Group(_) = self.way {
            return;
        }
        for setup in &self.setups {
            let Some(track) = all.get(setup.track) else {
                continue;
            };
            let rtp = Rtp::new(
                setup.channel,
                track.payload_type,
                setup.ssrc,
                setup.sequence,
            );
            match &track.source {
                Source::Video => {
                    let timestamp = config.rtp_timestamp.unwrap_or(setup.timestamp);
                    let stream = Stream::new(shared.clone(), config.clone(), rtp, timestamp);
                    self.video = Some((setup.track, Box::new(stream)));
                }
                Source::Nothing => {}
                Source::Sound(clip) => {
                    let (shared, clip) = (shared.clone(), clip.clone());
                    let reports = config.sender_reports;
                    let audio = Audio::new(shared, clip, rtp, setup.timestamp, reports);
                    self.sounds.push((setup.track, audio));
                }
            }
        }
        if let Some(video) = self.setups.first().filter(|_| config.sound) {
            // The two channels of the video come first.
            let channel = video.channel.checked_add(2);
            self.unasked = channel.map(|channel| Unasked::new(channel, !video.ssrc));
        }
    }

    /// Where the streams begin.
    pub(super) fn starts(&self) -> Vec<Start> {
        let video = self.video.iter().map(|(track, v)| (*track, v.rtp_info()));
        let sounds = self.sounds.iter().map(|(track, s)| (*track, s.rtp_info()));
        let starts = video.chain(sounds);
        starts
            .map(|(track, (sequence, timestamp))| Start {
                track,
                sequence,
                timestamp,
            })
            .collect()
    }

    /// When [`Media::advance`] is to be called.
    pub(super) fn due(&self) -> Option<Instant> {
        let video = self.video.as_ref().map(|(_, video)| video.due());
        let sound = self.sounds.iter().map(|(_, sound)| sound.due()).min();
        let udp = match &self.way {
            Way::Udp(udp) => udp.due(),
            _ => None,
        };
        let all = [video, sound, udp, self.next_reports];
        all.into_iter().flatten().min()
    }

    /// Sends what is due. An error means that the connection is to be closed.
    pub(super) async fn advance<W: AsyncWrite + Unpin>(
        &mut self,
        shared: &Shared,
        out: &mut Out<W>,
        client: Option<&Client>,
    ) -> io::Result<()> {
        self.frames.clear();
        let mut sent = None;
        if let Some((_, video)) = &mut self.video {
            sent = video.advance(&mut self.frames);
        }
        for (_, sound) in &mut self.sounds {
            sound.advance(&mut self.frames);
        }
        if let Some(sound) = &mut self.unasked {
            sound.advance(&mut self.frames);
        }
        let mut arrives = true;
        if let Way::Udp(udp) = &mut self.way {
            udp.flush();
            if !self.frames.bytes().is_empty() {
                out.hold().await;
                arrives = udp.send(&self.frames, &shared.faults.network());
            }
            let now = Instant::now();
            if self.next_reports.is_none_or(|due| due <= now) {
                let (reports, log) = udp.log();
                if let Some(client) = client {
                    client.reports(reports, Some(log));
                }
                self.next_reports = Some(now + REPORTS);
            }
        } else if !self.frames.bytes().is_empty() {
            out.send(self.frames.bytes()).await?;
        }
        if let Some((mut sent, client)) = sent.zip(client) {
            sent.at = shared.clock.elapsed();
            sent.whole &= arrives;
            client.frame(sent);
        }
        Ok(())
    }
}

/// The channel of RTP for the track that is set up after so many others.
fn free_channel(setups: usize) -> u8 {
    setups.min(100) as u8 * 2
}

/// The status for a client for which the system has no ports.
fn no_ports(error: &io::Error) -> u16 {
    tracing::debug!(%error, "no ports for a client");
    500
}
