//! The built container: every instance by its key, and the lifecycle hooks in their order.
//!
//! This file must never know how an instance was constructed, or what happens between two hooks.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::advice::advice;
use super::{ContainerError, HookResult, Instance, Lifecycle, ProviderKey};

/// Every provider's one instance. Cloning shares them.
#[derive(Clone)]
pub struct Container {
    inner: Arc<Inner>,
}

struct Inner {
    /// In the order of construction.
    singletons: Vec<Singleton>,
    /// Aliases included. `None`: provided on demand, and nothing needed it.
    by_key: HashMap<ProviderKey, Option<Instance>>,
    destroyed: AtomicBool,
    before_shutdown: AtomicBool,
    shut_down: AtomicBool,
}

/// A provider and its instance.
#[derive(Clone, Debug)]
pub struct Singleton {
    key: ProviderKey,
    name: Arc<str>,
    instance: Instance,
    lifecycle: Lifecycle,
}

impl Singleton {
    pub(super) fn new(key: ProviderKey, name: Arc<str>, instance: Instance, lifecycle: Lifecycle) -> Self {
        Self { key, name, instance, lifecycle }
    }

    /// What it is injected as.
    pub fn key(&self) -> &ProviderKey {
        &self.key
    }

    /// Its name in messages and logs: `ChatsService`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instance.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }
}

impl Container {
    pub(super) fn new(singletons: Vec<Singleton>, by_key: HashMap<ProviderKey, Option<Instance>>) -> Self {
        let inner = Inner {
            singletons,
            by_key,
            destroyed: AtomicBool::new(false),
            before_shutdown: AtomicBool::new(false),
            shut_down: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The instance of `T`: `app.get(ChatsService)`.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.instance(&ProviderKey::of::<T>()).map(Instance::shared)
    }

    /// The instance of `T` that is provided under a token.
    pub fn get_token<T: ?Sized + Send + Sync + 'static>(
        &self,
        token: impl Into<Cow<'static, str>>,
    ) -> Option<Arc<T>> {
        self.instance(&ProviderKey::with_token::<T>(token)).map(Instance::shared)
    }

    /// As [`Container::get`], with an error that says what to do.
    ///
    /// # Errors
    ///
    /// If nothing provides `T`, or if it is provided on demand and nothing needed it.
    pub fn resolve<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, ContainerError> {
        self.resolve_key(&ProviderKey::of::<T>()).map(Instance::shared)
    }

    /// As [`Container::get_token`], with an error that says what to do.
    ///
    /// # Errors
    ///
    /// As [`Container::resolve`].
    pub fn resolve_token<T: ?Sized + Send + Sync + 'static>(
        &self,
        token: impl Into<Cow<'static, str>>,
    ) -> Result<Arc<T>, ContainerError> {
        self.resolve_key(&ProviderKey::with_token::<T>(token)).map(Instance::shared)
    }

    /// The instance of a key, its type erased.
    pub fn instance(&self, key: &ProviderKey) -> Option<&Instance> {
        self.inner.by_key.get(key)?.as_ref()
    }

    /// Every provider in the order of construction, each after those it needs. Aliases are not listed.
    pub fn singletons(&self) -> impl DoubleEndedIterator<Item = &Singleton> + ExactSizeIterator {
        self.inner.singletons.iter()
    }

    fn resolve_key(&self, key: &ProviderKey) -> Result<&Instance, ContainerError> {
        match self.inner.by_key.get(key) {
            Some(Some(instance)) => Ok(instance),
            Some(None) => Err(ContainerError::NotConstructed { wanted: key.wanted() }),
            None => Err(ContainerError::NotProvided {
                wanted: key.wanted(),
                advice: advice(key, self.inner.by_key.keys()),
            }),
        }
    }
}

/// The hooks, in NestJS's order: dependencies first at the start, last at the end.
impl Container {
    /// Both hooks of a start: [`Container::module_init`], then [`Container::application_bootstrap`].
    ///
    /// # Errors
    ///
    /// The first hook that fails, with its provider. What other hooks have started by then is still
    /// stopped by [`Container::shutdown`].
    pub async fn init(&self) -> Result<(), ContainerError> {
        self.module_init().await?;
        self.application_bootstrap().await
    }

    /// Calls every [`OnModuleInit`](super::OnModuleInit).
    ///
    /// # Errors
    ///
    /// The first that fails; the rest is not called.
    pub async fn module_init(&self) -> Result<(), ContainerError> {
        for singleton in self.singletons() {
            if let Some(hook) = singleton.lifecycle.module_init {
                started(singleton, "OnModuleInit", hook(&singleton.instance).await)?;
            }
        }
        Ok(())
    }

    /// Calls every [`OnApplicationBootstrap`](super::OnApplicationBootstrap).
    ///
    /// # Errors
    ///
    /// The first that fails; the rest is not called.
    pub async fn application_bootstrap(&self) -> Result<(), ContainerError> {
        for singleton in self.singletons() {
            if let Some(hook) = singleton.lifecycle.application_bootstrap {
                started(singleton, "OnApplicationBootstrap", hook(&singleton.instance).await)?;
            }
        }
        Ok(())
    }

    /// All hooks of a stop. An application that has connections to close calls the three one by one
    /// and closes them before the last, as NestJS does.
    pub async fn shutdown(&self, signal: Option<&str>) {
        self.module_destroy().await;
        self.before_application_shutdown(signal).await;
        self.application_shutdown(signal).await;
    }

    /// Calls every [`OnModuleDestroy`](super::OnModuleDestroy). Errors and panics are logged, the rest
    /// goes on; a second call does nothing. So do the other two.
    pub async fn module_destroy(&self) {
        if self.inner.destroyed.swap(true, Ordering::Relaxed) {
            return;
        }
        for singleton in self.singletons().rev() {
            if let Some(hook) = singleton.lifecycle.module_destroy {
                stopped(singleton, "OnModuleDestroy", Box::new(|| hook(&singleton.instance))).await;
            }
        }
    }

    /// Calls every [`BeforeApplicationShutdown`](super::BeforeApplicationShutdown).
    pub async fn before_application_shutdown(&self, signal: Option<&str>) {
        if self.inner.before_shutdown.swap(true, Ordering::Relaxed) {
            return;
        }
        for singleton in self.singletons().rev() {
            if let Some(hook) = singleton.lifecycle.before_application_shutdown {
                let call = Box::new(|| hook(&singleton.instance, signal));
                stopped(singleton, "BeforeApplicationShutdown", call).await;
            }
        }
    }

    /// Calls every [`OnApplicationShutdown`](super::OnApplicationShutdown).
    pub async fn application_shutdown(&self, signal: Option<&str>) {
        if self.inner.shut_down.swap(true, Ordering::Relaxed) {
            return;
        }
        for singleton in self.singletons().rev() {
            if let Some(hook) = singleton.lifecycle.application_shutdown {
                let call = Box::new(|| hook(&singleton.instance, signal));
                stopped(singleton, "OnApplicationShutdown", call).await;
            }
        }
    }
}

fn started(singleton: &Singleton, hook: &'static str, result: HookResult) -> Result<(), ContainerError> {
    result.map_err(|error| ContainerError::Hook {
        provider: singleton.name.to_string(),
        hook,
        source: error.into_boxed(),
    })
}

/// Runs a hook of a stop. A panic in one must not keep the others from releasing what they hold.
async fn stopped<'a>(
    singleton: &Singleton,
    hook: &'static str,
    call: Box<dyn FnOnce() -> BoxFuture<'a, HookResult> + Send + 'a>,
) {
    let called = AssertUnwindSafe(async { call().await }).catch_unwind().await;
    let provider = singleton.name();
    match called {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(provider, hook, error = %format_args!("{error:#}"), "hook failed"),
        Err(_) => tracing::error!(provider, hook, "hook panicked"),
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.singletons().map(Singleton::key)).finish()
    }
}
