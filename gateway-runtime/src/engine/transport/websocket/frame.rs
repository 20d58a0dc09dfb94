//! The head of a WebSocket frame and its mask (RFC 6455, 5.2 and 5.3), as pure functions.
//!
//! Knows bytes only: no connection, no order of frames, no extension beyond the first reserved bit.

use super::Failure;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// Control frames may come between the fragments of a message.
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The largest payload of a control frame (RFC 6455, 5.5).
pub(super) const MAX_CONTROL_PAYLOAD: usize = 125;

/// The head of a frame from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) fin: bool,
    /// The first reserved bit: a compressed message (RFC 7692, 6).
    pub(super) compressed: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    pub(super) length: u64,
}

impl Head {
    /// The head at the start of these bytes and its own length; `None` while some of it is missing.
    ///
    /// # Errors
    /// No client may send such a frame.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Failure> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        if first & 0b0011_0000 != 0 {
            return Err(Failure::Protocol("a reserved bit is set"));
        }
        let Some(opcode) = Opcode::from_bits(first & 0x0f) else {
            return Err(Failure::Protocol("unknown opcode"));
        };
        if second & 0x80 == 0 {
            return Err(Failure::Protocol("a frame is not masked"));
        }
        let (extended, length) = match second & 0x7f {
            126 => match rest.first_chunk::<2>() {
                Some(bytes) => (2, u64::from(u16::from_be_bytes(*bytes))),
                None => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(bytes) => (8, u64::from_be_bytes(*bytes)),
                None => return Ok(None),
            },
            length => (0, u64::from(length)),
        };
        let Some(mask) = rest.get(extended..).and_then(<[u8]>::first_chunk::<4>) else { return Ok(None) };
        let head =
            Self { fin: first & 0x80 != 0, compressed: first & 0x40 != 0, opcode, mask: *mask, length };
        head.check()?;
        Ok(Some((head, 2 + extended + 4)))
    }

    fn check(&self) -> Result<(), Failure> {
        if !self.opcode.is_control() {
            return Ok(());
        }
        if !self.fin {
            return Err(Failure::Protocol("a control frame is fragmented"));
        }
        if self.length > MAX_CONTROL_PAYLOAD as u64 {
            return Err(Failure::Protocol("a control frame is too long"));
        }
        if self.compressed {
            return Err(Failure::Protocol("a control frame is compressed"));
        }
        Ok(())
    }
}

/// The longest head of a frame of the server.
pub(crate) const MAX_SERVER_HEAD: usize = 10;

/// Appends a whole, unmasked message from the server.
#[inline]
pub(crate) fn append_frame(frames: &mut Vec<u8>, binary: bool, payload: &[u8]) {
    let opcode = if binary { Opcode::Binary } else { Opcode::Text };
    if let Ok(short @ ..126) = u8::try_from(payload.len()) {
        frames.reserve(2 + payload.len());
        frames.extend_from_slice(&[0x80 | opcode.bits(), short]);
    } else {
        frames.reserve(MAX_SERVER_HEAD + payload.len());
        append_head(frames, opcode, false, payload.len());
    }
    frames.extend_from_slice(payload);
}

/// Appends the head of a frame from the server.
#[inline]
pub(super) fn append_head(frames: &mut Vec<u8>, opcode: Opcode, compressed: bool, payload: usize) {
    let first = 0x80 | if compressed { 0x40 } else { 0 } | opcode.bits();
    match (u8::try_from(payload), u16::try_from(payload)) {
        (Ok(short @ ..126), _) => frames.extend_from_slice(&[first, short]),
        (_, Ok(medium)) => {
            let [high, low] = medium.to_be_bytes();
            frames.extend_from_slice(&[first, 126, high, low]);
        }
        _ => {
            frames.extend_from_slice(&[first, 127]);
            frames.extend_from_slice(&(payload as u64).to_be_bytes());
        }
    }
}

/// Masks or unmasks part of a payload that starts `offset` bytes into it.
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4], offset: usize) {
    let mut mask = mask;
    mask.rotate_left(offset % 4);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_length_is_read_and_a_cut_head_waits_for_the_rest() {
        for (bytes, length) in [
            (&[0x81, 0x85, 1, 2, 3, 4][..], 5),
            (&[0x81, 0xfe, 1, 0, 1, 2, 3, 4], 256),
            (&[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4], 65_536),
        ] {
            let (head, own) = Head::parse(bytes).expect("valid").expect("complete");
            assert_eq!((head.length, own, head.mask), (length, bytes.len(), [1, 2, 3, 4]));
            for cut in 0..bytes.len() {
                assert_eq!(Head::parse(&bytes[..cut]).expect("valid so far"), None);
            }
        }
    }

    #[test]
    fn what_no_client_may_send_is_an_error() {
        for (bytes, why) in [
            ([0x81, 0x00, 0, 0, 0, 0], "not masked"),
            ([0xa1, 0x80, 0, 0, 0, 0], "reserved bit"),
            ([0x91, 0x80, 0, 0, 0, 0], "reserved bit"),
            ([0x83, 0x80, 0, 0, 0, 0], "opcode"),
            ([0x8b, 0x80, 0, 0, 0, 0], "opcode"),
            ([0x09, 0x80, 0, 0, 0, 0], "fragmented"),
            ([0xc9, 0x80, 0, 0, 0, 0], "compressed"),
        ] {
            let error = Head::parse(&bytes).expect_err("a violation").to_string();
            assert!(error.contains(why), "{error}");
        }
        let long = Head::parse(&[0x89, 0xfe, 0, 126, 0, 0, 0, 0]).expect_err("a violation");
        assert!(long.to_string().contains("too long"), "{long}");
    }

    #[test]
    fn a_mask_goes_on_where_the_part_before_ended() {
        let mask = [1, 20, 77, 200];
        let plain: Vec<u8> = (0..100).collect();
        let expected: Vec<u8> = plain.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]).collect();
        for cut in 0..=plain.len() {
            let mut bytes = plain.clone();
            let (first, second) = bytes.split_at_mut(cut);
            apply_mask(first, mask, 0);
            apply_mask(second, mask, cut);
            assert_eq!(bytes, expected, "cut at {cut}");
        }
    }

    #[test]
    fn lengths_are_written_in_their_shortest_form() {
        let head = |opcode, compressed, payload| {
            let mut head = Vec::new();
            append_head(&mut head, opcode, compressed, payload);
            head
        };
        assert_eq!(head(Opcode::Binary, false, 125), [0x82, 125]);
        assert_eq!(head(Opcode::Binary, false, 126), [0x82, 126, 0, 126]);
        assert_eq!(head(Opcode::Binary, false, 65_535), [0x82, 126, 0xff, 0xff]);
        assert_eq!(head(Opcode::Binary, false, 65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(head(Opcode::Text, true, 1), [0xc1, 1]);
    }
}
