//! The load generator of the benchmark: raw clients, many in one thread, that cost less than any server.
//!
//! One run is a [`Spec`] and gives an [`Outcome`]; [`run`] does it. Every answer is checked: a wrong one, one that comes twice or
//! not at all fails the run. The server's CPU is read here, at the moments between which is counted.

mod accept;
mod binary;
mod broadcast;
mod chat;
mod dialect;
mod exchange;
mod fleet;
mod frame;
mod http;
mod idle;
mod latency;
mod phases;
mod polling;
mod rooms;
mod sequence;
mod socket;
mod spec;
mod template;
mod usage;
mod window;

pub use latency::Percentiles;
pub use spec::{Event, Outcome, Protocol, Spec, Workload};

/// Does one run.
///
/// # Errors
/// If an answer is wrong or does not come, or a server ends.
pub fn run(spec: &Spec) -> anyhow::Result<Outcome> {
    match spec.workload.clone() {
        Workload::Closed { event, connections, in_flight, body } => {
            exchange::closed(spec, event, connections, in_flight, body)
        }
        Workload::Open { event, connections, rate, body } => {
            exchange::open(spec, event, connections, rate, body)
        }
        Workload::Broadcast { receivers, in_flight, body } => {
            broadcast::run(spec, None, receivers, in_flight, body)
        }
        Workload::Remote { sender_port, receivers, in_flight, body } => {
            broadcast::run(spec, Some(sender_port), receivers, in_flight, body)
        }
        Workload::Rooms { connections, rooms, active, body } => {
            rooms::run(spec, connections, rooms, active, body)
        }
        Workload::Binary { connections, in_flight, bytes } => {
            binary::run(spec, connections, in_flight, bytes)
        }
        Workload::Polling { sessions, body } => polling::run(spec, sessions, body),
        Workload::Accept { connections, concurrency } => accept::keep(spec, connections, concurrency),
        Workload::Churn { concurrency } => accept::churn(spec, concurrency),
        Workload::Idle { connections, sizes } => idle::run(spec, connections, &sizes),
        Workload::PollingIdle { sessions } => idle::polling(spec, sessions),
        Workload::Chat { clients } => chat::run(spec, clients),
    }
}
