//! A handle to an application, for those who do not own it.

use std::sync::Arc;

use axum::Extension;
use gateway_core::container::{Container, ContainerError};
use tokio_util::sync::CancellationToken;

use super::health::{Health, Vitals};

/// Providers of an application, and its stop. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct AppHandle {
    pub(crate) container: Container,
    pub(crate) stop: CancellationToken,
    pub(crate) vitals: Arc<Vitals>,
}

impl AppHandle {
    /// A provider: a service, a gateway, a `dyn Trait` (NestJS's `app.get()`).
    ///
    /// # Errors
    /// Nothing provides it; the error says how to.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, ContainerError> {
        self.container.resolve::<T>()
    }

    /// Stops the application as a signal would: `listen` returns when it is done.
    pub fn shutdown(&self) {
        self.stop.cancel();
    }

    /// How the application is: whether it serves, and how many clients it has.
    pub fn health(&self) -> Health {
        self.vitals.health()
    }

    /// The certificate that is served, to be replaced or read again; `None` without
    /// [`tls`](super::GatewayAppBuilder::tls).
    #[cfg(feature = "tls")]
    pub fn tls(&self) -> Option<&crate::TlsHandle> {
        self.vitals.tls.as_ref()
    }

    /// A layer for axum routers that are not part of the application: with it their handlers can have
    /// [`Injected`](super::Injected) providers.
    pub fn layer(&self) -> Extension<Container> {
        Extension(self.container.clone())
    }
}
