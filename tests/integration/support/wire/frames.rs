//! WebSocket frames as they stand on the wire (RFC 6455, 5.2), right ones and wrong ones.

/// The opcode of a text frame.
const TEXT: u8 = 1;

/// How a frame is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags {
    /// The last frame of its message.
    pub(crate) fin: bool,
    /// The three reserved bits, as a number.
    pub(crate) rsv: u8,
    /// What it is: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub(crate) op: u8,
    /// Whether the payload is masked, as that of a client must be.
    pub(crate) mask: bool,
    /// The length that it announces, if that is not the true one.
    pub(crate) len: Option<u64>,
    /// The form of the length: 7, 16 or 64 bits; 0 for the shortest that fits.
    pub(crate) bits: u8,
}

impl Default for Flags {
    fn default() -> Self {
        Self { fin: true, rsv: 0, op: TEXT, mask: true, len: None, bits: 0 }
    }
}

impl Flags {
    /// Reads `fin=0,op=9,rsv=4,mask=0,len=126,bits=64`; what is not named has its default.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut flags = Self::default();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is no flag"))?;
            let number: u64 = value.parse().map_err(|_| format!("`{value}` is no number"))?;
            let small = u8::try_from(number).unwrap_or(u8::MAX);
            match name {
                "fin" => flags.fin = number != 0,
                "rsv" => flags.rsv = small,
                "op" => flags.op = small,
                "mask" => flags.mask = number != 0,
                "len" => flags.len = Some(number),
                "bits" => flags.bits = small,
                _ => return Err(format!("no flag is called `{name}`")),
            }
        }
        Ok(flags)
    }
}

/// Writes a frame.
pub(crate) fn encode(flags: Flags, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let length = flags.len.unwrap_or(payload.len() as u64);
    let bits = match flags.bits {
        0 if length < 126 => 7,
        0 if length < 1 << 16 => 16,
        0 => 64,
        chosen => chosen,
    };
    let masked = u8::from(flags.mask) << 7;
    let mut frame = vec![(u8::from(flags.fin) << 7) | (flags.rsv << 4) | (flags.op & 15)];
    let be = length.to_be_bytes();
    match bits {
        7 => frame.push(masked | (be[7] & 127)),
        16 => frame.extend([masked | 126, be[6], be[7]]),
        _ => {
            frame.push(masked | 127);
            frame.extend(be);
        }
    }
    if flags.mask {
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    } else {
        frame.extend(payload);
    }
    frame
}

/// A frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Its opcode.
    pub(crate) op: u8,
    /// Its payload.
    pub(crate) payload: Vec<u8>,
}

/// Takes frames out of what a server sent, which must be whole, unmasked and without reserved bits.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    /// What came and was not taken yet.
    pub(crate) buffer: Vec<u8>,
}

impl FrameReader {
    /// The next frame; `None` if more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, String> {
        let [first, second, ..] = self.buffer[..] else { return Ok(None) };
        if first & 0xf0 != 0x80 || second & 0x80 != 0 {
            return Err(format!("a server's frame must be whole and unmasked, not {first:02x} {second:02x}"));
        }
        let (header, length) = match second {
            126 => (4, self.number(2, 2)),
            127 => (10, self.number(2, 8)),
            length => (2, Some(usize::from(length))),
        };
        match length {
            Some(length) if self.buffer.len() >= header + length => {
                let payload = self.buffer[header..header + length].to_vec();
                self.buffer.drain(..header + length);
                Ok(Some(Frame { op: first & 15, payload }))
            }
            _ => Ok(None),
        }
    }

    fn number(&self, from: usize, length: usize) -> Option<usize> {
        let bytes = self.buffer.get(from..from + length)?;
        Some(bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }
}
