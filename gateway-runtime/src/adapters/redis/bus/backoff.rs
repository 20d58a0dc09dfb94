//! How long to wait before the next try to connect.

use std::time::Duration;

use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(50);
/// The longest pause between two tries.
pub(super) const LONGEST: Duration = Duration::from_secs(1);
/// A connection that lived as long as this has worked: the next try is made at once.
const STEADY: Duration = Duration::from_secs(1);

/// Pauses that double, each shortened at random, so that the servers of a cluster do not all come back in
/// the same moment.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    connected: Option<Instant>,
}

impl Backoff {
    /// A connection was made.
    pub(super) fn connected(&mut self) {
        self.connected = Some(Instant::now());
    }

    /// Waits before the next try; not at all if the last connection has worked for a while.
    pub(super) async fn wait(&mut self) {
        if self.connected.take().is_some_and(|since| since.elapsed() >= STEADY) {
            self.failures = 0;
            return;
        }
        let pause = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        tokio::time::sleep(pause.mul_f64(0.5 + random() / 2.0)).await;
    }
}

/// A number from 0 to 1.
fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness the pauses are a little longer.
    if getrandom::fill(&mut bytes).is_err() {
        return 1.0;
    }
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_limit_and_start_anew() {
        let mut backoff = Backoff::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let start = Instant::now();
            backoff.wait().await;
            pauses.push(start.elapsed());
        }
        assert!(pauses[0] <= FIRST + Duration::from_millis(1) && pauses[0] >= FIRST / 2, "{pauses:?}");
        assert!(pauses[11] <= LONGEST + Duration::from_millis(1) && pauses[11] >= LONGEST / 2, "{pauses:?}");
        // A connection that breaks at once is none.
        backoff.connected();
        let start = Instant::now();
        backoff.wait().await;
        assert!(start.elapsed() >= LONGEST / 2);
        backoff.connected();
        tokio::time::advance(STEADY).await;
        let start = Instant::now();
        backoff.wait().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
