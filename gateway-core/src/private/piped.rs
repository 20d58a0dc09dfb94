//! Parameters with pipes: how their pipes are put together at start, and how a value passes them.
//!
//! Types are inferred from the end: the last pipe gives what the parameter takes, each gives what the one
//! behind it takes, and the first says what the body is decoded into. It must never know which pipes there
//! are.

use std::any::type_name;
use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, TryFutureExt};

use super::body::{Body, Decode};
use super::enhancer::Made;
use crate::container::ContainerError;
use crate::enhancers::ParameterPipe;
use crate::exception::HandlerError;
use crate::execution_context::ExecutionContext as Call;
use crate::pipes::{ArgumentMetadata, PipeTransform};

/// A parameter of type `Out` with pipes.
pub struct Piped<Out>(PhantomData<fn() -> Out>);

impl<Out> Piped<Out> {
    /// The parameter.
    pub const NEW: Self = Self(PhantomData);
}

impl<Out: 'static> Piped<Out> {
    /// The last of its pipes.
    pub fn last<P: PipeTransform<Out, M>, M: 'static>(self, pipe: Made<P>) -> Pipes<P::In, Out> {
        Pipes(pipe.map(|pipe| -> Arc<dyn Steps<P::In, Out>> { Arc::new(Last { pipe, marker: PhantomData }) }))
    }

    /// The parameter's value: the body, or a member of it, through the pipes that the target has under
    /// this number.
    pub fn take(self, call: &Call, index: usize) -> BoxFuture<'_, Result<Out, HandlerError>> {
        call.target().pipe::<Kept<Out>>(index).take(call)
    }
}

impl<Out> fmt::Debug for Piped<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Piped")
    }
}

/// Pipes from `In` to `Out`. What they are has been forgotten: a pipe that does not fit is then one
/// mistake, and not one for each question after it.
pub struct Pipes<In, Out>(Made<dyn Steps<In, Out>>);

impl<In, Out> Pipes<In, Out> {
    /// The probe of what the first one takes.
    pub fn body(&self) -> Body<In> {
        Body::NEW
    }
}

impl<In: 'static, Out: 'static> Pipes<In, Out> {
    /// A pipe in front of these.
    pub fn before<P: PipeTransform<In, M>, M: 'static>(self, pipe: Made<P>) -> Pipes<P::In, Out> {
        Pipes(pipe.and_then(|pipe| -> Made<dyn Steps<P::In, Out>> {
            Ok(Arc::new(Before { pipe, rest: self.0?, marker: PhantomData }))
        }))
    }

    /// The pipes, for the target; the key is that of the body's member.
    ///
    /// # Errors
    /// One of them could not be made.
    pub fn decoding(
        self,
        decode: Decode<In>,
        key: Option<&'static str>,
    ) -> Result<ParameterPipe, ContainerError> {
        let metadata = ArgumentMetadata { key, type_name: type_name::<Out>() };
        let kept: Kept<Out> = Arc::new(Decoding { decode, metadata, steps: self.0? });
        Ok(Box::new(kept))
    }
}

impl<In, Out> fmt::Debug for Pipes<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipes")
    }
}

/// Pipes that follow each other.
trait Steps<In, Out>: Send + Sync {
    fn run<'a>(
        &'a self,
        value: In,
        metadata: &'a ArgumentMetadata,
    ) -> BoxFuture<'a, Result<Out, HandlerError>>
    where
        In: 'a;
}

struct Last<P, M> {
    pipe: Arc<P>,
    marker: PhantomData<fn() -> M>,
}

impl<P: PipeTransform<Out, M>, Out: 'static, M> Steps<P::In, Out> for Last<P, M> {
    fn run<'a>(
        &'a self,
        value: P::In,
        metadata: &'a ArgumentMetadata,
    ) -> BoxFuture<'a, Result<Out, HandlerError>>
    where
        P::In: 'a,
    {
        self.pipe.transform(value, metadata).boxed()
    }
}

struct Before<P, M, Mid, Out> {
    pipe: Arc<P>,
    rest: Arc<dyn Steps<Mid, Out>>,
    marker: PhantomData<fn() -> M>,
}

impl<P: PipeTransform<Mid, M>, M, Mid: 'static, Out: 'static> Steps<P::In, Out> for Before<P, M, Mid, Out> {
    fn run<'a>(
        &'a self,
        value: P::In,
        metadata: &'a ArgumentMetadata,
    ) -> BoxFuture<'a, Result<Out, HandlerError>>
    where
        P::In: 'a,
    {
        let rest = move |value| self.rest.run(value, metadata);
        self.pipe.transform(value, metadata).and_then(rest).boxed()
    }
}

/// All of one parameter of type `Out`: what its body is decoded into has been forgotten too.
trait ParameterPipes<Out>: Send + Sync {
    fn take<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Out, HandlerError>>;
}

/// What a handler looks for in its target.
type Kept<Out> = Arc<dyn ParameterPipes<Out>>;

struct Decoding<In, Out> {
    decode: Decode<In>,
    metadata: ArgumentMetadata,
    steps: Arc<dyn Steps<In, Out>>,
}

impl<In: 'static, Out: 'static> ParameterPipes<Out> for Decoding<In, Out> {
    fn take<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Out, HandlerError>> {
        match (self.decode)(call, self.metadata.key) {
            Ok(value) => self.steps.run(value, &self.metadata),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }
}

/// A parameter that is known by its type: pipes of the method are not for it.
pub struct Unpiped<'a, T>(pub(super) fn(&'a Call) -> T);

impl<'a, T> Unpiped<'a, T> {
    /// The parameter's value, whatever the number.
    pub fn take(self, call: &'a Call, _: usize) -> Ready<Result<T, HandlerError>> {
        ready(Ok((self.0)(call)))
    }

    /// None of its pipes.
    pub fn last<P>(self, _: Made<P>) -> NoPipes {
        NoPipes
    }
}

impl<T> fmt::Debug for Unpiped<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpiped")
    }
}

/// The pipes of such a parameter.
#[derive(Clone, Copy, Debug)]
pub struct NoPipes;

impl NoPipes {
    /// Neither has it another.
    #[must_use]
    pub fn before<P>(self, _: Made<P>) -> Self {
        self
    }

    /// There is nothing to decode.
    pub fn body(&self) -> Body<()> {
        Body::NEW
    }

    /// What nobody looks for.
    ///
    /// # Errors
    /// None: other parameters have some.
    pub fn decoding(self, _: Decode<()>, _: Option<&'static str>) -> Result<ParameterPipe, ContainerError> {
        Ok(Box::new(self))
    }
}
