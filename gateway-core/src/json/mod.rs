//! JSON as a packet has it: where its values stand, in one pass and without a copy.
//!
//! What values mean is serde's business. Nothing in here may know a packet, a limit's name or a type.

mod nesting;
mod scan;

pub(crate) use scan::{Elements, Fault};
