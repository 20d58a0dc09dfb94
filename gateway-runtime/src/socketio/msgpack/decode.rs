//! From a MessagePack packet to JSON and attachments: what the text form of the same packet would have been.

use bytes::Bytes;

use super::super::codec::{Packet, PacketError, PacketKind, PacketLimits};
use crate::msgpack::{Item, Items, Json, Limits, MessagePackError};

impl From<MessagePackError> for PacketError {
    fn from(error: MessagePackError) -> Self {
        match error {
            MessagePackError::TooDeep => Self::TooDeep,
            MessagePackError::TooManyAttachments => Self::TooManyAttachments,
            MessagePackError::AttachmentsTooLarge => Self::AttachmentsTooLarge,
            _ => Self::MsgPack,
        }
    }
}

/// Decodes a packet. Its binary values share the buffer that it came in.
pub(crate) fn decode(frame: &Bytes, limits: &PacketLimits) -> Result<(Packet, Vec<Bytes>), PacketError> {
    let members = members(frame)?;
    let kind = match members.kind.and_then(Item::integer) {
        Some(0) => PacketKind::Connect,
        Some(1) => PacketKind::Disconnect,
        Some(2) => PacketKind::Event,
        Some(3) => PacketKind::Ack,
        Some(4) => PacketKind::ConnectError,
        _ => return Err(PacketError::Kind),
    };
    let Some(Item::Text(namespace)) = members.namespace else { return Err(PacketError::Namespace) };
    let ack = match members.ack {
        None | Some(Item::Undefined) => None,
        Some(id) => Some(id.integer().ok_or(PacketError::AckId)?),
    };
    let first = match &members.data {
        Some(data) => data.clone().item()?,
        None => Item::Undefined,
    };
    let valid = match kind {
        PacketKind::Connect => matches!(first, Item::Undefined | Item::Map(_)),
        PacketKind::Disconnect => matches!(first, Item::Undefined),
        PacketKind::Event | PacketKind::Ack => matches!(first, Item::Array(_)),
        PacketKind::ConnectError => matches!(first, Item::Text(_) | Item::Map(_)),
    };
    if !valid {
        return Err(PacketError::Payload);
    }
    let (mut out, mut attachments) = (Vec::new(), Vec::new());
    let may_hold = Limits {
        // The array of the arguments comes on top.
        depth: limits.arguments.max_json_depth.saturating_add(1),
        attachments: limits.max_attachments,
        attachments_bytes: limits.max_attachments_bytes,
    };
    let mut json = Json::new(frame, may_hold, &mut out, &mut attachments);
    if let Some(mut data) = members.data
        && first != Item::Undefined
    {
        json.value(&mut data)?;
    }
    let (look_alike, bytes) = (json.has_look_alike(), json.binary_bytes());
    // A few bytes must not keep a large frame alive: then they are copied.
    if bytes < frame.len() / 2 {
        for value in &mut attachments {
            *value = Bytes::copy_from_slice(value);
        }
    }
    if look_alike && !attachments.is_empty() {
        // It would be taken for one of the binary values.
        return Err(PacketError::LookAlike);
    }
    let namespace = match namespace {
        b"/" => None,
        text if std::str::from_utf8(text).is_ok() => Some(frame.slice_ref(text)),
        text => Some(String::from_utf8_lossy(text).into_owned().into()),
    };
    Ok((Packet::of_parts(kind, namespace, ack, out.into()), attachments))
}

/// The members of a packet.
#[derive(Default)]
struct Members<'f> {
    kind: Option<Item<'f>>,
    namespace: Option<Item<'f>>,
    ack: Option<Item<'f>>,
    /// At the beginning of the value, which is whole.
    data: Option<Items<'f>>,
}

fn members(frame: &[u8]) -> Result<Members<'_>, PacketError> {
    let mut reader = Items::new(frame);
    let Item::Map(pairs) = reader.item()? else { return Err(PacketError::MsgPack) };
    let mut members = Members::default();
    for _ in 0..pairs {
        let key = reader.clone().item()?;
        reader.skip()?;
        let value = reader.clone();
        reader.skip()?;
        // The last of two equal keys counts, as in JavaScript.
        match key {
            Item::Text(b"type") => members.kind = Some(value.clone().item()?),
            Item::Text(b"nsp") => members.namespace = Some(value.clone().item()?),
            Item::Text(b"id") => members.ack = Some(value.clone().item()?),
            Item::Text(b"data") => members.data = Some(value),
            _ => {}
        }
    }
    if reader.is_at_end() { Ok(members) } else { Err(PacketError::MsgPack) }
}
