//! Binary values inside bodies: how bytes leave JSON on the way out and come back on the way in.
//!
//! A Socket.IO packet carries its binary values as attachments beside the JSON, which holds a
//! placeholder `{"_placeholder":true,"num":0}` for each. [`Binary`] finds its attachment through a
//! scope of the current thread that [`collecting`] and [`with_attachments`] open around one
//! (synchronous) pass of serde. This is what makes it work at any depth, under
//! `#[serde(flatten)]` and inside untagged enums, where serde buffers values and a wrapping
//! (de)serializer would never see the type.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The attachments of one packet, in the order of their placeholders.
pub(crate) type Attachments = Arc<[Bytes]>;

/// The key that marks a placeholder object.
pub(crate) const PLACEHOLDER_KEY: &str = "_placeholder";

thread_local! {
    static OUTGOING: RefCell<Option<Vec<Bytes>>> = const { RefCell::new(None) };
    static INCOMING: RefCell<Option<Attachments>> = const { RefCell::new(None) };
}

/// Bytes inside a body: Socket.IO sends them as a binary attachment, never as JSON.
///
/// Use it as a body, as a field at any depth, under `#[serde(flatten)]` or in an untagged enum:
///
/// ```
/// # use gateway_core::Binary;
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Upload {
///     name: String,
///     content: Binary,
/// }
/// ```
///
/// An untyped body that may hold binary values is a [`Data`](crate::Data). In a `serde_json::Value`
/// a binary value of a message appears as its placeholder object (`{"_placeholder":true,"num":0}`),
/// without the bytes; serialized by anything but this crate, a `Binary` is serde's `bytes`.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Binary(pub Bytes);

impl Binary {
    /// Wraps bytes without copying them.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary({} bytes)", self.0.len())
    }
}

impl Deref for Binary {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Bytes> for Binary {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&'static [u8]> for Binary {
    fn from(bytes: &'static [u8]) -> Self {
        Self(Bytes::from_static(bytes))
    }
}

impl<const N: usize> From<&'static [u8; N]> for Binary {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self(Bytes::from_static(bytes))
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = OUTGOING.with_borrow_mut(|outgoing| {
            outgoing.as_mut().map(|attachments| {
                attachments.push(self.0.clone());
                attachments.len() - 1
            })
        });
        let Some(number) = number else {
            return serializer.serialize_bytes(&self.0);
        };
        let mut placeholder = serializer.serialize_map(Some(2))?;
        placeholder.serialize_entry(PLACEHOLDER_KEY, &true)?;
        placeholder.serialize_entry("num", &number)?;
        placeholder.end()
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BinaryVisitor)
    }
}

struct BinaryVisitor;

impl<'de> Visitor<'de> for BinaryVisitor {
    type Value = Binary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a binary value (Buffer, ArrayBuffer, Uint8Array, Blob)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Binary, A::Error> {
        let (mut marked, mut number) = (false, None);
        while let Some(key) = map.next_key::<PlaceholderField>()? {
            match key {
                PlaceholderField::Marker => marked = map.next_value::<bool>()?,
                PlaceholderField::Number => number = Some(map.next_value::<u64>()?),
                PlaceholderField::Other => {
                    map.next_value::<de::IgnoredAny>()?;
                }
            }
        }
        if !marked {
            return Err(de::Error::invalid_type(de::Unexpected::Map, &self));
        }
        number.and_then(attachment).map(Binary).ok_or_else(|| {
            de::Error::custom("a binary placeholder without its attachment: is this JSON from a message?")
        })
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Binary, E> {
        Ok(Binary(Bytes::copy_from_slice(bytes)))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Binary, E> {
        Ok(Binary(bytes.into()))
    }
}

enum PlaceholderField {
    Marker,
    Number,
    Other,
}

impl<'de> Deserialize<'de> for PlaceholderField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;
        impl Visitor<'_> for FieldVisitor {
            type Value = PlaceholderField;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<PlaceholderField, E> {
                Ok(match key {
                    PLACEHOLDER_KEY => PlaceholderField::Marker,
                    "num" => PlaceholderField::Number,
                    _ => PlaceholderField::Other,
                })
            }
        }
        deserializer.deserialize_identifier(FieldVisitor)
    }
}

/// The attachment of this number in the message that this thread decodes right now.
pub(crate) fn attachment(number: u64) -> Option<Bytes> {
    let number = usize::try_from(number).ok()?;
    INCOMING.with_borrow(|incoming| incoming.as_ref()?.get(number).cloned())
}

/// Runs one pass of a serializer; each [`Binary`] it meets becomes a placeholder, and its bytes are
/// returned in order.
pub(crate) fn collecting<R>(serialize: impl FnOnce() -> R) -> (R, Vec<Bytes>) {
    // A `Serialize` implementation may itself encode a message: the outer collection is put back,
    // also when the pass panics.
    let _restore = Restore(OUTGOING.replace(Some(Vec::new())));
    let result = serialize();
    let attachments = OUTGOING.with_borrow_mut(Option::take).unwrap_or_default();
    return (result, attachments);

    struct Restore(Option<Vec<Bytes>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            OUTGOING.replace(self.0.take());
        }
    }
}

/// Runs one pass of a deserializer in which a placeholder stands for one of `attachments`.
pub(crate) fn with_attachments<R>(attachments: Option<&Attachments>, deserialize: impl FnOnce() -> R) -> R {
    // Nearly every message has none, and is not read within another one.
    if attachments.is_none() && INCOMING.with_borrow(Option::is_none) {
        return deserialize();
    }
    let _restore = Restore(INCOMING.replace(attachments.cloned()));
    return deserialize();

    struct Restore(Option<Attachments>);
    impl Drop for Restore {
        fn drop(&mut self) {
            INCOMING.replace(self.0.take());
        }
    }
}
