//! Who the client is when proxies stand in front: what their headers say, as far as they are trusted.
//!
//! It must never take a header's word from a peer that is not trusted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::{HeaderMap, header};

/// Express's names of networks.
const NAMED: [(&str, &[&str]); 3] = [
    ("loopback", &["127.0.0.0/8", "::1/128"]),
    ("linklocal", &["169.254.0.0/16", "fe80::/10"]),
    ("uniquelocal", &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]),
];

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Which proxies are believed about the client's address and protocol (Express's `trust proxy`). Default: none.
///
/// | value | trusts |
/// |---|---|
/// | `1`, `2`, … | that many proxies in front, whatever their addresses: nobody else may reach the port |
/// | `"loopback"`, `"linklocal"`, `"uniquelocal"` | the private networks of that name |
/// | `"10.0.0.0/8"`, `"192.0.2.7"`, `"loopback, 10.1.0.0/16"`, a list of such | these addresses and networks |
/// | [`predicate`](Self::predicate) | addresses that a function says yes to |
/// | `true`, `false` | everybody (only if nobody can go around the proxy), nobody |
///
/// The address is the first from the right of `X-Forwarded-For` that is not itself a trusted proxy's, with port 0
/// if the header names none; it is what `client.handshake().address()`, axum's `ConnectInfo<SocketAddr>`, the
/// throttler and `max_connections_per_ip` see. `X-Forwarded-Proto: https` makes `client.handshake().secure()` true:
/// the proxy must set that header, not hand on the client's. The standard `Forwarded` header is read instead if
/// [`forwarded`](Self::forwarded) says so, never both: a client could fill in the one that the proxy leaves alone.
///
/// ```
/// use gateway_runtime::{GatewayApp, TrustProxy};
///
/// let builder = GatewayApp::builder().trust_proxy(1);
/// let builder = builder.trust_proxy("loopback, 10.0.0.0/8");
/// let builder = builder.trust_proxy(TrustProxy::from(["192.0.2.1", "192.0.2.2"]).forwarded());
/// # drop(builder);
/// ```
#[derive(Clone, Debug)]
pub struct TrustProxy {
    trusted: Trusted,
    header: Header,
    problems: Vec<String>,
}

#[derive(Clone)]
enum Trusted {
    Hops(usize),
    Networks(Arc<[Network]>),
    Predicate(Arc<dyn Fn(IpAddr, usize) -> bool + Send + Sync>),
}

impl fmt::Debug for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hops(hops) => f.debug_tuple("Hops").field(hops).finish(),
            Self::Networks(networks) => f.debug_tuple("Networks").field(networks).finish(),
            Self::Predicate(_) => f.write_str("Predicate"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    XForwarded,
    Forwarded,
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().ok()?.to_canonical();
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl TrustProxy {
    /// Trusts addresses that a function says yes to. It gets the address and how many proxies are between it and
    /// the server (0 is the peer of the connection).
    pub fn predicate(trusts: impl Fn(IpAddr, usize) -> bool + Send + Sync + 'static) -> Self {
        Self::new(Trusted::Predicate(Arc::new(trusts)))
    }

    /// Reads the standard header `Forwarded` (RFC 7239), and the `X-Forwarded-…` ones no longer.
    #[must_use]
    pub fn forwarded(mut self) -> Self {
        self.header = Header::Forwarded;
        self
    }

    fn new(trusted: Trusted) -> Self {
        Self { trusted, header: Header::XForwarded, problems: Vec::new() }
    }

    fn networks<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut networks, mut problems) = (Vec::new(), Vec::new());
        let names = names.into_iter().flat_map(|names| names.split(',')).map(str::trim);
        for name in names.filter(|name| !name.is_empty()) {
            match NAMED.iter().find(|(known, _)| *known == name) {
                Some((_, members)) => networks.extend(members.iter().copied().filter_map(Network::parse)),
                None => match Network::parse(name) {
                    Some(network) => networks.push(network),
                    None => problems.push(format!(
                        "trust_proxy: {name:?} is neither an address (192.0.2.7), a network (10.0.0.0/8) nor one \
                         of loopback, linklocal, uniquelocal"
                    )),
                },
            }
        }
        Self { problems, ..Self::new(Trusted::Networks(networks.into())) }
    }

    /// What cannot be.
    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }

    fn trusts(&self, address: IpAddr, hop: usize) -> bool {
        match &self.trusted {
            Trusted::Hops(hops) => hop < *hops,
            Trusted::Networks(networks) => networks.iter().any(|network| network.contains(address)),
            // It is asked where connections are accepted: a panic must not end that.
            Trusted::Predicate(trusts) => catch_unwind(AssertUnwindSafe(|| trusts(address, hop)))
                .unwrap_or_else(|_| {
                    tracing::error!("the predicate of `trust_proxy` panicked: nobody is trusted");
                    false
                }),
        }
    }

    /// Whether the peer of a connection is a proxy; without an address it is a program on this machine.
    pub(crate) fn trusts_peer(&self, peer: Option<SocketAddr>) -> bool {
        self.trusts(peer.map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.ip()), 0)
    }

    /// Who sent a request, and whether the sender's connection is encrypted.
    pub(crate) fn sender(&self, peer: Option<SocketAddr>, secure: bool, headers: &HeaderMap) -> Sender {
        let direct = Sender { address: peer, secure };
        if !self.trusts_peer(peer) {
            return direct;
        }
        match self.header {
            Header::XForwarded => self.x_forwarded(direct, headers),
            Header::Forwarded => self.standard(direct, headers),
        }
    }

    fn x_forwarded(&self, mut sender: Sender, headers: &HeaderMap) -> Sender {
        let named = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let named = named.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        for (hop, node) in named.enumerate() {
            // What is no address hides whoever is behind it.
            let Some(address) = parse_node(node.trim()) else { break };
            sender.address = Some(address);
            if !self.trusts(address.ip(), hop + 1) {
                break;
            }
        }
        // As in Express, the first of several.
        let protocol = headers.get(X_FORWARDED_PROTO).and_then(|value| value.to_str().ok());
        let protocol = protocol.and_then(|value| value.split(',').next());
        if let Some(protocol) = protocol {
            sender.secure = is_secure(protocol.trim());
        }
        sender
    }

    fn standard(&self, mut sender: Sender, headers: &HeaderMap) -> Sender {
        let lines: Vec<_> = headers.get_all(header::FORWARDED).iter().collect();
        // From the right: a quote that a client has left open must not swallow what a proxy has added.
        let elements = lines.iter().rev().flat_map(|value| rsplit(value.to_str().unwrap_or_default(), ','));
        for (hop, element) in elements.enumerate() {
            let parameter = |wanted: &str| {
                split(element, ';').find_map(|pair| {
                    let (name, value) = pair.split_once('=')?;
                    name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
                })
            };
            if let Some(protocol) = parameter("proto") {
                sender.secure = is_secure(protocol);
            }
            let Some(address) = parameter("for").and_then(parse_node) else { break };
            sender.address = Some(address);
            if !self.trusts(address.ip(), hop + 1) {
                break;
            }
        }
        sender
    }
}

impl From<bool> for TrustProxy {
    fn from(all: bool) -> Self {
        Self::new(Trusted::Hops(if all { usize::MAX } else { 0 }))
    }
}

impl From<usize> for TrustProxy {
    fn from(hops: usize) -> Self {
        Self::new(Trusted::Hops(hops))
    }
}

impl From<&str> for TrustProxy {
    fn from(networks: &str) -> Self {
        Self::networks([networks])
    }
}

impl From<String> for TrustProxy {
    fn from(networks: String) -> Self {
        Self::networks([networks.as_str()])
    }
}

impl<const N: usize> From<[&str; N]> for TrustProxy {
    fn from(networks: [&str; N]) -> Self {
        Self::networks(networks)
    }
}

impl From<Vec<String>> for TrustProxy {
    fn from(networks: Vec<String>) -> Self {
        Self::networks(networks.iter().map(String::as_str))
    }
}

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) secure: bool,
}

fn is_secure(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("https") || protocol.eq_ignore_ascii_case("wss")
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn parse_node(node: &str) -> Option<SocketAddr> {
    let address = node.parse::<SocketAddr>().ok().or_else(|| {
        let bare = node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(node);
        Some(SocketAddr::new(bare.parse().ok()?, 0))
    })?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

/// [`split`] that begins at the end.
fn rsplit(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.rsplit(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

/// Splits where the separator is not in quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn sender(trust: impl Into<TrustProxy>, peer: &str, headers: &[(&str, &str)]) -> (String, bool) {
        let headers = headers.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a name");
            (name, value.parse().expect("a value"))
        });
        let peer = SocketAddr::new(peer.parse().expect("an address"), 1234);
        let sender = trust.into().sender(Some(peer), false, &headers.collect());
        let address = sender.address.expect("an address");
        (if address == peer { "peer".to_owned() } else { address.ip().to_string() }, sender.secure)
    }

    const CHAIN: [(&str, &str); 2] =
        [("x-forwarded-for", "203.0.113.9, 198.51.100.2, 10.0.0.5"), ("x-forwarded-proto", "https")];

    /// The addresses that Express 5 gives for the same values and headers.
    #[test]
    fn addresses_are_those_of_express() {
        for (trust, expected) in [
            (TrustProxy::from(false), "peer"),
            (TrustProxy::from(1), "10.0.0.5"),
            (TrustProxy::from(2), "198.51.100.2"),
            (TrustProxy::from(9), "203.0.113.9"),
            (TrustProxy::from(true), "203.0.113.9"),
            (TrustProxy::from("loopback"), "10.0.0.5"),
            (TrustProxy::from("loopback, uniquelocal"), "198.51.100.2"),
            (TrustProxy::from(["127.0.0.1", "10.0.0.0/8", "198.51.100.0/24"]), "203.0.113.9"),
            (TrustProxy::from("10.0.0.0/8"), "peer"),
            (TrustProxy::predicate(|_, hop| hop < 1), "10.0.0.5"),
        ] {
            let described = format!("{trust:?}");
            assert_eq!(sender(trust, "127.0.0.1", &CHAIN).0, expected, "{described}");
        }
    }

    #[test]
    fn nothing_is_taken_from_a_peer_that_is_not_trusted() {
        assert_eq!(sender("10.0.0.0/8", "203.0.113.66", &CHAIN), ("peer".to_owned(), false));
        assert_eq!(sender("10.0.0.0/8", "10.1.2.3", &CHAIN), ("198.51.100.2".to_owned(), true));
    }

    #[test]
    fn several_lines_are_one_list_and_addresses_may_have_ports() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "[2001:db8::7]:4711")];
        assert_eq!(sender(1, "::1", &lines).0, "2001:db8::7");
        assert_eq!(sender(2, "::1", &lines).0, "203.0.113.9");
        assert_eq!(sender("loopback", "::ffff:127.0.0.1", &lines).0, "2001:db8::7");
    }

    #[test]
    fn what_is_no_address_ends_the_way_back() {
        for value in ["unknown", "203.0.113.9, _hidden", "203.0.113.9, ", ""] {
            assert_eq!(sender(true, "127.0.0.1", &[("x-forwarded-for", value)]).0, "peer", "{value:?}");
        }
        assert_eq!(sender(true, "127.0.0.1", &[("x-forwarded-for", "junk, 192.0.2.1")]).0, "192.0.2.1");
    }

    #[test]
    fn the_standard_header_is_read_if_it_is_chosen_and_only_then() {
        let headers = [
            ("forwarded", r#"for=203.0.113.9;proto=https, for="[2001:db8::1]:80";by="a,b;c";Proto=http"#),
            ("x-forwarded-for", "192.0.2.66"),
            ("x-forwarded-proto", "http"),
        ];
        let forwarded = |hops: usize| TrustProxy::from(hops).forwarded();
        assert_eq!(sender(forwarded(1), "127.0.0.1", &headers), ("2001:db8::1".to_owned(), false));
        assert_eq!(sender(forwarded(2), "127.0.0.1", &headers), ("203.0.113.9".to_owned(), true));
        assert_eq!(sender(1, "127.0.0.1", &headers).0, "192.0.2.66");
        assert_eq!(sender(forwarded(1), "127.0.0.1", &headers[1..]).0, "peer");
    }

    #[test]
    fn mistakes_are_named() {
        for wrong in ["localhost", "10.0.0.0/33", "10.0.0/8", "::/129"] {
            let problems = TrustProxy::from(wrong).problems;
            assert!(problems.len() == 1 && problems[0].contains(wrong), "{problems:?}");
        }
        assert!(TrustProxy::from("loopback, 0.0.0.0/0, ::/0").problems.is_empty());
        assert!(TrustProxy::from("0.0.0.0/0").trusts(IpAddr::from([203, 0, 113, 1]), 0));
    }

    #[test]
    fn a_quote_that_a_client_leaves_open_hides_no_proxy() {
        let trust = || TrustProxy::from(1).forwarded();
        let line = [("forwarded", "for=192.0.2.1;proto=https;x=\", for=203.0.113.9;proto=http")];
        assert_eq!(sender(trust(), "10.0.0.1", &line), ("203.0.113.9".to_owned(), false));
        let quoted = [("forwarded", "for=\"[2001:db8::1]:80\";proto=https")];
        assert_eq!(sender(trust(), "10.0.0.1", &quoted), ("2001:db8::1".to_owned(), true));
    }

    #[test]
    fn a_predicate_that_panics_trusts_nobody() {
        let trust = TrustProxy::predicate(|_, _| panic!("on purpose"));
        assert_eq!(sender(trust, "10.0.0.1", &CHAIN), ("peer".to_owned(), false));
    }
}
