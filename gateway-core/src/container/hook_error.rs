//! What hooks and factories fail with.
//!
//! This file must never know which hook or factory it was: whoever calls one adds that.

use std::error::Error;
use std::fmt;

/// What a hook returns. `Ok(())` ends it well; `?` turns any error into a [`HookError`].
pub type HookResult = Result<(), HookError>;

/// Any error, kept as it is.
///
/// `?` converts whatever implements [`Error`]; [`HookError::downcast_ref`] gives it back by type. It is
/// deliberately no [`Error`] itself, otherwise that conversion could not exist.
///
/// `{}` prints the error, `{:#}` and `{:?}` also print what caused it.
///
/// ```
/// use gateway_core::container::{HookError, HookResult};
///
/// fn port(text: &str) -> Result<u16, HookError> {
///     let port: u16 = text.parse()?;
///     if port == 0 {
///         return Err(HookError::msg("the port may not be 0"));
///     }
///     Ok(port)
/// }
///
/// let error = port("x").unwrap_err();
/// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
/// assert_eq!(port("0").unwrap_err().to_string(), "the port may not be 0");
/// ```
pub struct HookError(Box<dyn Error + Send + Sync>);

impl HookError {
    /// An error that is only a sentence.
    pub fn msg(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    /// An error that is boxed already, such as the one inside an `anyhow::Error`. (`From` cannot take
    /// it: a box of an error is no error itself.)
    pub fn from_boxed(error: Box<dyn Error + Send + Sync>) -> Self {
        Self(error)
    }

    /// The original error.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    /// The original error, taken out.
    pub fn into_boxed(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }

    /// The original error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }

    /// The original error taken out, if it is an `E`.
    ///
    /// # Errors
    ///
    /// Gives the error back unchanged if it is something else.
    pub fn downcast<E: Error + 'static>(self) -> Result<E, Self> {
        self.0.downcast().map(|error| *error).map_err(Self)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for HookError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        if formatter.alternate() { write_causes(&*self.0, formatter) } else { Ok(()) }
    }
}

impl fmt::Debug for HookError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:#}")
    }
}

/// Writes `: cause` for every error below this one.
pub(super) fn write_causes(error: &(dyn Error + 'static), out: &mut dyn fmt::Write) -> fmt::Result {
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(out, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn keeps_the_original() {
        let error = HookError::from(Outer(std::fmt::Error));
        assert!(error.downcast_ref::<Outer>().is_some());
        assert!(error.downcast_ref::<std::fmt::Error>().is_none());
        let Err(error) = error.downcast::<std::fmt::Error>() else { panic!("it is no fmt::Error") };
        assert!(error.downcast::<Outer>().is_ok());
        let boxed: Box<dyn Error + Send + Sync> = Box::new(Outer(std::fmt::Error));
        assert!(HookError::from_boxed(boxed).downcast_ref::<Outer>().is_some());
    }

    #[test]
    fn prints_its_causes_on_demand() {
        let error = HookError::from(Outer(std::fmt::Error));
        assert_eq!(error.to_string(), "outer");
        let whole = format!("outer: {}", std::fmt::Error);
        assert_eq!(format!("{error:#}"), whole);
        assert_eq!(format!("{error:?}"), whole);
    }
}
