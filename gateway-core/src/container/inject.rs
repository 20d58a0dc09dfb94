//! The types that an `#[inject]` field may have.
//!
//! This file must never know how a provider is found.

use std::sync::Arc;

use super::{ContainerError, Dependency, ProviderKey, Resolver};

/// The type of an `#[inject]` field.
#[diagnostic::on_unimplemented(
    message = "an `#[inject]` field is an `Arc<T>` or an `Option<Arc<T>>`, not `{Self}`",
    label = "write `Arc<{Self}>`",
    note = "providers are shared: `T` may be a struct or a `dyn Trait`, and must be `Send + Sync + 'static`"
)]
pub trait Inject: Sized {
    /// What the field needs.
    fn dependency(field: &'static str, token: Option<&'static str>) -> Dependency;

    /// The field's value.
    ///
    /// # Errors
    ///
    /// If nothing provides it, or if what provides it fails.
    fn inject(
        resolver: &Resolver,
        field: &'static str,
        token: Option<&'static str>,
    ) -> Result<Self, ContainerError>;
}

/// The type of an `#[inject(default)]` field: the container's instance if there is one, else a
/// `Default` that belongs to this field alone.
#[diagnostic::on_unimplemented(
    message = "an `#[inject(default)]` field is an `Arc<T>` with `T: Default`, not `{Self}`",
    label = "has no default",
    note = "write `#[inject]` to require a provider, or `Option<Arc<T>>` with `#[inject]` to do without one"
)]
pub trait InjectOrDefault: Inject {
    /// What the field takes if it is there.
    fn dependency_or_default(field: &'static str, token: Option<&'static str>) -> Dependency;

    /// The field's value.
    ///
    /// # Errors
    ///
    /// If what provides it fails.
    fn inject_or_default(
        resolver: &Resolver,
        field: &'static str,
        token: Option<&'static str>,
    ) -> Result<Self, ContainerError>;
}

fn key<T: ?Sized + Send + Sync + 'static>(token: Option<&'static str>) -> ProviderKey {
    match token {
        None => ProviderKey::of::<T>(),
        Some(token) => ProviderKey::with_token::<T>(token),
    }
}

impl<T: ?Sized + Send + Sync + 'static> Inject for Arc<T> {
    fn dependency(field: &'static str, token: Option<&'static str>) -> Dependency {
        Dependency { field, key: key::<T>(token), optional: false }
    }

    fn inject(
        resolver: &Resolver,
        field: &'static str,
        token: Option<&'static str>,
    ) -> Result<Self, ContainerError> {
        resolver.require(&key::<T>(token), Some(field)).map(|instance| instance.shared())
    }
}

impl<T: ?Sized + Send + Sync + 'static> Inject for Option<Arc<T>> {
    fn dependency(field: &'static str, token: Option<&'static str>) -> Dependency {
        Dependency { field, key: key::<T>(token), optional: true }
    }

    fn inject(
        resolver: &Resolver,
        _field: &'static str,
        token: Option<&'static str>,
    ) -> Result<Self, ContainerError> {
        Ok(resolver.find(&key::<T>(token))?.map(|instance| instance.shared()))
    }
}

impl<T: Default + Send + Sync + 'static> InjectOrDefault for Arc<T> {
    fn dependency_or_default(field: &'static str, token: Option<&'static str>) -> Dependency {
        <Option<Self> as Inject>::dependency(field, token)
    }

    fn inject_or_default(
        resolver: &Resolver,
        field: &'static str,
        token: Option<&'static str>,
    ) -> Result<Self, ContainerError> {
        Ok(<Option<Self> as Inject>::inject(resolver, field, token)?.unwrap_or_default())
    }
}
