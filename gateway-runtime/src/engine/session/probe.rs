//! The upgrade of a polling session: a WebSocket that proves itself while polling goes on.
//!
//! Knows the three packets of the probe and when to hurry the client along; nothing of messages.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gateway_core::telemetry;
use tokio::time::Instant;
use tracing::debug;

use super::super::packet::{self, Packet};
use super::super::transport::{Incoming, Outgoing, WebSocketTransport};
use super::super::{Connection, TransportName};
use super::answer::only;
use super::timer::later;
use super::{Session, Transport};

/// How often a waiting polling request is answered while the client pauses polling.
const NOOP_INTERVAL: Duration = Duration::from_millis(100);

/// Frames looked at in one turn.
const PROBE_BUDGET: usize = 8;

/// A WebSocket on probation.
pub(super) struct Probe {
    socket: Box<WebSocketTransport>,
    base64: bool,
    expires: Instant,
    /// Set once the probe was answered.
    next_noop: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Waiting,
    Upgraded,
    Failed,
}

impl Probe {
    pub(super) fn new(socket: Box<WebSocketTransport>, base64: bool, expires: Instant) -> Self {
        Self { socket, base64, expires, next_noop: None }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.next_noop.map_or(self.expires, |noop| noop.min(self.expires))
    }

    /// Closes the WebSocket; the session does without it.
    pub(super) fn close(mut self, cx: &mut Context<'_>) {
        self.socket.close_now(cx);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Verdict {
        for _ in 0..PROBE_BUDGET {
            match self.socket.poll_next(cx) {
                Poll::Pending => return self.flush(cx),
                Poll::Ready(Some(Ok(Incoming::Ping(_) | Incoming::Pong))) => {}
                Poll::Ready(Some(Ok(Incoming::Text(text)))) => match packet::decode(text) {
                    Ok(Packet::Ping { probe: true }) => {
                        // A socket that cannot take six bytes is no better than polling.
                        let answer = Outgoing::Text(Bytes::from_static(packet::PROBE_PONG.as_bytes()));
                        if self.socket.poll_ready(cx).is_pending()
                            || self.socket.start_send(answer, false).is_err()
                        {
                            return Verdict::Failed;
                        }
                        self.next_noop = Some(later(Instant::now(), NOOP_INTERVAL));
                    }
                    Ok(Packet::Upgrade) => return Verdict::Upgraded,
                    _ => return Verdict::Failed,
                },
                Poll::Ready(_) => return Verdict::Failed,
            }
        }
        cx.waker().wake_by_ref();
        self.flush(cx)
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> Verdict {
        match self.socket.poll_flush(cx) {
            Poll::Ready(Err(_)) => Verdict::Failed,
            _ => Verdict::Waiting,
        }
    }
}

impl<C: Connection> Session<C> {
    /// Looks at the WebSocket on probation, if there is one.
    pub(super) fn poll_probe(&mut self, cx: &mut Context<'_>) {
        let Some(mut probe) = self.probe.take() else { return };
        match probe.poll(cx) {
            Verdict::Waiting => self.probe = Some(probe),
            Verdict::Failed => {
                debug!(sid = self.link.id(), "upgrade failed, the session stays on polling");
                probe.close(cx);
                self.link.end_upgrade();
            }
            Verdict::Upgraded => {
                debug!(sid = self.link.id(), "upgraded to websocket");
                if let Transport::Polling(polling) = &mut self.transport {
                    // A client that waits here has not paused polling; engine.io answers it so.
                    polling.answer(only(self.config.framing, packet::CLOSE));
                }
                self.transport = Transport::WebSocket(*probe.socket);
                self.base64 = probe.base64;
                self.link.set_transport(TransportName::WebSocket);
                self.config.metrics.upgraded();
                self.heartbeat.restart();
                if let Some(connection) = &mut self.connection {
                    connection.on_upgrade(cx);
                }
            }
        }
    }

    /// Ends the probation in time, and the polling requests that stand in its way.
    pub(super) fn on_probe_timer(&mut self, now: Instant, cx: &mut Context<'_>) {
        let Some(probe) = &mut self.probe else { return };
        if now >= probe.expires {
            telemetry::limit_exceeded("upgrade_timeout");
            debug!(sid = self.link.id(), "upgrade_timeout passed, the session stays on polling");
            probe.socket.close_now(cx);
            self.probe = None;
            self.link.end_upgrade();
        } else if probe.next_noop.is_some_and(|noop| now >= noop) {
            probe.next_noop = Some(later(now, NOOP_INTERVAL));
            if let Transport::Polling(polling) = &mut self.transport
                && polling.is_waiting()
            {
                polling.answer(only(self.config.framing, packet::NOOP));
            }
        }
    }
}
