//! From an event to the handlers of gateways and back: the table of routes, the call, the reply.
//!
//! It must never know a transport or a wire format: replies leave through the socket.

mod deliver;
mod dispatcher;
mod hooks;
mod invoke;
mod watch;

pub(crate) use deliver::ReplyStyle;
pub(crate) use dispatcher::{Dispatcher, ServedGateway};
