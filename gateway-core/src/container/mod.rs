//! The container: singletons by type, what they need from each other, and their lifecycle hooks.
//!
//! NestJS's names for what is here: a *provider* is anything that can be injected, known by its type
//! and, if there are several of one type, by a *token*. `#[injectable]` structs and gateways register
//! themselves as [`ProviderDescriptor`]s; an application adds values, factories and aliases with a
//! [`ContainerBuilder`], which also replace what registered itself (`overrideProvider` in NestJS).
//! [`ContainerBuilder::build`] checks everything before it constructs anything, then constructs every
//! provider after those it needs.
//!
//! This folder must never know a socket, a server, a protocol or a runtime: what a gateway is handed
//! beyond its dependencies reaches it as a value [attached](ContainerBuilder::attach) to it.
//!
//! ```
//! use std::sync::Arc;
//! use gateway_core::container::{ContainerBuilder, Provider};
//!
//! trait Greeter: Send + Sync {
//!     fn greet(&self) -> String;
//! }
//! struct Polite {
//!     word: Arc<String>,
//! }
//! impl Greeter for Polite {
//!     fn greet(&self) -> String {
//!         format!("{}!", self.word)
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let container = ContainerBuilder::new()
//!     .provide(String::from("Good evening"))
//!     .provide_factory(|resolver| Ok(Polite { word: resolver.resolve()? }))
//!     .alias(|polite: Arc<Polite>| -> Arc<dyn Greeter> { polite })
//!     .register(Provider::use_value(3_u32).token("RETRIES"))
//!     .build()
//!     .await?;
//!
//! assert_eq!(container.resolve::<dyn Greeter>()?.greet(), "Good evening!");
//! assert_eq!(container.get_token::<u32>("RETRIES").as_deref(), Some(&3));
//! # Ok::<_, Box<dyn std::error::Error>>(()) })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod advice;
mod builder;
mod check;
mod construction;
mod descriptor;
mod error;
mod hook_error;
mod inject;
mod instance;
mod key;
mod lifecycle;
mod location;
mod provider;
mod resolver;
mod singletons;
#[cfg(test)]
mod tests;

pub use builder::ContainerBuilder;
pub use descriptor::{Alias, Dependency, ProviderDescriptor, provider_descriptors};
pub use error::{ContainerError, Described};
pub use hook_error::{HookError, HookResult};
pub use inject::{Inject, InjectOrDefault};
pub use instance::Instance;
pub use key::ProviderKey;
pub use lifecycle::{
    BeforeApplicationShutdown, Lifecycle, LifecycleHook, LifecycleOf, NoLifecycle, OnApplicationBootstrap,
    OnApplicationShutdown, OnModuleDestroy, OnModuleInit, ShutdownHook,
};
pub use location::Location;
pub(crate) use location::in_order;
pub use provider::Provider;
pub use resolver::Resolver;
pub use singletons::{Container, Singleton};
