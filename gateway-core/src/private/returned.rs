//! The probe of what a method returned: a future, or the value itself.
//!
//! It must never know what the value is.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use futures_util::future::FutureExt;

use crate::exception::HandlerError;
use crate::reply::{Outcome, Reply};

/// The probe of a value of type `T`: of the value that a method returned, of what is inside its
/// `Result`s and `Option`s, of the items of its stream.
pub struct Returned<T>(PhantomData<fn() -> T>);

impl<T> Returned<T> {
    /// The probe of this value.
    pub fn of(_: &T) -> Self {
        Self::new()
    }

    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> fmt::Debug for Returned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned")
    }
}

impl<T> Returned<T> {
    /// The probe of what this future gives.
    pub fn output_of<F: Future<Output = T>>(_: &F) -> Self {
        Self::new()
    }
}

/// Encodes a `T`: the outcome of all questions about it.
pub trait Encode<'a, T> {
    /// The reply that this value is.
    ///
    /// # Errors
    /// The value is an error, or does not serialize.
    fn encode(self, value: T) -> Result<Reply<'a>, HandlerError>;
}

/// It is a future.
#[derive(Clone, Copy, Debug)]
pub struct Awaits;

impl Awaits {
    /// What is left to do.
    pub fn run<'a, F, S>(self, future: F, steps: S) -> Outcome<'a>
    where
        F: Future + Send + 'a,
        S: Encode<'a, F::Output> + Send + 'a,
    {
        // Not an `async` block: that would hold the future twice.
        Outcome::Pending(Box::pin(future.map(move |value| steps.encode(value))))
    }
}

/// It is a value.
#[derive(Clone, Copy, Debug)]
pub struct Returns;

impl Returns {
    /// What is left to do.
    pub fn run<'a, T, S: Encode<'a, T>>(self, value: T, steps: S) -> Outcome<'a> {
        Outcome::Ready(steps.encode(value))
    }
}

/// First answer: a future.
pub trait ReturnsFuture {
    /// What it gives.
    type Output;
    /// The answer, and the probe of what it gives.
    fn probe_start(&self) -> (Awaits, Returned<Self::Output>);
}

impl<F: Future> ReturnsFuture for &Returned<F> {
    type Output = F::Output;
    fn probe_start(&self) -> (Awaits, Returned<F::Output>) {
        (Awaits, Returned::new())
    }
}

/// Last answer: a value.
pub trait ReturnsValue {
    /// Its type.
    type Output;
    /// The answer, and the probe of the value.
    fn probe_start(&self) -> (Returns, Returned<Self::Output>);
}

impl<T> ReturnsValue for Returned<T> {
    type Output = T;
    fn probe_start(&self) -> (Returns, Returned<T>) {
        (Returns, Returned::new())
    }
}
