//! NestJS WebSocket gateways in Rust: the same attributes, the same wire, on axum.
//!
//! ```no_run
//! use gateway_runtime::prelude::*;
//!
//! #[web_socket_gateway(namespace = "chats")]
//! pub struct ChatsGateway {
//!     #[web_socket_server]
//!     server: Server,
//! }
//!
//! #[subscribe_messages]
//! impl ChatsGateway {
//!     #[subscribe_message("joinRoom")]
//!     fn handle_join_room(
//!         &self,
//!         #[message_body("roomId")] room_id: String,
//!         #[message_body("userName")] user_name: String,
//!         #[connected_socket] client: Socket,
//!     ) -> String {
//!         client.join(&room_id);
//!         self.server.to(&room_id).emit("roomMessage", format!("{user_name} has joined room {room_id}"));
//!         format!("Joined room {room_id}")
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), GatewayError> {
//!     GatewayApp::create().await?.listen(3000).await
//! }
//! ```
//!
//! The layers, each of which knows only those below it: `engine` (Engine.IO sessions and transports), `socketio`
//! and `ws` (the two protocols), `dispatch` (from events to handlers and back), `app`. What handlers
//! and macros speak of is in `gateway-core`, which this crate re-exports.

#[cfg(feature = "redis")]
mod adapters;
mod app;
mod client;
mod dispatch;
mod engine;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod js_date;
#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "measuring")]
#[doc(hidden)]
pub mod measuring;
mod msgpack;
mod net;
pub mod prelude;
#[cfg(test)]
mod properties;
mod socketio;
#[cfg(feature = "testing")]
pub mod testing;
mod throttler;
mod ws;

#[doc(hidden)]
pub use gateway_core::private as __private;

#[cfg(feature = "redis")]
#[doc(inline)]
pub use adapters::redis::{
    RedisAdapter, RedisAdapterBuilder, RedisAdapterStats, RedisBroadcastOperator, RedisConnectError,
    RedisEmitter, RedisEmitterBuilder, RedisStreamsAdapter, RedisStreamsAdapterBuilder, ShardedRedisAdapter,
    ShardedRedisAdapterBuilder, SubscriptionMode,
};
#[doc(inline)]
pub use app::{
    AppHandle, GatewayApp, GatewayAppBuilder, GatewayError, Health, HealthState, Injected, InjectedRejection,
    IoAdapter, ListenAddr, RunningApp, ShutdownOptions, WebSocketAdapter, WsAdapter,
};
#[doc(inline)]
pub use gateway_core::*;
#[doc(inline)]
pub use gateway_macros::*;
#[cfg(feature = "jwt")]
#[doc(inline)]
pub use jwt::{
    CurrentUser, DEFAULT_DATA_KEY, DEFAULT_MAX_TOKEN_BYTES, JwtAlgorithm, JwtError, JwtKey, JwtOptions,
    JwtService, JwtSignOptions, JwtVerifyOptions, MAX_LEEWAY, TokenSource, WsJwtError, WsJwtGuard,
};
#[doc(inline)]
pub use net::{ConnectionOptions, TrustProxy};
#[cfg(feature = "tls")]
#[doc(inline)]
pub use net::{TlsError, TlsHandle, TlsOptions};
#[doc(inline)]
pub use throttler::{
    DEFAULT_MAX_TRACKERS, SKIP_THROTTLE, THROTTLE, THROTTLER_MESSAGE, Throttler, ThrottlerException,
    ThrottlerGuard,
};
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
#[doc(inline)]
pub use ws::{MessageParser, WsFrame, WsMessage};

/// The code blocks of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Those of the guide to porting.
#[cfg(doctest)]
#[doc = include_str!("../../docs/porting.md")]
struct Porting;

/// Those of the guide to testing.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
struct Testing;

/// Those of the guide to deploying.
#[cfg(doctest)]
#[doc = include_str!("../../docs/deploying.md")]
struct Deploying;

/// Those of the guide to scaling.
#[cfg(all(doctest, feature = "redis"))]
#[doc = include_str!("../../docs/scaling.md")]
struct Scaling;

/// Those of the guide to whole applications in tests.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../../docs/testing-app.md")]
struct TestingApps;

/// Those of the page on metrics and spans.
#[cfg(all(doctest, feature = "prometheus"))]
#[doc = include_str!("../../docs/observability.md")]
struct Observability;

/// Those of the guide to migrating.
#[cfg(all(doctest, feature = "jwt", feature = "redis", feature = "testing"))]
#[doc = include_str!("../../docs/migrating-from-nestjs.md")]
struct Migrating;
