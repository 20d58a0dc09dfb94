//! The metrics of the process as a page for Prometheus.
//!
//! Knows the recorder of the crate `metrics`, which a process has once; never what is counted.

use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use gateway_core::telemetry;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::GatewayError;

/// Handlers take from microseconds to the seconds of a slow database.
const DURATION_BUCKETS: [f64; 14] =
    [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How often histograms are folded, so that they do not grow while nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder of this process, once it is installed: several apps share it.
static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Installs the recorder, or finds the one that another app of this process has installed.
///
/// # Errors
/// The application has installed a recorder of its own.
pub(crate) fn install() -> Result<PrometheusHandle, GatewayError> {
    let mut installed = INSTALLED.lock();
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let handle = recorder().map_err(|_| GatewayError::MetricsRecorder)?;
    telemetry::describe();
    Ok(installed.insert(handle).clone())
}

fn recorder() -> Result<PrometheusHandle, BuildError> {
    let duration = Matcher::Full(telemetry::HANDLER_DURATION.to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(duration, &DURATION_BUCKETS)?.install_recorder()
}

/// A page with all metrics at this path.
pub(crate) fn route(path: &str, handle: PrometheusHandle) -> Router {
    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Router::new().route(&path, get(async move || ([(CONTENT_TYPE, TEXT)], handle.render())))
}

/// Keeps histograms small until the app stops.
pub(crate) async fn keep_up(handle: PrometheusHandle, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_some() {
        handle.run_upkeep();
    }
}
