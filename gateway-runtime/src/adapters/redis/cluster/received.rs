//! What other servers say, and what it does here.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::FutureExt;
use gateway_core::{Adapter, Arguments, BroadcastAcks, Incoming, Payload, Server, serve};

use super::ClusterAdapter;
use super::message::{Data, Kind, Received, ReceivedData};
use crate::adapters::node_socket;
use crate::adapters::redis::classic::received::{Foreign, first_argument, sockets};
use crate::adapters::redis::classic::wire::{self, Text};
use crate::adapters::redis::pending::Answer;

impl ClusterAdapter {
    /// Takes a whole message, as JSON or as MessagePack.
    pub(super) fn take(&self, message: &Bytes) {
        if self.take_message(message).is_err() {
            self.bus.stats().ignored();
            tracing::debug!(namespace = &*self.namespace, "a message that makes no sense was ignored");
        }
    }

    fn take_message(&self, message: &Bytes) -> Result<(), Foreign> {
        let text = Text::of(message).map_err(|_| Foreign)?;
        let Received { r#type, uid, nsp, data } = text.parse().map_err(|_| Foreign)?;
        let kind = Kind::from_number(r#type).ok_or(Foreign)?;
        if uid == self.uid || nsp != *self.namespace {
            return Ok(());
        }
        let Some(server) = self.server() else { return Ok(()) };
        self.act(&server, kind, &uid, data, &text)
    }

    pub(super) fn act(
        &self,
        server: &Server,
        kind: Kind,
        uid: &str,
        mut data: ReceivedData<'_>,
        text: &Text,
    ) -> Result<(), Foreign> {
        match kind {
            Kind::Broadcast => return self.broadcast_here(server, uid, data, text),
            Kind::SocketsJoin => {
                let to = data.take_options().ok_or(Foreign)?;
                self.memory.add_sockets(&to, &wire::rooms(data.rooms.as_deref().ok_or(Foreign)?));
            }
            Kind::SocketsLeave => {
                let to = data.take_options().ok_or(Foreign)?;
                self.memory.del_sockets(&to, &wire::rooms(data.rooms.as_deref().ok_or(Foreign)?));
            }
            Kind::DisconnectSockets => {
                let to = data.take_options().ok_or(Foreign)?;
                self.disconnect_here(&to, data.close.unwrap_or_default());
            }
            Kind::FetchSockets => {
                let to = data.take_options().ok_or(Foreign)?;
                let id = data.request_id.as_deref().ok_or(Foreign)?;
                // Within this process they are there at once.
                let views = self.memory.fetch_sockets(server, &to).now_or_never().and_then(Result::ok);
                let sockets = views.unwrap_or_default().iter().map(node_socket::describe).collect();
                let answer = Data { request_id: Some(id), sockets: Some(sockets), ..Data::default() };
                self.respond(uid, Kind::FetchSocketsResponse, answer, &[]);
            }
            Kind::ServerSideEmit => return self.server_side_event(server, uid, &data, text),
            Kind::FetchSocketsResponse
            | Kind::ServerSideEmitResponse
            | Kind::BroadcastClientCount
            | Kind::BroadcastAck => return self.take_response(kind, &data, text),
        }
        Ok(())
    }

    fn respond(&self, requester: &str, kind: Kind, data: Data<'_>, attachments: &[Bytes]) {
        self.carrier.respond(requester, &self.message(kind, data), attachments);
    }

    fn broadcast_here(
        &self,
        server: &Server,
        uid: &str,
        mut data: ReceivedData<'_>,
        text: &Text,
    ) -> Result<(), Foreign> {
        let mut to = data.take_options().ok_or(Foreign)?;
        let Some(id) = &data.request_id else {
            if to.rooms.is_empty() || to.rooms.iter().any(|room| self.memory.has_room(room)) {
                let payload = data.event(text.attachments()).ok_or(Foreign)?;
                self.memory.broadcast(server, payload, &to);
            }
            return Ok(());
        };
        let payload = data.event(text.attachments()).ok_or(Foreign)?;
        // Without a limit acknowledgements that never come would be waited for until the clients go.
        to.flags.timeout.get_or_insert(self.requests_timeout);
        let acks = self.memory.broadcast_with_ack(server, payload, &to);
        let count = Data { request_id: Some(id), client_count: Some(acks.expected()), ..Data::default() };
        self.respond(uid, Kind::BroadcastClientCount, count, &[]);
        if let Some(itself) = self.itself.upgrade().filter(|_| acks.expected() > 0) {
            self.bus.spawn(pass_on(itself, uid.to_owned(), id.to_string(), acks));
        }
        Ok(())
    }

    fn server_side_event(
        &self,
        server: &Server,
        uid: &str,
        data: &ReceivedData<'_>,
        text: &Text,
    ) -> Result<(), Foreign> {
        let (name, arguments) = data.packet.and_then(|packet| text.event(packet)).ok_or(Foreign)?;
        let event = match &data.request_id {
            None => Incoming::new(name, arguments),
            Some(id) => {
                let (itself, uid, id) = (self.itself.clone(), uid.to_owned(), id.to_string());
                Incoming::with_ack(name, arguments, move |payload| {
                    let Some(itself) = itself.upgrade() else { return };
                    let value = first_argument(&payload);
                    let answer = Data { request_id: Some(&id), value, ..Data::default() };
                    itself.respond(&uid, Kind::ServerSideEmitResponse, answer, payload.attachments());
                })
            }
        };
        if let Some(rest) = serve::server_side_event(server, event) {
            self.bus.spawn(rest);
        }
        Ok(())
    }

    fn take_response(&self, kind: Kind, data: &ReceivedData<'_>, text: &Text) -> Result<(), Foreign> {
        let id = data.request_id.as_deref().ok_or(Foreign)?;
        let value = || data.packet.map_or_else(Arguments::none, |packet| text.argument(packet));
        match kind {
            Kind::BroadcastClientCount => {
                let count = data.client_count.ok_or(Foreign)?;
                self.pending.acks(id).iter().for_each(|acks| acks.clients(count));
            }
            Kind::BroadcastAck => self.pending.acks(id).iter().for_each(|acks| acks.answer(value())),
            // An answer to something else than was asked is none.
            _ => {
                let (asked, answer) = match kind {
                    Kind::FetchSocketsResponse => {
                        (Kind::FetchSockets, data.sockets.and_then(sockets).map(Answer::Sockets))
                    }
                    _ => (Kind::ServerSideEmit, Some(Answer::Value(value()))),
                };
                match self.pending.kind(id) {
                    None => return Ok(()),
                    Some(kind) if kind != asked => return Err(Foreign),
                    Some(_) => {}
                }
                let answer = answer.unwrap_or_else(|| {
                    self.bus.stats().ignored();
                    Answer::Nothing
                });
                self.pending.answer(id, answer);
            }
        }
        Ok(())
    }
}

/// Passes the acknowledgements of clients on to the server that has asked.
async fn pass_on(adapter: Arc<ClusterAdapter>, requester: String, id: String, mut acks: BroadcastAcks) {
    while let Some(arguments) = acks.next().await {
        // What a client has sent serializes again.
        let Ok(payload) = Payload::arguments(&arguments) else { continue };
        let value = first_argument(&payload);
        let answer = Data { request_id: Some(&id), value, ..Data::default() };
        adapter.respond(&requester, Kind::BroadcastAck, answer, payload.attachments());
    }
}
