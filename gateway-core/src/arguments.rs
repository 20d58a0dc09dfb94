//! Incoming arguments: what stands between the wire and a handler's parameters.
//!
//! A parser (JSON today) fills an [`Arguments`]; everything behind it decodes from there. Nothing
//! in here may know a transport, a socket or a handler.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::binary::{self, Attachments};
use crate::data::{self, Data};
use crate::json::{Elements, Fault};
use crate::limits::{self, ArgumentLimits};
use crate::named_arguments::{EventName, position};
use crate::undefined::Undefined;

/// Why an array of arguments from the wire was refused: a `parse error` of the protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseArgumentsError {
    /// Not a JSON array, or not JSON.
    #[error("the payload is no JSON array")]
    Json(#[from] serde_json::Error),
    /// The first element of an event's payload is neither a string nor a number.
    #[error("the payload has no event name")]
    EventName,
    /// A placeholder stands for an attachment that the packet does not have.
    #[error("illegal attachments")]
    Attachments,
    /// The event's name is longer than `max_event_name_length`.
    #[error("the event name is longer than max_event_name_length")]
    EventNameTooLong,
    /// There are more arguments than `max_arguments`.
    #[error("there are more arguments than max_arguments")]
    TooManyArguments,
    /// Arrays and objects are nested deeper than `max_json_depth`.
    #[error("arrays and objects are nested deeper than max_json_depth")]
    TooDeep,
}

impl ParseArgumentsError {
    /// The option whose limit was exceeded, if it was one.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::EventNameTooLong => Some("max_event_name_length"),
            Self::TooManyArguments => Some("max_arguments"),
            Self::TooDeep => Some("max_json_depth"),
            Self::Json(_) | Self::EventName | Self::Attachments => None,
        }
    }
}

/// The arguments of one received event or acknowledgement, as raw JSON with its attachments.
///
/// Cloning is cheap. `Arguments` can be emitted again: `server.emit("copy", arguments)` forwards
/// them as they are.
#[derive(Clone)]
pub struct Arguments {
    text: Bytes,
    spans: Spans,
    attachments: Option<Attachments>,
}

/// Where the arguments stand in the text. Most events have one or none.
#[derive(Clone)]
pub(crate) enum Spans {
    None,
    One(Range<usize>),
    Many(Box<[Range<usize>]>),
}

impl Arguments {
    /// No arguments at all.
    pub fn none() -> Self {
        Self { text: Bytes::new(), spans: Spans::None, attachments: None }
    }

    /// Reads the payload of an event, `["name", ...arguments]`, and returns the name beside the
    /// arguments. A name that is a number is returned as its text. What a client sent is read by
    /// [`NamedArguments`](crate::NamedArguments), within limits.
    ///
    /// # Errors
    /// Not a JSON array, no name, or a placeholder without an attachment.
    pub fn parse_event(
        text: &Bytes,
        attachments: Vec<Bytes>,
    ) -> Result<(Cow<'_, str>, Self), ParseArgumentsError> {
        let (name, spans) = parse_array(&ArgumentLimits::NONE, text, true)?;
        let name =
            name.and_then(|json| EventName::in_json(text, json)).ok_or(ParseArgumentsError::EventName)?;
        let name = match name {
            EventName::At(span) => Cow::Borrowed(std::str::from_utf8(&text[span]).unwrap_or_default()),
            EventName::Own(name) => Cow::Owned(name.into_string()),
        };
        Ok((name, Self::checked(text.clone(), spans, attachments)?))
    }

    /// Reads the payload of an acknowledgement, `[...arguments]`.
    ///
    /// # Errors
    /// Not a JSON array, or a placeholder without an attachment.
    pub fn parse_acknowledgement(text: &Bytes, attachments: Vec<Bytes>) -> Result<Self, ParseArgumentsError> {
        Self::parse_acknowledgement_within(&ArgumentLimits::NONE, text, attachments)
    }

    /// [`parse_acknowledgement`](Self::parse_acknowledgement) of what a client sent.
    ///
    /// # Errors
    /// As there, or a limit was exceeded.
    pub fn parse_acknowledgement_within(
        limits: &ArgumentLimits,
        text: &Bytes,
        attachments: Vec<Bytes>,
    ) -> Result<Self, ParseArgumentsError> {
        let (_, spans) = parse_array(limits, text, false)?;
        Self::checked(text.clone(), spans, attachments)
    }

    /// One argument, already known to be JSON.
    ///
    /// # Errors
    /// The text is not one JSON value.
    pub fn from_json(text: &Bytes) -> Result<Self, ParseArgumentsError> {
        let json = utf8(text)?;
        let value: &RawValue = serde_json::from_str(json)?;
        let spans = Spans::One(position(value.get(), text));
        Ok(Self { text: text.clone(), spans, attachments: None })
    }

    /// One argument that stands there in a text, known to be JSON; or none.
    pub(crate) fn at(text: Bytes, span: Option<Range<usize>>) -> Self {
        Self { text, spans: span.map_or(Spans::None, Spans::One), attachments: None }
    }

    /// One binary argument.
    pub fn from_binary(bytes: Bytes) -> Self {
        let text = Bytes::from_static(br#"{"_placeholder":true,"num":0}"#);
        let spans = Spans::One(0..text.len());
        Self { text, spans, attachments: Some([bytes].into()) }
    }

    /// One argument that is a value of this process, as a test or a message parser makes it.
    ///
    /// # Errors
    /// The value's `Serialize` implementation failed.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let (text, attachments) = binary::collecting(|| serde_json::to_vec(value));
        let text = Bytes::from(text?);
        let spans = Spans::One(0..text.len());
        let attachments = if attachments.is_empty() { None } else { Some(attachments.into()) };
        Ok(Self { text, spans, attachments })
    }

    pub(crate) fn checked(
        text: Bytes,
        spans: Spans,
        attachments: Vec<Bytes>,
    ) -> Result<Self, ParseArgumentsError> {
        let attachments = if attachments.is_empty() {
            None
        } else {
            let json = utf8(&text)?;
            for span in spans.as_slice() {
                data::check_placeholders(&json[span.clone()], attachments.len())
                    .map_err(|_| ParseArgumentsError::Attachments)?;
            }
            Some(attachments.into())
        };
        Ok(Self { text, spans, attachments })
    }

    /// What the arguments stand in.
    pub(crate) fn text(&self) -> &Bytes {
        &self.text
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.spans.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the packet takes: what a queue counts against its limit.
    pub fn byte_len(&self) -> usize {
        self.text.len()
            + self.attachments.as_deref().unwrap_or_default().iter().map(Bytes::len).sum::<usize>()
    }

    /// One argument, undecoded.
    pub fn raw(&self, index: usize) -> Option<RawArgument<'_>> {
        let span = self.spans.as_slice().get(index)?;
        Some(RawArgument {
            json: Cow::Borrowed(self.json(span.clone())?),
            attachments: self.attachments.as_ref(),
        })
    }

    /// Decodes one argument; a missing one is "undefined", which only an `Option` (or an untyped
    /// body) accepts.
    ///
    /// # Errors
    /// The argument is missing or does not decode; the error names the field.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Result<T, DecodeError> {
        decode(self.raw(index).as_ref())
    }

    /// The body in NestJS's sense: one argument is the body itself, several are an array, none is
    /// undefined (`None`).
    pub fn body(&self) -> Option<RawArgument<'_>> {
        match self.spans.as_slice() {
            [] => None,
            [_] => self.raw(0),
            [first, .., last] => {
                let json = self.json(first.start..last.end)?;
                Some(RawArgument {
                    json: Cow::Owned(format!("[{json}]")),
                    attachments: self.attachments.as_ref(),
                })
            }
        }
    }

    fn json(&self, span: Range<usize>) -> Option<&str> {
        self.text.get(span).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = (0..self.len()).filter_map(|index| self.raw(index));
        f.debug_list().entries(arguments.map(|argument| argument.json.into_owned())).finish()
    }
}

impl Spans {
    fn as_slice(&self) -> &[Range<usize>] {
        match self {
            Spans::None => &[],
            Spans::One(span) => std::slice::from_ref(span),
            Spans::Many(spans) => spans,
        }
    }
}

pub(crate) fn utf8(text: &Bytes) -> Result<&str, ParseArgumentsError> {
    std::str::from_utf8(text).map_err(|error| ParseArgumentsError::Json(de::Error::custom(error)))
}

/// Reads an array within its limits: where the event's name stands as JSON, if it has one, and where its arguments do.
pub(crate) fn parse_array(
    limits: &ArgumentLimits,
    text: &Bytes,
    named: bool,
) -> Result<(Option<Range<usize>>, Spans), ParseArgumentsError> {
    let Array { name, spans, too_many } =
        Array::find(limits, text, named).map_err(|_| why_refused(limits, text))?;
    if too_many { Err(ParseArgumentsError::TooManyArguments) } else { Ok((name, spans)) }
}

/// What is wrong with an array that was refused. One that is too deep may be malformed as well.
#[cold]
fn why_refused(limits: &ArgumentLimits, text: &Bytes) -> ParseArgumentsError {
    let json = match utf8(text) {
        Ok(json) => json,
        Err(error) => return error,
    };
    // The array itself is no level of an argument.
    if limits::is_deeper_than(text, limits.max_json_depth.saturating_add(1)) {
        return ParseArgumentsError::TooDeep;
    }
    let why = serde_json::from_str::<Vec<de::IgnoredAny>>(json);
    ParseArgumentsError::Json(why.err().unwrap_or_else(|| de::Error::custom("not an array")))
}

/// Where the parts of an array stand.
struct Array {
    name: Option<Range<usize>>,
    spans: Spans,
    too_many: bool,
}

impl Array {
    fn find(limits: &ArgumentLimits, text: &[u8], named: bool) -> Result<Self, Fault> {
        let mut elements = Elements::of(text, limits.max_json_depth)?;
        let name = if named { elements.next()? } else { None };
        let mut array = Self { name, spans: Spans::None, too_many: false };
        // Behind the last element nothing more may be asked.
        if named && array.name.is_none() {
            return Ok(array);
        }
        let mut many = Vec::new();
        while let Some(argument) = elements.next()? {
            // A client's `emit` has one argument nearly always: no allocation for that.
            match std::mem::replace(&mut array.spans, Spans::None) {
                Spans::None if many.is_empty() => array.spans = Spans::One(argument),
                Spans::One(first) => many.extend([first, argument]),
                _ => many.push(argument),
            }
            if many.len() > limits.max_arguments {
                // What is left is only checked to be JSON.
                while elements.next()?.is_some() {}
                array.too_many = true;
                break;
            }
        }
        array.too_many |= array.spans.as_slice().len() > limits.max_arguments;
        if !many.is_empty() {
            array.spans = Spans::Many(many.into());
        }
        Ok(array)
    }
}

/// One undecoded argument. It serializes as itself, binary values included.
#[derive(Clone)]
pub struct RawArgument<'a> {
    json: Cow<'a, str>,
    attachments: Option<&'a Attachments>,
}

impl fmt::Debug for RawArgument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}

impl<'a> RawArgument<'a> {
    /// The JSON text, with placeholders where binary values stand.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Decodes the argument.
    ///
    /// # Errors
    /// The argument does not decode; the error names the field.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode(Some(self))
    }

    /// Decodes the argument and tells the path of each member that `T` does not have.
    #[cfg(feature = "validator")]
    pub(crate) fn decode_noting<T: DeserializeOwned>(
        &self,
        note: &mut dyn FnMut(String),
    ) -> Result<T, DecodeError> {
        binary::with_attachments(self.attachments, || {
            let mut deserializer = serde_json::Deserializer::from_str(&self.json);
            serde_ignored::deserialize(&mut deserializer, |path| note(path.to_string()))
                .or_else(|_| decode_with_path(&self.json))
        })
    }

    /// The member of an object, or `None` if this is no object or has no such key.
    pub fn member(&self, key: &str) -> Option<RawArgument<'a>> {
        let json = match &self.json {
            Cow::Borrowed(json) => Cow::Borrowed(member_of(json, key)?),
            Cow::Owned(json) => Cow::Owned(member_of(json, key)?.to_owned()),
        };
        Some(RawArgument { json, attachments: self.attachments })
    }
}

impl Serialize for RawArgument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.attachments.is_some() {
            // The placeholders get new numbers, among the other binary values of the packet.
            let data: Data = self.decode().map_err(serde::ser::Error::custom)?;
            return data.serialize(serializer);
        }
        serde_json::from_str::<&RawValue>(&self.json)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// The last member with this key, as JavaScript takes it; `None` if `json` is no object.
fn member_of<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    struct Member<'k>(&'k str);
    impl<'de> Visitor<'de> for Member<'_> {
        type Value = Option<&'de str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(is_it) = map.next_key_seed(KeyIs(self.0))? {
                if is_it {
                    found = Some(map.next_value::<&'de RawValue>()?.get());
                } else {
                    map.next_value::<de::IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }
    if !json.starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Member(key)).ok().flatten()
}

/// Compares a key without allocating it.
struct KeyIs<'k>(&'k str);

impl<'de> de::DeserializeSeed<'de> for KeyIs<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIs<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

/// A body, or a member of it, that is not what the handler asked for.
///
/// The text names the field and what was expected: ``roomId: invalid type: integer `5`, expected a
/// string``. Clients receive it as the message of a [`WsException`](crate::WsException).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", self.prefix())]
pub struct DecodeError {
    field: String,
    message: String,
}

impl DecodeError {
    /// The path of the field that did not decode, `address.street`; empty for the whole body.
    pub fn field(&self) -> &str {
        &self.field
    }

    pub(crate) fn from_parse(error: ParseArgumentsError) -> Self {
        Self { field: String::new(), message: error.to_string() }
    }

    /// Puts the key in front of the path, for a body that was taken by key.
    #[must_use]
    pub fn under(mut self, key: &str) -> Self {
        self.field = match self.field.as_str() {
            "" => key.to_owned(),
            path if path.starts_with('[') => format!("{key}{path}"),
            path => format!("{key}.{path}"),
        };
        self
    }

    fn prefix(&self) -> String {
        if self.field.is_empty() { String::new() } else { format!("{}: ", self.field) }
    }
}

/// Decodes an argument, or "undefined" if there is none.
pub(crate) fn decode<T: DeserializeOwned>(argument: Option<&RawArgument<'_>>) -> Result<T, DecodeError> {
    let Some(argument) = argument else {
        return T::deserialize(Undefined)
            .map_err(|_| DecodeError { field: String::new(), message: missing(std::any::type_name::<T>()) });
    };
    binary::with_attachments(argument.attachments, || {
        serde_json::from_str(&argument.json).or_else(|_| decode_with_path(&argument.json))
    })
}

fn missing(type_name: &str) -> String {
    let short = type_name.rsplit("::").next().unwrap_or(type_name);
    // `alloc::string::String` → `String`; of a generic type the whole name says more.
    if type_name.contains('<') {
        format!("missing, expected {type_name}")
    } else {
        format!("missing, expected {short}")
    }
}

/// The same once more for the message: which field it was. Only the failing path pays for it.
fn decode_with_path<T: DeserializeOwned>(json: &str) -> Result<T, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = match error.path().to_string().as_str() {
            "." => String::new(),
            path => path.to_owned(),
        };
        let message = error.into_inner().to_string();
        // serde_json appends " at line 1 column 7", which means nothing to a client.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text).to_owned();
        DecodeError { field, message }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NamedArguments;
    use crate::binary::Binary;
    use serde_json::{Value, json};

    fn event(text: &'static str) -> (String, Arguments) {
        let text = Bytes::from_static(text.as_bytes());
        let (name, arguments) = Arguments::parse_event(&text, Vec::new()).unwrap();
        (name.into_owned(), arguments)
    }

    #[test]
    fn names_and_counts() {
        assert_eq!(event(r#"["a"]"#).0, "a");
        assert_eq!(event(r#"["a\n\u00e9",1]"#).0, "a\né");
        assert_eq!(event(r#"[ 7 , 1 ]"#).0, "7");
        assert_eq!(event(r#"["a"]"#).1.len(), 0);
        assert_eq!(event(r#"["a",1]"#).1.len(), 1);
        assert_eq!(event(r#"["a",1,[2],{"x":3}]"#).1.len(), 3);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for text in ["", "{}", "[]", "[null]", "[{}]", "[\"a\"", "[\"a\"]x", "[\"a\",]", "5", "[\"a\" 1]"] {
            let bytes = Bytes::copy_from_slice(text.as_bytes());
            assert!(Arguments::parse_event(&bytes, Vec::new()).is_err(), "{text}");
        }
        assert!(Arguments::parse_event(&Bytes::from_static(b"[\"\xff\"]"), Vec::new()).is_err());
    }

    #[test]
    fn limits_are_named() {
        let limits = ArgumentLimits { max_event_name_length: 3, max_arguments: 2, max_json_depth: 2 };
        let parse = |text: &str| {
            let bytes = Bytes::copy_from_slice(text.as_bytes());
            let parsed = NamedArguments::parse(&limits, bytes, Vec::new());
            parsed.map(|event| event.into_arguments().len()).map_err(|error| error.limit())
        };
        assert_eq!(parse(r#"["abc",1,[[2]]]"#), Ok(2));
        assert_eq!(parse(r#"["a\u0062c"]"#), Ok(0));
        assert_eq!(parse(r#"["abcd"]"#), Err(Some("max_event_name_length")));
        assert_eq!(parse(r#"["a",1,2,3]"#), Err(Some("max_arguments")));
        assert_eq!(parse(r#"["a",[[[1]]]]"#), Err(Some("max_json_depth")));
        assert_eq!(parse(r#"["a",1,2,3,x]"#), Err(None));
        let none = ArgumentLimits { max_arguments: 0, ..limits };
        let one = Arguments::parse_acknowledgement_within(&none, &Bytes::from_static(b"[1]"), Vec::new());
        assert_eq!(one.map_err(|error| error.limit()).err(), Some(Some("max_arguments")));
    }

    #[test]
    fn the_deepest_json_is_refused_or_kept_without_recursion() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let levels = 200_000;
            let deep = format!("[\"a\",{}1{}]", open.repeat(levels), close.repeat(levels));
            let bytes = Bytes::from(deep);
            let limits = ArgumentLimits::default();
            let parsed = NamedArguments::parse(&limits, bytes.clone(), Vec::new());
            assert!(matches!(parsed, Err(ParseArgumentsError::TooDeep)));
            let (_, arguments) = Arguments::parse_event(&bytes, Vec::new()).unwrap();
            assert!(arguments.get::<Data>(0).is_err());
            assert!(arguments.get::<de::IgnoredAny>(0).is_ok());
            assert!(arguments.body().unwrap().member("b").is_none());
            // A half one of the same depth.
            let cut = bytes.slice(..bytes.len() / 2);
            assert!(Arguments::parse_event(&cut, Vec::new()).is_err());
            assert!(Arguments::parse_event(&bytes, vec![Bytes::new()]).is_err());
        }
    }

    #[test]
    fn a_body_is_one_argument_or_all_of_them_or_undefined() {
        assert_eq!(event(r#"["a", {"x":1} ]"#).1.body().unwrap().json(), r#"{"x":1}"#);
        let several: (u8, String) = event(r#"["a", 1, "b"]"#).1.body().unwrap().decode().unwrap();
        assert_eq!(several, (1, "b".to_owned()));
        assert!(event(r#"["a"]"#).1.body().is_none());
    }

    #[test]
    fn undefined_decodes_to_none_and_nothing_else() {
        let (_, none) = event(r#"["a"]"#);
        assert_eq!(none.get::<Option<String>>(0), Ok(None));
        assert_eq!(none.get::<Value>(0), Ok(Value::Null));
        assert_eq!(none.get::<Data>(0), Ok(Data::Null));
        assert_eq!(none.get::<()>(0), Ok(()));
        assert_eq!(none.get::<String>(0).unwrap_err().to_string(), "missing, expected String");
    }

    #[test]
    fn members_by_key() {
        let (_, arguments) = event(r#"["a",{"id":1,"na\u006de":"x","id":2}]"#);
        let body = arguments.body().unwrap();
        assert_eq!(body.member("id").unwrap().decode::<u8>(), Ok(2));
        assert_eq!(body.member("name").unwrap().decode::<String>(), Ok("x".to_owned()));
        assert!(body.member("nope").is_none());
        assert!(event(r#"["a",[1]]"#).1.body().unwrap().member("id").is_none());
    }

    #[test]
    fn an_error_names_the_field_and_what_was_expected() {
        #[derive(serde::Deserialize, Debug)]
        struct Body {
            #[serde(rename = "inner")]
            _inner: Vec<Inner>,
        }
        #[derive(serde::Deserialize, Debug)]
        struct Inner {
            #[serde(rename = "id")]
            _id: u8,
        }
        let (_, arguments) = event(r#"["a",{"inner":[{"id":"x"}]}]"#);
        let error = arguments.get::<Body>(0).unwrap_err();
        assert_eq!(error.to_string(), "inner[0].id: invalid type: string \"x\", expected u8");
        let missing = event(r#"["a",{"inner":[{}]}]"#).1.get::<Body>(0).unwrap_err();
        assert_eq!(missing.to_string(), "inner[0]: missing field `id`");
        assert_eq!(
            event(r#"["a",5]"#).1.get::<String>(0).unwrap_err().under("roomId").to_string(),
            "roomId: invalid type: integer `5`, expected a string"
        );
    }

    fn binary_event(
        text: &'static str,
        attachments: &[&'static [u8]],
    ) -> Result<Arguments, ParseArgumentsError> {
        let attachments = attachments.iter().map(|bytes| Bytes::from_static(bytes)).collect();
        Arguments::parse_event(&Bytes::from_static(text.as_bytes()), attachments)
            .map(|(_, arguments)| arguments)
    }

    #[test]
    fn binary_in_typed_untyped_flattened_and_untagged_bodies() {
        #[derive(serde::Deserialize)]
        struct Typed {
            #[serde(flatten)]
            inner: Inner,
            either: Either,
        }
        #[derive(serde::Deserialize)]
        struct Inner {
            file: Binary,
        }
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Bytes(Binary),
        }
        let text = r#"["b",{"file":{"_placeholder":true,"num":0},"either":{"num":1,"_placeholder":true}}]"#;
        let arguments = binary_event(text, &[b"one", b"two"]).unwrap();
        let typed: Typed = arguments.get(0).unwrap();
        assert_eq!(&*typed.inner.file, b"one");
        match typed.either {
            Either::Bytes(bytes) => assert_eq!(&*bytes, b"two"),
            Either::Text(text) => panic!("{text}"),
        }
        let data: Data = arguments.get(0).unwrap();
        assert_eq!(data.get("either").and_then(Data::as_binary).map(|bytes| &**bytes), Some(&b"two"[..]));
        let value: Value = arguments.get(0).unwrap();
        assert_eq!(value["file"], json!({"_placeholder": true, "num": 0}));
    }

    #[test]
    fn placeholders_must_match_the_attachments() {
        let one = r#"["b",{"deep":[{"_placeholder":true,"num":1}]}]"#;
        assert!(matches!(binary_event(one, &[b"x"]), Err(ParseArgumentsError::Attachments)));
        assert!(binary_event(one, &[b"x", b"y"]).is_ok());
        let negative = r#"["b",{"_placeholder":true,"num":-1}]"#;
        assert!(matches!(binary_event(negative, &[b"x"]), Err(ParseArgumentsError::Attachments)));
        // Without attachments it is an object like any other.
        let (_, plain) = event(r#"["b",{"_placeholder":true,"num":0}]"#);
        assert!(plain.get::<Binary>(0).is_err());
        assert!(matches!(plain.get::<Data>(0), Ok(Data::Object(_))));
    }

    #[test]
    fn forwarding_keeps_binary_values_and_their_order() {
        use crate::payload::{Args, Payload};
        let text = r#"["b",{"_placeholder":true,"num":1},"x",{"_placeholder":true,"num":0}]"#;
        let arguments = binary_event(text, &[b"one", b"two"]).unwrap();
        let payload = Payload::event("copy", &arguments).unwrap();
        assert_eq!(
            std::str::from_utf8(payload.json()).unwrap(),
            r#"["copy",{"_placeholder":true,"num":0},"x",{"_placeholder":true,"num":1}]"#
        );
        assert_eq!(payload.attachments(), [Bytes::from_static(b"two"), Bytes::from_static(b"one")]);
        let mixed = Payload::event("m", &Args((Binary::from(b"zero"), arguments.raw(0).unwrap()))).unwrap();
        assert_eq!(mixed.attachments(), [Bytes::from_static(b"zero"), Bytes::from_static(b"two")]);
    }
}
