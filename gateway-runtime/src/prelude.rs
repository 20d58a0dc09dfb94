//! Everything that a gateway needs: `use gateway_runtime::prelude::*;`.

pub use std::sync::Arc;

pub use gateway_core::container::{
    BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy, OnModuleInit,
    Provider,
};
pub use gateway_core::{
    Ack, AckError, Args, Arguments, Binary, BroadcastOperator, ConnectError, CorsOrigin, Data,
    DisconnectReason, Emitted, Gateway, Handshake, HookError, HookResult, Namespace, OnGatewayConnection,
    OnGatewayDisconnect, OnGatewayInit, RemoteSocket, ServeClient, Server, Socket, WsException, WsResponse,
};
pub use gateway_macros::*;

pub use crate::app::{
    AppHandle, GatewayApp, GatewayError, Injected, IoAdapter, ShutdownOptions, WebSocketAdapter, WsAdapter,
};
pub use crate::ws::{WsFrame, WsMessage};
