//! Packets from the connection or from ports to the media, and reports back.

use core::future::poll_fn;
use core::task::Poll;

use padelvar_sdk::{Component, Error, Microseconds};

use super::chance;
use super::route::{Link, Route};
use crate::media::Media;
use crate::rtp::{Report, Rtp, reports};

/// Between two reports, before chance makes it half as much or half as much again (RFC
/// 3550, section 6.2).
const REPORT_US: Microseconds = 5_000_000;

/// How often a camera is knocked at while nothing comes.
const KNOCKS: u32 = 5;

/// Who takes the packets of a session.
pub struct Delivery {
    /// The streams.
    pub media: Media,
    /// One a stream.
    routes: Vec<Route>,
    /// Channels of RTP and RTCP, two a stream, where they are interleaved.
    channels: Vec<u8>,
    /// Where datagrams may be sent to.
    host: Option<String>,
    ssrc: u32,
    name: String,
    report_due: Microseconds,
    knocks: u32,
}

impl Delivery {
    /// Before PLAY. `host`: the camera's, where the host lets datagrams out to it; `subject`:
    /// what the session is about, for numbers of its own.
    pub fn new(
        media: Media,
        routes: Vec<Route>,
        host: Option<String>,
        subject: &str,
        now: Microseconds,
    ) -> Self {
        let number = chance::number(subject, now);
        let channels = routes.iter().filter_map(|route| match route.link {
            Link::Interleaved(channels) => Some(channels),
            Link::Unicast(..) | Link::Group(_) => None,
        });
        Self {
            media,
            channels: channels.flatten().collect(),
            routes,
            host,
            ssrc: number as u32,
            name: format!("padelvar-{:08x}", number >> 32),
            report_due: now.saturating_add(REPORT_US),
            knocks: 0,
        }
    }

    /// The interleaved channels, RTP and RTCP of each stream.
    pub fn channels(&self) -> &[u8] {
        &self.channels
    }

    /// Takes interleaved data. Whether the channel is one of ours; else it is stale data of
    /// an older session, or a stream that nobody asked for.
    pub fn interleaved(&mut self, channel: u8, bytes: &[u8], arrived: Microseconds) -> bool {
        let Some(place) = self.channels.iter().position(|agreed| *agreed == channel) else {
            return false;
        };
        let component = if place % 2 == 0 {
            Component::Rtp
        } else {
            Component::Rtcp
        };
        self.take(place / 2, component, bytes, arrived);
        true
    }

    /// Takes the datagrams that are there.
    pub fn pump(&mut self) {
        for stream in 0..self.routes.len() {
            while let Some(datagram) = self.routes[stream]
                .datagrams()
                .and_then(padelvar_sdk::Datagrams::take)
            {
                // From whichever port of the camera: many send from others than they named.
                if datagram.component == Component::Rtcp {
                    self.routes[stream].rtcp_came_from(datagram.from_port);
                }
                self.take(
                    stream,
                    datagram.component,
                    &datagram.bytes,
                    datagram.arrived,
                );
            }
        }
    }

    fn take(&mut self, stream: usize, component: Component, bytes: &[u8], arrived: Microseconds) {
        let Some(route) = self.routes.get_mut(stream) else {
            return;
        };
        // RFC 5761, section 4: some cameras send both in one place.
        let control = bytes.get(1).is_some_and(|kind| (200..=207).contains(kind));
        if control {
            for report in reports(bytes) {
                if let Report::Sender(report) = report {
                    route.sender_report(report.ssrc, report.ntp, arrived);
                }
            }
            self.media.rtcp(stream, bytes, arrived);
        } else if component == Component::Rtp
            && Rtp::parse(bytes).map_or(true, |rtp| route.packet(&rtp, arrived))
        {
            self.media.rtp(stream, bytes, arrived);
        }
    }

    /// Waits until datagrams are there; for ever, where they do not come this way.
    pub async fn fill(&mut self) -> Result<(), Error> {
        poll_fn(|_| {
            let ports = self.routes.iter_mut().filter_map(Route::datagrams);
            for datagrams in ports {
                if datagrams.is_filled() {
                    return Poll::Ready(Ok(()));
                }
                if let Some(error) = datagrams.failure() {
                    return Poll::Ready(Err(error.during("UDP")));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// To be called every second or so, and once before PLAY. What is to be sent on the
    /// connection: channels with their bytes.
    pub fn tick(&mut self, now: Microseconds) -> Vec<(u8, Vec<u8>)> {
        if self.knocks < KNOCKS && !self.routes.iter().all(Route::is_begun) {
            self.knocks += 1;
            for route in &mut self.routes {
                if let Some(host) = &self.host {
                    route.knock(host, self.ssrc, &self.name);
                }
            }
        }
        if now < self.report_due {
            return Vec::new();
        }
        let some = chance::number(&self.name, now) % REPORT_US;
        self.report_due = now.saturating_add(REPORT_US / 2 + some);
        let (host, ssrc, name) = (self.host.as_deref(), self.ssrc, self.name.as_str());
        self.routes
            .iter_mut()
            .filter_map(|route| route.report(host, ssrc, name, now))
            .collect()
    }
}
