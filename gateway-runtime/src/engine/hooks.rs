//! The functions that an engine asks about its HTTP requests. Knows when they are asked, not what for.

use std::fmt;
use std::sync::Arc;

use axum::response::Response;
use gateway_core::{AllowRequest, ConnectionError, HandleProtocols, Handshake, RequestRefused};
use http::{HeaderMap, StatusCode};

/// Makes the id of a session; engine.io's `generateId`.
pub(crate) type GenerateId = Arc<dyn Fn(&Handshake) -> String + Send + Sync>;

/// Changes the headers of an answer.
pub(crate) type ChangeHeaders = Arc<dyn Fn(&mut HeaderMap, &Handshake) + Send + Sync>;

/// Told about a refused request.
pub(crate) type OnConnectionError = Arc<dyn Fn(&ConnectionError) + Send + Sync>;

/// All hooks of one server; most have none.
#[derive(Clone, Default)]
pub(crate) struct EngineHooks {
    /// All must allow a handshake.
    pub(crate) allow_request: Vec<AllowRequest>,
    pub(crate) generate_id: Option<GenerateId>,
    /// For the answer that opens a session, before `headers`.
    pub(crate) initial_headers: Vec<ChangeHeaders>,
    pub(crate) headers: Vec<ChangeHeaders>,
    pub(crate) connection_error: Vec<OnConnectionError>,
    /// For plain WebSocket.
    pub(crate) handle_protocols: Option<HandleProtocols>,
}

impl EngineHooks {
    /// Whether anybody wants to know of answers.
    pub(super) fn watch_answers(&self) -> bool {
        !(self.initial_headers.is_empty() && self.headers.is_empty() && self.connection_error.is_empty())
    }

    /// Whether all allow the request.
    pub(crate) async fn allow(&self, request: &Handshake) -> Result<(), RequestRefused> {
        for allow in &self.allow_request {
            allow.ask(request.clone()).await?;
        }
        Ok(())
    }

    /// Changes the headers of a session's answer; those of a refusal stay, as in engine.io.
    pub(super) fn apply_headers(&self, response: &mut Response, request: &Handshake, initial: bool) {
        if !matches!(response.status(), StatusCode::OK | StatusCode::SWITCHING_PROTOCOLS) {
            return;
        }
        let initial = self.initial_headers.iter().filter(|_| initial);
        for change in initial.chain(&self.headers) {
            change(response.headers_mut(), request);
        }
    }

    /// Tells of a refused request.
    pub(super) fn report(&self, error: &ConnectionError) {
        for told in &self.connection_error {
            told(error);
        }
    }
}

impl fmt::Debug for EngineHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineHooks").finish_non_exhaustive()
    }
}
