//! The session task: one future that owns one session over either transport and across the upgrade.
//!
//! One poll does, in this order: what was asked of the session, the connection's running work, reads
//! within a budget, writes and one flush, timers; only the writes if nothing but something to write woke
//! it. There is no `.await`, so a peer that stops reading
//! holds up neither work, nor a timer, nor its own disconnect. It must never know what a message means.

mod answer;
mod heartbeat;
mod probe;
mod read;
mod timer;
mod write;

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use gateway_core::{Frames, telemetry};
use tokio::time::Instant;
use tracing::{Span, debug, error, warn};

use self::heartbeat::{Beat, Heartbeat};
use self::probe::Probe;
use self::read::Post;
use self::timer::{Timer, later};
use super::link::{Command, Parking, Progress};
use super::metrics::{self, EngineMetrics, Traffic};
use super::registry::Registration;
use super::transport::{Outgoing, PollingTransport, WebSocketTransport};
use super::{CloseReason, Connection, Revision, SessionLimits, SessionLink};

/// How messages are told apart on a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Engine.IO packets of this revision.
    EngineIo(Revision),
    /// Messages as they are.
    Plain,
}

/// What all sessions of an engine have in common.
#[derive(Debug)]
pub(super) struct SessionConfig {
    pub(super) framing: Framing,
    pub(super) ping_interval: Option<Duration>,
    pub(super) ping_timeout: Duration,
    pub(super) upgrade_timeout: Duration,
    /// The largest answer to a polling request that holds more than one packet.
    pub(super) max_payload: usize,
    pub(super) limits: SessionLimits,
    pub(super) metrics: EngineMetrics,
}

/// The current transport.
enum Transport {
    Polling(PollingTransport),
    WebSocket(WebSocketTransport),
}

enum Phase {
    Open,
    /// What was sent before the close is written first.
    Closing {
        reason: CloseReason,
        deadline: Instant,
    },
    /// The session has ended; the WebSocket's closing handshake goes on. After a failure the codec
    /// reads no more.
    Lingering {
        deadline: Instant,
        frame: Option<Box<Outgoing>>,
        readable: bool,
    },
    Done,
}

/// How long a failed WebSocket stays open so that the peer, which may still be writing, can read why:
/// closed at once, the operating system would answer its data with a reset.
const FAILED_LINGER: Duration = Duration::from_millis(500);

/// How the transport of an ended session is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    /// Told that the session is closed: a close packet, or a close frame without a code.
    Close,
    /// A close frame with this code.
    Code(u16),
    /// The client closed: its waiting polling request, or its close frame, gets the answer.
    Answer,
    /// Dropped at once: the peer is gone, or takes nothing.
    Drop,
}

/// One session.
pub(super) struct Session<C> {
    link: Arc<SessionLink>,
    /// Wakes the session for more than writing: the link. Away while the session is polled.
    waker: Option<Waker>,
    registration: Registration,
    config: Arc<SessionConfig>,
    connection: Option<C>,
    transport: Transport,
    probe: Option<Box<Probe>>,
    post: Option<Box<Post>>,
    phase: Phase,
    heartbeat: Heartbeat,
    timer: Timer,
    /// Of the whole session; `None` if nobody watches.
    span: Option<Box<Span>>,
    /// The open packet, until it is sent.
    open_packet: Option<Box<str>>,
    /// A ping, to clients of revision 3 a pong.
    ping_due: bool,
    /// Revision 3: binary goes over the current transport as base64.
    base64: bool,
    /// Packets taken from the outbox, and how many frames of the first are sent.
    writing: VecDeque<Frames>,
    frames_sent: usize,
    progress: Progress,
    /// Since when the WebSocket has taken no frame while something waits.
    stalled_since: Option<Instant>,
}

impl<C: Connection> Session<C> {
    /// A session over polling, whose first request waits for the open packet.
    pub(super) fn polling(
        registration: Registration,
        link: Arc<SessionLink>,
        config: Arc<SessionConfig>,
        connection: C,
        open_packet: String,
    ) -> Self {
        let transport = Transport::Polling(PollingTransport::default());
        Self::new(registration, link, config, connection, transport, Some(open_packet))
    }

    /// A session over WebSocket; without an open packet for plain connections.
    pub(super) fn websocket(
        registration: Registration,
        link: Arc<SessionLink>,
        config: Arc<SessionConfig>,
        connection: C,
        socket: WebSocketTransport,
        open_packet: Option<String>,
    ) -> Self {
        Self::new(registration, link, config, connection, Transport::WebSocket(socket), open_packet)
    }

    fn new(
        registration: Registration,
        link: Arc<SessionLink>,
        config: Arc<SessionConfig>,
        connection: C,
        transport: Transport,
        open_packet: Option<String>,
    ) -> Self {
        let heartbeat = match config.framing {
            Framing::EngineIo(Revision::V3) => {
                Heartbeat::of_client(config.ping_interval.unwrap_or_default(), config.ping_timeout)
            }
            _ => Heartbeat::new(config.ping_interval, config.ping_timeout),
        };
        debug!(sid = link.id(), transport = %link.transport(), "session open");
        config.metrics.opened(link.transport());
        let span = tracing::debug_span!(
            target: "gateway::connection", "connection", sid = link.id(), transport = %link.transport()
        );
        Self {
            timer: Timer::new(heartbeat.deadline()),
            link,
            waker: None,
            registration,
            config,
            connection: Some(connection),
            transport,
            probe: None,
            post: None,
            phase: Phase::Open,
            heartbeat,
            span: if span.is_disabled() { None } else { Some(Box::new(span)) },
            open_packet: open_packet.map(String::into_boxed_str),
            ping_due: false,
            base64: false,
            writing: VecDeque::new(),
            frames_sent: 0,
            progress: Progress::default(),
            stalled_since: None,
        }
    }

    /// Of a client of revision 3 that cannot take bytes over its first transport.
    pub(super) fn with_base64(mut self, base64: bool) -> Self {
        self.base64 = base64;
        self
    }

    fn advance(&mut self, task: &Waker, cx: &mut Context<'_>) -> Poll<()> {
        let work = self.take_intake(task, cx);
        if work {
            self.poll_connection(cx);
            self.poll_probe(cx);
            self.read(cx);
        }
        loop {
            let blocked = self.write(cx);
            if matches!(self.phase, Phase::Done) {
                return Poll::Ready(());
            }
            let writable = !blocked && self.is_writable();
            let (framed_below, spent) = self.framing(blocked);
            let progress = self.take_progress();
            let parking = Parking { progress, writable, blocked: blocked || !writable, framed_below, spent };
            if !self.link.park(parking) {
                self.check_overflow();
                continue;
            }
            if !work && !blocked && matches!(self.phase, Phase::Open) {
                // No deadline has come nearer.
                return Poll::Pending;
            }
            if self.timer.poll(self.deadline(), cx).is_pending() {
                return Poll::Pending;
            }
            self.on_timer(cx);
        }
    }

    /// What has been written since the last time, which is counted now.
    fn take_progress(&mut self) -> Progress {
        let progress = std::mem::take(&mut self.progress);
        let (packets, bytes) = progress.traffic();
        let mut traffic = Traffic::default();
        traffic.add(packets, bytes);
        self.config.metrics.sent(self.link.transport(), traffic);
        progress
    }

    /// Does what was asked of the session; true if there may be more to do than to write.
    fn take_intake(&mut self, task: &Waker, cx: &mut Context<'_>) -> bool {
        let intake = self.link.take_intake(task);
        if intake.overflowed {
            self.check_overflow();
        }
        for command in intake.commands {
            self.on_command(command, cx);
        }
        if let Some(reason) = intake.close {
            self.begin_closing(reason);
        }
        intake.work || !matches!((&self.transport, &self.phase), (Transport::WebSocket(_), Phase::Open))
    }

    fn on_command(&mut self, command: Command, cx: &mut Context<'_>) {
        match command {
            // Dropped, its sender tells the request that the session is gone.
            _ if self.has_ended() => {}
            Command::Poll(waiter) => {
                let overlap = match &mut self.transport {
                    Transport::Polling(polling) => polling.wait(waiter).is_err(),
                    Transport::WebSocket(_) => false,
                };
                if overlap {
                    self.fault("overlap from client");
                }
            }
            Command::Post { body, binary, taken } => {
                self.post = Some(Box::new(Post::new(self.config.framing, body, binary, taken)));
            }
            Command::Upgrade { mut socket, base64 } => {
                if self.probe.is_some() || matches!(self.transport, Transport::WebSocket(_)) {
                    socket.close_now(cx);
                } else {
                    self.probe = Some(Box::new(Probe::new(
                        socket,
                        base64,
                        later(Instant::now(), self.config.upgrade_timeout),
                    )));
                }
            }
            Command::Fault(text) => self.fault(text),
        }
    }

    fn fault(&mut self, text: &'static str) {
        debug!(sid = self.link.id(), "transport error: {text}");
        self.end(CloseReason::TransportError, Farewell::Close);
    }

    fn check_overflow(&mut self) {
        if !self.has_ended() && self.link.has_overflowed() {
            let limit = self.config.limits.max_outbox_bytes;
            telemetry::limit_exceeded("max_outbox_bytes");
            warn!(sid = self.link.id(), "client disconnected: its outbox is over max_outbox_bytes = {limit}");
            self.end_cut(CloseReason::TransportError);
        }
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && let Some(reason) = connection.poll_work(cx)
        {
            self.begin_closing(reason);
        }
    }

    /// Whether a volatile packet would go out at once, for all that is known of the transport.
    fn is_writable(&self) -> bool {
        match &self.transport {
            Transport::Polling(polling) => polling.is_waiting(),
            Transport::WebSocket(_) => true,
        }
    }

    /// Which packets whoever sends them may frame from now on, and a buffer for them: none while the client does not
    /// keep up, or speaks revision 3, whose attachments look different.
    fn framing(&mut self, blocked: bool) -> (usize, Vec<u8>) {
        match &mut self.transport {
            Transport::WebSocket(socket)
                if !blocked && self.config.framing != Framing::EngineIo(Revision::V3) =>
            {
                (socket.framed_below(), socket.take_spent())
            }
            _ => (0, Vec::new()),
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Lingering { .. } | Phase::Done)
    }

    /// Ends the session after everything sent so far has been written.
    fn begin_closing(&mut self, reason: CloseReason) {
        if matches!(self.phase, Phase::Open) {
            self.link.begin_closing();
            let deadline = later(Instant::now(), self.config.limits.close_timeout);
            self.phase = Phase::Closing { reason, deadline };
        }
    }

    /// Ends the session because the connection is lost or not worth another frame.
    fn end_cut(&mut self, reason: CloseReason) {
        let reason = if self.config.framing == Framing::Plain { CloseReason::cut() } else { reason };
        self.end(reason, Farewell::Drop);
    }

    /// Ends the session: the connection is told, the transport is left. The first reason counts: that
    /// of a close that was under way already.
    fn end(&mut self, reason: CloseReason, farewell: Farewell) {
        let reason = match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Open => reason,
            Phase::Closing { reason, .. } => reason,
            ended => {
                self.phase = ended;
                return;
            }
        };
        self.write_last(farewell);
        debug!(sid = self.link.id(), %reason, "session closed");
        self.registration.leave();
        self.count_end(&reason);
        let progress = self.take_progress();
        self.link.settle(progress);
        self.link.finish();
        if let Some(probe) = self.probe.take() {
            // Nobody waits for this socket any more.
            probe.close(&mut Context::from_waker(Waker::noop()));
        }
        self.writing = VecDeque::new();
        self.frames_sent = 0;
        // Dropped, it tells a data request whose packets were not taken that the session is gone.
        self.post = None;
        self.leave_transport(&reason, farewell);
        if let Some(connection) = self.connection.take() {
            connection.on_close(reason);
        }
    }

    fn count_end(&self, reason: &CloseReason) {
        self.config.metrics.closed(self.link.transport());
        metrics::count_close(reason);
    }

    /// Leaves the WebSocket to its closing handshake; a polling request has had its last answer.
    fn leave_transport(&mut self, reason: &CloseReason, farewell: Farewell) {
        if farewell == Farewell::Drop || matches!(self.transport, Transport::Polling(_)) {
            return;
        }
        let readable = !matches!(farewell, Farewell::Code(_));
        let close_timeout = self.config.limits.close_timeout;
        let wait = if readable { close_timeout } else { close_timeout.min(FAILED_LINGER) };
        let frame = match farewell {
            Farewell::Answer => None,
            _ => Some(Box::new(close_frame(self.config.framing, reason, farewell))),
        };
        self.phase = Phase::Lingering { deadline: later(Instant::now(), wait), frame, readable };
    }

    /// The next instant at which [`on_timer`](Self::on_timer) has something to do.
    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Open => {
                let stalled = self.stalled_since.map(|since| later(since, self.config.limits.write_timeout));
                let probe = self.probe.as_ref().map(|probe| probe.deadline());
                [self.heartbeat.deadline(), stalled, probe].into_iter().flatten().min()
            }
            Phase::Closing { deadline, .. } => {
                let probe = self.probe.as_ref().map(|probe| probe.deadline());
                Some(probe.map_or(*deadline, |probe| probe.min(*deadline)))
            }
            Phase::Lingering { deadline, .. } => Some(*deadline),
            Phase::Done => None,
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>) {
        let now = Instant::now();
        match &self.phase {
            Phase::Open => {
                self.on_probe_timer(now, cx);
                match self.heartbeat.fire(now) {
                    Beat::Ping => self.ping_due = true,
                    Beat::Timeout => self.on_ping_timeout(),
                    Beat::Nothing => {}
                }
                let limit = self.config.limits.write_timeout;
                if self.stalled_since.is_some_and(|since| now >= later(since, limit)) && !self.has_ended() {
                    telemetry::limit_exceeded("write_timeout");
                    warn!(
                        sid = self.link.id(),
                        "client disconnected: it took nothing for write_timeout = {limit:?}"
                    );
                    self.end_cut(CloseReason::TransportError);
                }
            }
            Phase::Closing { deadline, .. } if now >= *deadline => {
                debug!(sid = self.link.id(), "close_timeout passed before everything was written");
                // The reason of the close is used, not this one.
                self.end(CloseReason::ForcedClose, Farewell::Drop);
            }
            Phase::Closing { .. } => self.on_probe_timer(now, cx),
            Phase::Lingering { .. } => self.phase = Phase::Done,
            Phase::Done => {}
        }
    }

    fn on_ping_timeout(&mut self) {
        match self.config.framing {
            Framing::EngineIo(_) => self.end(CloseReason::PingTimeout, Farewell::Close),
            Framing::Plain => self.end_cut(CloseReason::PingTimeout),
        }
    }

    /// The connection panicked: that is a bug above, which must cost this session only.
    fn abandon(&mut self) {
        error!(sid = self.link.id(), "session ended: its connection panicked");
        // One that panics when it is told of its end has been counted already.
        if !self.has_ended() {
            self.count_end(&CloseReason::TransportError);
        }
        self.registration.leave();
        self.link.finish();
        self.phase = Phase::Done;
        if let Some(connection) = self.connection.take() {
            let close = AssertUnwindSafe(|| connection.on_close(CloseReason::TransportError));
            if catch_unwind(close).is_err() {
                error!(sid = self.link.id(), "the connection panicked again when it was closed");
            }
        }
    }
}

/// What the client's WebSocket is closed with. Engine.IO gives no code.
fn close_frame(framing: Framing, reason: &CloseReason, farewell: Farewell) -> Outgoing {
    Outgoing::Close(match (framing, reason, farewell) {
        (_, _, Farewell::Code(code)) => Some((code, String::new())),
        (Framing::Plain, CloseReason::Closed { code, reason }, _) if may_be_sent(*code) => {
            Some((*code, reason.clone()))
        }
        (Framing::Plain, CloseReason::ServerShuttingDown, _) => Some((1001, reason.to_string())),
        _ => None,
    })
}

/// Some codes are never on the wire: they tell the application that there was none (RFC 6455, 7.4).
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

impl<C: Connection> Future for Session<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let session = self.get_mut();
        // Entered by a clone: what runs inside may end the session.
        let span = session.span.as_deref().cloned();
        let _entered = span.as_ref().map(Span::enter);
        let waker = session.waker.take().unwrap_or_else(|| Waker::from(session.link.clone()));
        let task = cx.waker();
        let advanced =
            catch_unwind(AssertUnwindSafe(|| session.advance(task, &mut Context::from_waker(&waker))));
        let poll = advanced.unwrap_or_else(|_panic| {
            session.abandon();
            Poll::Ready(())
        });
        if poll.is_pending() {
            session.waker = Some(waker);
        } else {
            session.link.forget_task();
        }
        poll
    }
}
