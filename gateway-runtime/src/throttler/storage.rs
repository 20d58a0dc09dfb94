//! The hits of each client, counted as `@nestjs/throttler` counts them, in bounded memory.
//!
//! Clients are kept in two generations: whoever is counted moves to the young one. When the young one is as old as the
//! longest memory of any limit, or full, the old one is forgotten as a whole: nobody is searched for, and no
//! timer runs. It must never know what a client or a handler is.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::limit::Rule;

/// How many clients a guard remembers, unless
/// [`max_trackers`](super::ThrottlerGuard::max_trackers) says otherwise. Of more, those are forgotten first that have
/// been silent longest.
pub const DEFAULT_MAX_TRACKERS: usize = 100_000;

/// What is counted of a client: one limit of one handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subject<'a> {
    pub(super) gateway: &'static str,
    pub(super) method: &'static str,
    pub(super) pattern: &'a str,
    /// Which limit of the guard.
    pub(super) throttler: usize,
}

/// The hits of one subject.
#[derive(Debug)]
struct Record {
    gateway: &'static str,
    method: &'static str,
    pattern: Box<str>,
    throttler: usize,
    /// When each hit is over, oldest first; never more than the limit.
    hits: VecDeque<Instant>,
    blocked_until: Option<Instant>,
}

impl Record {
    fn new(subject: Subject<'_>) -> Self {
        let Subject { gateway, method, pattern, throttler } = subject;
        Self {
            gateway,
            method,
            pattern: pattern.into(),
            throttler,
            hits: VecDeque::new(),
            blocked_until: None,
        }
    }

    fn is_of(&self, subject: Subject<'_>) -> bool {
        let Self { gateway, method, pattern, throttler, .. } = self;
        subject == Subject { gateway, method, pattern, throttler: *throttler }
    }

    /// Counts a hit, or says after what time the next one passes.
    fn hit(&mut self, rule: &Rule, now: Instant) -> Result<(), Duration> {
        match self.blocked_until {
            Some(until) if until > now => return Err(until - now),
            Some(_) => {
                self.blocked_until = None;
                self.hits.clear();
            }
            None => {}
        }
        while self.hits.front().is_some_and(|over| *over <= now) {
            self.hits.pop_front();
        }
        if self.hits.len() < usize::try_from(rule.limit).unwrap_or(usize::MAX) {
            self.hits.push_back(later(now, rule.ttl));
            return Ok(());
        }
        if rule.block_duration.is_zero() {
            return Err(self.hits.front().map_or(rule.ttl, |over| *over - now));
        }
        self.blocked_until = Some(later(now, rule.block_duration));
        // They are forgotten with the block, and need no room until then.
        self.hits = VecDeque::new();
        Err(rule.block_duration)
    }
}

/// A century stands for times that no clock can count to.
fn later(now: Instant, time: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    now + time.min(CENTURY)
}

/// What is known of one client: few records, as many as it uses handlers with limits.
type Records = Vec<Record>;

/// All clients.
#[derive(Debug)]
pub(super) struct Storage {
    max_trackers: usize,
    /// The longest memory of any rule so far.
    memory: Duration,
    young: HashMap<String, Records>,
    old: HashMap<String, Records>,
    young_since: Option<Instant>,
}

impl Storage {
    pub(super) fn new(max_trackers: usize) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self { max_trackers, memory: Duration::ZERO, young, old, young_since: None }
    }

    pub(super) fn set_max_trackers(&mut self, max_trackers: usize) {
        self.max_trackers = max_trackers;
    }

    /// Counts a hit of a client, or says after what time its next one passes.
    pub(super) fn hit(&mut self, tracker: &str, subject: Subject<'_>, rule: &Rule) -> Result<(), Duration> {
        let now = Instant::now();
        self.memory = self.memory.max(rule.memory());
        let since = *self.young_since.get_or_insert(now);
        if now.duration_since(since) >= self.memory {
            self.grow_older(now);
        }
        self.make_young(tracker, now);
        // It was put there a moment ago.
        let Some(records) = self.young.get_mut(tracker) else { return Ok(()) };
        let index = records.iter().position(|record| record.is_of(subject)).unwrap_or_else(|| {
            records.push(Record::new(subject));
            records.len() - 1
        });
        records[index].hit(rule, now)
    }

    fn make_young(&mut self, tracker: &str, now: Instant) {
        if self.young.contains_key(tracker) {
            return;
        }
        let records = self.old.remove(tracker).unwrap_or_default();
        // Half of the room is for those who have been silent for longer.
        if self.young.len() >= (self.max_trackers / 2).max(1) {
            self.grow_older(now);
        }
        self.young.insert(tracker.to_owned(), records);
    }

    fn grow_older(&mut self, now: Instant) {
        self.old = std::mem::take(&mut self.young);
        self.young_since = Some(now);
    }

    /// How many clients are remembered.
    #[cfg(test)]
    pub(super) fn trackers(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
