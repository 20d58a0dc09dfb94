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

use futures_util::future::BoxFuture;

use super::body::{Body, Decode};
use super::enhancer::Made;
use crate::container::ContainerError;
use crate::enhancers::ParameterPipe;
use crate::exception::HandlerError;
use crate::execution_context::ExecutionContext as Call;
use crate::pipes::{ArgumentMetadata, Chain, PipeTransform};

/// All pipes of one parameter of type `Out`, behind the decoding of the body.
trait ParameterPipes<Out>: Send + Sync {
    fn take<'a>(&'a self, call: &'a Call, metadata: ArgumentMetadata) -> BoxFuture<'a, Result<Out, HandlerError>>;
}

/// What a handler looks for in its `Target`.
type Kept<Out> = Arc<dyn ParameterPipes<Out>>;

/// A parameter of type `Out` with pipes.
pub struct Piped<Out>(PhantomData<fn() -> Out>);

impl<Out> Piped<Out> {
    /// The parameter.
    pub const NEW: Self = Self(PhantomData);

    /// The last of its pipes.
    pub fn last<P: PipeTransform<Out, M>, M>(self, pipe: Made<P>) -> Pipes<Out, Shared<P>, M> {
        Pipes { chain: pipe.map(Shared), of: PhantomData }
    }
}

impl<Out: 'static> Piped<Out> {
    /// The parameter's value: the body, or a member of it, through the pipes that the target has under
    /// this number.
    pub fn take<'a>(
        self,
        call: &'a Call,
        index: usize,
        key: Option<&'static str>,
    ) -> BoxFuture<'a, Result<Out, HandlerError>> {
        let pipes: &Kept<Out> = call.target().pipe(index);
        pipes.take(call, ArgumentMetadata { key, type_name: type_name::<Out>() })
    }
}

impl<Out> fmt::Debug for Piped<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Piped")
    }
}

/// Pipes that end in `Out`; `M` are their markers.
pub struct Pipes<Out, P, M> {
    chain: Result<P, ContainerError>,
    of: PhantomData<fn() -> (Out, M)>,
}

impl<Out, P: PipeTransform<Out, M>, M> Pipes<Out, P, M> {
    /// A pipe in front of these.
    pub fn before<A: PipeTransform<P::In, N>, N>(self, pipe: Made<A>) -> Pipes<Out, Chain<Shared<A>, P>, (N, M)> {
        let chain = pipe.and_then(|pipe| Ok(Chain(Shared(pipe), self.chain?)));
        Pipes { chain, of: PhantomData }
    }

    /// The probe of what the first one takes.
    pub fn body(&self) -> Body<P::In> {
        Body::NEW
    }
}

impl<Out: 'static, P: PipeTransform<Out, M>, M: 'static> Pipes<Out, P, M>
where
    P::In: 'static,
{
    /// The pipes, for the target.
    ///
    /// # Errors
    /// One of them could not be made.
    pub fn decoding(self, decode: Decode<P::In>) -> Result<ParameterPipe, ContainerError> {
        let kept: Kept<Out> = Arc::new(Decoding { decode, pipe: self.chain?, marker: PhantomData });
        Ok(Box::new(kept))
    }
}

impl<Out, P, M> fmt::Debug for Pipes<Out, P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipes")
    }
}

struct Decoding<In, P, M> {
    decode: Decode<In>,
    pipe: P,
    marker: PhantomData<fn() -> M>,
}

impl<Out, P: PipeTransform<Out, M>, M> ParameterPipes<Out> for Decoding<P::In, P, M> {
    fn take<'a>(&'a self, call: &'a Call, metadata: ArgumentMetadata) -> BoxFuture<'a, Result<Out, HandlerError>> {
        Box::pin(async move {
            let value = (self.decode)(call, metadata.key)?;
            self.pipe.transform(value, &metadata).await
        })
    }
}

/// A pipe that the container may have given to others too.
#[derive(Debug)]
pub struct Shared<P>(Arc<P>);

impl<P: PipeTransform<Out, M>, Out, M> PipeTransform<Out, M> for Shared<P> {
    type In = P::In;

    fn transform(
        &self,
        value: P::In,
        metadata: &ArgumentMetadata,
    ) -> impl Future<Output = Result<Out, HandlerError>> + Send {
        self.0.transform(value, metadata)
    }
}

/// A parameter that is known by its type: pipes of the method are not for it.
pub struct Unpiped<'a, T>(pub(super) fn(&'a Call) -> T);

impl<'a, T> Unpiped<'a, T> {
    /// The parameter's value, whatever the number.
    pub fn take(self, call: &'a Call, _: usize, _: Option<&'static str>) -> Ready<Result<T, HandlerError>> {
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
    pub fn decoding(self, _: Decode<()>) -> Result<ParameterPipe, ContainerError> {
        Ok(Box::new(self))
    }
}
