//! What a namespace and its handlers count. The recorder is asked once, when the table is built.

use std::fmt;
use std::time::Duration;

use gateway_core::{DisconnectReason, ReplyResult, telemetry};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The counts of one namespace; of a dynamic one, those of all its children.
pub(super) struct NamespaceMetrics {
    namespace: String,
    sockets: Gauge,
    refused: Counter,
}

impl fmt::Debug for NamespaceMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamespaceMetrics").field(&self.namespace).finish()
    }
}

impl NamespaceMetrics {
    pub(super) fn new(namespace: &str) -> Self {
        let namespace = namespace.to_owned();
        Self {
            sockets: gauge!(telemetry::SOCKETS, "namespace" => namespace.clone()),
            refused: counter!(telemetry::CONNECTIONS_REFUSED, "namespace" => namespace.clone()),
            namespace,
        }
    }

    pub(super) fn joined(&self) {
        self.sockets.increment(1.0);
    }

    pub(super) fn left(&self) {
        self.sockets.decrement(1.0);
    }

    pub(super) fn refused(&self) {
        self.refused.increment(1);
    }

    pub(super) fn disconnected(&self, reason: &DisconnectReason) {
        let (namespace, reason) = (self.namespace.clone(), reason.label());
        counter!(telemetry::DISCONNECTS, "namespace" => namespace, "reason" => reason).increment(1);
    }
}

/// The counts of one handler.
pub(super) struct HandlerMetrics {
    duration: Histogram,
    exceptions: Counter,
}

impl fmt::Debug for HandlerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandlerMetrics")
    }
}

impl HandlerMetrics {
    pub(super) fn new(namespace: &str, event: &'static str) -> Self {
        let namespace = namespace.to_owned();
        Self {
            duration: histogram!(
                telemetry::HANDLER_DURATION, "namespace" => namespace.clone(), "event" => event
            ),
            exceptions: counter!(telemetry::HANDLER_EXCEPTIONS, "namespace" => namespace, "event" => event),
        }
    }

    /// A handler has ended, with what stands around it.
    pub(super) fn ended(&self, after: Duration, result: &ReplyResult<'_>) {
        match result {
            Ok(_) => self.duration.record(after),
            Err(_) => self.failed(after),
        }
    }

    /// A handler has ended with an exception, or a panic.
    pub(super) fn failed(&self, after: Duration) {
        self.duration.record(after);
        self.exceptions.increment(1);
    }
}
