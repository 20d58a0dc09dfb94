//! Which certificates a connection to Redis over TLS trusts and shows.

use std::fmt;

/// PEM of certificates, as they were given: they are read when an address is opened.
#[derive(Clone, Default)]
pub(super) struct Certificates {
    /// Those that Redis's must be signed by; `None` for those of the system.
    #[cfg(feature = "redis-tls")]
    pub(super) ca: Option<Vec<u8>>,
    /// The certificate chain and the private key that are shown to Redis.
    #[cfg(feature = "redis-tls")]
    pub(super) own: Option<(Vec<u8>, Vec<u8>)>,
}

/// Never shows a key.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

#[cfg(feature = "redis-tls")]
impl Certificates {
    /// For the crate `redis`; `None` if nothing was given.
    pub(super) fn for_redis(&self) -> Option<redis::TlsCertificates> {
        if self.ca.is_none() && self.own.is_none() {
            return None;
        }
        let client_tls = self
            .own
            .clone()
            .map(|(client_cert, client_key)| redis::ClientTlsConfig { client_cert, client_key });
        Some(redis::TlsCertificates { client_tls, root_cert: self.ca.clone() })
    }
}
