//! The pipes that read numbers, truth values, lists and identifiers from what clients send.
//!
//! They accept what NestJS's pipes of the same names accept and refuse with the same sentences, as a
//! [`WsException`] (NestJS throws an HTTP exception here, of which a WebSocket client learns nothing).

use std::any::TypeId;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{ArgumentMetadata, PipeTransform};
use crate::arguments::Arguments;
use crate::data::Data;
use crate::exception::{HandlerError, WsException};

type ExceptionFactory = Arc<dyn Fn(&str) -> HandlerError + Send + Sync>;

/// Makes the exception of a refused value.
#[derive(Clone, Default)]
struct Refusal(Option<ExceptionFactory>);

impl Refusal {
    fn of(&self, message: &str) -> HandlerError {
        match &self.0 {
            Some(make) => make(message),
            None => HandlerError::exception(WsException::new(message)),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "exception_factory" } else { "WsException" })
    }
}

macro_rules! with_exception_factory {
    ($($pipe:ident $(<$generic:ident>)?)*) => {$(
        impl$(<$generic>)? $pipe$(<$generic>)? {
            /// The pipe with its default exception.
            pub fn new() -> Self {
                Self::default()
            }

            /// `exceptionFactory`: makes the exception of a refused value, of the default's message.
            #[must_use]
            pub fn exception_factory<E: Into<HandlerError>>(
                mut self,
                make: impl Fn(&str) -> E + Send + Sync + 'static,
            ) -> Self {
                self.refusal = Refusal(Some(Arc::new(move |message| make(message).into())));
                self
            }
        }
    )*};
}

/// Reads an integer from a number or a numeric string (NestJS's `ParseIntPipe`).
#[derive(Clone, Debug, Default)]
pub struct ParseIntPipe {
    refusal: Refusal,
}

/// Reads a number from a number or a numeric string (NestJS's `ParseFloatPipe`).
#[derive(Clone, Debug, Default)]
pub struct ParseFloatPipe {
    refusal: Refusal,
}

/// Reads `true` or `false` from a truth value or its text (NestJS's `ParseBoolPipe`).
#[derive(Clone, Debug, Default)]
pub struct ParseBoolPipe {
    refusal: Refusal,
}

/// Reads a UUID: the text of any version (NestJS's `ParseUUIDPipe`).
#[derive(Clone, Debug, Default)]
pub struct ParseUuidPipe {
    refusal: Refusal,
}

/// Reads one of an enum's values; the enum is the parameter's type (NestJS's `ParseEnumPipe`).
#[derive(Clone, Debug, Default)]
pub struct ParseEnumPipe {
    refusal: Refusal,
}

/// Reads a list from an array or a separated string (NestJS's `ParseArrayPipe`).
#[derive(Clone, Debug, Default)]
pub struct ParseArrayPipe {
    refusal: Refusal,
    separator: Option<String>,
}

with_exception_factory!(ParseIntPipe ParseFloatPipe ParseBoolPipe ParseUuidPipe ParseEnumPipe ParseArrayPipe);

impl ParseArrayPipe {
    /// `separator`: between the items of a string; default a comma.
    #[must_use]
    pub fn separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = Some(separator.into());
        self
    }
}

/// The integers that [`ParseIntPipe`] gives.
pub trait ParseInt: FromStr + Send + 'static {}
/// The numbers that [`ParseFloatPipe`] gives.
pub trait ParseFloat: FromStr + Send + 'static {}

macro_rules! marked {
    ($marker:ident: $($number:ty)*) => { $(impl $marker for $number {})* };
}

marked!(ParseInt: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
marked!(ParseFloat: f32 f64);

/// The text of a string or a number; nothing else is numeric.
fn numeric_text(value: &Data) -> Option<String> {
    match value {
        Data::String(text) => Some(text.clone()),
        Data::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[diagnostic::do_not_recommend]
impl<N: ParseInt> PipeTransform<N> for ParseIntPipe {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<N, HandlerError> {
        let digits = numeric_text(&value).filter(|text| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        let number = digits.and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| self.refusal.of("Validation failed (numeric string is expected)"))
    }
}

#[diagnostic::do_not_recommend]
impl<N: ParseFloat> PipeTransform<N> for ParseFloatPipe {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<N, HandlerError> {
        // Rust also reads "inf" and "NaN".
        let number = numeric_text(&value).filter(|text| text.bytes().any(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.refusal.of("Validation failed (numeric string is expected)"))
    }
}

impl PipeTransform<bool> for ParseBoolPipe {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<bool, HandlerError> {
        match &value {
            Data::Bool(value) => Ok(*value),
            Data::String(text) if text == "true" => Ok(true),
            Data::String(text) if text == "false" => Ok(false),
            _ => Err(self.refusal.of("Validation failed (boolean string is expected)")),
        }
    }
}

impl PipeTransform<String> for ParseUuidPipe {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<String, HandlerError> {
        match value {
            Data::String(text) if is_uuid(&text) => Ok(text),
            Data::String(_) => Err(self.refusal.of("Validation failed (uuid is expected)")),
            _ => Err(self.refusal.of("The value passed as UUID is not a string")),
        }
    }
}

/// Eight, four, four, four and twelve hexadecimal digits; of the versions 1 to 8 in RFC 9562's variant, or
/// its Nil and Max UUIDs.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let hexadecimal = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    if !hexadecimal || !groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) {
        return false;
    }
    let all = |digit| text.bytes().all(|byte| byte == b'-' || byte.eq_ignore_ascii_case(&digit));
    let versioned = groups[2].starts_with(|version| matches!(version, '1'..='8'))
        && groups[3].starts_with(['8', '9', 'a', 'b', 'A', 'B']);
    versioned || all(b'0') || all(b'f')
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Send + 'static> PipeTransform<T> for ParseEnumPipe {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<T, HandlerError> {
        let value = Arguments::from_value(&value).ok().and_then(|arguments| arguments.get(0).ok());
        value.ok_or_else(|| self.refusal.of("Validation failed (enum string is expected)"))
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Send + 'static> PipeTransform<Vec<T>> for ParseArrayPipe {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<Vec<T>, HandlerError> {
        let items = match value {
            Data::Array(items) => items,
            Data::String(text) => {
                let separator = self.separator.as_deref().unwrap_or(",");
                text.trim().split(separator).map(Data::from).collect()
            }
            _ => return Err(self.refusal.of("Validation failed (parsable array expected)")),
        };
        let decode = |(index, item)| {
            decode_item(item)
                .ok_or_else(|| self.refusal.of(&format!("[{index}] item must be {}", expected::<T>())))
        };
        items.into_iter().enumerate().map(decode).collect()
    }
}

macro_rules! type_ids {
    ($($number:ty)*) => { [$(TypeId::of::<$number>()),*] };
}

/// What an item has to be, in NestJS's words where it has some.
fn expected<T: 'static>() -> &'static str {
    let numbers = type_ids![i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64];
    let item = TypeId::of::<T>();
    if numbers.contains(&item) {
        "a number"
    } else if item == TypeId::of::<bool>() {
        "a boolean value"
    } else {
        "valid"
    }
}

/// An item of a separated string is a text, also where numbers are asked for.
fn decode_item<T: DeserializeOwned>(item: Data) -> Option<T> {
    let decode = |item: &Data| Arguments::from_value(item).ok()?.get(0).ok();
    decode(&item).or_else(|| serde_json::from_str(item.as_str()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipes::{Chain, DefaultValuePipe};

    const METADATA: ArgumentMetadata = ArgumentMetadata { key: Some("id"), type_name: "i64" };

    async fn run<P, Out, M>(pipe: P, value: serde_json::Value) -> Option<Out>
    where
        P: PipeTransform<Out, M, In = Data>,
    {
        pipe.transform(value.into(), &METADATA).await.ok()
    }

    #[tokio::test]
    async fn numbers() {
        assert_eq!(run(ParseIntPipe::new(), "42".into()).await, Some(42_i64));
        assert_eq!(run(ParseIntPipe::new(), (-7).into()).await, Some(-7_i8));
        for refused in ["4.2", "x", "", "-", "1e3", " 1", "+1"] {
            assert_eq!(run::<_, i64, _>(ParseIntPipe::new(), refused.into()).await, None, "{refused}");
        }
        assert_eq!(run::<_, u8, _>(ParseIntPipe::new(), 300.into()).await, None);
        assert_eq!(run::<_, i64, _>(ParseIntPipe::new(), true.into()).await, None);
        assert_eq!(run(ParseFloatPipe::new(), "4.5".into()).await, Some(4.5_f64));
        assert_eq!(run::<_, f64, _>(ParseFloatPipe::new(), "NaN".into()).await, None);
    }

    #[tokio::test]
    async fn truth_values_lists_and_identifiers() {
        assert_eq!(run(ParseBoolPipe::new(), "false".into()).await, Some(false));
        assert_eq!(run::<_, bool, _>(ParseBoolPipe::new(), 1.into()).await, None);
        let uuid = "123e4567-e89b-12d3-a456-426614174000";
        assert_eq!(run(ParseUuidPipe::new(), uuid.into()).await, Some(uuid.to_owned()));
        let refused =
            ["123e4567", "123e4567-e89b-02d3-a456-426614174000", "123e4567-e89b-12d3-c456-426614174000"];
        for refused in refused {
            assert_eq!(run::<_, String, _>(ParseUuidPipe::new(), refused.into()).await, None, "{refused}");
        }
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(run(ParseUuidPipe::new(), nil.into()).await, Some(nil.to_owned()));
        assert_eq!(run(ParseArrayPipe::new(), "1, 2,3".into()).await, Some(vec![1, 2, 3]));
        assert_eq!(
            run(ParseArrayPipe::new().separator(";"), "a;b".into()).await,
            Some(vec!["a".to_owned(), "b".into()])
        );
        let refused: Result<Vec<u8>, _> = ParseArrayPipe::new().transform("1,x".into(), &METADATA).await;
        assert_eq!(refused.unwrap_err().into_exception().0.message(), "[1] item must be a number");
    }

    #[tokio::test]
    async fn pipes_follow_each_other() {
        let chain = || Chain(DefaultValuePipe::new(1), ParseIntPipe::new());
        assert_eq!(run(chain(), serde_json::Value::Null).await, Some(1_u32));
        assert_eq!(run(chain(), "5".into()).await, Some(5_u32));
        let given = PipeTransform::<i32, _>::transform(&DefaultValuePipe::new(7), None, &METADATA).await;
        assert_eq!(given.ok(), Some(7));
    }

    #[tokio::test]
    async fn the_exception_can_be_ones_own() {
        let pipe =
            ParseIntPipe::new().exception_factory(|message| WsException::new(format!("id: {message}")));
        let result: Result<i64, _> = pipe.transform("x".into(), &METADATA).await;
        let (exception, _) = result.unwrap_err().into_exception();
        assert_eq!(exception.message(), "id: Validation failed (numeric string is expected)");
    }
}
