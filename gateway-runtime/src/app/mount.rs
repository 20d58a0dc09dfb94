//! Where servers sit in a listener's HTTP traffic: in front of the user's routes, as Socket.IO does
//! when it attaches to an HTTP server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::{Adapter, Cors};
use http::{HeaderMap, header};
use tower::ServiceExt;

use super::client_files::ClientFiles;
use super::cors::{self, CorsHeaders};
use super::engine_hooks::{AddLayer, with_layers};
use crate::engine::{Application, CloseReason, Engine, PlainEngine, SessionRequest};
use crate::net::{Direct, DirectAnswer, DirectRequest};
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
    /// Answers to polling without the router, which has nothing to add to them.
    polling: Option<Arc<dyn Polling>>,
    /// Whether an application's own layers see its requests; what they answer may be of any length.
    is_layered: bool,
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
        let polling = engine
            .answers_directly()
            .then(|| DirectPolling { engine: engine.clone(), cors: cors.map(CorsHeaders::new) });
        let handle = move |request: Request| engine.clone().handle(request);
        let mut router = with_layers(Router::new().fallback(any(handle)), layers);
        if let Some(rules) = cors {
            router = router.layer(cors::layer(rules));
        }
        let path = path.trim_end_matches('/').to_owned();
        let place = Place::Below { itself: !add_trailing_slash, files: files.map(Arc::new) };
        let polling = polling.map(|polling| Arc::new(polling) as _);
        Self { path, place, router, polling, is_layered: !layers.is_empty() }
    }

    /// A plain WebSocket server.
    pub(crate) fn plain<A: Application>(path: &str, engine: Arc<PlainEngine<A>>) -> Self {
        let handle = move |request: Request| engine.clone().handle(request);
        let router = Router::new().fallback(any(handle));
        let path = normalized(path).to_owned();
        Self { path, place: Place::UpgradesAt, router, polling: None, is_layered: false }
    }

    fn is_for(&self, request: &Request) -> bool {
        let path = request.uri().path();
        match &self.place {
            Place::Below { .. } => self.has(path),
            Place::UpgradesAt => normalized(path) == self.path && is_upgrade(request.headers()),
        }
    }

    /// What a path says below this one.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.path).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether any request to this path is this server's.
    fn has(&self, path: &str) -> bool {
        match self.place {
            Place::Below { itself, .. } => self.below(path).is_some_and(|rest| itself || !rest.is_empty()),
            Place::UpgradesAt => false,
        }
    }

    /// Whether this path, which it has, is its very own: that of sessions.
    fn is_polled_at(&self, path: &str) -> bool {
        self.below(path).is_some_and(|rest| rest.is_empty() || rest == "/")
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

/// The servers of a port that answer to polling without its router. Paths that come before them are not theirs.
pub(crate) fn direct(mounts: &[Mount], taken: impl Fn(&str) -> bool) -> Option<Arc<dyn Direct>> {
    let is_free = |path: &str| !taken(path) && !taken(&format!("{path}/"));
    let mounts = mounts.iter().filter(|mount| matches!(mount.place, Place::Below { .. })).cloned();
    let mounts: Vec<_> = mounts.map(|mount| (!mount.is_layered && is_free(&mount.path), mount)).collect();
    if mounts.iter().any(|(is_direct, _)| *is_direct) { Some(Arc::new(DirectMounts(mounts))) } else { None }
}

/// Servers as the router has them, and whether each is answered for without it.
struct DirectMounts(Vec<(bool, Mount)>);

impl DirectMounts {
    fn find<'a>(&self, target: &'a str) -> Option<(&Mount, &'a str)> {
        let (path, query) = target.split_once('?')?;
        // The first one has it, as in the router: paths may be below others.
        let (is_direct, mount) = self.0.iter().find(|(_, mount)| mount.has(path))?;
        (*is_direct && mount.is_polled_at(path)).then_some((mount, query))
    }
}

impl Direct for DirectMounts {
    fn knows(&self, target: &str) -> bool {
        self.find(target).is_some_and(|(_, query)| query.contains("transport=polling"))
    }

    fn answer(&self, request: &DirectRequest<'_>) -> Option<DirectAnswer> {
        let (mount, query) = self.find(request.target)?;
        mount.polling.as_ref()?.answer(query, request)
    }
}

/// Answers to polling requests.
trait Polling: Send + Sync {
    /// `None` leaves it to the router.
    fn answer(&self, query: &str, request: &DirectRequest<'_>) -> Option<DirectAnswer>;
}

/// An engine, and what the `cors` option adds to its answers.
struct DirectPolling<A: Application> {
    engine: Arc<Engine<A>>,
    cors: Option<CorsHeaders>,
}

impl<A: Application> Polling for DirectPolling<A> {
    fn answer(&self, query: &str, request: &DirectRequest<'_>) -> Option<DirectAnswer> {
        let added = match &self.cors {
            Some(cors) => Some(cors.of(request.origin)?),
            None => None,
        };
        let answer = self.engine.answer_directly(&SessionRequest {
            query,
            body: request.body,
            content_type: request.content_type,
            user_agent: request.user_agent,
            accept_encoding: request.accept_encoding,
        })?;
        let Some(added) = added else { return Some(answer) };
        let added = move |mut response: http::Response<Bytes>| {
            response.headers_mut().extend(added);
            response
        };
        Some(answer.map(added).boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn mount(path: &str, place: Place) -> Mount {
        Mount { path: path.to_owned(), place, router: Router::new(), polling: None, is_layered: false }
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
    fn polling_is_direct_where_the_router_would_go_and_nothing_else_sees_it() {
        let below = |path: &str| mount(path, Place::Below { itself: false, files: None });
        let mut layered = below("/layered");
        layered.is_layered = true;
        let mounts = [below("/a"), below("/a/b"), below("/taken"), layered, mount("/ws", Place::UpgradesAt)];
        let direct = direct(&mounts, |path| path == "/taken/").expect("one of them");
        let knows = |path: &str| direct.knows(&format!("{path}?EIO=4&transport=polling"));
        assert!(knows("/a/"));
        // A file of the first, and the second below the first.
        for path in ["/a", "/a/socket.io.js", "/a/b/", "/taken/", "/layered/", "/ws", "/"] {
            assert!(!knows(path), "{path}");
        }
        assert!(!direct.knows("/a/?EIO=4&transport=websocket"));
        assert!(super::direct(&mounts[2..], |path| path == "/taken").is_none());
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
