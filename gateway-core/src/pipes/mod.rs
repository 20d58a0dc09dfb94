//! Pipes: what a body passes on its way into a parameter.

mod default_value;
mod parse;
mod transform;
mod untyped;
mod validation;

pub use default_value::DefaultValuePipe;
pub use parse::{
    ParseArrayPipe, ParseBoolPipe, ParseEnumPipe, ParseFloat, ParseFloatPipe, ParseInt, ParseIntPipe,
    ParseUuidPipe,
};
pub use transform::{ArgumentMetadata, Chain, PipeTransform};
pub use untyped::{DynUntypedPipe, GatewayPipe, IntoGatewayPipe};
pub use validation::{ByRules, Native, ValidationError, ValidationPipe};
