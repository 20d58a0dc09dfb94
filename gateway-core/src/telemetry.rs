//! What the framework counts, by name: figures for whoever watches the process.
//!
//! The figures go to the recorder of the crate `metrics` that the application installs (its Prometheus
//! exporter, say); without one they cost a load. A label's value comes from the program (a limit, a
//! registered event), never from a client: what clients choose could grow without a bound.

/// Counter: how often a limit was exceeded, by `limit`, the option's name.
pub const LIMITS_EXCEEDED: &str = "gateway_limits_exceeded_total";

/// Counts that a client (or a handler in its place) went past a limit. `limit` is the option's name.
pub fn limit_exceeded(limit: &'static str) {
    metrics::counter!(LIMITS_EXCEEDED, "limit" => limit).increment(1);
}
