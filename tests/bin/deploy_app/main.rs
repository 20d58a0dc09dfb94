//! An app as it is deployed: behind proxies, with TLS, limits, health paths and a drain, all by the environment.
//!
//! `PORT=3000 INSTANCE=a TRUST_PROXY=1 DRAIN=5000 cargo run --bin deploy-app`; also `UNIX_SOCKET` (instead of a port),
//! `TLS_CERT` and `TLS_KEY`, `MAX_CONNECTIONS`, `ADAPTER`. Used by `tests/integration/deploy`, `scripts/nginx.sh` and
//! `scripts/sizing.sh`.

use std::env;
use std::str::FromStr;

use gateway_runtime::prelude::*;
use gateway_runtime::{ConnectionOptions, TlsOptions, TrustProxy};
use serde_json::{Value, json};

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    let Ok(value) = text.parse() else { panic!("{name} is {text:?}") };
    Some(value)
}

/// Tells clients what the server knows of them.
#[web_socket_gateway]
struct MirrorGateway;

#[subscribe_messages]
impl MirrorGateway {
    #[subscribe_message("whoami")]
    fn whoami(#[connected_socket] client: Socket) -> Value {
        let handshake = client.handshake();
        json!({
            "instance": env::var("INSTANCE").ok(),
            "address": handshake.address().map(|address| address.ip().to_string()),
            "secure": handshake.secure(),
        })
    }

    #[subscribe_message("echo")]
    fn echo(#[message_body] body: Value) -> WsResponse<Value> {
        WsResponse::new("echo", body)
    }
}

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let mut connections = ConnectionOptions::new();
    if let Some(max) = variable("MAX_CONNECTIONS") {
        connections = connections.max_connections(max);
    }
    let shutdown = ShutdownOptions::new().window(200).drain(variable::<u32>("DRAIN").unwrap_or_default());
    let mut builder = GatewayApp::builder()
        .only::<MirrorGateway>()
        .use_web_socket_adapter(gateway_examples::web_socket_adapter())
        .connection_options(connections)
        .shutdown_options(shutdown)
        .health_path("/healthz")
        .ready_path("/readyz");
    if let Some(proxies) = variable::<String>("TRUST_PROXY") {
        builder = builder.trust_proxy(match proxies.parse::<usize>() {
            Ok(hops) => TrustProxy::from(hops),
            Err(_) => TrustProxy::from(proxies),
        });
    }
    if let Some((certificate, key)) = variable::<String>("TLS_CERT").zip(variable::<String>("TLS_KEY")) {
        builder = builder.tls(TlsOptions::from_pem_files(certificate, key).reload_interval(0));
    }
    let app = builder.create().await?;
    #[cfg(unix)]
    if let Some(path) = variable::<String>("UNIX_SOCKET") {
        let running = app.start(ListenAddr::unix(path).mode(0o666)).await?;
        println!("listening on 0");
        running.wait().await;
        return Ok(());
    }
    gateway_examples::listen(app).await
}
