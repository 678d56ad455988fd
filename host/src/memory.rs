//! How the C library keeps the host's memory: glibc grows without need in a process whose
//! threads come and go with sessions and plugins. Other C libraries are left as they are.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Heaps of the C library. glibc gives each thread one, up to eight a processor, and what is
/// freed in one is of no use to the others. Two are what the few threads that allocate at the
/// same time need.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: std::ffi::c_int = 2;
/// How often free memory goes back to the machine; walking the heaps takes milliseconds.
const EVERY: Duration = Duration::from_mins(1);

/// Keeps the process's memory in few heaps, unless its environment says otherwise
/// (`MALLOC_ARENA_MAX`, see mallopt(3)). To be called first of all, when there is one thread.
pub fn settle() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        // SAFETY: mallopt takes two numbers and no memory of ours. It must not race with other
        // threads that begin to allocate, and there are none yet.
        #[expect(unsafe_code, reason = "there is no safe name for it; see SAFETY")]
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        }
    }
}

/// Gives free memory back again and again: pages between others that are in use stay with the
/// process otherwise, also when what filled them, as a plugin that was replaced, is long gone.
pub async fn give_back_regularly(stopping: CancellationToken) {
    while stopping.run_until_cancelled(sleep(EVERY)).await.is_some() {
        // Not on a thread that serves: it waits for the heaps' locks.
        let _ = tokio::task::spawn_blocking(give_back).await;
    }
}

fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: malloc_trim takes a number and no memory of ours, may be called from any
        // thread (malloc_trim(3)), and gives back pages only that hold nothing.
        #[expect(unsafe_code, reason = "there is no safe name for it; see SAFETY")]
        unsafe {
            libc::malloc_trim(0);
        }
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    /// Memory of this process that is in use, bytes.
    fn resident() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").expect("it can be read");
        let pages = statm.split(' ').nth(1).map(str::parse::<usize>);
        pages.expect("it is there").expect("a number") * rustix::param::page_size()
    }

    #[test]
    fn what_lies_free_between_others_goes_back() {
        // Too small to be mapped one by one; every hundredth is kept.
        let mut all: Vec<Option<Vec<u8>>> = (0..4_000).map(|_| Some(vec![1; 16 << 10])).collect();
        for (n, one) in all.iter_mut().enumerate() {
            if n % 100 != 0 {
                *one = None;
            }
        }
        let before = resident();
        give_back();
        let after = resident();
        assert!(after + (32 << 20) < before, "{before} {after}");
        assert_eq!(all.iter().flatten().count(), 40);
    }
}
