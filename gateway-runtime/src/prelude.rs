//! Everything that a gateway needs: `use gateway_runtime::prelude::*;`.

pub use std::sync::Arc;

pub use gateway_core::container::{
    BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy, OnModuleInit,
    Provider,
};
pub use gateway_core::{
    Ack, AckError, Args, ArgumentMetadata, Arguments, BaseWsExceptionFilter, Binary, BroadcastOperator,
    CanActivate, ConnectError, CorsOrigin, Data, DefaultValuePipe, DisconnectReason, Emitted,
    ExceptionFilter, ExecutionContext, FilterResult, FromClient, FromExecutionContext, Gateway, GuardResult,
    HandlerError, Handshake, HookError, HookResult, Incoming, Interceptor, ListenerResult, Namespace,
    NamespacePattern, Next, OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit, OneOf, PacketRate,
    ParseArrayPipe, ParseBoolPipe, ParseEnumPipe, ParseFloatPipe, ParseIntPipe, ParseUuidPipe, Parser,
    PipeTransform, Reflector, Regex, RemoteSocket, Reply, ReplyResult, RequestScoped, ServeClient, Server,
    Socket, WsException, WsResponse,
};
#[cfg(feature = "validator")]
pub use gateway_core::{ValidationError, ValidationPipe};
pub use gateway_macros::*;

pub use crate::app::{
    AppHandle, GatewayApp, GatewayError, Injected, IoAdapter, ListenAddr, ShutdownOptions, WebSocketAdapter,
    WsAdapter,
};
#[cfg(feature = "jwt")]
pub use crate::jwt::{
    CurrentUser, JwtOptions, JwtService, JwtSignOptions, JwtVerifyOptions, WsJwtError, WsJwtGuard,
};
#[cfg(feature = "tls")]
pub use crate::net::TlsOptions;
pub use crate::net::{ConnectionOptions, TrustProxy};
pub use crate::throttler::{SKIP_THROTTLE, THROTTLE, Throttler, ThrottlerException, ThrottlerGuard};
pub use crate::ws::{WsFrame, WsMessage};
