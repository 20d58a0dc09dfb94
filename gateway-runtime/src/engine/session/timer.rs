//! The one timer of a session, whatever it waits for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Longer delays than this are never meant.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The instant after a delay. Never overflows, whatever the configuration says.
pub(super) fn later(from: Instant, delay: Duration) -> Instant {
    from + delay.min(LONGEST)
}

/// A timer that is moved as seldom as possible: deadlines of a session are put off far more often
/// than they are reached.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self { sleep: Box::pin(sleep_until(deadline.unwrap_or_else(|| later(Instant::now(), LONGEST)))) }
    }

    /// Ready when the deadline has come.
    pub(super) fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        // An earlier alarm is left as it is, it is set anew when it goes off.
        if deadline < self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(deadline);
        }
    }
}
