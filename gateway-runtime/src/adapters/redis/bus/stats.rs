//! What a bus has published, received and lost: for its own health, for users, and as metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use gateway_core::telemetry;
use parking_lot::Mutex;

use super::super::driver::DriverError;

/// The names of the kinds of connections, in logs.
pub(super) const PUBLISHING: &str = "publishing";
pub(super) const SUBSCRIBING: &str = "subscribing";
pub(super) const READING: &str = "reading";

/// Counts since the bus exists.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    published: AtomicU64,
    received: AtomicU64,
    dropped: AtomicU64,
    unconfirmed: AtomicU64,
    refused: AtomicU64,
    ignored: AtomicU64,
    reconnects: AtomicU64,
    gaps: AtomicU64,
    last_error: Mutex<String>,
}

/// What an adapter has sent to other servers, received and lost, since it was connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisAdapterStats {
    /// Messages that Redis has taken.
    pub published: u64,
    /// Messages that came, those of this server included.
    pub received: u64,
    /// Messages that were never sent, because the buffer was full.
    pub dropped: u64,
    /// Messages that were sent when the connection broke: whether they have arrived is not known, and they
    /// were not sent again.
    pub unconfirmed: u64,
    /// Messages that Redis has refused, for a missing right for example.
    pub refused: u64,
    /// Messages of other programs, or malformed ones.
    pub ignored: u64,
    /// How often a lost connection was made anew.
    pub reconnects: u64,
    /// How often a stream had been cut off behind what this server had read of it, or was another one: messages
    /// may be missing (`RedisStreamsAdapter` alone).
    pub gaps: u64,
}

fn add(counter: &AtomicU64, count: usize) -> u64 {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    counter.fetch_add(count, Ordering::Relaxed);
    count
}

impl Stats {
    /// What became of messages that were sent.
    pub(super) fn published<'r>(&self, results: impl Iterator<Item = Result<(), &'r DriverError>>) {
        let (mut taken, mut refused) = (0, 0);
        for result in results {
            match result {
                Ok(()) => taken += 1,
                Err(error) => {
                    if refused == 0 {
                        tracing::error!(%error, "Redis has refused messages to other servers");
                    }
                    refused += 1;
                }
            }
        }
        add(&self.published, taken);
        if refused > 0 {
            telemetry::adapter_dropped("refused", add(&self.refused, refused));
        }
    }

    /// There was no room for messages.
    pub(super) fn dropped(&self, count: usize) {
        telemetry::adapter_dropped("buffer_full", add(&self.dropped, count));
    }

    /// Messages whose answer was lost.
    pub(super) fn unconfirmed(&self, count: usize) {
        telemetry::adapter_dropped("unconfirmed", add(&self.unconfirmed, count));
    }

    /// A message came.
    pub(super) fn received(&self) {
        add(&self.received, 1);
    }

    /// Entries of a stream may have been missed.
    pub(super) fn gap(&self, stream: &str, reason: &'static str) {
        add(&self.gaps, 1);
        if self.gaps.load(Ordering::Relaxed) == 1 {
            tracing::error!(stream, "messages of other servers may be missing: {reason}");
        } else {
            tracing::debug!(stream, "messages of other servers may be missing: {reason}");
        }
        telemetry::adapter_error("stream_gap");
    }

    /// A message made no sense.
    pub(crate) fn ignored(&self) {
        add(&self.ignored, 1);
        telemetry::adapter_error("malformed_message");
    }

    /// A connection is lost.
    pub(super) fn lost(&self, connection: &'static str, error: &DriverError) {
        telemetry::adapter_error("connection");
        *self.last_error.lock() = error.to_string();
        tracing::warn!(%error, "the {connection} connection to Redis is lost: this server is on its own");
    }

    /// A lost connection was made anew.
    pub(super) fn back(&self, connection: &'static str) {
        add(&self.reconnects, 1);
        tracing::info!("the {connection} connection to Redis is back");
    }

    /// A try to connect has failed.
    pub(super) fn failed(&self, error: &DriverError) {
        telemetry::adapter_error("connection");
        *self.last_error.lock() = error.to_string();
        tracing::debug!(%error, "Redis cannot be reached");
    }

    /// What went wrong last.
    pub(super) fn last_error(&self) -> String {
        self.last_error.lock().clone()
    }

    /// The counts of now.
    pub(crate) fn snapshot(&self) -> RedisAdapterStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RedisAdapterStats {
            published: read(&self.published),
            received: read(&self.received),
            dropped: read(&self.dropped),
            unconfirmed: read(&self.unconfirmed),
            refused: read(&self.refused),
            ignored: read(&self.ignored),
            reconnects: read(&self.reconnects),
            gaps: read(&self.gaps),
        }
    }
}
