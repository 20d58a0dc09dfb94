//! Clients that come back: what they show, and their session until it is theirs again.
//!
//! What a session is and where it is kept is the adapter's.

use futures_util::future::BoxFuture;
use gateway_core::{ConnectError, RestoredSession, Server, serve};
use serde_json::Value;

use super::namespaces::Lease;

/// The private id and the last offset that a client shows.
struct Shown {
    pid: String,
    offset: String,
}

fn shown(auth: Option<&Value>) -> Option<Shown> {
    let member = |name: &str| Some(auth?.get(name)?.as_str()?.to_owned());
    Some(Shown { pid: member("pid")?, offset: member("offset")? })
}

/// Whether a client wants to come back to a namespace that lets it.
pub(super) fn is_wanted(server: &Server, auth: Option<&Value>) -> bool {
    serve::recovery(server).is_some() && shown(auth).is_some()
}

/// A session that was handed out. Unless the client is connected with it, it is given back: a middleware that
/// refuses the client, or a connection that ends meanwhile, does not cost it.
pub(super) struct Restored {
    server: Server,
    session: Option<RestoredSession>,
}

impl Restored {
    pub(super) fn session(&self) -> Option<&RestoredSession> {
        self.session.as_ref()
    }

    pub(super) fn take(mut self) -> Option<RestoredSession> {
        self.session.take()
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        if let Some(restored) = self.session.take() {
            self.server.adapter().persist_session(restored.session);
        }
    }
}

/// Waits for the namespace that a client wants to join, and for its session there. A client that has missed
/// more than `limit` bytes does not get it: they would not fit into its outbox.
pub(super) async fn with_session(
    lookup: BoxFuture<'static, Result<Lease, ConnectError>>,
    auth: Option<Value>,
    limit: usize,
) -> Result<(Lease, Option<Restored>), ConnectError> {
    let lease = lookup.await?;
    let server = lease.server().clone();
    let Some(Shown { pid, offset }) = shown(auth.as_ref()).filter(|_| serve::recovery(&server).is_some())
    else {
        return Ok((lease, None));
    };
    let restored = server.adapter().restore_session(&server, &pid, &offset).await;
    let restored = restored.filter(|restored| {
        let fits = restored.missed.iter().map(gateway_core::Frames::byte_len).sum::<usize>() <= limit;
        if !fits {
            tracing::debug!(namespace = server.pattern(), "a client has missed too much to come back");
        }
        fits
    });
    Ok((lease, restored.map(|session| Restored { server, session: Some(session) })))
}
