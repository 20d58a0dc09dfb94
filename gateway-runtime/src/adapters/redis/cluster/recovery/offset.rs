//! Offsets: what a client shows of what it has received last.

use std::fmt;

use crate::adapters::redis::driver::EntryId;

/// Digits of a key in an offset.
const KEY_DIGITS: usize = 10;

/// The entry of an event, or, for an event that clients got before it was in the stream, the entry that they had got before and
/// the key of the event. Offsets that one server gives to a client only grow.
///
/// The first kind is Node's. The second one looks the same and names an entry that does not exist: Node does not know such a
/// client any more, instead of sending it what it has or leaving out what it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Offset {
    pub(super) id: EntryId,
    /// 0 for the event of the entry itself.
    pub(super) early: u64,
}

impl Offset {
    pub(super) fn of(id: EntryId) -> Self {
        Self { id, early: 0 }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let shown = EntryId::parse(text)?;
        let digits = shown.number.to_string();
        let offset = match digits.strip_prefix('1') {
            // No stream has so many entries in a millisecond.
            Some(rest) if rest.len() > KEY_DIGITS => {
                let (number, key) = rest.split_at(rest.len() - KEY_DIGITS);
                Self {
                    id: EntryId { millis: shown.millis, number: number.parse().ok()? },
                    early: key.parse().ok()?,
                }
            }
            _ => Self::of(shown),
        };
        // As it was written, and not in any other way.
        Some(offset).filter(|offset| offset.to_string() == text)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, early } = self;
        if *early == 0 {
            write!(f, "{id}")
        } else {
            write!(f, "{}-1{}{early:0KEY_DIGITS$}", id.millis, id.number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_come_back_and_keep_their_order() {
        let id = |millis, number| EntryId { millis, number };
        let offsets = [
            Offset::of(id(5, 0)),
            Offset { id: id(5, 0), early: 1 },
            Offset { id: id(5, 0), early: 20 },
            Offset::of(id(5, 1)),
            Offset { id: id(5, 1), early: 7 },
            Offset::of(id(6, 12)),
        ];
        assert!(offsets.is_sorted());
        for offset in offsets {
            assert_eq!(Offset::parse(&offset.to_string()), Some(offset), "{offset}");
        }
        assert_eq!(offsets[1].to_string(), "5-100000000001");
        for wrong in ["", "5", "x-1", "5-01", "05-1", "5-1 ", "5-10000000000000000000000", "-", "5--1"] {
            assert_eq!(Offset::parse(wrong), None, "{wrong}");
        }
    }
}
