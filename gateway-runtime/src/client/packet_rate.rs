//! How many packets of one connection are taken in a second: a bucket that fills at a steady rate.
//!
//! It must never know what a packet is.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use gateway_core::{PacketRate, telemetry};
use tokio::time::{Instant, Sleep};

/// A client sent more packets than it may, and is to be disconnected for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooFast;

/// The packets that a connection may send now.
#[derive(Debug)]
pub(crate) struct PacketBucket {
    rate: PacketRate,
    left: f64,
    filled: Instant,
    /// While nothing may come: until what was too many has come in its time.
    empty: Option<Pin<Box<Sleep>>>,
}

impl PacketBucket {
    pub(crate) fn new(rate: PacketRate) -> Box<Self> {
        let left = f64::from(rate.packets_at_once());
        Box::new(Self { rate, left, filled: Instant::now(), empty: None })
    }

    fn fill(&mut self) {
        let now = Instant::now();
        let came = (now - self.filled).as_secs_f64() * f64::from(self.rate.packets_per_second());
        self.left = (self.left + came).min(f64::from(self.rate.packets_at_once()));
        self.filled = now;
    }

    /// A packet came. If it was one too many it is taken still, but reading has to pause; the context's task is
    /// woken when it may go on.
    ///
    /// # Errors
    /// It was one too many, for a rate that closes.
    pub(crate) fn take(&mut self, cx: &mut Context<'_>) -> Result<(), TooFast> {
        self.fill();
        if self.rate.closes() {
            if self.left < 1.0 {
                self.exceeded();
                return Err(TooFast);
            }
            self.left -= 1.0;
            return Ok(());
        }
        self.left -= 1.0;
        if self.left < 0.0 && self.empty.is_none() {
            self.exceeded();
            self.pause(cx);
        }
        Ok(())
    }

    fn exceeded(&self) {
        let rate = self.rate.packets_per_second();
        tracing::debug!("a client is faster than max_packets_per_second = {rate}");
        telemetry::limit_exceeded("max_packets_per_second");
    }

    fn pause(&mut self, cx: &mut Context<'_>) {
        let wait = -self.left / f64::from(self.rate.packets_per_second().max(1));
        // A hair longer, so that what has filled by then is a packet in spite of rounding.
        let wait = Duration::from_secs_f64(wait.max(0.0)) + Duration::from_micros(1);
        self.empty = Some(Box::pin(tokio::time::sleep(wait)));
        self.poll(cx);
    }

    /// Looks whether the next packet may come.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(sleep) = &mut self.empty
            && sleep.as_mut().poll(cx).is_ready()
        {
            self.empty = None;
            self.fill();
        }
    }

    /// Whether nothing may come now.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_the_rate() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut bucket = PacketBucket::new(PacketRate::per_second(10).burst(2));
        for full in [false, false, true] {
            assert_eq!((bucket.take(&mut cx), bucket.is_empty()), (Ok(()), full));
        }
        tokio::time::advance(Duration::from_millis(50)).await;
        bucket.poll(&mut cx);
        assert!(bucket.is_empty());
        tokio::time::advance(Duration::from_millis(60)).await;
        bucket.poll(&mut cx);
        assert!(!bucket.is_empty());
        assert_eq!((bucket.take(&mut cx), bucket.is_empty()), (Ok(()), true));
        // No more than the burst is saved up.
        tokio::time::advance(Duration::from_secs(60)).await;
        bucket.poll(&mut cx);
        for full in [false, false, true] {
            assert_eq!((bucket.take(&mut cx), bucket.is_empty()), (Ok(()), full));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_that_closes_refuses_the_packet_that_is_too_many() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut bucket = PacketBucket::new(PacketRate::per_second(2).or_close());
        assert_eq!((bucket.take(&mut cx), bucket.take(&mut cx)), (Ok(()), Ok(())));
        assert_eq!((bucket.is_empty(), bucket.take(&mut cx)), (false, Err(TooFast)));
        tokio::time::advance(Duration::from_millis(501)).await;
        assert_eq!(bucket.take(&mut cx), Ok(()));
    }
}
