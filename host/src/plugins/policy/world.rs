//! What a policy finds around it: the empty WASI world of all guests, without anything that
//! could wait.
//!
//! wasmtime's synchronous bindings enter a runtime wherever WASI is asynchronous, and that
//! panics on a thread of tokio. So their streams and polls are replaced here by ones that
//! answer at once, and what would make something else to wait for is refused. The asynchronous
//! functions that are left, those of files and sockets, all take a handle that nothing here
//! ever gives out.

use std::time::Instant;

use wasmtime::Engine;
use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult, subscribe,
};
use wasmtime_wasi::{ResourceTable, WasiCtxView, WasiView};

use super::super::wasi::World;
use super::limits::{PRINT_BYTES, PRINT_COST};

/// The version of WASI that wasmtime links.
const VERSION: &str = "0.2.12";

/// What a store carries.
pub struct PolicyWorld {
    /// As every guest's. Its random numbers are always the same: a policy is a function.
    pub guest: World,
    /// When the current call is ended.
    pub deadline: Instant,
    /// Bytes that may still be printed in the current call.
    pub printable: usize,
}

impl PolicyWorld {
    /// A world whose time is up: every call sets its own.
    pub fn new() -> Self {
        Self {
            guest: World::new([0; 32]),
            deadline: Instant::now(),
            printable: PRINT_BYTES,
        }
    }
}

impl WasiView for PolicyWorld {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.guest.ctx()
    }
}

/// A linker with that world.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<PolicyWorld>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    linker.allow_shadowing(true);
    streams::add_to_linker::<_, AtOnce>(&mut linker, Streams::of)?;
    poll::add_to_linker::<_, AtOnce>(&mut linker, Streams::of)?;
    let clock = "wasi:clocks/monotonic-clock";
    for (interface, function, refusal) in [
        (clock, "subscribe-duration", WAITING),
        (clock, "subscribe-instant", WAITING),
        (
            "wasi:sockets/tcp-create-socket",
            "create-tcp-socket",
            NETWORK,
        ),
        (
            "wasi:sockets/udp-create-socket",
            "create-udp-socket",
            NETWORK,
        ),
        ("wasi:sockets/ip-name-lookup", "resolve-addresses", NETWORK),
    ] {
        let mut interface = linker.instance(&format!("{interface}@{VERSION}"))?;
        interface.func_new(function, move |_, _, _, _| {
            Err(wasmtime::Error::msg(refusal))
        })?;
    }
    linker.allow_shadowing(false);
    Ok(linker)
}

const WAITING: &str = "tried to wait; a policy answers at once";
const NETWORK: &str = "tried to reach the network; a policy has none";

struct AtOnce;

impl HasData for AtOnce {
    type Data<'a> = Streams<'a>;
}

/// Streams and polls that never wait.
struct Streams<'a> {
    table: &'a mut ResourceTable,
    printable: &'a mut usize,
}

impl Streams<'_> {
    fn of(world: &mut PolicyWorld) -> Streams<'_> {
        Streams {
            table: world.guest.ctx().table,
            printable: &mut world.printable,
        }
    }

    fn print(&mut self, stream: &Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        let cost = bytes.len().saturating_add(PRINT_COST);
        let Some(left) = self.printable.checked_sub(cost) else {
            let told = format!("printed more than {} KiB at once", PRINT_BYTES >> 10);
            return Err(StreamError::Trap(wasmtime::Error::msg(told)));
        };
        *self.printable = left;
        self.table.get_mut(stream)?.write(bytes.into())
    }
}

fn odd<T>() -> StreamResult<T> {
    let told = "tried to copy between streams; a policy has none to copy";
    Err(StreamError::Trap(wasmtime::Error::msg(told)))
}

impl streams::Host for Streams<'_> {
    fn convert_stream_error(
        &mut self,
        error: StreamError,
    ) -> wasmtime::Result<streams::StreamError> {
        streams::Host::convert_stream_error(self.table, error)
    }
}

impl streams::HostOutputStream for Streams<'_> {
    fn check_write(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        Ok(64 << 10)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        self.print(&stream, bytes)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        self.print(&stream, bytes)
    }

    fn flush(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<()> {
        Ok(())
    }

    fn blocking_flush(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<()> {
        Ok(())
    }

    fn subscribe(
        &mut self,
        stream: Resource<DynOutputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, stream)
    }

    fn write_zeroes(&mut self, _stream: Resource<DynOutputStream>, _len: u64) -> StreamResult<()> {
        odd()
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        _stream: Resource<DynOutputStream>,
        _len: u64,
    ) -> StreamResult<()> {
        odd()
    }

    fn splice(
        &mut self,
        _to: Resource<DynOutputStream>,
        _from: Resource<DynInputStream>,
        _len: u64,
    ) -> StreamResult<u64> {
        odd()
    }

    fn blocking_splice(
        &mut self,
        _to: Resource<DynOutputStream>,
        _from: Resource<DynInputStream>,
        _len: u64,
    ) -> StreamResult<u64> {
        odd()
    }

    fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

/// The only one there is, stdin, is at its end.
impl streams::HostInputStream for Streams<'_> {
    fn read(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<Vec<u8>> {
        Err(StreamError::Closed)
    }

    fn blocking_read(&mut self, _: Resource<DynInputStream>, _len: u64) -> StreamResult<Vec<u8>> {
        Err(StreamError::Closed)
    }

    fn skip(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    fn blocking_skip(&mut self, _: Resource<DynInputStream>, _len: u64) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    fn subscribe(
        &mut self,
        stream: Resource<DynInputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, stream)
    }

    fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

/// Only streams can be subscribed to, and they are always ready.
impl poll::Host for Streams<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        if pollables.is_empty() {
            return Err(wasmtime::Error::msg(WAITING));
        }
        Ok((0_u32..).zip(&pollables).map(|(index, _)| index).collect())
    }
}

impl poll::HostPollable for Streams<'_> {
    fn ready(&mut self, _pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn block(&mut self, _pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}
