//! `padelvar demo`: works anywhere, and leaves nothing behind however it ends.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use padelvar_tests::log::Log;
use padelvar_tests::{binary, files, judge, machine, processes, together};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// The whole demo on a busy machine, drawing the pictures included.
const PATIENCE: Duration = Duration::from_mins(2);
/// From Ctrl-C to the end.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

/// A demo under way in a folder of its own, temporary files in another.
struct Demo {
    child: Child,
    folder: TempDir,
    temporary: TempDir,
    stdout: Log,
    stderr: Log,
}

impl Demo {
    fn start() -> Self {
        let folder = TempDir::with_prefix("padelvar-e2e-demo-").expect("a folder");
        let temporary = TempDir::with_prefix("padelvar-e2e-tmp-").expect("a folder");
        let mut child = Command::new(binary::path())
            .args(["demo", "--seconds", "2"])
            .current_dir(folder.path())
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // As a shell does: Ctrl-C then is for all of the group.
            .process_group(0)
            .spawn()
            .expect("the binary starts");
        let stdout = Log::of(child.stdout.take().expect("it is piped"));
        let stderr = Log::of(child.stderr.take().expect("it is piped"));
        Self {
            child,
            folder,
            temporary,
            stdout,
            stderr,
        }
    }

    fn output(&self) -> String {
        format!("{}\n{}", self.stdout.text(), self.stderr.text())
    }

    /// Waits for its end; whether it ended well.
    async fn ended(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.success();
            }
            assert!(Instant::now() < deadline, "it goes on:\n{}", self.output());
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn ctrl_c(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let group = pid.expect("it has an id");
        kill_process_group(group, Signal::INT).expect("the group is there");
    }

    /// Asserts that neither a process nor a temporary file is left.
    async fn left_nothing(&self, what: &str) {
        let mark = self.temporary.path().display().to_string();
        let started = processes::with_environment(&mark);
        let left = processes::left_of(&started, Duration::from_secs(2)).await;
        assert!(left.is_empty(), "{what}: {left:?}");
        let left = files::entries(self.temporary.path());
        assert!(left.is_empty(), "{what}: {left:?}\n{}", self.output());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // It is ours and still runs, since a test failed.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[tokio::test]
async fn two_files_and_what_ffprobe_says_of_them() {
    let _alone = machine::alone().await;
    let mut demo = Demo::start();
    assert!(demo.ended(PATIENCE).await, "{}", demo.output());
    let kept = files::entries(&demo.folder.path().join("padelvar-demo"));
    assert_eq!(kept.len(), 2, "{kept:?}");
    // The log threads may still be reading.
    sleep(Duration::from_millis(100)).await;
    let printed = demo.stdout.text();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 2, "{}", demo.output());
    for file in &kept {
        let video = judge::final_file(file).await;
        // Two seconds, and what the camera's newest keyframe is older.
        assert!((1.8..4.5).contains(&video.duration), "{}", video.duration);
        let name = file.file_name().expect("a name").to_string_lossy();
        let line = lines.iter().find(|line| line.contains(&*name));
        let line = line.unwrap_or_else(|| panic!("{name}: {printed}"));
        let path = line.split(": ").next().unwrap_or_default();
        let path = demo.folder.path().join(Path::new(path));
        assert!(path.is_file(), "{line}");
        let bytes = std::fs::metadata(file).expect("it is there").len();
        // Cut off after a tenth, however it is rounded further on.
        let duration = format!(" {:.1}", (video.duration * 10.0).floor() / 10.0);
        for told in ["h264", &bytes.to_string(), &duration] {
            assert!(line.contains(told), "no {told}: {line}");
        }
    }
    files::assert_only(
        demo.folder.path(),
        &[&demo.folder.path().join("padelvar-demo")],
    );
    demo.left_nothing("after its end").await;
}

#[tokio::test]
async fn ctrl_c_at_any_moment_leaves_nothing() {
    let _alone = machine::alone().await;
    let interrupt = |after: Duration| async move {
        let mut demo = Demo::start();
        sleep(after).await;
        let ended_before = demo.child.try_wait().expect("it is our child").is_some();
        if !ended_before {
            demo.ctrl_c();
            let well = demo.ended(ENDS_WITHIN).await;
            assert!(
                !well || demo.stdout.text().lines().count() == 2,
                "{}",
                demo.output()
            );
        }
        demo.left_nothing(&format!("{after:?}")).await;
        let videos = files::below(&demo.folder.path().join("padelvar-demo"));
        for file in videos {
            judge::final_file(&file).await;
        }
    };
    together(
        [0.05, 0.3, 2.0, 6.0]
            .map(Duration::from_secs_f64)
            .map(interrupt),
    )
    .await;
}
