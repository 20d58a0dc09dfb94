//! From JSON and attachments to a MessagePack packet, in the smallest forms, as `notepack.io` writes them.
//!
//! Writing to a `Vec` does not fail, so the results of `rmp` are dropped.

use bytes::Bytes;
use rmp::encode;

use crate::msgpack::from_json;

/// What a packet says besides its data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'h> {
    /// 0 to 4.
    pub(crate) kind: u8,
    pub(crate) namespace: &'h str,
    pub(crate) id: Option<u64>,
}

/// Writes a packet; an empty `json` is no data.
pub(crate) fn encode(header: Header<'_>, json: &[u8], attachments: &[Bytes]) -> Vec<u8> {
    let bytes: usize = attachments.iter().map(Bytes::len).sum();
    let mut out = Vec::with_capacity(40 + header.namespace.len() + json.len() + bytes);
    let pairs = 2 + u8::from(!json.is_empty()) + u8::from(header.id.is_some());
    out.push(0x80 | pairs);
    text(&mut out, "type");
    let _ = encode::write_uint(&mut out, header.kind.into());
    if !json.is_empty() {
        text(&mut out, "data");
        from_json(json, attachments, &mut out);
    }
    if let Some(id) = header.id {
        text(&mut out, "id");
        let _ = encode::write_uint(&mut out, id);
    }
    text(&mut out, "nsp");
    text(&mut out, header.namespace);
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    let _ = encode::write_str(out, text);
}
