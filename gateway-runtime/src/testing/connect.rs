//! How a test client introduces itself: `app.client()`.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use gateway_core::{IntoMillis, Parser, Transport};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::client::TestClient;
use super::error::TestError;
use super::network::Network;
use super::session::Shared;
use super::transport::{Requests, Wire};
use super::ws_client::TestWsClient;
use super::{polling, websocket};

/// What `io(url, options)` says: where to connect, and as whom.
///
/// ```
/// # use gateway_runtime::testing::{TestClient, TestError, TestingApp};
/// # async fn connect(app: &TestingApp) -> Result<TestClient, TestError> {
/// let ann = app
///     .client()
///     .namespace("/chats")
///     .auth(serde_json::json!({ "token": "…" }))
///     .header("origin", "http://localhost:3001")
///     .query("room", "general")
///     .connect()
///     .await?;
/// # Ok(ann) }
/// ```
#[derive(Debug)]
#[must_use = "call `connect` or `connect_ws`"]
pub struct TestClientBuilder {
    network: Network,
    limit: Duration,
    namespace: String,
    auth: Option<Value>,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    path: Option<String>,
    port: Option<u16>,
    address: Option<SocketAddr>,
    transport: Transport,
    parser: Parser,
    /// The first thing that cannot be sent.
    problem: Option<TestError>,
}

impl TestClientBuilder {
    pub(super) fn new(network: Network, limit: Duration) -> Self {
        Self {
            network,
            limit,
            namespace: "/".to_owned(),
            auth: None,
            headers: HeaderMap::new(),
            query: Vec::new(),
            path: None,
            port: None,
            address: None,
            transport: Transport::WebSocket,
            parser: Parser::Default,
            problem: None,
        }
    }

    /// The namespace of a Socket.IO client; default `/`. `chats` is `/chats`.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace =
            if namespace.starts_with('/') { namespace.to_owned() } else { format!("/{namespace}") };
        self
    }

    /// The `auth` option of a Socket.IO client: an object.
    pub fn auth(mut self, auth: impl Serialize) -> Self {
        match serde_json::to_value(auth) {
            Ok(auth) => self.auth = Some(auth),
            Err(error) => self.refuse("auth".to_owned(), error),
        }
        self
    }

    /// A header of the HTTP request (`extraHeaders`), such as `authorization`, `cookie` or `origin`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            (Err(error), _) => self.refuse(format!("header {name:?}"), error),
            (_, Err(error)) => self.refuse(format!("header {name:?}"), error),
        }
        self
    }

    /// A parameter of the query string.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// The path that is asked for: default `/socket.io/` for Socket.IO, `/` for plain WebSocket. Gateways
    /// with the option `path` have another.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The port of a gateway that has its own (the first argument of its attribute).
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Where the client seems to come from (`client.handshake().address()`); default 127.0.0.1 and a port
    /// of its own.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Over what a Socket.IO client is connected: [`Transport::WebSocket`] is the default. There is no
    /// upgrade from one to the other.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// How packets are written and read, for gateways with the option `parser`.
    pub fn parser(mut self, parser: Parser) -> Self {
        self.parser = parser;
        self
    }

    /// How long anything that the client awaits may take; default that of the app.
    pub fn timeout(mut self, limit: impl IntoMillis) -> Self {
        self.limit = limit.into_millis();
        self
    }

    fn refuse(&mut self, what: String, source: impl Into<Box<dyn Error + Send + Sync>>) {
        self.problem.get_or_insert(TestError::Request { what, source: source.into() });
    }

    /// Connects a Socket.IO client.
    ///
    /// # Errors
    /// [`TestError::ConnectError`] with message and data if the namespace refused it,
    /// [`TestError::Http`] if the server did before.
    pub async fn connect(self) -> Result<TestClient, TestError> {
        let shared = Shared::new(&self.namespace, self.parser, self.limit);
        let (limit, transport, auth) = (self.limit, self.transport, self.auth.clone());
        let mut requests = self.requests("/socket.io/")?;
        requests.query.insert(0, ("EIO".to_owned(), "4".to_owned()));
        requests.query.insert(1, ("transport".to_owned(), transport.name().to_owned()));
        let connecting = async {
            let wire = match transport {
                Transport::WebSocket => websocket::connect(&requests).await?,
                Transport::Polling => polling::connect(requests).await?,
            };
            TestClient::join(wire, shared.clone(), auth.as_ref()).await
        };
        let connected = tokio::time::timeout(limit, connecting).await;
        connected.unwrap_or_else(|_| Err(shared.inbox.timeout(&"the answer to the connection")))
    }

    /// Connects a bare WebSocket.
    ///
    /// # Errors
    /// [`TestError::Http`] with status and body if the upgrade was refused.
    pub async fn connect_ws(self) -> Result<TestWsClient, TestError> {
        let limit = self.limit;
        let requests = self.requests("/")?;
        let connected: Result<Result<Wire, _>, _> =
            tokio::time::timeout(limit, websocket::connect(&requests)).await;
        match connected {
            Ok(wire) => Ok(TestWsClient::new(wire?, limit)),
            Err(_) => Err(TestError::Timeout {
                awaited: "the answer to the upgrade".to_owned(),
                limit,
                instead: super::Instead::default(),
            }),
        }
    }

    fn requests(self, default_path: &str) -> Result<Requests, TestError> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        Ok(Requests {
            address: self.address.unwrap_or_else(|| self.network.next_address()),
            network: self.network,
            port: self.port,
            path: self.path.unwrap_or_else(|| default_path.to_owned()),
            query: self.query,
            headers: self.headers,
        })
    }
}
