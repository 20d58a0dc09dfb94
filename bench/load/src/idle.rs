//! Connections that are there and say nothing: what the server holds for each, before and after large messages.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{
    dialect::Dialect,
    exchange::Exchange,
    fleet::{Fleet, Happening},
    phases::Phases,
    polling, rooms,
    spec::{Event, Outcome, Spec},
};

/// Connections that have large messages under way at a time.
const ACTIVE: usize = 4;

/// How long the server's memory is looked at, and how much it may move meanwhile.
const SETTLED: Duration = Duration::from_millis(400);
const STILL: u64 = 64 * 1024;

/// After this long it is taken as it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// Opens connections with the headers of a browser, each in one room, and reads the memory; again after each of `sizes`.
///
/// # Errors
/// If a connection is refused or an answer is wrong.
pub(crate) fn run(spec: &Spec, connections: usize, sizes: &[usize]) -> Result<Outcome> {
    let mut phases = Phases::start(spec)?;
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    // One client first, so that what the first one touches is not divided among all.
    fleet.open(1, 1)?;
    rooms::join(&mut fleet, 1, |_, _| "lobby".to_owned())?;
    let largest = sizes.iter().copied().max().unwrap_or(100);
    exchange_once(spec, &mut fleet, largest, 0..1)?;
    let mut resident = vec![settled(&phases)?];
    phases.begin(0)?;
    fleet.open(connections, 64)?;
    rooms::join(&mut fleet, 1, |_, _| "lobby".to_owned())?;
    phases.stop(connections as u64)?;
    resident.push(settled(&phases)?);
    for &size in sizes {
        exchange_once(spec, &mut fleet, size, 1..connections + 1)?;
        fleet.awake();
        resident.push(settled(&phases)?);
    }
    let mut outcome = phases.outcome(&crate::latency::Latencies::new()?, 0)?;
    outcome.resident = resident;
    Ok(outcome)
}

/// Sessions over polling; each has its request waiting when the memory is read.
///
/// # Errors
/// If a session is refused.
pub(crate) fn polling(spec: &Spec, sessions: usize) -> Result<Outcome> {
    let mut phases = Phases::start(spec)?;
    let mut pollers = polling::Pollers::new(Dialect::of(spec))?;
    pollers.open(1)?;
    let mut resident = vec![settled(&phases)?];
    phases.begin(0)?;
    pollers.open(sessions)?;
    phases.stop(sessions as u64)?;
    resident.push(settled(&phases)?);
    let mut outcome = phases.outcome(&crate::latency::Latencies::new()?, 0)?;
    outcome.resident = resident;
    Ok(outcome)
}

/// One message of `size` bytes there and back on each of these connections.
fn exchange_once(spec: &Spec, fleet: &mut Fleet, size: usize, numbers: std::ops::Range<usize>) -> Result<()> {
    let mut exchange = Exchange::new(spec, fleet.dialect(), Event::Push, size, fleet.len())?;
    let mut next = numbers.start;
    let mut done = numbers.start;
    while done < numbers.end {
        while next < numbers.end && next < done + ACTIVE {
            fleet.send(next, |out| exchange.send(next, Instant::now(), out))?;
            next += 1;
        }
        fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, _| match happening {
            Happening::Text(_) => {
                done += 1;
                exchange.receive(number, happening, Instant::now())
            }
            other => bail!("{other:?} instead of an answer"),
        })?;
    }
    Ok(())
}

/// The resident bytes of the measured server, once they stand still.
fn settled(phases: &Phases) -> Result<u64> {
    let read = || Ok::<_, anyhow::Error>(phases.clocks().resident()?.first().copied().unwrap_or_default());
    let end = Instant::now() + PATIENCE;
    let mut before = read()?;
    loop {
        thread::sleep(SETTLED);
        let now = read()?;
        if now.abs_diff(before) < STILL || Instant::now() > end {
            return Ok(now);
        }
        before = now;
    }
}
