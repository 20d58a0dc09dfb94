//! `ValidationPipe`: bodies are checked by the rules of their types, which the crate `validator` has.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::{ArgumentMetadata, PipeTransform};
use crate::arguments::{Arguments, DecodeError, RawArgument};
use crate::data::Data;
use crate::exception::{HandlerError, WsException};

/// What is wrong with one property, as class-validator has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ValidationError {
    /// The property's name; of an item of a list its index.
    pub property: String,
    /// The message of each rule that was broken, by the rule's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub constraints: BTreeMap<String, String>,
    /// What is wrong inside the property.
    pub children: Vec<ValidationError>,
}

impl ValidationError {
    /// Adds that the property at the end of a path should not exist.
    fn refuse(errors: &mut Vec<Self>, path: &[&str]) {
        let [name, inner @ ..] = path else { return };
        let index = errors.iter().position(|error| error.property == *name).unwrap_or_else(|| {
            errors.push(Self { property: (*name).to_owned(), ..Self::default() });
            errors.len() - 1
        });
        let error = &mut errors[index];
        if inner.is_empty() {
            let message = format!("property {name} should not exist");
            error.constraints.insert("whitelistValidation".to_owned(), message);
        } else {
            Self::refuse(&mut error.children, inner);
        }
    }

    /// All messages, those of inner properties behind their path, as NestJS flattens them.
    fn messages(errors: &[ValidationError], path: &str, into: &mut Vec<String>) {
        for error in errors {
            into.extend(error.constraints.values().map(|message| format!("{path}{message}")));
            Self::messages(&error.children, &format!("{path}{}.", error.property), into);
        }
    }
}

type ExceptionFactory = Arc<dyn Fn(Vec<ValidationError>) -> HandlerError + Send + Sync>;

/// Checks bodies by the rules of their types (NestJS's `ValidationPipe`): derive `validator::Validate` on
/// them.
///
/// On a parameter or a method the type must have rules. On a gateway, or as a global pipe, it checks the
/// bodies that have some and lets the others pass, as NestJS does with `String` and `number`.
///
/// The client receives `{"status":"error","message":["email must be an email"],"errors":[…]}`; NestJS needs an
/// `exceptionFactory` for that.
#[derive(Clone, Default)]
pub struct ValidationPipe {
    whitelist: bool,
    forbid_non_whitelisted: bool,
    exception_factory: Option<ExceptionFactory>,
}

impl ValidationPipe {
    /// The pipe with NestJS's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// `whitelist`: properties that the type does not have are left out. A Rust type holds nothing else
    /// anyway (unless it collects the rest under `#[serde(flatten)]`), so this says what is the case.
    #[must_use]
    pub fn whitelist(mut self, whitelist: bool) -> Self {
        self.whitelist = whitelist;
        self
    }

    /// `forbidNonWhitelisted`: properties that the type does not have are an error (`whitelistValidation`).
    #[must_use]
    pub fn forbid_non_whitelisted(mut self, forbid: bool) -> Self {
        self.forbid_non_whitelisted = forbid;
        self
    }

    /// `exceptionFactory`: makes the exception of what is wrong.
    #[must_use]
    pub fn exception_factory<E: Into<HandlerError>>(
        mut self,
        make: impl Fn(Vec<ValidationError>) -> E + Send + Sync + 'static,
    ) -> Self {
        self.exception_factory = Some(Arc::new(move |errors| make(errors).into()));
        self
    }

    /// Decodes an argument and checks it.
    ///
    /// # Errors
    /// It does not decode, or it breaks a rule.
    pub fn check<T: DeserializeOwned + Validate>(
        &self,
        argument: Option<&RawArgument<'_>>,
    ) -> Result<T, Refused> {
        let mut unknown = Vec::new();
        let value: T = match argument {
            Some(argument) if self.forbid_non_whitelisted => {
                argument.decode_noting(&mut |path| unknown.push(path)).map_err(Refused::Decode)?
            }
            argument => crate::arguments::decode(argument).map_err(Refused::Decode)?,
        };
        let mut errors = match value.validate() {
            Ok(()) => Vec::new(),
            Err(broken) => errors_of(&broken),
        };
        for path in unknown {
            // An optional property shows as a question mark of its own.
            let path: Vec<_> = path.split('.').filter(|name| *name != "?").collect();
            ValidationError::refuse(&mut errors, &path);
        }
        if errors.is_empty() { Ok(value) } else { Err(Refused::Invalid(self.exception(errors))) }
    }

    fn exception(&self, errors: Vec<ValidationError>) -> HandlerError {
        if let Some(make) = &self.exception_factory {
            return make(errors);
        }
        let mut messages = Vec::new();
        ValidationError::messages(&errors, "", &mut messages);
        let payload = json!({ "status": "error", "message": messages, "errors": errors });
        HandlerError::exception(WsException::from_value(payload))
    }
}

/// Why [`ValidationPipe::check`] refused a body.
#[derive(Debug)]
pub enum Refused {
    /// It does not decode.
    Decode(DecodeError),
    /// It breaks a rule.
    Invalid(HandlerError),
}

impl Refused {
    /// The error, with the key of the body that was taken.
    pub fn under(self, key: Option<&str>) -> HandlerError {
        match (self, key) {
            (Self::Decode(error), Some(key)) => HandlerError::exception(error.under(key)),
            (Self::Decode(error), None) => HandlerError::exception(error),
            (Self::Invalid(error), _) => error,
        }
    }
}

impl fmt::Debug for ValidationPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidationPipe")
            .field("whitelist", &self.whitelist)
            .field("forbid_non_whitelisted", &self.forbid_non_whitelisted)
            .finish_non_exhaustive()
    }
}

/// Marks parameters whose type has rules.
#[derive(Clone, Copy, Debug)]
pub struct ByRules;

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Validate + Send + 'static> PipeTransform<T, ByRules> for ValidationPipe {
    type In = Data;

    async fn transform(&self, value: Data, metadata: &ArgumentMetadata) -> Result<T, HandlerError> {
        let arguments = Arguments::from_value(&value)?;
        self.check(arguments.raw(0).as_ref()).map_err(|refused| refused.under(metadata.key))
    }
}

/// Marks parameters of types that need no rules: NestJS's pipe lets them pass as well.
#[derive(Clone, Copy, Debug)]
pub struct Native;

macro_rules! natives {
    ($($native:ty)*) => {$(
        impl PipeTransform<$native, Native> for ValidationPipe {
            type In = $native;

            async fn transform(&self, value: $native, _: &ArgumentMetadata) -> Result<$native, HandlerError> {
                Ok(value)
            }
        }
    )*};
}

natives!(String bool i8 i16 i32 i64 u8 u16 u32 u64 usize f32 f64 Value);

/// validator's errors in class-validator's shape, sorted by property.
fn errors_of(broken: &ValidationErrors) -> Vec<ValidationError> {
    let sorted: BTreeMap<_, _> = broken.errors().iter().collect();
    sorted.into_iter().map(|(property, kind)| error_of(property.as_ref(), kind)).collect()
}

fn error_of(property: &str, kind: &ValidationErrorsKind) -> ValidationError {
    let mut error = ValidationError { property: property.to_owned(), ..ValidationError::default() };
    match kind {
        ValidationErrorsKind::Struct(inner) => error.children = errors_of(inner),
        ValidationErrorsKind::List(items) => {
            error.children = items
                .iter()
                .map(|(index, inner)| ValidationError {
                    property: index.to_string(),
                    children: errors_of(inner),
                    ..ValidationError::default()
                })
                .collect();
        }
        ValidationErrorsKind::Field(rules) => {
            error.constraints =
                rules.iter().map(|rule| (rule.code.to_string(), message_of(property, rule))).collect();
        }
    }
    error
}

/// The rule's own message, or one in class-validator's words.
fn message_of(property: &str, rule: &validator::ValidationError) -> String {
    if let Some(message) = &rule.message {
        return message.to_string();
    }
    let parameter = |name: &str| rule.params.get(name).map(ToString::to_string);
    let text = match rule.code.as_ref() {
        "email" => "must be an email".to_owned(),
        "url" => "must be a URL address".to_owned(),
        "ip" | "ip_v4" | "ip_v6" => "must be an ip address".to_owned(),
        "credit_card" => "must be a credit card".to_owned(),
        "required" | "required_nested" => "should not be empty".to_owned(),
        "length" => between(parameter("equal"), parameter("min"), parameter("max"), " characters"),
        "range" => between(None, parameter("min"), parameter("max"), ""),
        "must_match" => "must match the other property".to_owned(),
        "contains" => format!("must contain {}", parameter("needle").unwrap_or_default()),
        "does_not_contain" => format!("should not contain {}", parameter("needle").unwrap_or_default()),
        "regex" => "must match the regular expression".to_owned(),
        code => format!("breaks the rule {code}"),
    };
    format!("{property} {text}")
}

fn between(equal: Option<String>, min: Option<String>, max: Option<String>, unit: &str) -> String {
    match (equal, min, max) {
        (Some(equal), ..) => format!("must have exactly {equal}{unit}"),
        (_, Some(min), Some(max)) => format!("must be from {min} to {max}{unit}"),
        (_, Some(min), None) => format!("must not be less than {min}{unit}"),
        (_, None, Some(max)) => format!("must not be greater than {max}{unit}"),
        _ => "has a wrong size".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, Validate)]
    struct SignUp {
        #[validate(email)]
        email: String,
        #[validate(length(min = 3, max = 8, message = "a name has 3 to 8 letters"))]
        name: String,
        #[validate(nested)]
        address: Address,
    }

    #[derive(Debug, serde::Deserialize, Validate)]
    struct Address {
        #[validate(range(min = 1))]
        number: u32,
    }

    fn check(pipe: &ValidationPipe, body: Value) -> Result<SignUp, Value> {
        let arguments = Arguments::from_value(&body).unwrap();
        pipe.check(arguments.raw(0).as_ref()).map_err(|refused| {
            let (exception, _) = refused.under(None).into_exception();
            exception.error().clone()
        })
    }

    #[test]
    fn broken_rules_are_listed_by_property_and_rule() {
        let body = json!({ "email": "x", "name": "ab", "address": { "number": 0 } });
        let refused = check(&ValidationPipe::new(), body).unwrap_err();
        assert_eq!(refused["status"], "error");
        assert_eq!(
            refused["message"],
            json!([
                "address.number must not be less than 1",
                "email must be an email",
                "a name has 3 to 8 letters"
            ])
        );
        assert_eq!(
            refused["errors"][0]["children"][0]["constraints"]["range"],
            "number must not be less than 1"
        );
        assert_eq!(
            refused["errors"][1],
            json!({
                "property": "email", "constraints": { "email": "email must be an email" }, "children": []
            })
        );
    }

    #[test]
    fn what_keeps_the_rules_passes() {
        let body = json!({ "email": "a@b.example", "name": "Anna", "address": { "number": 1 }, "more": 1 });
        let passed = check(&ValidationPipe::new().whitelist(true), body.clone()).unwrap();
        assert_eq!(
            (passed.email.as_str(), passed.name.as_str(), passed.address.number),
            ("a@b.example", "Anna", 1)
        );
        let refused = check(&ValidationPipe::new().forbid_non_whitelisted(true), body).unwrap_err();
        assert_eq!(refused["message"], json!(["property more should not exist"]));
        let body =
            json!({ "email": "x", "name": "Anna", "address": { "number": 0, "street": "High Street" } });
        let refused = check(&ValidationPipe::new().forbid_non_whitelisted(true), body).unwrap_err();
        assert_eq!(
            refused["message"],
            json!([
                "address.number must not be less than 1",
                "address.property street should not exist",
                "email must be an email"
            ])
        );
        assert_eq!(refused["errors"][0]["children"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn the_exception_can_be_ones_own() {
        let pipe =
            ValidationPipe::new().exception_factory(|errors| WsException::new(errors[0].property.clone()));
        let body = json!({ "email": "x", "name": "Anna", "address": { "number": 1 } });
        assert_eq!(check(&pipe, body).unwrap_err(), "email");
    }
}
