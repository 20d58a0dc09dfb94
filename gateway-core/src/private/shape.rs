//! The probe of `Result` and `Option` around a value, by type, so that an alias of one is seen too.
//!
//! It must never know what is inside.

use std::fmt;
use std::marker::PhantomData;

use super::returned::Returned;

/// The error of a value that is no `Result`.
#[derive(Clone, Copy, Debug)]
pub enum Never {}

/// How a value comes apart.
pub trait Shape {
    /// The value.
    type Whole;
    /// What is inside all layers.
    type Leaf;
    /// What it may fail with.
    type Error;
    /// Takes it apart.
    ///
    /// # Errors
    /// The value's own.
    fn split(whole: Self::Whole) -> Result<Option<Self::Leaf>, Self::Error>;
}

/// The answer: a shape.
pub struct Shaped<S>(PhantomData<fn() -> S>);

impl<S: Shape> Shaped<S> {
    /// The probe of what is inside.
    pub fn probe_leaf(&self) -> Returned<S::Leaf> {
        Returned::new()
    }

    /// The probe of the error.
    pub fn probe_error(&self) -> Returned<S::Error> {
        Returned::new()
    }
}

impl<S> fmt::Debug for Shaped<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shaped")
    }
}

/// One answer each.
macro_rules! shapes {
    ($($name:ident<$($generic:ident),+>($whole:ty) = $leaf:ty, $error:ty, |$value:ident| $split:expr, $trait:ident for $probe:ty;)*) => {$(
        #[doc = concat!("`", stringify!($whole), "`")]
        #[derive(Debug)]
        pub struct $name<$($generic),+>(PhantomData<fn() -> ($($generic,)+)>);

        impl<$($generic),+> Shape for $name<$($generic),+> {
            type Whole = $whole;
            type Leaf = $leaf;
            type Error = $error;
            fn split($value: $whole) -> Result<Option<$leaf>, $error> {
                $split
            }
        }

        impl<$($generic),+> $trait for $probe {
            type Shape = $name<$($generic),+>;
        }
    )*};
}

/// The traits that give the answers.
macro_rules! levels {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub trait $name {
            /// The shape.
            type Shape: Shape;
            /// The answer.
            fn probe_shape(&self) -> Shaped<Self::Shape> {
                Shaped(PhantomData)
            }
        }
    )*};
}

levels! {
    /// First answer: both, in either order.
    NestedShape;
    /// Second answer: one of them.
    SingleShape;
    /// Last answer: the value itself.
    PlainShape;
}

shapes! {
    ResultOfOption<T, E>(Result<Option<T>, E>) = T, E, |value| value, NestedShape for &&Returned<Result<Option<T>, E>>;
    OptionOfResult<T, E>(Option<Result<T, E>>) = T, E, |value| value.transpose(), NestedShape for &&Returned<Option<Result<T, E>>>;
    OfResult<T, E>(Result<T, E>) = T, E, |value| value.map(Some), SingleShape for &Returned<Result<T, E>>;
    OfOption<T>(Option<T>) = T, Never, |value| Ok(value), SingleShape for &Returned<Option<T>>;
    Plain<T>(T) = T, Never, |value| Ok(Some(value)), PlainShape for Returned<T>;
}
