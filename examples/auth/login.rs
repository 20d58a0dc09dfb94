//! `POST /login`: a token for a name and its password.
//!
//! NestJS: the `AuthController` and `AuthService` of its chapter on authentication. It must never know of
//! sockets.

use std::time::Duration;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};

use crate::claims::NewClaims;
use crate::users::UsersService;

/// How long a token is good for, in seconds, and the most that may be asked for.
const DEFAULT_LIFE: u64 = 3600;
const MAX_LIFE: u64 = 24 * 3600;

#[derive(Debug, Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

/// `?expires_in=5` shows what happens when a token expires; an app of yours would not let clients choose.
#[derive(Debug, Default, Deserialize)]
struct Life {
    expires_in: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Token {
    token: String,
}

/// The same `{code, message}` that the gateway's errors have.
#[derive(Debug, PartialEq, Serialize)]
struct Refusal {
    code: &'static str,
    message: &'static str,
}

type Refused = (StatusCode, Json<Refusal>);

fn refused(status: StatusCode, code: &'static str, message: &'static str) -> Refused {
    (status, Json(Refusal { code, message }))
}

/// The routes of this controller.
pub(crate) fn router() -> Router {
    Router::new().route("/login", post(log_in))
}

async fn log_in(
    Injected(users): Injected<UsersService>,
    Injected(jwt): Injected<JwtService>,
    Query(Life { expires_in }): Query<Life>,
    Json(Credentials { name, password }): Json<Credentials>,
) -> Result<Json<Token>, Refused> {
    let life = expires_in.unwrap_or(DEFAULT_LIFE);
    if !(1..=MAX_LIFE).contains(&life) {
        return Err(refused(StatusCode::BAD_REQUEST, "BAD_LIFE", "expires_in is from 1 to 86400 seconds"));
    }
    let user = users.log_in(&name, &password);
    let user = user
        .ok_or_else(|| refused(StatusCode::UNAUTHORIZED, "WRONG_CREDENTIALS", "Name or password is wrong"))?;
    let claims = NewClaims { sub: user.id, role: user.role };
    let options = JwtSignOptions::new().expires_in(Duration::from_secs(life));
    let token = jwt.sign_with(&claims, &options).map_err(|error| {
        tracing::error!("no token was signed: {error}");
        refused(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Internal server error")
    })?;
    Ok(Json(Token { token }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claims;

    async fn log_in_as(
        jwt: &JwtService,
        name: &str,
        password: &str,
        life: Option<u64>,
    ) -> Result<String, Refused> {
        let credentials = Credentials { name: name.into(), password: password.into() };
        let (users, jwt) = (Injected(Arc::default()), Injected(Arc::new(jwt.clone())));
        let Json(Token { token }) =
            log_in(users, jwt, Query(Life { expires_in: life }), Json(credentials)).await?;
        Ok(token)
    }

    #[tokio::test]
    async fn a_token_says_who_and_for_how_long() {
        let jwt = JwtService::new(JwtOptions::new().secret("a secret for the tests of this file")).unwrap();
        let expiry = async |life| {
            let token = log_in_as(&jwt, "ann", "ann-secret", life).await.unwrap();
            let claims: Claims = jwt.verify(&token).unwrap();
            assert_eq!((claims.sub.as_str(), claims.role.as_str()), ("ann", "admin"));
            claims.exp
        };
        assert!(expiry(Some(5)).await < expiry(None).await);
    }

    #[tokio::test]
    async fn wrong_credentials_and_lives_are_refused() {
        let jwt = JwtService::new(JwtOptions::new().secret("a secret for the tests of this file")).unwrap();
        let (status, Json(refusal)) = log_in_as(&jwt, "ann", "guessed", None).await.unwrap_err();
        assert_eq!((status, refusal.code), (StatusCode::UNAUTHORIZED, "WRONG_CREDENTIALS"));
        for life in [0, MAX_LIFE + 1] {
            let (status, _) = log_in_as(&jwt, "ann", "ann-secret", Some(life)).await.unwrap_err();
            assert_eq!(status, StatusCode::BAD_REQUEST);
        }
    }
}
