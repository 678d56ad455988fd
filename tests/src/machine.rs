//! Sharing the machine: some tests measure, some fill it.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static MACHINE: RwLock<()> = RwLock::const_new(());

/// For a test that may run beside others. Hold what it returns.
pub async fn shared() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().await
}

/// For a test that needs the machine for itself. Hold what it returns.
pub async fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().await
}
