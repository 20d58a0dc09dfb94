//! What is counted on either side.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use serde_json::Value;

use crate::client::{Client, Heard, Trouble};

/// What the server says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Figures {
    pub(crate) live_bytes: usize,
    pub(crate) sessions: usize,
    pub(crate) ping_timeouts: u64,
    pub(crate) panics: u64,
}

impl Figures {
    /// Asks for them, as a client of its own.
    pub(crate) async fn ask(server: SocketAddr) -> Result<Self, Trouble> {
        let mut client = Client::connect(server, 0, "/watch").await?;
        client.ask("figures", &Value::Null).await?;
        let heard = client.hear().await?;
        let Heard::Ack(_, mut data) = heard else { return Err(Trouble::Unexpected(format!("{heard:?}"))) };
        let figures = serde_json::from_value(data[0].take());
        // The figures are here; how the connection ends does not matter.
        let _closed = client.close().await;
        figures.map_err(|error| Trouble::Unexpected(error.to_string()))
    }
}

/// Resident memory of a process; 0 if it cannot be told.
pub(crate) fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim_matches([' ', '\t', 'k', 'B']).parse().unwrap_or_default()
}

/// What the clients count.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    acknowledged: AtomicU64,
    heard: AtomicU64,
    lost: AtomicU64,
    dropped: AtomicU64,
    reconnects: AtomicU64,
}

/// A counter with its two methods.
macro_rules! counters {
    ($($field:ident, $count:ident, $doc:literal;)+) => {
        impl Totals {
            $(
                #[doc = $doc]
                pub(crate) fn $field(&self) -> u64 {
                    self.$field.load(Ordering::Relaxed)
                }

                pub(crate) fn $count(&self) {
                    self.$field.fetch_add(1, Ordering::Relaxed);
                }
            )+
        }
    };
}

counters! {
    acknowledged, count_acknowledged, "Events that were acknowledged.";
    heard, count_heard, "Casts that were heard.";
    lost, count_lost, "Messages that were lost or out of order.";
    dropped, count_dropped, "Connections that the server ended, or that failed.";
    reconnects, count_reconnect, "Connections that their client ended.";
}
