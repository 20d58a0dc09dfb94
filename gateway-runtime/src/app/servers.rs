//! From gateways to servers: which gateways share one, and the options that it gets.
//!
//! Gateways that share port and path share one server. As in NestJS the first one's options hold; the
//! origins of all are allowed, and what else differs is printed with the fix.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::FutureExt;
use gateway_core::adapter::AdapterFactory;
use gateway_core::{
    ArgumentLimits, Cookie, Cors, CorsOrigin, Frames, GatewayOptions, NamespacePattern, Parser, Server,
    SessionRecovery, SocketLimits, Transport, serve,
};
use http::StatusCode;

use super::client_files::ClientFiles;
use super::compression;
use super::cors;
use super::engine_hooks;
use super::error::GatewayError;
use super::mount::{Adapters, Mount, Served};
use super::start::RegisteredGateway;
use super::{IoAdapter, WebSocketAdapter, WsAdapter};
use crate::client::{DetachedHandlers, HandlerLimits};
use crate::dispatch::{Dispatcher, ReplyStyle, ResolveError, ServedGateway, Sources};
use crate::engine::{
    AllowRequest, CookieOptions, Engine, EngineConfig, PlainConfig, PlainEngine, SameSite, SessionLimits,
    Transports,
};
use crate::socketio::codec::PacketLimits;
use crate::socketio::{NamespaceLimits, SocketIoApplication, SocketIoConfig, SocketIoServer};
use crate::ws::{WsApplication, WsConfig, WsServer};

/// One server: the gateways on one path of one port.
struct Group<'g> {
    /// `None` is the app's own port.
    port: Option<u16>,
    path: String,
    gateways: Vec<&'g RegisteredGateway>,
}

/// What is served on one port.
pub(crate) struct PortServers {
    /// `None` is the app's own port.
    pub(crate) port: Option<u16>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) served: Vec<Arc<dyn Served>>,
    pub(crate) adapters: Vec<Arc<dyn Adapters>>,
}

impl PortServers {
    fn new(port: Option<u16>) -> Self {
        Self { port, mounts: Vec::new(), served: Vec::new(), adapters: Vec::new() }
    }
}

/// What serves one group of gateways.
type Serves = (Mount, Arc<dyn Served>, Arc<dyn Adapters>);

/// Builds the servers of all gateways. The app's own port comes first, with or without gateways.
pub(crate) fn build(
    gateways: &[RegisteredGateway],
    adapter: &WebSocketAdapter,
    app_port: Option<u16>,
    detached: &DetachedHandlers,
    sources: Sources<'_>,
) -> Result<Vec<PortServers>, GatewayError> {
    let default_path = match adapter {
        WebSocketAdapter::Io(_) => "/socket.io",
        WebSocketAdapter::Ws(_) => "/",
    };
    let mut ports = vec![PortServers::new(None)];
    for group in groups(gateways, default_path, app_port) {
        warn_of_differences(&group);
        let (mount, served, adapters) = match adapter {
            WebSocketAdapter::Io(io) => socket_io(&group, io, detached, sources)?,
            WebSocketAdapter::Ws(ws) => plain(&group, ws, detached, sources)?,
        };
        let index = ports.iter().position(|port| port.port == group.port).unwrap_or_else(|| {
            ports.push(PortServers::new(group.port));
            ports.len() - 1
        });
        ports[index].mounts.push(mount);
        ports[index].served.push(served);
        ports[index].adapters.push(adapters);
    }
    Ok(ports)
}

fn groups<'g>(
    gateways: &'g [RegisteredGateway],
    default_path: &str,
    app_port: Option<u16>,
) -> Vec<Group<'g>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for gateway in gateways {
        // The app's own port shares the app's listener, however the gateway says it.
        let port = gateway.options.port.filter(|port| Some(*port) != app_port);
        let path = gateway.options.path.as_deref().unwrap_or(default_path).trim_end_matches('/').to_owned();
        match groups.iter_mut().find(|group| group.port == port && group.path == path) {
            Some(group) => group.gateways.push(gateway),
            None => {
                // The longer path first: `/socket.io/admin` is below `/socket.io` as well.
                let place = groups.partition_point(|group| group.path.len() >= path.len());
                groups.insert(place, Group { port, path, gateways: vec![gateway] });
            }
        }
    }
    groups
}

impl Group<'_> {
    fn options(&self) -> &GatewayOptions {
        &self.gateways[0].options
    }

    /// The rules of the first gateway that has some, with the origins of all.
    fn cors(&self) -> Option<Cors> {
        let mut all = self.gateways.iter().filter_map(|gateway| gateway.options.cors.as_ref());
        let mut rules = all.next()?.clone();
        let origins: Vec<_> = all.map(|cors| cors.origin.clone()).collect();
        if !origins.is_empty() {
            let own = std::mem::take(&mut rules.origin);
            rules.origin = CorsOrigin::List(std::iter::once(own).chain(origins).collect());
        }
        Some(rules)
    }

    fn limits(&self) -> SessionLimits {
        let (options, defaults) = (self.options(), SessionLimits::default());
        SessionLimits {
            max_outbox_bytes: options.max_outbox_bytes.unwrap_or(defaults.max_outbox_bytes),
            write_timeout: options.write_timeout.unwrap_or(defaults.write_timeout),
            ..defaults
        }
    }

    fn handler_limits(&self) -> HandlerLimits {
        let (options, defaults) = (self.options(), HandlerLimits::default());
        HandlerLimits {
            max_running_handlers: options.max_running_handlers.unwrap_or(defaults.max_running_handlers),
            max_queued_bytes: options.max_queued_bytes.unwrap_or(defaults.max_queued_bytes),
        }
    }

    fn packet_limits(&self, max_http_buffer_size: usize) -> PacketLimits {
        let (options, defaults) = (self.options(), PacketLimits::default());
        let max_attachments = match options.parser {
            Some(Parser::MsgPack) => PacketLimits::MSGPACK_ATTACHMENTS,
            _ => defaults.max_attachments,
        };
        PacketLimits {
            max_attachments: options.max_attachments.unwrap_or(max_attachments),
            max_attachments_bytes: options
                .max_attachments_bytes
                .unwrap_or(max_http_buffer_size.saturating_mul(defaults.max_attachments)),
            attachments_timeout: options.attachments_timeout.unwrap_or(defaults.attachments_timeout),
            arguments: self.argument_limits(),
        }
    }

    fn argument_limits(&self) -> ArgumentLimits {
        let options = self.options();
        let mut limits = ArgumentLimits::default();
        limits.max_event_name_length = options.max_event_name_length.unwrap_or(limits.max_event_name_length);
        limits.max_arguments = options.max_arguments.unwrap_or(limits.max_arguments);
        limits.max_json_depth = options.max_json_depth.unwrap_or(limits.max_json_depth);
        limits
    }

    fn namespace_limits(&self) -> NamespaceLimits {
        let (options, defaults) = (self.options(), NamespaceLimits::default());
        NamespaceLimits {
            cleanup_empty_children: options
                .cleanup_empty_child_namespaces
                .unwrap_or(defaults.cleanup_empty_children),
            max_children: options.max_child_namespaces.unwrap_or(defaults.max_children),
            max_name_length: options.max_namespace_length.unwrap_or(defaults.max_name_length),
            max_per_connection: options.max_namespaces_per_connection.unwrap_or(defaults.max_per_connection),
        }
    }

    fn socket_limits(&self) -> SocketLimits {
        let (options, defaults) = (self.options(), SocketLimits::default());
        SocketLimits {
            max_rooms: options.max_rooms_per_socket.unwrap_or(defaults.max_rooms),
            max_listeners: options.max_listeners.unwrap_or(defaults.max_listeners),
        }
    }

    /// The gateways by namespace, in the order of the source.
    fn namespaces(&self) -> Vec<(NamespacePattern, Vec<&RegisteredGateway>)> {
        let mut namespaces: Vec<(NamespacePattern, Vec<&RegisteredGateway>)> = Vec::new();
        for gateway in &self.gateways {
            let own = gateway.options.namespace.clone().unwrap_or_else(|| "/".into());
            match namespaces.iter_mut().find(|(known, _)| known.is_same(&own)) {
                Some((_, gateways)) => gateways.push(gateway),
                None => namespaces.push((own, vec![gateway])),
            }
        }
        namespaces
    }
}

fn served(gateways: &[&RegisteredGateway]) -> Vec<ServedGateway> {
    gateways
        .iter()
        .map(|gateway| ServedGateway {
            name: gateway.name(),
            instance: gateway.instance.clone(),
            hooks: gateway.descriptor.hooks,
            enhancers: gateway.descriptor.enhancers,
            handlers: gateway.handlers.clone(),
            concurrent_connection: gateway.options.concurrent_connection.unwrap_or(false),
        })
        .collect()
}

/// The table of a namespace, with guards, pipes, interceptors and filters resolved.
fn dispatcher(
    namespace: &str,
    gateways: &[&RegisteredGateway],
    style: ReplyStyle,
    sources: Sources<'_>,
) -> Result<Dispatcher, GatewayError> {
    Dispatcher::new(namespace, served(gateways), style, sources).map_err(
        |(gateway, ResolveError { name, source })| GatewayError::Enhancer {
            gateway,
            name,
            source: Box::new(source),
        },
    )
}

/// Makes the handles that the gateways hold speak to the namespace.
fn bind(gateways: &[&RegisteredGateway], server: &Server) {
    for gateway in gateways {
        serve::bind(&gateway.server, server);
    }
}

fn socket_io(
    group: &Group<'_>,
    io: &IoAdapter,
    detached: &DetachedHandlers,
    sources: Sources<'_>,
) -> Result<Serves, GatewayError> {
    let options = group.options();
    let cors = group.cors();
    let adapter: AdapterFactory = io.adapter.clone();
    let defaults = EngineConfig::default();
    let max_http_buffer_size = options.max_http_buffer_size.unwrap_or(defaults.max_http_buffer_size);
    let server = SocketIoServer::new(SocketIoConfig {
        parser: options.parser.unwrap_or_default(),
        packets: group.packet_limits(max_http_buffer_size),
        packet_rate: options.max_packets_per_second,
        connect_timeout: options.connect_timeout.unwrap_or(std::time::Duration::from_secs(45)),
        handlers: group.handler_limits(),
        namespaces: group.namespace_limits(),
        sockets: group.socket_limits(),
        recovery: options.connection_state_recovery.map(SessionRecovery::new),
        adapter,
        detached: detached.clone(),
    });
    for (namespace, gateways) in group.namespaces() {
        let dispatcher = dispatcher(&namespace.text(), &gateways, ReplyStyle::Acknowledge, sources)?;
        let own = match &namespace {
            NamespacePattern::Name(name) => server.named(name),
            dynamic => server.dynamic(dynamic),
        };
        bind(&gateways, &own);
        server.serve(&namespace, Arc::new(dispatcher));
    }
    let config = EngineConfig {
        transports: options.transports.as_deref().map_or(defaults.transports, |transports| Transports {
            polling: transports.contains(&Transport::Polling),
            websocket: transports.contains(&Transport::WebSocket),
        }),
        allow_upgrades: options.allow_upgrades.unwrap_or(defaults.allow_upgrades),
        allow_eio3: options.allow_eio3.unwrap_or(defaults.allow_eio3),
        ping_interval: options.ping_interval.unwrap_or(defaults.ping_interval),
        ping_timeout: options.ping_timeout.unwrap_or(defaults.ping_timeout),
        upgrade_timeout: options.upgrade_timeout.unwrap_or(defaults.upgrade_timeout),
        max_http_buffer_size,
        cookie: options.cookie.as_ref().map(cookie),
        check_origin: check_origin(options, cors.as_ref()),
        per_message_deflate: compression::deflate(options),
        http_compression: compression::http(options),
        allow_request: engine_hooks::allow_request(&io.hooks, options, (StatusCode::FORBIDDEN, "Forbidden")),
        initial_packet: options.initial_packet.as_ref().map(|packet| Frames::text(format!("4{packet}"))),
        hooks: io.hooks.clone(),
        limits: group.limits(),
    };
    let engine = Engine::new(config, SocketIoApplication(server.clone()));
    let counted = Arc::downgrade(&engine);
    server.count_clients_with(move || counted.upgrade().map_or(0, |engine| engine.sessions()));
    let files = options.serve_client.clone().and_then(ClientFiles::new);
    let slash = options.add_trailing_slash.unwrap_or(true);
    let mount = Mount::socket_io(&group.path, slash, engine.clone(), &io.layers, cors.as_ref(), files);
    Ok((mount, engine, server))
}

fn plain(
    group: &Group<'_>,
    ws: &WsAdapter,
    detached: &DetachedHandlers,
    sources: Sources<'_>,
) -> Result<Serves, GatewayError> {
    for gateway in &group.gateways {
        if let Some(namespace) = gateway.options.namespace.clone() {
            let namespace = namespace.text();
            return Err(GatewayError::NamespaceOnPlainWebSocket { gateway: gateway.name(), namespace });
        }
    }
    let options = group.options();
    let defaults = PlainConfig::default();
    let server = WsServer::new(WsConfig {
        arguments: group.argument_limits(),
        packet_rate: options.max_packets_per_second,
        handlers: group.handler_limits(),
        sockets: group.socket_limits(),
        adapter: ws.adapter.clone(),
        detached: detached.clone(),
        message_parser: ws.message_parser.clone(),
    });
    bind(&group.gateways, server.server());
    server.serve(Arc::new(dispatcher("/", &group.gateways, ReplyStyle::Frame, sources)?));
    let config = PlainConfig {
        ping_interval: options.ping_interval,
        ping_timeout: options.ping_timeout.unwrap_or(defaults.ping_timeout),
        max_payload: options.max_http_buffer_size.unwrap_or(defaults.max_payload),
        check_origin: check_origin(options, group.cors().as_ref()),
        per_message_deflate: compression::deflate(options),
        limits: group.limits(),
        allow_request: Some(admission(
            engine_hooks::allow_request(&ws.hooks, options, (StatusCode::UNAUTHORIZED, "Unauthorized")),
            server.clone(),
        )),
        hooks: engine_hooks::of_plain(&ws.hooks, options),
    };
    let engine = PlainEngine::new(config, WsApplication(server.clone()));
    Ok((Mount::plain(&group.path, engine.clone()), engine, server))
}

/// `verify_client`, middlewares and guards decide before the upgrade.
fn admission(verify_client: Option<AllowRequest>, server: Arc<WsServer>) -> AllowRequest {
    Arc::new(move |request| {
        let (verify_client, server) = (verify_client.clone(), server.clone());
        async move {
            if let Some(verify) = verify_client {
                verify(request.clone()).await?;
            }
            server.admit(&request).await
        }
        .boxed()
    })
}

fn check_origin(options: &GatewayOptions, cors: Option<&Cors>) -> Option<crate::engine::CheckOrigin> {
    if options.check_origin == Some(false) { None } else { cors.and_then(cors::check_origin) }
}

fn cookie(cookie: &Cookie) -> CookieOptions {
    CookieOptions {
        name: cookie.name.clone(),
        path: cookie.path.clone(),
        domain: cookie.domain.clone(),
        http_only: cookie.http_only,
        same_site: cookie.same_site.as_deref().and_then(same_site),
        secure: cookie.secure,
        max_age: cookie.max_age,
    }
}

fn same_site(name: &str) -> Option<SameSite> {
    match name.to_ascii_lowercase().as_str() {
        "strict" => Some(SameSite::Strict),
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None),
        _ => None,
    }
}

/// What is wrong with the values of a gateway's options.
pub(crate) fn problems(options: &GatewayOptions) -> Vec<String> {
    let mut problems = options.errors.clone();
    problems.extend(options.cors.iter().flat_map(cors::problems));
    #[cfg(not(feature = "deflate"))]
    problems.extend(compression::problems(options));
    if let Some(site) = options.cookie.as_ref().and_then(|cookie| cookie.same_site.as_deref())
        && same_site(site).is_none()
    {
        problems.push(format!("cookie: same_site is \"strict\", \"lax\" or \"none\", not {site:?}"));
    }
    problems
}

/// Prints which options of the later gateways do not hold.
fn warn_of_differences(group: &Group<'_>) {
    let Some((first, others)) = group.gateways.split_first() else { return };
    let expected = printed(&first.options);
    for other in others {
        let differing: Vec<_> = printed(&other.options)
            .into_iter()
            .filter(|(name, value)| value != "None" && expected.get(name) != Some(value))
            .map(|(name, _)| name)
            .collect();
        if !differing.is_empty() {
            tracing::warn!(
                "{} shares its server (path {:?}) with {}, whose options hold: {} of {} is ignored. Set it on {}, or \
                 give {} a path of its own",
                other.name(),
                group.path,
                first.name(),
                differing.join(", "),
                other.name(),
                first.name(),
                other.name(),
            );
        }
    }
}

/// The options that a server has once, by name.
fn printed(options: &GatewayOptions) -> HashMap<&'static str, String> {
    // The origins of all gateways are allowed: they make no difference.
    let cors = options.cors.clone().map(|cors| Cors { origin: CorsOrigin::Any, ..cors });
    let printed: [(_, &dyn Debug); 38] = [
        ("cors", &cors),
        ("concurrent_connection", &options.concurrent_connection),
        ("check_origin", &options.check_origin),
        ("transports", &options.transports),
        ("allow_upgrades", &options.allow_upgrades),
        ("allow_eio3", &options.allow_eio3),
        ("ping_interval", &options.ping_interval),
        ("ping_timeout", &options.ping_timeout),
        ("upgrade_timeout", &options.upgrade_timeout),
        ("connect_timeout", &options.connect_timeout),
        ("connection_state_recovery", &options.connection_state_recovery),
        ("cleanup_empty_child_namespaces", &options.cleanup_empty_child_namespaces),
        ("max_child_namespaces", &options.max_child_namespaces),
        ("max_namespace_length", &options.max_namespace_length),
        ("max_namespaces_per_connection", &options.max_namespaces_per_connection),
        ("max_http_buffer_size", &options.max_http_buffer_size),
        ("allow_request", &options.allow_request),
        ("handle_protocols", &options.handle_protocols),
        ("initial_packet", &options.initial_packet),
        ("add_trailing_slash", &options.add_trailing_slash),
        ("per_message_deflate", &options.per_message_deflate),
        ("http_compression", &options.http_compression),
        ("cookie", &options.cookie),
        ("serve_client", &options.serve_client),
        ("max_running_handlers", &options.max_running_handlers),
        ("max_queued_bytes", &options.max_queued_bytes),
        ("max_rooms_per_socket", &options.max_rooms_per_socket),
        ("max_listeners", &options.max_listeners),
        ("max_outbox_bytes", &options.max_outbox_bytes),
        ("write_timeout", &options.write_timeout),
        ("parser", &options.parser),
        ("max_attachments", &options.max_attachments),
        ("max_attachments_bytes", &options.max_attachments_bytes),
        ("attachments_timeout", &options.attachments_timeout),
        ("max_event_name_length", &options.max_event_name_length),
        ("max_arguments", &options.max_arguments),
        ("max_json_depth", &options.max_json_depth),
        ("max_packets_per_second", &options.max_packets_per_second),
    ];
    printed.into_iter().map(|(name, value)| (name, format!("{value:?}"))).collect()
}
