//! What the example apps share: their log, and what the environment says about port, host and adapter.
//!
//! An app of your own needs none of it: `app.listen(3000).await` is enough. This file must never know
//! what an example is about.

use std::env;
use std::fmt::Display;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process;

use gateway_runtime::prelude::*;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const DEFAULT_PORT: u16 = 3000;
const DEFAULT_HOST: &str = "127.0.0.1";

/// Exit code for an environment that makes no sense.
const USAGE: i32 = 2;

/// Prints the log to stderr, from INFO on; `RUST_LOG` says otherwise.
pub fn init_log() {
    let levels = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(levels)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// The port in `PORT`, 3000 without it. 0 lets the operating system choose one.
///
/// Ends the process if `PORT` is no port.
pub fn port() -> u16 {
    or_exit(parse_port(env::var("PORT").ok().as_deref()))
}

fn parse_port(text: Option<&str>) -> Result<u16, String> {
    let Some(text) = text else { return Ok(DEFAULT_PORT) };
    text.parse().map_err(|_| format!("PORT is {text:?}, expected a number from 0 to 65535"))
}

/// The adapter in `ADAPTER`: `io` (Socket.IO, the default) or `ws` (plain WebSocket).
///
/// Ends the process if `ADAPTER` is neither.
pub fn web_socket_adapter() -> WebSocketAdapter {
    or_exit(parse_adapter(env::var("ADAPTER").ok().as_deref()))
}

fn parse_adapter(name: Option<&str>) -> Result<WebSocketAdapter, String> {
    match name {
        None | Some("io") => Ok(IoAdapter::new().into()),
        Some("ws") => Ok(WsAdapter::new().into()),
        Some(other) => Err(format!("ADAPTER is {other:?}, expected \"io\" or \"ws\"")),
    }
}

fn or_exit<T>(value: Result<T, impl Display>) -> T {
    value.unwrap_or_else(|problem| {
        eprintln!("{problem}");
        process::exit(USAGE)
    })
}

/// `app.listen(port)` on `HOST` (127.0.0.1 without it) and `PORT`, which also prints the port on stdout, in
/// a line of its own, for programs that start the example with `PORT=0`.
///
/// # Errors
/// See [`GatewayApp::listen`].
pub async fn listen(app: GatewayApp) -> Result<(), GatewayError> {
    let host = env::var("HOST").unwrap_or_else(|_| DEFAULT_HOST.to_owned());
    let running = app.start((host.as_str(), port())).await?;
    println!("listening on {}", running.local_addr().port());
    running.wait().await;
    Ok(())
}

/// Where the page's Socket.IO client comes from: an installed `socket.io-client` package (`SOCKET_IO_CLIENT`
/// names its folder), else the public CDN, so that the example runs from a fresh clone. The log says which.
pub fn socket_io_client() -> ServeClient {
    let named = env::var_os("SOCKET_IO_CLIENT").map(PathBuf::from);
    let here = PathBuf::from("node_modules/socket.io-client");
    let of_the_tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/js/node_modules/socket.io-client");
    let installed = || [PathBuf::from(of_the_tests), here.clone()].into_iter().find(|folder| folder.is_dir());
    ServeClient::folder(named.or_else(installed).unwrap_or_else(|| here.clone())).or_cdn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        assert_eq!(parse_port(None), Ok(3000));
        assert_eq!(parse_port(Some("0")), Ok(0));
        assert_eq!(parse_port(Some("8080")), Ok(8080));
        for no_port in ["", "65536", "-1", "http"] {
            let problem = parse_port(Some(no_port)).unwrap_err();
            assert!(problem.contains(&format!("{no_port:?}")), "{problem}");
        }
    }

    #[test]
    fn adapters() {
        assert!(matches!(parse_adapter(None), Ok(WebSocketAdapter::Io(_))));
        assert!(matches!(parse_adapter(Some("io")), Ok(WebSocketAdapter::Io(_))));
        assert!(matches!(parse_adapter(Some("ws")), Ok(WebSocketAdapter::Ws(_))));
        assert!(parse_adapter(Some("redis")).unwrap_err().contains("\"redis\""));
    }
}
