//! One FFmpeg child of a recording: started, fed, stored, stopped, awaited.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info, warn};

use super::part::Part;
use super::progress::{Progress, ProgressParser};
use super::quality::EndedBy;
use super::staleness::Staleness;
use super::status::RecordingStatus;
use crate::clock::now_us;
use crate::disk;
use crate::mp4::{self, Piece, Splitter};
use crate::telemetry::metrics::{FfmpegRun, metrics};

/// Priority of FFmpeg: below the host, which must never be late for a camera.
const NICE: i32 = 5;
/// So long after the end of its input it is asked to end with what it has read: then it lets go
/// of what is still in its pipe, so not sooner than needed.
const INTERRUPT_AFTER: Duration = Duration::from_secs(8);
/// So long after the end of its input it is killed, however busy it is.
const KILL_AFTER: Duration = Duration::from_secs(10);
/// How often one that takes no input or is to end is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A killed process is gone within this time, unless the system cannot end it: one that waits in
/// a driver.
const GONE_AFTER: Duration = Duration::from_secs(5);
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
    /// It has work and shows no sign of life.
    #[error("FFmpeg hangs")]
    Hangs,
    /// It was still at work when the recording had to be finished.
    #[error("FFmpeg was too slow: the last pictures are missing")]
    Slow,
    /// Its output is no MP4.
    #[error("FFmpeg's output: {0}")]
    Output(#[from] mp4::Error),
    /// The file cannot be written.
    #[error("the recording cannot be written: {0}")]
    Store(std::io::Error),
    /// There is no room for more. What was recorded can be finished.
    #[error(
        "the disk was full: the recording ended early; hint: delete recordings, or set video.keep_days or video.keep_bytes"
    )]
    Full,
}

impl ChildError {
    /// An error of the file.
    fn store(error: std::io::Error) -> Self {
        if disk::is_full(&error) {
            return Self::Full;
        }
        Self::Store(error)
    }

    /// Whether another child would meet the same.
    pub fn is_the_files(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Full)
    }
}

impl ChildError {
    /// What ended a recording that ends with this.
    pub fn ended_by(&self) -> EndedBy {
        match self {
            Self::Full => EndedBy::DiskFull,
            Self::Store(_) => EndedBy::Disk,
            Self::Start(_) | Self::Ended(_) | Self::Hangs | Self::Slow | Self::Output(_) => {
                EndedBy::Ffmpeg
            }
        }
    }
}

/// A running child.
pub struct Child {
    process: tokio::process::Child,
    stdin: Option<ChildStdin>,
    store: AbortOnDropHandle<Result<(), ChildError>>,
    _progress: AbortOnDropHandle<()>,
    log: AbortOnDropHandle<()>,
    progress: watch::Receiver<Progress>,
    signs: Arc<Signs>,
    staleness: Staleness,
    hangs: bool,
    /// Its output is not waited for any more.
    given_up: CancellationToken,
    /// Up to where on the recording's clock its pictures are in the file, microseconds.
    written_us: Arc<AtomicI64>,
    started: Instant,
    run: FfmpegRun,
}

/// What a child shows of itself, counted by the tasks that listen to it.
#[derive(Debug, Default)]
pub struct Signs {
    /// Boxes that it wrote, and reports of more pictures.
    work: AtomicU64,
    /// Reports of any kind.
    reports: AtomicU64,
    /// Its output goes to the disk, which may take long: it may have to wait for that.
    storing: AtomicBool,
    /// Cancelled when there is no room for more than what FFmpeg holds.
    full: CancellationToken,
}

impl Signs {
    /// Whether it has written anything, if only a head.
    pub fn begun(&self) -> bool {
        self.work.load(Ordering::Relaxed) > 0
    }
}

impl Child {
    /// Starts FFmpeg. `log` is where its complaints go, if anywhere. `start_us` is where on the
    /// recording's clock its first picture is shown. The session's id is in its environment, so
    /// that `ps e` tells whose it is.
    pub fn start(
        program: &Path,
        arguments: &[String],
        session: &str,
        log: Option<std::fs::File>,
        part: Arc<Mutex<Part>>,
        status: watch::Sender<RecordingStatus>,
        start_us: i64,
    ) -> Result<Self, ChildError> {
        let (progress_read, progress_write) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
                .map_err(|error| ChildError::Start(error.into()))?;
        let mut process = spawn(program, arguments, session, progress_write)?;
        let stdin = process.stdin.take();
        let stdout = process.stdout.take().expect("stdout is piped");
        let stderr = process.stderr.take().expect("stderr is piped");
        if let Some(pid) = pid_of(&process) {
            // Refused only where there is no such process: it has ended already, which shows.
            let _ = rustix::process::setpriority_process(Some(pid), NICE);
        }
        let signs = Arc::new(Signs::default());
        let given_up = CancellationToken::new();
        let written_us = Arc::new(AtomicI64::new(start_us));
        let (told, progress) = watch::channel(Progress::default());
        let reports = follow_progress(progress_read, told, Arc::clone(&signs));
        let store = store(
            stdout,
            part,
            status,
            start_us,
            Arc::clone(&written_us),
            Arc::clone(&signs),
            given_up.clone(),
        );
        Ok(Self {
            process,
            stdin,
            store: AbortOnDropHandle::new(tokio::spawn(store)),
            _progress: AbortOnDropHandle::new(tokio::spawn(reports)),
            log: AbortOnDropHandle::new(tokio::spawn(keep_log(stderr, log))),
            progress,
            signs,
            staleness: Staleness::new(now_us()),
            hangs: false,
            given_up,
            written_us,
            started: Instant::now(),
            run: FfmpegRun::of("recorder"),
        })
    }

    /// Writes to its stdin. Waits while FFmpeg is busy, and no longer than it shows life.
    pub async fn write(&mut self, pieces: &[&[u8]]) -> Result<(), ChildError> {
        let Some(mut stdin) = self.stdin.take() else {
            return Err(ChildError::Ended("its input is closed".into()));
        };
        {
            let writing = async {
                for piece in pieces {
                    stdin.write_all(piece).await?;
                }
                Ok::<(), std::io::Error>(())
            };
            tokio::pin!(writing);
            loop {
                let written = timeout(LOOK_EVERY, &mut writing).await;
                if self.hangs() {
                    return Err(ChildError::Hangs);
                }
                match written {
                    Ok(Ok(())) => break,
                    Ok(Err(error)) => return Err(ChildError::Ended(error.to_string())),
                    Err(_) => {}
                }
            }
        }
        self.stdin = Some(stdin);
        Ok(())
    }

    /// A look at a child that has something to do: whether it hangs.
    fn hangs(&mut self) -> bool {
        if self.signs.storing.load(Ordering::Relaxed) {
            self.staleness = Staleness::new(now_us());
        } else if !self.hangs {
            let work = self.signs.work.load(Ordering::Relaxed);
            let (signs, process) = (&self.signs, &self.process);
            let other = || {
                let reports = signs.reports.load(Ordering::Relaxed);
                reports + ticks(process).unwrap_or(0)
            };
            self.hangs = self.staleness.look(now_us(), work, other);
        }
        self.hangs
    }

    /// Resolves when it should be given no more: the process has ended by itself, or the file
    /// has room for no more than what FFmpeg holds by now.
    pub async fn ended(&mut self) -> ChildError {
        tokio::select! {
            biased;
            () = self.signs.full.cancelled() => ChildError::Full,
            ended = self.process.wait() => match ended {
                Ok(status) => ChildError::Ended(status.to_string()),
                Err(error) => ChildError::Ended(error.to_string()),
            }
        }
    }

    /// Up to where on the recording's clock its pictures are in the file, microseconds.
    pub fn written_us(&self) -> i64 {
        self.written_us.load(Ordering::Relaxed)
    }

    /// The same, to be read when it has ended.
    pub fn written(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.written_us)
    }

    /// Its reports, followed; the last one stays when it has ended.
    pub fn reports(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// What it shows of itself, to be read when it has ended.
    pub fn signs(&self) -> Arc<Signs> {
        Arc::clone(&self.signs)
    }

    /// Processor seconds a second that it has used so far.
    pub fn cpu(&self) -> Option<f64> {
        let per_second = rustix::param::clock_ticks_per_second() as f64;
        let elapsed = self.started.elapsed().as_secs_f64();
        let used = ticks(&self.process)? as f64 / per_second;
        (elapsed > 5.0).then_some(used / elapsed)
    }

    /// Ends it: closes its stdin and waits; kills it where it hangs or takes too long. What it
    /// wrote is in the file when this returns; an error says that it may not be all.
    pub async fn finish(mut self) -> Result<(), ChildError> {
        drop(self.stdin.take());
        let end = self.end().await;
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
        end
    }

    /// Waits for the process's end, which the end of its input brings.
    async fn end(&mut self) -> Result<(), ChildError> {
        let closed = Instant::now();
        let mut interrupted = false;
        loop {
            if self.hangs() {
                warn!("FFmpeg is killed: it hangs");
                self.kill().await;
                return Err(ChildError::Hangs);
            }
            if let Ok(exit) = timeout(LOOK_EVERY, self.process.wait()).await {
                return match exit {
                    Ok(exit) => {
                        self.run.exited(exit);
                        of_exit(exit, interrupted)
                    }
                    Err(error) => Err(ChildError::Ended(error.to_string())),
                };
            }
            if closed.elapsed() >= KILL_AFTER {
                warn!("FFmpeg is killed: it has not ended");
                self.kill().await;
                return Err(ChildError::Slow);
            }
            if closed.elapsed() >= INTERRUPT_AFTER && !interrupted {
                interrupted = true;
                if let Some(pid) = pid_of(&self.process) {
                    let _ = rustix::process::kill_process(pid, Signal::INT);
                }
            }
        }
    }

    /// Kills it. SIGKILL ends a stopped process, too.
    async fn kill(&mut self) {
        let _ = self.process.start_kill();
        match timeout(GONE_AFTER, self.process.wait()).await {
            Ok(Ok(exit)) => self.run.exited(exit),
            Ok(Err(error)) => error!(%error, "FFmpeg cannot be awaited"),
            Err(_) => {
                error!("FFmpeg was killed and does not end; it is left to the system");
                self.given_up.cancel();
            }
        }
    }
}

fn of_exit(exit: ExitStatus, interrupted: bool) -> Result<(), ChildError> {
    if exit.success() {
        Ok(())
    } else if interrupted {
        Err(ChildError::Slow)
    } else {
        Err(ChildError::Ended(exit.to_string()))
    }
}

/// Processor time that a process has used, in the system's ticks (Linux: `/proc/<pid>/stat`).
fn ticks(process: &tokio::process::Child) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id()?)).ok()?;
    // Fields 14 and 15, counted behind the name, which may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn spawn(
    program: &Path,
    arguments: &[String],
    session: &str,
    progress: OwnedFd,
) -> Result<tokio::process::Child, ChildError> {
    let mut command = super::program::program(program);
    command
        .args(arguments)
        .env("PADELVAR_SESSION", session)
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

/// Appends FFmpeg's output to the file, whole boxes at a time, until it ends or is given up.
async fn store(
    mut stdout: ChildStdout,
    part: Arc<Mutex<Part>>,
    status: watch::Sender<RecordingStatus>,
    start_us: i64,
    written_us: Arc<AtomicI64>,
    signs: Arc<Signs>,
    given_up: CancellationToken,
) -> Result<(), ChildError> {
    let mut splitter = Splitter::new();
    let mut buffer = vec![0; 64 << 10];
    let mut synced_us = now_us();
    loop {
        let length = tokio::select! {
            length = stdout.read(&mut buffer) => length.map_err(ChildError::Store)?,
            () = given_up.cancelled() => return Ok(()),
        };
        splitter.push(&buffer[..length]);
        signs.storing.store(true, Ordering::Relaxed);
        while let Some(piece) = splitter.next_piece()? {
            signs.work.fetch_add(1, Ordering::Relaxed);
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
            part.append(&bytes).await.map_err(ChildError::store)?;
            if frames > 0 && !signs.full.is_cancelled() {
                match part.make_room(bytes.len() as u64, frames).await {
                    Ok(()) => {}
                    // FFmpeg is told that this was all; what it still holds has room.
                    Err(error) if disk::is_full(&error) => signs.full.cancel(),
                    Err(error) => return Err(ChildError::store(error)),
                }
            }
            metrics().recorded_frames.inc_by(frames);
            metrics().recorded_bytes.inc_by(bytes.len() as u64);
            if let Some(until_us) = until_us {
                written_us.store(until_us, Ordering::Relaxed);
            }
            if now_us() - synced_us >= 900_000 {
                part.sync().await.map_err(ChildError::store)?;
                synced_us = now_us();
                let warning = part.warning().await;
                status.send_if_modified(|status| {
                    let news = status.warning != warning;
                    status.warning = warning;
                    news
                });
            }
            let size_bytes = part.size_bytes;
            status.send_modify(|status| {
                status.frames += frames;
                status.size_bytes = size_bytes;
            });
        }
        signs.storing.store(false, Ordering::Relaxed);
        if length == 0 {
            return Ok(());
        }
    }
}

async fn follow_progress(read: OwnedFd, told: watch::Sender<Progress>, signs: Arc<Signs>) {
    let Ok(pipe) = pipe::Receiver::from_owned_fd(read) else {
        return;
    };
    let mut lines = BufReader::new(pipe).lines();
    let mut parser = ProgressParser::default();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(progress) = parser.line(&line) {
            signs.reports.fetch_add(1, Ordering::Relaxed);
            let before = told.send_replace(progress);
            if before != progress {
                signs.work.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

async fn keep_log(mut stderr: ChildStderr, log: Option<std::fs::File>) {
    let mut log = log.map(tokio::fs::File::from_std);
    let mut left = LOG_BYTES;
    let mut buffer = vec![0; 4 << 10];
    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
        // Read on when it is full or cannot be written, so that FFmpeg never waits for its log.
        let kept = length.min(left as usize);
        if let Some(log) = log.as_mut().filter(|_| kept > 0)
            && log.write_all(&buffer[..kept]).await.is_ok()
        {
            left -= kept as u64;
            let _ = log.flush().await;
        }
    }
}
