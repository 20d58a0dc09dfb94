//! `Throttler`: one limit, and what metadata may change about it.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

/// At most `limit` messages within `ttl` (one entry of NestJS's `ThrottlerModule.forRoot`).
///
/// A client that sends more is refused for the [`block_duration`](Self::block_duration); then it starts anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttler {
    pub(super) name: Cow<'static, str>,
    pub(super) limit: u32,
    pub(super) ttl: Duration,
    pub(super) block_duration: Option<Duration>,
}

impl Throttler {
    /// The limit named `default`.
    pub fn new(limit: u32, ttl: Duration) -> Self {
        Self::named("default", limit, ttl)
    }

    /// A limit with a name, which [`THROTTLE`](super::THROTTLE) and [`SKIP_THROTTLE`](super::SKIP_THROTTLE) use.
    pub fn named(name: impl Into<Cow<'static, str>>, limit: u32, ttl: Duration) -> Self {
        Self { name: name.into(), limit, ttl, block_duration: None }
    }

    /// For how long a client is refused that has sent too much: as long as `ttl`, unless this says otherwise.
    /// Zero refuses only what is too much: a message passes as soon as an earlier one is older than `ttl`.
    #[must_use]
    pub fn block_duration(mut self, duration: Duration) -> Self {
        self.block_duration = Some(duration);
        self
    }

    /// The numbers for one handler.
    pub(super) fn rule(&self, change: Option<&Change>) -> Rule {
        let millis = |time: Option<u64>| time.map(Duration::from_millis);
        let ttl = millis(change.and_then(|change| change.ttl)).unwrap_or(self.ttl);
        let block = millis(change.and_then(|change| change.block_duration)).or(self.block_duration);
        let limit = change.and_then(|change| change.limit).unwrap_or(self.limit);
        Rule { limit, ttl, block_duration: block.unwrap_or(ttl) }
    }
}

/// What `#[set_metadata(THROTTLE, …)]` says about one limit; times in milliseconds, as in NestJS's `@Throttle`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    limit: Option<u32>,
    ttl: Option<u64>,
    #[serde(alias = "block_duration")]
    block_duration: Option<u64>,
}

/// The numbers that hold for one handler.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) limit: u32,
    pub(super) ttl: Duration,
    pub(super) block_duration: Duration,
}

impl Rule {
    /// After what time a client that has been silent has a clean record.
    pub(super) fn memory(&self) -> Duration {
        self.ttl.max(self.block_duration)
    }
}
