//! Providers in HTTP handlers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use gateway_core::container::Container;
use http::StatusCode;
use http::request::Parts;

/// A provider as a parameter of an axum handler: a gateway, a service, a `dyn Trait`.
///
/// It works in routers that were given to `with_router`, and in any other under
/// [`AppHandle::layer`](super::AppHandle::layer).
///
/// ```
/// use axum::Json;
/// use gateway_runtime::prelude::*;
///
/// #[web_socket_gateway]
/// struct NotificationsGateway {
///     #[web_socket_server]
///     server: Server,
/// }
///
/// async fn create_comment(Injected(gateway): Injected<NotificationsGateway>, Json(text): Json<String>) {
///     gateway.server.to("authors").emit("comment", text);
/// }
/// # let _: axum::Router = axum::Router::new().route("/comments", axum::routing::post(create_comment));
/// ```
#[derive(Debug)]
pub struct Injected<T: ?Sized>(pub Arc<T>);

impl<S, T> FromRequestParts<S> for Injected<T>
where
    S: Send + Sync,
    T: ?Sized + Send + Sync + 'static,
{
    type Rejection = InjectedRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, InjectedRejection> {
        let type_name = std::any::type_name::<T>();
        let container = parts.extensions.get::<Container>().ok_or(InjectedRejection::NoApp { type_name })?;
        container.resolve::<T>().map(Self).map_err(|error| {
            tracing::error!(route = parts.uri.path(), "{error}");
            InjectedRejection::NotProvided { type_name }
        })
    }
}

/// Why a handler did not get its provider: a mistake in the program, answered with status 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InjectedRejection {
    /// The router is not part of the application.
    #[error(
        "Injected<{type_name}>: add the route with `with_router`, or put `app.handle().layer()` on its router"
    )]
    NoApp {
        /// The provider's type.
        type_name: &'static str,
    },
    /// Nothing provides the type.
    #[error("Injected<{type_name}>: nothing provides it")]
    NotProvided {
        /// The provider's type.
        type_name: &'static str,
    },
}

impl IntoResponse for InjectedRejection {
    fn into_response(self) -> Response {
        tracing::error!("{self}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
