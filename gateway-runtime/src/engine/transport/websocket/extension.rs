//! The negotiation of permessage-deflate (RFC 7692, 5 and 7.1): from the client's offers to the
//! server's answer. Pure functions of headers and options.

use http::header::SEC_WEBSOCKET_EXTENSIONS;
use http::{HeaderMap, HeaderValue};

use super::deflate::DeflateOptions;

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_window_bits: u8,
    pub(super) client_window_bits: u8,
    /// The client may be told a window of its own.
    tell_client_window: bool,
    /// The client asked for a window of the server, or the server has a smaller one.
    tell_server_window: bool,
}

/// One offer of the client.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// `Some(15)` without a value.
    client_max_window_bits: Option<u8>,
}

impl Agreement {
    /// The first offer that this server accepts.
    pub(crate) fn negotiate(request: &HeaderMap, options: &DeflateOptions) -> Option<Self> {
        let values = request.get_all(SEC_WEBSOCKET_EXTENSIONS).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(Offer::parse)
            .find_map(|offer| Self::accept(&offer, options))
    }

    fn accept(offer: &Offer, options: &DeflateOptions) -> Option<Self> {
        let own = options.server_max_window_bits;
        let server_window_bits = offer.server_max_window_bits.unwrap_or(own).min(own);
        // zlib compresses with no window that small.
        if server_window_bits < 9 {
            return None;
        }
        let client_window_bits = match (offer.client_max_window_bits, options.client_max_window_bits) {
            (Some(offered), Some(own)) => offered.min(own),
            (Some(offered), None) => offered,
            (None, _) => 15,
        };
        Some(Self {
            server_no_context_takeover: offer.server_no_context_takeover
                || options.server_no_context_takeover,
            client_no_context_takeover: offer.client_no_context_takeover
                || options.client_no_context_takeover,
            server_window_bits,
            client_window_bits,
            tell_client_window: offer.client_max_window_bits.is_some() && client_window_bits < 15,
            tell_server_window: offer.server_max_window_bits.is_some() || server_window_bits < 15,
        })
    }

    /// The header that tells the client.
    pub(crate) fn header(&self) -> HeaderValue {
        let mut value = String::from("permessage-deflate");
        if self.server_no_context_takeover {
            value.push_str("; server_no_context_takeover");
        }
        if self.client_no_context_takeover {
            value.push_str("; client_no_context_takeover");
        }
        if self.tell_server_window {
            value.push_str(&format!("; server_max_window_bits={}", self.server_window_bits));
        }
        if self.tell_client_window {
            value.push_str(&format!("; client_max_window_bits={}", self.client_window_bits));
        }
        HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("permessage-deflate"))
    }
}

impl Offer {
    /// An offer of this extension; `None` for others, and for one with a parameter that is unknown, repeated
    /// or has a wrong value, which must be declined (RFC 7692, 7.1).
    fn parse(extension: &str) -> Option<Self> {
        let mut parts = extension.split(';').map(str::trim);
        if parts.next() != Some("permessage-deflate") {
            return None;
        }
        let mut offer = Self::default();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (part, None),
            };
            let seen = match (name, value) {
                ("server_no_context_takeover", None) => {
                    std::mem::replace(&mut offer.server_no_context_takeover, true)
                }
                ("client_no_context_takeover", None) => {
                    std::mem::replace(&mut offer.client_no_context_takeover, true)
                }
                ("server_max_window_bits", Some(value)) => {
                    offer.server_max_window_bits.replace(window_bits(value)?).is_some()
                }
                ("client_max_window_bits", value) => {
                    let bits = value.map_or(Some(15), window_bits)?;
                    offer.client_max_window_bits.replace(bits).is_some()
                }
                _ => return None,
            };
            if seen {
                return None;
            }
        }
        Some(offer)
    }
}

/// 8 to 15, without leading zeros.
fn window_bits(value: &str) -> Option<u8> {
    matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15").then(|| value.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(offers: &str, options: &DeflateOptions) -> Option<String> {
        let headers = HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, offers.parse().expect("a value"))]);
        let agreement = Agreement::negotiate(&headers, options)?;
        Some(agreement.header().to_str().expect("text").to_owned())
    }

    fn with_takeover() -> DeflateOptions {
        DeflateOptions {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            ..DeflateOptions::default()
        }
    }

    #[test]
    fn browsers_get_their_answer() {
        for offer in
            ["permessage-deflate; client_max_window_bits", "permessage-deflate", "foo, permessage-deflate"]
        {
            assert_eq!(
                answer(offer, &DeflateOptions::default()).as_deref(),
                Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
            );
            assert_eq!(answer(offer, &with_takeover()).as_deref(), Some("permessage-deflate"));
        }
    }

    #[test]
    fn what_the_client_asks_for_is_kept() {
        assert_eq!(
            answer(
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
                &with_takeover()
            )
            .as_deref(),
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=10")
        );
        assert_eq!(
            answer("permessage-deflate; client_max_window_bits=\"12\"", &with_takeover()).as_deref(),
            Some("permessage-deflate; client_max_window_bits=12")
        );
    }

    #[test]
    fn windows_of_the_options_are_told_where_they_may_be() {
        let options = DeflateOptions {
            server_max_window_bits: 11,
            client_max_window_bits: Some(10),
            ..with_takeover()
        };
        assert_eq!(
            answer("permessage-deflate; client_max_window_bits", &options).as_deref(),
            Some("permessage-deflate; server_max_window_bits=11; client_max_window_bits=10")
        );
        // A client that does not offer it must not be told a window.
        assert_eq!(
            answer("permessage-deflate", &options).as_deref(),
            Some("permessage-deflate; server_max_window_bits=11")
        );
    }

    #[test]
    fn offers_that_cannot_be_kept_are_declined_and_the_next_counts() {
        for offer in [
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=09",
            "permessage-deflate; client_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; what",
            "x-webkit-deflate-frame",
            "",
        ] {
            assert_eq!(answer(offer, &with_takeover()), None, "{offer}");
            let next = format!("{offer}, permessage-deflate");
            assert_eq!(answer(&next, &with_takeover()).as_deref(), Some("permessage-deflate"), "{offer}");
        }
    }
}
