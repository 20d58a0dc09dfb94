//! What all adapters say of their connections to Redis.

/// The methods of an adapter with the field `bus: Bus`.
macro_rules! bus_state {
    () => {
        /// Whether Redis can be reached, for `health` endpoints. Clients of this server are served even if not.
        pub fn health(&self) -> AdapterHealth {
            self.bus.health()
        }

        /// How it is, with what waits: what the application's health has of it.
        pub fn status(&self) -> AdapterStatus {
            self.bus.service().status()
        }

        /// What was sent to other servers, received and lost, over all namespaces.
        pub fn stats(&self) -> RedisAdapterStats {
            self.bus.stats().snapshot()
        }
    };
}

pub(super) use bus_state;
