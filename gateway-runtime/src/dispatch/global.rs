//! What stands in front of every gateway of the app, and what tests put in the place of others.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;

use gateway_core::enhancers::{SharedFilter, SharedGuard, SharedInterceptor};
use gateway_core::pipes::GatewayPipe;

/// `useGlobalGuards`, `useGlobalPipes`, `useGlobalInterceptors`, `useGlobalFilters`.
#[derive(Clone, Default)]
pub(crate) struct GlobalEnhancers {
    pub(crate) guards: Vec<SharedGuard>,
    pub(crate) pipes: Vec<GatewayPipe>,
    pub(crate) interceptors: Vec<SharedInterceptor>,
    pub(crate) filters: Vec<SharedFilter>,
}

impl fmt::Debug for GlobalEnhancers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GlobalEnhancers")
            .field("guards", &self.guards.len())
            .field("pipes", &self.pipes.len())
            .field("interceptors", &self.interceptors.len())
            .field("filters", &self.filters.len())
            .finish()
    }
}

/// Enhancers that replace others, by the type of those (`overrideGuard` and its kin).
#[derive(Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) guards: HashMap<TypeId, SharedGuard>,
    pub(crate) pipes: HashMap<TypeId, GatewayPipe>,
    pub(crate) interceptors: HashMap<TypeId, SharedInterceptor>,
    pub(crate) filters: HashMap<TypeId, SharedFilter>,
}

impl Overrides {
    /// Whether something else stands in for this type wherever it is used.
    pub(crate) fn replaces(&self, class: TypeId) -> bool {
        self.guards.contains_key(&class)
            || self.pipes.contains_key(&class)
            || self.interceptors.contains_key(&class)
            || self.filters.contains_key(&class)
    }
}

impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overrides").finish_non_exhaustive()
    }
}
