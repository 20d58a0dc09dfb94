//! What the builders of all adapters have in common: how they are connected.

/// The methods of a builder with the fields `bus: BusOptions` and `wait: Duration`.
macro_rules! connection_options {
    () => {
        /// How many messages to other servers may wait to be sent; default 65,536.
        pub fn max_buffered_messages(mut self, messages: usize) -> Self {
            self.bus.max_buffered_messages = messages;
            self
        }

        /// How many bytes of messages to other servers may wait to be sent; default 16 MiB.
        pub fn max_buffered_bytes(mut self, bytes: usize) -> Self {
            self.bus.max_buffered_bytes = bytes;
            self
        }

        /// How long Redis may take to accept a connection and to answer, in milliseconds or as a `Duration`; default
        /// 5 s. Then the connection counts as lost and is made anew.
        pub fn connection_timeout(mut self, time: impl IntoMillis) -> Self {
            self.bus.timeout = time.into_millis();
            self
        }

        /// How often a quiet connection is asked whether it still works, in milliseconds or as a `Duration`; default
        /// 10 s.
        pub fn ping_interval(mut self, time: impl IntoMillis) -> Self {
            self.bus.ping_interval = time.into_millis();
            self
        }

        /// The certificates (PEM) one of which must have signed that of Redis, in place of those of the system: for
        /// `rediss://` with an authority of your own (feature `redis-tls`).
        #[cfg(feature = "redis-tls")]
        pub fn tls_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
            self.bus.certificates.ca = Some(pem.into());
            self
        }

        /// The certificate chain and the private key (PEM) that are shown to Redis, which asks for them unless it has
        /// `tls-auth-clients no` (feature `redis-tls`).
        #[cfg(feature = "redis-tls")]
        pub fn tls_cert(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
            self.bus.certificates.own = Some((chain.into(), key.into()));
            self
        }

        /// Lets [`connect`](Self::connect) try for so long before it fails, in milliseconds or as a `Duration`;
        /// without this it tries once.
        pub fn wait_for_redis(mut self, time: impl IntoMillis) -> Self {
            self.wait = time.into_millis();
            self
        }
    };
}

pub(super) use connection_options;
