//! Whether one more recording fits: their number, the processor, the disk.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;

/// Processor seconds a second that encoding costs for a megapixel a second, until it was
/// measured: 0.91 for MJPEG at 1080p25, with libx264 veryfast (measured on two cores).
const CPU_A_MEGAPIXEL: f64 = 0.91 / 51.84;
/// The part of the machine that encoders may use together.
const CPU_SHARE: f64 = 0.9;
/// Bits a second of a copied stream whose rate is not known yet.
const ASSUMED_BITRATE: f64 = 4_000_000.0;

/// Why a recording is not started.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Refused {
    /// As many as are allowed.
    #[error(
        "{most} recordings are running, which is the limit; hint: video.max_concurrent_recordings"
    )]
    TooMany {
        /// The limit.
        most: u32,
    },
    /// Encoding one more would be too much.
    #[error(
        "encoding this camera would need about {needed:.1} processors and {left:.1} are left; hint: set the camera to H.264, which is copied"
    )]
    NoCpu {
        /// Processor seconds a second.
        needed: f64,
        /// What the other encoders leave.
        left: f64,
    },
    /// It would not fit on the disk.
    #[error(
        "the recording would need {needed_mb} MB and {left_mb} MB are left beside what is promised; hint: delete recordings or plan a shorter one"
    )]
    NoDisk {
        /// Megabytes that the planned length needs.
        needed_mb: u64,
        /// Megabytes that may be used.
        left_mb: u64,
    },
    /// The folder cannot be asked.
    #[error("the free space of the videos folder cannot be read: {0}")]
    NoFolder(String),
}

/// What a recording will need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Planned length in seconds.
    pub seconds: f64,
    /// Bits a second, where the feed tells.
    pub bitrate: Option<f64>,
    /// Pixels a second to encode; none in copy mode.
    pub encode_pixels: Option<f64>,
}

#[derive(Debug)]
struct Running {
    ends_at_us: i64,
    bits_a_second: f64,
    encode_pixels: Option<f64>,
    /// Processor seconds a second, once measured.
    cpu: Option<f64>,
}

#[derive(Debug, Default)]
struct Book {
    next: u64,
    running: HashMap<u64, Running>,
}

/// Remembers what was promised to the running recordings.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    book: Arc<Mutex<Book>>,
}

/// A recording's place. Dropping it gives the place back.
#[derive(Debug)]
pub struct Ticket {
    id: u64,
    book: Arc<Mutex<Book>>,
}

impl Admission {
    /// Takes a place, or says why there is none. `free_bytes` may be asked of
    /// [`free_bytes`](Self::free_bytes).
    pub fn admit(
        &self,
        demand: Demand,
        most: u32,
        cores: f64,
        free_bytes: u64,
        min_free_bytes: u64,
        now_us: i64,
    ) -> Result<Ticket, Refused> {
        let mut book = self.book();
        if book.running.len() >= most as usize {
            return Err(Refused::TooMany { most });
        }
        if let Some(pixels) = demand.encode_pixels {
            let price = book.price();
            let encoders: Vec<f64> = book
                .running
                .values()
                .filter_map(|r| r.cost(price))
                .collect();
            let needed = pixels / 1e6 * price;
            let left = cores * CPU_SHARE - encoders.iter().sum::<f64>();
            // The first one is always let in: slow is better than nothing.
            if !encoders.is_empty() && needed > left {
                return Err(Refused::NoCpu {
                    needed,
                    left: left.max(0.0),
                });
            }
        }
        let bits_a_second = demand.bitrate.unwrap_or(ASSUMED_BITRATE);
        let needed = demand.seconds * bits_a_second / 8.0;
        let owed: f64 = book
            .running
            .values()
            .map(|running| running.owed(now_us))
            .sum();
        let left = free_bytes as f64 - min_free_bytes as f64 - owed;
        if needed > left {
            return Err(Refused::NoDisk {
                needed_mb: (needed / 1e6).ceil() as u64,
                left_mb: (left.max(0.0) / 1e6) as u64,
            });
        }
        Ok(self.take(&mut book, demand, now_us))
    }

    /// Takes the place of a recording that was admitted by an earlier run of the host: what was
    /// promised is kept.
    pub fn admit_again(&self, demand: Demand, now_us: i64) -> Ticket {
        self.take(&mut self.book(), demand, now_us)
    }

    fn take(&self, book: &mut Book, demand: Demand, now_us: i64) -> Ticket {
        book.next += 1;
        let id = book.next;
        let running = Running {
            ends_at_us: now_us + (demand.seconds * 1e6) as i64,
            bits_a_second: demand.bitrate.unwrap_or(ASSUMED_BITRATE),
            encode_pixels: demand.encode_pixels,
            cpu: None,
        };
        book.running.insert(id, running);
        Ticket {
            id,
            book: Arc::clone(&self.book),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Recordings that hold a place.
    pub fn running(&self) -> usize {
        self.book().running.len()
    }

    /// Free bytes of the file system that holds `dir` (or, while it is missing, of the nearest
    /// folder above it).
    pub fn free_bytes(dir: &Path) -> Result<u64, Refused> {
        file_system(dir).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Bytes of that file system.
    pub fn total_bytes(dir: &Path) -> Result<u64, Refused> {
        file_system(dir).map(|stat| stat.f_blocks.saturating_mul(stat.f_frsize))
    }
}

fn file_system(dir: &Path) -> Result<rustix::fs::StatVfs, Refused> {
    let existing = dir
        .ancestors()
        .find(|place| place.exists())
        .unwrap_or(Path::new("/"));
    rustix::fs::statvfs(existing)
        .map_err(|error| Refused::NoFolder(format!("{}: {error}", existing.display())))
}

impl Ticket {
    /// Processor seconds a second that this recording's encoder was seen to use.
    pub fn measured_cpu(&self, cpu: f64) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = book.running.get_mut(&self.id) {
            running.cpu = Some(cpu);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .running
            .remove(&self.id);
    }
}

impl Book {
    /// What a megapixel a second costs: as measured on the running encoders, else assumed.
    fn price(&self) -> f64 {
        let measured: Vec<f64> = self
            .running
            .values()
            .filter_map(|running| Some(running.cpu? / (running.encode_pixels? / 1e6)))
            .filter(|price| price.is_finite() && *price > 0.0)
            .collect();
        if measured.is_empty() {
            return CPU_A_MEGAPIXEL;
        }
        measured.iter().sum::<f64>() / measured.len() as f64
    }
}

impl Running {
    fn cost(&self, price: f64) -> Option<f64> {
        let pixels = self.encode_pixels?;
        Some(self.cpu.unwrap_or(pixels / 1e6 * price))
    }

    fn owed(&self, now_us: i64) -> f64 {
        (self.ends_at_us - now_us).max(0) as f64 / 1e6 * self.bits_a_second / 8.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;
    const COPY: Demand = Demand {
        seconds: 1000.0,
        bitrate: Some(8e6),
        encode_pixels: None,
    };

    fn encode(pixels: f64) -> Demand {
        Demand {
            seconds: 10.0,
            bitrate: None,
            encode_pixels: Some(pixels),
        }
    }

    #[test]
    fn the_number_is_limited_and_places_come_back() {
        let admission = Admission::default();
        let first = admission.admit(COPY, 1, 2.0, 100 * GB, 0, 0).unwrap();
        let refused = admission.admit(COPY, 1, 2.0, 100 * GB, 0, 0).unwrap_err();
        assert_eq!(refused, Refused::TooMany { most: 1 });
        drop(first);
        assert!(admission.admit(COPY, 1, 2.0, 100 * GB, 0, 0).is_ok());
    }

    #[test]
    fn what_is_promised_counts_as_used() {
        let admission = Admission::default();
        // 1000 s at 8 Mbit/s are 1 GB.
        let _first = admission.admit(COPY, 10, 2.0, 4 * GB, 2 * GB, 0).unwrap();
        let _second = admission.admit(COPY, 10, 2.0, 4 * GB, 2 * GB, 0).unwrap();
        let refused = admission
            .admit(COPY, 10, 2.0, 4 * GB, 2 * GB, 0)
            .unwrap_err();
        assert_eq!(
            refused,
            Refused::NoDisk {
                needed_mb: 1000,
                left_mb: 0
            }
        );
        // Half-way through both, a gigabyte of the promise is in the files already.
        let free = 3 * GB;
        assert!(
            admission
                .admit(COPY, 10, 2.0, free + GB, 2 * GB, 500_000_000)
                .is_ok()
        );
    }

    #[test]
    fn encoders_are_admitted_by_what_they_were_measured_to_use() {
        let admission = Admission::default();
        let full_hd = 51.84e6;
        let first = admission
            .admit(encode(full_hd), 10, 2.0, 100 * GB, 0, 0)
            .unwrap();
        let refused = admission
            .admit(encode(full_hd), 10, 2.0, 100 * GB, 0, 0)
            .unwrap_err();
        assert!(
            matches!(refused, Refused::NoCpu { .. }),
            "0.91 twice is over 1.8: {refused}"
        );
        first.measured_cpu(0.3);
        let second = admission.admit(encode(full_hd), 10, 2.0, 100 * GB, 0, 0);
        assert!(second.is_ok(), "this machine is faster than assumed");
        assert!(
            admission.admit(COPY, 10, 2.0, 100 * GB, 0, 0).is_ok(),
            "copies cost nothing"
        );
    }

    #[test]
    fn the_first_encoder_always_gets_in() {
        assert!(
            Admission::default()
                .admit(encode(1e9), 10, 1.0, 100 * GB, 0, 0)
                .is_ok()
        );
    }
}
