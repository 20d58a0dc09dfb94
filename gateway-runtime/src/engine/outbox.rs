//! What waits to be written by a session: frames that are ready for its WebSocket, and packets behind them.
//!
//! Whoever sends a small packet to a client that keeps up appends its frames as the bytes that go out, so that
//! a broadcast costs a receiver one copy, and its session's turn no work for each packet. Knows the order of
//! packets; it must never know who sends them, nor when they are written.

use std::borrow::Cow;
use std::collections::VecDeque;

use gateway_core::Frames;

use super::transport::append_frame;

/// What a queued packet costs beside its bytes, so that empty ones are bounded too.
pub(super) const PACKET_OVERHEAD: usize = size_of::<Frames>();

/// Queues up to this many packets keep their memory between bursts.
const KEPT_CAPACITY: usize = 16;

/// Bytes of ready frames at most: what comes then waits as it is.
const READY_LIMIT: usize = 8 << 10;

/// Packets of several receivers up to this size are copied for each of them; larger ones they share.
const SHARED_COPIED: usize = 512;

/// What a packet counts against the outbox limit.
pub(super) fn cost(frames: &Frames) -> usize {
    frames.byte_len() + PACKET_OVERHEAD
}

/// Whole frames, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct ReadyFrames {
    pub(crate) bytes: Vec<u8>,
    /// The packets that they are, and what those cost.
    pub(crate) packets: usize,
    pub(crate) cost: usize,
}

/// The outbox of one session.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Before all that is queued.
    ready: ReadyFrames,
    /// How many bytes were ready when they were last taken.
    last_taken: usize,
    queue: VecDeque<Frames>,
    /// Packets of fewer bytes are made ready: none while the transport takes no frames.
    framed_below: usize,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.ready.packets == 0 && self.queue.is_empty()
    }

    /// How many packets wait.
    pub(super) fn len(&self) -> usize {
        self.ready.packets + self.queue.len()
    }

    /// Says which packets are made ready from now on: those of fewer bytes. Zero while the client does not keep up, so
    /// that what it lets wait is shared with other receivers.
    pub(super) fn frame_below(&mut self, bytes: usize) {
        self.framed_below = bytes;
    }

    /// Adds a packet whose cost is known.
    #[inline]
    pub(super) fn push(&mut self, frames: Cow<'_, Frames>, cost: usize) {
        let bytes = cost - PACKET_OVERHEAD;
        let copied = match frames {
            Cow::Borrowed(_) => self.framed_below.min(SHARED_COPIED),
            Cow::Owned(_) => self.framed_below,
        };
        if bytes < copied && self.queue.is_empty() && self.ready.bytes.len() + bytes <= READY_LIMIT {
            self.make_ready(&frames);
            self.ready.packets += 1;
            self.ready.cost += cost;
        } else {
            self.queue.push_back(frames.into_owned());
        }
    }

    #[inline]
    fn make_ready(&mut self, frames: &Frames) {
        let ready = &mut self.ready.bytes;
        if ready.capacity() == 0 {
            // Bursts are alike.
            ready.reserve(self.last_taken);
        }
        let (text, attachments) = (frames.text_bytes(), frames.attachments());
        if !text.is_empty() || attachments.is_empty() {
            append_frame(ready, false, text);
        }
        for attachment in attachments {
            append_frame(ready, true, attachment);
        }
    }

    /// Takes all: ready frames, and behind them the packets that are put into `queue`, which is empty.
    pub(super) fn take(&mut self, queue: &mut VecDeque<Frames>) -> ReadyFrames {
        if !self.queue.is_empty() {
            if queue.capacity() > KEPT_CAPACITY {
                *queue = VecDeque::new();
            }
            std::mem::swap(&mut self.queue, queue);
        }
        if self.ready.packets > 0 {
            self.last_taken = self.ready.bytes.len();
        }
        std::mem::take(&mut self.ready)
    }

    /// Takes a buffer whose frames are written for those that follow, if it has none. The other one is returned.
    pub(super) fn reuse(&mut self, buffer: Vec<u8>) -> Vec<u8> {
        if self.ready.bytes.capacity() == 0 {
            std::mem::replace(&mut self.ready.bytes, buffer)
        } else {
            buffer
        }
    }
}
