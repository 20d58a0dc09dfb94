//! WebSocket frames, as a client needs them that must cost less than any server: frames are written with the mask 0, which is
//! legal and leaves the bytes as they are, and what comes is scanned by headers. It must never know what messages mean.

use anyhow::{Result, bail};

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// The end of the connection.
    Close,
    /// To be answered with a pong.
    Ping,
    /// Nobody has asked for it.
    Pong,
}

impl Opcode {
    const fn bits(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }
}

/// Appends a frame of a client.
///
/// # Panics
/// Never: a length of 64 bits holds every slice.
pub(crate) fn write(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    const MASKED: u8 = 0x80;
    out.push(0x80 | opcode.bits());
    match payload.len() {
        length @ 0..126 => out.push(MASKED | u8::try_from(length).expect("below 126")),
        length @ 126..65_536 => {
            out.push(MASKED | 126);
            out.extend(u16::try_from(length).expect("below 65,536").to_be_bytes());
        }
        length => {
            out.push(MASKED | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(payload);
}

/// A frame that has come whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// What it is.
    pub(crate) opcode: Opcode,
    /// Its bytes.
    pub(crate) payload: &'a [u8],
    /// How many bytes of the input it was.
    pub(crate) length: usize,
}

/// The frame at the start of `input`, or `None` if it has not come whole.
///
/// # Errors
/// For what no peer here may send to us: masked, fragmented or compressed frames, and unknown opcodes.
pub(crate) fn scan(input: &[u8]) -> Result<Option<Frame<'_>>> {
    let &[first, second, ..] = input else { return Ok(None) };
    let (head, length): (usize, usize) = match second {
        126 => {
            let Some(bytes) = input.get(2..4) else { return Ok(None) };
            (4, usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
        }
        127 => {
            let Some(bytes) = input.get(2..10) else { return Ok(None) };
            let bytes = <[u8; 8]>::try_from(bytes)?;
            (10, usize::try_from(u64::from_be_bytes(bytes))?)
        }
        length if length < 126 => (2, usize::from(length)),
        _ => bail!("a masked frame from the server"),
    };
    let opcode = match first {
        0x81 => Opcode::Text,
        0x82 => Opcode::Binary,
        0x88 => Opcode::Close,
        0x89 => Opcode::Ping,
        0x8A => Opcode::Pong,
        _ => bail!("a frame that opens with {first:#04x}: fragmented, compressed or unknown"),
    };
    let Some(end) = head.checked_add(length) else { bail!("a frame of {length} bytes") };
    Ok(input.get(head..end).map(|payload| Frame { opcode, payload, length: end }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server sends: without mask.
    fn of_server(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let mut masked = Vec::new();
        write(opcode, payload, &mut masked);
        let head = masked.len() - payload.len() - 4;
        masked[1] &= 0x7F;
        masked.drain(head..head + 4);
        masked
    }

    #[test]
    fn frames_of_each_length_come_back() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 500_000] {
            let payload = vec![b'x'; length];
            let bytes = of_server(Opcode::Text, &payload);
            let frame = scan(&bytes).unwrap().expect("it is whole");
            assert_eq!(
                (frame.opcode, frame.payload.len(), frame.length),
                (Opcode::Text, length, bytes.len())
            );
        }
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_waited_for() {
        for length in [0, 5, 126, 70_000] {
            let bytes = of_server(Opcode::Binary, &vec![7; length]);
            for cut in (0..bytes.len().min(20)).chain([bytes.len() - 1]) {
                assert_eq!(scan(&bytes[..cut]).unwrap(), None, "{cut} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn several_frames_are_taken_one_by_one() {
        let mut bytes = of_server(Opcode::Text, b"one");
        bytes.extend(of_server(Opcode::Ping, b""));
        bytes.extend(of_server(Opcode::Binary, b"three"));
        let mut seen = Vec::new();
        let mut at = 0;
        while let Some(frame) = scan(&bytes[at..]).unwrap() {
            seen.push((frame.opcode, frame.payload.to_vec()));
            at += frame.length;
        }
        assert_eq!(at, bytes.len());
        assert_eq!(
            seen,
            [
                (Opcode::Text, b"one".to_vec()),
                (Opcode::Ping, Vec::new()),
                (Opcode::Binary, b"three".to_vec())
            ]
        );
    }

    #[test]
    fn what_a_server_may_not_send_is_an_error() {
        for bytes in [[0x81, 0x81, 0, 0], [0x01, 1, 0, 0], [0xC1, 1, 0, 0], [0x83, 1, 0, 0]] {
            assert!(scan(&bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_frame_of_a_client_is_masked_with_zeros() {
        let mut bytes = Vec::new();
        write(Opcode::Text, b"hi", &mut bytes);
        assert_eq!(bytes, [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    }
}
