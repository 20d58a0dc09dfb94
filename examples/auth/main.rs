//! Run with: `cargo run --bin auth`, then open <http://127.0.0.1:3000> in two windows
//!
//! Who may connect, and who may do what. `POST /login` (`login.rs`) gives out tokens; the gateway
//! (`auth_gateway.rs`) lets only clients with one in, asks `roles_guard.rs` who may do what, checks bodies by
//! the rules of their types, and answers errors as `error_filter.rs` has it. The page is `public/index.html`.
//!
//! NestJS has no guards on connections: there a project writes a middleware, or an `IoAdapter` of its own,
//! beside its `WsAuthGuard`.

mod auth_gateway;
mod claims;
mod error_filter;
mod login;
mod roles_guard;
mod users;

use std::env;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use gateway_runtime::prelude::*;

use crate::claims::Claims;

/// How long the secret is that is made up if `JWT_SECRET` gives none, in bytes.
const SECRET_BYTES: usize = 32;

/// `use_jwt::<Claims>(options)` on the builder would provide service and guard in one line; the guard here
/// has an option of its own.
#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let app = GatewayApp::builder()
        .provide_factory(|_| Ok(JwtService::new(JwtOptions::new().secret(secret()?))?))
        .provide_factory(|resolver| {
            let jwt = resolver.resolve::<JwtService>()?;
            Ok(WsJwtGuard::<Claims>::new(JwtService::clone(&jwt)).disconnect_on_expiry(true))
        })
        .create()
        .await?
        .with_router(login::router().merge(Router::new().route("/", get(page))));
    gateway_examples::listen(app).await
}

async fn page() -> Html<&'static str> {
    Html(include_str!("public/index.html"))
}

/// What tokens are signed with: `JWT_SECRET`, or a random one that ends with the process, and all tokens with
/// it. A secret that stands in the source is known to everybody.
fn secret() -> Result<Vec<u8>, HookError> {
    if let Ok(secret) = env::var("JWT_SECRET") {
        return Ok(secret.into_bytes());
    }
    tracing::info!(
        "JWT_SECRET is not set: tokens are signed with a random secret, and end with this process"
    );
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(secret.to_vec())
}
