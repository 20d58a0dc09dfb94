//! What an HTTP connection is waiting for, and since when: its client may take only so long.
//!
//! One clock a connection, read and set without a lock. An upgraded connection is its session's, and no
//! longer watched.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::ConnectionOptions;

/// Who is at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The client: it sends the headers of a request.
    Head = 0,
    /// The server: it makes the answer.
    Answering = 1,
    /// The client: it takes what is left of the answer, and may send its next request.
    Idle = 2,
    /// A session.
    Upgraded = 3,
}

const PHASE_BITS: u32 = 2;

/// What a connection waits for.
#[derive(Debug)]
pub(crate) struct Activity {
    start: Instant,
    /// Milliseconds from the start to the phase's begin, and the phase.
    state: AtomicU64,
}

/// What a look at the clock says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing is due until then.
    Again(Instant),
    /// The client took too long; the option's name.
    Expired(&'static str),
}

impl Activity {
    /// A connection that was just made: its client is due to send a request.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), state: AtomicU64::new(Phase::Head as u64) }
    }

    /// The client's time for headers starts again: what was before (a TLS handshake) had a limit of its own.
    #[cfg(feature = "tls")]
    pub(crate) fn begin(&self) {
        self.set(Phase::Head);
    }

    fn set(&self, phase: Phase) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX >> PHASE_BITS);
        self.state.store(since << PHASE_BITS | phase as u64, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        match self.state.load(Ordering::Relaxed) & 3 {
            0 => Phase::Head,
            1 => Phase::Answering,
            2 => Phase::Idle,
            _ => Phase::Upgraded,
        }
    }

    /// Bytes came.
    pub(crate) fn read(&self) {
        if self.phase() == Phase::Idle {
            self.set(Phase::Head);
        }
    }

    /// The client's side took bytes.
    pub(crate) fn written(&self) {
        if self.phase() == Phase::Idle {
            self.set(Phase::Idle);
        }
    }

    /// A request was read.
    pub(crate) fn answering(&self) {
        self.set(Phase::Answering);
    }

    /// All of the answer is on its way.
    pub(crate) fn answered(&self) {
        if self.phase() == Phase::Answering {
            self.set(Phase::Idle);
        }
    }

    /// The connection is a session's from here on.
    pub(crate) fn upgraded(&self) {
        self.set(Phase::Upgraded);
    }

    /// Whether the client has taken too long, and when to look again otherwise.
    pub(crate) fn look(&self, options: &ConnectionOptions) -> Look {
        let state = self.state.load(Ordering::Relaxed);
        let since = self.start + Duration::from_millis(state >> PHASE_BITS);
        let (limit, time) = match self.phase() {
            Phase::Head => ("header_read_timeout", options.header_read_timeout),
            Phase::Idle => ("keep_alive_timeout", options.keep_alive_timeout),
            Phase::Answering | Phase::Upgraded => return Look::Again(Instant::now() + tick(options)),
        };
        let due = since + time;
        // A phase may follow whose time ends before this one's.
        if due <= Instant::now() {
            Look::Expired(limit)
        } else {
            Look::Again(due.min(Instant::now() + tick(options)))
        }
    }
}

/// How often to look at least.
pub(crate) fn tick(options: &ConnectionOptions) -> Duration {
    options.header_read_timeout.min(options.keep_alive_timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ConnectionOptions {
        ConnectionOptions::new().header_read_timeout(10_000).keep_alive_timeout(60_000)
    }

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn headers_have_their_time_however_they_trickle() {
        let activity = Activity::new();
        pass(9).await;
        activity.read();
        assert!(matches!(activity.look(&options()), Look::Again(_)));
        pass(1).await;
        assert_eq!(activity.look(&options()), Look::Expired("header_read_timeout"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_its_time_and_then_the_client_is_due() {
        let activity = Activity::new();
        activity.answering();
        pass(3600).await;
        assert!(matches!(activity.look(&options()), Look::Again(_)));
        activity.answered();
        pass(59).await;
        activity.written();
        pass(59).await;
        assert!(
            matches!(activity.look(&options()), Look::Again(_)),
            "the client takes its answer, if slowly"
        );
        activity.read();
        pass(10).await;
        assert_eq!(activity.look(&options()), Look::Expired("header_read_timeout"));
        activity.answering();
        activity.answered();
        pass(60).await;
        assert_eq!(activity.look(&options()), Look::Expired("keep_alive_timeout"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_has_limits_of_its_own() {
        let activity = Activity::new();
        activity.upgraded();
        activity.answered();
        pass(86_400).await;
        assert!(matches!(activity.look(&options()), Look::Again(_)));
    }
}
