//! One Socket.IO connection: which namespaces it has joined, and what its packets mean.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use gateway_core::{
    Arguments, ConnectError, DisconnectReason, Handshake, NamedArguments, ParseArgumentsError, RequestHead,
    Session, Socket, serve, telemetry,
};
use serde_json::Value;
use tokio::time::Sleep;

use super::codec::{self, Packet, PacketError, PacketKind};
use super::decoder::{Decoded, Decoder};
use super::encoder;
use super::mailbox::{ConnectionLink, Request};
use super::namespaces::{Lease, Lookup};
use super::recovery::{self, Restored};
use super::server::SocketIoServer;
use super::version_2;
use crate::client::{Candidate, ClientKey, PacketBucket, TooFast, Workload, disconnect_reason};
use crate::engine::{CloseReason, Connection, Revision, generate_id};

/// How a session ends whose client sent what is no packet, or what clients must not send. The reference
/// server keeps `parse error` for packets of Engine.IO.
const MALFORMED: CloseReason = CloseReason::ForcedClose;

/// A namespace that the client is in.
struct Joined {
    socket: Socket,
    /// Keeps the namespace.
    _entry: Lease,
    key: ClientKey,
}

/// A client that middlewares and guards decide on.
struct Joining {
    candidate: Candidate,
    entry: Lease,
    restored: Option<Restored>,
    decision: BoxFuture<'static, Result<(), ConnectError>>,
}

/// A client of which it is not known yet whether its namespace exists, or whether it comes back to one.
struct Asking {
    name: Box<str>,
    auth: Option<Value>,
    lookup: BoxFuture<'static, Result<(Lease, Option<Restored>), ConnectError>>,
}

/// The protocol object of one session.
pub(crate) struct SocketIoConnection {
    server: Arc<SocketIoServer>,
    link: Arc<ConnectionLink>,
    request: Arc<RequestHead>,
    joined: Vec<Joined>,
    joining: Vec<Joining>,
    asking: Vec<Asking>,
    workload: Workload,
    decoder: Decoder,
    /// `None` without `max_packets_per_second`.
    packet_rate: Option<Box<PacketBucket>>,
    /// Runs until the client has joined its first namespace.
    connect_timeout: Option<Pin<Box<Sleep>>>,
}

impl SocketIoConnection {
    pub(super) fn new(
        server: Arc<SocketIoServer>,
        link: Arc<ConnectionLink>,
        request: Arc<RequestHead>,
    ) -> Self {
        let connect_timeout = Some(Box::pin(tokio::time::sleep(server.config().connect_timeout)));
        let workload = Workload::new(server.config().handlers);
        let (joined, joining, asking) = (Vec::new(), Vec::new(), Vec::new());
        let decoder = Decoder::new(link.parser());
        let packet_rate = server.config().packet_rate.map(PacketBucket::new);
        Self {
            server,
            link,
            request,
            joined,
            joining,
            asking,
            workload,
            decoder,
            packet_rate,
            connect_timeout,
        }
    }

    /// Takes the part of a packet; attachments belong to the packet that was counted.
    fn count_packet(&mut self, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if self.decoder.is_between_packets()
            && let Some(rate) = &mut self.packet_rate
        {
            rate.take(cx).map_err(|TooFast| CloseReason::ForcedClose)?;
        }
        Ok(())
    }

    fn decoded(
        &mut self,
        decoded: Result<Decoded, PacketError>,
        cx: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        match decoded.map_err(no_packet)? {
            Some((packet, attachments)) => self.packet(packet, attachments, cx),
            None => {
                // The time for the attachments runs from here.
                self.decoder.poll(&self.server.config().packets, false, cx).map_err(no_packet)
            }
        }
    }

    fn packet(
        &mut self,
        packet: Packet,
        attachments: Vec<Bytes>,
        cx: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let name =
            if self.is_version_2() { version_2::split(packet.namespace()).0 } else { packet.namespace() };
        let position = self.joined.iter().position(|joined| joined.socket.nsp().name() == name);
        match (packet.kind, position) {
            (PacketKind::Connect, None) => self.connect(&packet, cx),
            (PacketKind::Event, Some(position)) => self.event(position, packet, attachments, cx),
            (PacketKind::Ack, Some(position)) => self.ack(position, packet, attachments),
            (PacketKind::Disconnect, Some(position)) => {
                self.leave(position, DisconnectReason::ClientNamespaceDisconnect, cx);
                Ok(())
            }
            // A packet for a namespace that it has not joined, a second CONNECT, a packet that only
            // servers send: the reference server closes the connection.
            _ => Err(CloseReason::ForcedClose),
        }
    }

    /// Whether the client is one of Socket.IO 2.
    fn is_version_2(&self) -> bool {
        self.link.session().revision() == Revision::V3
    }

    fn connect(&mut self, packet: &Packet, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if self.is_version_2() {
            let (name, query) = version_2::split(packet.namespace());
            return self.join(name, query.map(version_2::auth), cx);
        }
        let auth = if packet.json().is_empty() {
            None
        } else {
            Some(serde_json::from_slice::<Value>(packet.json()).map_err(|_| MALFORMED)?)
        };
        self.join(packet.namespace(), auth, cx)
    }

    fn join(&mut self, name: &str, auth: Option<Value>, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if self.joining.iter().any(|joining| joining.candidate.socket().nsp().name() == name)
            || self.asking.iter().any(|asking| &*asking.name == name)
        {
            return Err(CloseReason::ForcedClose);
        }
        let namespaces = self.joined.len() + self.joining.len() + self.asking.len();
        if namespaces >= self.server.config().namespaces.max_per_connection {
            telemetry::limit_exceeded("max_namespaces_per_connection");
            self.refuse(name, &ConnectError::new("too many namespaces on one connection"));
            return Ok(());
        }
        let lookup = match self.server.lookup(name, auth.as_ref().unwrap_or(&Value::Null)) {
            Lookup::Refused(error) => {
                self.refuse(name, &error);
                return Ok(());
            }
            Lookup::Found(entry) if !recovery::is_wanted(entry.server(), auth.as_ref()) => {
                return self.found(entry, None, auth, cx);
            }
            Lookup::Found(entry) => ready(Ok(entry)).boxed(),
            Lookup::Asking(lookup) => lookup,
        };
        // Half of the outbox, so that what comes meanwhile fits as well.
        let limit = self.link.session().max_outbox_bytes() / 2;
        let lookup = recovery::with_session(lookup, auth.clone(), limit).boxed();
        self.asking.push(Asking { name: name.into(), auth, lookup });
        self.poll_asking(cx)
    }

    fn refuse(&self, namespace: &str, error: &ConnectError) {
        let refusal = encoder::connect_error(self.link.parser(), namespace, error);
        self.link.session().send(refusal, false);
    }

    fn poll_asking(&mut self, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        let mut index = 0;
        while index < self.asking.len() {
            let Poll::Ready(found) = self.asking[index].lookup.as_mut().poll(cx) else {
                index += 1;
                continue;
            };
            let Asking { name, auth, .. } = self.asking.remove(index);
            match found {
                Ok((entry, restored)) => self.found(entry, restored, auth, cx)?,
                Err(error) => self.refuse(&name, &error),
            }
        }
        Ok(())
    }

    fn found(
        &mut self,
        entry: Lease,
        restored: Option<Restored>,
        auth: Option<Value>,
        cx: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let handshake = Handshake::new(self.request.clone(), auth);
        let (server, link) = (entry.server().clone(), self.link.clone());
        // Clients of Socket.IO 2 know nothing of it.
        let may_come_back = serve::recovery(&server).filter(|_| !self.is_version_2()).cloned();
        let former = restored.as_ref().and_then(Restored::session);
        let socket = if let Some(former) = former {
            serve::recoverable_socket(&former.session, true, server, handshake, link)
        } else {
            let Some(id) = self.socket_id(server.name()) else { return Err(no_random_ids()) };
            if may_come_back.is_some() {
                let Ok(pid) = generate_id() else { return Err(no_random_ids()) };
                serve::recoverable_socket(&Session::new(id, pid), false, server, handshake, link)
            } else {
                serve::socket(id.into(), server, handshake, link)
            }
        };
        let skips =
            restored.is_some() && may_come_back.is_some_and(|recovery| recovery.options().skip_middlewares);
        let admission = if skips { None } else { entry.admission(&socket) };
        match admission {
            None => self.admitted(socket, entry, restored, cx),
            Some(decision) => {
                self.joining.push(Joining { candidate: Candidate::new(socket), entry, restored, decision });
                self.poll_joining(cx);
            }
        }
        Ok(())
    }

    /// The session's id is never a socket's, which others may see: whoever knows it can take part in
    /// the session. Clients of Socket.IO 2 leave no choice.
    fn socket_id(&self, namespace: &str) -> Option<String> {
        if self.is_version_2() {
            Some(version_2::socket_id(self.link.session().id(), namespace))
        } else {
            generate_id().ok()
        }
    }

    fn poll_joining(&mut self, cx: &mut Context<'_>) {
        let mut index = 0;
        while index < self.joining.len() {
            let Poll::Ready(decision) = self.joining[index].decision.as_mut().poll(cx) else {
                index += 1;
                continue;
            };
            let Joining { candidate, entry, restored, .. } = self.joining.remove(index);
            match decision {
                Ok(()) => self.admitted(candidate.admitted(), entry, restored, cx),
                Err(error) => {
                    entry.handler().refused();
                    let refuse =
                        if self.is_version_2() { version_2::connect_error } else { encoder::connect_error };
                    let refusal = refuse(self.link.parser(), candidate.socket().nsp().name(), &error);
                    self.link.session().send(refusal, false);
                }
            }
        }
    }

    fn admitted(&mut self, socket: Socket, entry: Lease, restored: Option<Restored>, cx: &mut Context<'_>) {
        self.connect_timeout = None;
        entry.enter();
        // The client must not see an event before it is connected: it is queued before broadcasts of
        // other threads can reach the socket, and written after this turn of the session.
        let (parser, name) = (self.link.parser(), socket.nsp().name());
        let connected = if self.is_version_2() {
            version_2::connected(parser, name)
        } else {
            encoder::connected(parser, name, socket.id(), serve::pid(&socket))
        };
        let session = self.link.session();
        if let Some(restored) = restored.and_then(Restored::take) {
            let resumed = serve::resume(&socket, restored, |missed| {
                missed.into_iter().for_each(|event| session.send(event, false));
                session.send(connected.clone(), false);
            });
            if !resumed {
                // What it has missed was dropped while middlewares decided, or it was disconnected: it comes again as a
                // new client.
                serve::forget_listeners(&socket);
                session.close(CloseReason::ForcedServerClose);
                return;
            }
        } else {
            session.send(connected, false);
            serve::connect(&socket);
        }
        let key = self.workload.join(socket.clone(), entry.handler(), cx);
        self.joined.push(Joined { socket, _entry: entry, key });
    }

    fn event(
        &mut self,
        position: usize,
        packet: Packet,
        attachments: Vec<Bytes>,
        cx: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let Joined { socket, key, .. } = &self.joined[position];
        let limits = &self.server.config().packets.arguments;
        let ack = packet.ack;
        let event = NamedArguments::parse(limits, packet.into_json(), attachments).map_err(no_arguments)?;
        if codec::is_reserved(event.name_bytes()) {
            return Err(MALFORMED);
        }
        // As in Node, a client that the server has disconnected is not heard any more.
        if socket.connected() {
            self.workload.event(*key, event, ack, cx);
        }
        Ok(())
    }

    fn ack(&self, position: usize, packet: Packet, attachments: Vec<Bytes>) -> Result<(), CloseReason> {
        let limits = &self.server.config().packets.arguments;
        let ack = packet.ack;
        let arguments = Arguments::parse_acknowledgement_within(limits, &packet.into_json(), attachments);
        let arguments = arguments.map_err(no_arguments)?;
        if let Some(id) = ack {
            serve::resolve_ack(&self.joined[position].socket, id, arguments);
        }
        Ok(())
    }

    fn leave(&mut self, position: usize, reason: DisconnectReason, cx: &mut Context<'_>) {
        // The place in the namespace is given up last: with it a child namespace may go.
        let Joined { socket, _entry, key } = self.joined.remove(position);
        serve::disconnect(&socket, &reason);
        self.workload.leave(key, reason, cx);
    }

    /// Disconnects every namespace, as `disconnect(true)` does.
    fn leave_all(&mut self, cx: &mut Context<'_>) {
        while let Some(joined) = self.joined.last() {
            self.link
                .session()
                .send(encoder::disconnected(self.link.parser(), joined.socket.nsp().name()), false);
            self.leave(self.joined.len() - 1, DisconnectReason::ServerNamespaceDisconnect, cx);
        }
    }
}

fn no_packet(error: PacketError) -> CloseReason {
    tracing::debug!(%error, "a client sent what is no packet");
    if let Some(limit) = error.limit() {
        telemetry::limit_exceeded(limit);
    }
    MALFORMED
}

fn no_arguments(error: ParseArgumentsError) -> CloseReason {
    tracing::debug!(%error, "a client sent arguments that are none");
    if let Some(limit) = error.limit() {
        telemetry::limit_exceeded(limit);
    }
    MALFORMED
}

fn no_random_ids() -> CloseReason {
    tracing::error!("the system's random generator failed: a client could not connect");
    CloseReason::TransportError
}

impl Connection for SocketIoConnection {
    fn on_text(&mut self, text: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        self.count_packet(cx)?;
        let decoded = self.decoder.text(text, &self.server.config().packets);
        self.decoded(decoded, cx)
    }

    fn on_binary(&mut self, bytes: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        self.count_packet(cx)?;
        let decoded = self.decoder.binary(bytes, &self.server.config().packets);
        self.decoded(decoded, cx)
    }

    fn poll_work(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        for request in self.link.clone().take_requests(cx) {
            match request {
                Request::Left(socket) => {
                    if let Some(position) = self.joined.iter().position(|joined| joined.socket == socket) {
                        self.leave(position, DisconnectReason::ServerNamespaceDisconnect, cx);
                    }
                }
                Request::ConnectMain => {
                    if let Err(reason) = self.join("/", None, cx) {
                        return Some(reason);
                    }
                }
                Request::Close => {
                    self.leave_all(cx);
                    return Some(CloseReason::ForcedServerClose);
                }
            }
        }
        if !self.asking.is_empty()
            && let Err(reason) = self.poll_asking(cx)
        {
            return Some(reason);
        }
        if !self.joining.is_empty() {
            self.poll_joining(cx);
        }
        self.workload.poll(cx);
        if let Some(rate) = &mut self.packet_rate {
            rate.poll(cx);
        }
        let paused = self.is_saturated();
        if let Err(error) = self.decoder.poll(&self.server.config().packets, paused, cx) {
            return Some(no_packet(error));
        }
        let timeout = self.connect_timeout.as_mut()?;
        if timeout.as_mut().poll(cx).is_pending() {
            return None;
        }
        self.connect_timeout = None;
        telemetry::limit_exceeded("connect_timeout");
        tracing::debug!("a client joined no namespace within `connect_timeout`");
        Some(CloseReason::ForcedClose)
    }

    fn on_upgrade(&mut self, cx: &mut Context<'_>) {
        for joined in &self.joined {
            self.workload.upgraded(joined.key, cx);
        }
    }

    fn is_saturated(&self) -> bool {
        self.workload.is_saturated() || self.packet_rate.as_ref().is_some_and(|rate| rate.is_empty())
    }

    fn on_close(mut self, reason: CloseReason) {
        let reason = disconnect_reason(reason);
        for joined in self.joined.drain(..) {
            serve::disconnect(&joined.socket, &reason);
        }
        self.workload.finish(reason, self.server.detached());
    }
}
