//! A whole application in one `#[tokio::test]`: gateways, providers, guards, the engine and the clients,
//! without a port and without JavaScript (NestJS's `@nestjs/testing`, with the clients included).
//!
//! It is behind the feature `testing`, which belongs among the dev-dependencies:
//!
//! ```toml
//! [dev-dependencies]
//! gateway-runtime = { version = "…", features = ["testing"] }
//! ```
//!
//! [`TestingApp`] starts the real application; [`override_provider`](TestingAppBuilder::override_provider),
//! [`override_guard`](TestingAppBuilder::override_guard) and their kin put test doubles in the place of
//! what is not tested. A [`TestClient`] is a Socket.IO client, a [`TestWsClient`] a bare WebSocket. Both are
//! connected over a stream in memory, so that handshake, upgrade, packets and heartbeat are those of
//! production.
//!
//! ```
//! use std::sync::Arc;
//!
//! use gateway_runtime::prelude::*;
//! use gateway_runtime::testing::{TestError, TestingApp};
//! use serde_json::json;
//!
//! trait History: Send + Sync {
//!     fn last(&self, room: &str) -> Option<String>;
//! }
//!
//! #[web_socket_gateway(namespace = "chats")]
//! struct ChatsGateway {
//!     #[web_socket_server]
//!     server: Server,
//!     #[inject]
//!     history: Arc<dyn History>,
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
//!     ) -> Option<String> {
//!         client.join(&room_id);
//!         self.server.to(&room_id).emit("roomMessage", format!("{user_name} has joined room {room_id}"));
//!         self.history.last(&room_id)
//!     }
//! }
//!
//! struct OneMessage;
//!
//! impl History for OneMessage {
//!     fn last(&self, _room: &str) -> Option<String> {
//!         Some("see you tomorrow".to_owned())
//!     }
//! }
//!
//! // #[tokio::test]
//! async fn who_joins_is_seen_by_the_room() -> Result<(), TestError> {
//!     let app = TestingApp::builder()
//!         .only::<ChatsGateway>()
//!         .override_provider_arc::<dyn History>(Arc::new(OneMessage))
//!         .create()
//!         .await
//!         .expect("the application starts");
//!
//!     let ann = app.connect("/chats").await?;
//!     let bob = app.connect("/chats").await?;
//!     let join = |name| json!({ "roomId": "general", "userName": name });
//!
//!     let last: String = ann.emit_with_ack("joinRoom", join("Ann")).await?;
//!     assert_eq!(last, "see you tomorrow");
//!     bob.no_more_events().await?; // not in the room yet
//!
//!     bob.emit("joinRoom", join("Bob")).await?;
//!     assert_eq!(ann.next::<String>("roomMessage").await?, "Ann has joined room general");
//!     assert_eq!(ann.next::<String>("roomMessage").await?, "Bob has joined room general");
//!
//!     app.close().await;
//!     assert_eq!(ann.closed().await?, "transport close");
//!     Ok(())
//! }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
//! #     .block_on(who_joins_is_seen_by_the_room()).unwrap();
//! ```
//!
//! Nothing in here sleeps: what is awaited comes, or the time limit (default 5 s) ends the test with an
//! error that says what was awaited and what came instead. Under `#[tokio::test(start_paused = true)]`
//! time passes only when nothing else can happen, so that heartbeats and timeouts are tested at once.
//!
//! This module must never know a gateway's internals: it is a client, and an application like any other.

mod app;
mod builder;
mod client;
mod connect;
mod error;
mod event;
mod inbox;
mod network;
mod polling;
mod session;
mod transport;
mod websocket;
mod ws_client;

pub use app::TestingApp;
pub use builder::{DEFAULT_TIMEOUT, TestingAppBuilder};
pub use client::TestClient;
pub use connect::TestClientBuilder;
pub use error::{Instead, TestError};
pub use event::TestEvent;
pub use ws_client::{TestClose, TestFrame, TestWsClient};
