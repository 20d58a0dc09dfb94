//! Limits of what a client may put into one packet, and the option values that name them.
//!
//! This file knows texts and numbers. It must never know who sent them or what happens to the sender.

/// What the arguments of one event or acknowledgement may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgumentLimits {
    /// `max_event_name_length`: bytes of an event's name; default 1,024.
    pub max_event_name_length: usize,
    /// `max_arguments`: arguments of one event or acknowledgement; default 1,024.
    pub max_arguments: usize,
    /// `max_json_depth`: how deep arrays and objects of an argument may be nested; default 128, which is more
    /// than `serde_json` decodes into a typed value (127).
    pub max_json_depth: usize,
}

impl Default for ArgumentLimits {
    fn default() -> Self {
        Self { max_event_name_length: 1024, max_arguments: 1024, max_json_depth: 128 }
    }
}

impl ArgumentLimits {
    /// No limits: for what this process wrote itself.
    pub const NONE: Self =
        Self { max_event_name_length: usize::MAX, max_arguments: usize::MAX, max_json_depth: usize::MAX };
}

/// Whether brackets of a JSON text are nested deeper than `limit`. Brackets inside strings are none. The text
/// need not be valid.
pub(crate) fn is_deeper_than(json: &[u8], limit: usize) -> bool {
    // Nearly every message is too short to be that deep, or has too few brackets anywhere.
    if json.len() <= limit || opening_brackets(json) <= limit {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// How many bytes are an opening bracket. Counted in a byte each for as many as that holds: the compiler makes
/// that one instruction for many of them.
fn opening_brackets(json: &[u8]) -> usize {
    // `[` and `{` differ in one bit.
    let count = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    json.chunks(192).map(|bytes| usize::from(count(bytes))).sum()
}

/// The value of `max_packets_per_second`: how many packets of one connection are taken in a second, and what
/// happens to a client that sends more.
///
/// A number is the rate, with as many packets at once as there are in a second. A client that is faster is
/// slowed down: its connection is not read until the next packet may come, nothing is lost, and its
/// heartbeat waits as long.
///
/// ```
/// # use gateway_core::PacketRate;
/// let patient = PacketRate::from(100);
/// let strict = PacketRate::per_second(100).burst(500).or_close();
/// # let _ = (patient, strict);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketRate {
    per_second: u32,
    burst: u32,
    close: bool,
}

impl PacketRate {
    /// So many packets a second, and as many at once.
    pub fn per_second(packets: u32) -> Self {
        Self { per_second: packets, burst: packets, close: false }
    }

    /// So many packets at once, after a time in which fewer came.
    #[must_use]
    pub fn burst(self, packets: u32) -> Self {
        Self { burst: packets, ..self }
    }

    /// A client that is faster is disconnected (`forced close`; plain WebSocket: code 1008) instead of slowed
    /// down.
    #[must_use]
    pub fn or_close(self) -> Self {
        Self { close: true, ..self }
    }

    /// Packets that may come in a second.
    pub fn packets_per_second(&self) -> u32 {
        self.per_second
    }

    /// Packets that may come at once.
    pub fn packets_at_once(&self) -> u32 {
        self.burst
    }

    /// Whether a client that is faster is disconnected.
    pub fn closes(&self) -> bool {
        self.close
    }
}

impl From<u32> for PacketRate {
    fn from(packets: u32) -> Self {
        Self::per_second(packets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        let text = r#"[{"a[[[[":"\"[[[[","b":[1]}]"#.as_bytes();
        assert!(!is_deeper_than(text, 3));
        assert!(is_deeper_than(text, 2));
        assert!(!is_deeper_than(b"[[]][[]][[]]", 2));
        assert!(is_deeper_than(&vec![b'['; 1_000_000], 128));
        assert!(!is_deeper_than(b"]]]]]]]", 1));
        assert_eq!(opening_brackets(&[b'['; 1000]) + opening_brackets(&[b'{'; 500]), 1500);
        let others: Vec<u8> = (0..=u8::MAX).filter(|byte| !matches!(byte, b'[' | b'{')).collect();
        assert_eq!(opening_brackets(&others), 0);
    }
}
