//! A provider that an application adds: a value, a factory, an alias.
//!
//! This file must never know what else is provided, or when this one is constructed.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{
    BeforeApplicationShutdown, ContainerError, Dependency, HookError, Instance, Lifecycle, LifecycleOf,
    OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy, OnModuleInit, ProviderKey, Resolver,
};

/// How an instance comes to be.
pub(super) enum Source {
    Value(Instance),
    Described(fn(&Resolver) -> Result<Instance, ContainerError>),
    Factory(Box<dyn Fn(&Resolver) -> Result<Instance, HookError> + Send + Sync>),
    AsyncFactory(Box<dyn Fn(Resolver) -> BoxFuture<'static, Result<Instance, HookError>> + Send + Sync>),
    Alias { of: ProviderKey, convert: Box<dyn Fn(&Instance) -> Instance + Send + Sync> },
}

/// A provider of any type, as the container keeps it under its key.
pub(super) struct Registration {
    /// The name in messages.
    pub(super) name: Arc<str>,
    /// What is known to be needed before it is constructed. Factories find out while they run.
    pub(super) dependencies: Vec<Dependency>,
    pub(super) source: Source,
    pub(super) lifecycle: Lifecycle,
    /// Whether it is constructed even if nothing needs it.
    pub(super) eager: bool,
}

impl Registration {
    /// The provider that this one is another name of.
    pub(super) fn alias_of(&self) -> Option<&ProviderKey> {
        match &self.source {
            Source::Alias { of, .. } => Some(of),
            _ => None,
        }
    }
}

/// What is injected as `Arc<T>`, and how it is made: NestJS's custom providers (`useValue`,
/// `useFactory`, `useExisting`). Hand it to [`ContainerBuilder::register`](super::ContainerBuilder::register).
///
/// Hooks are found without a declaration for `#[injectable]` structs and gateways only. For any other
/// type say which ones to call: `Provider::use_value(pool).with_module_destroy()`.
pub struct Provider<T: ?Sized> {
    pub(super) key: ProviderKey,
    source: Source,
    lifecycle: Lifecycle,
    provides: PhantomData<fn() -> Arc<T>>,
}

impl<T: ?Sized + Send + Sync + 'static> Provider<T> {
    fn new(source: Source) -> Self {
        Self { key: ProviderKey::of::<T>(), source, lifecycle: Lifecycle::NONE, provides: PhantomData }
    }

    /// Provides this value, which others may already share: `useValue`. `T` may be a trait object.
    pub fn use_arc(value: Arc<T>) -> Self {
        Self::new(Source::Value(Instance::from_shared(value)))
    }

    /// As [`Provider::use_factory`], for a factory that makes an `Arc`; `T` may be a trait object.
    pub fn use_arc_factory<F>(factory: F) -> Self
    where
        F: Fn(&Resolver) -> Result<Arc<T>, HookError> + Send + Sync + 'static,
    {
        Self::new(Source::Factory(Box::new(move |resolver| factory(resolver).map(Instance::from_shared))))
    }

    /// As [`Provider::use_async_factory`], for a factory that makes an `Arc`; `T` may be a trait object.
    pub fn use_async_arc_factory<F, Fut>(factory: F) -> Self
    where
        F: Fn(Resolver) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Arc<T>, HookError>> + Send + 'static,
    {
        Self::new(Source::AsyncFactory(Box::new(move |resolver| {
            factory(resolver).map(|made| made.map(Instance::from_shared)).boxed()
        })))
    }

    /// Provides what is already provided as `Arc<S>`, as something else: `useExisting`. Usually
    /// `|it: Arc<Implementation>| -> Arc<dyn Trait> { it }`.
    pub fn use_existing<S, F>(convert: F) -> Self
    where
        S: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>) -> Arc<T> + Send + Sync + 'static,
    {
        Self::use_existing_key(ProviderKey::of::<S>(), convert)
    }

    /// As [`Provider::use_existing`], of what is provided under a token.
    pub fn use_existing_token<S, F>(token: impl Into<Cow<'static, str>>, convert: F) -> Self
    where
        S: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>) -> Arc<T> + Send + Sync + 'static,
    {
        Self::use_existing_key(ProviderKey::with_token::<S>(token), convert)
    }

    fn use_existing_key<S, F>(of: ProviderKey, convert: F) -> Self
    where
        S: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>) -> Arc<T> + Send + Sync + 'static,
    {
        let convert = move |instance: &Instance| Instance::from_shared(convert(instance.shared::<S>()));
        Self::new(Source::Alias { of, convert: Box::new(convert) })
    }

    /// Provides it under a token, for fields with `#[inject("TOKEN")]`: several providers of one type
    /// are told apart by it.
    #[must_use]
    pub fn token(mut self, token: impl Into<Cow<'static, str>>) -> Self {
        self.key = ProviderKey::with_token::<T>(token);
        self
    }

    pub(super) fn into_registration(self) -> Registration {
        Registration {
            name: self.key.to_string().into(),
            dependencies: Vec::new(),
            source: self.source,
            lifecycle: self.lifecycle,
            eager: true,
        }
    }
}

impl<T: Send + Sync + 'static> Provider<T> {
    /// Provides this value: `useValue`.
    pub fn use_value(value: T) -> Self {
        Self::new(Source::Value(Instance::new(value)))
    }

    /// Provides what the factory makes: `useFactory`. The factory may ask the resolver for other
    /// providers; `?` works on any error in it.
    ///
    /// It runs once; if a start fails in it or is given up meanwhile, it may run again.
    pub fn use_factory<F>(factory: F) -> Self
    where
        F: Fn(&Resolver) -> Result<T, HookError> + Send + Sync + 'static,
    {
        Self::new(Source::Factory(Box::new(move |resolver| factory(resolver).map(Instance::new))))
    }

    /// As [`Provider::use_factory`] with an async factory. It may await other providers with
    /// [`Resolver::wait_for`].
    ///
    /// `async |resolver| { .. }` is a factory; one that captures what it needs clones it for each run:
    /// `move |resolver| { let url = url.clone(); async move { .. } }`.
    pub fn use_async_factory<F, Fut>(factory: F) -> Self
    where
        F: Fn(Resolver) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, HookError>> + Send + 'static,
    {
        Self::new(Source::AsyncFactory(Box::new(move |resolver| {
            factory(resolver).map(|made| made.map(Instance::new)).boxed()
        })))
    }
}

/// Hooks of providers that are neither `#[injectable]` structs nor gateways.
impl<T: Send + Sync + 'static> Provider<T> {
    /// Calls [`OnModuleInit`].
    #[must_use]
    pub fn with_module_init(mut self) -> Self
    where
        T: OnModuleInit,
    {
        self.lifecycle.module_init = <LifecycleOf<T>>::MODULE_INIT;
        self
    }

    /// Calls [`OnApplicationBootstrap`].
    #[must_use]
    pub fn with_application_bootstrap(mut self) -> Self
    where
        T: OnApplicationBootstrap,
    {
        self.lifecycle.application_bootstrap = <LifecycleOf<T>>::APPLICATION_BOOTSTRAP;
        self
    }

    /// Calls [`OnModuleDestroy`].
    #[must_use]
    pub fn with_module_destroy(mut self) -> Self
    where
        T: OnModuleDestroy,
    {
        self.lifecycle.module_destroy = <LifecycleOf<T>>::MODULE_DESTROY;
        self
    }

    /// Calls [`BeforeApplicationShutdown`].
    #[must_use]
    pub fn with_before_application_shutdown(mut self) -> Self
    where
        T: BeforeApplicationShutdown,
    {
        self.lifecycle.before_application_shutdown = <LifecycleOf<T>>::BEFORE_APPLICATION_SHUTDOWN;
        self
    }

    /// Calls [`OnApplicationShutdown`].
    #[must_use]
    pub fn with_application_shutdown(mut self) -> Self
    where
        T: OnApplicationShutdown,
    {
        self.lifecycle.application_shutdown = <LifecycleOf<T>>::APPLICATION_SHUTDOWN;
        self
    }
}

impl<T: ?Sized> fmt::Debug for Provider<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Provider({}, {:?})", self.key, self.lifecycle)
    }
}
