//! What other servers say, and what it does here.

use std::sync::Arc;

use futures_util::future::FutureExt;
use gateway_core::{Adapter, BroadcastAcks, BroadcastOptions, Incoming, Payload, Server, Socket, serve};
use serde_json::Value;
use serde_json::value::RawValue;

use super::ClassicAdapter;
use super::wire::{self, Kind, ReceivedRequest, ReceivedResponse, Response, Text};
use crate::adapters::node_socket::{self, NodeSocket};
use crate::adapters::redis::driver::{Delivery, Topic};
use crate::adapters::redis::pending::Answer;

/// A message that makes no sense: another program's, or a mistake.
#[derive(Debug)]
pub(in crate::adapters::redis) struct Foreign;

impl ClassicAdapter {
    /// Takes a message of a channel.
    pub(super) fn take(&self, delivery: &Delivery) {
        let Some(server) = self.server() else { return };
        let result = match &delivery.topic {
            Topic::Pattern(_) => self.take_broadcast(&server, delivery),
            _ if delivery.channel == self.channels.request => self.take_request(&server, delivery),
            _ => self.take_response(delivery),
        };
        if let Err(Foreign) = result {
            self.bus.stats().ignored();
            tracing::debug!(channel = &*delivery.channel, "a message that makes no sense was ignored");
        }
    }

    fn take_broadcast(&self, server: &Server, delivery: &Delivery) -> Result<(), Foreign> {
        let Some(room) = self.channels.room_of(&delivery.channel) else { return Ok(()) };
        if !room.is_empty() && !self.memory.has_room(room) {
            // For nobody here: it is not even decoded.
            return Ok(());
        }
        let broadcast = wire::decode_broadcast(&delivery.message, &self.uid, &self.namespace);
        if let Some(broadcast) = broadcast.map_err(|_| Foreign)? {
            self.memory.broadcast(server, broadcast.payload, &broadcast.to);
        }
        Ok(())
    }

    fn take_request(&self, server: &Server, delivery: &Delivery) -> Result<(), Foreign> {
        let text = Text::of(&delivery.message).map_err(|_| Foreign)?;
        let request: ReceivedRequest<'_> = text.parse().map_err(|_| Foreign)?;
        let kind = Kind::from_number(request.r#type).ok_or(Foreign)?;
        let own = request.uid.as_deref() == Some(&*self.uid);
        if own || request.request_id.as_deref().is_some_and(|id| self.pending.is_own(id)) {
            return Ok(());
        }
        match kind {
            Kind::Sockets => {
                let to = BroadcastOptions {
                    rooms: wire::rooms(request.rooms.as_deref().unwrap_or_default()),
                    ..BroadcastOptions::default()
                };
                let ids = self.memory.local_sockets(&to).iter().map(|socket| socket.id().into()).collect();
                self.respond(&request, Response { sockets: Some(ids), ..Response::default() });
            }
            Kind::AllRooms => {
                // Within this process it is there at once.
                let rooms = self.memory.all_rooms().now_or_never().and_then(Result::ok);
                let rooms = rooms.map(|rooms| rooms.iter().map(|room| (**room).into()).collect());
                self.respond(&request, Response { rooms, ..Response::default() });
            }
            Kind::RemoteFetch => self.tell_sockets(server, request)?,
            Kind::RemoteJoin | Kind::RemoteLeave | Kind::RemoteDisconnect => {
                self.change_sockets(kind, request)?;
            }
            Kind::ServerSideEmit => self.server_side_event(server, &text, &request)?,
            Kind::Broadcast => self.broadcast_and_collect(server, &text, request)?,
            Kind::BroadcastClientCount | Kind::BroadcastAck => return Err(Foreign),
        }
        Ok(())
    }

    /// Answers the one who has asked.
    fn respond(&self, request: &ReceivedRequest<'_>, response: Response<'_>) {
        let response = Response { request_id: request.request_id.as_deref(), ..response };
        self.bus.publish(self.response_channel(request.uid.as_deref()), wire::encode(&response, &[]));
    }

    fn response_channel(&self, uid: Option<&str>) -> Arc<str> {
        match uid {
            Some(uid) if self.options.publish_on_specific_response_channel => self.channels.response_to(uid),
            _ => self.channels.response.clone(),
        }
    }

    fn tell_sockets(&self, server: &Server, request: ReceivedRequest<'_>) -> Result<(), Foreign> {
        let ReceivedRequest { opts, uid, request_id, .. } = request;
        let to = opts.ok_or(Foreign)?.into_options();
        // Within this process they are there at once.
        let views = self.memory.fetch_sockets(server, &to).now_or_never().and_then(Result::ok);
        let sockets = views.map(|views| views.iter().map(node_socket::describe).collect());
        let response = Response { request_id: request_id.as_deref(), sockets, ..Response::default() };
        self.bus.publish(self.response_channel(uid.as_deref()), wire::encode(&response, &[]));
        Ok(())
    }

    fn change_sockets(&self, kind: Kind, mut request: ReceivedRequest<'_>) -> Result<(), Foreign> {
        if let Some(opts) = request.opts.take() {
            let to = opts.into_options();
            let rooms = wire::rooms(request.rooms.as_deref().unwrap_or_default());
            match kind {
                Kind::RemoteJoin => self.memory.add_sockets(&to, &rooms),
                Kind::RemoteLeave => self.memory.del_sockets(&to, &rooms),
                _ => self.memory.disconnect_sockets(&to, request.close.unwrap_or_default()),
            }
            return Ok(());
        }
        // As earlier versions ask: about one socket, and with an answer.
        let sid = request.sid.as_ref().and_then(node_socket::room).ok_or(Foreign)?;
        let Some(socket) = self.socket(&sid) else { return Ok(()) };
        let room = request.room.as_ref().and_then(node_socket::room);
        match (kind, room) {
            (Kind::RemoteJoin, Some(room)) => socket.join(room),
            (Kind::RemoteLeave, Some(room)) => socket.leave(room),
            (Kind::RemoteDisconnect, _) => socket.disconnect(request.close.unwrap_or_default()),
            _ => return Err(Foreign),
        }
        self.respond(&request, Response::default());
        Ok(())
    }

    fn socket(&self, id: &str) -> Option<Socket> {
        let own_room = BroadcastOptions { rooms: vec![id.into()], ..BroadcastOptions::default() };
        self.memory.local_sockets(&own_room).into_iter().find(|socket| socket.id() == id)
    }

    fn server_side_event(
        &self,
        server: &Server,
        text: &Text,
        request: &ReceivedRequest<'_>,
    ) -> Result<(), Foreign> {
        let (name, arguments) = request.data.and_then(|data| text.event(data)).ok_or(Foreign)?;
        let event = match &request.request_id {
            None => Incoming::new(name, arguments),
            Some(id) => {
                let (bus, channel, id) = (self.bus.clone(), self.channels.response.clone(), id.to_string());
                Incoming::with_ack(name, arguments, move |payload| {
                    bus.publish(channel.clone(), answer(Kind::ServerSideEmit, &id, &payload));
                })
            }
        };
        if let Some(rest) = serve::server_side_event(server, event) {
            self.bus.spawn(rest);
        }
        Ok(())
    }

    fn broadcast_and_collect(
        &self,
        server: &Server,
        text: &Text,
        request: ReceivedRequest<'_>,
    ) -> Result<(), Foreign> {
        let ReceivedRequest { uid, request_id, packet, opts, .. } = request;
        let (packet, opts, id) =
            (packet.ok_or(Foreign)?, opts.ok_or(Foreign)?, request_id.ok_or(Foreign)?.into_owned());
        let (name, arguments) = text.event(packet.data).ok_or(Foreign)?;
        let payload = Payload::event(&name, &arguments).map_err(|_| Foreign)?;
        let mut to = opts.into_options();
        // Without a limit acknowledgements that never come would be waited for until the clients go.
        to.flags.timeout.get_or_insert(self.options.requests_timeout);
        let acks = self.memory.broadcast_with_ack(server, payload, &to);
        let channel = self.response_channel(uid.as_deref());
        let count = Response {
            r#type: Some(Kind::BroadcastClientCount as u8),
            request_id: Some(&id),
            client_count: Some(acks.expected()),
            ..Response::default()
        };
        self.bus.publish(channel.clone(), wire::encode(&count, &[]));
        if acks.expected() > 0 {
            self.bus.spawn(pass_on(self.bus.clone(), channel, id, acks));
        }
        Ok(())
    }

    fn take_response(&self, delivery: &Delivery) -> Result<(), Foreign> {
        let text = Text::of(&delivery.message).map_err(|_| Foreign)?;
        let response: ReceivedResponse<'_> = text.parse().map_err(|_| Foreign)?;
        let id = response.request_id.as_deref().ok_or(Foreign)?;
        if let Some(acks) = self.pending.acks(id) {
            match response.r#type.and_then(Kind::from_number) {
                Some(Kind::BroadcastClientCount) => acks.clients(response.client_count.ok_or(Foreign)?),
                Some(Kind::BroadcastAck) => acks.answer(match response.packet {
                    Some(packet) => text.argument(packet),
                    None => gateway_core::Arguments::none(),
                }),
                _ => return Err(Foreign),
            }
            return Ok(());
        }
        // Most answers on the common channel are for others.
        let Some(kind) = self.pending.kind(id) else { return Ok(()) };
        let answer = match kind {
            Kind::RemoteFetch => response.sockets.and_then(sockets).map(Answer::Sockets),
            Kind::AllRooms => response.rooms.map(|rooms| Answer::Rooms(wire::rooms(&rooms))),
            _ => Some(Answer::Value(match response.data {
                Some(data) => text.argument(data),
                None => gateway_core::Arguments::none(),
            })),
        };
        let answer = answer.unwrap_or_else(|| {
            self.bus.stats().ignored();
            Answer::Nothing
        });
        self.pending.answer(id, answer);
        Ok(())
    }
}

pub(in crate::adapters::redis) fn sockets(json: &RawValue) -> Option<Vec<NodeSocket>> {
    let sockets: Vec<Value> = serde_json::from_str(json.get()).ok()?;
    sockets.into_iter().map(|socket| serde_json::from_value(socket).ok()).collect()
}

/// Passes the acknowledgements of clients on to the server that has asked.
async fn pass_on(
    bus: crate::adapters::redis::bus::Bus,
    channel: Arc<str>,
    id: String,
    mut acks: BroadcastAcks,
) {
    while let Some(arguments) = acks.next().await {
        // What a client has sent serializes again.
        let Ok(payload) = Payload::arguments(&arguments) else { continue };
        let first = first_argument(&payload);
        let response = Response {
            r#type: Some(Kind::BroadcastAck as u8),
            request_id: Some(&id),
            packet: first,
            ..Response::default()
        };
        bus.publish(channel.clone(), wire::encode_packed(&response, payload.attachments()));
    }
}

/// The answer to an event of the servers' own.
fn answer(kind: Kind, id: &str, payload: &Payload) -> Vec<u8> {
    let data = first_argument(payload);
    let response = Response { r#type: Some(kind as u8), request_id: Some(id), data, ..Response::default() };
    wire::encode(&response, payload.attachments())
}

/// Between servers an answer is one value.
pub(in crate::adapters::redis) fn first_argument(payload: &Payload) -> Option<&RawValue> {
    serde_json::from_slice::<Vec<&RawValue>>(payload.json()).ok()?.first().copied()
}
