//! Against a server that lies: a wrong answer fails a run, a right one does not.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
};

use bench_load::{Event, Outcome, Protocol, Spec, Workload, run};

/// What the server does to the tenth answer.
#[derive(Clone, Copy)]
enum Lie {
    None,
    Changed,
    Twice,
    /// It comes before the ninth.
    Overtakes,
}

const TENTH: usize = 9;

/// Echoes frames on every connection, and lies once on each. Returns its port.
fn server(lie: Lie) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // The generator hangs up when it has seen enough, or a lie.
            thread::spawn(move || serve(stream.unwrap(), lie).ok());
        }
    });
    port
}

fn serve(mut stream: TcpStream, lie: Lie) -> std::io::Result<()> {
    let mut input = Vec::new();
    let mut chunk = [0; 65_536];
    while !input.windows(4).any(|four| four == b"\r\n\r\n") {
        let count = stream.read(&mut chunk)?;
        input.extend_from_slice(&chunk[..count]);
    }
    stream.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    )?;
    input.clear();
    let (mut number, mut held) = (0, None);
    loop {
        // A body of 100 bytes and its envelope need the length of one byte or the one of two; its mask is 0.
        while let Some((head, length)) = input.get(1).map(|second| match second & 0x7F {
            126 => (8, usize::from(input.get(3).copied().unwrap_or(0)) | usize::from(input[2]) << 8),
            length => (6, usize::from(length)),
        }) {
            let Some(payload) = input.get(head..head + length) else { break };
            let mut answer = vec![0x81, u8::try_from(length).unwrap()];
            answer.extend_from_slice(payload);
            input.drain(..head + length);
            number += 1;
            match lie {
                Lie::Changed if number == TENTH => *answer.last_mut().unwrap() ^= 1,
                Lie::Twice if number == TENTH => answer.extend_from_within(..),
                Lie::Overtakes if number == TENTH => {
                    held = Some(answer);
                    continue;
                }
                _ => answer.extend(held.take().unwrap_or_default()),
            }
            stream.write_all(&answer)?;
        }
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        input.extend_from_slice(&chunk[..count]);
    }
}

/// Four connections with four under way each, for a moment.
fn measured(lie: Lie, ordered: bool) -> Result<Outcome, String> {
    let spec = Spec {
        port: server(lie),
        pids: vec![i32::try_from(std::process::id()).unwrap()],
        protocol: Protocol::Raw,
        path: "/".to_owned(),
        frames: None,
        namespaces: vec!["/".to_owned()],
        ordered,
        handlers: None,
        pause: false,
        join: 0,
        warm_up: 0.0,
        measure: 0.3,
        workload: Workload::Closed { event: Event::Push, connections: 4, in_flight: 4, body: 90 },
    };
    run(&spec).map_err(|error| format!("{error:#}"))
}

#[test]
fn right_answers_are_counted() {
    let outcome = measured(Lie::None, true).unwrap();
    assert!(outcome.count > 0 && outcome.micros_each() > 0.0 && outcome.latency.p50 > 0.0, "{outcome:?}");
    assert_eq!(outcome.reordered, 0);
}

#[test]
fn an_answer_with_another_byte_fails_the_run() {
    let error = measured(Lie::Changed, false).unwrap_err();
    assert!(error.contains("a wrong answer"), "{error}");
}

#[test]
fn an_answer_that_comes_twice_fails_the_run() {
    let error = measured(Lie::Twice, false).unwrap_err();
    assert!(error.contains("nobody waits for"), "{error}");
}

#[test]
fn an_answer_that_overtakes_another_fails_the_run_where_order_is_promised_and_is_counted_elsewhere() {
    let error = measured(Lie::Overtakes, true).unwrap_err();
    assert!(error.contains("overtook"), "{error}");
    let reordered = measured(Lie::Overtakes, false).unwrap().reordered;
    assert!((1..=4).contains(&reordered), "{reordered}");
}
