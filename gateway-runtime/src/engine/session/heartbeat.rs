//! The heartbeat of one session: when to ping or to expect a ping, when to give up. A pure state machine
//! over instants.

use std::time::Duration;

use tokio::time::Instant;

use super::timer::later;

#[derive(Clone, Copy, Debug)]
enum State {
    Off,
    /// The next ping is sent then.
    Idle(Instant),
    /// A ping was sent, its answer must be here by then.
    Waiting(Instant),
    /// The client pings (Engine.IO revision 3): its next ping must be here by then.
    Expecting(Instant),
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    /// A ping is sent; to a client that pings itself, a pong.
    Ping,
    Timeout,
}

/// A time in which the session does not read.
#[derive(Clone, Copy, Debug)]
struct Pause {
    since: Instant,
    /// When a client whose answers are not seen is pinged again: it must see that the server lives, and
    /// a write is the only way to notice that it is gone.
    ping_at: Instant,
}

/// The heartbeat of one session.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    state: State,
    /// The deadline of this ping was put off already because a packet came.
    extended: bool,
    pause: Option<Pause>,
}

impl Heartbeat {
    /// No interval: no heartbeat.
    pub(super) fn new(interval: Option<Duration>, timeout: Duration) -> Self {
        let state = interval.map_or(State::Off, |interval| State::Idle(later(Instant::now(), interval)));
        Self { interval: interval.unwrap_or_default(), timeout, state, extended: false, pause: None }
    }

    /// The client pings every interval and waits for the answer as long as the timeout.
    pub(super) fn of_client(interval: Duration, timeout: Duration) -> Self {
        let state = State::Expecting(later(Instant::now(), interval.saturating_add(timeout)));
        Self { interval, timeout, state, extended: false, pause: None }
    }

    /// When [`fire`](Self::fire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Off => None,
            State::Idle(at) => Some(at),
            State::Waiting(at) | State::Expecting(at) => Some(self.pause.map_or(at, |pause| pause.ping_at)),
        }
    }

    /// What is due at this instant; a ping counts as sent.
    pub(super) fn fire(&mut self, now: Instant) -> Beat {
        let pause_interval = self.pause_interval();
        match self.state {
            State::Idle(at) if now >= at => {
                self.state = State::Waiting(later(now, self.timeout));
                self.extended = false;
                // A session that is saturated already does not read the answer now.
                self.pause = self.pause.map(|_| self.pause_from(now));
                Beat::Ping
            }
            State::Waiting(at) | State::Expecting(at) => match &mut self.pause {
                Some(pause) if now >= pause.ping_at => {
                    pause.ping_at = later(now, pause_interval);
                    Beat::Ping
                }
                None if now >= at => Beat::Timeout,
                _ => Beat::Nothing,
            },
            _ => Beat::Nothing,
        }
    }

    fn pause_from(&self, since: Instant) -> Pause {
        Pause { since, ping_at: later(since, self.pause_interval()) }
    }

    /// A client that pings may have done so just before the pause: what it takes for the answer must come
    /// before it gives up.
    fn pause_interval(&self) -> Duration {
        match self.state {
            State::Expecting(_) => self.interval.min(self.timeout / 2),
            _ => self.interval,
        }
    }

    /// The client pinged.
    pub(super) fn on_ping(&mut self) {
        self.restart();
    }

    /// The client answered.
    pub(super) fn on_pong(&mut self) {
        self.restart();
    }

    /// Another packet shows that the client lives, its answer may be behind it: engine.io puts the
    /// deadline off once for each ping.
    pub(super) fn on_packet(&mut self) {
        if matches!(self.state, State::Waiting(_)) && !self.extended {
            self.extended = true;
            self.state = State::Waiting(later(Instant::now(), self.timeout));
        }
    }

    /// The next ping is a full interval away.
    pub(super) fn restart(&mut self) {
        let now = Instant::now();
        self.state = match self.state {
            State::Off => State::Off,
            State::Idle(_) | State::Waiting(_) => State::Idle(later(now, self.interval)),
            State::Expecting(_) => State::Expecting(later(now, self.interval.saturating_add(self.timeout))),
        };
    }

    /// While reading is paused, the client's answer cannot be seen and its deadline stands still. Pings
    /// go on.
    pub(super) fn pause(&mut self, paused: bool) {
        match (paused, self.pause) {
            (true, None) => self.pause = Some(self.pause_from(Instant::now())),
            (false, Some(Pause { since, .. })) => {
                self.pause = None;
                if let State::Waiting(at) | State::Expecting(at) = &mut self.state {
                    *at = later(*at, since.elapsed());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn heartbeat() -> Heartbeat {
        Heartbeat::new(Some(25 * SECOND), 20 * SECOND)
    }

    #[tokio::test(start_paused = true)]
    async fn pings_then_times_out() {
        let mut heartbeat = heartbeat();
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Nothing);
        tokio::time::advance(25 * SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Ping);
        tokio::time::advance(19 * SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Nothing);
        tokio::time::advance(SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_starts_a_full_interval() {
        let mut heartbeat = heartbeat();
        tokio::time::advance(25 * SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Ping);
        tokio::time::advance(10 * SECOND).await;
        heartbeat.on_pong();
        assert_eq!(heartbeat.deadline(), Some(Instant::now() + 25 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_packet_puts_the_deadline_off_once() {
        let mut heartbeat = heartbeat();
        tokio::time::advance(25 * SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Ping);
        tokio::time::advance(15 * SECOND).await;
        heartbeat.on_packet();
        let put_off = Instant::now() + 20 * SECOND;
        assert_eq!(heartbeat.deadline(), Some(put_off));
        tokio::time::advance(15 * SECOND).await;
        heartbeat.on_packet();
        assert_eq!(heartbeat.deadline(), Some(put_off));
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_stands_still_while_reading_is_paused() {
        let mut heartbeat = heartbeat();
        heartbeat.pause(true);
        tokio::time::advance(25 * SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Ping);
        // The client is pinged on, but nothing is expected of it.
        assert_eq!(heartbeat.deadline(), Some(Instant::now() + 25 * SECOND));
        for _ in 0..4 {
            tokio::time::advance(25 * SECOND).await;
            assert_eq!(heartbeat.fire(Instant::now()), Beat::Ping);
            assert_eq!(heartbeat.fire(Instant::now()), Beat::Nothing);
        }
        heartbeat.pause(false);
        assert_eq!(heartbeat.deadline(), Some(Instant::now() + 20 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_pings_is_given_up_without_its_ping() {
        let mut heartbeat = Heartbeat::of_client(25 * SECOND, 20 * SECOND);
        tokio::time::advance(44 * SECOND).await;
        heartbeat.on_packet();
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Nothing);
        heartbeat.on_ping();
        assert_eq!(heartbeat.deadline(), Some(Instant::now() + 45 * SECOND));
        tokio::time::advance(45 * SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_pings_is_answered_while_its_pings_are_not_read() {
        let mut heartbeat = Heartbeat::of_client(25 * SECOND, 20 * SECOND);
        heartbeat.pause(true);
        for _ in 0..10 {
            assert_eq!(heartbeat.fire(Instant::now()), Beat::Nothing);
            tokio::time::advance(10 * SECOND).await;
            assert_eq!(heartbeat.fire(Instant::now()), Beat::Ping);
        }
        heartbeat.pause(false);
        assert_eq!(heartbeat.deadline(), Some(Instant::now() + 45 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_interval_nothing_is_ever_due() {
        let mut heartbeat = Heartbeat::new(None, SECOND);
        heartbeat.restart();
        assert_eq!(heartbeat.deadline(), None);
        tokio::time::advance(100 * SECOND).await;
        assert_eq!(heartbeat.fire(Instant::now()), Beat::Nothing);
    }
}
