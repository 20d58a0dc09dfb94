//! What handlers ask of the connection under their socket, and the link that they ask through.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::task::AtomicWaker;
use gateway_core::link::Link;
use gateway_core::{DisconnectReason, Disconnected, Frames, Parser, Socket, Transport, serve};
use parking_lot::Mutex;

use super::encoder;
use crate::engine::{CloseReason, Revision, SessionLink, TransportName};

/// What the connection is told.
#[derive(Debug)]
pub(super) enum Request {
    /// The server has taken this socket out of its namespace.
    Left(Socket),
    /// The server closes the whole connection.
    Close,
    /// The client is one of Socket.IO 2, which is in the main namespace without asking.
    ConnectMain,
}

/// The link under all sockets of one connection.
pub(super) struct ConnectionLink {
    session: Arc<SessionLink>,
    parser: Parser,
    asked: AtomicBool,
    requests: Mutex<Vec<Request>>,
    waker: AtomicWaker,
}

impl ConnectionLink {
    pub(super) fn new(session: Arc<SessionLink>, parser: Parser) -> Arc<Self> {
        let requests = match session.revision() {
            Revision::V3 => vec![Request::ConnectMain],
            Revision::V4 => Vec::new(),
        };
        let (asked, waker) = (AtomicBool::new(!requests.is_empty()), AtomicWaker::new());
        Arc::new(Self { session, parser, asked, requests: Mutex::new(requests), waker })
    }

    pub(super) fn session(&self) -> &SessionLink {
        &self.session
    }

    /// How packets are written and read.
    pub(super) fn parser(&self) -> Parser {
        self.parser
    }

    fn ask(&self, request: Request) {
        self.requests.lock().push(request);
        self.asked.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// What was asked since the last time; the context's task is woken for what comes later.
    pub(super) fn take_requests(&self, cx: &Context<'_>) -> Vec<Request> {
        self.waker.register(cx.waker());
        if self.asked.swap(false, Ordering::AcqRel) {
            mem::take(&mut *self.requests.lock())
        } else {
            Vec::new()
        }
    }
}

impl Link for ConnectionLink {
    fn send(&self, frames: Frames, volatile: bool) {
        self.session.send(frames, volatile);
    }

    fn send_shared(&self, frames: &Frames, volatile: bool) {
        self.session.send_shared(frames, volatile);
    }

    fn disconnect(&self, socket: &Socket, close: bool) {
        // The socket is out at once, as in Node; its hooks are called by the connection.
        if socket.connected() {
            self.session.send(encoder::disconnected(self.parser, socket.nsp().name()), false);
            serve::disconnect(socket, &DisconnectReason::ServerNamespaceDisconnect);
            self.ask(Request::Left(socket.clone()));
        }
        if close {
            self.ask(Request::Close);
        }
    }

    fn close(&self, _socket: &Socket) {
        self.session.close(CloseReason::ForcedClose);
    }

    fn transport(&self) -> Transport {
        match self.session.transport() {
            TransportName::Polling => Transport::Polling,
            TransportName::WebSocket => Transport::WebSocket,
        }
    }

    fn drained(&self) -> BoxFuture<'static, Result<(), Disconnected>> {
        self.session.drained().map(|drained| drained.map_err(|_| Disconnected)).boxed()
    }
}
