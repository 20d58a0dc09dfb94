//! Why there is no connection to Redis.

use super::driver::DriverError;

/// Why an adapter or an emitter has not been connected. No password is in its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisConnectError {
    /// The address is none, or needs what this build or this Redis does not have.
    #[error("{address:?} cannot be used: {reason}")]
    Address {
        /// The address, without user and password.
        address: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Redis is not there.
    #[error(
        "cannot connect to Redis at {address}: {reason}; start it, correct the address, or let the start wait for it with \
         `RedisAdapter::builder(url).wait_for_redis(..)`"
    )]
    Unreachable {
        /// The address, without user and password.
        address: String,
        /// What the last try ended with.
        reason: String,
    },
    /// Redis is there, and one side does not trust the certificate of the other.
    #[error(
        "no TLS connection to Redis at {address}: {reason}; give the certificate of its authority with `tls_ca(pem)` of the \
         builder, and a certificate of your own with `tls_cert(chain, key)` if Redis asks for one"
    )]
    Untrusted {
        /// The address, without user and password.
        address: String,
        /// What is wrong with which certificate.
        reason: String,
    },
    /// Redis is there and says no: a wrong password, a missing right.
    #[error("Redis at {address} has refused the connection: {reason}")]
    Refused {
        /// The address, without user and password.
        address: String,
        /// What it has said.
        reason: String,
    },
}

impl RedisConnectError {
    pub(super) fn new(address: &str, error: DriverError) -> Self {
        let address = address.to_owned();
        match error {
            DriverError::Invalid(reason) => Self::Address { address, reason },
            DriverError::Lost(reason) => Self::Unreachable { address, reason },
            DriverError::Untrusted(reason) => Self::Untrusted { address, reason },
            DriverError::Refused(reason) => Self::Refused { address, reason },
        }
    }
}
