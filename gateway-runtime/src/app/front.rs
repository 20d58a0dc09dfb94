//! How an application is reached: TLS, proxies, limits on connections, paths of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;

use super::endpoints::Endpoints;
use super::health::Vitals;
use super::start::PortRouter;
use super::{GatewayAppBuilder, GatewayError, mount};
use crate::net::{self, ConnectionOptions, Connections, Door, Entrance, Site, TrustProxy};
#[cfg(feature = "tls")]
use crate::net::{TlsHandle, TlsOptions};

/// What was chosen.
#[derive(Default)]
pub(super) struct FrontOptions {
    connections: ConnectionOptions,
    trust_proxy: Option<TrustProxy>,
    health_path: Option<String>,
    ready_path: Option<String>,
    #[cfg(feature = "tls")]
    tls: Option<TlsOptions>,
}

impl GatewayAppBuilder {
    /// Limits on connections, and what one may take.
    pub fn connection_options(mut self, options: ConnectionOptions) -> Self {
        self.front.connections = options;
        self
    }

    /// Which proxies are believed about the client's address and protocol (Express's `trust proxy`); default: none.
    pub fn trust_proxy(mut self, proxies: impl Into<TrustProxy>) -> Self {
        self.front.trust_proxy = Some(proxies.into());
        self
    }

    /// How many bytes of buffers for large messages (8 KiB to 2 MiB) the process keeps between messages, for all
    /// applications in it: it holds at once, and the last that was said counts. Default 4 MiB, and zero keeps none.
    /// Without them the pages of each large message are given to the operating system and cleared by it.
    pub fn max_pooled_bytes(self, bytes: usize) -> Self {
        gateway_core::pool::set_max_pooled_bytes(bytes);
        self
    }

    /// Serves TLS on all TCP ports, those of gateways included.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.front.tls = Some(options);
        self
    }

    /// A path on the app's port that answers 200 while the process is alive, also while it drains (a liveness
    /// probe): `{"state":"ready","sessions":3,"connections":4}`. It comes before your routes, and answers over
    /// `max_connections` as well.
    pub fn health_path(mut self, path: impl Into<String>) -> Self {
        self.front.health_path = Some(path.into());
        self
    }

    /// A path on the app's port that answers 200 while new clients are welcome, and 503 from the moment that the
    /// application is told to stop (a readiness probe, a load balancer's check); with the body of
    /// [`health_path`](Self::health_path).
    pub fn ready_path(mut self, path: impl Into<String>) -> Self {
        self.front.ready_path = Some(path.into());
        self
    }
}

/// How an application is reached, checked.
pub(crate) struct Front {
    entrance: Arc<Entrance>,
    endpoints: Endpoints,
    pub(super) vitals: Arc<Vitals>,
}

impl FrontOptions {
    /// Checks the choices and reads the certificate.
    pub(super) fn open(self) -> Result<Front, GatewayError> {
        let mut problems = self.connections.problems();
        problems.extend(self.trust_proxy.iter().flat_map(|trust| trust.problems().iter().cloned()));
        if self.health_path.is_some() && self.health_path == self.ready_path {
            problems.push("health_path and ready_path are the same".to_owned());
        }
        if !problems.is_empty() {
            return Err(GatewayError::ConnectionOptions { problems });
        }
        let mut vitals = Vitals::default();
        vitals.connections = Connections::new(&self.connections);
        #[cfg(feature = "tls")]
        {
            vitals.tls = self.tls.map(TlsHandle::new).transpose()?;
        }
        let vitals = Arc::new(vitals);
        let mut endpoints = Endpoints::default();
        if let Some(path) = &self.health_path {
            endpoints.add_health(path, vitals.clone());
        }
        if let Some(path) = &self.ready_path {
            endpoints.add_readiness(path, vitals.clone());
        }
        let entrance = Entrance { options: self.connections, trust_proxy: self.trust_proxy };
        Ok(Front { entrance: Arc::new(entrance), endpoints, vitals })
    }
}

impl Front {
    /// Prepares the process for connections.
    pub(super) fn prepare(&self) {
        net::open_files::prepare(&self.entrance.options);
    }

    /// What all ports share.
    pub(super) fn door(&self, requests_timeout: Duration) -> Door {
        Door {
            entrance: self.entrance.clone(),
            connections: self.vitals.connections.clone(),
            #[cfg(feature = "tls")]
            tls: self.vitals.tls.clone(),
            requests_timeout,
        }
    }

    /// What is served on a port: paths of the framework's own are on the app's.
    pub(super) fn site(&self, port: PortRouter) -> Site {
        let is_own = port.port.is_none();
        let direct = mount::direct(&port.mounts, |path| is_own && self.endpoints.have(path));
        Site::new(port.router, direct, |behind| if is_own { self.endpoints.in_front(behind) } else { behind })
    }

    /// The same for a router that somebody else serves.
    pub(super) fn mounted(&self, router: Router) -> Router {
        let router = self.endpoints.in_front(router);
        let Some(trust) = self.entrance.trust_proxy.clone() else { return router };
        router.layer(axum::middleware::map_request(move |mut request: axum::extract::Request| {
            net::identify(&trust, &mut request);
            std::future::ready(request)
        }))
    }
}
