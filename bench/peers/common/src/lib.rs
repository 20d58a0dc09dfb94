//! What the Rust peers share, so that they differ in nothing else: the bodies of messages, the runtime, the address.
//!
//! It must never know which server a peer is.

use std::env;
use std::error::Error;
use std::future::Future;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::runtime;

/// The body of `push`, `echo` and `cast`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Message {
    /// Which one it is.
    pub id: u64,
    /// Who says it.
    pub user: String,
    /// As long as the workload wants it.
    pub text: String,
}

/// The body of `room`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomMessage {
    /// Where it goes.
    pub room: String,
    /// Which one it is.
    pub id: u64,
    /// As long as the workload wants it.
    pub text: String,
}

/// The body of `joinRoom`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinRoom {
    /// Which room.
    pub room_id: String,
    /// Who joins it.
    pub user_name: String,
}

/// The body of `sendMessage`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    /// Where it goes.
    pub room_id: String,
    /// Who says it.
    pub user_name: String,
    /// What.
    pub message: String,
}

/// What a peer's `main` returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Runs a server on a tokio runtime with as many worker threads as `WORKERS` says (1 without it).
///
/// The server is spawned, so that it runs on a worker as the connections do, and not on the thread that waits for it.
///
/// # Errors
/// What the server returns, and a runtime that does not start.
pub fn run<F>(server: F) -> Outcome
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let workers = env::var("WORKERS").ok().map_or(Ok(1), |text| text.parse())?;
    let runtime = runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    runtime.block_on(async { tokio::spawn(server).await? })
}

/// Every address of the machine, and the port in `PORT`.
///
/// # Errors
/// If `PORT` is missing or no port.
pub fn address() -> Result<SocketAddr, Box<dyn Error + Send + Sync>> {
    let port = env::var("PORT").map_err(|_| "PORT is not set")?.parse()?;
    Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
}

/// The address of Redis, from `REDIS_URL`.
///
/// # Errors
/// If it is missing.
pub fn redis_url() -> Result<String, Box<dyn Error + Send + Sync>> {
    env::var("REDIS_URL").map_err(|_| "REDIS_URL is not set".into())
}

/// A listener on [`address`] that accepts from now on, which `READY` on stdout says.
///
/// # Errors
/// If the address is not free.
pub async fn listener() -> Result<TcpListener, Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind(address()?).await?;
    ready()?;
    Ok(listener)
}

/// Prints `READY`, for a server that binds its address itself.
///
/// # Errors
/// If stdout is closed.
pub fn ready() -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(b"READY\n")?;
    out.flush()
}
