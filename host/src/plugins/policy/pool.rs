//! Instances that wait to be asked, and the thread that makes them.
//!
//! Making one may take long (a policy reads its rules then), so it never happens on a thread
//! that asks: a keeper makes them, ahead of what is in use, and drops those that are done.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::super::trap::Trap;
use super::limits::BUSY;

/// Instances that are kept ready beside those in use.
const SPARES: usize = 2;

/// What becomes of an instance that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is asked again.
    Good,
    /// It is old: it is asked again only until there is another.
    Old,
    /// It is not asked again.
    Dead,
}

/// A bounded number of instances. `T` is one of them.
pub struct Pool<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// For those who wait for an instance.
    free: Condvar,
    /// For the keeper.
    work: Condvar,
    most: usize,
}

struct State<T> {
    idle: Vec<T>,
    dead: Vec<T>,
    /// Idle, in use and being made.
    live: usize,
    /// Threads that wait for an instance.
    waiting: usize,
    /// Instances that those have asked for and that were not begun.
    wanted: usize,
    /// Attempts to make one that failed, and why the last of them did.
    failures: u64,
    failure: Trap,
    /// The last attempt failed: none is made in advance until one is needed.
    failing: bool,
    /// An old one stays in use until there is another.
    renewing: bool,
    ended: bool,
}

impl<T> State<T> {
    fn needs_one(&self, most: usize) -> bool {
        let ahead = self.idle.len() < SPARES && !self.failing;
        let room = self.live < most && (self.wanted > 0 || ahead);
        // The one that takes an old one's place may be one too many for a moment.
        room || (self.renewing && !self.failing && self.live <= most)
    }
}

impl<T: Send + 'static> Pool<T> {
    /// A pool with a first instance, of at most `most`; the others come from `make`.
    pub fn new(
        first: T,
        most: usize,
        make: impl Fn() -> Result<T, Trap> + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                idle: vec![first],
                dead: Vec::new(),
                live: 1,
                waiting: 0,
                wanted: 0,
                failures: 0,
                failure: Trap::new(),
                failing: false,
                renewing: false,
                ended: false,
            }),
            free: Condvar::new(),
            work: Condvar::new(),
            most: most.max(1),
        });
        let kept = Arc::clone(&shared);
        // It ends with the pool, by itself: whoever drops a policy must not wait for one that
        // is being configured.
        std::thread::Builder::new()
            .name("policy-keeper".into())
            .spawn(move || kept.keep(make))?;
        Ok(Self { shared })
    }
}

impl<T> Pool<T> {
    /// An instance, if one is free.
    pub fn take(&self) -> Option<T> {
        let mut state = self.shared.lock();
        let taken = state.idle.pop();
        if state.needs_one(self.shared.most) {
            self.shared.work.notify_one();
        }
        taken
    }

    /// An instance; waits for one until `deadline`.
    pub fn wait(&self, deadline: Instant) -> Result<T, Trap> {
        let mut state = self.shared.lock();
        let failures = state.failures;
        let mut asked = false;
        state.waiting += 1;
        let found = loop {
            if let Some(taken) = state.idle.pop() {
                break Ok(taken);
            }
            if state.failures != failures {
                break Err(state.failure.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break Err(BUSY.to_owned());
            }
            if !asked {
                asked = true;
                state.wanted += 1;
                self.shared.work.notify_one();
            }
            let woken = self.shared.free.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        };
        state.waiting -= 1;
        state.wanted = state.wanted.min(state.waiting);
        found
    }

    /// Gives an instance back.
    pub fn put(&self, instance: T, fate: Fate) {
        let mut state = self.shared.lock();
        let replaced = !state.idle.is_empty() || state.live > self.shared.most;
        if fate == Fate::Dead || (fate == Fate::Old && replaced) {
            state.dead.push(instance);
            state.live -= 1;
            self.shared.work.notify_one();
            return;
        }
        state.idle.push(instance);
        if state.waiting > 0 {
            self.shared.free.notify_one();
        }
        if fate == Fate::Old {
            state.renewing = true;
            self.shared.work.notify_one();
        }
    }
}

impl<T> Drop for Pool<T> {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.work.notify_one();
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keeper's life.
    fn keep(&self, make: impl Fn() -> Result<T, Trap>) {
        loop {
            let mut state = self.lock();
            while !state.ended && state.dead.is_empty() && !state.needs_one(self.most) {
                state = self
                    .work
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.ended {
                return;
            }
            let dead = std::mem::take(&mut state.dead);
            let needed = state.needs_one(self.most);
            if needed {
                state.live += 1;
                state.wanted = state.wanted.saturating_sub(1);
                state.renewing = false;
            }
            drop(state);
            if needed {
                self.made(make());
            }
            drop(dead);
        }
    }

    fn made(&self, made: Result<T, Trap>) {
        let mut state = self.lock();
        state.failing = made.is_err();
        match made {
            Ok(instance) => {
                // Below the others: the one that was asked last is asked next, it is warm.
                state.idle.insert(0, instance);
                self.free.notify_one();
            }
            Err(trap) => {
                state.live -= 1;
                state.wanted = 0;
                state.failures += 1;
                state.failure = trap;
                self.free.notify_all();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    fn counting(most: usize) -> Pool<u32> {
        let made = AtomicU32::new(1);
        Pool::new(
            1,
            most,
            move || Ok(made.fetch_add(1, Ordering::Relaxed) + 1),
        )
        .unwrap()
    }

    #[test]
    fn more_are_made_than_are_in_use() {
        let pool = counting(3);
        assert_eq!(pool.take(), Some(1));
        let others = [pool.wait(soon()).unwrap(), pool.wait(soon()).unwrap()];
        assert_eq!(others.iter().sum::<u32>(), 2 + 3);
        let late = Instant::now() + Duration::from_millis(20);
        assert!(
            pool.wait(late).unwrap_err().contains("busy"),
            "three are all"
        );
        pool.put(others[0], Fate::Good);
        assert_eq!(pool.take(), Some(others[0]));
        pool.put(others[0], Fate::Dead);
        assert_eq!(pool.wait(soon()), Ok(4), "what is dead is replaced");
    }

    #[test]
    fn an_old_one_is_used_until_there_is_another() {
        let pool = counting(1);
        assert_eq!(pool.wait(soon()), Ok(1));
        pool.put(1, Fate::Old);
        while pool.wait(soon()).unwrap() == 1 {
            pool.put(1, Fate::Old);
            std::thread::yield_now();
        }
        pool.put(2, Fate::Good);
        assert_eq!(pool.wait(soon()), Ok(2));
        let state = pool.shared.lock();
        assert!(state.live <= 2, "{}", state.live);
    }

    #[test]
    fn whoever_waits_gets_what_is_given_back() {
        let pool = Arc::new(counting(1));
        let one = pool.take().unwrap();
        let waiting = Arc::clone(&pool);
        let waiter = std::thread::spawn(move || waiting.wait(soon()));
        while pool.shared.lock().waiting == 0 {
            std::thread::yield_now();
        }
        pool.put(one, Fate::Good);
        assert_eq!(waiter.join().unwrap(), Ok(1));
    }

    #[test]
    fn what_cannot_be_made_is_said_and_tried_again() {
        let tries = AtomicU32::new(0);
        let pool = Pool::new(0, 4, move || match tries.fetch_add(1, Ordering::Relaxed) {
            0 => Err("stumbled".to_owned()),
            n => Ok(n),
        })
        .unwrap();
        assert_eq!(pool.take(), Some(0));
        // The one made in advance failed, or this one does; the next is made.
        let found = pool.wait(soon()).or_else(|trap| {
            assert_eq!(trap, "stumbled");
            pool.wait(soon())
        });
        assert!(found.is_ok_and(|made| made > 0));
    }

    #[test]
    fn the_keeper_ends_with_the_pool() {
        let pool = counting(2);
        let shared = Arc::downgrade(&pool.shared);
        drop(pool);
        while shared.upgrade().is_some() {
            std::thread::yield_now();
        }
    }
}
