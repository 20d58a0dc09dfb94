//! Run with: `PORT=3000 cargo run`
//!
//! `examples/chat`, written by hand on socketioxide.

mod chats;

use std::env;
use std::error::Error;

use axum::Router;
use axum::response::{Html, Redirect};
use axum::routing::get;
use socketioxide::SocketIo;
use tokio::net::TcpListener;
use tower_http::cors::CorsLayer;
use tracing_subscriber::EnvFilter;

/// The page asks for the client at Socket.IO's own path, which is not behind its layer here.
const CLIENT: &str = "https://cdn.socket.io/4.8.4/socket.io.min.js";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).init();
    let port: u16 = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let (layer, io) = SocketIo::new_layer();
    io.ns("/chats", chats::on_connect);
    let app = Router::new()
        .route("/", get(page))
        .layer(layer)
        .layer(CorsLayer::permissive())
        .route("/socket.io/socket.io.js", get(async || Redirect::temporary(CLIENT)));
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    println!("listening on {}", listener.local_addr()?.port());
    let stop = async {
        tokio::signal::ctrl_c().await.ok();
    };
    Ok(axum::serve(listener, app).with_graceful_shutdown(stop).await?)
}

async fn page() -> Html<&'static str> {
    Html(include_str!("../../../../examples/chat/public/index.html"))
}
