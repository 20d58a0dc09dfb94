//! Which protocol the gateways speak: `IoAdapter` (Socket.IO) or `WsAdapter` (plain WebSocket).

use std::fmt;
use std::sync::Arc;

use gateway_core::MemoryAdapter;
use gateway_core::adapter::{AdapterFactory, IntoAdapterFactory};

use super::adapter_services::AdapterServices;
use super::engine_hooks::AddLayer;
use crate::engine::EngineHooks;
use crate::ws::{MessageParser, WsFrame, WsMessage};

/// What `use_web_socket_adapter` takes: an [`IoAdapter`] or a [`WsAdapter`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WebSocketAdapter {
    /// Socket.IO.
    Io(IoAdapter),
    /// Plain WebSocket.
    Ws(WsAdapter),
}

impl Default for WebSocketAdapter {
    fn default() -> Self {
        Self::Io(IoAdapter::new())
    }
}

impl From<IoAdapter> for WebSocketAdapter {
    fn from(adapter: IoAdapter) -> Self {
        Self::Io(adapter)
    }
}

impl From<WsAdapter> for WebSocketAdapter {
    fn from(adapter: WsAdapter) -> Self {
        Self::Ws(adapter)
    }
}

impl WebSocketAdapter {
    /// The same, whose adapters tell of their services.
    pub(super) fn known_to(&self, services: &Arc<AdapterServices>) -> Self {
        match self {
            Self::Io(io) => Self::Io(IoAdapter { adapter: services.learn_from(&io.adapter), ..io.clone() }),
            // Plain WebSocket stays within the process.
            Self::Ws(ws) => Self::Ws(ws.clone()),
        }
    }
}

fn in_memory() -> AdapterFactory {
    Arc::new(|_| Arc::new(MemoryAdapter::default()))
}

/// Socket.IO (NestJS's `IoAdapter`): the default.
#[derive(Clone)]
pub struct IoAdapter {
    pub(crate) adapter: AdapterFactory,
    pub(crate) hooks: Arc<EngineHooks>,
    pub(crate) layers: Vec<AddLayer>,
}

impl IoAdapter {
    /// Socket.IO within this process.
    pub fn new() -> Self {
        Self { adapter: in_memory(), hooks: Arc::default(), layers: Vec::new() }
    }

    /// Socket.IO whose namespaces broadcast through other adapters (`createAdapter` in NestJS's
    /// `RedisIoAdapter`): a connected one such as `RedisAdapter`, or what a function makes for each
    /// namespace, by its name.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use gateway_runtime::{Adapter, IoAdapter, MemoryAdapter};
    ///
    /// let adapter = IoAdapter::with_adapter(|_: &str| -> Arc<dyn Adapter> { Arc::new(MemoryAdapter::default()) });
    /// ```
    pub fn with_adapter(adapters: impl IntoAdapterFactory) -> Self {
        Self { adapter: adapters.into_adapter_factory(), ..Self::new() }
    }
}

impl Default for IoAdapter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for IoAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IoAdapter")
    }
}

/// Plain WebSocket (NestJS's `WsAdapter`): frames `{"event": …, "data": …}`, several gateways on
/// different `path`s of one port, no namespaces.
#[derive(Clone)]
pub struct WsAdapter {
    pub(crate) adapter: AdapterFactory,
    pub(crate) message_parser: Option<MessageParser>,
    pub(crate) hooks: Arc<EngineHooks>,
}

impl WsAdapter {
    /// Plain WebSocket with the `{event, data}` envelope.
    pub fn new() -> Self {
        Self { adapter: in_memory(), message_parser: None, hooks: Arc::default() }
    }

    /// Maps frames of another format to messages (NestJS's `messageParser`). A frame for which it
    /// returns `None` is ignored.
    ///
    /// ```
    /// use gateway_runtime::prelude::*;
    ///
    /// // ["event", data]
    /// let adapter = WsAdapter::new().message_parser(|frame| {
    ///     let (event, data): (String, serde_json::Value) = serde_json::from_slice(frame.as_bytes()).ok()?;
    ///     WsMessage::new(event, &data).ok()
    /// });
    /// ```
    #[must_use]
    pub fn message_parser(
        mut self,
        parse: impl Fn(WsFrame<'_>) -> Option<WsMessage> + Send + Sync + 'static,
    ) -> Self {
        self.message_parser = Some(MessageParser::new(parse));
        self
    }
}

impl Default for WsAdapter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WsAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WsAdapter")
    }
}
