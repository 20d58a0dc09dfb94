//! Reads the certificate again when its files change, and on SIGHUP.

use std::error::Error;
use std::future::pending;

use tokio_util::sync::CancellationToken;

use super::TlsHandle;

/// Watches until `stop`.
pub(crate) async fn watch(tls: TlsHandle, stop: CancellationToken) {
    if !tls.is_from_files() {
        return;
    }
    let options = tls.options();
    let mut hangup = Hangup::new(options.reload_on_sighup);
    let interval = options.reload_interval;
    loop {
        let look =
            async { if interval.is_zero() { pending().await } else { tokio::time::sleep(interval).await } };
        tokio::select! {
            () = stop.cancelled() => return,
            () = look => {
                let changed = tls.clone();
                if tokio::task::spawn_blocking(move || changed.has_changed()).await.unwrap_or(false) {
                    reload(&tls, "its files changed").await;
                }
            }
            () = hangup.received() => reload(&tls, "SIGHUP").await,
        }
    }
}

async fn reload(tls: &TlsHandle, why: &'static str) {
    let reloading = tls.clone();
    match tokio::task::spawn_blocking(move || reloading.reload()).await {
        Ok(Ok(())) => tracing::info!("the TLS certificate was read again ({why})"),
        Ok(Err(error)) => {
            let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            tracing::error!("the new TLS certificate is not used, the old one stays ({why}): {error}{cause}");
        }
        Err(error) => tracing::error!(%error, "the TLS certificate could not be read again ({why})"),
    }
}

/// SIGHUP, if it is waited for.
#[cfg(unix)]
struct Hangup(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangup {
    fn new(wanted: bool) -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = wanted.then(|| signal(SignalKind::hangup()));
        Self(signal.and_then(|signal| {
            signal.inspect_err(|error| tracing::error!(%error, "SIGHUP cannot be watched")).ok()
        }))
    }

    async fn received(&mut self) {
        let received = match &mut self.0 {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if received.is_none() {
            pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
struct Hangup;

#[cfg(not(unix))]
impl Hangup {
    fn new(_wanted: bool) -> Self {
        Self
    }

    async fn received(&mut self) {
        pending().await
    }
}
