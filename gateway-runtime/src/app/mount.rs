//! Where servers sit in a listener's HTTP traffic: in front of the user's routes, as Socket.IO does
//! when it attaches to an HTTP server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::{Adapter, Cors};
use http::{HeaderMap, header};
use tower::ServiceExt;

use super::client_files::ClientFiles;
use super::cors;
use super::engine_hooks::{AddLayer, with_layers};
use crate::engine::{Application, CloseReason, Engine, PlainEngine};
use crate::socketio::SocketIoServer;
use crate::ws::WsServer;

/// A running engine, whatever it speaks.
pub(crate) trait Served: Send + Sync {
    /// How many sessions it has.
    fn sessions(&self) -> usize;
    /// Refuses new sessions.
    fn stop(&self);
    /// Closes all sessions, spread over a window, and waits until they are gone.
    fn close(&self, window: Duration) -> BoxFuture<'_, ()>;
}

/// A server whose namespaces have adapters.
pub(crate) trait Adapters: Send + Sync {
    /// Those of all its namespaces.
    fn adapters(&self) -> Vec<Arc<dyn Adapter>>;
}

impl Adapters for SocketIoServer {
    fn adapters(&self) -> Vec<Arc<dyn Adapter>> {
        SocketIoServer::adapters(self)
    }
}

impl Adapters for WsServer {
    fn adapters(&self) -> Vec<Arc<dyn Adapter>> {
        vec![self.server().adapter().clone()]
    }
}

impl<A: Application> Served for Engine<A> {
    fn sessions(&self) -> usize {
        Engine::sessions(self)
    }

    fn stop(&self) {
        Engine::stop(self);
    }

    fn close(&self, window: Duration) -> BoxFuture<'_, ()> {
        async move {
            self.close_all(CloseReason::ServerShuttingDown, window).await;
            self.wait_idle().await;
        }
        .boxed()
    }
}

impl<A: Application> Served for PlainEngine<A> {
    fn sessions(&self) -> usize {
        PlainEngine::sessions(self)
    }

    fn stop(&self) {
        PlainEngine::stop(self);
    }

    fn close(&self, window: Duration) -> BoxFuture<'_, ()> {
        async move {
            self.close_all(CloseReason::ServerShuttingDown, window).await;
            self.wait_idle().await;
        }
        .boxed()
    }
}

/// One server on a path.
#[derive(Clone)]
pub(crate) struct Mount {
    path: String,
    place: Place,
    router: Router,
}

#[derive(Clone)]
enum Place {
    /// Everything below the path; `itself` as well if it has no trailing slash.
    Below { itself: bool, files: Option<Arc<ClientFiles>> },
    /// WebSocket requests to exactly this path; others are the user's.
    UpgradesAt,
}

impl Mount {
    /// A Socket.IO server, and its browser client.
    pub(crate) fn socket_io<A: Application>(
        path: &str,
        add_trailing_slash: bool,
        engine: Arc<Engine<A>>,
        layers: &[AddLayer],
        cors: Option<&Cors>,
        files: Option<ClientFiles>,
    ) -> Self {
        let handle = move |request: Request| engine.clone().handle(request);
        let mut router = with_layers(Router::new().fallback(any(handle)), layers);
        if let Some(rules) = cors {
            router = router.layer(cors::layer(rules));
        }
        let path = path.trim_end_matches('/').to_owned();
        Self { path, place: Place::Below { itself: !add_trailing_slash, files: files.map(Arc::new) }, router }
    }

    /// A plain WebSocket server.
    pub(crate) fn plain<A: Application>(path: &str, engine: Arc<PlainEngine<A>>) -> Self {
        let handle = move |request: Request| engine.clone().handle(request);
        let router = Router::new().fallback(any(handle));
        Self { path: normalized(path).to_owned(), place: Place::UpgradesAt, router }
    }

    fn is_for(&self, request: &Request) -> bool {
        let path = request.uri().path();
        match &self.place {
            Place::Below { itself, .. } => path
                .strip_prefix(&*self.path)
                .is_some_and(|rest| rest.starts_with('/') || (*itself && rest.is_empty())),
            Place::UpgradesAt => normalized(path) == self.path && is_upgrade(request.headers()),
        }
    }

    async fn handle(self, request: Request) -> Response {
        if let Place::Below { files: Some(files), .. } = &self.place {
            let rest = request.uri().path().get(self.path.len()..).unwrap_or_default();
            if let Some(name) = ClientFiles::name(rest) {
                return files.serve(name, request.headers()).await;
            }
        }
        let Ok(response) = self.router.oneshot(request).await;
        response
    }
}

/// `/ws/` and `/ws` are one path, as in NestJS's `WsAdapter`.
fn normalized(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Puts servers in front of a router.
pub(crate) fn router(mounts: Vec<Mount>, behind: Router) -> Router {
    let mounts: Arc<[Mount]> = mounts.into();
    Router::new().fallback(any(move |request: Request| {
        let mount = mounts.iter().find(|mount| mount.is_for(&request)).cloned();
        let behind = behind.clone();
        async move {
            match mount {
                Some(mount) => mount.handle(request).await,
                None => {
                    let Ok(response) = behind.oneshot(request).await;
                    response
                }
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn mount(path: &str, place: Place) -> Mount {
        Mount { path: path.to_owned(), place, router: Router::new() }
    }

    fn get(path: &str, upgrade: bool) -> Request {
        let request = Request::builder().uri(path);
        let request = if upgrade { request.header(header::UPGRADE, "WebSocket") } else { request };
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn socket_io_has_all_below_its_path() {
        let bare = mount("/socket.io", Place::Below { itself: true, files: None });
        let mount = mount("/socket.io", Place::Below { itself: false, files: None });
        assert!(mount.is_for(&get("/socket.io/?EIO=4", false)));
        assert!(!mount.is_for(&get("/socket.io?EIO=4", true)), "add_trailing_slash");
        assert!(bare.is_for(&get("/socket.io?EIO=4", true)));
        assert!(bare.is_for(&get("/socket.io/?EIO=4", true)));
        assert!(!bare.is_for(&get("/socket.iox", true)));
        assert!(mount.is_for(&get("/socket.io/socket.io.js", false)));
        assert!(!mount.is_for(&get("/socket.iox/", false)));
        assert!(!mount.is_for(&get("/", false)));
    }

    #[test]
    fn plain_websocket_has_the_upgrades_of_its_path() {
        let mount = mount("/ws", Place::UpgradesAt);
        assert!(mount.is_for(&get("/ws?token=x", true)));
        assert!(mount.is_for(&get("/ws/", true)));
        assert!(!mount.is_for(&get("/ws", false)), "a page may have the same path");
        assert!(!mount.is_for(&get("/ws/more", true)));
    }
}
