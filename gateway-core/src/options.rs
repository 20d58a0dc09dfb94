//! The options of `#[web_socket_gateway(..)]`: one method each, named as the option.
//!
//! `None` means that the gateway did not say it; the server fills in Socket.IO's default. Times are
//! **milliseconds**, as in NestJS, or a `Duration`.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use crate::compression::{
    HttpCompression, HttpCompressionBuilder, IntoHttpCompression, IntoPerMessageDeflate, PerMessageDeflate,
    PerMessageDeflateBuilder,
};
use crate::cors::{Cors, CorsBuilder, IntoCors};
use crate::engine_hooks::{AllowRequest, HandleProtocols, Verdict};
use crate::handshake::Handshake;
use crate::limits::PacketRate;
use crate::namespace_pattern::NamespacePattern;
use crate::parser::{IntoParser, Parser};
use crate::recovery::{ConnectionStateRecovery, ConnectionStateRecoveryBuilder, IntoConnectionStateRecovery};

/// A low-level transport of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl Transport {
    /// Its name in Engine.IO: `polling`, `websocket`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the browser client at `<path>/socket.io.js` comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeClient {
    /// It is not served (`false`).
    Off,
    /// From the `dist` files in this folder: an installed `socket.io-client` package, or its `dist`.
    Folder(PathBuf),
    /// From this folder; while the file is not there, a redirect to the public CDN.
    FolderOrCdn(PathBuf),
    /// A redirect to the public CDN.
    Cdn,
}

impl ServeClient {
    /// Serves the files of an installed `socket.io-client` package (or of its `dist` folder).
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::Folder(path.into())
    }

    /// Redirects to the public CDN while the folder does not hold the file. Browsers of your users
    /// then talk to that CDN: choose it knowingly.
    #[must_use]
    pub fn or_cdn(self) -> Self {
        match self {
            Self::Folder(path) | Self::FolderOrCdn(path) => Self::FolderOrCdn(path),
            Self::Off | Self::Cdn => Self::Cdn,
        }
    }
}

impl From<bool> for ServeClient {
    /// `true` serves `node_modules/socket.io-client`, where npm puts the package.
    fn from(serve: bool) -> Self {
        if serve { Self::folder("node_modules/socket.io-client") } else { Self::Off }
    }
}

impl From<&str> for ServeClient {
    fn from(folder: &str) -> Self {
        Self::folder(folder)
    }
}

/// The cookie that carries the session id, for load balancers (Engine.IO's `cookie`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// `name`; default `io`
    pub name: String,
    /// `path`; default `/`, `None` leaves it out
    pub path: Option<String>,
    /// `domain`
    pub domain: Option<String>,
    /// `httpOnly`; default true
    pub http_only: bool,
    /// `sameSite`: `lax` (default), `strict` or `none`
    pub same_site: Option<String>,
    /// `secure`
    pub secure: bool,
    /// `maxAge`, in milliseconds as in Engine.IO or as a `Duration`
    pub max_age: Option<Duration>,
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: "io".to_owned(),
            path: Some("/".to_owned()),
            domain: None,
            http_only: true,
            same_site: Some("lax".to_owned()),
            secure: false,
            max_age: None,
        }
    }
}

/// Sets the fields of a [`Cookie`], each under the name of its option.
#[derive(Debug)]
pub struct CookieBuilder<'c>(&'c mut Cookie);

impl CookieBuilder<'_> {
    /// `name`
    pub fn name(&mut self, name: impl Into<String>) {
        self.0.name = name.into();
    }

    /// `path`
    pub fn path(&mut self, path: impl Into<String>) {
        self.0.path = Some(path.into());
    }

    /// `domain`
    pub fn domain(&mut self, domain: impl Into<String>) {
        self.0.domain = Some(domain.into());
    }

    /// `httpOnly`
    pub fn http_only(&mut self, http_only: bool) {
        self.0.http_only = http_only;
    }

    /// `sameSite`
    pub fn same_site(&mut self, same_site: impl Into<String>) {
        self.0.same_site = Some(same_site.into());
    }

    /// `secure`
    pub fn secure(&mut self, secure: bool) {
        self.0.secure = secure;
    }

    /// `maxAge`
    pub fn max_age(&mut self, age: impl IntoMillis) {
        self.0.max_age = Some(age.into_millis());
    }
}

/// What `cookie = …` accepts: `true` (Engine.IO's defaults), a name, or a [`Cookie`].
pub trait IntoCookie {
    /// The cookie; `None` for none.
    fn into_cookie(self) -> Option<Cookie>;
}

impl IntoCookie for bool {
    fn into_cookie(self) -> Option<Cookie> {
        self.then(Cookie::default)
    }
}

impl IntoCookie for &str {
    fn into_cookie(self) -> Option<Cookie> {
        Some(Cookie { name: self.to_owned(), ..Cookie::default() })
    }
}

impl IntoCookie for Cookie {
    fn into_cookie(self) -> Option<Cookie> {
        Some(self)
    }
}

/// A number of milliseconds, or a `Duration`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no time",
    label = "expected milliseconds (25_000) or a `Duration`"
)]
pub trait IntoMillis {
    /// The duration; a negative number is zero.
    fn into_millis(self) -> Duration;
}

impl IntoMillis for Duration {
    fn into_millis(self) -> Duration {
        self
    }
}

impl IntoMillis for i32 {
    fn into_millis(self) -> Duration {
        Duration::from_millis(u64::try_from(self).unwrap_or_default())
    }
}

impl IntoMillis for u32 {
    fn into_millis(self) -> Duration {
        Duration::from_millis(u64::from(self))
    }
}

impl IntoMillis for u64 {
    fn into_millis(self) -> Duration {
        Duration::from_millis(self)
    }
}

/// What a gateway's attribute says. Each method sets the option of its name.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GatewayOptions {
    /// Mistakes in option values, found when the app starts.
    pub errors: Vec<String>,
    /// The port: `None` or 0 is the app's own.
    pub port: Option<u16>,
    /// Socket.IO namespace, or those that clients make; `None` is `/`.
    pub namespace: Option<NamespacePattern>,
    /// HTTP path; default `/socket.io`, for plain WebSocket `/`.
    pub path: Option<String>,
    /// Cross-origin rules.
    pub cors: Option<Cors>,
    /// Whether `cors` also guards the WebSocket upgrade; default true.
    pub check_origin: Option<bool>,
    /// The transports that clients may open; default both.
    pub transports: Option<Vec<Transport>>,
    /// Whether a polling session may become a WebSocket; default true.
    pub allow_upgrades: Option<bool>,
    /// Whether clients of Socket.IO 2 (Engine.IO 3) may connect; default false.
    pub allow_eio3: Option<bool>,
    /// Time between heartbeats; default 25 s.
    pub ping_interval: Option<Duration>,
    /// Time for the answer to a heartbeat; default 20 s.
    pub ping_timeout: Option<Duration>,
    /// Time for an upgrade to finish; default 10 s.
    pub upgrade_timeout: Option<Duration>,
    /// Time for a new session to join a namespace; default 45 s.
    pub connect_timeout: Option<Duration>,
    /// Whether clients that were cut off may come back to what they had; default no.
    pub connection_state_recovery: Option<ConnectionStateRecovery>,
    /// Whether namespaces that clients made go with their last client; default false.
    pub cleanup_empty_child_namespaces: Option<bool>,
    /// Namespaces that clients may make on one server; default 10,000.
    pub max_child_namespaces: Option<usize>,
    /// Bytes that the name of such a namespace may have; default 256.
    pub max_namespace_length: Option<usize>,
    /// Namespaces that one connection may be in; default 100.
    pub max_namespaces_per_connection: Option<usize>,
    /// Bytes that one message or polling request may have; default 1,000,000.
    pub max_http_buffer_size: Option<usize>,
    /// Decides about handshakes; default all are allowed.
    pub allow_request: Option<AllowRequest>,
    /// Chooses the subprotocol of a plain WebSocket; default the first that the client offers.
    pub handle_protocols: Option<HandleProtocols>,
    /// A message that every Engine.IO session starts with; default none.
    pub initial_packet: Option<String>,
    /// Whether the path ends in a slash; default true.
    pub add_trailing_slash: Option<bool>,
    /// Compression of WebSocket messages; default none.
    pub per_message_deflate: Option<PerMessageDeflate>,
    /// Compression of the answers to polling requests; default on.
    pub http_compression: Option<HttpCompression>,
    /// The session cookie; default none.
    pub cookie: Option<Cookie>,
    /// The browser client; default off.
    pub serve_client: Option<ServeClient>,
    /// Whether messages may race `handle_connection`, as in NestJS; default false.
    pub concurrent_connection: Option<bool>,
    /// Handlers of one connection that wait at the same time; default 256. Further events queue.
    pub max_running_handlers: Option<usize>,
    /// Bytes of events of one connection that queue behind running handlers; default 1 MiB. Then
    /// reading pauses.
    pub max_queued_bytes: Option<usize>,
    /// Rooms that one socket may be in; default 10,000. Further ones are not joined.
    pub max_rooms_per_socket: Option<usize>,
    /// Listeners that one socket may have; default 1,000. Further ones are not added.
    pub max_listeners: Option<usize>,
    /// Bytes that wait for one client; default 16 MiB. Past it the client is disconnected.
    pub max_outbox_bytes: Option<usize>,
    /// Time in which a client that has data waiting must take some; default 20 s.
    pub write_timeout: Option<Duration>,
    /// How packets are written and read; default Socket.IO's own.
    pub parser: Option<Parser>,
    /// Binary values of one packet; default 10, with the MessagePack parser 1,000.
    pub max_attachments: Option<usize>,
    /// Bytes of all binary values of one packet; default ten times `max_http_buffer_size`.
    pub max_attachments_bytes: Option<usize>,
    /// Time for the next attachment of a packet to come; default 60 s.
    pub attachments_timeout: Option<Duration>,
    /// Bytes of an event's name; default 1,024.
    pub max_event_name_length: Option<usize>,
    /// Arguments of one event or acknowledgement; default 1,024.
    pub max_arguments: Option<usize>,
    /// How deep arrays and objects of an argument may be nested; default 128.
    pub max_json_depth: Option<usize>,
    /// Packets of one connection in a second; default no limit.
    pub max_packets_per_second: Option<PacketRate>,
}

impl GatewayOptions {
    /// The port as the attribute's first argument; 0 is the app's own.
    pub fn port(&mut self, port: u16) {
        self.port = Some(port).filter(|port| *port != 0);
    }

    /// `namespace`: a name with or without a leading slash, a `Regex`, or a [`NamespacePattern`].
    pub fn namespace(&mut self, namespace: impl Into<NamespacePattern>) {
        self.namespace = Some(namespace.into());
    }

    /// `path`: of the HTTP endpoint.
    pub fn path(&mut self, path: impl Into<String>) {
        let path: String = path.into();
        self.path = Some(if path.starts_with('/') { path } else { format!("/{path}") });
    }

    /// `cors(…)`: the rules in detail.
    pub fn cors(&mut self, set: impl FnOnce(&mut CorsBuilder<'_>)) {
        set(&mut CorsBuilder::new(self.cors.insert(Cors::default())));
    }

    /// `cors = …`: `true`, or a [`Cors`].
    pub fn cors_value(&mut self, cors: impl IntoCors) {
        self.cors = cors.into_cors();
    }

    /// `check_origin`: `false` lets foreign origins open a WebSocket, as NestJS does.
    pub fn check_origin(&mut self, check: bool) {
        self.check_origin = Some(check);
    }

    /// `transports`: a list of `"polling"` and `"websocket"`.
    pub fn transports<S: AsRef<str>>(&mut self, names: impl IntoIterator<Item = S>) {
        let mut transports = Vec::new();
        for name in names {
            match name.as_ref() {
                "polling" => transports.push(Transport::Polling),
                "websocket" => transports.push(Transport::WebSocket),
                other => self.errors.push(format!(
                    "transports: there is no transport {other:?}; there are \"polling\" and \"websocket\""
                )),
            }
        }
        if transports.is_empty() {
            self.errors.push("transports: the list is empty, so nobody could connect".to_owned());
        }
        self.transports = Some(transports);
    }

    /// `allowUpgrades`
    pub fn allow_upgrades(&mut self, allow: bool) {
        self.allow_upgrades = Some(allow);
    }

    /// `allowEIO3`
    pub fn allow_eio3(&mut self, allow: bool) {
        self.allow_eio3 = Some(allow);
    }

    /// `pingInterval`
    pub fn ping_interval(&mut self, time: impl IntoMillis) {
        self.ping_interval = positive(time, "ping_interval", &mut self.errors);
    }

    /// `pingTimeout`
    pub fn ping_timeout(&mut self, time: impl IntoMillis) {
        self.ping_timeout = positive(time, "ping_timeout", &mut self.errors);
    }

    /// `upgradeTimeout`
    pub fn upgrade_timeout(&mut self, time: impl IntoMillis) {
        self.upgrade_timeout = positive(time, "upgrade_timeout", &mut self.errors);
    }

    /// `connectTimeout`
    pub fn connect_timeout(&mut self, time: impl IntoMillis) {
        self.connect_timeout = positive(time, "connect_timeout", &mut self.errors);
    }

    /// `connectionStateRecovery(…)`: in detail.
    pub fn connection_state_recovery(&mut self, set: impl FnOnce(&mut ConnectionStateRecoveryBuilder<'_>)) {
        let recovery = self.connection_state_recovery.insert(ConnectionStateRecovery::default());
        set(&mut ConnectionStateRecoveryBuilder { recovery, errors: &mut self.errors });
    }

    /// `connectionStateRecovery = …`: `true`, or a [`ConnectionStateRecovery`].
    pub fn connection_state_recovery_value(&mut self, recovery: impl IntoConnectionStateRecovery) {
        self.connection_state_recovery = recovery.into_connection_state_recovery();
    }

    /// `cleanupEmptyChildNamespaces`
    pub fn cleanup_empty_child_namespaces(&mut self, cleanup: bool) {
        self.cleanup_empty_child_namespaces = Some(cleanup);
    }

    /// `max_child_namespaces`: at least 1.
    pub fn max_child_namespaces(&mut self, namespaces: usize) {
        if namespaces == 0 {
            self.errors.push("max_child_namespaces: 0 would let no client make a namespace".to_owned());
        }
        self.max_child_namespaces = Some(namespaces);
    }

    /// `max_namespace_length`: bytes, with the leading slash.
    pub fn max_namespace_length(&mut self, bytes: usize) {
        if bytes < 2 {
            self.errors.push("max_namespace_length: a name has a slash and at least one letter".to_owned());
        }
        self.max_namespace_length = Some(bytes);
    }

    /// `max_namespaces_per_connection`: at least 1.
    pub fn max_namespaces_per_connection(&mut self, namespaces: usize) {
        if namespaces == 0 {
            self.errors.push("max_namespaces_per_connection: 0 would let nobody connect".to_owned());
        }
        self.max_namespaces_per_connection = Some(namespaces);
    }

    /// `maxHttpBufferSize`: bytes. A body of exactly this size passes.
    pub fn max_http_buffer_size(&mut self, bytes: usize) {
        self.max_http_buffer_size = Some(bytes);
    }

    /// `allowRequest`: an async function of the handshake that says whether it is allowed, by a `bool` or a
    /// `Result` whose error tells why not.
    pub fn allow_request<F, R>(&mut self, decide: F)
    where
        F: Fn(Handshake) -> R + Send + Sync + 'static,
        R: Future<Output: Verdict> + Send + 'static,
    {
        self.allow_request = Some(AllowRequest::new(decide));
    }

    /// `verifyClient` of `ws`: another name of `allow_request`.
    pub fn verify_client<F, R>(&mut self, decide: F)
    where
        F: Fn(Handshake) -> R + Send + Sync + 'static,
        R: Future<Output: Verdict> + Send + 'static,
    {
        self.allow_request(decide);
    }

    /// `handleProtocols` of `ws`: chooses among the subprotocols that a client offers.
    pub fn handle_protocols<S: Into<String>>(
        &mut self,
        choose: impl Fn(&[&str], &Handshake) -> Option<S> + Send + Sync + 'static,
    ) {
        self.handle_protocols = Some(HandleProtocols::new(choose));
    }

    /// `maxPayload` of `ws`: another name of `max_http_buffer_size`.
    pub fn max_payload(&mut self, bytes: usize) {
        self.max_http_buffer_size(bytes);
    }

    /// `initialPacket`: the text of a message.
    pub fn initial_packet(&mut self, packet: impl Into<String>) {
        self.initial_packet = Some(packet.into());
    }

    /// `addTrailingSlash`
    pub fn add_trailing_slash(&mut self, add: bool) {
        self.add_trailing_slash = Some(add);
    }

    /// `perMessageDeflate(…)`: compression of WebSocket messages in detail.
    pub fn per_message_deflate(&mut self, set: impl FnOnce(&mut PerMessageDeflateBuilder<'_>)) {
        let deflate = self.per_message_deflate.insert(PerMessageDeflate::default());
        set(&mut PerMessageDeflateBuilder(deflate));
        self.errors.extend(deflate.problems());
    }

    /// `perMessageDeflate = …`: `true`, `false` or a [`PerMessageDeflate`].
    pub fn per_message_deflate_value(&mut self, deflate: impl IntoPerMessageDeflate) {
        self.per_message_deflate = deflate.into_per_message_deflate();
        self.errors.extend(self.per_message_deflate.iter().flat_map(PerMessageDeflate::problems));
    }

    /// `httpCompression(…)`: compression of the answers to polling requests in detail.
    pub fn http_compression(&mut self, set: impl FnOnce(&mut HttpCompressionBuilder<'_>)) {
        let compression = self.http_compression.insert(HttpCompression::default());
        set(&mut HttpCompressionBuilder(compression));
        self.errors.extend(compression.problems());
    }

    /// `httpCompression = …`: `true`, `false` or an [`HttpCompression`].
    pub fn http_compression_value(&mut self, compression: impl IntoHttpCompression) {
        let compression = self.http_compression.insert(compression.into_http_compression());
        self.errors.extend(compression.problems());
    }

    /// `cookie(…)`: the cookie in detail.
    pub fn cookie(&mut self, set: impl FnOnce(&mut CookieBuilder<'_>)) {
        set(&mut CookieBuilder(self.cookie.insert(Cookie::default())));
    }

    /// `cookie = …`: `true`, a name, or a [`Cookie`].
    pub fn cookie_value(&mut self, cookie: impl IntoCookie) {
        self.cookie = cookie.into_cookie();
    }

    /// `serveClient`: `true`, a folder, or a [`ServeClient`].
    pub fn serve_client(&mut self, source: impl Into<ServeClient>) {
        self.serve_client = Some(source.into());
    }

    /// `concurrent_connection`: `true` lets messages race `handle_connection`, as in NestJS.
    pub fn concurrent_connection(&mut self, concurrent: bool) {
        self.concurrent_connection = Some(concurrent);
    }

    /// `max_running_handlers`: at least 1.
    pub fn max_running_handlers(&mut self, handlers: usize) {
        if handlers == 0 {
            self.errors.push("max_running_handlers: 0 would let no handler run".to_owned());
        }
        self.max_running_handlers = Some(handlers);
    }

    /// `max_queued_bytes`
    pub fn max_queued_bytes(&mut self, bytes: usize) {
        self.max_queued_bytes = Some(bytes);
    }

    /// `max_rooms_per_socket`: the room of its own id does not count.
    pub fn max_rooms_per_socket(&mut self, rooms: usize) {
        self.max_rooms_per_socket = Some(rooms);
    }

    /// `max_listeners`: those of all kinds together.
    pub fn max_listeners(&mut self, listeners: usize) {
        self.max_listeners = Some(listeners);
    }

    /// `max_outbox_bytes`
    pub fn max_outbox_bytes(&mut self, bytes: usize) {
        self.max_outbox_bytes = Some(bytes);
    }

    /// `write_timeout`
    pub fn write_timeout(&mut self, time: impl IntoMillis) {
        self.write_timeout = positive(time, "write_timeout", &mut self.errors);
    }

    /// `parser`: `"default"`, `"msgpack"`, or a [`Parser`].
    pub fn parser(&mut self, parser: impl IntoParser) {
        match parser.into_parser() {
            Ok(parser) => self.parser = Some(parser),
            Err(error) => self.errors.push(error),
        }
    }

    /// `maxAttachments` of the reference parser.
    pub fn max_attachments(&mut self, attachments: usize) {
        self.max_attachments = Some(attachments);
    }

    /// `max_attachments_bytes`
    pub fn max_attachments_bytes(&mut self, bytes: usize) {
        self.max_attachments_bytes = Some(bytes);
    }

    /// `attachments_timeout`
    pub fn attachments_timeout(&mut self, time: impl IntoMillis) {
        self.attachments_timeout = positive(time, "attachments_timeout", &mut self.errors);
    }

    /// `max_event_name_length`: bytes, at least 1.
    pub fn max_event_name_length(&mut self, bytes: usize) {
        if bytes == 0 {
            self.errors.push("max_event_name_length: 0 would let no event through".to_owned());
        }
        self.max_event_name_length = Some(bytes);
    }

    /// `max_arguments`
    pub fn max_arguments(&mut self, arguments: usize) {
        self.max_arguments = Some(arguments);
    }

    /// `max_json_depth`
    pub fn max_json_depth(&mut self, levels: usize) {
        self.max_json_depth = Some(levels);
    }

    /// `max_packets_per_second`: a number, or a [`PacketRate`]; at least 1.
    pub fn max_packets_per_second(&mut self, rate: impl Into<PacketRate>) {
        let rate = rate.into();
        if rate.packets_per_second() == 0 || rate.packets_at_once() == 0 {
            self.errors.push("max_packets_per_second: 0 would let no packet through".to_owned());
        }
        self.max_packets_per_second = Some(rate);
    }
}

fn positive(time: impl IntoMillis, option: &str, errors: &mut Vec<String>) -> Option<Duration> {
    let time = time.into_millis();
    if time.is_zero() {
        errors.push(format!("{option}: must be more than 0 milliseconds"));
    }
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_normalized_and_checked() {
        let mut options = GatewayOptions::default();
        options.namespace("chats");
        options.path("ws");
        options.ping_interval(25_000);
        options.ping_timeout(Duration::from_secs(1));
        options.transports(["websocket"]);
        options.cors(|cors| cors.credentials(true));
        options.cookie_value("sid");
        options.port(0);
        assert_eq!(options.namespace.as_ref().map(NamespacePattern::text).as_deref(), Some("/chats"));
        assert_eq!(options.path.as_deref(), Some("/ws"));
        assert_eq!(options.ping_interval, Some(Duration::from_secs(25)));
        assert_eq!(options.transports, Some(vec![Transport::WebSocket]));
        assert_eq!(options.cookie.as_ref().map(|cookie| cookie.name.as_str()), Some("sid"));
        assert_eq!((options.port, options.errors.len()), (None, 0));

        options.transports(["carrier-pigeon"]);
        options.ping_interval(0);
        assert_eq!(options.errors.len(), 3, "{:?}", options.errors);

        options.parser("msgpack");
        options.max_packets_per_second(100);
        assert_eq!((options.parser, options.errors.len()), (Some(Parser::MsgPack), 3));
        options.parser("protobuf");
        options.max_packets_per_second(PacketRate::per_second(1).burst(0));
        options.max_event_name_length(0);
        options.attachments_timeout(0);
        assert_eq!(options.errors.len(), 7, "{:?}", options.errors);
    }
}
