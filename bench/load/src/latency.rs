//! Latencies: a histogram of microseconds with three digits, and the summary that is reported.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// One minute; what takes longer counts as a minute.
const HIGHEST: u64 = 60_000_000;

/// Latencies of one run.
#[derive(Debug)]
pub(crate) struct Latencies(Histogram<u64>);

/// What is reported, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Percentiles {
    /// Half of the answers took no longer.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1,000.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// Never with these bounds.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, HIGHEST, 3)?))
    }

    /// One answer. `since` is when the message was to be sent, not when the generator came to it: what was sent late because
    /// the server was late counts from when it was due.
    pub(crate) fn record(&mut self, since: Instant, now: Instant) {
        self.add(now.saturating_duration_since(since));
    }

    fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(HIGHEST);
        self.0.saturating_record(micros.clamp(1, HIGHEST));
    }

    /// Forgets the warm-up.
    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }

    /// What is reported.
    pub(crate) fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64;
        if self.0.is_empty() {
            return Percentiles::default();
        }
        Percentiles { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: self.0.max() as f64 }
    }
}

/// When messages are due at a fixed rate.
#[derive(Debug)]
pub(crate) struct Schedule {
    start: Instant,
    interval: f64,
    sent: u64,
}

impl Schedule {
    /// `rate` messages a second from `start` on.
    pub(crate) fn new(start: Instant, rate: f64) -> Self {
        Self { start, interval: 1.0 / rate, sent: 0 }
    }

    /// When the next message is due, if it is: however late the caller is, each message has its own time.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Instant> {
        let due = self.start + Duration::from_secs_f64(self.sent as f64 * self.interval);
        (due <= now).then(|| {
            self.sent += 1;
            due
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new().unwrap();
        for micros in 1..=1_000 {
            latencies.add(Duration::from_micros(micros));
        }
        let reported = latencies.percentiles();
        assert_eq!((reported.p50, reported.p99, reported.max), (500.0, 990.0, 1_000.0));
        latencies.reset();
        assert_eq!(latencies.percentiles(), Percentiles::default());
    }

    #[test]
    fn what_takes_longer_than_the_histogram_counts_as_its_end() {
        let mut latencies = Latencies::new().unwrap();
        latencies.add(Duration::from_secs(100_000));
        assert!(latencies.percentiles().p50 >= HIGHEST as f64);
    }

    #[test]
    fn a_stall_counts_for_every_message_that_was_due_in_it() {
        // 1,000 a second; the generator comes back after a stall of 100 ms, and everything is answered at once.
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 1_000.0);
        let mut latencies = Latencies::new().unwrap();
        let now = start + Duration::from_micros(99_999);
        let due: Vec<Instant> = std::iter::from_fn(|| schedule.due(now)).collect();
        due.iter().for_each(|due| latencies.record(*due, now));
        assert_eq!(due.len(), 100);
        let reported = latencies.percentiles();
        // Uncorrected, one message would have taken 100 ms and 99 none.
        assert!((49_000.0..=51_000.0).contains(&reported.p50), "{reported:?}");
        assert!(reported.p99 >= 98_000.0, "{reported:?}");
    }

    #[test]
    fn messages_are_due_one_by_one() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 10.0);
        assert_eq!(schedule.due(start), Some(start));
        assert_eq!(schedule.due(start + Duration::from_millis(99)), None);
        assert_eq!(
            schedule.due(start + Duration::from_millis(250)),
            Some(start + Duration::from_millis(100))
        );
        assert_eq!(
            schedule.due(start + Duration::from_millis(250)),
            Some(start + Duration::from_millis(200))
        );
        assert_eq!(schedule.due(start + Duration::from_millis(250)), None);
    }
}
