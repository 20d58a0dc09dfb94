//! What waits to be written by a session: frames that are ready for its WebSocket, and packets behind them.
//!
//! Whoever sends a small packet to a client that keeps up appends its frames as the bytes that go out, so that
//! a broadcast costs a receiver one copy, and its session's turn no work for each packet. Knows the order of
//! packets; it must never know who sends them, nor when they are written.

use std::borrow::Cow;
use std::collections::VecDeque;

use gateway_core::Frames;

use super::transport::{MAX_SERVER_HEAD, append_frame};

/// What a queued packet costs beside its bytes, so that empty ones are bounded too.
pub(super) const PACKET_OVERHEAD: usize = size_of::<Frames>();

/// Queues up to this many packets keep their memory between bursts.
const KEPT_CAPACITY: usize = 16;

/// Bytes of ready frames at most: what comes then waits as it is.
const READY_LIMIT: usize = 8 << 10;

/// The same for packets of several receivers, each of which has a copy: a burst for everybody is in all outboxes at once.
const SHARED_READY_LIMIT: usize = 4 << 10;

/// Packets of several receivers below this size are copied for each of them; larger ones they share.
const SHARED_COPIED_BELOW: usize = 512;

/// What a packet counts against the outbox limit.
pub(super) fn cost(frames: &Frames) -> usize {
    frames.byte_len() + PACKET_OVERHEAD
}

/// Gives the memory of an empty queue back that a burst has left: what follows may be ready as frames, and never
/// come by here.
pub(super) fn give_back(queue: &mut VecDeque<Frames>) {
    if queue.capacity() > KEPT_CAPACITY {
        *queue = VecDeque::new();
    }
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
        let (below, limit) = match frames {
            Cow::Borrowed(_) => (self.framed_below.min(SHARED_COPIED_BELOW), SHARED_READY_LIMIT),
            Cow::Owned(_) => (self.framed_below, READY_LIMIT),
        };
        if bytes < below && self.queue.is_empty() && self.ready.bytes.len() + bytes <= limit {
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
            // Bursts are alike. The last frame asks for the longest head.
            ready.reserve(self.last_taken + MAX_SERVER_HEAD);
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
        give_back(queue);
        if !self.queue.is_empty() {
            std::mem::swap(&mut self.queue, queue);
        }
        if self.ready.packets == 0 {
            // The buffer stays for what comes.
            return ReadyFrames::default();
        }
        self.last_taken = self.ready.bytes.len();
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const BELOW: usize = 4097;

    fn outbox(framed_below: usize) -> Outbox {
        Outbox { framed_below, ..Outbox::default() }
    }

    fn push(outbox: &mut Outbox, frames: &Frames) {
        outbox.push(Cow::Borrowed(frames), cost(frames));
    }

    fn push_own(outbox: &mut Outbox, frames: Frames) {
        let cost = cost(&frames);
        outbox.push(Cow::Owned(frames), cost);
    }

    fn text(length: usize) -> Frames {
        Frames::text("x".repeat(length))
    }

    #[test]
    fn small_packets_are_ready_and_what_follows_a_large_one_waits_behind_it() {
        let mut outbox = outbox(BELOW);
        push(&mut outbox, &Frames::text("4a".to_owned()));
        let attachments = vec![Bytes::from_static(b"1"), Bytes::new()];
        push(&mut outbox, &Frames::with_attachments("4b".to_owned(), attachments));
        push(&mut outbox, &Frames::binary(Bytes::from_static(b"2")));
        push(&mut outbox, &Frames::text(String::new()));
        push(&mut outbox, &text(5000));
        push(&mut outbox, &Frames::text("4c".to_owned()));
        assert_eq!((outbox.len(), outbox.is_empty()), (6, false));

        let mut queue = VecDeque::new();
        let ready = outbox.take(&mut queue);
        assert_eq!(ready.bytes, *b"\x81\x024a\x81\x024b\x82\x011\x82\x00\x82\x012\x81\x00");
        assert_eq!((ready.packets, ready.cost), (4, 6 + 4 * PACKET_OVERHEAD));
        let queued: Vec<_> = queue.iter().map(Frames::byte_len).collect();
        assert_eq!(queued, [5000, 2]);
        assert_eq!((outbox.len(), outbox.is_empty()), (0, true));

        push(&mut outbox, &Frames::text("4d".to_owned()));
        queue.clear();
        assert_eq!(outbox.take(&mut queue).bytes, b"\x81\x024d");
        assert!(queue.is_empty());
    }

    #[test]
    fn lengths_are_those_of_the_websocket() {
        for (length, head) in
            [(125, &[0x81, 125][..]), (126, &[0x81, 126, 0, 126]), (4096, &[0x81, 126, 16, 0])]
        {
            let mut outbox = outbox(BELOW);
            push_own(&mut outbox, text(length));
            let ready = outbox.take(&mut VecDeque::new()).bytes;
            assert_eq!((&ready[..head.len()], ready.len()), (head, head.len() + length));
        }
    }

    #[test]
    fn what_others_receive_is_copied_only_if_it_is_small() {
        let mut queue = VecDeque::new();
        for (length, own, is_copied) in [
            (500, false, true),
            (600, false, false),
            (600, true, true),
            (4096, true, true),
            (4097, true, false),
        ] {
            let mut outbox = outbox(BELOW);
            if own {
                push_own(&mut outbox, text(length));
            } else {
                push(&mut outbox, &text(length));
            }
            queue.clear();
            assert_eq!(outbox.take(&mut queue).packets, usize::from(is_copied), "{length} {own}");
            assert_eq!(queue.len(), usize::from(!is_copied));
        }
    }

    #[test]
    fn ready_bytes_are_bounded_and_none_for_a_client_that_does_not_keep_up() {
        let mut queue = VecDeque::new();
        let mut outbox = outbox(BELOW);
        for (own, limit) in [(false, SHARED_READY_LIMIT), (true, READY_LIMIT)] {
            for _ in 0..100 {
                if own {
                    push_own(&mut outbox, text(400));
                } else {
                    push(&mut outbox, &text(400));
                }
            }
            queue.clear();
            let ready = outbox.take(&mut queue);
            assert_eq!(ready.packets, limit / 404, "{own}");
            assert_eq!(ready.packets + queue.len(), 100);
        }

        outbox.frame_below(0);
        push(&mut outbox, &text(1));
        queue.clear();
        assert_eq!((outbox.take(&mut queue).packets, queue.len()), (0, 1));
    }

    #[test]
    fn a_burst_leaves_no_queue_behind() {
        let mut outbox = outbox(0);
        for _ in 0..1000 {
            push(&mut outbox, &text(1));
        }
        let mut queue = VecDeque::new();
        outbox.take(&mut queue);
        assert_eq!(queue.len(), 1000);
        queue.clear();
        // The client keeps up again: nothing is queued any more.
        outbox.frame_below(BELOW);
        push(&mut outbox, &text(1));
        assert_eq!(outbox.take(&mut queue).packets, 1);
        let kept = queue.capacity() + outbox.queue.capacity();
        assert!(kept <= KEPT_CAPACITY, "{kept}");
    }

    #[test]
    fn a_buffer_goes_round() {
        let mut outbox = outbox(BELOW);
        push(&mut outbox, &text(100));
        let mut spent = outbox.take(&mut VecDeque::new()).bytes;
        let address = spent.as_ptr();
        spent.clear();
        assert_eq!(outbox.reuse(spent).capacity(), 0);
        push(&mut outbox, &text(100));
        // One is enough.
        assert_eq!(outbox.reuse(Vec::with_capacity(10)).capacity(), 10);
        assert_eq!(outbox.take(&mut VecDeque::new()).bytes.as_ptr(), address);
    }
}
