//! The MessagePack form of Socket.IO packets, as `socket.io-msgpack-parser` 3 has it: pure functions, no I/O.
//!
//! A packet is one binary message: a map of `type`, `data`, `nsp` and, if an acknowledgement is asked for or
//! given, `id`. On the way in a packet becomes what the text form would be: JSON, with its binary values beside
//! it; on the way out JSON becomes MessagePack. So handlers see one kind of message
//! (docs/decisions/0017-msgpack-is-read-as-json.md).
//!
//! How values are read and written is in [`crate::msgpack`]; here is what a packet is.

mod decode;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use decode::decode;
pub(crate) use write::{Header, encode};
