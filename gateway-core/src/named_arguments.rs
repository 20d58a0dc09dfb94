//! An event as it came: its name and its arguments, in the one buffer that it arrived in.
//!
//! Nothing is copied and nothing is counted: an event that goes straight to its handler has one owner all the
//! way. Nothing in here may know a transport, a socket or a handler.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use crate::arguments::{Arguments, ParseArgumentsError, parse_array};
use crate::limits::{self, ArgumentLimits};

/// The arguments of an event, and its name.
#[derive(Clone, Debug)]
pub struct NamedArguments {
    name: EventName,
    arguments: Arguments,
}

/// Where the name of an event stands.
#[derive(Clone, Debug)]
pub enum EventName {
    /// There, in the text of the arguments.
    At(Range<usize>),
    /// Nowhere as it is.
    Own(Box<str>),
}

impl EventName {
    /// The name of an event that was found in a text: a slice of it, or a string of its own.
    pub fn of(name: Cow<'_, str>, text: &[u8]) -> Self {
        match name {
            Cow::Borrowed(name) => Self::At(position(name, text)),
            Cow::Owned(name) => Self::Own(name.into()),
        }
    }

    /// The name that a JSON value in a text is: a string, or a number as its text.
    pub(crate) fn in_json(text: &[u8], json: Range<usize>) -> Option<Self> {
        let value = text.get(json.clone())?;
        match value {
            [b'"', name @ .., b'"'] if !name.contains(&b'\\') => Some(Self::At(json.start + 1..json.end - 1)),
            [b'"', ..] => serde_json::from_slice::<Box<str>>(value).ok().map(Self::Own),
            [b'-' | b'0'..=b'9', ..] => Some(Self::At(json)),
            _ => None,
        }
    }

    /// The name, UTF-8 as the text is in which it was found.
    pub(crate) fn bytes<'n>(&'n self, text: &'n [u8]) -> &'n [u8] {
        match self {
            Self::Own(name) => name.as_bytes(),
            Self::At(range) => text.get(range.clone()).unwrap_or_default(),
        }
    }
}

/// Where a slice stands in the text that it is a slice of.
pub fn position(slice: &str, text: &[u8]) -> Range<usize> {
    let start = (slice.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    start..start.wrapping_add(slice.len())
}

impl NamedArguments {
    /// An event that was made here.
    pub fn new(name: impl Into<Box<str>>, arguments: Arguments) -> Self {
        Self { name: EventName::Own(name.into()), arguments }
    }

    /// Reads the payload of an event that a client sent, `["name", ...arguments]`. A name that is a number is
    /// its text.
    ///
    /// # Errors
    /// Not a JSON array, no name, a placeholder without an attachment, or a limit was exceeded.
    pub fn parse(
        limits: &ArgumentLimits,
        text: Bytes,
        attachments: Vec<Bytes>,
    ) -> Result<Self, ParseArgumentsError> {
        let (name, spans) = parse_array(limits, &text, true)?;
        let name =
            name.and_then(|json| EventName::in_json(&text, json)).ok_or(ParseArgumentsError::EventName)?;
        check_name(limits, name.bytes(&text))?;
        Ok(Self { name, arguments: Arguments::checked(text, spans, attachments)? })
    }

    /// An event that was found in a text of another form, with where its one argument stands, which must be
    /// one JSON value.
    ///
    /// # Errors
    /// A limit was exceeded.
    pub fn found(
        limits: &ArgumentLimits,
        text: Bytes,
        name: EventName,
        argument: Option<Range<usize>>,
    ) -> Result<Self, ParseArgumentsError> {
        let json = argument.clone().and_then(|span| text.get(span)).unwrap_or_default();
        if limits::is_deeper_than(json, limits.max_json_depth) {
            return Err(ParseArgumentsError::TooDeep);
        }
        let event = Self { name, arguments: Arguments::at(text, argument) };
        check_name(limits, event.name_bytes())?;
        Ok(event)
    }

    /// The name of the event.
    pub fn name(&self) -> &str {
        match &self.name {
            EventName::Own(name) => name,
            EventName::At(_) => std::str::from_utf8(self.name_bytes()).unwrap_or_default(),
        }
    }

    /// The name of the event, UTF-8: all that a comparison needs.
    pub fn name_bytes(&self) -> &[u8] {
        self.name.bytes(self.arguments.text())
    }

    /// Its arguments.
    pub fn into_arguments(self) -> Arguments {
        self.arguments
    }
}

fn check_name(limits: &ArgumentLimits, name: &[u8]) -> Result<(), ParseArgumentsError> {
    let too_long = name.len() > limits.max_event_name_length;
    if too_long { Err(ParseArgumentsError::EventNameTooLong) } else { Ok(()) }
}
