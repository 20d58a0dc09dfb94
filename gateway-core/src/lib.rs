//! What NestJS-style WebSocket gateways, and the macros that describe them, speak of.
//!
//! Sockets, servers, rooms, arguments, replies, exceptions, hooks, the container and the descriptors
//! that macros register: the vocabulary, with no I/O behind it. Nothing in this crate opens a port,
//! knows a transport or starts a task; `gateway-runtime` serves what is described here and re-exports
//! it. Applications depend on `gateway-runtime`.

mod ack;
pub mod adapter;
mod arguments;
mod binary;
mod call;
pub mod container;
mod cors;
pub mod counters;
mod data;
mod detached;
mod exception;
mod frames;
mod gateway_set;
mod handshake;
mod hooks;
pub mod link;
mod memory;
mod operator;
mod options;
mod payload;
#[doc(hidden)]
pub mod private;
mod reason;
pub mod registry;
mod remote;
mod reply;
mod room;
pub mod serve;
mod server;
mod socket;
mod undefined;

pub use ack::{AckError, AckFuture, BroadcastAckError, BroadcastAcks};
pub use adapter::{Adapter, AdapterError, BroadcastFlags, BroadcastOptions};
pub use arguments::{Arguments, DecodeError, ParseArgumentsError, RawArgument};
pub use binary::Binary;
pub use call::{Ack, AckTicket, Call};
pub use container::{HookError, HookResult};
pub use cors::{Cors, CorsBuilder, CorsOrigin, IntoCors, IntoSeconds};
pub use data::Data;
pub use detached::{DETACHED_CAPACITY, Emitted};
pub use exception::{EXCEPTION_EVENT, ExceptionCause, HandlerError, UNKNOWN_EXCEPTION_MESSAGE, WsException};
pub use frames::Frames;
pub use gateway_set::GatewaySet;
pub use handshake::{Handshake, RequestHead};
pub use hooks::{Gateway, OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit};
pub use link::Disconnected;
pub use memory::MemoryAdapter;
pub use operator::{BroadcastOperator, SocketOperator};
pub use options::{Cookie, CookieBuilder, GatewayOptions, IntoCookie, IntoMillis, ServeClient, Transport};
pub use payload::{Args, EmitArgs, EncodeError, Payload, PayloadWriter};
pub use reason::DisconnectReason;
pub use remote::RemoteSocket;
pub use reply::{Outcome, Reply, ReplyStream, WsResponse};
pub use room::{IntoRooms, Room};
pub use server::{ConnectError, Namespace, Server};
pub use socket::{Rooms, Socket};
