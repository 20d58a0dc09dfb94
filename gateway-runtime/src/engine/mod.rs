//! The engine layer: sessions over Engine.IO 4, on request 3 (long-polling, WebSocket, the upgrade
//! between them), and over bare WebSocket connections.
//!
//! It moves messages between one client and one [`Connection`], keeps the heartbeat, bounds every
//! buffer and answers the HTTP requests below its path. It must never know Socket.IO packets,
//! namespaces, rooms or gateways: what is served over a session is seen only through [`Application`]
//! and [`Connection`].

mod application;
mod close_reason;
#[cfg(feature = "deflate")]
mod compression;
#[cfg(not(feature = "deflate"))]
#[path = "without_compression.rs"]
mod compression;
mod config;
mod cookie;
mod direct;
mod handshake;
mod hooks;
mod id;
mod jsonp;
mod link;
mod metrics;
mod outbox;
pub(crate) mod packet;
mod plain;
mod post;
mod registry;
mod request;
mod response;
pub(crate) mod revision_3;
mod server;
mod session;
mod transport;

#[cfg(test)]
mod tests;

pub(crate) use application::{Application, Connection};
pub(crate) use close_reason::CloseReason;
#[cfg(feature = "deflate")]
pub(crate) use compression::Effort;
pub(crate) use compression::HttpCompression;
pub(crate) use config::{
    AllowRequest, CheckOrigin, EngineConfig, PlainConfig, Refusal, Revision, SessionLimits, TransportName,
    Transports,
};
pub(crate) use cookie::{CookieOptions, SameSite};
pub(crate) use direct::SessionRequest;
pub(crate) use handshake::{HandshakeRequest, SecureConnection};
pub(crate) use hooks::{ChangeHeaders, EngineHooks};
pub(crate) use id::generate as generate_id;
pub(crate) use link::SessionLink;
pub(crate) use plain::PlainEngine;
pub(crate) use server::Engine;
pub(crate) use transport::DeflateOptions;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use transport::fuzzing;
#[cfg(feature = "measuring")]
pub(crate) use transport::measuring;
