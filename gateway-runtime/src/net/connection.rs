//! HTTP/1.1 on one connection: who asks, how long the client may take, and the requests of a router.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tower::ServiceExt;

use super::activity::{Look, tick};
use super::direct::{self, Answers, Direct, DirectAnswer};
use super::limits::{Full, Ticket};
use super::stream::{Carrier, Open, Stream};
use super::trust_proxy::Sender;
use super::{ConnectionOptions, TrustProxy};
use crate::engine::SecureConnection;

/// When a client that was refused may try again, in seconds.
pub(super) const RETRY_AFTER: &str = "5";

/// What holds for every connection of an application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entrance {
    pub(crate) options: ConnectionOptions,
    pub(crate) trust_proxy: Option<TrustProxy>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// `None` for a Unix socket.
    pub(super) peer: Option<SocketAddr>,
    /// Whether it came over TLS.
    pub(super) secure: bool,
}

/// Serves a connection that was made within the process.
#[cfg(feature = "testing")]
pub(crate) async fn in_process(
    stream: tokio::io::DuplexStream,
    address: SocketAddr,
    router: Router,
    stop: CancellationToken,
) {
    let origin = Origin { peer: Some(address), secure: false };
    Serve { open: Open::new(None), origin, router, direct: None, entrance: Arc::default(), stop }
        .run(Carrier::InProcess(stream))
        .await;
}

/// What one connection is served with.
pub(super) struct Serve {
    pub(super) open: Arc<Open>,
    pub(super) origin: Origin,
    pub(super) router: Router,
    pub(super) direct: Option<Arc<dyn Direct>>,
    pub(super) entrance: Arc<Entrance>,
    pub(super) stop: CancellationToken,
}

impl Serve {
    /// Answers the requests of one connection. An upgraded connection is its session's, and ends here.
    pub(super) async fn run(self, carrier: Carrier) {
        let (open, origin, entrance) = (self.open.clone(), self.origin, self.entrance.clone());
        let options = &entrance.options;
        let mut served = pin!(self.answer_all(carrier));
        let mut timer = pin!(sleep_until(Instant::now() + tick(options)));
        loop {
            tokio::select! {
                () = served.as_mut() => return,
                () = timer.as_mut() => match open.activity.look(options) {
                    Look::Again(instant) => timer.as_mut().reset(instant),
                    Look::Expired(limit) => {
                        gateway_core::telemetry::limit_exceeded(limit);
                        tracing::debug!(peer = ?origin.peer, "a connection was closed: {limit}");
                        return;
                    }
                },
            }
        }
    }

    async fn answer_all(self, carrier: Carrier) {
        let mut stream = Stream::new(carrier, self.open.clone());
        let stop = self.stop.clone();
        let mut stopped = pin!(stop.cancelled());
        if let Some(answers) = self.answers() {
            let options = &self.entrance.options;
            match direct::converse(&mut stream, &answers, &self.open, options, stopped.as_mut()).await {
                Some(read) => stream.put_back(read),
                None => return,
            }
        }
        // Boxed, so that a connection without hyper is small.
        Box::pin(self.serve_http(stream, stopped)).await;
    }

    /// What requests are answered with as long as hyper is not needed.
    fn answers(&self) -> Option<Answers<impl Fn(Request<Body>) -> DirectAnswer + Send + 'static>> {
        let direct = self.direct.clone()?;
        let trust = self.entrance.trust_proxy.as_ref();
        let is_proxy = trust.is_some_and(|trust| trust.trusts_peer(self.origin.peer));
        // Whose request it is, the router's way finds out.
        let by_router = is_proxy && self.open.ticket.as_ref().is_some_and(Ticket::counts_clients);
        let (open, origin) = (self.open.clone(), self.origin);
        let (router, entrance) = (self.router.clone(), self.entrance.clone());
        let route = move |request| {
            let answer = answer(request, open.clone(), origin, router.clone(), entrance.clone());
            answer.then(|Ok(response)| whole(response)).boxed()
        };
        Some(Answers { direct, by_router, route })
    }

    async fn serve_http(self, stream: Stream, mut stopped: Pin<&mut WaitForCancellationFuture<'_>>) {
        let Self { open, origin, router, entrance, .. } = self;
        let options = entrance.options;
        let service = service_fn(move |request: Request<Incoming>| {
            open.activity.answering();
            answer(request.map(Body::new), open.clone(), origin, router.clone(), entrance.clone())
        });
        let mut builder = http1::Builder::new();
        // Times are `activity`'s business, which knows an idle connection from one that sends headers.
        builder.header_read_timeout(None).max_buf_size(options.max_header_size);
        if let Some(headers) = options.max_headers {
            builder.max_headers(headers);
        }
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let mut stopping = false;
        let ended = loop {
            tokio::select! {
                ended = connection.as_mut() => break ended,
                () = stopped.as_mut(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        };
        if let Err(error) = ended {
            if error.is_parse_too_large() {
                gateway_core::telemetry::limit_exceeded("max_header_size");
            }
            tracing::debug!(%error, peer = ?origin.peer, "a connection ended");
        }
    }
}

/// Marks a request that somebody else's listener took with who sent it, as far as its proxies are trusted.
pub(crate) fn identify<B>(trust: &TrustProxy, request: &mut Request<B>) {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let secure = request.extensions().get::<SecureConnection>().is_some();
    let sender = trust.sender(peer, secure, request.headers());
    arrived(request, sender);
}

/// Marks a request with what is known of its sender.
fn arrived<B>(request: &mut Request<B>, sender: Sender) {
    let extensions = request.extensions_mut();
    match sender.address {
        Some(address) => drop(extensions.insert(ConnectInfo(address))),
        None => drop(extensions.remove::<ConnectInfo<SocketAddr>>()),
    }
    if sender.secure {
        extensions.insert(SecureConnection);
    } else {
        extensions.remove::<SecureConnection>();
    }
}

async fn answer(
    mut request: Request<Body>,
    open: Arc<Open>,
    origin: Origin,
    router: Router,
    entrance: Arc<Entrance>,
) -> Result<Response<Answer>, Infallible> {
    let mut sender = Sender { address: origin.peer, secure: origin.secure };
    let mut proxied = None;
    if let Some(trust) = entrance.trust_proxy.as_ref().filter(|trust| trust.trusts_peer(origin.peer)) {
        sender = trust.sender(origin.peer, origin.secure, request.headers());
        proxied = open.ticket.as_ref();
        if let Some((ticket, client)) = proxied.zip(sender.address)
            && let Err(full) = ticket.claim(client.ip())
        {
            return Ok(Answer::of(refusal(full), open));
        }
    }
    arrived(&mut request, sender);
    let Ok(response) = router.oneshot(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        open.activity.upgraded();
    } else if let Some(ticket) = proxied {
        ticket.disclaim();
    }
    Ok(Answer::of(response, open))
}

/// What a client is told that is one too many.
pub(super) fn refusal(full: Full) -> Response<Body> {
    let status = match full {
        Full::Server => StatusCode::SERVICE_UNAVAILABLE,
        // The client's doing, which must not look to a load balancer like a sick server.
        Full::Client => StatusCode::TOO_MANY_REQUESTS,
    };
    let mut response = Response::new(Body::from(format!("too many connections ({})\n", full.limit())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::RETRY_AFTER, http::HeaderValue::from_static(RETRY_AFTER));
    headers.insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
    response
}

/// An answer with all of its body. One that fails on the way has not been begun: the client is told.
async fn whole(response: Response<Answer>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    match axum::body::to_bytes(Body::new(body), usize::MAX).await {
        Ok(body) => Response::from_parts(parts, body),
        Err(error) => {
            tracing::error!(%error, "the body of an answer failed");
            let mut failed = Response::new(Bytes::new());
            *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            failed
        }
    }
}

/// The body of an answer, which says when all of it is on its way.
struct Answer {
    body: Body,
    open: Arc<Open>,
}

impl Answer {
    fn of(response: Response<Body>, open: Arc<Open>) -> Response<Self> {
        response.map(|body| Self { body, open })
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.open.activity.answered();
    }
}
