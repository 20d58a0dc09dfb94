//! What the clients of all connections have to do, as gauges: events that wait, handlers that run.

use std::sync::LazyLock;

use gateway_core::telemetry;
use metrics::{Gauge, gauge};

/// The recorder is asked once, when the first server is made: after the application has installed it.
static GAUGES: LazyLock<Gauges> = LazyLock::new(|| Gauges {
    queued_events: gauge!(telemetry::QUEUED_EVENTS),
    running_handlers: gauge!(telemetry::RUNNING_HANDLERS),
});

struct Gauges {
    queued_events: Gauge,
    running_handlers: Gauge,
}

/// A number of one connection that is part of a gauge of the process; dropped, it is taken out of it.
pub(super) struct Share {
    count: usize,
    gauge: &'static Gauge,
}

impl Share {
    /// Events that wait.
    pub(super) fn queued_events() -> Self {
        Self { count: 0, gauge: &GAUGES.queued_events }
    }

    /// Handlers that run.
    pub(super) fn running_handlers() -> Self {
        Self { count: 0, gauge: &GAUGES.running_handlers }
    }

    pub(super) fn add(&mut self) {
        self.count += 1;
        self.gauge.increment(1.0);
    }

    pub(super) fn remove(&mut self) {
        self.count = self.count.saturating_sub(1);
        self.gauge.decrement(1.0);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.count > 0 {
            // A number of events is far below the precision of a float.
            self.gauge.decrement(self.count as f64);
        }
    }
}
