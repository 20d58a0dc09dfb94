//! What a provider under construction may ask the container for.
//!
//! This file must never know in which order providers are constructed.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use super::construction::Construction;
use super::key::short_name;
use super::{ContainerError, Instance, ProviderKey};

/// Gives a factory, or the construction of an `#[injectable]`, the providers that it needs.
///
/// It is valid during the start only. It keeps nothing alive, so that a provider that holds on to its
/// resolver is no leak.
#[derive(Clone)]
pub struct Resolver {
    construction: Weak<Construction>,
    owner: usize,
    owner_name: Arc<str>,
}

impl Resolver {
    pub(super) fn new(construction: Weak<Construction>, owner: usize, owner_name: Arc<str>) -> Self {
        Self { construction, owner, owner_name }
    }

    /// The instance of `T`, constructed now if it has not been.
    ///
    /// # Errors
    ///
    /// If nothing provides it, if what provides it fails, if that needs what is being constructed, or
    /// if it takes an async factory to make: then [`Resolver::wait_for`] is the way.
    pub fn resolve<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, ContainerError> {
        self.require(&ProviderKey::of::<T>(), None).map(|instance| instance.shared())
    }

    /// As [`Resolver::resolve`], under a token.
    ///
    /// # Errors
    ///
    /// As [`Resolver::resolve`].
    pub fn resolve_token<T: ?Sized + Send + Sync + 'static>(
        &self,
        token: impl Into<Cow<'static, str>>,
    ) -> Result<Arc<T>, ContainerError> {
        self.require(&ProviderKey::with_token::<T>(token), None).map(|instance| instance.shared())
    }

    /// As [`Resolver::resolve`], for an async factory: waits for other async factories.
    ///
    /// # Errors
    ///
    /// If nothing provides it, if what provides it fails, or if that needs what is being constructed.
    pub fn wait_for<T: ?Sized + Send + Sync + 'static>(
        &self,
    ) -> impl Future<Output = Result<Arc<T>, ContainerError>> + Send + use<T> {
        self.wait_for_key(ProviderKey::of::<T>())
    }

    /// As [`Resolver::wait_for`], under a token.
    ///
    /// # Errors
    ///
    /// As [`Resolver::wait_for`].
    pub fn wait_for_token<T: ?Sized + Send + Sync + 'static>(
        &self,
        token: impl Into<Cow<'static, str>>,
    ) -> impl Future<Output = Result<Arc<T>, ContainerError>> + Send {
        self.wait_for_key(ProviderKey::with_token::<T>(token))
    }

    /// Whether `T` is provided, so that a factory can do without.
    pub fn provides<T: ?Sized + Send + Sync + 'static>(&self) -> bool {
        self.provides_key(&ProviderKey::of::<T>())
    }

    /// Whether `T` is provided under this token.
    pub fn provides_token<T: ?Sized + Send + Sync + 'static>(
        &self,
        token: impl Into<Cow<'static, str>>,
    ) -> bool {
        self.provides_key(&ProviderKey::with_token::<T>(token))
    }

    /// The value of type `A` that the application
    /// [attached](super::ContainerBuilder::attach) to the provider under construction.
    ///
    /// # Errors
    ///
    /// If it attached none.
    pub fn attached<A: Clone + 'static>(&self) -> Result<A, ContainerError> {
        self.construction()?.attached(self.owner).ok_or_else(|| ContainerError::NotAttached {
            provider: self.owner_name.to_string(),
            wanted: short_name(type_name::<A>()),
        })
    }

    /// The instance of the key; `field` is the one that needs it, for the message.
    pub(super) fn require(
        &self,
        key: &ProviderKey,
        field: Option<&'static str>,
    ) -> Result<Instance, ContainerError> {
        self.find(key)?.map_or_else(|| Err(self.construction()?.missing(self.owner, field, key)), Ok)
    }

    /// The instance of the key if it is provided.
    pub(super) fn find(&self, key: &ProviderKey) -> Result<Option<Instance>, ContainerError> {
        let construction = self.construction()?;
        let index = construction.index_of(key);
        index.map(|index| construction.construct_now(self.owner, index, self.owner)).transpose()
    }

    fn wait_for_key<T: ?Sized + Send + Sync + 'static>(
        &self,
        key: ProviderKey,
    ) -> impl Future<Output = Result<Arc<T>, ContainerError>> + Send + use<T> {
        let resolver = self.clone();
        async move {
            let construction = resolver.construction()?;
            let Some(index) = construction.index_of(&key) else {
                return Err(construction.missing(resolver.owner, None, &key));
            };
            Ok(construction.construct(Some(resolver.owner), index).await?.shared())
        }
    }

    fn provides_key(&self, key: &ProviderKey) -> bool {
        self.construction.upgrade().is_some_and(|construction| construction.index_of(key).is_some())
    }

    fn construction(&self) -> Result<Arc<Construction>, ContainerError> {
        self.construction
            .upgrade()
            .ok_or_else(|| ContainerError::ResolverExpired { provider: self.owner_name.to_string() })
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Resolver({})", self.owner_name)
    }
}
