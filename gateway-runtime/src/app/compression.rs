//! The options of compression as the engine takes them.

use std::sync::Arc;

use gateway_core::GatewayOptions;

use crate::engine::{DeflateOptions, Effort, HttpCompression};

/// Of WebSocket messages: off unless the gateway asks for it.
pub(crate) fn deflate(options: &GatewayOptions) -> Option<DeflateOptions> {
    options.per_message_deflate.as_ref().map(|deflate| DeflateOptions {
        threshold: deflate.threshold,
        server_no_context_takeover: deflate.server_no_context_takeover,
        client_no_context_takeover: deflate.client_no_context_takeover,
        server_max_window_bits: deflate.server_max_window_bits,
        client_max_window_bits: deflate.client_max_window_bits,
        effort: Effort { level: deflate.level, mem_level: deflate.mem_level },
    })
}

/// Of answers to polling requests: on unless the gateway says otherwise, as in Engine.IO.
pub(crate) fn http(options: &GatewayOptions) -> Option<Arc<HttpCompression>> {
    let compression = options.http_compression.clone().unwrap_or_default();
    let effort = Effort { level: compression.level, mem_level: compression.mem_level };
    compression
        .enabled
        .then(|| Arc::new(HttpCompression::new(compression.threshold, effort, compression.window_bits)))
}
