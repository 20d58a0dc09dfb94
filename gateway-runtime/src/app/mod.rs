//! The application: gateways that are linked in, put together and served.

mod adapter_services;
mod adapters;
mod builder;
mod client_files;
#[cfg(feature = "deflate")]
mod compression;
#[cfg(not(feature = "deflate"))]
#[path = "without_compression.rs"]
mod compression;
mod cors;
mod endpoints;
mod engine_hooks;
mod error;
mod extract;
mod front;
mod handle;
mod health;
#[cfg(feature = "testing")]
mod in_process;
mod listen_addr;
mod mount;
#[cfg(feature = "prometheus")]
mod prometheus;
mod running;
mod servers;
mod shutdown;
mod start;

pub use adapters::{IoAdapter, WebSocketAdapter, WsAdapter};
pub use builder::{GatewayApp, GatewayAppBuilder};
pub use error::GatewayError;
pub use extract::{Injected, InjectedRejection};
pub use handle::AppHandle;
pub use health::{Health, HealthState};
#[cfg(feature = "testing")]
pub(crate) use in_process::InProcessApp;
pub use listen_addr::ListenAddr;
pub use running::RunningApp;
pub use shutdown::ShutdownOptions;
