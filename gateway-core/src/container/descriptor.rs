//! What `#[injectable]` and `#[web_socket_gateway]` register about a type.
//!
//! Everything here can be built in a `static`. This file must never know how providers are
//! constructed or in what order.

use std::fmt;

use super::{ContainerError, Instance, Lifecycle, Location, ProviderKey, Resolver, in_order};

/// A provider that registered itself by being linked.
///
/// The macros write one for each `#[injectable]` struct into `inventory`; the one of a gateway sits
/// inside the gateway's own descriptor.
#[derive(Clone, Copy)]
pub struct ProviderDescriptor {
    /// What it is injected as: `ProviderKey::of::<ChatsService>`.
    pub key: fn() -> ProviderKey,
    /// The struct's name as the user wrote it.
    pub name: &'static str,
    /// Where the struct is.
    pub location: Location,
    /// What its `#[inject]` fields need, in the order of the fields.
    pub dependencies: fn() -> Vec<Dependency>,
    /// Makes the one instance. Called when everything in `dependencies` that is provided is there.
    pub construct: fn(&Resolver) -> Result<Instance, ContainerError>,
    /// The hooks that the type implements.
    pub lifecycle: Lifecycle,
    /// What else it is injected as: `#[injectable(as dyn Trait)]`.
    pub aliases: &'static [Alias],
}

inventory::collect!(ProviderDescriptor);

impl fmt::Debug for ProviderDescriptor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProviderDescriptor({} at {})", self.name, self.location)
    }
}

/// A further key of a described provider, and how the instance becomes what that key promises.
#[derive(Clone, Copy)]
pub struct Alias {
    /// `ProviderKey::of::<dyn Trait>`.
    pub key: fn() -> ProviderKey,
    /// `|instance| Instance::from_shared::<dyn Trait>(instance.shared::<ChatsService>())`
    pub convert: fn(&Instance) -> Instance,
}

impl fmt::Debug for Alias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Alias({})", (self.key)())
    }
}

/// One `#[inject]` field: what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The field's name.
    pub field: &'static str,
    /// What the field asks for.
    pub key: ProviderKey,
    /// Whether the field can do without: `Option<Arc<T>>` and `#[inject(default)]`.
    pub optional: bool,
}

/// All linked descriptors, sorted by their place in the source, so that every start has the same
/// order. Gateways are not among them.
pub fn provider_descriptors() -> Vec<&'static ProviderDescriptor> {
    let descriptors: Vec<_> = inventory::iter::<ProviderDescriptor>.into_iter().collect();
    let order = in_order(descriptors.iter().map(|descriptor| (descriptor.location, descriptor.name)));
    order.into_iter().map(|index| descriptors[index]).collect()
}
