//! One FFmpeg child of a recording: started, fed, stored, stopped, awaited.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::part::Part;
use super::progress::{Progress, ProgressParser};
use super::status::RecordingStatus;
use crate::clock::now_us;
use crate::mp4::{self, Piece, Splitter};
use crate::telemetry::metrics::{FfmpegRun, metrics};

/// Priority of FFmpeg: below the host, which must never be late for a camera.
const NICE: i32 = 5;
/// Without a sign of life for so long after the end of its input, it is interrupted.
const INTERRUPT_AFTER: Duration = Duration::from_secs(2);
/// So long after the end of its input it is killed.
const KILL_AFTER: Duration = Duration::from_secs(10);
/// Its log is cut here, bytes: stops a broken stream from filling the disk with complaints.
const LOG_BYTES: u64 = 4 << 20;

/// Why a child does not write any more.
#[derive(Debug, Error)]
pub enum ChildError {
    /// It could not be started.
    #[error("FFmpeg could not be started: {0}; hint: set video.ffmpeg_path")]
    Start(std::io::Error),
    /// It does not take its input any more.
    #[error("FFmpeg has ended: {0}")]
    Ended(String),
    /// Its output is no MP4.
    #[error("FFmpeg's output: {0}")]
    Output(#[from] mp4::Error),
    /// The file cannot be written.
    #[error("the recording cannot be written: {0}")]
    Store(std::io::Error),
}

/// A running child.
pub struct Child {
    process: tokio::process::Child,
    stdin: Option<ChildStdin>,
    store: AbortOnDropHandle<Result<(), ChildError>>,
    _progress: AbortOnDropHandle<()>,
    log: AbortOnDropHandle<()>,
    progress: watch::Receiver<Progress>,
    /// Signs of life: reports and fragments.
    life: Arc<AtomicU64>,
    /// Up to where on the recording's clock its pictures are in the file, microseconds.
    written_us: Arc<AtomicI64>,
    started: Instant,
    run: FfmpegRun,
}

impl Child {
    /// Starts FFmpeg. `start_us` is where on the recording's clock its first picture is shown.
    pub fn start(
        program: &Path,
        arguments: &[String],
        log: std::fs::File,
        part: Arc<Mutex<Part>>,
        status: watch::Sender<RecordingStatus>,
        start_us: i64,
    ) -> Result<Self, ChildError> {
        let (progress_read, progress_write) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
                .map_err(|error| ChildError::Start(error.into()))?;
        let mut process = spawn(program, arguments, progress_write)?;
        let stdin = process.stdin.take();
        let stdout = process.stdout.take().expect("stdout is piped");
        let stderr = process.stderr.take().expect("stderr is piped");
        if let Some(pid) = pid_of(&process) {
            // Refused only where there is no such process: it has ended already, which shows.
            let _ = rustix::process::setpriority_process(Some(pid), NICE);
        }
        let life = Arc::new(AtomicU64::new(0));
        let written_us = Arc::new(AtomicI64::new(start_us));
        let (told, progress) = watch::channel(Progress::default());
        let reports = follow_progress(progress_read, told, Arc::clone(&life));
        let store = store(
            stdout,
            part,
            status,
            start_us,
            Arc::clone(&written_us),
            Arc::clone(&life),
        );
        Ok(Self {
            process,
            stdin,
            store: AbortOnDropHandle::new(tokio::spawn(store)),
            _progress: AbortOnDropHandle::new(tokio::spawn(reports)),
            log: AbortOnDropHandle::new(tokio::spawn(keep_log(stderr, log))),
            progress,
            life,
            written_us,
            started: Instant::now(),
            run: FfmpegRun::of("recorder"),
        })
    }

    /// Writes to its stdin. Waits while FFmpeg is busy.
    pub async fn write(&mut self, pieces: &[&[u8]]) -> Result<(), ChildError> {
        let Some(stdin) = &mut self.stdin else {
            return Err(ChildError::Ended("its input is closed".into()));
        };
        for piece in pieces {
            if let Err(error) = stdin.write_all(piece).await {
                return Err(ChildError::Ended(error.to_string()));
            }
        }
        Ok(())
    }

    /// Resolves when the process has ended by itself.
    pub async fn ended(&mut self) -> ChildError {
        match self.process.wait().await {
            Ok(status) => ChildError::Ended(status.to_string()),
            Err(error) => ChildError::Ended(error.to_string()),
        }
    }

    /// Up to where on the recording's clock its pictures are in the file, microseconds.
    pub fn written_us(&self) -> i64 {
        self.written_us.load(Ordering::Relaxed)
    }

    /// Processor seconds a second that it has used so far (Linux: `/proc/<pid>/stat`).
    pub fn cpu(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()?)).ok()?;
        // Fields 14 and 15, counted behind the name, which may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let ticks: f64 =
            fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
        let per_second = rustix::param::clock_ticks_per_second() as f64;
        let elapsed = self.started.elapsed().as_secs_f64();
        (elapsed > 5.0).then(|| ticks / per_second / elapsed)
    }

    /// Ends it: closes its stdin and waits; interrupts it when it shows no life, kills it at
    /// last. What it wrote is in the file when this returns.
    pub async fn finish(mut self) -> Result<ExitStatus, ChildError> {
        drop(self.stdin.take());
        let kill_at = Instant::now() + KILL_AFTER;
        let mut lived = self.life.load(Ordering::Relaxed);
        let mut interrupted = false;
        let exit = loop {
            let left = kill_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                warn!("FFmpeg is killed: it has not ended");
                let _ = self.process.start_kill();
                break self.process.wait().await;
            }
            if let Ok(exit) = timeout(left.min(INTERRUPT_AFTER), self.process.wait()).await {
                break exit;
            }
            let lives = self.life.load(Ordering::Relaxed);
            if lives == lived && !interrupted {
                interrupted = true;
                if let Some(pid) = pid_of(&self.process) {
                    let _ = rustix::process::kill_process(pid, Signal::INT);
                }
            }
            lived = lives;
        };
        if let Ok(exit) = &exit {
            self.run.exited(*exit);
        }
        let stored = match (&mut self.store).await {
            Ok(result) => result,
            Err(error) => Err(ChildError::Store(std::io::Error::other(error))),
        };
        let _ = timeout(Duration::from_secs(1), &mut self.log).await;
        let Progress {
            frames,
            doubled,
            dropped,
            ..
        } = *self.progress.borrow();
        info!(frames, doubled, dropped, "FFmpeg has ended");
        stored?;
        exit.map_err(|error| ChildError::Ended(error.to_string()))
    }
}

fn spawn(
    program: &Path,
    arguments: &[String],
    progress: OwnedFd,
) -> Result<tokio::process::Child, ChildError> {
    let mut command = super::program::program(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
        .fd_mappings(vec![FdMapping {
            parent_fd: progress,
            child_fd: 3,
        }])
        .map_err(|_| ChildError::Start(std::io::Error::other("descriptor 3 is taken")))?;
    command.spawn().map_err(ChildError::Start)
}

fn pid_of(process: &tokio::process::Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(process.id()?).ok()?)
}

/// Appends FFmpeg's output to the file, whole boxes at a time.
async fn store(
    mut stdout: ChildStdout,
    part: Arc<Mutex<Part>>,
    status: watch::Sender<RecordingStatus>,
    start_us: i64,
    written_us: Arc<AtomicI64>,
    life: Arc<AtomicU64>,
) -> Result<(), ChildError> {
    let mut splitter = Splitter::new();
    let mut buffer = vec![0; 64 << 10];
    let mut synced_us = now_us();
    loop {
        let length = stdout.read(&mut buffer).await.map_err(ChildError::Store)?;
        splitter.push(&buffer[..length]);
        while let Some(piece) = splitter.next_piece()? {
            life.fetch_add(1, Ordering::Relaxed);
            let mut part = part.lock().await;
            let (mut frames, mut until_us) = (0, None);
            let bytes = match piece {
                // One at the front of the file; later children's are left out.
                Piece::Ftyp(bytes) if part.size_bytes == 0 => bytes.to_vec(),
                Piece::Moov(bytes) => {
                    let mut marked = mp4::part_marker(start_us);
                    marked.extend_from_slice(&bytes);
                    marked
                }
                Piece::Fragment(fragment) => {
                    frames = u64::from(fragment.info.samples);
                    let end_us = fragment.info.base_us + fragment.info.duration_us;
                    until_us = Some(start_us + end_us);
                    fragment.bytes.to_vec()
                }
                Piece::Ftyp(_) | Piece::Other { .. } => continue,
            };
            part.append(&bytes).await.map_err(ChildError::Store)?;
            metrics().recorded_frames.inc_by(frames);
            metrics().recorded_bytes.inc_by(bytes.len() as u64);
            if let Some(until_us) = until_us {
                written_us.store(until_us, Ordering::Relaxed);
            }
            if now_us() - synced_us >= 900_000 {
                part.sync().await.map_err(ChildError::Store)?;
                synced_us = now_us();
            }
            let size_bytes = part.size_bytes;
            status.send_modify(|status| {
                status.frames += frames;
                status.size_bytes = size_bytes;
            });
        }
        if length == 0 {
            return Ok(());
        }
    }
}

async fn follow_progress(read: OwnedFd, told: watch::Sender<Progress>, life: Arc<AtomicU64>) {
    let Ok(pipe) = pipe::Receiver::from_owned_fd(read) else {
        return;
    };
    let mut lines = BufReader::new(pipe).lines();
    let mut parser = ProgressParser::default();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(progress) = parser.line(&line) {
            let before = told.send_replace(progress);
            if before != progress {
                life.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

async fn keep_log(mut stderr: ChildStderr, log: std::fs::File) {
    let mut log = tokio::fs::File::from_std(log);
    let mut left = LOG_BYTES;
    let mut buffer = vec![0; 4 << 10];
    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
        // Read on when it is full, so that FFmpeg never waits for its log.
        let kept = length.min(left as usize);
        if kept > 0 && log.write_all(&buffer[..kept]).await.is_ok() {
            left -= kept as u64;
            let _ = log.flush().await;
        }
    }
}
