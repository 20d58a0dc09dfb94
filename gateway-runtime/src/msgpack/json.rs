//! From MessagePack to JSON.
//!
//! What JSON does not have becomes what `JSON.stringify` makes of it: `undefined` in an array, `NaN` and the
//! infinities are `null`, an `undefined` member is left out, a `Date` is its ISO text.

use bytes::Bytes;

use super::item::{EXACT, Item, Items};
use super::{MessagePackError, timestamp};
use crate::js_date::JsDate;

const PLACEHOLDER_KEY: &[u8] = b"_placeholder";

/// The type of an extension that is a timestamp.
const TIMESTAMP: i8 = -1;

/// An array or map that is being written.
struct Level {
    map: bool,
    left: u32,
    empty: bool,
}

/// How much a value may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Arrays and objects within each other.
    pub(crate) depth: usize,
    /// Binary values, those that were there before included.
    pub(crate) attachments: usize,
    /// Their bytes.
    pub(crate) attachments_bytes: usize,
}

/// Writes values as JSON. Binary values become placeholders, numbered from the count of `attachments` on, and are
/// appended to these, without a copy: they share the frame.
pub(crate) struct Json<'p> {
    out: &'p mut Vec<u8>,
    attachments: &'p mut Vec<Bytes>,
    frame: &'p Bytes,
    limits: Limits,
    /// Extensions of the type -1 are dates: `notepack.io` 3 has them, version 2 has not.
    timestamps: bool,
    bytes: usize,
    look_alike: bool,
}

impl<'p> Json<'p> {
    pub(crate) fn new(
        frame: &'p Bytes,
        limits: Limits,
        out: &'p mut Vec<u8>,
        attachments: &'p mut Vec<Bytes>,
    ) -> Self {
        Self { out, attachments, frame, limits, timestamps: false, bytes: 0, look_alike: false }
    }

    /// Takes MessagePack's timestamps for dates.
    #[cfg(feature = "redis")]
    pub(crate) fn with_timestamps(self) -> Self {
        Self { timestamps: true, ..self }
    }

    /// The bytes of the binary values that were written.
    pub(crate) fn binary_bytes(&self) -> usize {
        self.bytes
    }

    /// Whether an object looks like the placeholder of a binary value.
    pub(crate) fn has_look_alike(&self) -> bool {
        self.look_alike
    }

    /// Writes the value that comes, however deep it is: without recursion.
    pub(crate) fn value(&mut self, reader: &mut Items<'_>) -> Result<(), MessagePackError> {
        let mut levels: Vec<Level> = Vec::new();
        loop {
            let level = match reader.item()? {
                Item::Array(left) => Some(Level { map: false, left, empty: true }),
                Item::Map(left) => Some(Level { map: true, left, empty: true }),
                item => {
                    self.scalar(item)?;
                    None
                }
            };
            if let Some(level) = level {
                if levels.len() >= self.limits.depth {
                    return Err(MessagePackError::TooDeep);
                }
                self.out.push(if level.map { b'{' } else { b'[' });
                levels.push(level);
            }
            if !self.advance(&mut levels, reader)? {
                return Ok(());
            }
        }
    }

    /// Closes what is complete and writes what stands in front of the next value; false if there is none.
    fn advance(&mut self, levels: &mut Vec<Level>, reader: &mut Items<'_>) -> Result<bool, MessagePackError> {
        while let Some(level) = levels.last_mut() {
            if level.left == 0 {
                self.out.push(if level.map { b'}' } else { b']' });
                levels.pop();
                continue;
            }
            level.left -= 1;
            let key = if level.map { Some(reader.item()?) } else { None };
            if let Some(key) = key {
                match reader.clone().item()? {
                    Item::Undefined => {
                        reader.item()?;
                        continue;
                    }
                    Item::Bool(true) if key == Item::Text(PLACEHOLDER_KEY) => self.look_alike = true,
                    _ => {}
                }
            }
            if !std::mem::replace(&mut level.empty, false) {
                self.out.push(b',');
            }
            if let Some(key) = key {
                self.key(key)?;
                self.out.push(b':');
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// A key, as JavaScript makes a string of it.
    pub(super) fn key(&mut self, key: Item<'_>) -> Result<(), MessagePackError> {
        match key {
            Item::Text(_) => self.scalar(key),
            Item::Nil | Item::Bool(_) | Item::Unsigned(_) | Item::Negative(_) => {
                self.out.push(b'"');
                self.scalar(key)?;
                self.out.push(b'"');
                Ok(())
            }
            Item::Float(value) if value.is_finite() => {
                self.out.push(b'"');
                self.scalar(key)?;
                self.out.push(b'"');
                Ok(())
            }
            _ => Err(MessagePackError::Type),
        }
    }

    fn scalar(&mut self, item: Item<'_>) -> Result<(), MessagePackError> {
        match item {
            Item::Nil | Item::Undefined => self.out.extend_from_slice(b"null"),
            Item::Bool(true) => self.out.extend_from_slice(b"true"),
            Item::Bool(false) => self.out.extend_from_slice(b"false"),
            Item::Unsigned(value) => self.plain(&value),
            Item::Negative(value) => self.plain(&value),
            // Without a fraction it is the same number in JavaScript, whatever it was written as.
            #[expect(clippy::cast_possible_truncation, reason = "checked by the guard")]
            Item::Float(value) if value.fract() == 0.0 && value.abs() <= EXACT => self.plain(&(value as i64)),
            // serde_json writes `null` for what is no number of JSON.
            Item::Float(value) => self.plain(&value),
            Item::Text(text) => self.plain(&*String::from_utf8_lossy(text)),
            Item::Extension(TIMESTAMP, content) if self.timestamps && matches!(content.len(), 4 | 8 | 12) => {
                self.plain(&timestamp::parse(content).map(JsDate::to_iso_string));
            }
            // `null` for an invalid one, as `toJSON` gives.
            Item::Date(millis) => self.plain(&JsDate::from_millis(millis).map(JsDate::to_iso_string)),
            Item::Binary(bytes) => self.placeholder(bytes)?,
            Item::Extension(kind, bytes) => {
                self.out.push(b'[');
                self.plain(&kind);
                self.out.push(b',');
                self.placeholder(bytes)?;
                self.out.push(b']');
            }
            // The beginning of more than a scalar.
            Item::Array(_) | Item::Map(_) => return Err(MessagePackError::Type),
        }
        Ok(())
    }

    fn placeholder(&mut self, bytes: &[u8]) -> Result<(), MessagePackError> {
        let number = self.attachments.len();
        if number >= self.limits.attachments {
            return Err(MessagePackError::TooManyAttachments);
        }
        self.bytes += bytes.len();
        if self.bytes > self.limits.attachments_bytes {
            return Err(MessagePackError::AttachmentsTooLarge);
        }
        self.attachments.push(self.frame.slice_ref(bytes));
        self.out.extend_from_slice(br#"{"_placeholder":true,"num":"#);
        self.plain(&number);
        self.out.push(b'}');
        Ok(())
    }

    /// Numbers and strings always serialize, and writing to a `Vec` does not fail.
    fn plain<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        let _ = serde_json::to_writer(&mut *self.out, value);
    }
}
