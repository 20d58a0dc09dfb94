//! Pipes: what a body passes on its way into a parameter.

mod default_value;
mod parse;
mod transform;
mod untyped;
#[cfg(feature = "validator")]
mod validation;
#[cfg(not(feature = "validator"))]
mod without_validation;

pub use default_value::DefaultValuePipe;
pub use parse::{
    ParseArrayPipe, ParseBoolPipe, ParseEnumPipe, ParseFloat, ParseFloatPipe, ParseInt, ParseIntPipe,
    ParseUuidPipe,
};
pub use transform::{ArgumentMetadata, Chain, PipeTransform};
pub use untyped::{DynUntypedPipe, GatewayPipe, IntoGatewayPipe};
#[cfg(feature = "validator")]
pub use validation::{ByRules, Native, ValidationError, ValidationPipe};
#[cfg(not(feature = "validator"))]
pub use without_validation::ValidationPipe;
