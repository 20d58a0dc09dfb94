//! A value for parameters that the client left out.

use serde::Serialize;

use super::{ArgumentMetadata, PipeTransform};
use crate::arguments::Arguments;
use crate::data::Data;
use crate::exception::HandlerError;

/// Gives a value where the client sent none, or null (NestJS's `DefaultValuePipe`).
///
/// `#[message_body("page", DefaultValuePipe::new(1))] page: u32`, or in front of another pipe:
/// `#[message_body("page", DefaultValuePipe::new(1), ParseIntPipe)] page: u32`.
#[derive(Clone, Copy, Debug)]
pub struct DefaultValuePipe<T>(T);

impl<T> DefaultValuePipe<T> {
    /// The pipe that gives this value.
    pub fn new(value: T) -> Self {
        Self(value)
    }
}

/// The value is the parameter.
impl<T: Clone + Send + Sync + 'static> PipeTransform<T> for DefaultValuePipe<T> {
    type In = Option<T>;

    async fn transform(&self, value: Option<T>, _: &ArgumentMetadata) -> Result<T, HandlerError> {
        Ok(value.unwrap_or_else(|| self.0.clone()))
    }
}

/// Marks the [`DefaultValuePipe`] that stands in front of an untyped pipe.
#[derive(Clone, Copy, Debug)]
pub struct BeforeAnother;

impl<T: Serialize + Send + Sync + 'static> PipeTransform<Data, BeforeAnother> for DefaultValuePipe<T> {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<Data, HandlerError> {
        if value == Data::Null { Ok(Arguments::from_value(&self.0)?.get(0)?) } else { Ok(value) }
    }
}
