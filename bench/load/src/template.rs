//! Messages that are alike but for a number: written by copying and patching digits, read by comparing what is around them.
//! It must never know a protocol.

/// The first id. All ids have ten digits, so that all messages of a kind have one length.
pub(crate) const FIRST_ID: u64 = 1_000_000_000;

const DIGITS: usize = 10;

/// A message with places for an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    /// Where the ids stand, in order.
    ids: Vec<usize>,
}

impl Template {
    /// From a message that was made with `id`.
    pub(crate) fn of(message: &[u8], id: u64) -> Self {
        let digits = digits(id);
        let mut ids = Vec::new();
        let mut at = 0;
        while at + DIGITS <= message.len() {
            if message[at..at + DIGITS] == digits {
                ids.push(at);
                at += DIGITS;
            } else {
                at += 1;
            }
        }
        Self { bytes: message.to_vec(), ids }
    }

    /// Appends the message with `id`.
    pub(crate) fn write(&self, id: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let digits = digits(id);
        for &place in &self.ids {
            out[start + place..start + place + DIGITS].copy_from_slice(&digits);
        }
    }

    /// The id of a message of this kind; `None` if any other byte differs, or if its ids are not all the same.
    pub(crate) fn read(&self, message: &[u8]) -> Option<u64> {
        if message.len() != self.bytes.len() {
            return None;
        }
        let &first = self.ids.first()?;
        let id = &message[first..first + DIGITS];
        let mut from = 0;
        for &place in &self.ids {
            if message[from..place] != self.bytes[from..place] || &message[place..place + DIGITS] != id {
                return None;
            }
            from = place + DIGITS;
        }
        (message[from..] == self.bytes[from..]).then(|| number(id)).flatten()
    }
}

fn digits(mut id: u64) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (id % 10) as u8;
        id /= 10;
    }
    digits
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |sum, digit| {
        let value = digit.wrapping_sub(b'0');
        (value < 10).then_some(sum * 10 + u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_and_read_with_each_id() {
        let template = Template::of(br#"421000000000["echo",{"id":1000000000,"text":"hi"}]"#, FIRST_ID);
        assert_eq!(template.ids.len(), 2);
        for id in [FIRST_ID, FIRST_ID + 1, 1_234_567_890, 9_999_999_999] {
            let mut message = Vec::new();
            template.write(id, &mut message);
            assert_eq!(message.len(), template.bytes.len());
            assert_eq!(template.read(&message), Some(id));
        }
    }

    #[test]
    fn any_other_byte_makes_it_another_message() {
        let message = br#"431000000007[{"id":1000000007,"text":"hi"}]"#;
        let template = Template::of(message, FIRST_ID + 7);
        for place in 0..message.len() {
            let mut other = message.to_vec();
            other[place] ^= 0x40;
            assert_eq!(template.read(&other), None, "byte {place}");
        }
        assert_eq!(template.read(&message[1..]), None);
    }

    #[test]
    fn ids_that_differ_in_one_message_are_wrong() {
        let template = Template::of(b"1000000000 1000000000", FIRST_ID);
        assert_eq!(template.read(b"1000000005 1000000005"), Some(FIRST_ID + 5));
        assert_eq!(template.read(b"1000000005 1000000006"), None);
    }

    #[test]
    fn a_template_without_a_place_reads_nothing() {
        assert_eq!(Template::of(b"ok", FIRST_ID).read(b"ok"), None);
    }
}
