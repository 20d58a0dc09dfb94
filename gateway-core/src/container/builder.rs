//! Collects providers and builds the container.
//!
//! This file must never know how an instance is constructed: see `construction`.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::check::check;
use super::construction::{Attachments, Construction};
use super::provider::{Registration, Source};
use super::{
    Container, ContainerError, Described, HookError, Lifecycle, Provider, ProviderDescriptor, ProviderKey,
    Resolver, provider_descriptors,
};

/// Collects providers and [builds](ContainerBuilder::build) the [`Container`].
///
/// What is added by a call replaces a descriptor with the same key, and the last call wins: NestJS's
/// `overrideProvider`. A replaced type keeps its lifecycle hooks, since they belong to the type.
#[derive(Default)]
pub struct ContainerBuilder {
    described: Vec<(&'static ProviderDescriptor, Wanted)>,
    registered: IndexMap<ProviderKey, Registration>,
    attachments: Attachments,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Always,
    OnDemand,
}

impl ContainerBuilder {
    /// Without any provider.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds every linked `#[injectable]` (gateways are not among them).
    #[must_use]
    pub fn discover(self) -> Self {
        provider_descriptors().into_iter().fold(self, Self::describe)
    }

    /// Adds a described provider, such as a gateway's. The same one twice counts once.
    #[must_use]
    pub fn describe(mut self, descriptor: &'static ProviderDescriptor) -> Self {
        self.described.push((descriptor, Wanted::Always));
        self
    }

    /// Adds a described provider that is constructed only if another one needs it. What it lacks
    /// itself is no problem as long as nothing needs it.
    #[must_use]
    pub fn describe_on_demand(mut self, descriptor: &'static ProviderDescriptor) -> Self {
        self.described.push((descriptor, Wanted::OnDemand));
        self
    }

    /// Adds a provider of any kind.
    #[must_use]
    pub fn register<T: ?Sized + Send + Sync + 'static>(mut self, provider: Provider<T>) -> Self {
        self.registered.insert(provider.key.clone(), provider.into_registration());
        self
    }

    /// Provides a value.
    #[must_use]
    pub fn provide<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.register(Provider::use_value(value))
    }

    /// Provides a value that others may already share; `T` may be a trait object.
    #[must_use]
    pub fn provide_arc<T: ?Sized + Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.register(Provider::use_arc(value))
    }

    /// Provides a value under a token.
    #[must_use]
    pub fn provide_token<T: Send + Sync + 'static>(
        self,
        token: impl Into<Cow<'static, str>>,
        value: T,
    ) -> Self {
        self.register(Provider::use_value(value).token(token))
    }

    /// Provides a shared value under a token; `T` may be a trait object.
    #[must_use]
    pub fn provide_arc_token<T: ?Sized + Send + Sync + 'static>(
        self,
        token: impl Into<Cow<'static, str>>,
        value: Arc<T>,
    ) -> Self {
        self.register(Provider::use_arc(value).token(token))
    }

    /// Provides what the factory makes: see [`Provider::use_factory`].
    #[must_use]
    pub fn provide_factory<T, F>(self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(&Resolver) -> Result<T, HookError> + Send + Sync + 'static,
    {
        self.register(Provider::use_factory(factory))
    }

    /// Provides what the async factory makes: see [`Provider::use_async_factory`].
    ///
    /// ```
    /// # use gateway_core::container::ContainerBuilder;
    /// struct Url(String);
    /// struct Pool;
    /// async fn connect(url: &str) -> std::io::Result<Pool> {
    /// # let _ = url;
    ///     Ok(Pool)
    /// }
    ///
    /// let builder = ContainerBuilder::new().provide(Url("db:5432".into())).provide_async(async |resolver| {
    ///     let url = resolver.wait_for::<Url>().await?;
    ///     Ok(connect(&url.0).await?)
    /// });
    /// ```
    #[must_use]
    pub fn provide_async<T, F, Fut>(self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(Resolver) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, HookError>> + Send + 'static,
    {
        self.register(Provider::use_async_factory(factory))
    }

    /// Provides what is already provided, as something else: see [`Provider::use_existing`].
    #[must_use]
    pub fn alias<S, T, F>(self, convert: F) -> Self
    where
        S: ?Sized + Send + Sync + 'static,
        T: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>) -> Arc<T> + Send + Sync + 'static,
    {
        self.register(Provider::use_existing(convert))
    }

    /// Hands one provider a value of its own, which its construction gets with
    /// [`Resolver::attached`]. This is how a gateway gets its server.
    #[must_use]
    pub fn attach<A: Clone + Send + Sync + 'static>(mut self, owner: ProviderKey, value: A) -> Self {
        self.attachments.insert((owner, TypeId::of::<A>()), Box::new(value) as Box<dyn Any + Send + Sync>);
        self
    }

    /// Checks what is known, then constructs every provider after those it needs.
    ///
    /// # Errors
    ///
    /// All missing providers, cycles and duplicates that descriptors and aliases show, together and
    /// before anything is constructed. After that the first factory or construction that fails.
    ///
    /// # Panics
    ///
    /// If a factory or the construction of a provider does.
    pub async fn build(self) -> Result<Container, ContainerError> {
        let (registrations, attachments, mut problems) = self.assemble();
        problems.extend(check(&registrations));
        if let Some(error) = ContainerError::of(problems) {
            return Err(error);
        }
        Construction::new(registrations, attachments).run().await
    }

    /// One map of everything: descriptors in their order, replaced or followed by what was registered.
    fn assemble(self) -> (IndexMap<ProviderKey, Registration>, Attachments, Vec<ContainerError>) {
        let Self { described, registered, attachments } = self;
        let mut problems = Vec::new();
        let mut all: IndexMap<ProviderKey, Registration> = IndexMap::new();
        let mut owners: HashMap<ProviderKey, Described> = HashMap::new();
        let mut hooks: HashMap<TypeId, Lifecycle> = HashMap::new();
        // Wanted always goes before on demand, whichever was said first.
        let always: HashSet<_> =
            described.iter().filter(|(_, wanted)| *wanted == Wanted::Always).map(|(it, _)| id(it)).collect();
        let mut seen = HashSet::new();
        for descriptor in described.iter().map(|(it, _)| *it).filter(|it| seen.insert(id(it))) {
            hooks.entry((descriptor.key)().type_id()).or_insert(descriptor.lifecycle);
            let eager = always.contains(&id(descriptor)) && !stood_in_for(descriptor, &registered);
            for (key, registration) in registrations_of(descriptor, eager) {
                // What the application registers itself settles whose turn it is.
                if registered.contains_key(&key) {
                    continue;
                }
                match all.entry(key) {
                    Entry::Vacant(vacant) => {
                        owners.insert(vacant.key().clone(), id(descriptor));
                        vacant.insert(registration);
                    }
                    Entry::Occupied(occupied) => {
                        problems.extend(duplicate(occupied.key(), &owners, descriptor));
                    }
                }
            }
        }
        for (key, mut registration) in registered {
            if registration.alias_of().is_none() {
                let described = hooks.get(&key.type_id()).copied().unwrap_or_default();
                registration.lifecycle = registration.lifecycle.or(described);
            }
            all.insert(key, registration);
        }
        (all, attachments, problems)
    }
}

impl fmt::Debug for ContainerBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContainerBuilder")
            .field("described", &self.described.iter().map(|(it, _)| it.name).collect::<Vec<_>>())
            .field("registered", &self.registered.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What tells descriptors apart: a static may have several addresses, its place is one.
fn id(descriptor: &ProviderDescriptor) -> Described {
    Described { name: descriptor.name, location: descriptor.location }
}

/// Whether the application registers everything that the described type is injected as: it would be
/// constructed for nobody. A test that replaces `dyn Mailer` must not start the real mailer.
fn stood_in_for(descriptor: &ProviderDescriptor, registered: &IndexMap<ProviderKey, Registration>) -> bool {
    !descriptor.aliases.is_empty()
        && descriptor.aliases.iter().all(|alias| registered.contains_key(&(alias.key)()))
}

/// The provider itself and its aliases.
fn registrations_of(
    descriptor: &'static ProviderDescriptor,
    eager: bool,
) -> impl Iterator<Item = (ProviderKey, Registration)> {
    let itself = Registration {
        name: descriptor.name.into(),
        dependencies: (descriptor.dependencies)(),
        source: Source::Described(descriptor.construct),
        lifecycle: descriptor.lifecycle,
        eager,
    };
    let aliases = descriptor.aliases.iter().map(move |alias| {
        let key = (alias.key)();
        let registration = Registration {
            name: key.to_string().into(),
            dependencies: Vec::new(),
            source: Source::Alias { of: (descriptor.key)(), convert: Box::new(alias.convert) },
            lifecycle: Lifecycle::NONE,
            eager,
        };
        (key, registration)
    });
    std::iter::once(((descriptor.key)(), itself)).chain(aliases)
}

fn duplicate(
    key: &ProviderKey,
    owners: &HashMap<ProviderKey, Described>,
    descriptor: &ProviderDescriptor,
) -> Option<ContainerError> {
    let first = *owners.get(key)?;
    Some(ContainerError::Duplicate { provided: key.wanted(), by: Box::new([first, id(descriptor)]) })
}
