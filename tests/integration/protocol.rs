//! Engine.IO 4 and Socket.IO 5 on raw sockets: every packet type, every error, every timing rule, right and wrong.
//!
//! The tables in `protocol/` are conversations, and each runs twice: against the gateways here and against socket.io
//! 4.8 on Node with the same events (`tests/nestjs/wire-server.mjs`). Where the two differ on purpose, a line says
//! so with `@rust` and `@node`. See [`support::wire`](crate::support::wire) for how to read them.

mod events;
mod gateways;
mod handshake;
mod namespaces;
mod polling;
mod timing;
mod upgrade;
mod websocket;

use crate::support::process::Example;
use crate::support::wire::{Case, Server, run_all};

/// Runs a table against both servers.
async fn on_both(cases: &'static [Case]) {
    let (app, node) = tokio::join!(gateways::serve(), Example::start_node("wire-server.mjs", &[]));
    let mut failures = run_all(Server::Rust, app.addr(), cases).await;
    failures.extend(run_all(Server::Node, node.addr(), cases).await);
    assert!(failures.is_empty(), "otherwise than written:\n{}", failures.join("\n"));
}
