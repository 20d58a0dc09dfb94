//! What the framework counts, by name: figures for whoever watches the process.
//!
//! The figures go to the recorder of the crate `metrics` that the application installs (a Prometheus
//! exporter, say); without one they cost a load. A label's value comes from the program (a limit, a
//! registered event, the pattern of a namespace), never from a client: what clients choose could grow
//! without a bound.

use metrics::Unit;

/// Gauge: sessions that are open, by `transport` (`polling`, `websocket`).
pub const SESSIONS: &str = "gateway_sessions";
/// Counter: sessions that were opened, by `transport`.
pub const SESSIONS_OPENED: &str = "gateway_sessions_opened_total";
/// Counter: sessions that have ended, by `reason` (`transport close`, `ping timeout`, …; for plain
/// WebSocket the usual close codes: `1000`, `1006`, …, and `another close code`).
pub const SESSIONS_CLOSED: &str = "gateway_sessions_closed_total";
/// Counter: messages from clients, by `transport`. Heartbeats count as well.
pub const PACKETS_RECEIVED: &str = "gateway_packets_received_total";
/// Counter: bytes of messages from clients, by `transport`, as they are when they have been decompressed.
pub const BYTES_RECEIVED: &str = "gateway_bytes_received_total";
/// Counter: packets to clients, by `transport`.
pub const PACKETS_SENT: &str = "gateway_packets_sent_total";
/// Counter: bytes of packets to clients, by `transport`, before compression.
pub const BYTES_SENT: &str = "gateway_bytes_sent_total";
/// Counter: packets that were not sent, by `reason`: `volatile` (the client was not ready).
pub const PACKETS_DROPPED: &str = "gateway_packets_dropped_total";
/// Gauge: sockets that are connected, by `namespace` (of a dynamic one the pattern).
pub const SOCKETS: &str = "gateway_sockets";
/// Counter: clients that were refused (`connect_error`, or a status before the upgrade), by `namespace`.
pub const CONNECTIONS_REFUSED: &str = "gateway_connections_refused_total";
/// Counter: sockets that have left their namespace, by `namespace` and `reason`.
pub const DISCONNECTS: &str = "gateway_disconnects_total";
/// Histogram: seconds from a message's start to the end of its handler, guards, pipes and interceptors
/// included, by `namespace` and `event`.
pub const HANDLER_DURATION: &str = "gateway_handler_duration_seconds";
/// Counter: handlers that ended with an exception, by `namespace` and `event`.
pub const HANDLER_EXCEPTIONS: &str = "gateway_handler_exceptions_total";
/// Gauge: events that wait for a handler to end (`max_running_handlers`) or for `handle_connection`.
pub const QUEUED_EVENTS: &str = "gateway_queued_events";
/// Gauge: handlers that have started and wait for something.
pub const RUNNING_HANDLERS: &str = "gateway_running_handlers";
/// Counter: events that no gateway and no listener has a handler for.
pub const UNHANDLED_EVENTS: &str = "gateway_unhandled_events_total";
/// Counter: events that were not sent, because their value did not serialize.
pub const UNSENT_EVENTS: &str = "gateway_unsent_events_total";
/// Counter: how often a limit was exceeded, by `limit`, the option's name.
pub const LIMITS_EXCEEDED: &str = "gateway_limits_exceeded_total";
/// Counter: operations over several servers that failed, by `operation`.
pub const ADAPTER_ERRORS: &str = "gateway_adapter_errors_total";
/// Counter: messages to other servers that were lost, by `reason`.
pub const ADAPTER_DROPPED: &str = "gateway_adapter_dropped_total";
/// Gauge: adapters of this process whose service can be reached, by `adapter`, their kind.
pub const ADAPTERS_UP: &str = "gateway_adapters_up";
/// Gauge: messages to other servers that wait to be sent, by `adapter`.
pub const ADAPTER_BUFFERED: &str = "gateway_adapter_buffered_messages";

/// What is said of each metric: kind, name, unit, sentence.
const DESCRIPTIONS: [(Kind, &str, Option<Unit>, &str); 22] = [
    (Kind::Gauge, SESSIONS, None, "Sessions that are open"),
    (Kind::Counter, SESSIONS_OPENED, None, "Sessions that were opened"),
    (Kind::Counter, SESSIONS_CLOSED, None, "Sessions that have ended"),
    (Kind::Counter, PACKETS_RECEIVED, None, "Packets from clients"),
    (Kind::Counter, BYTES_RECEIVED, Some(Unit::Bytes), "Bytes of packets from clients"),
    (Kind::Counter, PACKETS_SENT, None, "Packets to clients"),
    (Kind::Counter, BYTES_SENT, Some(Unit::Bytes), "Bytes of packets to clients"),
    (Kind::Counter, PACKETS_DROPPED, None, "Packets that were not sent"),
    (Kind::Gauge, SOCKETS, None, "Sockets that are connected"),
    (Kind::Counter, CONNECTIONS_REFUSED, None, "Clients that were refused"),
    (Kind::Counter, DISCONNECTS, None, "Sockets that have left"),
    (
        Kind::Histogram,
        HANDLER_DURATION,
        Some(Unit::Seconds),
        "Time from a message's start to the end of its handler",
    ),
    (Kind::Counter, HANDLER_EXCEPTIONS, None, "Handlers that ended with an exception"),
    (Kind::Gauge, QUEUED_EVENTS, None, "Events that wait for a handler to end"),
    (Kind::Gauge, RUNNING_HANDLERS, None, "Handlers that wait for something"),
    (Kind::Counter, UNHANDLED_EVENTS, None, "Events without a handler"),
    (Kind::Counter, UNSENT_EVENTS, None, "Events whose value did not serialize"),
    (Kind::Counter, LIMITS_EXCEEDED, None, "Limits that were exceeded"),
    (Kind::Counter, ADAPTER_ERRORS, None, "Operations over several servers that failed"),
    (Kind::Counter, ADAPTER_DROPPED, None, "Messages to other servers that were lost"),
    (Kind::Gauge, ADAPTERS_UP, None, "Adapters whose service can be reached"),
    (Kind::Gauge, ADAPTER_BUFFERED, None, "Messages to other servers that wait to be sent"),
];

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Tells the installed recorder what the metrics mean.
pub fn describe() {
    for (kind, name, unit, text) in DESCRIPTIONS {
        let unit = unit.unwrap_or(Unit::Count);
        match kind {
            Kind::Counter => metrics::describe_counter!(name, unit, text),
            Kind::Gauge => metrics::describe_gauge!(name, unit, text),
            Kind::Histogram => metrics::describe_histogram!(name, unit, text),
        }
    }
}

/// Counts that a client (or a handler in its place) went past a limit. `limit` is the option's name.
pub fn limit_exceeded(limit: &'static str) {
    metrics::counter!(LIMITS_EXCEEDED, "limit" => limit).increment(1);
}

/// Counts a packet that was not sent.
pub fn packet_dropped(reason: &'static str) {
    metrics::counter!(PACKETS_DROPPED, "reason" => reason).increment(1);
}

/// Counts an operation over several servers that failed.
pub fn adapter_error(operation: &'static str) {
    metrics::counter!(ADAPTER_ERRORS, "operation" => operation).increment(1);
}

/// Counts messages to other servers that were lost.
pub fn adapter_dropped(reason: &'static str, messages: u64) {
    metrics::counter!(ADAPTER_DROPPED, "reason" => reason).increment(messages);
}
