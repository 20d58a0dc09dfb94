//! The registration of a struct as a provider. The bound that its type may fail to meet stands in one
//! place, so that a mistake is reported once.
//!
//! It must never know how a provider is constructed.

use crate::container::{Instance, ProviderKey};
use crate::hooks::Gateway;

/// A struct with `#[injectable]`, which implements this.
pub trait Provided: Send + Sync + 'static {}

/// What the provider is injected as.
pub fn provider_key<P: Provided>() -> ProviderKey {
    ProviderKey::of::<P>()
}

/// The provider's one instance.
pub fn provider_instance<P: Provided>(provider: P) -> Instance {
    Instance::new(provider)
}

/// What the gateway is injected as.
pub fn gateway_key<G: Gateway>() -> ProviderKey {
    ProviderKey::of::<G>()
}

/// The gateway's one instance.
pub fn gateway_instance<G: Gateway>(gateway: G) -> Instance {
    Instance::new(gateway)
}
