//! Whether one more recording fits: their number, the processor, the disk.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;

use crate::disk::{self, Disk};

/// Processor seconds a second that encoding costs for a megapixel a second, until it was
/// measured: 0.91 for MJPEG at 1080p25, with libx264 veryfast (measured on two cores).
const CPU_A_MEGAPIXEL: f64 = 0.91 / 51.84;
/// The part of the machine that encoders may use together.
const CPU_SHARE: f64 = 0.9;
/// Bits a second of a copied stream whose rate is not known yet.
const ASSUMED_BITRATE: f64 = 4_000_000.0;
/// How long a file system may take to tell how much is free: `start` answers within 2 s.
const TOLD_WITHIN: Duration = Duration::from_millis(1500);

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
        "the recording would need {} MB and {} MB are left beside what running recordings still need and what must stay free; hint: delete recordings, plan a shorter one, or see video.min_free_bytes",
        mb_up(*.needed_bytes),
        mb(*.left_bytes)
    )]
    NoDisk {
        /// What the planned length needs.
        needed_bytes: u64,
        /// What may be used.
        left_bytes: u64,
    },
    /// The folder cannot be asked, or nothing can be written into it.
    #[error("nothing can be recorded into the videos folder: {0}")]
    NoFolder(String),
}

fn mb(bytes: u64) -> u64 {
    bytes / 1_000_000
}

fn mb_up(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
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

impl Demand {
    fn bits_a_second(&self) -> f64 {
        self.bitrate.unwrap_or(ASSUMED_BITRATE)
    }
}

#[derive(Debug)]
struct Running {
    /// The file system that it is written to.
    device: u64,
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
    /// Takes a place, or says why there is none. `disk` is what [`disk`](Self::disk) told.
    pub fn admit(
        &self,
        demand: Demand,
        most: u32,
        cores: f64,
        disk: Disk,
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
        let needed = demand.seconds * demand.bits_a_second() / 8.0;
        let owed: f64 = book
            .running
            .values()
            // Clubs may have disks of their own.
            .filter(|running| running.device == disk.device)
            .map(|running| running.owed(now_us))
            .sum();
        let left = disk.free_bytes as f64 - min_free_bytes as f64 - owed;
        if needed > left {
            return Err(Refused::NoDisk {
                needed_bytes: needed.ceil() as u64,
                left_bytes: left.max(0.0) as u64,
            });
        }
        Ok(self.take(&mut book, demand, disk.device, now_us))
    }

    /// Takes the place of a recording that was admitted by an earlier run of the host: what was
    /// promised is kept. Blocks: `folder` is where its club's recordings lie.
    pub fn admit_again(&self, demand: Demand, folder: &Path, now_us: i64) -> Ticket {
        // A disk that does not tell is no reason to give up what is half done.
        let device = Disk::of(folder).map_or(0, |disk| disk.device);
        self.take(&mut self.book(), demand, device, now_us)
    }

    fn take(&self, book: &mut Book, demand: Demand, device: u64, now_us: i64) -> Ticket {
        book.next += 1;
        let id = book.next;
        let running = Running {
            device,
            ends_at_us: now_us + (demand.seconds * 1e6) as i64,
            bits_a_second: demand.bits_a_second(),
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

    /// The file system that a club's recordings go to, if something can be written there.
    pub async fn disk(videos_dir: &Path, club: &str) -> Result<Disk, Refused> {
        let folder = videos_dir.join(club);
        let shown = folder.display().to_string();
        let asked = tokio::task::spawn_blocking(move || {
            disk::writable(&folder)?;
            let disk = Disk::of(&folder)?;
            if disk.read_only {
                return Err(std::io::ErrorKind::ReadOnlyFilesystem.into());
            }
            Ok(disk)
        });
        let refused = |reason: &str| {
            let hint = "hint: is its disk mounted, and may this user write there?";
            Refused::NoFolder(format!("{shown}: {reason}; {hint}"))
        };
        match tokio::time::timeout(TOLD_WITHIN, asked).await {
            Ok(Ok(told)) => told.map_err(|error: std::io::Error| refused(&error.to_string())),
            Ok(Err(error)) => Err(refused(&error.to_string())),
            Err(_) => Err(refused("its file system does not answer")),
        }
    }
}

impl Ticket {
    /// Processor seconds a second that this recording's encoder was seen to use.
    pub fn measured_cpu(&self, cpu: f64) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = book.running.get_mut(&self.id) {
            running.cpu = Some(cpu);
        }
    }

    /// Bits a second that this recording's file was seen to grow by: what it is still owed is
    /// told by that, and not by what was assumed.
    pub fn measured_rate(&self, bits_a_second: f64) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = book.running.get_mut(&self.id) {
            running.bits_a_second = bits_a_second;
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
    fn free(free_bytes: u64) -> Disk {
        Disk {
            device: 1,
            free_bytes,
            total_bytes: 1000 * GB,
            read_only: false,
        }
    }

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
        let first = admission.admit(COPY, 1, 2.0, free(100 * GB), 0, 0).unwrap();
        let refused = admission
            .admit(COPY, 1, 2.0, free(100 * GB), 0, 0)
            .unwrap_err();
        assert_eq!(refused, Refused::TooMany { most: 1 });
        drop(first);
        assert!(admission.admit(COPY, 1, 2.0, free(100 * GB), 0, 0).is_ok());
    }

    #[test]
    fn what_is_promised_counts_as_used() {
        let admission = Admission::default();
        // 1000 s at 8 Mbit/s are 1 GB.
        let _first = admission
            .admit(COPY, 10, 2.0, free(4 * GB), 2 * GB, 0)
            .unwrap();
        let _second = admission
            .admit(COPY, 10, 2.0, free(4 * GB), 2 * GB, 0)
            .unwrap();
        let refused = admission
            .admit(COPY, 10, 2.0, free(4 * GB), 2 * GB, 0)
            .unwrap_err();
        assert_eq!(
            refused,
            Refused::NoDisk {
                needed_bytes: GB,
                left_bytes: 0
            }
        );
        // Half-way through both, a gigabyte of the promise is in the files already.
        assert!(
            admission
                .admit(COPY, 10, 2.0, free(3 * GB + GB), 2 * GB, 500_000_000)
                .is_ok()
        );
    }

    #[test]
    fn encoders_are_admitted_by_what_they_were_measured_to_use() {
        let admission = Admission::default();
        let full_hd = 51.84e6;
        let first = admission
            .admit(encode(full_hd), 10, 2.0, free(100 * GB), 0, 0)
            .unwrap();
        let refused = admission
            .admit(encode(full_hd), 10, 2.0, free(100 * GB), 0, 0)
            .unwrap_err();
        assert!(
            matches!(refused, Refused::NoCpu { .. }),
            "0.91 twice is over 1.8: {refused}"
        );
        first.measured_cpu(0.3);
        let second = admission.admit(encode(full_hd), 10, 2.0, free(100 * GB), 0, 0);
        assert!(second.is_ok(), "this machine is faster than assumed");
        assert!(
            admission.admit(COPY, 10, 2.0, free(100 * GB), 0, 0).is_ok(),
            "copies cost nothing"
        );
    }

    #[test]
    fn the_first_encoder_always_gets_in() {
        assert!(
            Admission::default()
                .admit(encode(1e9), 10, 1.0, free(100 * GB), 0, 0)
                .is_ok()
        );
    }

    #[test]
    fn what_is_promised_is_promised_on_its_own_disk() {
        let admission = Admission::default();
        let one = admission.admit(COPY, 10, 2.0, free(2 * GB), 0, 0).unwrap();
        let _two = admission.admit(COPY, 10, 2.0, free(2 * GB), 0, 0).unwrap();
        let other = Disk {
            device: 2,
            ..free(2 * GB)
        };
        assert!(admission.admit(COPY, 10, 2.0, other, 0, 0).is_ok());
        let refused = admission.admit(COPY, 10, 2.0, free(2 * GB), 0, 0);
        let text = refused.unwrap_err().to_string();
        assert!(
            text.contains("would need 1000 MB and 0 MB are left"),
            "{text}"
        );
        // The file grows by half of what was seen of the camera.
        one.measured_rate(4e6);
        let demand = Demand {
            seconds: 500.0,
            ..COPY
        };
        assert!(admission.admit(demand, 10, 2.0, free(2 * GB), 0, 0).is_ok());
    }

    #[tokio::test]
    async fn a_folder_that_nothing_can_be_written_into_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("videos");
        assert!(Admission::disk(&missing, "1").await.unwrap().free_bytes > 0);
        std::fs::write(&missing, "a file").unwrap();
        let refused = Admission::disk(&missing, "1").await.unwrap_err();
        assert!(refused.to_string().contains("videos"), "{refused}");
    }
}
