//! What one connection may take, and how many there may be.

use std::time::Duration;

use gateway_core::IntoMillis;

/// The least that hyper reads headers with.
const LEAST_HEADER_SIZE: usize = 8 << 10;

/// Limits of the HTTP server under the gateways, for all ports of an application together. Names are those of
/// Node's `http.Server` where it has the limit.
///
/// ```
/// use gateway_runtime::{ConnectionOptions, GatewayApp};
///
/// let builder = GatewayApp::builder()
///     .connection_options(ConnectionOptions::new().max_connections(20_000).max_connections_per_ip(200));
/// # drop(builder);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionOptions {
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_connections_per_ip: Option<usize>,
    pub(crate) header_read_timeout: Duration,
    pub(crate) keep_alive_timeout: Duration,
    pub(crate) max_headers: Option<usize>,
    pub(crate) max_header_size: usize,
    pub(crate) raise_open_files: bool,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            max_connections: None,
            max_connections_per_ip: None,
            header_read_timeout: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(75),
            max_headers: None,
            max_header_size: 16 << 10,
            raise_open_files: true,
        }
    }
}

impl ConnectionOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Open connections, upgraded ones included; default: no limit but the operating system's. One more is answered
    /// with status 503 and `Retry-After`, after which it is closed; the health paths answer as always.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = Some(connections);
        self
    }

    /// Open connections of one client address, those of a network of IPv6 (/64) together; default: no limit. One
    /// more is answered with status 429 and `Retry-After`. Behind proxies (see [`TrustProxy`](crate::TrustProxy)) the
    /// address is the client's: its WebSocket connections count, and its requests while they are answered.
    #[must_use]
    pub fn max_connections_per_ip(mut self, connections: usize) -> Self {
        self.max_connections_per_ip = Some(connections);
        self
    }

    /// Time for a client to send the headers of a request, from the first byte (of the first request: from the
    /// start of the connection); default 30 s.
    #[must_use]
    pub fn header_read_timeout(mut self, time: impl IntoMillis) -> Self {
        self.header_read_timeout = time.into_millis();
        self
    }

    /// How long a connection may wait for its next request, or take nothing of an answer, until it is closed;
    /// default 75 s. It must be longer than a load balancer keeps its idle connections (60 s in AWS ALB and in
    /// nginx, 600 s in Google's), or a request that meets the close becomes a 502: Node's 5 s are known for it.
    #[must_use]
    pub fn keep_alive_timeout(mut self, time: impl IntoMillis) -> Self {
        self.keep_alive_timeout = time.into_millis();
        self
    }

    /// Headers of a request; default 100. More are answered with status 431.
    #[must_use]
    pub fn max_headers(mut self, headers: usize) -> Self {
        self.max_headers = Some(headers);
        self
    }

    /// Bytes of a request's first line and headers; default 16 KiB, as in Node, and 8 KiB at least. More are
    /// answered with status 431.
    #[must_use]
    pub fn max_header_size(mut self, bytes: usize) -> Self {
        self.max_header_size = bytes;
        self
    }

    /// Whether the start raises the process's limit of open files from its soft to its hard value (often from 1,024
    /// to a million), as Node does; default true. Connections are open files.
    #[must_use]
    pub fn raise_open_files(mut self, raise: bool) -> Self {
        self.raise_open_files = raise;
        self
    }

    /// What cannot be.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, value) in [
            ("max_connections", self.max_connections),
            ("max_connections_per_ip", self.max_connections_per_ip),
            ("max_headers", self.max_headers),
        ] {
            if value == Some(0) {
                problems.push(format!("{name} is 0, so that nobody could connect"));
            }
        }
        for (name, value) in [
            ("header_read_timeout", self.header_read_timeout),
            ("keep_alive_timeout", self.keep_alive_timeout),
        ] {
            if value.is_zero() {
                problems.push(format!("{name} is 0, so that no request would arrive in time"));
            }
        }
        if self.max_header_size < LEAST_HEADER_SIZE {
            problems.push(format!(
                "max_header_size is {}, less than the {LEAST_HEADER_SIZE} that are read at once",
                self.max_header_size
            ));
        }
        problems
    }
}
