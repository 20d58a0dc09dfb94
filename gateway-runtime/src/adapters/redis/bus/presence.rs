//! Whether Redis is there for this process: since when it is not, and what waits for it, as a state and as gauges.

use std::collections::BTreeMap;
use std::time::SystemTime;

use gateway_core::telemetry;
use metrics::gauge;
use parking_lot::Mutex;

/// The sums over all adapters of a kind: a gauge of the process is set to them.
static TOTALS: Mutex<BTreeMap<&'static str, Figures>> = Mutex::new(BTreeMap::new());

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    up: usize,
    buffered: usize,
}

/// What one adapter is, and adds to the gauges; dropped, it is taken out of them.
#[derive(Debug)]
pub(super) struct Presence {
    adapter: &'static str,
    own: Mutex<Figures>,
    away_since: Mutex<Option<SystemTime>>,
}

impl Presence {
    pub(super) fn new(adapter: &'static str) -> Self {
        Self { adapter, own: Mutex::default(), away_since: Mutex::default() }
    }

    pub(super) fn adapter(&self) -> &'static str {
        self.adapter
    }

    /// Since when it is away.
    pub(super) fn away_since(&self) -> Option<SystemTime> {
        *self.away_since.lock()
    }

    /// Told whenever a connection is made or lost; `is_up` says whether all of them work.
    pub(super) fn connections_changed(&self, is_up: impl FnOnce() -> bool) {
        let mut away_since = self.away_since.lock();
        let is_up = is_up();
        *away_since = if is_up { None } else { away_since.or_else(|| Some(SystemTime::now())) };
        self.report(|own| own.up = usize::from(is_up));
    }

    /// Told how many messages wait, often: nothing is done if it is what it was.
    pub(super) fn buffered(&self, messages: usize) {
        if self.own.lock().buffered != messages {
            self.report(|own| own.buffered = messages);
        }
    }

    /// Sets the gauges again, for a recorder that was installed later.
    pub(super) fn repeat(&self) {
        self.report(|_| {});
    }

    fn report(&self, change: impl FnOnce(&mut Figures)) {
        let mut own = self.own.lock();
        let before = *own;
        change(&mut own);
        let mut totals = TOTALS.lock();
        let total = totals.entry(self.adapter).or_default();
        // What was added before is in the total.
        total.up = total.up - before.up + own.up;
        total.buffered = total.buffered - before.buffered + own.buffered;
        // Numbers of messages are far below the precision of a float.
        gauge!(telemetry::ADAPTERS_UP, "adapter" => self.adapter).set(total.up as f64);
        gauge!(telemetry::ADAPTER_BUFFERED, "adapter" => self.adapter).set(total.buffered as f64);
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.report(|own| *own = Figures::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(adapter: &str) -> Figures {
        TOTALS.lock().get(adapter).copied().unwrap_or_default()
    }

    #[test]
    fn adapters_of_a_kind_are_summed() {
        let kind = "presence-test";
        let (one, other) = (Presence::new(kind), Presence::new(kind));
        one.connections_changed(|| true);
        other.connections_changed(|| true);
        one.buffered(3);
        other.buffered(4);
        assert_eq!(total(kind), Figures { up: 2, buffered: 7 });
        assert_eq!(one.away_since(), None);

        one.connections_changed(|| false);
        let since = one.away_since().expect("it is away");
        one.connections_changed(|| false);
        assert_eq!(one.away_since(), Some(since));
        assert_eq!(total(kind), Figures { up: 1, buffered: 7 });
        drop(other);
        one.buffered(0);
        one.connections_changed(|| true);
        assert_eq!((total(kind), one.away_since()), (Figures { up: 1, buffered: 0 }, None));
    }
}
