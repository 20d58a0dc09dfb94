//! Stands for `deflate.rs` and `extension.rs` without the feature `deflate`: no client is offered compression.
//!
//! Nothing of it can be made, so that what would use it is not compiled either.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::Failure;

/// None can be made.
#[derive(Clone, Debug)]
pub(crate) enum DeflateOptions {}

/// None can be made.
#[derive(Debug)]
pub(crate) struct DeflateServer {
    pub(super) options: DeflateOptions,
}

impl DeflateServer {
    pub(crate) fn new(options: DeflateOptions) -> Arc<Self> {
        match options {}
    }
}

/// None can be made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Agreement {}

impl Agreement {
    pub(crate) fn negotiate(_: &HeaderMap, options: &DeflateOptions) -> Option<Self> {
        match *options {}
    }

    pub(crate) fn header(&self) -> HeaderValue {
        match *self {}
    }
}

/// None can be made.
#[derive(Debug)]
pub(crate) enum Deflate {}

impl Deflate {
    pub(crate) fn new(_: Arc<DeflateServer>, agreement: Agreement) -> Self {
        match agreement {}
    }

    pub(super) fn threshold(&self) -> usize {
        match *self {}
    }

    pub(super) fn compress(&self, _: &Bytes) -> Option<Bytes> {
        match *self {}
    }

    pub(super) fn inflate(&self, _: &[u8], _: usize) -> Result<Bytes, Failure> {
        match *self {}
    }
}
