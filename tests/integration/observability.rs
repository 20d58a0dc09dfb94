//! What whoever watches the process sees: metrics on a page for Prometheus, spans around messages.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use gateway_runtime::prelude::*;
use parking_lot::Mutex;
use serde_json::json;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, within};
use crate::support::http;

/// A gateway of its own namespace: its figures are nobody else's.
#[web_socket_gateway(namespace = "watched", max_http_buffer_size = 1_000)]
struct Watched;

#[subscribe_messages]
impl Watched {
    #[subscribe_message("echo")]
    fn echo(&self, data: String) -> String {
        data
    }

    #[subscribe_message("slow")]
    async fn slow(&self, data: String) -> String {
        tokio::task::yield_now().await;
        data
    }

    #[subscribe_message("fails")]
    fn fails(&self) -> Result<(), WsException> {
        Err(WsException::new("no"))
    }

    #[subscribe_message("spans")]
    async fn spans(&self) -> Vec<&'static str> {
        tokio::task::yield_now().await;
        tracing::Span::current().metadata().map(tracing::Metadata::name).into_iter().collect()
    }
}

impl OnGatewayInit for Watched {
    async fn after_init(&self, server: Server) -> HookResult {
        server.use_middleware(|client: Socket| async move {
            match client.handshake().auth_value::<bool>("stranger") {
                Some(true) => Err(gateway_runtime::ConnectError::new("no strangers")),
                _ => Ok(()),
            }
        });
        Ok(())
    }
}

/// The number of a line of the page; 0 if there is none.
async fn figure(addr: SocketAddr, line: &str) -> f64 {
    let page = http::get(addr, "/metrics", &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    let number = page.body.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    number.map_or(0.0, |number| number.trim().parse().expect("a number"))
}

async fn until(addr: SocketAddr, line: &str, expected: f64) {
    within(line, async { while figure(addr, line).await < expected {} }).await;
}

#[tokio::test]
async fn a_page_for_prometheus() {
    let app = TestApp::start(builder::<(Watched,)>().prometheus("/metrics")).await;
    let addr = app.addr();
    let closed = "gateway_sessions_closed_total{reason=\"transport close\"}";
    let closed_before = figure(addr, closed).await;

    let mut client = app.client_in("/watched").await;
    assert_eq!(client.call("echo", json!(["a"])).await, json!(["a"]));
    assert_eq!(client.call("slow", json!(["b"])).await, json!(["b"]));
    client.ask("fails", json!([])).await;
    client.event("exception").await;
    client.ask("nobody", json!([])).await;
    client.call("echo", json!(["c"])).await;

    let of = |event| format!("{{namespace=\"/watched\",event=\"{event}\"}}");
    for (line, expected) in [
        (format!("gateway_handler_duration_seconds_count{}", of("echo")), 2.0),
        (format!("gateway_handler_duration_seconds_count{}", of("slow")), 1.0),
        (format!("gateway_handler_exceptions_total{}", of("fails")), 1.0),
        (format!("gateway_handler_exceptions_total{}", of("echo")), 0.0),
        ("gateway_sockets{namespace=\"/watched\"}".to_owned(), 1.0),
    ] {
        assert_eq!(figure(addr, &line).await, expected, "{line}");
    }
    assert!(figure(addr, "gateway_unhandled_events_total").await >= 1.0);
    assert!(figure(addr, "gateway_sessions{transport=\"websocket\"}").await >= 1.0);
    assert!(figure(addr, "gateway_packets_received_total{transport=\"websocket\"}").await >= 6.0);
    assert!(figure(addr, "gateway_bytes_sent_total{transport=\"websocket\"}").await >= 20.0);
    let page = http::get(addr, "/metrics", &[]).await.body;
    assert!(!page.contains("nobody"), "no label is what a client chose");
    assert!(page.contains("# HELP gateway_sessions Sessions that are open"), "{page}");

    client.close().await;
    until(addr, closed, closed_before + 1.0).await;
    let left = "gateway_disconnects_total{namespace=\"/watched\",reason=\"transport close\"}";
    until(addr, left, 1.0).await;
    assert_eq!(figure(addr, "gateway_sockets{namespace=\"/watched\"}").await, 0.0);

    let mut stranger = Client::open(addr).await;
    stranger.send_text("40/watched,{\"stranger\":true}").await;
    assert_eq!(stranger.packet().await.kind, '4');
    until(addr, "gateway_connections_refused_total{namespace=\"/watched\"}", 1.0).await;

    let limit = "gateway_limits_exceeded_total{limit=\"max_http_buffer_size\"}";
    let before = figure(addr, limit).await;
    let mut loud = app.client_in("/watched").await;
    loud.send_text(&format!("42/watched,[\"echo\",\"{}\"]", "x".repeat(2_000))).await;
    loud.closed().await;
    until(addr, limit, before + 1.0).await;
}

/// Remembers the path of each span that is opened: `connection/namespace/event`.
#[derive(Clone, Default)]
struct Paths(Arc<Mutex<BTreeSet<String>>>);

#[derive(Default)]
struct Name(String);

impl Visit for Name {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "name" {
            self.0 = format!("{value:?}").trim_matches('"').to_owned();
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Paths {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut name = Name::default();
        attributes.record(&mut name);
        let Some(span) = context.span(id) else { return };
        let path: Vec<_> = span.scope().from_root().map(|span| span.name()).collect();
        self.0.lock().insert(format!("{} {}", path.join("/"), name.0));
    }
}

#[tokio::test]
async fn spans_of_connections_namespaces_and_events() {
    let paths = Paths::default();
    // Of this thread, on which the runtime of this test runs everything.
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(paths.clone()));
    let app = TestApp::serve::<(Watched,)>().await;
    let mut client = app.client_in("/watched").await;
    assert_eq!(client.call("spans", json!([])).await, json!([["event"]]), "still after a wait");
    let paths = paths.0.lock().clone();
    for expected in ["connection ", "connection/namespace /watched", "connection/namespace/event spans"] {
        assert!(paths.contains(expected), "{expected} in {paths:?}");
    }
}
