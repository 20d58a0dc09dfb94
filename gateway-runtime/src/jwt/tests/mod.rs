//! Tokens that must be refused, tokens that must not, and clients that come with either.
//!
//! The keys in `keys` were made for these tests (`openssl genpkey`) and protect nothing.

mod clients;
mod keys;
mod tokens;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::service::since_1970;
use super::{JwtOptions, JwtService, JwtSignOptions};

const SECRET: &str = "a secret of more than thirty-two bytes";
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    sub: String,
}

fn ann() -> Claims {
    Claims { sub: "ann".into() }
}

/// Seconds since 1970, that many from now.
fn in_seconds(seconds: i64) -> i64 {
    i64::try_from(since_1970().as_secs()).expect("a small number") + seconds
}

fn options() -> JwtOptions {
    JwtOptions::new().secret(SECRET).sign_options(JwtSignOptions::new().expires_in(HOUR))
}

fn service() -> JwtService {
    JwtService::new(options()).expect("a service")
}

/// A token with another header or other claims, and the signature of the one that it was made of.
fn tampered(token: &str, part: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut json: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&parts[part]).expect("base64")).expect("json");
    change(&mut json);
    parts[part] = URL_SAFE_NO_PAD.encode(json.to_string());
    parts.join(".")
}

/// A token of a secret with any header and claims, whatever a service would say to them.
fn forged(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let parts = [header, claims].map(|json| URL_SAFE_NO_PAD.encode(json.to_string()));
    let message = parts.join(".");
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    let algorithm = jsonwebtoken::Algorithm::HS256;
    // A service chooses the backend for the process.
    service();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).expect("a signature");
    format!("{message}.{signature}")
}

fn hs256() -> Value {
    json!({ "typ": "JWT", "alg": "HS256" })
}
