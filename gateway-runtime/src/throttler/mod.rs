//! Throttling: how often a client may send an event (`@nestjs/throttler` for gateways).
//!
//! Hits are counted in this process only. Nothing in here knows a protocol.

mod exception;
mod guard;
mod limit;
mod storage;
#[cfg(test)]
mod tests;

pub use exception::{THROTTLER_MESSAGE, ThrottlerException};
pub use guard::{SKIP_THROTTLE, THROTTLE, ThrottlerGuard};
pub use limit::Throttler;
pub use storage::DEFAULT_MAX_TRACKERS;
