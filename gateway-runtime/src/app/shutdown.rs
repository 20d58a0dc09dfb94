//! How an application stops.

use std::time::Duration;

use gateway_core::IntoMillis;

/// How an application stops: in which time, and how gently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownOptions {
    pub(crate) signals: bool,
    pub(crate) drain: Duration,
    pub(crate) requests_timeout: Duration,
    pub(crate) window: Duration,
    pub(crate) timeout: Duration,
    pub(crate) handlers_timeout: Duration,
}

impl Default for ShutdownOptions {
    fn default() -> Self {
        Self {
            signals: true,
            drain: Duration::ZERO,
            requests_timeout: Duration::from_secs(5),
            window: Duration::from_secs(1),
            timeout: Duration::from_secs(10),
            handlers_timeout: Duration::from_secs(10),
        }
    }
}

impl ShutdownOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `listen` stops on SIGINT and SIGTERM; default true.
    #[must_use]
    pub fn signals(mut self, signals: bool) -> Self {
        self.signals = signals;
        self
    }

    /// How long the application goes on serving after it was told to stop, with
    /// [`ready_path`](crate::GatewayAppBuilder::ready_path) at 503; default 0. Load balancers need it to notice: as long
    /// as their checks take to fail, about 5 to 15 s in Kubernetes. Connections and sessions that come meanwhile are
    /// served; then the listeners close and the clients are disconnected.
    #[must_use]
    pub fn drain(mut self, time: impl IntoMillis) -> Self {
        self.drain = time.into_millis();
        self
    }

    /// How long a stop waits for HTTP requests that are being answered; default 5 s.
    #[must_use]
    pub fn requests_timeout(mut self, time: impl IntoMillis) -> Self {
        self.requests_timeout = time.into_millis();
        self
    }

    /// The clients are disconnected at random moments within this time, so that they do not all come
    /// back at once; default 1 s.
    #[must_use]
    pub fn window(mut self, time: impl IntoMillis) -> Self {
        self.window = time.into_millis();
        self
    }

    /// How long clients may take to receive what was sent to them before, after the window;
    /// default 10 s. Then their connections are cut.
    #[must_use]
    pub fn timeout(mut self, time: impl IntoMillis) -> Self {
        self.timeout = time.into_millis();
        self
    }

    /// How long handlers may run on after that; default 10 s. Then they are dropped.
    #[must_use]
    pub fn handlers_timeout(mut self, time: impl IntoMillis) -> Self {
        self.handlers_timeout = time.into_millis();
        self
    }
}

/// Waits for SIGINT or SIGTERM and returns its name.
pub(crate) async fn signal() -> &'static str {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            tracing::error!("signals cannot be watched: only `shutdown()` stops the application gently");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    }
    #[cfg(not(unix))]
    {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "SIGINT"
    }
}
