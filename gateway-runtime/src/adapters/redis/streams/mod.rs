//! Messages over streams (Redis 5.0), which servers on Node with `@socket.io/redis-streams-adapter` 0.3 understand, and the
//! other way round.
//!
//! It knows names of streams, channels and keys, and how entries look. What the messages do is in `cluster/`.

mod adapter;
pub(super) mod entry;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use gateway_core::BroadcastOptions;

pub(super) use self::adapter::StreamsOptions;
pub use self::adapter::{RedisStreamsAdapter, RedisStreamsAdapterBuilder};
use super::bus::Bus;
use super::classic::wire;
use super::cluster::Carrier;
use super::cluster::message::{Kind, Message};
use super::driver::{Addition, EntryId, Outgoing, Publication, Topic};

/// The stream and the channels of one server in one namespace.
pub(super) struct StreamLog {
    bus: Bus,
    options: Arc<StreamsOptions>,
    name: Arc<str>,
    uid: Arc<str>,
    common: Arc<str>,
    responses: Arc<str>,
    /// The key of the last entry.
    keys: AtomicU64,
}

impl StreamLog {
    pub(super) fn new(bus: Bus, options: Arc<StreamsOptions>, namespace: &str, uid: &str) -> Self {
        let common: Arc<str> = format!("{}#{namespace}#", options.channel_prefix).into();
        let responses = format!("{common}{uid}#").into();
        let name = entry::stream_of(namespace, &options.stream_name, options.stream_count).into();
        Self { bus, options, name, uid: uid.into(), common, responses, keys: AtomicU64::new(0) }
    }

    /// The stream.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) fn options(&self) -> &StreamsOptions {
        &self.options
    }

    /// Where a session is kept.
    pub(super) fn session_key(&self, pid: &str) -> Arc<str> {
        format!("{}{pid}", self.options.session_key_prefix).into()
    }

    /// A key that no other entry of this server has; those of later ones are greater.
    pub(super) fn next_key(&self) -> u64 {
        self.keys.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a message under its key. `early` says after which entry clients of this server got it, if they did not
    /// wait for it to be read. False if there is no room for it.
    pub(super) fn append(
        &self,
        key: u64,
        message: &Message<'_>,
        attachments: &[Bytes],
        early: Option<EntryId>,
    ) -> bool {
        let mut fields = entry::fields(message, attachments, self.options.only_plaintext);
        fields.extend(early.map(|base| ("early", base.to_string().into())));
        self.add(key, fields, true)
    }

    /// Tells of entries that are on their way that clients of this server have got them, after the entry `base`.
    pub(super) fn note_early(&self, from: u64, to: u64, base: EntryId) {
        let fields = vec![
            ("early", base.to_string().into()),
            ("early_from", from.to_string().into()),
            ("early_to", to.to_string().into()),
        ];
        // Without room for it a client that breaks in this outage may get something twice.
        let _ = self.add(self.next_key(), fields, false);
    }

    fn add(&self, key: u64, fields: Vec<(&'static str, Bytes)>, counts: bool) -> bool {
        let (stream, uid, max_len) = (self.name.clone(), self.uid.clone(), self.options.max_len);
        self.bus.send(Outgoing::Add(Addition { stream, max_len, uid, key, fields, counts }))
    }

    fn publish_to(&self, channel: Arc<str>, message: &Message<'_>, attachments: &[Bytes]) {
        let message = wire::encode_packed(message, attachments).into();
        let sharded = self.options.use_sharded_pub_sub;
        self.bus.put(Publication { channel, message, sharded });
    }

    fn topic(&self, channel: &Arc<str>) -> Topic {
        if self.options.use_sharded_pub_sub {
            Topic::Shard(channel.clone())
        } else {
            Topic::Channel(channel.clone())
        }
    }
}

/// What is for nobody but those who are there now (`isEphemeral`).
fn is_ephemeral(message: &Message<'_>) -> bool {
    let kind = message.r#type;
    let with_ack = kind == Kind::Broadcast as u8 && message.data.request_id.is_some();
    with_ack || kind == Kind::ServerSideEmit as u8 || kind == Kind::FetchSockets as u8
}

impl Carrier for StreamLog {
    fn topics(&self) -> Vec<Topic> {
        vec![self.topic(&self.common), self.topic(&self.responses)]
    }

    fn follows_rooms(&self) -> bool {
        false
    }

    fn room_topic(&self, _: &str, _: bool) -> Option<Topic> {
        None
    }

    fn publish(&self, message: &Message<'_>, attachments: &[Bytes], _: Option<&BroadcastOptions>) {
        if is_ephemeral(message) {
            self.publish_to(self.common.clone(), message, attachments);
        } else {
            // What was dropped is counted.
            let _ = self.append(self.next_key(), message, attachments, None);
        }
    }

    fn respond(&self, requester: &str, message: &Message<'_>, attachments: &[Bytes]) {
        self.publish_to(format!("{}{requester}#", self.common).into(), message, attachments);
    }

    fn stream(&self) -> Option<&StreamLog> {
        Some(self)
    }
}
