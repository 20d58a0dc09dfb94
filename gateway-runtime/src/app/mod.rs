//! The application: gateways that are linked in, put together and served.

mod adapters;
mod builder;
mod client_files;
mod cors;
mod error;
mod extract;
mod handle;
#[cfg(feature = "testing")]
mod in_process;
mod listen_addr;
mod listener;
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
#[cfg(feature = "testing")]
pub(crate) use in_process::InProcessApp;
pub use listen_addr::ListenAddr;
#[cfg(feature = "testing")]
pub(crate) use listener::connection;
pub use running::RunningApp;
pub use shutdown::ShutdownOptions;
