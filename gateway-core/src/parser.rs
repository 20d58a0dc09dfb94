//! The option `parser`: how packets look on the wire.

/// How Socket.IO packets are written and read (Socket.IO's option `parser`). Clients must use the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parser {
    /// JSON text, binary values as attachments beside it: the parser that every client has.
    #[default]
    Default,
    /// MessagePack, one binary message a packet: the npm package `socket.io-msgpack-parser` 3.
    ///
    /// Handlers see the same values as with the default parser: a `Date` is its ISO text, `undefined` and numbers
    /// that JSON does not have are `null`.
    MsgPack,
}

impl Parser {
    /// Its name in the option: `default`, `msgpack`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::MsgPack => "msgpack",
        }
    }
}

/// What `parser = …` accepts: a [`Parser`] or its name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no parser",
    label = "expected `Parser::MsgPack`, or a name: \"default\", \"msgpack\""
)]
pub trait IntoParser {
    /// The parser.
    ///
    /// # Errors
    /// There is none of this name: what to say instead.
    fn into_parser(self) -> Result<Parser, String>;
}

impl IntoParser for Parser {
    fn into_parser(self) -> Result<Parser, String> {
        Ok(self)
    }
}

impl IntoParser for &str {
    fn into_parser(self) -> Result<Parser, String> {
        match self {
            "default" => Ok(Parser::Default),
            "msgpack" => Ok(Parser::MsgPack),
            other => {
                Err(format!("parser: there is no parser {other:?}; there are \"default\" and \"msgpack\""))
            }
        }
    }
}
