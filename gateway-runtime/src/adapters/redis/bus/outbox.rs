//! Messages that wait to be published: in order, and not more than a bound.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::super::driver::Outgoing;

/// What is sent in one go.
const BATCH_MESSAGES: usize = 1024;
const BATCH_BYTES: usize = 256 * 1024;
/// Room that an empty queue keeps.
const KEPT_CAPACITY: usize = 1024;

/// The queue in front of the publishing connection.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
    empty: watch::Sender<bool>,
    max_messages: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Outgoing>,
    bytes: usize,
}

impl Outbox {
    pub(super) fn new(max_messages: usize, max_bytes: usize) -> Self {
        let (queue, filled, empty) = (Mutex::default(), Notify::new(), watch::Sender::new(true));
        Self { queue, filled, empty, max_messages, max_bytes }
    }

    /// Appends a message; false if there is no room for it.
    pub(super) fn push(&self, outgoing: Outgoing) -> bool {
        let length = outgoing.byte_len();
        let mut queue = self.queue.lock();
        if queue.waiting.len() >= self.max_messages || queue.bytes + length > self.max_bytes {
            return false;
        }
        queue.bytes += length;
        queue.waiting.push_back(outgoing);
        if queue.waiting.len() == 1 {
            self.empty.send_replace(false);
        }
        drop(queue);
        self.filled.notify_one();
        true
    }

    /// Waits for messages, and takes those that go out together.
    pub(super) async fn next_batch(&self) -> Vec<Outgoing> {
        loop {
            let batch = self.take();
            if !batch.is_empty() {
                return batch;
            }
            self.filled.notified().await;
        }
    }

    fn take(&self) -> Vec<Outgoing> {
        let mut queue = self.queue.lock();
        let (mut bytes, mut count) = (0, 0);
        for outgoing in queue.waiting.iter().take(BATCH_MESSAGES) {
            bytes += outgoing.byte_len();
            count += 1;
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        queue.bytes -= bytes;
        let batch = queue.waiting.drain(..count).collect();
        if queue.waiting.is_empty() && queue.waiting.capacity() > KEPT_CAPACITY {
            queue.waiting = VecDeque::new();
        }
        batch
    }

    /// How many messages wait, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let queue = self.queue.lock();
        (queue.waiting.len(), queue.bytes)
    }

    /// Told when a batch has been sent.
    pub(super) fn sent(&self) {
        let queue = self.queue.lock();
        if queue.waiting.is_empty() {
            self.empty.send_replace(true);
        }
    }

    /// Waits until everything has been sent.
    pub(super) async fn emptied(&self) {
        // The sender lives as long as `self`.
        let _ = self.empty.subscribe().wait_for(|empty| *empty).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::driver::Publication;
    use super::*;

    fn publication(message: impl Into<bytes::Bytes>) -> Outgoing {
        Publication { channel: "c".into(), message: message.into(), sharded: false }.into()
    }

    fn message(bytes: usize) -> Outgoing {
        publication(vec![0; bytes - 1])
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_messages_and_bytes() {
        let outbox = Outbox::new(3, 100);
        assert!(outbox.push(message(40)));
        assert!(outbox.push(message(60)));
        assert!(!outbox.push(message(1)), "no bytes are left");
        assert_eq!(outbox.waiting(), (2, 100));
        assert_eq!(outbox.next_batch().await.len(), 2);
        assert_eq!(outbox.waiting(), (0, 0));
        assert!((0..3).all(|_| outbox.push(message(1))));
        assert!(!outbox.push(message(1)), "three messages are waiting");
        assert_eq!(outbox.next_batch().await.len(), 3);
        outbox.sent();
        outbox.emptied().await;
    }

    #[tokio::test]
    async fn batches_are_limited_and_in_order() {
        let outbox = Outbox::new(usize::MAX, usize::MAX);
        for number in 0..3000u32 {
            outbox.push(publication(number.to_be_bytes().to_vec()));
        }
        let mut seen = Vec::new();
        while seen.len() < 3000 {
            let batch = outbox.next_batch().await;
            assert!(batch.len() <= BATCH_MESSAGES);
            seen.extend(batch.into_iter().filter_map(|outgoing| match outgoing {
                Outgoing::Publish(publication) => Some(publication.message),
                _ => None,
            }));
        }
        assert!(seen.is_sorted());
        // One that is larger than a batch goes alone.
        outbox.push(message(BATCH_BYTES * 2));
        outbox.push(message(1));
        assert_eq!(outbox.next_batch().await.len(), 1);
    }
}
