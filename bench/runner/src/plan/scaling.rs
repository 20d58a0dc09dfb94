//! The cases that compare this framework with itself: with more of something, a message costs the same.

use bench_load::{Event, Workload};

use super::{Case, Length, Method, Mode, Participant, Section};

fn push(connections: usize) -> Workload {
    // One in flight each: batches would hide what finding the connection costs.
    Workload::Closed { event: Event::Push, connections, in_flight: 1, body: 100 }
}

fn case(mode: Mode, id: &str, title: &str, unit: &'static str, participants: Vec<Participant>) -> Case {
    let length = Length::of(mode, 3, 0.7);
    Case {
        id: format!("scaling-{id}"),
        title: title.to_owned(),
        section: Section::Scaling,
        unit,
        method: Method::Cpu,
        participants,
        rounds: length.rounds,
        warm_up: length.warm_up,
        measure: length.measure,
        syscalls: false,
    }
}

fn step(label: &str, workload: Workload) -> Participant {
    step_of("gateway", label, workload)
}

fn step_of(peer: &str, label: &str, workload: Workload) -> Participant {
    Participant { label: label.to_owned(), ..Participant::new(peer, workload) }
}

/// `gateway-scale` with so many gateways, namespaces and handlers in each.
fn scale(label: &str, gateways: usize, namespaces: usize, handlers: usize) -> Participant {
    let mut participant =
        Participant { label: label.to_owned(), ..Participant::new("gateway-scale", push(200)) };
    for (name, value) in [("GATEWAYS", gateways), ("NAMESPACES", namespaces), ("HANDLERS", handlers)] {
        participant.env.insert(name.to_owned(), value.to_string());
    }
    participant.namespaces = namespaces;
    participant.handlers = Some(gateways * handlers);
    participant
}

pub(super) fn all(mode: Mode) -> Vec<Case> {
    let full = mode == Mode::Full;
    let connections = [50, 500, if full { 5_000 } else { 1_000 }];
    let rooms = [100, 1_000, 10_000];
    let joined = [0, 10, 100];
    let recipients = [10, 100, 1_000, if full { 5_000 } else { 2_000 }];
    let counts = [1, 10, 100];
    let in_room = |rooms| Workload::Rooms { connections: 1_000, rooms, active: 8, body: 100 };
    let cast = |receivers| Workload::Broadcast { receivers, in_flight: 1, body: 100 };
    vec![
        case(
            mode,
            "connections",
            "connections, each with one in flight",
            "message",
            connections.map(|count| step(&count.to_string(), push(count))).into(),
        ),
        case(
            mode,
            "connections-raw",
            "beside it, connections of raw-axum: what the kernel takes",
            "message",
            connections.map(|count| step_of("raw-axum", &count.to_string(), push(count))).into(),
        ),
        case(
            mode,
            "rooms",
            "rooms of ten, 1,000 connections",
            "delivery",
            rooms.map(|count| step(&count.to_string(), in_room(count))).into(),
        ),
        case(
            mode,
            "joined",
            "rooms that each of 200 connections is in",
            "message",
            joined.map(|count| Participant { join: count, ..step(&count.to_string(), push(200)) }).into(),
        ),
        case(
            mode,
            "namespaces",
            "namespaces, 200 connections",
            "message",
            counts.map(|count| scale(&count.to_string(), count, count, 1)).into(),
        ),
        case(
            mode,
            "handlers",
            "handlers of one gateway, 200 connections",
            "message",
            counts.map(|count| scale(&count.to_string(), 1, 1, count)).into(),
        ),
        case(
            mode,
            "gateways",
            "gateways on one namespace, 200 connections",
            "message",
            counts.map(|count| scale(&count.to_string(), count, 1, 1)).into(),
        ),
        case(
            mode,
            "recipients",
            "recipients of a broadcast",
            "delivery",
            recipients.map(|count| step(&count.to_string(), cast(count))).into(),
        ),
        case(
            mode,
            "recipients-raw",
            "beside it, recipients of raw-axum-cast",
            "delivery",
            recipients.map(|count| step_of("raw-axum-cast", &count.to_string(), cast(count))).into(),
        ),
    ]
}
