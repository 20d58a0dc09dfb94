//! What a client receives that sends too much.

use std::borrow::Cow;
use std::time::Duration;

use gateway_core::WsException;

/// The message of the exception, as `@nestjs/throttler` has it.
pub const THROTTLER_MESSAGE: &str = "ThrottlerException: Too Many Requests";

/// Too many messages: the client gets the [message](THROTTLER_MESSAGE), a filter that catches this type the rest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ThrottlerException {
    /// What the client reads.
    pub message: Cow<'static, str>,
    /// The name of the limit that was reached.
    pub throttler: Cow<'static, str>,
    /// The limit.
    pub limit: u32,
    /// The time that it is for.
    pub ttl: Duration,
    /// After what time messages pass again (what HTTP has `Retry-After` for).
    pub time_to_block_expire: Duration,
}

impl From<ThrottlerException> for WsException {
    fn from(exception: ThrottlerException) -> Self {
        Self::new(exception.message)
    }
}
