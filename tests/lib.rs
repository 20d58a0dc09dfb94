//! The integration tests are in `integration/`; this crate has no code of its own.
