//! What a guest may use. Each number says which attack it stops.

use wasmtime::ResourceLimiter;

/// Linear memory of a whole instance, all its memories together: stops a guest that
/// allocates without end.
pub const MEMORY_BYTES: usize = 64 << 20;
/// Entries of one table (function pointers): stops growth of tables without end.
pub const TABLE_ELEMENTS: usize = 100_000;
/// Core instances in a component: stops components that multiply. A Python interpreter comes as
/// more than 32: its libraries are linked at run time.
pub const INSTANCES: usize = 64;
/// Processor time of one call, microseconds: stops loops. An honest call needs tens of
/// microseconds; processor time and not wall time, so that a busy machine condemns nobody.
pub const CALL_CPU_US: i64 = 75_000;
/// Wall time of one call after which the host waits no more, whatever the guest does
/// (seconds): stops a guest that blocks in a host call.
pub const CALL_WALL_SECONDS: u64 = 5;
/// Processor time for making an instance and its self-check when a plugin is loaded,
/// microseconds: stops one that holds up the host's start.
pub const SELF_CHECK_CPU_US: i64 = 1_000_000;
/// Bytes that the host allocates for the answer of one call: stops giant lists.
pub const ANSWER_BYTES: usize = 24 << 20;
/// Commands in one answer.
pub const COMMANDS: usize = 4096;
/// A `.wasm` file: stops compile bombs from filling the memory.
pub const FILE_BYTES: u64 = 32 << 20;
/// Handles that a guest may hold at once.
pub const HANDLES: usize = 1000;
/// What is kept of a guest's stderr, bytes; the oldest goes first.
pub const STDERR_BYTES: usize = 8 << 10;

/// Counts the memory of a whole instance and refuses what goes over.
#[derive(Debug, Default)]
pub struct MemoryLimiter {
    used: usize,
}

impl MemoryLimiter {
    /// Bytes of linear memory in use.
    pub fn used(&self) -> usize {
        self.used
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.used.saturating_add(desired.saturating_sub(current));
        if total > MEMORY_BYTES {
            // An error and not `false`: a refusal that traps has a readable reason, while a
            // guest that is told "no" aborts with a bare `unreachable`.
            return Err(wasmtime::Error::msg(format!(
                "wants {} MiB of memory, {} MiB are allowed",
                total.div_ceil(1 << 20),
                MEMORY_BYTES >> 20
            )));
        }
        self.used = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        INSTANCES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_counted_together() {
        let mut limiter = MemoryLimiter::default();
        assert!(limiter.memory_growing(0, 40 << 20, None).unwrap());
        let error = limiter.memory_growing(0, 30 << 20, None).unwrap_err();
        assert!(error.to_string().contains("70 MiB"), "{error}");
        assert_eq!(limiter.used(), 40 << 20);
        let error = limiter.memory_growing(40 << 20, (64 << 20) + 1, None);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("wants 65 MiB"), "rounded up: {error}");
    }
}
