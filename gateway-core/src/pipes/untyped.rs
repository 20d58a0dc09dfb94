//! The pipes of a whole gateway, or of all gateways: they do not know the parameters' types.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use super::ValidationPipe;
use super::{ArgumentMetadata, PipeTransform};
use crate::data::Data;
use crate::exception::HandlerError;

/// A pipe that maps any body to another, of any type.
pub trait DynUntypedPipe: Send + Sync + 'static {
    /// [`PipeTransform::transform`], boxed.
    fn transform_boxed<'a>(
        &'a self,
        value: Data,
        metadata: &'a ArgumentMetadata,
    ) -> BoxFuture<'a, Result<Data, HandlerError>>;
}

/// Hides the marker of an untyped pipe.
struct Untyped<P, M>(Arc<P>, std::marker::PhantomData<fn() -> M>);

impl<P, M> DynUntypedPipe for Untyped<P, M>
where
    P: PipeTransform<Data, M, In = Data>,
    M: 'static,
{
    fn transform_boxed<'a>(
        &'a self,
        value: Data,
        metadata: &'a ArgumentMetadata,
    ) -> BoxFuture<'a, Result<Data, HandlerError>> {
        self.0.transform(value, metadata).boxed()
    }
}

/// A pipe of a whole gateway, or of all gateways.
#[derive(Clone)]
pub enum GatewayPipe {
    /// Checks each body whose type has rules.
    Validation(Arc<ValidationPipe>),
    /// Maps each body before it is decoded.
    Untyped(Arc<dyn DynUntypedPipe>),
}

impl fmt::Debug for GatewayPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Validation(pipe) => pipe.fmt(f),
            Self::Untyped(_) => f.write_str("Untyped"),
        }
    }
}

/// What may be a pipe of a whole gateway: [`ValidationPipe`], or a pipe from [`Data`] to [`Data`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the pipe of a whole gateway",
    label = "neither `ValidationPipe` nor a pipe from `Data` to `Data`",
    note = "the parameters of a gateway have many types: put a pipe for one of them on its parameter or method"
)]
pub trait IntoGatewayPipe<M>: Sized {
    /// The pipe.
    fn into_gateway_pipe(self) -> GatewayPipe {
        Self::share(Arc::new(self))
    }

    /// The pipe, which others may have too.
    fn share(pipe: Arc<Self>) -> GatewayPipe;
}

/// Marks [`ValidationPipe`].
#[derive(Clone, Copy, Debug)]
pub struct Validating;

impl IntoGatewayPipe<Validating> for ValidationPipe {
    fn share(pipe: Arc<Self>) -> GatewayPipe {
        GatewayPipe::Validation(pipe)
    }
}

#[diagnostic::do_not_recommend]
impl<P, M> IntoGatewayPipe<(M,)> for P
where
    P: PipeTransform<Data, M, In = Data>,
    M: 'static,
{
    fn share(pipe: Arc<Self>) -> GatewayPipe {
        GatewayPipe::Untyped(Arc::new(Untyped(pipe, std::marker::PhantomData)))
    }
}
