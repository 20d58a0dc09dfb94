//! Process-wide counts of what was lost or ignored, for whoever watches the process.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::telemetry;

static UNSENT_EVENTS: Counter = Counter(AtomicU64::new(0));

/// A number that only grows.
#[derive(Debug)]
struct Counter(AtomicU64);

impl Counter {
    fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

static UNHANDLED_EVENTS: Counter = Counter(AtomicU64::new(0));

pub(crate) fn count_unsent_event() {
    UNSENT_EVENTS.increment();
    metrics::counter!(telemetry::UNSENT_EVENTS).increment(1);
}

/// Counts an event for which no handler was found: for servers.
pub fn count_unhandled_event() {
    UNHANDLED_EVENTS.increment();
    metrics::counter!(telemetry::UNHANDLED_EVENTS).increment(1);
}

/// How many events arrived since the process started that no gateway subscribes to.
pub fn unhandled_events() -> u64 {
    UNHANDLED_EVENTS.get()
}

/// How many events were not sent since the process started, because their value did not serialize.
pub fn unsent_events() -> u64 {
    UNSENT_EVENTS.get()
}
