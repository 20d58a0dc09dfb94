//! The session's way out: from the outbox to the transport, and the end of a close.
//!
//! Knows packets as frames to be written; it must never look into a message.

use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use tokio::time::Instant;
use tracing::debug;

use super::super::link::Progress;
use super::super::outbox::{cost, give_back};
use super::super::packet::{self, Frame, frame_at};
use super::super::transport::{Failure, Outgoing, WebSocketTransport};
use super::super::{CloseReason, Connection, Revision, revision_3};
use super::answer::AnswerBuilder;
use super::{Farewell, Framing, Phase, Session, Transport};

impl<C: Connection> Session<C> {
    /// Writes what can be written; true if something is left that the transport does not take now.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> bool {
        match self.phase {
            Phase::Done => return false,
            Phase::Lingering { .. } => {
                self.linger(cx);
                return false;
            }
            Phase::Open | Phase::Closing { .. } => {}
        }
        let blocked = match self.transport {
            Transport::Polling(_) => self.answer_poll(),
            Transport::WebSocket(_) => self.write_websocket(cx),
        };
        if matches!(self.phase, Phase::Lingering { .. }) {
            self.linger(cx);
        }
        blocked
    }

    /// Sends everything that is ready and flushes once.
    fn write_websocket(&mut self, cx: &mut Context<'_>) -> bool {
        let mut accepted = 0;
        match self.fill_websocket(&mut accepted, cx) {
            Ok(Poll::Ready(())) => {
                self.progress.flushed = true;
                self.stalled_since = None;
                if matches!(self.phase, Phase::Closing { .. }) {
                    // The reason of the close is used, not this one.
                    self.end(CloseReason::ForcedClose, Farewell::Close);
                }
                false
            }
            Ok(Poll::Pending) => {
                if accepted > 0 || self.took_bytes() || self.stalled_since.is_none() {
                    self.stalled_since = Some(Instant::now());
                }
                true
            }
            Err(failure) => {
                self.on_write_failure(&failure);
                false
            }
        }
    }

    /// Whether the client took part of a frame at least.
    fn took_bytes(&mut self) -> bool {
        match &mut self.transport {
            Transport::WebSocket(socket) => socket.take_progress(),
            Transport::Polling(_) => false,
        }
    }

    fn fill_websocket(&mut self, accepted: &mut usize, cx: &mut Context<'_>) -> Result<Poll<()>, Failure> {
        let Transport::WebSocket(socket) = &mut self.transport else { return Ok(Poll::Ready(())) };
        let mut taken = false;
        loop {
            // Control packets go between packets, never between a text and its attachments.
            let control_due = self.open_packet.is_some() || self.ping_due;
            if self.frames_sent == 0 && control_due {
                if socket.poll_ready(cx)?.is_pending() {
                    return Ok(Poll::Pending);
                }
                let control = next_control(&mut self.open_packet, &mut self.ping_due, self.config.framing);
                socket.start_send(control, false)?;
                *accepted += 1;
                continue;
            }
            if self.writing.is_empty() {
                if taken {
                    give_back(&mut self.writing);
                    // What has come meanwhile is seen before the session sleeps.
                    return Ok(socket.poll_flush(cx)?);
                }
                if socket.poll_ready(cx)?.is_pending() {
                    return Ok(Poll::Pending);
                }
                taken = true;
                let ready = self.link.take_outbox(&mut self.writing);
                if ready.packets > 0 {
                    self.progress.packets += ready.packets;
                    self.progress.bytes += ready.cost;
                    socket.start_send_frames(ready.bytes)?;
                    *accepted += 1;
                }
                continue;
            }
            let Some(frames) = self.writing.front() else { continue };
            if frames.attachments().is_empty() && self.frames_sent == 0 {
                // Nearly every packet: it is handed over as it is, without another reference to its bytes.
                if socket.poll_ready(cx)?.is_pending() {
                    return Ok(Poll::Pending);
                }
                self.progress.packets += 1;
                self.progress.bytes += cost(frames);
                let Some(frames) = self.writing.pop_front() else { continue };
                let compress = frames.compress();
                socket.start_send(Outgoing::Text(frames.into_text_bytes()), compress)?;
                *accepted += 1;
                continue;
            }
            while let Some(frame) = frame_at(frames, self.frames_sent) {
                if socket.poll_ready(cx)?.is_pending() {
                    return Ok(Poll::Pending);
                }
                socket.start_send(outgoing(frame, self.config.framing, self.base64), frames.compress())?;
                self.frames_sent += 1;
                *accepted += 1;
            }
            self.progress.packets += 1;
            self.progress.bytes += cost(frames);
            self.frames_sent = 0;
            self.writing.pop_front();
        }
    }

    fn on_write_failure(&mut self, failure: &Failure) {
        debug!(sid = self.link.id(), "write error: {failure}");
        self.end_cut(CloseReason::TransportError);
    }

    /// Answers the waiting polling request with as many packets as fit; true if there is none, or
    /// packets are left for the next.
    fn answer_poll(&mut self) -> bool {
        if !self.is_writable() {
            return true;
        }
        let mut payload = self.answer_builder();
        let full = self.fill_payload(&mut payload);
        let closing = matches!(self.phase, Phase::Closing { .. });
        // The close has an answer of its own, as in engine.io: socket.io-client 4 throws away the messages
        // that came in one payload with it.
        let last = closing && payload.is_empty();
        if last {
            payload.push_text(packet::CLOSE);
        }
        if payload.is_empty() {
            return false;
        }
        if !self.answer(payload) {
            self.fault("poll connection closed prematurely");
        } else if last {
            // The reason of the close is used, not this one.
            self.end(CloseReason::ForcedClose, Farewell::Close);
        }
        full || (closing && !last)
    }

    fn answer_builder(&self) -> AnswerBuilder {
        AnswerBuilder::new(self.config.framing, self.config.max_payload, self.base64)
    }

    /// Puts what is ready into a payload; true if some of it did not fit.
    fn fill_payload(&mut self, payload: &mut AnswerBuilder) -> bool {
        if let Some(open) = self.open_packet.take() {
            payload.push_text(&open);
        }
        if self.ping_due && self.frames_sent == 0 && payload.push_text(beat(self.config.framing)) {
            self.ping_due = false;
        }
        loop {
            if self.writing.is_empty() {
                // Nothing is ready as a frame: that begins with the WebSocket.
                self.link.take_outbox(&mut self.writing);
            }
            if self.writing.is_empty() {
                return false;
            }
            while let Some(frames) = self.writing.front() {
                let Some(frame) = frame_at(frames, self.frames_sent) else {
                    self.progress.packets += 1;
                    self.progress.bytes += cost(frames);
                    self.frames_sent = 0;
                    self.writing.pop_front();
                    continue;
                };
                if !payload.push_frame(&frame, frames.compress()) {
                    return true;
                }
                self.frames_sent += 1;
            }
        }
    }

    /// Answers the waiting polling request; false if it was given up.
    fn answer(&mut self, payload: AnswerBuilder) -> bool {
        let Transport::Polling(polling) = &mut self.transport else { return false };
        let answered = polling.answer(payload.finish());
        if answered {
            self.progress.flushed = true;
        } else {
            self.progress = Progress::default();
        }
        answered
    }

    /// The session ends now: hands over what the transport takes without waiting, and a polling
    /// request that waits gets its last answer.
    pub(super) fn write_last(&mut self, farewell: Farewell) {
        match self.transport {
            Transport::Polling(_) if self.is_writable() => {
                let mut payload = self.answer_builder();
                self.fill_payload(&mut payload);
                match farewell {
                    Farewell::Answer if !payload.is_empty() => {}
                    Farewell::Answer => payload.push_text_anyway(packet::NOOP),
                    _ => payload.push_text_anyway(packet::CLOSE),
                }
                self.answer(payload);
            }
            Transport::WebSocket(_) if matches!(farewell, Farewell::Close | Farewell::Code(_)) => {
                // What is not taken now is lost, and so is the news that the socket is gone.
                let _ = self.fill_websocket(&mut 0, &mut Context::from_waker(Waker::noop()));
            }
            _ => {}
        }
    }

    /// The session has ended: sends the close frame and waits for the peer's side of it.
    fn linger(&mut self, cx: &mut Context<'_>) {
        let (Transport::WebSocket(socket), Phase::Lingering { frame, readable, .. }) =
            (&mut self.transport, &mut self.phase)
        else {
            return;
        };
        if frame.is_some() {
            match socket.poll_ready(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_gone)) => {
                    self.phase = Phase::Done;
                    return;
                }
            }
        }
        if let Some(frame) = frame.take()
            && socket.start_send(*frame, false).is_err()
        {
            self.phase = Phase::Done;
            return;
        }
        if *readable {
            if drive_close(socket, self.config.limits.read_budget_frames.max(1), cx).is_ready() {
                self.phase = Phase::Done;
            }
        } else if matches!(socket.poll_flush(cx), Poll::Ready(Err(_))) {
            self.phase = Phase::Done;
        }
    }
}

/// Flushes, reads what the peer still sends and ready when its side is closed too.
fn drive_close(socket: &mut WebSocketTransport, budget: usize, cx: &mut Context<'_>) -> Poll<()> {
    if let Err(_gone) = ready!(socket.poll_flush(cx)) {
        return Poll::Ready(());
    }
    for _ in 0..budget {
        match ready!(socket.poll_next(cx)) {
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Poll::Ready(()),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// The packet of the heartbeat that is the server's.
fn beat(framing: Framing) -> &'static str {
    match framing {
        Framing::EngineIo(Revision::V3) => packet::PONG,
        _ => packet::PING,
    }
}

/// The control frame that goes first: the open packet, else the heartbeat.
fn next_control(open_packet: &mut Option<Box<str>>, ping_due: &mut bool, framing: Framing) -> Outgoing {
    if let Some(open) = open_packet.take() {
        return Outgoing::Text(Bytes::from(open.into_string()));
    }
    *ping_due = false;
    match framing {
        Framing::EngineIo(_) => Outgoing::Text(Bytes::from_static(beat(framing).as_bytes())),
        Framing::Plain => Outgoing::Ping,
    }
}

fn outgoing(frame: Frame, framing: Framing, base64: bool) -> Outgoing {
    match (frame, framing) {
        (Frame::Text(text), _) => Outgoing::Text(text),
        (Frame::Binary(bytes), Framing::EngineIo(Revision::V3)) if base64 => {
            Outgoing::Text(revision_3::encode_base64(&bytes).into())
        }
        (Frame::Binary(bytes), Framing::EngineIo(Revision::V3)) => {
            Outgoing::Binary(revision_3::encode_binary(&bytes))
        }
        (Frame::Binary(bytes), _) => Outgoing::Binary(bytes),
    }
}
