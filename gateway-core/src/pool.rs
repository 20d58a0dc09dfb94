//! Buffers of large messages, which are used again: asked of the allocator and given back for each message,
//! their pages would be given to the operating system and cleared by it each time.
//!
//! One pool a process. It keeps what was in use, up to a limit; connections that are idle hold none of it.
//! It must never know what a buffer is for.

use bytes::Bytes;
use parking_lot::Mutex;

/// Smaller buffers are the allocator's business, which is good at them.
pub const SMALLEST: usize = 8 << 10;

/// Larger buffers are rare, and too much to keep.
const LARGEST: usize = 2 << 20;

/// What is kept unless something else was said: 4 MiB.
pub const DEFAULT_MAX_POOLED_BYTES: usize = 4 << 20;

/// Few enough to look at all of them.
const MAX_BUFFERS: usize = 128;

struct Pool {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
    max_bytes: usize,
}

static POOL: Mutex<Pool> =
    Mutex::new(Pool { buffers: Vec::new(), bytes: 0, max_bytes: DEFAULT_MAX_POOLED_BYTES });

impl Pool {
    /// The smallest one that is large enough, if that is not far too large: what waits in an outbox should
    /// hold about what it needs.
    fn take(&mut self, capacity: usize) -> Option<Vec<u8>> {
        let fits = |buffer: &Vec<u8>| (capacity..=capacity.saturating_mul(2)).contains(&buffer.capacity());
        let fitting = self.buffers.iter().enumerate().filter(|(_, buffer)| fits(buffer));
        let (index, _) = fitting.min_by_key(|(_, buffer)| buffer.capacity())?;
        let buffer = self.buffers.swap_remove(index);
        self.bytes -= buffer.capacity();
        Some(buffer)
    }

    /// Keeps a buffer if there is room; gives it back if there is none.
    fn keep(&mut self, mut buffer: Vec<u8>) -> Option<Vec<u8>> {
        let bytes = self.bytes + buffer.capacity();
        if bytes > self.max_bytes || self.buffers.len() >= MAX_BUFFERS {
            return Some(buffer);
        }
        buffer.clear();
        self.bytes = bytes;
        self.buffers.push(buffer);
        None
    }

    fn limit(&mut self, max_bytes: usize) -> Vec<Vec<u8>> {
        self.max_bytes = max_bytes;
        if self.bytes <= max_bytes {
            return Vec::new();
        }
        self.bytes = 0;
        std::mem::take(&mut self.buffers)
    }
}

/// An empty buffer with room for this many bytes.
pub fn take(capacity: usize) -> Vec<u8> {
    if capacity < SMALLEST {
        return Vec::with_capacity(capacity);
    }
    // Named, so that the lock is not held while memory is asked for.
    let pooled = POOL.lock().take(capacity);
    pooled.unwrap_or_else(|| Vec::with_capacity(rounded(capacity)))
}

/// Rounded up by an eighth at most, so that messages of nearly one size share buffers.
fn rounded(capacity: usize) -> usize {
    if capacity > LARGEST {
        return capacity;
    }
    capacity.next_multiple_of(capacity.next_power_of_two() / 16)
}

/// A buffer with room for more bytes than it has: a larger one, if it is not large enough, while this one is
/// given back.
pub fn grow(buffer: &mut Vec<u8>, capacity: usize) {
    if buffer.capacity() < capacity {
        let mut larger = take(capacity);
        larger.extend_from_slice(buffer);
        give_back(std::mem::replace(buffer, larger));
    }
}

/// Gives a buffer back.
pub fn give_back(buffer: Vec<u8>) {
    if (SMALLEST..=LARGEST).contains(&buffer.capacity()) {
        // What is not kept is freed without the lock.
        let _freed = POOL.lock().keep(buffer);
    }
}

/// The bytes in a buffer, which is given back when nobody refers to them any more.
pub fn freeze(buffer: Vec<u8>) -> Bytes {
    struct Owner(Vec<u8>);

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Owner {
        fn drop(&mut self) {
            give_back(std::mem::take(&mut self.0));
        }
    }

    if (SMALLEST..=LARGEST).contains(&buffer.capacity()) {
        Bytes::from_owner(Owner(buffer))
    } else {
        Bytes::from(buffer)
    }
}

/// Sets how many bytes of buffers the process keeps between messages; zero keeps none.
pub fn set_max_pooled_bytes(bytes: usize) {
    let _freed = POOL.lock().limit(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(max_bytes: usize) -> Pool {
        Pool { buffers: Vec::new(), bytes: 0, max_bytes }
    }

    #[test]
    fn the_smallest_that_fits_is_taken_and_none_that_is_far_too_large() {
        let mut pool = pool(usize::MAX);
        for capacity in [100_000, 20_000, 30_000] {
            assert!(pool.keep(Vec::with_capacity(capacity)).is_none());
        }
        assert_eq!(pool.take(19_000).map(|buffer| buffer.capacity()), Some(20_000));
        assert_eq!(pool.take(19_000).map(|buffer| buffer.capacity()), Some(30_000));
        assert!(pool.take(19_000).is_none());
        assert_eq!(pool.bytes, 100_000);
    }

    #[test]
    fn no_more_is_kept_than_the_limit_says() {
        let mut pool = pool(100_000);
        assert!(pool.keep(Vec::with_capacity(60_000)).is_none());
        assert!(pool.keep(Vec::with_capacity(60_000)).is_some());
        assert_eq!(pool.bytes, 60_000);
        assert_eq!(pool.limit(10).len(), 1);
        assert_eq!((pool.bytes, pool.buffers.len()), (0, 0));
        assert!(pool.keep(Vec::with_capacity(60_000)).is_some());
    }

    #[test]
    fn what_is_frozen_stays_as_it_is_until_the_last_reference_is_gone() {
        for length in [10, SMALLEST, 100_000, LARGEST + 1] {
            let mut buffer = take(length);
            assert!(buffer.capacity() >= length && buffer.is_empty());
            buffer.resize(length, 7);
            let bytes = freeze(buffer);
            let half = bytes.slice(..length / 2);
            drop(bytes);
            assert!(half.iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn a_buffer_that_grows_keeps_what_it_holds() {
        let mut buffer = vec![1, 2, 3];
        grow(&mut buffer, 100_000);
        assert!(buffer.capacity() >= 100_000);
        assert_eq!(buffer, [1, 2, 3]);
        let same = buffer.as_ptr();
        grow(&mut buffer, 90_000);
        assert_eq!(buffer.as_ptr(), same);
    }
}
