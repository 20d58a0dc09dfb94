//! The probe of fields without attribute, and the type of `#[web_socket_server]` fields.
//!
//! It must never know which struct it is about.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::container::{ContainerError, Resolver};
use crate::server::Server;

/// The probe of a field of type `T`.
pub struct Field<T>(PhantomData<fn() -> T>);

impl<T> Field<T> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Field")
    }
}

/// Nothing implements it: an `Arc` of its own is not what a forgotten `#[inject]` meant.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` says where it comes from: add `#[inject]`",
    label = "add `#[inject]` for the provider, or `#[inject(default)]` for one of its own where there is none"
)]
pub trait ArcWithoutInject: Sized {
    /// Cannot be called.
    fn initial() -> Self;
}

/// Nothing implements it: a server of its own would talk to nobody.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` needs `#[web_socket_server]`",
    label = "add `#[web_socket_server]`"
)]
pub trait ServerWithoutAttribute: Sized {
    /// Cannot be called.
    fn initial() -> Self;
}

/// Nothing implements it: there is no value to start with.
#[diagnostic::on_unimplemented(
    message = "a field without attribute starts with its `Default`, and `{Self}` has none",
    label = "implement `Default` for it, or make the field an `Arc` with `#[inject]`"
)]
pub trait FieldWithoutDefault: Sized {
    /// Cannot be called.
    fn initial() -> Self;
}

/// First answer: an `Arc`, or an optional one.
pub trait FieldOfArc {
    /// The field's type.
    type Value;
    /// A sentence.
    fn probe_initial(&self) -> Self::Value
    where
        Self::Value: ArcWithoutInject,
    {
        Self::Value::initial()
    }
}

impl<T: ?Sized> FieldOfArc for &&Field<Arc<T>> {
    type Value = Arc<T>;
}

impl<T: ?Sized> FieldOfArc for &&Field<Option<Arc<T>>> {
    type Value = Option<Arc<T>>;
}

/// First answer as well: a `Server`.
pub trait FieldOfServer {
    /// The field's type.
    type Value;
    /// A sentence.
    fn probe_initial(&self) -> Self::Value
    where
        Self::Value: ServerWithoutAttribute,
    {
        Self::Value::initial()
    }
}

impl FieldOfServer for &&Field<Server> {
    type Value = Server;
}

/// Second answer: its default.
pub trait FieldWithDefault {
    /// The field's type.
    type Value;
    /// The field's value.
    fn probe_initial(&self) -> Self::Value;
}

impl<T: Default> FieldWithDefault for &Field<T> {
    type Value = T;
    fn probe_initial(&self) -> T {
        T::default()
    }
}

/// Last answer.
pub trait FieldOfAnyType {
    /// The field's type.
    type Value;
    /// A sentence.
    fn probe_initial(&self) -> Self::Value
    where
        Self::Value: FieldWithoutDefault,
    {
        Self::Value::initial()
    }
}

impl<T> FieldOfAnyType for Field<T> {
    type Value = T;
}

/// The type of a `#[web_socket_server]` field.
#[diagnostic::on_unimplemented(
    message = "a `#[web_socket_server]` field has the type `Server`, not `{Self}`",
    label = "write `Server`"
)]
pub trait AttachedServer: Sized {
    /// The server of the gateway that is under construction.
    ///
    /// # Errors
    /// The app attached none.
    fn attached(resolver: &Resolver) -> Result<Self, ContainerError>;
}

impl AttachedServer for Server {
    fn attached(resolver: &Resolver) -> Result<Self, ContainerError> {
        resolver.attached()
    }
}
