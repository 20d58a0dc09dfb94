//! The registration of a struct as a provider. The bound that its type may fail to meet stands in one
//! place, so that a mistake is reported once.
//!
//! It must never know how a provider is constructed.

use std::fmt;
use std::marker::PhantomData;

use crate::container::{Instance, ProviderKey};
use crate::hooks::Gateway;

/// A struct with `#[injectable]`, which implements this.
pub trait Provided: Send + Sync + 'static {}

/// The probe of a struct that is given nothing: how it starts.
pub struct Whole<T>(PhantomData<fn() -> T>);

impl<T> Whole<T> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

impl<T> fmt::Debug for Whole<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whole")
    }
}

/// First answer: as its own `Default` says.
pub trait WholeWithDefault {
    /// The struct.
    type Value;
    /// Its value.
    fn probe_whole(&self, by_fields: impl FnOnce() -> Self::Value) -> Self::Value;
}

impl<T: Default> WholeWithDefault for &Whole<T> {
    type Value = T;
    fn probe_whole(&self, _by_fields: impl FnOnce() -> T) -> T {
        T::default()
    }
}

/// Last answer: each field as the `Default` of its type says.
pub trait WholeOfAnyType {
    /// The struct.
    type Value;
    /// Its value.
    fn probe_whole(&self, by_fields: impl FnOnce() -> Self::Value) -> Self::Value;
}

impl<T> WholeOfAnyType for Whole<T> {
    type Value = T;
    fn probe_whole(&self, by_fields: impl FnOnce() -> T) -> T {
        by_fields()
    }
}

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
