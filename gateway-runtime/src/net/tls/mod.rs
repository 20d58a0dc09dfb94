//! TLS in front of HTTP: certificates, their reload, the handshake.
//!
//! It must never print a key, nor know what is said over a connection.

mod error;
mod handle;
mod options;
mod pem;
mod watch;

pub use error::TlsError;
pub use handle::TlsHandle;
pub use options::TlsOptions;
pub(crate) use watch::watch;
