//! Raw protocol tests.
