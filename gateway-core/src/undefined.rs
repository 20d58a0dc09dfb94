//! JavaScript's `undefined`, for serde: a value that is not there.

use serde::de::{Deserializer, Error as _, Visitor, value::Error};
use serde::forward_to_deserialize_any;

/// Deserializes to `None`, `()` and the null of untyped values; to nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undefined;

impl<'de> Deserializer<'de> for Undefined {
    type Error = Error;

    // Untyped bodies (`Value`, `Data`) ask for "any".
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_map<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        // Flattened structs ask for a map; without this they would see "unit".
        Err(Error::custom("undefined"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct struct enum identifier ignored_any
    }
}
