//! What is remembered of a client whose token was accepted: until when, and who disconnects it then.
//!
//! It must never know the token.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::{Server, Socket, WsException, serve};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::error::WsJwtError;
use super::service::{JwtService, since_1970};

/// How long a client whose token has expired is waited for if it is not connected yet, since other guards still
/// decide: this many times [`ADMISSION_INTERVAL`].
const ADMISSION_TRIES: u32 = 60;
const ADMISSION_INTERVAL: Duration = Duration::from_secs(1);

/// A client's accepted token, kept in its socket's extensions: when the socket goes, so does the timer.
pub(super) struct Session<C> {
    service: JwtService,
    deadline: Option<Instant>,
    /// Ends the timer with the last clone.
    timer: Option<Arc<DropGuard>>,
    claims: PhantomData<fn() -> C>,
}

impl<C> Clone for Session<C> {
    fn clone(&self) -> Self {
        let Self { service, deadline, timer, claims } = self;
        Self { service: service.clone(), deadline: *deadline, timer: timer.clone(), claims: *claims }
    }
}

impl<C> fmt::Debug for Session<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("deadline", &self.deadline)
            .field("timer", &self.timer.is_some())
            .finish()
    }
}

impl<C> Session<C> {
    /// A token that is valid until then, in seconds since 1970.
    pub(super) fn new(service: JwtService, valid_until: Option<u64>) -> Self {
        let left = valid_until.map(|until| Duration::from_secs(until).saturating_sub(since_1970()));
        // What no clock can count to never comes.
        let deadline = left.and_then(|left| Instant::now().checked_add(left));
        Self { service, deadline, timer: None, claims: PhantomData }
    }

    /// Disconnects the client when its time is over.
    pub(super) fn with_timer(mut self, socket: &Socket) -> Self {
        self.timer = self.deadline.and_then(|deadline| start_timer(socket, deadline));
        self
    }

    /// Whether a token of that service was accepted.
    pub(super) fn is_of(&self, service: &JwtService) -> bool {
        self.service.is(service)
    }

    pub(super) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }
}

fn start_timer(socket: &Socket, deadline: Instant) -> Option<Arc<DropGuard>> {
    let Ok(runtime) = Handle::try_current() else {
        tracing::warn!(
            socket = socket.id(),
            "no timer was started for a token: there is no tokio runtime here"
        );
        return None;
    };
    let ended = CancellationToken::new();
    let guard = ended.clone().drop_guard();
    // The socket itself is not held: it owns what ends this task.
    let (server, id) = (socket.nsp().clone(), socket.shared_id());
    runtime.spawn(async move { ended.run_until_cancelled(expire(server, id, deadline)).await });
    Some(Arc::new(guard))
}

async fn expire(server: Server, id: Arc<str>, deadline: Instant) {
    tokio::time::sleep_until(deadline).await;
    for _ in 0..ADMISSION_TRIES {
        if let Some(socket) = server.socket(&id) {
            return disconnect(&socket);
        }
        tokio::time::sleep(ADMISSION_INTERVAL).await;
    }
}

/// Says why, then disconnects the client from this namespace.
fn disconnect(socket: &Socket) {
    tracing::debug!(socket = socket.id(), "a client is disconnected: its token has expired");
    if let Ok(payload) = WsException::from(WsJwtError::ExpiredToken).to_payload(None::<()>) {
        serve::send_event(socket, payload);
    }
    socket.disconnect(false);
}
