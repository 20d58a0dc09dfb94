//! The options of `#[web_socket_gateway]` by name. Each name is a method of `GatewayOptions`; a
//! test keeps both lists equal.
//!
//! It must never know what an option means or what its value may be: the method's types say that.

/// An option of the attribute.
#[derive(Debug)]
pub(crate) struct GatewayOption {
    /// The name, and the method that sets it.
    pub(crate) name: &'static str,
    /// What may stand in `name(..)`, for options that have parts; such an option also takes
    /// `name = value`, which calls the method `name_value`.
    pub(crate) parts: &'static [&'static str],
}

const fn option(name: &'static str) -> GatewayOption {
    GatewayOption { name, parts: &[] }
}

const fn nested(name: &'static str, parts: &'static [&'static str]) -> GatewayOption {
    GatewayOption { name, parts }
}

/// All options. `port` is the attribute's first argument and has no name there.
pub(crate) const GATEWAY_OPTIONS: &[GatewayOption] = &[
    option("namespace"),
    option("path"),
    nested("cors", &["origin", "methods", "allowed_headers", "exposed_headers", "credentials", "max_age"]),
    option("check_origin"),
    option("transports"),
    option("allow_upgrades"),
    option("allow_eio3"),
    option("ping_interval"),
    option("ping_timeout"),
    option("upgrade_timeout"),
    option("connect_timeout"),
    nested(
        "connection_state_recovery",
        &["max_disconnection_duration", "skip_middlewares", "max_sessions", "max_stored_bytes"],
    ),
    option("cleanup_empty_child_namespaces"),
    option("max_child_namespaces"),
    option("max_namespace_length"),
    option("max_namespaces_per_connection"),
    option("max_http_buffer_size"),
    option("allow_request"),
    option("verify_client"),
    option("handle_protocols"),
    option("max_payload"),
    option("initial_packet"),
    option("add_trailing_slash"),
    nested(
        "per_message_deflate",
        &[
            "threshold",
            "server_no_context_takeover",
            "client_no_context_takeover",
            "server_max_window_bits",
            "client_max_window_bits",
            "level",
            "mem_level",
        ],
    ),
    nested("http_compression", &["threshold", "level", "mem_level", "window_bits"]),
    nested("cookie", &["name", "path", "domain", "http_only", "same_site", "secure", "max_age"]),
    option("serve_client"),
    option("concurrent_connection"),
    option("max_running_handlers"),
    option("max_queued_bytes"),
    option("max_rooms_per_socket"),
    option("max_listeners"),
    option("max_outbox_bytes"),
    option("write_timeout"),
    option("parser"),
    option("max_attachments"),
    option("max_attachments_bytes"),
    option("attachments_timeout"),
    option("max_event_name_length"),
    option("max_arguments"),
    option("max_json_depth"),
    option("max_packets_per_second"),
];

/// The option of this name.
pub(crate) fn find(name: &str) -> Option<&'static GatewayOption> {
    GATEWAY_OPTIONS.iter().find(|option| option.name == name)
}

/// What is said of an option of Engine.IO that has no meaning here, however it is spelled.
pub(crate) fn absent(written: &str) -> Option<String> {
    let why = match written.replace('_', "").to_lowercase().as_str() {
        "wsengine" => "it chooses the WebSocket library of Node, and the codec of this server is built in",
        "destroyupgrade" | "destroyupgradetimeout" => {
            "it ends WebSocket requests that nobody answers, and here the app's router answers every request, \
             with 404 if no route does"
        }
        _ => return None,
    };
    Some(format!("`{written}` has no meaning here: {why}; leave it out"))
}

/// The names of all options.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    GATEWAY_OPTIONS.iter().map(|option| option.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names of the public methods of one `impl` block of a source file.
    fn methods(source: &str, of: &str) -> BTreeSet<String> {
        let file = syn::parse_file(source).unwrap();
        let names = file.items.iter().filter_map(|item| match item {
            syn::Item::Impl(block) if block.trait_.is_none() => Some(block),
            _ => None,
        });
        names
            .filter(|block| match &*block.self_ty {
                syn::Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == of),
                _ => false,
            })
            .flat_map(|block| &block.items)
            .filter_map(|item| match item {
                syn::ImplItem::Fn(method) if matches!(method.vis, syn::Visibility::Public(_)) => {
                    Some(method.sig.ident.to_string())
                }
                _ => None,
            })
            .collect()
    }

    fn read(file: &str) -> String {
        let path = format!("{}/../gateway-core/src/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn every_option_is_a_method_of_gateway_options() {
        let mut expected = BTreeSet::from(["port".to_owned()]);
        for option in GATEWAY_OPTIONS {
            expected.insert(option.name.to_owned());
            if !option.parts.is_empty() {
                expected.insert(format!("{}_value", option.name));
            }
        }
        assert_eq!(methods(&read("options.rs"), "GatewayOptions"), expected);
    }

    #[test]
    fn every_part_is_a_method_of_its_builder() {
        let parts =
            |name| find(name).unwrap().parts.iter().map(|part| (*part).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(methods(&read("options.rs"), "CookieBuilder"), parts("cookie"));
        assert_eq!(methods(&read("cors.rs"), "CorsBuilder"), parts("cors"));
        let compression = read("compression.rs");
        assert_eq!(methods(&compression, "PerMessageDeflateBuilder"), parts("per_message_deflate"));
        assert_eq!(methods(&compression, "HttpCompressionBuilder"), parts("http_compression"));
        let recovery = methods(&read("recovery.rs"), "ConnectionStateRecoveryBuilder");
        assert_eq!(recovery, parts("connection_state_recovery"));
    }
}
