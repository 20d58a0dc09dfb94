//! Which encoding an `Accept-Encoding` header asks for (RFC 9110, 12.5.3). A pure function of headers.

use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

/// An encoding of a response body that engine.io offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentEncoding {
    Gzip,
    Deflate,
}

impl ContentEncoding {
    /// Its name in `Content-Encoding`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// What the client prefers of the two; gzip if it does not care, `None` if it takes neither.
    pub(crate) fn preferred(request: &HeaderMap) -> Option<Self> {
        Self::preferred_of(request.get_all(ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes))
    }

    /// The same, of the values of `Accept-Encoding`.
    pub(crate) fn preferred_of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let (mut gzip, mut deflate, mut any, mut identity) = (None, None, None, None);
        for value in values {
            let value = std::str::from_utf8(value).unwrap_or_default();
            for (at, entry) in value.split(',').enumerate() {
                let (name, quality) = parse(entry);
                let slot = match name {
                    _ if name.eq_ignore_ascii_case("gzip") => &mut gzip,
                    _ if name.eq_ignore_ascii_case("deflate") => &mut deflate,
                    _ if name.eq_ignore_ascii_case("identity") => &mut identity,
                    "*" => &mut any,
                    _ => continue,
                };
                slot.get_or_insert((quality, at));
            }
        }
        let gzip = gzip.or(any).unwrap_or_default();
        let deflate = deflate.or(any).unwrap_or_default();
        let best = if deflate.0 > gzip.0 || (deflate.0 == gzip.0 && deflate.1 < gzip.1) {
            (Self::Deflate, deflate.0)
        } else {
            (Self::Gzip, gzip.0)
        };
        // A client that would rather have it plain gets it plain.
        let plain = identity.map_or(0, |(quality, _)| quality);
        (best.1 > 0 && best.1 >= plain).then_some(best.0)
    }
}

/// A coding and its weight in thousandths.
fn parse(entry: &str) -> (&str, u16) {
    let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
    let weight = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
    let quality = match weight.map(|weight| weight.trim().parse::<f32>()) {
        None => 1.0,
        Some(Ok(quality)) if (0.0..=1.0).contains(&quality) => quality,
        Some(_) => 0.0,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000")]
    let thousandths = (quality * 1000.0).round() as u16;
    (name.trim(), thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_preference_counts() {
        for (header, expected) in [
            ("gzip, deflate, br", Some(ContentEncoding::Gzip)),
            ("deflate, gzip", Some(ContentEncoding::Deflate)),
            ("gzip;q=0.5, deflate", Some(ContentEncoding::Deflate)),
            ("GZIP;q=0, *", Some(ContentEncoding::Deflate)),
            ("*", Some(ContentEncoding::Gzip)),
            ("identity, gzip;q=0.5", None),
            ("gzip;q=0", None),
            ("gzip;q=nonsense", None),
            ("br", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, header.parse().expect("a value"))]);
            assert_eq!(ContentEncoding::preferred(&headers), expected, "{header}");
        }
        assert_eq!(ContentEncoding::preferred(&HeaderMap::new()), None);
    }
}
