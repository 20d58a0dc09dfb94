//! `ThrottlerGuard`: whose hits are counted against which limits.
//!
//! It must never know how hits are counted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use gateway_core::{CanActivate, ExecutionContext, GuardResult, HandlerError, Socket};
use parking_lot::Mutex;
use serde::Deserialize;

use super::exception::{THROTTLER_MESSAGE, ThrottlerException};
use super::limit::{Change, Throttler};
use super::storage::{DEFAULT_MAX_TRACKERS, Storage, Subject};

/// The metadata key that exempts a handler or a gateway (NestJS's `@SkipThrottle`):
/// `#[set_metadata(SKIP_THROTTLE, true)]` from all limits, `json!({ "short": true })` from the named ones.
pub const SKIP_THROTTLE: &str = "THROTTLER:SKIP";

/// The metadata key that changes limits for a handler or a gateway (NestJS's `@Throttle`), times in milliseconds:
/// `#[set_metadata(THROTTLE, json!({ "default": { "limit": 3, "ttl": 60000 } }))]`.
pub const THROTTLE: &str = "THROTTLER:THROTTLE";

/// Addresses of IPv6 count by their network of this many bits, as in `@nestjs/throttler`: one client has them all.
const IPV6_SUBNET_PREFIX: u32 = 64;

type GetTracker = Box<dyn Fn(&ExecutionContext) -> String + Send + Sync>;
type SkipIf = Box<dyn Fn(&ExecutionContext) -> bool + Send + Sync>;

/// Refuses the messages of clients that send too many (the `ThrottlerGuard` of `@nestjs/throttler`).
///
/// Each client and each handler is counted by itself. A client is its socket, so that a new connection starts anew:
/// [`by_address`](Self::by_address) or [`get_tracker`](Self::get_tracker) counts otherwise. It works wherever guards
/// do, `use_global_guard` and `on = "connection"` (with `by_address`) included.
///
/// ```
/// use std::time::Duration;
/// use gateway_runtime::{CanActivate, ExecutionContext, Socket, Throttler, ThrottlerGuard};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let guard = ThrottlerGuard::with_throttlers([
///     Throttler::named("short", 2, Duration::from_secs(1)),
///     Throttler::named("long", 100, Duration::from_secs(60)),
/// ]);
/// let message = ExecutionContext::detached(Socket::detached("c1"), "typing", &());
/// assert!(guard.can_activate(&message).await.is_ok());
/// assert!(guard.can_activate(&message).await.is_ok());
/// assert!(guard.can_activate(&message).await.is_err());
/// # }
/// ```
pub struct ThrottlerGuard {
    throttlers: Vec<Throttler>,
    get_tracker: Option<GetTracker>,
    skip_if: Option<SkipIf>,
    message: Cow<'static, str>,
    storage: Mutex<Storage>,
}

impl ThrottlerGuard {
    /// At most `limit` messages of a client to a handler within `ttl`.
    pub fn new(limit: u32, ttl: Duration) -> Self {
        Self::with_throttlers([Throttler::new(limit, ttl)])
    }

    /// Several limits that hold at the same time.
    pub fn with_throttlers(throttlers: impl IntoIterator<Item = Throttler>) -> Self {
        // The shortest is asked first, as in NestJS.
        let mut sorted: Vec<Throttler> = Vec::new();
        for throttler in throttlers {
            sorted.insert(sorted.partition_point(|other| other.ttl <= throttler.ttl), throttler);
        }
        Self {
            throttlers: sorted,
            get_tracker: None,
            skip_if: None,
            message: THROTTLER_MESSAGE.into(),
            storage: Mutex::new(Storage::new(DEFAULT_MAX_TRACKERS)),
        }
    }

    /// Whose hits are counted together: by the user's id, for example (NestJS's `getTracker`).
    #[must_use]
    pub fn get_tracker(
        mut self,
        get_tracker: impl Fn(&ExecutionContext) -> String + Send + Sync + 'static,
    ) -> Self {
        self.get_tracker = Some(Box::new(get_tracker));
        self
    }

    /// Counts the clients of one address together. Behind a proxy that is the proxy's, unless
    /// [`trust_proxy`](crate::GatewayAppBuilder::trust_proxy) says whom to believe. A client without an address is
    /// counted by its socket.
    #[must_use]
    pub fn by_address(self) -> Self {
        self.get_tracker(|context| {
            let address = context.socket().handshake().address();
            address.map_or_else(|| context.socket().id().to_owned(), |address| network(address.ip()))
        })
    }

    /// Which messages are not counted (NestJS's `skipIf`).
    #[must_use]
    pub fn skip_if(mut self, skip: impl Fn(&ExecutionContext) -> bool + Send + Sync + 'static) -> Self {
        self.skip_if = Some(Box::new(skip));
        self
    }

    /// What clients are told, instead of [`THROTTLER_MESSAGE`].
    #[must_use]
    pub fn error_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// How many clients are remembered, instead of [`DEFAULT_MAX_TRACKERS`].
    #[must_use]
    pub fn max_trackers(self, trackers: usize) -> Self {
        self.storage.lock().set_max_trackers(trackers);
        self
    }

    fn check(&self, context: &ExecutionContext) -> Result<(), ThrottlerException> {
        if self.skip_if.as_ref().is_some_and(|skip| skip(context)) {
            return Ok(());
        }
        let skipped = context.metadata::<Skip>(SKIP_THROTTLE);
        let changes = context.metadata::<HashMap<String, Change>>(THROTTLE).unwrap_or_default();
        let tracker = self.tracker(context);
        let target = context.target();
        for (index, throttler) in self.throttlers.iter().enumerate() {
            if skipped.as_ref().is_some_and(|skip| skip.applies_to(&throttler.name)) {
                continue;
            }
            let rule = throttler.rule(changes.get(throttler.name.as_ref()));
            let subject = Subject {
                gateway: target.gateway(),
                method: target.method(),
                pattern: target.pattern(),
                throttler: index,
            };
            let counted = self.storage.lock().hit(&tracker, subject, &rule);
            counted.map_err(|time_to_block_expire| ThrottlerException {
                message: self.message.clone(),
                throttler: throttler.name.clone(),
                limit: rule.limit,
                ttl: rule.ttl,
                time_to_block_expire,
            })?;
        }
        Ok(())
    }

    fn tracker<'a>(&self, context: &'a ExecutionContext) -> Cow<'a, str> {
        match &self.get_tracker {
            Some(get_tracker) => Cow::Owned(get_tracker(context)),
            None => Cow::Borrowed(Socket::id(context.socket())),
        }
    }

    /// How many clients are remembered.
    #[cfg(test)]
    pub(super) fn trackers(&self) -> usize {
        self.storage.lock().trackers()
    }
}

impl CanActivate for ThrottlerGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        self.check(context).map_err(HandlerError::exception)?;
        Ok(true)
    }
}

impl fmt::Debug for ThrottlerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottlerGuard").field("throttlers", &self.throttlers).finish_non_exhaustive()
    }
}

/// The value of [`SKIP_THROTTLE`].
#[derive(Deserialize)]
#[serde(untagged)]
enum Skip {
    All(bool),
    Named(HashMap<String, bool>),
}

impl Skip {
    fn applies_to(&self, throttler: &str) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Named(names) => names.get(throttler).copied().unwrap_or(false),
        }
    }
}

/// An address, or its network.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> (128 - IPV6_SUBNET_PREFIX) << (128 - IPV6_SUBNET_PREFIX);
            format!("{}/{IPV6_SUBNET_PREFIX}", std::net::Ipv6Addr::from_bits(network))
        }
    }
}
