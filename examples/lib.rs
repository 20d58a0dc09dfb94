//! The example apps are the binaries of this crate, one folder each.
