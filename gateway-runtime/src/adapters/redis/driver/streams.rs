//! Streams and keys: what is added, asked and answered, and how that looks on the wire of Redis.
//!
//! Pure functions between these types and those of the crate `redis`; who sends them is in `client` and `cluster`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::{Cmd, Value};

use super::{DriverError, Publication};

/// The id of an entry of a stream: a time in milliseconds, and a number within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId {
    pub(crate) millis: u64,
    pub(crate) number: u64,
}

impl EntryId {
    /// Before every entry.
    pub(crate) const START: Self = Self { millis: 0, number: 0 };

    /// As Redis writes it, and in no other way.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (millis, number) = text.split_once('-')?;
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(millis) || !digits(number) {
            return None;
        }
        Some(Self { millis: millis.parse().ok()?, number: number.parse().ok()? })
    }

    /// The least one after it. Ranges that leave their first entry out are new in Redis 6.2.
    pub(crate) fn next(self) -> Self {
        match self.number.checked_add(1) {
            Some(number) => Self { number, ..self },
            None => Self { millis: self.millis.saturating_add(1), number: 0 },
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

/// An entry of a stream, as it is read. Fields may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: EntryId,
    pub(crate) fields: Vec<(Bytes, Bytes)>,
}

impl Entry {
    /// A field by its name.
    pub(crate) fn field(&self, name: &str) -> Option<&Bytes> {
        self.fields.iter().find(|(field, _)| field == name.as_bytes()).map(|(_, value)| value)
    }

    /// A field that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.field(name)?).ok()
    }
}

/// An entry that is added to a stream. `uid` and `key` together name it among all entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addition {
    pub(crate) stream: Arc<str>,
    /// About how many entries the stream keeps.
    pub(crate) max_len: usize,
    pub(crate) uid: Arc<str>,
    pub(crate) key: u64,
    /// The fields beside `uid` and `key`.
    pub(crate) fields: Vec<(&'static str, Bytes)>,
    /// Whether it is a message to other servers, or a note about others.
    pub(crate) counts: bool,
}

impl Addition {
    /// Whether an entry is this one.
    pub(crate) fn is(&self, entry: &Entry) -> bool {
        entry.field("uid").is_some_and(|uid| *uid == self.uid.as_bytes())
            && entry.text("key").and_then(|key| key.parse().ok()) == Some(self.key)
    }
}

/// What is sent in order and without a value to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// `PUBLISH`, `SPUBLISH`
    Publish(Publication),
    /// `XADD`
    Add(Addition),
    /// `SET` with an end.
    Set { key: Arc<str>, value: Bytes, lifetime: Duration },
}

impl From<Publication> for Outgoing {
    fn from(publication: Publication) -> Self {
        Self::Publish(publication)
    }
}

impl Outgoing {
    /// What it takes in a buffer.
    pub(crate) fn byte_len(&self) -> usize {
        match self {
            Self::Publish(publication) => publication.byte_len(),
            Self::Add(addition) => {
                let fields = addition.fields.iter().map(|(name, value)| name.len() + value.len());
                addition.uid.len() + fields.sum::<usize>()
            }
            Self::Set { key, value, .. } => key.len() + value.len(),
        }
    }

    /// Where a Redis Cluster keeps its order, and where not: things of one kind.
    #[cfg(feature = "redis-cluster")]
    pub(super) fn is_of_one_node(&self) -> bool {
        !matches!(self, Self::Publish(Publication { sharded: false, .. }))
    }

    pub(super) fn command(&self) -> Cmd {
        match self {
            Self::Publish(publication) => {
                let mut command = redis::cmd(if publication.sharded { "SPUBLISH" } else { "PUBLISH" });
                command.arg(&*publication.channel).arg(&*publication.message);
                command
            }
            Self::Add(addition) => {
                let mut command = redis::cmd("XADD");
                command.arg(&*addition.stream).arg("MAXLEN").arg("~").arg(addition.max_len).arg("*");
                command.arg("uid").arg(&*addition.uid).arg("key").arg(addition.key);
                for (name, value) in &addition.fields {
                    command.arg(*name).arg(&**value);
                }
                command
            }
            Self::Set { key, value, lifetime } => {
                let millis = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).max(1);
                let mut command = redis::cmd("SET");
                command.arg(&**key).arg(&**value).arg("PX").arg(millis);
                command
            }
        }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// `XREAD`: entries after one, waiting for them for a time.
    Read { stream: Arc<str>, after: EntryId, count: usize, block: Duration },
    /// `XRANGE`: entries from one on.
    Range { stream: Arc<str>, from: EntryId, count: usize },
    /// The last entry (`XREVRANGE`).
    Last { stream: Arc<str> },
    /// The value of a key, which is deleted (`GETDEL`, new in Redis 6.2).
    Take { key: Arc<str> },
}

/// What is answered: entries, or the value of a key.
#[derive(Debug)]
pub(crate) enum Reply {
    Entries(Vec<Entry>),
    Value(Option<Bytes>),
}

impl Reply {
    pub(crate) fn entries(self) -> Vec<Entry> {
        if let Self::Entries(entries) = self { entries } else { Vec::new() }
    }

    pub(crate) fn value(self) -> Option<Bytes> {
        if let Self::Value(value) = self { value } else { None }
    }
}

impl Question {
    /// The command; `None` for what takes two (`GET` and `DEL` as one).
    pub(super) fn command(&self) -> Option<Cmd> {
        let mut command;
        match self {
            Self::Read { stream, after, count, block } => {
                command = redis::cmd("XREAD");
                command.arg("COUNT").arg(*count);
                if !block.is_zero() {
                    command.arg("BLOCK").arg(u64::try_from(block.as_millis()).unwrap_or(u64::MAX));
                }
                command.arg("STREAMS").arg(&**stream).arg(after.to_string());
            }
            Self::Range { stream, from, count } => {
                command = redis::cmd("XRANGE");
                command.arg(&**stream).arg(from.to_string()).arg("+").arg("COUNT").arg(*count);
            }
            Self::Last { stream } => {
                command = redis::cmd("XREVRANGE");
                command.arg(&**stream).arg("+").arg("-").arg("COUNT").arg(1);
            }
            Self::Take { .. } => return None,
        }
        Some(command)
    }

    /// What Redis has answered.
    pub(super) fn reply(&self, value: Value) -> Result<Reply, DriverError> {
        let value = match value {
            Value::ServerError(error) => return Err(super::client::stream_error(error.into())),
            Value::Nil => return Ok(Reply::Entries(Vec::new())),
            value => value,
        };
        let entries = match self {
            // One stream was asked for.
            Self::Read { .. } => match value {
                Value::Map(mut streams) => streams.pop().map(|(_, entries)| entries),
                Value::Array(mut streams) => match streams.pop() {
                    Some(Value::Array(mut pair)) => pair.pop(),
                    _ => None,
                },
                _ => None,
            },
            _ => Some(value),
        };
        let Some(Value::Array(entries)) = entries else {
            return Err(DriverError::Refused("a stream was not answered with its entries".into()));
        };
        Ok(Reply::Entries(entries.into_iter().filter_map(entry).collect()))
    }
}

/// `[id, [name, value, …]]`; one that was deleted meanwhile has no fields.
fn entry(value: Value) -> Option<Entry> {
    let Value::Array(parts) = value else { return None };
    let [id, fields] = <[Value; 2]>::try_from(parts).ok()?;
    let id = EntryId::parse(std::str::from_utf8(&bytes(id)?).ok()?)?;
    let mut pairs = Vec::new();
    match fields {
        Value::Array(values) => {
            let mut values = values.into_iter().filter_map(bytes);
            while let (Some(name), Some(value)) = (values.next(), values.next()) {
                pairs.push((name, value));
            }
        }
        Value::Map(values) => {
            pairs.extend(values.into_iter().filter_map(|(name, value)| Some((bytes(name)?, bytes(value)?))));
        }
        _ => {}
    }
    Some(Entry { id, fields: pairs })
}

fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::BulkString(bytes) => Some(bytes.into()),
        Value::SimpleString(text) => Some(text.into_bytes().into()),
        Value::Int(number) => Some(number.to_string().into_bytes().into()),
        _ => None,
    }
}

/// The id of an entry that was added.
pub(super) fn added(value: &Value) -> Option<EntryId> {
    match value {
        Value::BulkString(bytes) => EntryId::parse(std::str::from_utf8(bytes).ok()?),
        Value::SimpleString(text) => EntryId::parse(text),
        _ => None,
    }
}

/// A connection as Redis knows it, so that another one can have it closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    id: String,
    addr: String,
}

impl Identity {
    /// Reads it from `CLIENT INFO` (Redis 6.2).
    pub(super) fn of(info: &str) -> Option<Self> {
        let member = |name: &str| info.split_whitespace().find_map(|word| word.strip_prefix(name));
        Some(Self { id: member("id=")?.to_owned(), addr: member("addr=")?.to_owned() })
    }

    /// A Redis that was started anew counts anew: the address must be the same as well.
    pub(super) fn kill_command(&self) -> Cmd {
        let mut command = redis::cmd("CLIENT");
        command.arg("KILL").arg("ID").arg(&self.id).arg("ADDR").arg(&self.addr);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert_eq!(EntryId::parse("12-3"), Some(EntryId { millis: 12, number: 3 }));
        assert_eq!(EntryId::parse("12-3").unwrap().to_string(), "12-3");
        for wrong in ["", "12", "12-", "-3", "a-1", "1-2-3", "+1-2", "1- 2", "99999999999999999999-1"] {
            assert_eq!(EntryId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(EntryId { millis: 1, number: 2 }.next(), EntryId { millis: 1, number: 3 });
        assert_eq!(EntryId { millis: 1, number: u64::MAX }.next(), EntryId { millis: 2, number: 0 });
        assert!(EntryId::parse("9-1") < EntryId::parse("10-0"));
    }

    #[test]
    fn answers_of_both_protocols() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let entries = || {
            let fields = Value::Array(vec![text("uid"), text("u"), text("lonely")]);
            Value::Array(vec![
                Value::Array(vec![text("1-0"), fields]),
                Value::Array(vec![text("2-0"), Value::Nil]),
                Value::Array(vec![text("no id"), Value::Nil]),
                Value::Int(1),
            ])
        };
        let stream: Arc<str> = "s".into();
        let read =
            Question::Read { stream: stream.clone(), after: EntryId::START, count: 1, block: Duration::ZERO };
        let range = Question::Range { stream, from: EntryId::START, count: 1 };
        let map = Value::Map(vec![(text("s"), entries())]);
        let array = Value::Array(vec![Value::Array(vec![text("s"), entries()])]);
        for reply in [read.reply(map), read.reply(array), range.reply(entries())] {
            let entries = reply.expect("entries").entries();
            assert_eq!(entries.iter().map(|entry| entry.id.millis).collect::<Vec<_>>(), [1, 2]);
            assert_eq!((entries[0].text("uid"), entries[0].fields.len()), (Some("u"), 1));
        }
        assert!(read.reply(Value::Nil).expect("nothing").entries().is_empty());
        assert!(matches!(read.reply(Value::Int(1)), Err(DriverError::Refused(_))));
    }

    #[test]
    fn a_connection_is_known_by_id_and_address() {
        let identity =
            Identity::of("id=7 addr=127.0.0.1:4000 laddr=127.0.0.1:6379 fd=8 name=").expect("both");
        assert_eq!(identity, Identity { id: "7".into(), addr: "127.0.0.1:4000".into() });
        assert_eq!(Identity::of("id=7"), None);
    }
}
