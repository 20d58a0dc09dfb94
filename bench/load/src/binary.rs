//! Binary attachments, there and back: a packet of text that announces one, and a frame of bytes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    dialect::{Dialect, filler},
    fleet::{Fleet, Happening},
    frame::{self, Opcode},
    latency::Latencies,
    phases::{Phase, Phases},
    spec::{Outcome, Protocol, Spec},
    template::{FIRST_ID, Template},
    window::Window,
};

/// What announces the attachment. Plain and raw peers get the frame of bytes alone.
const ANNOUNCEMENT: &str = r#"451-["binary",{"_placeholder":true,"num":0}]"#;

/// Each connection keeps `in_flight` attachments under way.
///
/// # Errors
/// If one comes back changed, or not at all.
pub(crate) fn run(spec: &Spec, connections: usize, in_flight: usize, bytes: usize) -> Result<Outcome> {
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    fleet.open(connections, 64)?;
    let content = format!("{FIRST_ID}{}", filler(bytes.checked_sub(10).context("too few bytes for an id")?));
    let content = Template::of(content.as_bytes(), FIRST_ID);
    let mut sent = Vec::new();
    if spec.protocol == Protocol::SocketIo {
        frame::write(Opcode::Text, ANNOUNCEMENT.as_bytes(), &mut sent);
    }
    let mut payload = Vec::new();
    content.write(FIRST_ID, &mut payload);
    frame::write(Opcode::Binary, &payload, &mut sent);
    let sent = Template::of(&sent, FIRST_ID);

    let mut windows: Vec<Window> = (0..connections).map(|_| Window::default()).collect();
    let (mut latencies, mut count, mut reordered) = (Latencies::new()?, 0_u64, 0_u64);
    let mut phases = Phases::start(spec)?;
    for (number, window) in windows.iter_mut().enumerate() {
        fleet
            .send(number, |out| (0..in_flight).for_each(|_| sent.write(window.send(Instant::now()), out)))?;
    }
    let mut over = false;
    while !over || windows.iter().any(|window| window.waiting() > 0) {
        fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, out| {
            let bytes = match happening {
                Happening::Text(text) if text == ANNOUNCEMENT.as_bytes() => return Ok(()),
                Happening::Binary(bytes) => bytes,
                other => bail!("{other:?} instead of an attachment"),
            };
            let id = content.read(bytes).context("the attachment came back changed")?;
            let answer = windows[number].receive(id)?;
            latencies.record(answer.since, Instant::now());
            count += 1;
            if !answer.in_order {
                reordered += 1;
                ensure!(!spec.ordered, "the attachment {id} overtook an older one");
            }
            if !over {
                sent.write(windows[number].send(Instant::now()), out);
            }
            Ok(())
        })?;
        if over {
            continue;
        }
        match phases.tick(count)? {
            Phase::Begins => latencies.reset(),
            Phase::Over => over = true,
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
    phases.outcome(&latencies, reordered)
}
