//! Outgoing arguments: values serialized once, with room in front for a protocol's header.
//!
//! This file knows JSON arrays and attachments. It must never know who receives them.

use std::any::TypeId;

use bytes::{Buf as _, Bytes};
use serde::Serialize;

use crate::arguments::{Arguments, DecodeError};
use crate::binary;
use crate::frames::Frames;
use crate::pool;

/// Bytes kept free in front of the JSON, so that a header (`42/chat,7`) needs no second copy.
const HEADROOM: usize = 40;

/// The buffer in which a thread serializes one message after the other.
mod scratch {
    use std::cell::Cell;
    use std::io;

    use crate::pool;

    /// Larger messages keep the buffer they were serialized in.
    pub(super) const COPIED: usize = 4 << 10;

    /// What a thread keeps at most.
    const KEPT: usize = 2 * COPIED;

    thread_local! {
        static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }

    /// An empty buffer; another one if this thread's is in use.
    pub(super) fn take() -> Vec<u8> {
        let mut buffer = SCRATCH.take();
        if buffer.capacity() == 0 {
            buffer.reserve(512);
        }
        buffer
    }

    /// A buffer that is not needed any more.
    pub(super) fn give_back(mut buffer: Vec<u8>) {
        if buffer.capacity() <= KEPT {
            buffer.clear();
            SCRATCH.set(buffer);
        } else {
            pool::give_back(buffer);
        }
    }

    #[cold]
    fn grow(buffer: &mut Vec<u8>, bytes: usize) {
        let needed = buffer.len() + bytes;
        if needed > COPIED {
            let mut larger = pool::take(needed.max(2 * buffer.capacity()).max(pool::SMALLEST));
            larger.extend_from_slice(buffer);
            give_back(std::mem::replace(buffer, larger));
        }
    }

    /// Writes to the end of a buffer; one that becomes large is exchanged for a pooled one.
    pub(super) struct Growing<'b>(pub(super) &'b mut Vec<u8>);

    impl io::Write for Growing<'_> {
        #[inline]
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_all(bytes)?;
            Ok(bytes.len())
        }

        #[inline]
        fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
            if bytes.len() > self.0.capacity() - self.0.len() {
                grow(self.0, bytes.len());
            }
            self.0.extend_from_slice(bytes);
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

/// What a value that cannot be sent looks like: its `Serialize` implementation failed.
#[derive(Debug, thiserror::Error)]
#[error("`{type_name}` does not serialize to JSON")]
pub struct EncodeError {
    type_name: &'static str,
    #[source]
    source: serde_json::Error,
}

impl EncodeError {
    /// The Rust type that failed to serialize.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }
}

/// The arguments of `emit`, `send` and acknowledgements.
///
/// Implemented for every `Serialize` value (one argument; `()` sends none), for [`Args`] (several)
/// and for received [`Arguments`] (forwards them as they are, binary values included).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a client",
    label = "not `Serialize`",
    note = "derive `serde::Serialize` for one argument, or send several with `Args((first, second))`"
)]
pub trait EmitArgs {
    /// Appends the arguments to a packet under construction.
    ///
    /// # Errors
    /// A value whose `Serialize` implementation fails.
    fn write_to(&self, writer: &mut PayloadWriter<'_>) -> Result<(), EncodeError>;
}

impl<T: Serialize + ?Sized> EmitArgs for T {
    fn write_to(&self, writer: &mut PayloadWriter<'_>) -> Result<(), EncodeError> {
        if typeid::of::<T>() == TypeId::of::<()>() { Ok(()) } else { writer.push(self) }
    }
}

/// Several arguments: `client.emit("moved", Args((x, y)))` is `client.emit('moved', x, y)`.
///
/// The value inside is a tuple (or anything else that serializes to a JSON array). A bare tuple is
/// one argument, an array, as it is everywhere in serde.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args<T>(pub T);

impl<T: Serialize> EmitArgs for Args<T> {
    fn write_to(&self, writer: &mut PayloadWriter<'_>) -> Result<(), EncodeError> {
        if typeid::of::<T>() == TypeId::of::<()>() { Ok(()) } else { writer.push_spread(&self.0) }
    }
}

impl EmitArgs for Arguments {
    fn write_to(&self, writer: &mut PayloadWriter<'_>) -> Result<(), EncodeError> {
        (0..self.len()).try_for_each(|index| match self.raw(index) {
            Some(argument) => writer.push(&argument),
            None => Ok(()),
        })
    }
}

impl EmitArgs for &Arguments {
    fn write_to(&self, writer: &mut PayloadWriter<'_>) -> Result<(), EncodeError> {
        (**self).write_to(writer)
    }
}

/// Appends values to the JSON array of a [`Payload`].
#[derive(Debug)]
pub struct PayloadWriter<'p> {
    buffer: &'p mut Vec<u8>,
    first: bool,
}

impl PayloadWriter<'_> {
    /// Appends one argument.
    ///
    /// # Errors
    /// The value's `Serialize` implementation failed; the payload is thrown away then.
    pub fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        if !std::mem::replace(&mut self.first, false) {
            self.buffer.push(b',');
        }
        serde_json::to_writer(scratch::Growing(self.buffer), value).map_err(encode_error::<T>)
    }

    fn push_spread<T: Serialize>(&mut self, values: &T) -> Result<(), EncodeError> {
        let (start, first) = (self.buffer.len(), self.first);
        self.push(values)?;
        let array = self.buffer.len() - start > 2 && self.buffer[self.buffer.len() - 1] == b']';
        // `,[a,b]` or `[a,b]`: the brackets go, the comma stays.
        let open = start + usize::from(self.buffer[start] == b',');
        if self.buffer[open..] == *b"[]" {
            // A list that is empty is no argument.
            self.buffer.truncate(start);
            self.first = first;
            return Ok(());
        }
        if array && self.buffer[open] == b'[' {
            self.buffer.remove(open);
            self.buffer.pop();
            Ok(())
        } else {
            Err(encode_error::<T>(serde::ser::Error::custom("`Args` takes a tuple with at least one value")))
        }
    }
}

fn encode_error<T: ?Sized>(source: serde_json::Error) -> EncodeError {
    EncodeError { type_name: std::any::type_name::<T>(), source }
}

/// The arguments of one outgoing packet: a JSON array, and the binary values that its placeholders
/// stand for.
#[derive(Clone, Debug)]
pub struct Payload {
    buffer: Vec<u8>,
    /// Where the arguments begin: behind `["event",`, or behind `[`.
    arguments_start: usize,
    attachments: Vec<Bytes>,
}

impl Payload {
    /// The payload of an event: `["event", ...arguments]`.
    ///
    /// # Errors
    /// An argument whose `Serialize` implementation fails.
    pub fn event<A: EmitArgs + ?Sized>(event: &str, arguments: &A) -> Result<Self, EncodeError> {
        Self::encode(Some(event), arguments)
    }

    /// The payload of an acknowledgement, or of anything else without an event name.
    ///
    /// # Errors
    /// An argument whose `Serialize` implementation fails.
    pub fn arguments<A: EmitArgs + ?Sized>(arguments: &A) -> Result<Self, EncodeError> {
        Self::encode(None, arguments)
    }

    fn encode<A: EmitArgs + ?Sized>(event: Option<&str>, arguments: &A) -> Result<Self, EncodeError> {
        let mut buffer = scratch::take();
        buffer.resize(HEADROOM, b' ');
        buffer.push(b'[');
        if let Some(event) = event {
            serde_json::to_writer(&mut buffer, event).map_err(encode_error::<str>)?;
        }
        let name_end = buffer.len();
        let mut writer = PayloadWriter { buffer: &mut buffer, first: event.is_none() };
        let (written, attachments) = binary::collecting(|| arguments.write_to(&mut writer));
        written?;
        let has_arguments = buffer.len() > name_end;
        let arguments_start = name_end + usize::from(event.is_some() && has_arguments);
        buffer.push(b']');
        Ok(Self { buffer, arguments_start, attachments })
    }

    /// An event whose parts are JSON already, as an adapter has received them from another server: its name,
    /// quotes included, and its arguments without brackets (`1,2`), empty if there are none. Placeholders
    /// stand for `attachments`.
    pub fn from_json(event: &[u8], arguments: &[u8], attachments: Vec<Bytes>) -> Self {
        let mut buffer = Vec::with_capacity(HEADROOM + event.len() + arguments.len() + 3);
        buffer.resize(HEADROOM, b' ');
        buffer.push(b'[');
        buffer.extend_from_slice(event);
        if !arguments.is_empty() {
            buffer.push(b',');
        }
        let arguments_start = buffer.len();
        buffer.extend_from_slice(arguments);
        buffer.push(b']');
        Self { buffer, arguments_start, attachments }
    }

    /// Appends one more argument: the offset by which a client tells what it has received.
    pub fn push_str(&mut self, argument: &str) {
        let needs_comma = self.has_arguments() || self.arguments_start > HEADROOM + 1;
        let bare_event = needs_comma && !self.has_arguments();
        self.buffer.pop();
        if needs_comma {
            self.buffer.push(b',');
        }
        if bare_event {
            self.arguments_start += 1;
        }
        // A string always serializes, and writing to a `Vec` does not fail.
        let _ = serde_json::to_writer(&mut self.buffer, argument);
        self.buffer.push(b']');
    }

    /// The whole JSON array: `["event",1,2]` or `[1,2]`.
    pub fn json(&self) -> &[u8] {
        &self.buffer[HEADROOM..]
    }

    /// The event name as JSON text, quotes included; empty for an acknowledgement.
    pub fn event_json(&self) -> &[u8] {
        let name_end = if self.has_arguments() { self.arguments_start - 1 } else { self.arguments_start };
        self.buffer.get(HEADROOM + 1..name_end).unwrap_or_default()
    }

    /// The arguments as JSON text without the brackets: `1,2`; empty if there are none.
    pub fn arguments_json(&self) -> &[u8] {
        &self.buffer[self.arguments_start..self.buffer.len() - 1]
    }

    fn has_arguments(&self) -> bool {
        !self.arguments_json().is_empty()
    }

    /// Whether the only argument is JSON's `null`: the reply that is none.
    pub fn is_null(&self) -> bool {
        self.arguments_json() == b"null"
    }

    /// The binary values, in the order of their placeholders.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// The arguments as if they had been received.
    pub(crate) fn to_arguments(&self) -> Result<Arguments, DecodeError> {
        let array = [b"[", self.arguments_json(), b"]"].concat();
        Arguments::parse_acknowledgement(&array.into(), self.attachments.clone())
            .map_err(DecodeError::from_parse)
    }

    /// Puts a header in front of the JSON array: the packet as it goes out.
    pub fn into_frames(mut self, header: &[u8]) -> Frames {
        if header.len() > HEADROOM {
            let text = [header, self.json()].concat();
            return Frames::encoded(text.into(), self.attachments);
        }
        let start = HEADROOM - header.len();
        self.buffer[start..HEADROOM].copy_from_slice(header);
        let text = if self.buffer.len() <= scratch::COPIED {
            // In memory of just that size, so that what waits in outboxes holds no more.
            let text = Bytes::copy_from_slice(&self.buffer[start..]);
            scratch::give_back(self.buffer);
            text
        } else {
            let mut text = pool::freeze(self.buffer);
            text.advance(start);
            text
        };
        Frames::encoded(text, self.attachments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::Binary;

    fn event<A: EmitArgs>(arguments: A) -> String {
        let payload = Payload::event("e", &arguments).unwrap();
        String::from_utf8(payload.json().to_vec()).unwrap()
    }

    #[test]
    fn one_argument_several_arguments_and_none() {
        assert_eq!(event("a"), r#"["e","a"]"#);
        assert_eq!(event((1, 2)), r#"["e",[1,2]]"#);
        assert_eq!(event(Args((1, "b"))), r#"["e",1,"b"]"#);
        assert_eq!(event(()), r#"["e"]"#);
        assert_eq!(event(Args(())), r#"["e"]"#);
        assert_eq!(event(Args(Vec::<u8>::new())), r#"["e"]"#);
        assert_eq!(Payload::arguments(&Args(Vec::<u8>::new())).unwrap().json(), b"[]");
        assert_eq!(event(serde_json::Value::Null), r#"["e",null]"#);
        assert!(Payload::event("e", &Args(5)).is_err());
    }

    #[test]
    fn an_acknowledgement_has_no_name() {
        let payload = Payload::arguments(&Args((true, "x"))).unwrap();
        assert_eq!(payload.json(), br#"[true,"x"]"#);
        assert_eq!(payload.event_json(), b"");
        assert_eq!(payload.arguments_json(), br#"true,"x""#);
        assert_eq!(Payload::arguments(&()).unwrap().json(), b"[]");
    }

    #[test]
    fn the_parts_of_an_event() {
        let payload = Payload::event("a\"b", &Args((1, 2))).unwrap();
        assert_eq!(payload.event_json(), br#""a\"b""#);
        assert_eq!(payload.arguments_json(), b"1,2");
        let bare = Payload::event("x", &()).unwrap();
        assert_eq!((bare.event_json(), bare.arguments_json()), (&b"\"x\""[..], &b""[..]));
    }

    #[test]
    fn one_more_argument_goes_behind_the_others() {
        for (arguments, expected) in [("[]", r#""o""#), ("[1]", r#"1,"o""#)] {
            let values: Vec<u8> = serde_json::from_str(arguments).unwrap();
            let mut payload = match values.as_slice() {
                [] => Payload::event("e", &()).unwrap(),
                [one, ..] => Payload::event("e", one).unwrap(),
            };
            payload.push_str("o");
            assert_eq!(payload.arguments_json(), expected.as_bytes());
            assert_eq!(payload.event_json(), b"\"e\"");
        }
        let mut payload = Payload::arguments(&()).unwrap();
        payload.push_str("o");
        assert_eq!(payload.json(), br#"["o"]"#);
    }

    #[test]
    fn binary_values_become_placeholders_in_order() {
        #[derive(serde::Serialize)]
        struct Outer {
            #[serde(flatten)]
            inner: Inner,
            last: Binary,
        }
        #[derive(serde::Serialize)]
        struct Inner {
            first: Binary,
        }
        let outer = Outer { inner: Inner { first: Binary::from(b"one") }, last: Binary::from(b"two") };
        let payload = Payload::event("b", &outer).unwrap();
        assert_eq!(
            std::str::from_utf8(payload.json()).unwrap(),
            r#"["b",{"first":{"_placeholder":true,"num":0},"last":{"_placeholder":true,"num":1}}]"#
        );
        assert_eq!(payload.attachments(), [Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
    }

    #[test]
    fn an_event_of_json() {
        for (arguments, written) in [("", r#"["e"]"#), ("1,[2]", r#"["e",1,[2]]"#)] {
            let payload = Payload::from_json(b"\"e\"", arguments.as_bytes(), Vec::new());
            assert_eq!(payload.json(), written.as_bytes());
            assert_eq!(payload.event_json(), b"\"e\"");
            assert_eq!(payload.arguments_json(), arguments.as_bytes());
        }
    }

    #[test]
    fn a_header_goes_in_front_whether_it_fits_or_not() {
        let short = Payload::event("e", &1).unwrap().into_frames(b"42/chat,");
        assert_eq!(short.as_str(), r#"42/chat,["e",1]"#);
        let name = "n".repeat(HEADROOM * 2);
        let long = Payload::event("e", &1).unwrap().into_frames(name.as_bytes());
        assert_eq!(long.as_str(), format!(r#"{name}["e",1]"#));
    }

    #[test]
    fn a_value_that_fails_names_its_type() {
        struct Broken;
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no"))
            }
        }
        let error = Payload::event("e", &Broken).unwrap_err();
        assert!(error.type_name().ends_with("Broken"), "{error}");
        // The failed pass leaves no collection open for the next one.
        assert!(Payload::event("e", &Binary::from(b"x")).unwrap().attachments().len() == 1);
    }
}
