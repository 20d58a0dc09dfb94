//! Compressed answers to polling requests: which, and with what. engine.io's `httpCompression`.

use std::sync::Arc;

use bytes::Bytes;
use tracing::warn;
use zlib_rs::Deflate;

use super::{ContentEncoding, Effort, Pool, compress_body, context};

/// Compresses the answers of one server.
pub(crate) struct HttpCompression {
    threshold: usize,
    effort: Effort,
    window_bits: u8,
    gzip: Pool<Deflate>,
    deflate: Pool<Deflate>,
}

impl HttpCompression {
    pub(crate) fn new(threshold: usize, effort: Effort, window_bits: u8) -> Self {
        Self { threshold, effort, window_bits, gzip: Pool::default(), deflate: Pool::default() }
    }

    /// What a server does that was told nothing.
    pub(crate) fn by_default() -> Option<Arc<Self>> {
        Some(Arc::default())
    }

    /// The body in the encoding that the client prefers; `None` if it goes out as it is.
    pub(crate) fn encode(
        &self,
        body: &[u8],
        preferred: Option<ContentEncoding>,
    ) -> Option<(ContentEncoding, Bytes)> {
        if body.len() < self.threshold {
            return None;
        }
        let encoding = preferred?;
        let window_bits = i32::from(self.window_bits);
        let (pool, window_bits) = match encoding {
            ContentEncoding::Gzip => (&self.gzip, 16 + window_bits),
            // zlib's format, which is what HTTP calls deflate (RFC 9110, 8.4.1.2).
            ContentEncoding::Deflate => (&self.deflate, window_bits),
        };
        let encoded = pool.with(|| context(self.effort, window_bits), |deflate| compress_body(deflate, body));
        encoded
            .inspect_err(|error| warn!("an answer goes out as it is: {error}"))
            .ok()
            .map(|body| (encoding, body))
    }
}

impl Default for HttpCompression {
    fn default() -> Self {
        Self::new(1024, Effort::default(), 15)
    }
}

impl std::fmt::Debug for HttpCompression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpCompression").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use zlib_rs::{Inflate, InflateFlush, Status};

    use super::*;

    #[test]
    fn a_body_can_be_read_again_and_a_context_serves_many() {
        let compression = HttpCompression::default();
        for (preferred, window_bits) in [(ContentEncoding::Gzip, 31), (ContentEncoding::Deflate, 15)] {
            for length in [1024, 100_000] {
                let body: Vec<u8> = (0..length).map(|at: usize| b'a' + (at * at % 23) as u8).collect();
                let (encoding, encoded) = compression.encode(&body, Some(preferred)).expect("encoded");
                assert_eq!(encoding, preferred);
                let mut plain = vec![0; length];
                let mut inflate = Inflate::new(true, window_bits);
                let status = inflate.decompress(&encoded, &mut plain, InflateFlush::Finish);
                assert_eq!(status, Ok(Status::StreamEnd));
                assert!(plain == body);
            }
            assert!(compression.encode(&[b'a'; 1023], Some(preferred)).is_none(), "below the threshold");
        }
        assert!(compression.encode(&[b'a'; 2000], None).is_none());
    }
}
