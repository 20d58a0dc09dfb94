//! One MessagePack item after the other, as the package `notepack.io` understands them. Nothing is copied, and
//! nothing is allocated for what a length only claims.

use rmp::Marker;

use super::MessagePackError::{self, Marker as Reserved, Truncated};

/// Integers up to here are the same as floats and as integers.
pub(super) const EXACT: f64 = 9_007_199_254_740_992.0;

/// One item; of an array or a map only its beginning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Item<'f> {
    Nil,
    /// JavaScript's `undefined`: an extension of type 0 and one byte.
    Undefined,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    /// UTF-8, if the client is right.
    Text(&'f [u8]),
    /// Bytes, or an `ArrayBuffer` (an extension of type 0).
    Binary(&'f [u8]),
    /// Milliseconds since 1970: an extension of type 0 and eight bytes.
    Date(i64),
    /// Any other extension.
    Extension(i8, &'f [u8]),
    /// So many items follow.
    Array(u32),
    /// So many pairs of items follow.
    Map(u32),
}

impl Item<'_> {
    /// A number without a fraction that is not negative.
    pub(crate) fn integer(self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(value),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked by the guard"
            )]
            Self::Float(value) if value.fract() == 0.0 && (0.0..=EXACT).contains(&value) => {
                Some(value as u64)
            }
            _ => None,
        }
    }
}

/// Reads items.
#[derive(Clone, Debug)]
pub(crate) struct Items<'f> {
    rest: &'f [u8],
}

impl<'f> Items<'f> {
    pub(crate) fn new(frame: &'f [u8]) -> Self {
        Self { rest: frame }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    #[cfg(feature = "redis")]
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, bytes: usize) -> Result<&'f [u8], MessagePackError> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MessagePackError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, MessagePackError> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16, MessagePackError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, MessagePackError> {
        self.array().map(u32::from_be_bytes)
    }

    fn counted(&mut self, bytes: u32) -> Result<&'f [u8], MessagePackError> {
        self.take(usize::try_from(bytes).map_err(|_| Truncated)?)
    }

    /// An extension that says its length: `ArrayBuffer`, or one of another type.
    fn extension(&mut self, bytes: u32) -> Result<Item<'f>, MessagePackError> {
        let kind = self.array().map(i8::from_be_bytes)?;
        let bytes = self.counted(bytes)?;
        Ok(if kind == 0 { Item::Binary(bytes) } else { Item::Extension(kind, bytes) })
    }

    fn fixed_extension(&mut self, bytes: usize) -> Result<Item<'f>, MessagePackError> {
        let kind = self.array().map(i8::from_be_bytes)?;
        let bytes = self.take(bytes)?;
        Ok(match (kind, bytes) {
            (0, [_]) => Item::Undefined,
            (0, [a, b, c, d, e, f, g, h]) => Item::Date(i64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])),
            _ => Item::Extension(kind, bytes),
        })
    }

    /// The next item.
    pub(crate) fn item(&mut self) -> Result<Item<'f>, MessagePackError> {
        Ok(match Marker::from_u8(self.u8()?) {
            Marker::Null => Item::Nil,
            Marker::True => Item::Bool(true),
            Marker::False => Item::Bool(false),
            Marker::FixPos(value) => Item::Unsigned(value.into()),
            Marker::U8 => Item::Unsigned(self.u8()?.into()),
            Marker::U16 => Item::Unsigned(self.u16()?.into()),
            Marker::U32 => Item::Unsigned(self.u32()?.into()),
            Marker::U64 => Item::Unsigned(self.array().map(u64::from_be_bytes)?),
            Marker::FixNeg(value) => signed(value.into()),
            Marker::I8 => signed(self.array().map(i8::from_be_bytes)?.into()),
            Marker::I16 => signed(self.array().map(i16::from_be_bytes)?.into()),
            Marker::I32 => signed(self.array().map(i32::from_be_bytes)?.into()),
            Marker::I64 => signed(self.array().map(i64::from_be_bytes)?),
            Marker::F32 => Item::Float(self.array().map(f32::from_be_bytes)?.into()),
            Marker::F64 => Item::Float(self.array().map(f64::from_be_bytes)?),
            Marker::FixStr(bytes) => Item::Text(self.counted(bytes.into())?),
            Marker::Str8 => Item::Text(self.u8().and_then(|bytes| self.counted(bytes.into()))?),
            Marker::Str16 => Item::Text(self.u16().and_then(|bytes| self.counted(bytes.into()))?),
            Marker::Str32 => Item::Text(self.u32().and_then(|bytes| self.counted(bytes))?),
            Marker::Bin8 => Item::Binary(self.u8().and_then(|bytes| self.counted(bytes.into()))?),
            Marker::Bin16 => Item::Binary(self.u16().and_then(|bytes| self.counted(bytes.into()))?),
            Marker::Bin32 => Item::Binary(self.u32().and_then(|bytes| self.counted(bytes))?),
            Marker::FixArray(items) => Item::Array(items.into()),
            Marker::Array16 => Item::Array(self.u16()?.into()),
            Marker::Array32 => Item::Array(self.u32()?),
            Marker::FixMap(pairs) => Item::Map(pairs.into()),
            Marker::Map16 => Item::Map(self.u16()?.into()),
            Marker::Map32 => Item::Map(self.u32()?),
            Marker::Ext8 => self.u8().and_then(|bytes| self.extension(bytes.into()))?,
            Marker::Ext16 => self.u16().and_then(|bytes| self.extension(bytes.into()))?,
            Marker::Ext32 => self.u32().and_then(|bytes| self.extension(bytes))?,
            Marker::FixExt1 => self.fixed_extension(1)?,
            Marker::FixExt2 => self.fixed_extension(2)?,
            Marker::FixExt4 => self.fixed_extension(4)?,
            Marker::FixExt8 => self.fixed_extension(8)?,
            Marker::FixExt16 => self.fixed_extension(16)?,
            Marker::Reserved => return Err(Reserved),
        })
    }

    /// Passes over a whole value, however deep it is: without recursion.
    pub(crate) fn skip(&mut self) -> Result<(), MessagePackError> {
        let mut left: u64 = 1;
        while left > 0 {
            left -= 1;
            left += match self.item()? {
                Item::Array(items) => u64::from(items),
                Item::Map(pairs) => 2 * u64::from(pairs),
                _ => 0,
            };
            // Every item has a byte at least.
            if left > self.rest.len() as u64 {
                return Err(Truncated);
            }
        }
        Ok(())
    }
}

fn signed(value: i64) -> Item<'static> {
    u64::try_from(value).map_or(Item::Negative(value), Item::Unsigned)
}
