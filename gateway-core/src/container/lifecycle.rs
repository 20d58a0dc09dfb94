//! The lifecycle hooks, and how a macro finds out which of them a type implements.
//!
//! This file must never know when hooks run: see `singletons`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use futures_util::future::BoxFuture;

use super::{HookResult, Instance};

/// NestJS's `OnModuleInit`: called when every provider has been constructed.
pub trait OnModuleInit: Send + Sync + 'static {
    /// An error ends the start.
    fn on_module_init(&self) -> impl Future<Output = HookResult> + Send;
}

/// NestJS's `OnApplicationBootstrap`: called when every [`OnModuleInit`] is done, before the
/// application listens.
pub trait OnApplicationBootstrap: Send + Sync + 'static {
    /// An error ends the start.
    fn on_application_bootstrap(&self) -> impl Future<Output = HookResult> + Send;
}

/// NestJS's `OnModuleDestroy`: called first when the application stops.
pub trait OnModuleDestroy: Send + Sync + 'static {
    /// An error is logged; the stop goes on.
    fn on_module_destroy(&self) -> impl Future<Output = HookResult> + Send;
}

/// NestJS's `BeforeApplicationShutdown`: called when every [`OnModuleDestroy`] is done, before
/// connections are closed.
pub trait BeforeApplicationShutdown: Send + Sync + 'static {
    /// Gets the signal that stops the application, such as `SIGTERM`; `None` if none did. An error is
    /// logged; the stop goes on.
    fn before_application_shutdown(&self, signal: Option<&str>) -> impl Future<Output = HookResult> + Send;
}

/// NestJS's `OnApplicationShutdown`: called last, after connections have been closed.
pub trait OnApplicationShutdown: Send + Sync + 'static {
    /// Gets the signal that stops the application, such as `SIGTERM`; `None` if none did. An error is
    /// logged; the stop goes on.
    fn on_application_shutdown(&self, signal: Option<&str>) -> impl Future<Output = HookResult> + Send;
}

/// A hook without argument, its type erased.
pub type LifecycleHook = for<'a> fn(&'a Instance) -> BoxFuture<'a, HookResult>;

/// A hook that gets the signal, its type erased.
pub type ShutdownHook = for<'a> fn(&'a Instance, Option<&'a str>) -> BoxFuture<'a, HookResult>;

/// The hooks of one provider.
#[derive(Clone, Copy, Default)]
pub struct Lifecycle {
    /// [`OnModuleInit`].
    pub module_init: Option<LifecycleHook>,
    /// [`OnApplicationBootstrap`].
    pub application_bootstrap: Option<LifecycleHook>,
    /// [`OnModuleDestroy`].
    pub module_destroy: Option<LifecycleHook>,
    /// [`BeforeApplicationShutdown`].
    pub before_application_shutdown: Option<ShutdownHook>,
    /// [`OnApplicationShutdown`].
    pub application_shutdown: Option<ShutdownHook>,
}

impl Lifecycle {
    /// No hooks.
    pub const NONE: Self = Self {
        module_init: None,
        application_bootstrap: None,
        module_destroy: None,
        before_application_shutdown: None,
        application_shutdown: None,
    };

    /// These hooks, and those of `other` where there is none here.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            module_init: self.module_init.or(other.module_init),
            application_bootstrap: self.application_bootstrap.or(other.application_bootstrap),
            module_destroy: self.module_destroy.or(other.module_destroy),
            before_application_shutdown: self
                .before_application_shutdown
                .or(other.before_application_shutdown),
            application_shutdown: self.application_shutdown.or(other.application_shutdown),
        }
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hooks = [
            ("OnModuleInit", self.module_init.is_some()),
            ("OnApplicationBootstrap", self.application_bootstrap.is_some()),
            ("OnModuleDestroy", self.module_destroy.is_some()),
            ("BeforeApplicationShutdown", self.before_application_shutdown.is_some()),
            ("OnApplicationShutdown", self.application_shutdown.is_some()),
        ];
        formatter
            .debug_set()
            .entries(hooks.into_iter().filter_map(|(name, implemented)| implemented.then_some(name)))
            .finish()
    }
}

/// Tells which hooks `T` implements, without a declaration: a constant of the type itself goes before
/// one of a trait, and exists only if `T` implements the hook. Works wherever the implementation is.
///
/// For macros; `T` must be a concrete type where this is written (inside a generic function the
/// trait's constants always win), and [`NoLifecycle`] must be in scope:
///
/// ```
/// use gateway_core::container::{HookResult, Lifecycle, LifecycleOf, OnModuleInit};
///
/// struct Cache;
/// impl OnModuleInit for Cache {
///     async fn on_module_init(&self) -> HookResult {
///         Ok(())
///     }
/// }
///
/// static LIFECYCLE: Lifecycle = {
///     use gateway_core::container::NoLifecycle as _;
///     Lifecycle {
///         module_init: <LifecycleOf<Cache>>::MODULE_INIT,
///         application_bootstrap: <LifecycleOf<Cache>>::APPLICATION_BOOTSTRAP,
///         module_destroy: <LifecycleOf<Cache>>::MODULE_DESTROY,
///         before_application_shutdown: <LifecycleOf<Cache>>::BEFORE_APPLICATION_SHUTDOWN,
///         application_shutdown: <LifecycleOf<Cache>>::APPLICATION_SHUTDOWN,
///     }
/// };
/// assert!(LIFECYCLE.module_init.is_some());
/// assert!(LIFECYCLE.module_destroy.is_none());
/// ```
#[derive(Debug)]
pub struct LifecycleOf<T>(PhantomData<fn() -> T>);

impl<T: OnModuleInit> LifecycleOf<T> {
    /// [`OnModuleInit`] of `T`.
    pub const MODULE_INIT: Option<LifecycleHook> = Some(module_init::<T>);
}

impl<T: OnApplicationBootstrap> LifecycleOf<T> {
    /// [`OnApplicationBootstrap`] of `T`.
    pub const APPLICATION_BOOTSTRAP: Option<LifecycleHook> = Some(application_bootstrap::<T>);
}

impl<T: OnModuleDestroy> LifecycleOf<T> {
    /// [`OnModuleDestroy`] of `T`.
    pub const MODULE_DESTROY: Option<LifecycleHook> = Some(module_destroy::<T>);
}

impl<T: BeforeApplicationShutdown> LifecycleOf<T> {
    /// [`BeforeApplicationShutdown`] of `T`.
    pub const BEFORE_APPLICATION_SHUTDOWN: Option<ShutdownHook> = Some(before_application_shutdown::<T>);
}

impl<T: OnApplicationShutdown> LifecycleOf<T> {
    /// [`OnApplicationShutdown`] of `T`.
    pub const APPLICATION_SHUTDOWN: Option<ShutdownHook> = Some(application_shutdown::<T>);
}

/// The constants of [`LifecycleOf`] for hooks that a type does not implement.
pub trait NoLifecycle {
    /// No [`OnModuleInit`].
    const MODULE_INIT: Option<LifecycleHook> = None;
    /// No [`OnApplicationBootstrap`].
    const APPLICATION_BOOTSTRAP: Option<LifecycleHook> = None;
    /// No [`OnModuleDestroy`].
    const MODULE_DESTROY: Option<LifecycleHook> = None;
    /// No [`BeforeApplicationShutdown`].
    const BEFORE_APPLICATION_SHUTDOWN: Option<ShutdownHook> = None;
    /// No [`OnApplicationShutdown`].
    const APPLICATION_SHUTDOWN: Option<ShutdownHook> = None;
}

impl<T> NoLifecycle for LifecycleOf<T> {}

fn module_init<T: OnModuleInit>(instance: &Instance) -> BoxFuture<'_, HookResult> {
    Box::pin(instance.get::<T>().on_module_init())
}

fn application_bootstrap<T: OnApplicationBootstrap>(instance: &Instance) -> BoxFuture<'_, HookResult> {
    Box::pin(instance.get::<T>().on_application_bootstrap())
}

fn module_destroy<T: OnModuleDestroy>(instance: &Instance) -> BoxFuture<'_, HookResult> {
    Box::pin(instance.get::<T>().on_module_destroy())
}

fn before_application_shutdown<'a, T: BeforeApplicationShutdown>(
    instance: &'a Instance,
    signal: Option<&'a str>,
) -> BoxFuture<'a, HookResult> {
    Box::pin(instance.get::<T>().before_application_shutdown(signal))
}

fn application_shutdown<'a, T: OnApplicationShutdown>(
    instance: &'a Instance,
    signal: Option<&'a str>,
) -> BoxFuture<'a, HookResult> {
    Box::pin(instance.get::<T>().on_application_shutdown(signal))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both;
    type Renamed = Both;
    impl OnModuleInit for Renamed {
        async fn on_module_init(&self) -> HookResult {
            Ok(())
        }
    }
    impl OnApplicationShutdown for Both {
        async fn on_application_shutdown(&self, signal: Option<&str>) -> HookResult {
            assert_eq!(signal, Some("SIGINT"));
            Ok(())
        }
    }

    static LIFECYCLE: Lifecycle = Lifecycle {
        module_init: <LifecycleOf<Both>>::MODULE_INIT,
        application_bootstrap: <LifecycleOf<Both>>::APPLICATION_BOOTSTRAP,
        module_destroy: <LifecycleOf<Both>>::MODULE_DESTROY,
        before_application_shutdown: <LifecycleOf<Both>>::BEFORE_APPLICATION_SHUTDOWN,
        application_shutdown: <LifecycleOf<Both>>::APPLICATION_SHUTDOWN,
    };

    #[tokio::test]
    async fn finds_what_is_implemented() {
        assert_eq!(format!("{LIFECYCLE:?}"), r#"{"OnModuleInit", "OnApplicationShutdown"}"#);
        let instance = Instance::new(Both);
        let shutdown = LIFECYCLE.application_shutdown.unwrap();
        assert!(shutdown(&instance, Some("SIGINT")).await.is_ok());
    }
}
