//! Stands for `compression.rs` without the feature `deflate`: what asks for compression is an error at the start.

use std::sync::Arc;

use gateway_core::GatewayOptions;

use crate::engine::{DeflateOptions, HttpCompression};

/// The options that ask for what is not compiled.
pub(crate) fn problems(options: &GatewayOptions) -> Vec<String> {
    let message_deflate = options.per_message_deflate.is_some();
    let http_compression = options.http_compression.as_ref().is_some_and(|compression| compression.enabled);
    let wanted = [("per_message_deflate", message_deflate), ("http_compression", http_compression)];
    let missing = wanted.into_iter().filter(|(_, wanted)| *wanted);
    missing
        .map(|(option, _)| format!("{option}: switch the feature `deflate` of gateway-runtime on"))
        .collect()
}

pub(crate) fn deflate(_: &GatewayOptions) -> Option<DeflateOptions> {
    None
}

pub(crate) fn http(_: &GatewayOptions) -> Option<Arc<HttpCompression>> {
    None
}
