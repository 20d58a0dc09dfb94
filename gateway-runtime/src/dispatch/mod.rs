//! From an event to the handlers of gateways and back: guards → interceptors → pipes → handler → filters.
//!
//! It must never know a transport or a wire format: replies leave through the socket.

mod deliver;
mod dispatcher;
mod fail;
mod global;
mod handler;
mod hooks;
mod invoke;
mod metrics;
mod pipeline;
mod routes;
mod watch;

pub(crate) use deliver::ReplyStyle;
pub(crate) use dispatcher::{Dispatcher, ServedGateway};
pub(crate) use global::{GlobalEnhancers, Overrides};
pub(crate) use handler::{ResolveError, Sources};
