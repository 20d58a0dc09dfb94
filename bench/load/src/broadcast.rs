//! One client casts to everybody, on this server or on another one of the cluster. Deliveries are counted.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    dialect::{Dialect, Replies, body},
    fleet::{Fleet, Happening},
    latency::Latencies,
    phases::{Phase, Phases},
    sequence::Sequence,
    spec::{Outcome, Spec},
    template::{FIRST_ID, Template},
};

/// Casts under way and what has come of them.
#[derive(Debug)]
struct Casts {
    template: Template,
    replies: Replies,
    receivers: Vec<Sequence>,
    /// The oldest first: how many receivers wait for it, and since when.
    open: VecDeque<(usize, Instant)>,
    oldest: u64,
    latencies: Latencies,
    deliveries: u64,
    reordered: u64,
    ordered: bool,
}

impl Casts {
    fn send(&mut self, now: Instant, out: &mut Vec<u8>) {
        let id = self.oldest + self.open.len() as u64;
        self.open.push_back((self.receivers.len(), now));
        self.template.write(id, out);
    }

    fn receive(&mut self, number: usize, happening: Happening<'_>) -> Result<()> {
        let Happening::Text(message) = happening else { bail!("{happening:?} instead of a cast") };
        let id = self.replies.read(0, message)?;
        if !self.receivers[number].receive(id)? {
            self.reordered += 1;
            ensure!(!self.ordered, "the cast {id} overtook an older one");
        }
        let place = id.checked_sub(self.oldest).and_then(|place| usize::try_from(place).ok());
        let cast = place.and_then(|place| self.open.get_mut(place));
        let (waiting, since) = cast.with_context(|| format!("the cast {id} was not sent"))?;
        *waiting = waiting.checked_sub(1).with_context(|| format!("the cast {id} came too often"))?;
        self.latencies.record(*since, Instant::now());
        self.deliveries += 1;
        while self.open.front().is_some_and(|(waiting, _)| *waiting == 0) {
            self.open.pop_front();
            self.oldest += 1;
        }
        Ok(())
    }
}

/// Casts to so many receivers; with a `sender_port`, from a client of the server that listens there.
///
/// # Errors
/// If a delivery is wrong, comes twice or not at all.
pub(crate) fn run(
    spec: &Spec,
    sender_port: Option<u16>,
    receivers: usize,
    in_flight: usize,
    size: usize,
) -> Result<Outcome> {
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    fleet.open(receivers, 64)?;
    let mut sender = sender_port.map(|port| sender(spec, port)).transpose()?;
    let data = body(FIRST_ID, size)?;
    let mut casts = Casts {
        template: fleet.dialect().frame(0, "cast", false, &data)?,
        replies: Replies::with(&data, 1)?,
        receivers: vec![Sequence::default(); receivers],
        open: VecDeque::new(),
        oldest: FIRST_ID,
        latencies: Latencies::new()?,
        deliveries: 0,
        reordered: 0,
        ordered: spec.ordered,
    };
    let mut phases = Phases::start(spec)?;
    let mut over = false;
    while !over || !casts.open.is_empty() {
        if !over && casts.open.len() < in_flight {
            let now = Instant::now();
            let many = in_flight - casts.open.len();
            let to = sender.as_mut().unwrap_or(&mut fleet);
            to.send(0, |out| (0..many).for_each(|_| casts.send(now, out)))?;
        }
        if let Some(sender) = &mut sender {
            // It is in the namespace, so it gets its own casts.
            sender.turn(Some(Duration::ZERO), &mut |_, _, _| Ok(()))?;
        }
        fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, _| {
            casts.receive(number, happening)
        })?;
        if over {
            continue;
        }
        match phases.tick(casts.deliveries)? {
            Phase::Begins => casts.latencies.reset(),
            Phase::Over => over = true,
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
    phases.outcome(&casts.latencies, casts.reordered)
}

/// A client of another server. Until the servers have found each other, casts would be lost, so the caller starts both well before.
fn sender(spec: &Spec, port: u16) -> Result<Fleet> {
    let mut fleet = Fleet::new(Dialect::of(&Spec { port, ..spec.clone() }))?;
    fleet.open(1, 1)?;
    Ok(fleet)
}
