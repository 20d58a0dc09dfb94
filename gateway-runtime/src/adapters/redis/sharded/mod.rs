//! Messages over sharded channels (Redis 7.0), which servers on Node with `createShardedAdapter` of
//! `@socket.io/redis-adapter` 8 understand, and the other way round.
//!
//! It knows names of channels. What the messages do is in `cluster/`.

mod adapter;

use std::sync::Arc;

use bytes::Bytes;
use gateway_core::BroadcastOptions;

#[cfg(test)]
pub(super) use self::adapter::ShardedOptions;
pub use self::adapter::{ShardedRedisAdapter, ShardedRedisAdapterBuilder};
use super::bus::Bus;
use super::classic::wire;
use super::cluster::Carrier;
use super::cluster::message::{Kind, Message};
use super::driver::Topic;

/// Which channels the servers of a cluster use (`subscriptionMode`). All servers of a cluster have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscriptionMode {
    /// Two channels a namespace: every message reaches every server (`static`).
    Static,
    /// And one for each room that is not a socket's own: a broadcast to one room reaches the servers that
    /// have members of it (`dynamic`).
    #[default]
    Dynamic,
    /// And one for each room, those of single sockets included (`dynamic-private`).
    DynamicPrivate,
}

/// Rooms with names as long as a socket's id are taken for the room of one.
fn looks_like_a_socket_id(room: &str) -> bool {
    // As long as in JavaScript.
    room.encode_utf16().count() == 20
}

/// The channels of one server in one namespace.
pub(super) struct ShardedChannels {
    bus: Bus,
    mode: SubscriptionMode,
    common: Arc<str>,
    responses: Arc<str>,
}

impl ShardedChannels {
    pub(super) fn new(bus: Bus, mode: SubscriptionMode, prefix: &str, namespace: &str, uid: &str) -> Self {
        let common: Arc<str> = format!("{prefix}#{namespace}#").into();
        let responses = format!("{common}{uid}#").into();
        Self { bus, mode, common, responses }
    }

    fn of_room(&self, room: &str) -> Arc<str> {
        format!("{}{room}#", self.common).into()
    }

    /// Where a message goes.
    fn channel(&self, message: &Message<'_>, to: Option<&BroadcastOptions>) -> Arc<str> {
        // The answers of all servers are waited for: all must be asked.
        let without_answers = message.r#type == Kind::Broadcast as u8 && message.data.request_id.is_none();
        let Some((room, others)) = to.filter(|_| without_answers).and_then(|to| to.rooms.split_first())
        else {
            return self.common.clone();
        };
        let one_room = others.iter().all(|other| other == room);
        let dynamic = match self.mode {
            SubscriptionMode::Static => false,
            SubscriptionMode::Dynamic => !looks_like_a_socket_id(room),
            SubscriptionMode::DynamicPrivate => true,
        };
        if one_room && dynamic { self.of_room(room) } else { self.common.clone() }
    }
}

impl Carrier for ShardedChannels {
    fn topics(&self) -> Vec<Topic> {
        vec![Topic::Shard(self.common.clone()), Topic::Shard(self.responses.clone())]
    }

    fn follows_rooms(&self) -> bool {
        self.mode != SubscriptionMode::Static
    }

    fn room_topic(&self, room: &str, own: bool) -> Option<Topic> {
        let followed = match self.mode {
            SubscriptionMode::Static => false,
            // Node leaves every own room out, and never reaches a socket whose id is longer or shorter.
            SubscriptionMode::Dynamic => !own || !looks_like_a_socket_id(room),
            SubscriptionMode::DynamicPrivate => true,
        };
        followed.then(|| Topic::Shard(self.of_room(room)))
    }

    fn publish(&self, message: &Message<'_>, attachments: &[Bytes], to: Option<&BroadcastOptions>) {
        self.bus.publish_sharded(self.channel(message, to), wire::encode(message, attachments));
    }

    fn respond(&self, requester: &str, message: &Message<'_>, attachments: &[Bytes]) {
        self.bus.publish_sharded(self.of_room(requester), wire::encode(message, attachments));
    }
}
