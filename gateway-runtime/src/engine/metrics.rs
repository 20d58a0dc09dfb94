//! What an engine counts: sessions, packets and bytes, each by transport.
//!
//! The handles are asked of the recorder once, when the engine is made, and the counts of a turn of a
//! session are added up before they are told: a message costs no more than an addition.

use gateway_core::telemetry;
use metrics::{Counter, Gauge, counter, gauge};

use super::{CloseReason, TransportName};

/// Packets and their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traffic {
    packets: u64,
    bytes: u64,
}

impl Traffic {
    /// Counts packets.
    pub(super) fn add(&mut self, packets: usize, bytes: usize) {
        self.packets += packets as u64;
        self.bytes += bytes as u64;
    }
}

struct TransportMetrics {
    sessions: Gauge,
    opened: Counter,
    packets_received: Counter,
    bytes_received: Counter,
    packets_sent: Counter,
    bytes_sent: Counter,
}

impl TransportMetrics {
    fn new(transport: TransportName) -> Self {
        let transport = transport.as_str();
        Self {
            sessions: gauge!(telemetry::SESSIONS, "transport" => transport),
            opened: counter!(telemetry::SESSIONS_OPENED, "transport" => transport),
            packets_received: counter!(telemetry::PACKETS_RECEIVED, "transport" => transport),
            bytes_received: counter!(telemetry::BYTES_RECEIVED, "transport" => transport),
            packets_sent: counter!(telemetry::PACKETS_SENT, "transport" => transport),
            bytes_sent: counter!(telemetry::BYTES_SENT, "transport" => transport),
        }
    }
}

/// The counts of one engine.
pub(super) struct EngineMetrics {
    polling: TransportMetrics,
    websocket: TransportMetrics,
}

impl Default for EngineMetrics {
    fn default() -> Self {
        Self {
            polling: TransportMetrics::new(TransportName::Polling),
            websocket: TransportMetrics::new(TransportName::WebSocket),
        }
    }
}

impl EngineMetrics {
    fn of(&self, transport: TransportName) -> &TransportMetrics {
        match transport {
            TransportName::Polling => &self.polling,
            TransportName::WebSocket => &self.websocket,
        }
    }

    pub(super) fn opened(&self, transport: TransportName) {
        self.of(transport).opened.increment(1);
        self.of(transport).sessions.increment(1.0);
    }

    pub(super) fn upgraded(&self) {
        self.polling.sessions.decrement(1.0);
        self.websocket.sessions.increment(1.0);
    }

    pub(super) fn closed(&self, transport: TransportName) {
        self.of(transport).sessions.decrement(1.0);
    }

    pub(super) fn received(&self, transport: TransportName, traffic: Traffic) {
        if traffic.packets > 0 {
            self.of(transport).packets_received.increment(traffic.packets);
            self.of(transport).bytes_received.increment(traffic.bytes);
        }
    }

    pub(super) fn sent(&self, transport: TransportName, traffic: Traffic) {
        if traffic.packets > 0 {
            self.of(transport).packets_sent.increment(traffic.packets);
            self.of(transport).bytes_sent.increment(traffic.bytes);
        }
    }
}

/// Counts why a session ended.
pub(super) fn count_close(reason: &CloseReason) {
    counter!(telemetry::SESSIONS_CLOSED, "reason" => reason.label()).increment(1);
}

impl std::fmt::Debug for EngineMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EngineMetrics")
    }
}
