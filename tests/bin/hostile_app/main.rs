//! What the hostile clients and the soak run against: a server that counts what it holds.
//! `PORT=3000 cargo run -p gateway-tests --bin hostile-app`.
//!
//! It has every kind of handler that a client can reach, and tells in the namespace `/watch` how many bytes are
//! allocated, how many sessions, sockets, rooms and waiting handlers there are, and how often anything panicked.
#![expect(clippy::unused_self, reason = "handlers are methods, as in NestJS, whatever they need")]

mod further;
mod soak;
mod steady;
mod target;
mod watch;

use std::alloc::System;

use cap::Cap;
use gateway_runtime::GatewayError;
use gateway_runtime::prelude::*;

/// Counts the bytes that are allocated; the limit is out of reach.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    watch::count_panics();
    // Live bytes are compared to a quarter of a megabyte: what the pool of buffers keeps on purpose must not hide in them,
    // nor what is held by mistake behind it.
    let app = GatewayApp::builder()
        .max_pooled_bytes(64 << 10)
        .only::<(target::Target, target::Chat, target::Closed, target::Throwing)>()
        .only::<(further::Packed, further::Old, further::Deflated, further::Made)>()
        .only::<(steady::Steady, soak::Soak, watch::Watch)>()
        .create()
        .await?;
    gateway_examples::listen(app).await
}
