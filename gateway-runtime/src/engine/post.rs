//! A data request of a polling session: the one that it may have at a time, and its answer.
//!
//! It must never know where the body came from.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use tokio::sync::oneshot;

use super::SessionLink;
use super::link::Command;
use super::response::{self, Client, ProtocolError};

/// The one data request that a session may have at a time.
pub(super) struct PostClaim {
    pub(super) link: Arc<SessionLink>,
    /// What the client did wrong, if the claim ends now.
    pub(super) fault: Option<&'static str>,
}

impl PostClaim {
    /// `None` if the session has a data request already.
    pub(super) fn new(link: &Arc<SessionLink>) -> Option<Self> {
        // Dropped before it is finished: the client gave the request up.
        let fault = Some("data request connection closed prematurely");
        link.begin_post().then(|| Self { link: Arc::clone(link), fault })
    }

    /// Gives the session its packets, and waits until it has taken them.
    pub(super) async fn deliver<B: From<Bytes>>(
        mut self,
        body: Bytes,
        binary: bool,
        client: Client,
    ) -> Response<B> {
        let (taken, done) = oneshot::channel();
        let submitted = self.link.submit(Command::Post { body, binary, taken });
        let done = submitted.is_ok() && done.await.is_ok();
        self.fault = None;
        if done { response::taken(client) } else { ProtocolError::UnknownSid.into_polling_response() }
    }
}

impl Drop for PostClaim {
    fn drop(&mut self) {
        if let Some(fault) = self.fault {
            // The session may be gone already, then nothing is left to fault.
            let _ = self.link.submit(Command::Fault(fault));
        }
        self.link.end_post();
    }
}
