//! From MessagePack to JSON: a reader that hands out the parts that its caller asks for, and writes the
//! rest as JSON.

use std::borrow::Cow;

use bytes::Bytes;
use rmp::Marker;

use super::{MAX_DEPTH, MessagePackError, timestamp};
use crate::js_date::JsDate;

type Result<T> = std::result::Result<T, MessagePackError>;

/// The type of an extension that is a timestamp.
const TIMESTAMP: i8 = -1;
/// The type that older versions of `notepack.io` use for `undefined`, dates and `ArrayBuffer`s.
const LEGACY: i8 = 0;

/// Reads one message from front to back.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    /// There must be nothing left.
    pub(crate) fn end(&self) -> Result<()> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(MessagePackError::TrailingBytes) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length).ok_or(MessagePackError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(MessagePackError::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| MessagePackError::Truncated)
    }

    fn marker(&mut self) -> Result<Marker> {
        let [byte] = self.array()?;
        Ok(Marker::from_u8(byte))
    }

    fn u8(&mut self) -> Result<usize> {
        Ok(usize::from(u8::from_be_bytes(self.array()?)))
    }

    fn u16(&mut self) -> Result<usize> {
        Ok(usize::from(u16::from_be_bytes(self.array()?)))
    }

    fn u32(&mut self) -> Result<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| MessagePackError::Truncated)
    }

    /// The number of elements of the array that comes.
    pub(crate) fn read_array(&mut self) -> Result<usize> {
        match self.marker()? {
            Marker::FixArray(length) => Ok(length.into()),
            Marker::Array16 => self.u16(),
            Marker::Array32 => self.u32(),
            _ => Err(MessagePackError::Type),
        }
    }

    /// The number of members of the object that comes; `nil` is an empty one.
    pub(crate) fn read_map(&mut self) -> Result<usize> {
        match self.marker()? {
            Marker::FixMap(length) => Ok(length.into()),
            Marker::Map16 => self.u16(),
            Marker::Map32 => self.u32(),
            Marker::Null => Ok(0),
            _ => Err(MessagePackError::Type),
        }
    }

    /// The string that comes.
    pub(crate) fn read_str(&mut self) -> Result<Cow<'a, str>> {
        let length = match self.marker()? {
            Marker::FixStr(length) => length.into(),
            Marker::Str8 => self.u8()?,
            Marker::Str16 => self.u16()?,
            Marker::Str32 => self.u32()?,
            _ => return Err(MessagePackError::Type),
        };
        Ok(String::from_utf8_lossy(self.take(length)?))
    }

    /// The string, or the number or the like as its text: a key, the name of a room.
    pub(crate) fn read_text(&mut self) -> Result<Cow<'a, str>> {
        let start = self.at;
        match self.read_str() {
            Err(MessagePackError::Type) => self.at = start,
            text => return text,
        }
        let mut json = Vec::new();
        match self.write_value(&mut json, &mut Vec::new(), MAX_DEPTH) {
            Ok(()) => {}
            // An array or an object is no text.
            Err(MessagePackError::TooDeep) => return Err(MessagePackError::Type),
            Err(error) => return Err(error),
        }
        let text = String::from_utf8_lossy(&json).into_owned();
        Ok(Cow::Owned(text.trim_matches('"').to_owned()))
    }

    /// The number that comes, if it is one that is not negative; anything else is skipped.
    pub(crate) fn read_uint(&mut self) -> Result<Option<u64>> {
        let mut json = Vec::new();
        self.write_json(&mut json, &mut Vec::new())?;
        Ok(std::str::from_utf8(&json).ok().and_then(|text| text.parse().ok()))
    }

    /// Whether the value that comes is `true`.
    pub(crate) fn read_bool(&mut self) -> Result<bool> {
        match self.bytes.get(self.at) {
            Some(0xc2 | 0xc3) => Ok(self.array::<1>()? == [0xc3]),
            _ => self.skip().map(|()| false),
        }
    }

    /// The texts of the array that comes; `nil` is an empty one.
    pub(crate) fn read_texts<T: for<'t> From<&'t str>>(&mut self) -> Result<Vec<T>> {
        if self.bytes.get(self.at) == Some(&0xc0) {
            self.at += 1;
            return Ok(Vec::new());
        }
        let length = self.read_array()?;
        // Each text takes a byte at least.
        let mut texts = Vec::with_capacity(length.min(self.bytes.len() - self.at));
        for _ in 0..length {
            texts.push(T::from(&*self.read_text()?));
        }
        Ok(texts)
    }

    /// Passes the value that comes.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.write_json(&mut Vec::new(), &mut Vec::new())
    }

    /// Writes the value that comes as JSON. Binary values become placeholders, numbered from the count of
    /// `attachments` on, and are appended to these, without a copy.
    pub(crate) fn write_json(&mut self, json: &mut Vec<u8>, attachments: &mut Vec<Bytes>) -> Result<()> {
        self.write_value(json, attachments, 0)
    }

    fn write_value(&mut self, json: &mut Vec<u8>, attachments: &mut Vec<Bytes>, depth: usize) -> Result<()> {
        match self.marker()? {
            Marker::Null => json.extend_from_slice(b"null"),
            Marker::True => json.extend_from_slice(b"true"),
            Marker::False => json.extend_from_slice(b"false"),
            Marker::FixPos(value) => write_number(json, value),
            Marker::FixNeg(value) => write_number(json, value),
            Marker::U8 => write_number(json, u8::from_be_bytes(self.array()?)),
            Marker::U16 => write_number(json, u16::from_be_bytes(self.array()?)),
            Marker::U32 => write_number(json, u32::from_be_bytes(self.array()?)),
            Marker::U64 => write_number(json, u64::from_be_bytes(self.array()?)),
            Marker::I8 => write_number(json, i8::from_be_bytes(self.array()?)),
            Marker::I16 => write_number(json, i16::from_be_bytes(self.array()?)),
            Marker::I32 => write_number(json, i32::from_be_bytes(self.array()?)),
            Marker::I64 => write_number(json, i64::from_be_bytes(self.array()?)),
            Marker::F32 => write_float(json, f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => write_float(json, f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => self.write_str(length.into(), json)?,
            Marker::Str8 => self.u8().and_then(|length| self.write_str(length, json))?,
            Marker::Str16 => self.u16().and_then(|length| self.write_str(length, json))?,
            Marker::Str32 => self.u32().and_then(|length| self.write_str(length, json))?,
            Marker::Bin8 => self.u8().and_then(|length| self.write_binary(length, json, attachments))?,
            Marker::Bin16 => self.u16().and_then(|length| self.write_binary(length, json, attachments))?,
            Marker::Bin32 => self.u32().and_then(|length| self.write_binary(length, json, attachments))?,
            Marker::FixArray(length) => self.write_array(length.into(), json, attachments, depth)?,
            Marker::Array16 => {
                self.u16().and_then(|length| self.write_array(length, json, attachments, depth))?;
            }
            Marker::Array32 => {
                self.u32().and_then(|length| self.write_array(length, json, attachments, depth))?;
            }
            Marker::FixMap(length) => self.write_map(length.into(), json, attachments, depth)?,
            Marker::Map16 => {
                self.u16().and_then(|length| self.write_map(length, json, attachments, depth))?;
            }
            Marker::Map32 => {
                self.u32().and_then(|length| self.write_map(length, json, attachments, depth))?;
            }
            Marker::FixExt1 => self.write_extension(1, json, attachments)?,
            Marker::FixExt2 => self.write_extension(2, json, attachments)?,
            Marker::FixExt4 => self.write_extension(4, json, attachments)?,
            Marker::FixExt8 => self.write_extension(8, json, attachments)?,
            Marker::FixExt16 => self.write_extension(16, json, attachments)?,
            Marker::Ext8 => self.u8().and_then(|length| self.write_extension(length, json, attachments))?,
            Marker::Ext16 => self.u16().and_then(|length| self.write_extension(length, json, attachments))?,
            Marker::Ext32 => self.u32().and_then(|length| self.write_extension(length, json, attachments))?,
            Marker::Reserved => return Err(MessagePackError::Marker),
        }
        Ok(())
    }

    fn write_str(&mut self, length: usize, json: &mut Vec<u8>) -> Result<()> {
        write_text(json, &String::from_utf8_lossy(self.take(length)?));
        Ok(())
    }

    fn write_binary(
        &mut self,
        length: usize,
        json: &mut Vec<u8>,
        attachments: &mut Vec<Bytes>,
    ) -> Result<()> {
        let start = self.at;
        self.take(length)?;
        json.extend_from_slice(br#"{"_placeholder":true,"num":"#);
        write_number(json, attachments.len());
        json.push(b'}');
        attachments.push(self.bytes.slice(start..self.at));
        Ok(())
    }

    fn write_array(
        &mut self,
        length: usize,
        json: &mut Vec<u8>,
        attachments: &mut Vec<Bytes>,
        depth: usize,
    ) -> Result<()> {
        let depth = deeper(depth)?;
        json.push(b'[');
        for index in 0..length {
            if index > 0 {
                json.push(b',');
            }
            self.write_value(json, attachments, depth)?;
        }
        json.push(b']');
        Ok(())
    }

    fn write_map(
        &mut self,
        length: usize,
        json: &mut Vec<u8>,
        attachments: &mut Vec<Bytes>,
        depth: usize,
    ) -> Result<()> {
        let depth = deeper(depth)?;
        json.push(b'{');
        for index in 0..length {
            if index > 0 {
                json.push(b',');
            }
            write_text(json, &self.read_text()?);
            json.push(b':');
            self.write_value(json, attachments, depth)?;
        }
        json.push(b'}');
        Ok(())
    }

    fn write_extension(
        &mut self,
        length: usize,
        json: &mut Vec<u8>,
        attachments: &mut Vec<Bytes>,
    ) -> Result<()> {
        let kind = i8::from_be_bytes(self.array()?);
        match (kind, length) {
            (TIMESTAMP, 4 | 8 | 12) => {
                write_date(json, timestamp::parse(self.take(length)?));
                Ok(())
            }
            (LEGACY, 1) => {
                self.take(1)?;
                json.extend_from_slice(b"null");
                Ok(())
            }
            (LEGACY, 8) => {
                let millis = i64::from_be_bytes(self.array()?);
                write_date(json, JsDate::from_millis(millis));
                Ok(())
            }
            (LEGACY, _) => self.write_binary(length, json, attachments),
            _ => {
                json.push(b'[');
                write_number(json, kind);
                json.push(b',');
                self.write_binary(length, json, attachments)?;
                json.push(b']');
                Ok(())
            }
        }
    }
}

fn deeper(depth: usize) -> Result<usize> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(MessagePackError::TooDeep) }
}

fn write_number(json: &mut Vec<u8>, number: impl serde::Serialize) {
    // A number always serializes, and writing to a `Vec` does not fail.
    let _ = serde_json::to_writer(json, &number);
}

fn write_text(json: &mut Vec<u8>, text: &str) {
    // The same.
    let _ = serde_json::to_writer(json, text);
}

/// As `JSON.stringify` does: without a fraction if there is none, `null` for what JSON does not have.
fn write_float(json: &mut Vec<u8>, value: f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        // Within 2^53, so nothing is cut off.
        write_number(json, value as i64);
    } else if value.is_finite() {
        write_number(json, value);
    } else {
        json.extend_from_slice(b"null");
    }
}

fn write_date(json: &mut Vec<u8>, date: Option<JsDate>) {
    match date {
        Some(date) => write_text(json, &date.to_iso_string()),
        // `JSON.stringify(new Date(NaN))`
        None => json.extend_from_slice(b"null"),
    }
}
