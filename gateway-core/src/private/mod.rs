//! What the macros expand to. Not part of the public interface: it changes without notice.
//!
//! Most of it are *probes*: questions that a macro cannot answer from tokens ("is this type a stream?") and
//! that the compiler answers while it resolves a method. A probe is an empty value `P<T>`; the possible
//! answers are traits with one method of the same name, implemented for `&&P<T>` (asked first), `&P<T>` and
//! `P<T>` (asked last), each for the `T` that it is about. A macro calls the method on `&&&P<T>`, and the
//! first answer that fits is taken. The last answer fits every type; where it is a mistake, its method has
//! a bound that nothing meets and that carries the sentence for the user.
//!
//! A probe works on concrete types only: inside a generic function the last answer always wins.

mod body;
mod conversion;
mod enhancer;
mod field;
mod hooks_of;
mod parameter;
mod piped;
mod provided;
mod receiver;
mod reply_kind;
mod returned;
mod shape;
mod steps;

pub use std::vec::Vec;

pub use inventory;

pub use self::body::{Body, Decode, MessageBody};
pub use self::conversion::{AsError, AsException, AsHandlerError, NotAnError};
pub use self::enhancer::{
    Class, Made, WithoutDefault, class_of, filter, gateway_pipe, guard, interceptor, value,
};
pub use self::field::{AttachedServer, Field};
pub use self::hooks_of::{HooksOf, NoHooks};
pub use self::parameter::{
    AckParameter, ConnectedSocket, MessageName, Parameter, ParameterKind, bodies, takes_ack,
};
pub use self::piped::{NoPipes, Piped, Pipes, Unpiped};
pub use self::provided::{Provided, Whole, gateway_instance, gateway_key, provider_instance, provider_key};
pub use self::receiver::{HandlerReceiver, gateway_id};
pub use self::reply_kind::{AsNothing, AsResponse, AsStream, AsStreamOf, AsValue, NoReply};
pub use self::returned::{Awaits, Returned, Returns};
pub use self::shape::{Never, Shaped};
pub use self::steps::{Steps, failed, nothing, nothing_after, pending, settled};
pub use crate::container::{
    Alias, ContainerError, Dependency, Inject, InjectOrDefault, Instance, Lifecycle, LifecycleOf, Location,
    NoLifecycle, ProviderDescriptor, ProviderKey, Resolver,
};
pub use crate::enhancers::{Enhancer, Enhancers, GuardEntry, ParameterPipe};
pub use crate::execution_context::ExecutionContext as Call;
pub use crate::extract::FromExecutionContext;
pub use crate::hooks::Gateway;
pub use crate::metadata::{MetadataEntry, metadata_value};
pub use crate::options::GatewayOptions;
pub use crate::registry::{GatewayDescriptor, GatewayHooks, HandlerDescriptor, HandlersDescriptor, Invoke};
pub use crate::reply::Outcome;

/// The answers about fields, to be imported without their names.
pub mod fields {
    pub use super::field::{FieldOfAnyType as _, FieldOfArc as _, FieldOfServer as _, FieldWithDefault as _};
    pub use super::provided::{WholeOfAnyType as _, WholeWithDefault as _};
}

/// The answers about bodies, to be imported without their names.
pub mod body_types {
    pub use super::body::{BodyOfAnyType as _, BodyWithRules as _, BodyWithoutRules as _};
}

/// The answers about parameters without attribute, to be imported without their names.
pub mod parameters {
    pub use super::parameter::{
        BodyKind as _, BodyParameter as _, BodyParameterWithRules as _, BodyPiped as _, KnownParameter as _,
        KnownUnpiped as _, ParameterOfAnyType as _,
    };
}

/// The answers about return values, to be imported without their names.
pub mod replies {
    pub use super::conversion::{
        AnyConversion as _, ErrorConversion as _, ExceptionConversion as _, HandlerErrorConversion as _,
    };
    pub use super::reply_kind::{
        AnyReplyKind as _, KnownReplyKind as _, StreamReplyKind as _, ValueReplyKind as _,
    };
    pub use super::returned::{ReturnsFuture as _, ReturnsValue as _};
    pub use super::shape::{NestedShape as _, PlainShape as _, SingleShape as _};
}
