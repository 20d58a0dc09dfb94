//! Why an application does not start, and what to do about it.

use std::io;

use gateway_core::HookError;
use gateway_core::container::ContainerError;

/// Why an application does not start.
///
/// `Debug` prints the whole chain of causes, so that `async fn main() -> Result<(), GatewayError>` ends
/// with a readable message.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// No `#[web_socket_gateway]` is linked into the program.
    #[error(
        "no gateway is linked in: put #[web_socket_gateway] on a struct; if your gateways are in a library \
         crate, mention it in main.rs (`use my_gateways as _;`), since rustc loads only crates that are mentioned"
    )]
    NoGateways,

    /// `expect::<G>()` asked for a gateway that is not there.
    #[error(
        "the gateway {name} is not linked in: mention its crate in main.rs (`use my_gateways as _;`), and check \
         that it has #[web_socket_gateway] and is not left out by `only`"
    )]
    NotLinked {
        /// The gateway's type.
        name: &'static str,
    },

    /// The metrics cannot be collected for Prometheus: the process has another recorder.
    #[cfg(feature = "prometheus")]
    #[error(
        "another recorder of the crate `metrics` is installed in this process: leave out `prometheus(..)` and show \
         the page of that recorder, which has the metrics of the gateways as well"
    )]
    MetricsRecorder,

    /// Options of a gateway that cannot be.
    #[error("{gateway} ({location}): {}", problems.join("; "))]
    Options {
        /// The gateway.
        gateway: &'static str,
        /// Where it is declared.
        location: String,
        /// What is wrong.
        problems: Vec<String>,
    },

    /// Plain WebSocket has no namespaces.
    #[error(
        "{gateway} has the namespace {namespace:?}, but WsAdapter does not support namespaces: remove the option \
         (give the gateway a `path` of its own instead), or use IoAdapter"
    )]
    NamespaceOnPlainWebSocket {
        /// The gateway.
        gateway: &'static str,
        /// Its namespace.
        namespace: String,
    },

    /// A provider is missing, there is a cycle, or a factory failed.
    #[error("the providers could not be put together")]
    Container(#[from] ContainerError),

    /// A guard, pipe, interceptor or filter cannot be had.
    #[error(
        "{gateway} uses {name}, which neither the container provides nor `Default` makes: add #[injectable] to it, or          derive Default, or write the value itself in the attribute"
    )]
    Enhancer {
        /// The gateway.
        gateway: &'static str,
        /// The guard, pipe, interceptor or filter.
        name: &'static str,
        /// What the container says.
        source: Box<ContainerError>,
    },

    /// A gateway's `after_init` failed.
    #[error("after_init of {gateway} failed")]
    AfterInit {
        /// The gateway.
        gateway: &'static str,
        /// What it returned.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The adapter between servers is not connected.
    #[error("the adapter between servers is not connected")]
    Adapter(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// The address cannot be listened on.
    #[error("cannot listen on {address}{}", hint(source, *port))]
    Listen {
        /// The address.
        address: String,
        /// The port.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },

    /// The Unix socket cannot be listened on.
    #[cfg(unix)]
    #[error("cannot listen on the Unix socket {}{}", path.display(), unix_hint(source))]
    ListenUnix {
        /// The path.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// Options of connections that cannot be.
    #[error("{}", problems.join("; "))]
    ConnectionOptions {
        /// What is wrong.
        problems: Vec<String>,
    },

    /// The certificate cannot be served.
    #[cfg(feature = "tls")]
    #[error("TLS cannot be served")]
    Tls(#[from] crate::net::TlsError),

    /// The listening socket failed.
    #[error("the listening socket failed")]
    Serve(#[from] io::Error),
}

impl GatewayError {
    pub(crate) fn after_init(gateway: &'static str, error: HookError) -> Self {
        Self::AfterInit { gateway, source: error.into_boxed() }
    }
}

#[cfg(unix)]
fn unix_hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => ": another process listens there, or the file is no socket",
        io::ErrorKind::NotFound => ": its folder does not exist",
        io::ErrorKind::PermissionDenied => ": the process may not write to its folder",
        _ => "",
    }
}

#[cfg(feature = "redis")]
impl From<crate::RedisConnectError> for GatewayError {
    fn from(error: crate::RedisConnectError) -> Self {
        Self::Adapter(error.into())
    }
}

fn hint(source: &io::Error, port: u16) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                ": another program uses port {port}; stop it or choose another port (0 takes any free one)"
            )
        }
        io::ErrorKind::PermissionDenied => format!(
            ": port {port} needs a privilege; choose a port from 1024 on (the first argument of the gateway's \
             attribute, or of `listen`), or grant CAP_NET_BIND_SERVICE"
        ),
        _ => String::new(),
    }
}

impl std::fmt::Debug for GatewayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, "\n  caused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
