//! How the entries of `#[use_guards(..)]` and its kin are made: types by the container or by their
//! `Default`, anything else by its expression.
//!
//! It must never know what a guard or a filter does, or when it is asked.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::container::{Container, ContainerError, ProviderKey};
use crate::enhancers::{EnhancerClass, SharedFilter, SharedGuard, SharedInterceptor};
use crate::filter::ExceptionFilter;
use crate::guard::CanActivate;
use crate::interceptor::Interceptor;
use crate::pipes::{GatewayPipe, IntoGatewayPipe};

/// One entry, made.
pub type Made<T> = Result<Arc<T>, ContainerError>;

/// The type of an entry. [`WithoutDefault`] must be in scope: the type's own `provided` is there only if
/// the type has a `Default`, and goes before that of the trait.
pub struct Class<T>(PhantomData<fn() -> T>);

impl<T> fmt::Debug for Class<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Class")
    }
}

impl<T: Default + Send + Sync + 'static> Class<T> {
    /// The container's instance, or a default one if nothing provides the type.
    ///
    /// # Errors
    /// It is provided, but was not constructed.
    pub fn provided(container: &Container) -> Made<T> {
        match container.resolve() {
            Err(ContainerError::NotProvided { .. }) => Ok(Arc::default()),
            resolved => resolved,
        }
    }
}

/// The entries whose type has no `Default`.
pub trait WithoutDefault {
    /// The type.
    type Instance;

    /// The container's instance.
    ///
    /// # Errors
    /// Nothing provides the type: the error says what to do.
    fn provided(container: &Container) -> Made<Self::Instance>;
}

impl<T: Send + Sync + 'static> WithoutDefault for Class<T> {
    type Instance = T;

    fn provided(container: &Container) -> Made<T> {
        container.resolve().map_err(|error| match error {
            ContainerError::NotProvided { wanted, advice } => {
                ContainerError::NotProvided { wanted, advice: format!("{advice}, or derive Default for it") }
            }
            error => error,
        })
    }
}

/// What the container provides the type as, and what a test overrides.
pub const fn class_of<T: Send + Sync + 'static>() -> EnhancerClass {
    EnhancerClass { type_id: TypeId::of::<T>(), key: ProviderKey::of::<T> }
}

/// The value of an expression.
///
/// # Errors
/// None: the types have some.
pub fn value<T>(value: T) -> Made<T> {
    Ok(Arc::new(value))
}

/// An entry of `#[use_guards]`.
///
/// # Errors
/// It could not be made.
pub fn guard<G: CanActivate>(guard: Made<G>) -> Result<SharedGuard, ContainerError> {
    Ok(guard?)
}

/// An entry of `#[use_interceptors]`.
///
/// # Errors
/// It could not be made.
pub fn interceptor<I: Interceptor>(interceptor: Made<I>) -> Result<SharedInterceptor, ContainerError> {
    Ok(interceptor?)
}

/// An entry of `#[use_filters]`.
///
/// # Errors
/// It could not be made.
pub fn filter<F: ExceptionFilter>(filter: Made<F>) -> Result<SharedFilter, ContainerError> {
    Ok(filter?)
}

/// An entry of a gateway's `#[use_pipes]`.
///
/// # Errors
/// It could not be made.
pub fn gateway_pipe<P: IntoGatewayPipe<M>, M>(pipe: Made<P>) -> Result<GatewayPipe, ContainerError> {
    Ok(P::share(pipe?))
}
