//! A reader of messages between servers, that hands out the parts that its caller asks for, and writes the rest as JSON.

use std::borrow::Cow;

use bytes::Bytes;

use super::item::{Item, Items};
use super::json::{Json, Limits};
use super::{MAX_DEPTH, MessagePackError};

type Result<T> = std::result::Result<T, MessagePackError>;

/// A message of another server is as large as Redis lets it be, and has no limits but this one.
const LIMITS: Limits = Limits { depth: MAX_DEPTH, attachments: usize::MAX, attachments_bytes: usize::MAX };

/// Reads one message from front to back.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a Bytes,
    items: Items<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, items: Items::new(bytes) }
    }

    /// There must be nothing left.
    pub(crate) fn end(&self) -> Result<()> {
        if self.items.is_at_end() { Ok(()) } else { Err(MessagePackError::TrailingBytes) }
    }

    /// The number of elements of the array that comes.
    pub(crate) fn read_array(&mut self) -> Result<usize> {
        match self.items.item()? {
            Item::Array(length) => length.try_into().map_err(|_| MessagePackError::Truncated),
            _ => Err(MessagePackError::Type),
        }
    }

    /// The number of members of the object that comes; `nil` is an empty one.
    pub(crate) fn read_map(&mut self) -> Result<usize> {
        match self.items.item()? {
            Item::Map(length) => length.try_into().map_err(|_| MessagePackError::Truncated),
            Item::Nil => Ok(0),
            _ => Err(MessagePackError::Type),
        }
    }

    /// The string, or the number or the like as its text: a key, the name of a room.
    pub(crate) fn read_text(&mut self) -> Result<Cow<'a, str>> {
        match self.items.item()? {
            Item::Text(text) => Ok(String::from_utf8_lossy(text)),
            other => {
                let (mut json, mut attachments) = (Vec::new(), Vec::new());
                Json::new(self.bytes, LIMITS, &mut json, &mut attachments).key(other)?;
                let text = String::from_utf8_lossy(&json).into_owned();
                Ok(Cow::Owned(text.trim_matches('"').to_owned()))
            }
        }
    }

    /// The number that comes, if it is one without a fraction that is not negative; anything else is skipped.
    pub(crate) fn read_uint(&mut self) -> Result<Option<u64>> {
        Ok(self.scalar()?.integer())
    }

    /// Whether the value that comes is `true`.
    pub(crate) fn read_bool(&mut self) -> Result<bool> {
        Ok(self.scalar()? == Item::Bool(true))
    }

    /// The value that comes; of an array or an object the beginning, and all of it is passed.
    fn scalar(&mut self) -> Result<Item<'a>> {
        let item = self.items.clone().item()?;
        self.items.skip()?;
        Ok(item)
    }

    /// The texts of the array that comes; `nil` is an empty one.
    pub(crate) fn read_texts<T: for<'t> From<&'t str>>(&mut self) -> Result<Vec<T>> {
        if self.items.clone().item()? == Item::Nil {
            self.items.skip()?;
            return Ok(Vec::new());
        }
        let length = self.read_array()?;
        // Each text takes a byte at least.
        let mut texts = Vec::with_capacity(length.min(self.items.remaining()));
        for _ in 0..length {
            texts.push(T::from(&*self.read_text()?));
        }
        Ok(texts)
    }

    /// Passes the value that comes.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.items.skip()
    }

    /// Writes the value that comes as JSON. Binary values become placeholders, numbered from the count of
    /// `attachments` on, and are appended to these, without a copy.
    pub(crate) fn write_json(&mut self, json: &mut Vec<u8>, attachments: &mut Vec<Bytes>) -> Result<()> {
        Json::new(self.bytes, LIMITS, json, attachments).with_timestamps().value(&mut self.items)
    }
}
