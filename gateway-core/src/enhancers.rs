//! What the macros register about guards, interceptors, filters and pipes: how each is made at start.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use crate::container::{Container, ContainerError, ProviderKey};
use crate::filter::DynExceptionFilter;
use crate::guard::DynCanActivate;
use crate::interceptor::DynInterceptor;
use crate::metadata::MetadataEntry;
use crate::pipes::GatewayPipe;

/// A guard, ready to be asked.
pub type SharedGuard = Arc<dyn DynCanActivate>;
/// An interceptor, ready to run.
pub type SharedInterceptor = Arc<dyn DynInterceptor>;
/// A filter, ready to catch.
pub type SharedFilter = Arc<dyn DynExceptionFilter>;

/// One entry of `#[use_guards(..)]` and its kin.
pub struct Enhancer<T: 'static> {
    /// As the user wrote it.
    pub name: &'static str,
    /// The type, if it is one (and no expression): it comes from the container then.
    pub class: Option<EnhancerClass>,
    /// Makes it.
    pub make: fn(&Container) -> Result<T, ContainerError>,
}

impl<T> Clone for Enhancer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Enhancer<T> {}

impl<T> fmt::Debug for Enhancer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The type of an enhancer.
#[derive(Clone, Copy, Debug)]
pub struct EnhancerClass {
    /// Tells what a test overrides.
    pub type_id: TypeId,
    /// What the container provides it as.
    pub key: fn() -> ProviderKey,
}

/// A guard, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct GuardEntry {
    /// `on = "connection"`: it decides who may connect, instead of which messages pass.
    pub on_connection: bool,
    /// The guard.
    pub guard: Enhancer<SharedGuard>,
}

/// What stands on a gateway, or on a method.
#[derive(Clone, Copy, Debug)]
pub struct Enhancers {
    /// `#[use_guards]`
    pub guards: &'static [GuardEntry],
    /// `#[use_interceptors]`
    pub interceptors: &'static [Enhancer<SharedInterceptor>],
    /// `#[use_filters]`
    pub filters: &'static [Enhancer<SharedFilter>],
    /// `#[use_pipes]` of a gateway. A method's are among the pipes of its parameters.
    pub pipes: &'static [Enhancer<GatewayPipe>],
    /// `#[set_metadata]`
    pub metadata: &'static [MetadataEntry],
}

impl Enhancers {
    /// Nothing.
    pub const NONE: Self = Self { guards: &[], interceptors: &[], filters: &[], pipes: &[], metadata: &[] };

    /// The types that come from the container.
    pub fn classes(&self) -> impl Iterator<Item = EnhancerClass> {
        let guards = self.guards.iter().filter_map(|entry| entry.guard.class);
        let interceptors = self.interceptors.iter().filter_map(|entry| entry.class);
        let filters = self.filters.iter().filter_map(|entry| entry.class);
        let pipes = self.pipes.iter().filter_map(|entry| entry.class);
        guards.chain(interceptors).chain(filters).chain(pipes)
    }
}

/// A pipe of a parameter, of a type that its handler knows.
pub type ParameterPipe = Box<dyn Any + Send + Sync>;
