//! Tells what the server holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use gateway_runtime::prelude::*;
use serde::Serialize;

use crate::ALLOCATOR;
use crate::further::{Deflated, Old, Packed};

static PANICS: AtomicU64 = AtomicU64::new(0);
static PING_TIMEOUTS: AtomicU64 = AtomicU64::new(0);
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from now on, those that are caught as well. Handlers that panic for a test say `on purpose`.
pub(crate) fn count_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.payload_as_str().is_some_and(|text| text.contains("on purpose")) {
            PANICS.fetch_add(1, Ordering::Relaxed);
            usual(info);
        }
    }));
}

/// Counts a client that left because it missed a heartbeat; the others are not counted.
pub(crate) fn count_leave(reason: &DisconnectReason) {
    if *reason == DisconnectReason::PingTimeout {
        PING_TIMEOUTS.fetch_add(1, Ordering::Relaxed);
    }
}

/// A handler that waits for its client; it counts as long as it lives.
pub(crate) struct Waiting;

impl Waiting {
    pub(crate) fn new() -> Self {
        WAITING.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the server holds.
#[derive(Serialize)]
struct Figures {
    live_bytes: usize,
    /// Engine.IO sessions.
    sessions: usize,
    /// Sockets of all namespaces.
    sockets: usize,
    /// Rooms of all namespaces, those of each socket's own id included.
    rooms: usize,
    /// Handlers that wait for an acknowledgement.
    waiting: usize,
    /// Tasks of the runtime.
    tasks: usize,
    panics: u64,
    /// Clients that missed a heartbeat.
    ping_timeouts: u64,
}

/// Tells the figures.
#[web_socket_gateway(namespace = "watch")]
pub(crate) struct Watch {
    #[web_socket_server]
    server: Server,
    #[inject]
    packed: Arc<Packed>,
    #[inject]
    old: Arc<Old>,
    #[inject]
    deflated: Arc<Deflated>,
}

/// The namespaces that count.
const NAMESPACES: [&str; 7] = ["/", "/chat", "/closed", "/throwing", "/steady", "/soak", "/watch"];

#[subscribe_messages]
impl Watch {
    #[subscribe_message("figures")]
    fn figures(&self) -> Figures {
        let servers = [&self.server, &self.packed.server, &self.old.server, &self.deflated.server];
        let mut namespaces: Vec<_> = NAMESPACES.iter().map(|name| self.server.of(name)).collect();
        namespaces.extend(servers[1..].iter().map(|server| server.of("/")));
        Figures {
            live_bytes: ALLOCATOR.allocated(),
            sessions: servers.iter().map(|server| server.clients_count()).sum(),
            sockets: namespaces.iter().map(|namespace| namespace.sockets().len()).sum(),
            rooms: namespaces.iter().map(|namespace| namespace.adapter().rooms().len()).sum(),
            waiting: WAITING.load(Ordering::Relaxed),
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            panics: PANICS.load(Ordering::Relaxed),
            ping_timeouts: PING_TIMEOUTS.load(Ordering::Relaxed),
        }
    }
}
