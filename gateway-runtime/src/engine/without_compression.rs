//! Stands for `compression/` without the feature `deflate`: every answer goes out as it is.
//!
//! Nothing of it can be made, so that what would use it is not compiled either.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

/// No encoding can be asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ContentEncoding {}

impl ContentEncoding {
    pub(crate) fn as_str(self) -> &'static str {
        match self {}
    }

    pub(crate) fn preferred(_: &HeaderMap) -> Option<Self> {
        None
    }

    pub(crate) fn preferred_of<'a>(_: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        None
    }
}

/// None can be made.
#[derive(Debug)]
pub(crate) enum HttpCompression {}

impl HttpCompression {
    pub(crate) fn by_default() -> Option<Arc<Self>> {
        None
    }

    pub(crate) fn encode(&self, _: &[u8], _: Option<ContentEncoding>) -> Option<(ContentEncoding, Bytes)> {
        match *self {}
    }
}
