//! What a pipe is, and how pipes follow each other.

use std::future::Future;

use crate::exception::HandlerError;

/// The parameter that a value is for (NestJS's `ArgumentMetadata`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgumentMetadata {
    /// The key of the body that the parameter takes; `None` for the whole body (NestJS's `data`).
    pub key: Option<&'static str>,
    /// The parameter's type (NestJS's `metatype`).
    pub type_name: &'static str,
}

impl ArgumentMetadata {
    /// What the parameter is called in messages: its key, or `body`.
    pub fn name(&self) -> &'static str {
        self.key.unwrap_or("body")
    }
}

/// Maps a value to what a parameter takes, or refuses it (NestJS's `PipeTransform`).
///
/// `Out` is the parameter's type, `In` follows from the pipe: what the body is decoded into before.
/// `M` tells several implementations of one type apart; leave it out.
///
/// ```
/// use gateway_core::{ArgumentMetadata, HandlerError, PipeTransform, WsException};
///
/// struct TrimPipe;
///
/// impl PipeTransform<String> for TrimPipe {
///     type In = String;
///
///     async fn transform(&self, value: String, metadata: &ArgumentMetadata) -> Result<String, HandlerError> {
///         match value.trim() {
///             "" => Err(WsException::new(format!("{} is empty", metadata.name())))?,
///             trimmed => Ok(trimmed.to_owned()),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the pipe `{Self}` does not give a `{Out}`",
    label = "no `PipeTransform<{Out}>`",
    note = "a pipe implements `PipeTransform<the type of its parameter>`; `ValidationPipe` needs rules: derive \
            `validator::Validate` on `{Out}`"
)]
pub trait PipeTransform<Out, M = ()>: Send + Sync + 'static {
    /// What it takes.
    type In;

    /// Maps the value.
    ///
    /// # Errors
    /// What the filters receive, and then the client as `exception`.
    fn transform(
        &self,
        value: Self::In,
        metadata: &ArgumentMetadata,
    ) -> impl Future<Output = Result<Out, HandlerError>> + Send;
}

/// One pipe after another.
#[derive(Clone, Copy, Debug)]
pub struct Chain<A, B>(pub A, pub B);

impl<A, B, Out, MA, MB> PipeTransform<Out, (MA, MB)> for Chain<A, B>
where
    A: PipeTransform<B::In, MA>,
    B: PipeTransform<Out, MB>,
    A::In: Send,
    B::In: Send,
{
    type In = A::In;

    async fn transform(&self, value: A::In, metadata: &ArgumentMetadata) -> Result<Out, HandlerError> {
        let value = self.0.transform(value, metadata).await?;
        self.1.transform(value, metadata).await
    }
}

/// A pipe that is kept somewhere else.
impl<P, Out, M> PipeTransform<Out, M> for &'static P
where
    P: PipeTransform<Out, M>,
    P::In: Send,
{
    type In = P::In;

    async fn transform(&self, value: P::In, metadata: &ArgumentMetadata) -> Result<Out, HandlerError> {
        (**self).transform(value, metadata).await
    }
}
