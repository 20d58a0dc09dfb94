//! Connections that are opened: from the handshake to the connected namespace, kept or closed again.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{
    dialect::Dialect,
    fleet::{Fleet, Happening},
    latency::Latencies,
    phases::{Phase, Phases},
    spec::{Outcome, Spec},
};

/// Opened first, not counted: pages of the server that are touched by its first clients.
const FIRST: usize = 200;

/// Opens so many connections and keeps them.
///
/// # Errors
/// If one is refused.
pub(crate) fn keep(spec: &Spec, connections: usize, concurrency: usize) -> Result<Outcome> {
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    fleet.open(FIRST, concurrency)?;
    let mut phases = Phases::start(spec)?;
    phases.begin(0)?;
    fleet.open(connections, concurrency)?;
    phases.stop(connections as u64)?;
    phases.outcome(&Latencies::new()?, 0)
}

/// Opens connections and closes each as soon as it is ready; `concurrency` at a time.
///
/// # Errors
/// If one is refused, or not closed.
pub(crate) fn churn(spec: &Spec, concurrency: usize) -> Result<Outcome> {
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    let mut begun = vec![Instant::now(); concurrency];
    for _ in 0..concurrency {
        fleet.connect()?;
    }
    let mut phases = Phases::start(spec)?;
    let (mut latencies, mut count) = (Latencies::new()?, 0_u64);
    let (mut ready, mut closed) = (Vec::new(), Vec::new());
    loop {
        fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, _| {
            match happening {
                Happening::Ready => ready.push(number),
                Happening::Closed => closed.push(number),
                other => bail!("{other:?} on a connection that is only opened"),
            }
            Ok(())
        })?;
        for number in ready.drain(..) {
            latencies.record(begun[number], Instant::now());
            fleet.close(number)?;
        }
        for number in closed.drain(..) {
            count += 1;
            begun[number] = Instant::now();
            fleet.reconnect(number)?;
        }
        match phases.tick(count)? {
            Phase::Begins => latencies.reset(),
            Phase::Over => return phases.outcome(&latencies, 0),
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
}
