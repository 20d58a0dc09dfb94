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
mod broadcast_acks;
mod compression;
mod conn;
pub mod container;
mod cors;
pub mod counters;
mod data;
mod detached;
mod detached_client;
mod engine_hooks;
pub mod enhancers;
mod exception;
mod execution_context;
mod extract;
mod filter;
mod frames;
mod gateway_set;
mod guard;
mod handshake;
mod hooks;
mod incoming;
mod interceptor;
mod json;
mod limits;
pub mod link;
mod listeners;
mod membership;
mod memory;
mod metadata;
mod named_arguments;
mod namespace_pattern;
mod operator;
mod options;
mod parser;
mod payload;
pub mod pipes;
#[doc(hidden)]
pub mod pool;
#[doc(hidden)]
pub mod private;
mod reason;
mod recipients;
mod recovery;
mod recovery_store;
pub mod registry;
mod remote;
mod reply;
mod request_scope;
mod room;
pub mod serve;
mod server;
mod server_events;
mod socket;
mod socket_limits;
mod target;
pub mod telemetry;
mod undefined;

pub use ack::{AckError, AckFuture};
pub use adapter::{
    Adapter, AdapterError, AdapterHealth, AdapterService, AdapterStatus, BroadcastFlags, BroadcastOptions,
    RestoredSession, ServerSideAckError, Session,
};
pub use arguments::{Arguments, DecodeError, ParseArgumentsError, RawArgument};
pub use binary::Binary;
pub use broadcast_acks::{BroadcastAckError, BroadcastAcks, RemoteAcks};
pub use compression::{
    HttpCompression, HttpCompressionBuilder, IntoHttpCompression, IntoPerMessageDeflate, PerMessageDeflate,
    PerMessageDeflateBuilder,
};
pub use conn::Conn;
pub use container::{HookError, HookResult};
pub use cors::{Cors, CorsBuilder, CorsOrigin, IntoCors, IntoSeconds};
pub use data::Data;
pub use detached::{DETACHED_CAPACITY, Emitted};
pub use engine_hooks::{AllowRequest, ConnectionError, HandleProtocols, RequestRefused, Verdict};
pub use exception::{EXCEPTION_EVENT, ExceptionCause, HandlerError, UNKNOWN_EXCEPTION_MESSAGE, WsException};
pub use execution_context::{Ack, AckTicket, ExecutionContext, WsArgumentsHost};
pub use extract::FromExecutionContext;
pub use filter::{BaseWsExceptionFilter, Catch, DynExceptionFilter, ExceptionFilter, FilterResult, OneOf};
pub use frames::Frames;
pub use gateway_set::GatewaySet;
pub use guard::{CanActivate, DynCanActivate, FORBIDDEN_MESSAGE, GuardResult};
pub use handshake::{Handshake, RequestHead};
pub use hooks::{Gateway, OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit};
pub use incoming::{AtOnce, Incoming, Later, ListenerEnd, ListenerOutcome, ListenerResult, ListenerReturn};
pub use interceptor::{DynInterceptor, HandlerCall, Interceptor, Next, ReplyResult, catch_panics};
pub use limits::{ArgumentLimits, PacketRate};
pub use link::Disconnected;
pub use listeners::{
    DEFAULT_MAX_LISTENERS, EventListeners, ListenerId, ListenerKey, Middlewares, SocketListeners,
};
pub use membership::{JoinError, Rooms};
pub use memory::{MemoryAdapter, Put, RoomObserver};
pub use metadata::{Metadata, MetadataEntry, Reflector, metadata_value};
pub use named_arguments::{EventName, NamedArguments, position};
pub use namespace_pattern::{NamespaceMatch, NamespacePattern, NamespacePredicate};
pub use operator::{BroadcastOperator, SocketOperator};
pub use options::{Cookie, CookieBuilder, GatewayOptions, IntoCookie, IntoMillis, ServeClient, Transport};
pub use parser::{IntoParser, Parser};
pub use payload::{Args, EmitArgs, EncodeError, Payload, PayloadWriter};
pub use pipes::{
    ArgumentMetadata, DefaultValuePipe, ParseArrayPipe, ParseBoolPipe, ParseEnumPipe, ParseFloatPipe,
    ParseIntPipe, ParseUuidPipe, PipeTransform,
};
#[cfg(feature = "validator")]
pub use pipes::{ValidationError, ValidationPipe};
pub use reason::DisconnectReason;
pub use recovery::{
    ConnectionStateRecovery, ConnectionStateRecoveryBuilder, IntoConnectionStateRecovery, SessionRecovery,
};
pub use regex_lite::Regex;
pub use remote::RemoteSocket;
pub use reply::{Outcome, Reply, ReplyStream, WsResponse};
pub use request_scope::{FromClient, RequestScoped};
pub use room::{IntoRooms, Room};
pub use server::{ConnectError, Namespace, Server, WeakServer};
pub use socket::Socket;
pub use socket_limits::{DEFAULT_MAX_ROOMS, SocketLimits};
pub use target::Target;
