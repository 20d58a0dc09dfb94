//! Messages that are each answered to their sender: a number in flight on each connection, or a fixed rate over all.

use std::{
    iter,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use crate::{
    dialect::{Dialect, Replies, body},
    fleet::{Fleet, Happening},
    latency::{Latencies, Schedule},
    phases::{Phase, Phases},
    rooms,
    spec::{Event, Outcome, Spec},
    template::{FIRST_ID, Template},
    window::Window,
};

/// How long answers are waited for when the measurement is over.
const DRAIN: Duration = Duration::from_secs(20);

/// Messages that are sent at a fixed rate before what has come is looked at.
const SENT_AT_ONCE: usize = 32;

/// What is sent and what has come.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// By connection, in turn.
    sends: Vec<Template>,
    replies: Replies,
    windows: Vec<Window>,
    /// Of all answers since the warm-up.
    pub(crate) latencies: Latencies,
    /// Answers since the start.
    pub(crate) count: u64,
    /// Of these, the ones that overtook others.
    pub(crate) reordered: u64,
    ordered: bool,
}

impl Exchange {
    /// Of an event with a body of `size` bytes, over so many connections.
    ///
    /// # Errors
    /// If the body is too small, or the protocol has no acknowledgements.
    pub(crate) fn new(
        spec: &Spec,
        dialect: &Dialect,
        event: Event,
        size: usize,
        connections: usize,
    ) -> Result<Self> {
        let data = body(FIRST_ID, size)?;
        let namespaces = dialect.namespaces.len();
        let handlers = spec.handlers.unwrap_or(1);
        let name = |number: usize| match spec.handlers {
            Some(handlers) => format!("{}{}", event.name(), number % handlers),
            None => event.name().to_owned(),
        };
        let sends = (0..namespaces * handlers)
            .map(|number| dialect.frame(number, &name(number), event == Event::Echo, &data))
            .collect::<Result<_>>()?;
        Ok(Self {
            sends,
            replies: Replies::with(&data, namespaces)?,
            windows: (0..connections).map(|_| Window::default()).collect(),
            latencies: Latencies::new()?,
            count: 0,
            reordered: 0,
            ordered: spec.ordered,
        })
    }

    /// Writes the next message of a connection; latency counts from `since`.
    pub(crate) fn send(&mut self, number: usize, since: Instant, out: &mut Vec<u8>) {
        let id = self.windows[number].send(since);
        self.sends[number % self.sends.len()].write(id, out);
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// If it is wrong.
    pub(crate) fn receive(&mut self, number: usize, happening: Happening<'_>, now: Instant) -> Result<()> {
        let Happening::Text(message) = happening else { bail!("{happening:?} instead of an answer") };
        let id = self.replies.read(number, message)?;
        let answer = self.windows[number].receive(id)?;
        self.latencies.record(answer.since, now);
        self.count += 1;
        if !answer.in_order {
            self.reordered += 1;
            ensure!(!self.ordered, "the answer {id} overtook an older one");
        }
        Ok(())
    }

    /// How many answers are waited for.
    pub(crate) fn waiting(&self) -> usize {
        self.windows.iter().map(Window::waiting).sum()
    }

    /// Waits for all answers.
    ///
    /// # Errors
    /// If one is wrong or does not come.
    pub(crate) fn drain(&mut self, fleet: &mut Fleet) -> Result<()> {
        let end = Instant::now() + DRAIN;
        while self.waiting() > 0 {
            ensure!(Instant::now() < end, "{} answers have not come within {DRAIN:?}", self.waiting());
            fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, _| {
                self.receive(number, happening, Instant::now())
            })?;
        }
        Ok(())
    }
}

/// Each connection keeps `in_flight` messages under way.
///
/// # Errors
/// If an answer is wrong or does not come.
pub(crate) fn closed(
    spec: &Spec,
    event: Event,
    connections: usize,
    in_flight: usize,
    size: usize,
) -> Result<Outcome> {
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    fleet.open(connections, 64)?;
    rooms::join_own(&mut fleet, spec.join)?;
    let mut exchange = Exchange::new(spec, fleet.dialect(), event, size, connections)?;
    let mut phases = Phases::start(spec)?;
    for number in 0..connections {
        let now = Instant::now();
        fleet.send(number, |out| (0..in_flight).for_each(|_| exchange.send(number, now, out)))?;
    }
    loop {
        fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, out| {
            let now = Instant::now();
            exchange.receive(number, happening, now)?;
            exchange.send(number, now, out);
            Ok(())
        })?;
        match phases.tick(exchange.count)? {
            Phase::Begins => exchange.latencies.reset(),
            Phase::Over => break,
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
    let outcome = phases.outcome(&exchange.latencies, exchange.reordered)?;
    exchange.drain(&mut fleet)?;
    Ok(outcome)
}

/// `rate` messages a second, each with its own time, whatever the server does. The generator polls without waiting, so
/// that its own share of CPU says nothing.
///
/// # Errors
/// If an answer is wrong or does not come.
pub(crate) fn open(spec: &Spec, event: Event, connections: usize, rate: f64, size: usize) -> Result<Outcome> {
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    fleet.open(connections, 64)?;
    let mut exchange = Exchange::new(spec, fleet.dialect(), event, size, connections)?;
    let mut phases = Phases::start(spec)?;
    let mut schedule = Schedule::new(Instant::now(), rate);
    let mut late = Latencies::new()?;
    let (mut due, mut number) = (Vec::with_capacity(SENT_AT_ONCE), 0);
    loop {
        // What is due by now goes out on the next connection, in one write: who is late catches up, and on time it is one message.
        // Not all of it, since who is late must go on reading.
        let now = Instant::now();
        due.extend(iter::from_fn(|| schedule.due(now)).take(SENT_AT_ONCE));
        if !due.is_empty() {
            due.iter().for_each(|due| late.record(*due, now));
            fleet.send(number, |out| due.drain(..).for_each(|due| exchange.send(number, due, out)))?;
            number = (number + 1) % connections;
        }
        fleet.turn(Some(Duration::ZERO), &mut |number, happening, _| {
            exchange.receive(number, happening, Instant::now())
        })?;
        match phases.tick(exchange.count)? {
            Phase::Begins => {
                exchange.latencies.reset();
                late.reset();
            }
            Phase::Over => break,
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
    // What is still under way belongs to the latencies: leaving it out would leave out the slowest.
    exchange.drain(&mut fleet)?;
    let outcome = phases.outcome(&exchange.latencies, exchange.reordered)?;
    Ok(Outcome { late: late.percentiles(), ..outcome })
}
