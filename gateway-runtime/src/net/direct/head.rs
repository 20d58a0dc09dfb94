//! Requests as they lie in the buffer they were read into. Takes what is whole and plain, and leaves everything else.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use super::ConnectionOptions;

/// Headers that are looked at; a browser sends about 15.
const MAX_HEADERS: usize = 64;

/// A request that is whole.
#[derive(Debug)]
pub(crate) struct DirectRequest<'a> {
    method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    headers: &'a [httparse::Header<'a>],
    /// The length of the body, if one is announced.
    announced: Option<usize>,
    /// Of a POST.
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) content_type: Option<&'a [u8]>,
    pub(crate) user_agent: Option<&'a [u8]>,
    pub(crate) accept_encoding: Option<&'a [u8]>,
}

/// The target of what may be a request, by a look at its first line.
pub(super) fn target(input: &[u8]) -> Option<&str> {
    let methods = [b"GET ".as_slice(), b"POST ", b"OPTIONS "];
    let rest = methods.into_iter().find_map(|method| input.strip_prefix(method))?;
    let end = rest.iter().position(|byte| *byte == b' ')?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// Hands on the request if the input is one, all of it and nothing more, with nothing unusual about how it is sent.
pub(super) fn read<T>(
    input: &[u8],
    options: &ConnectionOptions,
    then: impl FnOnce(&DirectRequest<'_>) -> Option<T>,
) -> Option<T> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let most = options.max_headers.map_or(MAX_HEADERS, |most| most.min(MAX_HEADERS));
    let mut head = httparse::Request::new(&mut headers[..most]);
    let Ok(httparse::Status::Complete(length)) = head.parse(input) else { return None };
    if length > options.max_header_size || head.version != Some(1) {
        return None;
    }
    let mut request = DirectRequest {
        method: head.method?,
        target: head.path?,
        headers: head.headers,
        announced: None,
        body: None,
        origin: None,
        content_type: None,
        user_agent: None,
        accept_encoding: None,
    };
    request.look_at_headers()?;
    let body = &input[length..];
    match (request.method, request.announced) {
        ("POST", Some(announced)) if announced == body.len() => request.body = Some(body),
        ("GET" | "OPTIONS", None | Some(0)) if body.is_empty() => {}
        _ => return None,
    }
    then(&request)
}

impl<'a> DirectRequest<'a> {
    pub(super) fn is_get_or_post(&self) -> bool {
        self.method != "OPTIONS"
    }

    /// Finds the headers that matter. `None` if the request is unusual: of two headers that say how it is framed, servers
    /// might believe one each.
    fn look_at_headers(&mut self) -> Option<()> {
        for httparse::Header { name, value } in self.headers {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match name.len() {
                6 if is("origin") => drop(self.origin.get_or_insert(value)),
                12 if is("content-type") => drop(self.content_type.get_or_insert(value)),
                10 if is("user-agent") => drop(self.user_agent.get_or_insert(value)),
                15 if is("accept-encoding") && self.accept_encoding.replace(value).is_some() => return None,
                10 if is("connection") && !is_usual(value) => return None,
                14 if is("content-length") && self.announced.replace(length(value)?).is_some() => {
                    return None;
                }
                17 if is("transfer-encoding") => return None,
                6 if is("expect") => return None,
                7 if is("upgrade") => return None,
                _ => {}
            }
        }
        Some(())
    }

    /// The same for a router; `None` if it is not what a router may see.
    pub(super) fn to_http(&self) -> Option<Request<Body>> {
        let text = self.target.len() + self.headers.iter().map(|header| header.value.len()).sum::<usize>();
        let mut bytes = Vec::with_capacity(text);
        bytes.extend_from_slice(self.target.as_bytes());
        for header in self.headers {
            bytes.extend_from_slice(header.value);
        }
        let mut rest = Bytes::from(bytes);
        let body = self.body.map_or_else(Body::empty, |body| Body::from(Bytes::copy_from_slice(body)));
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).ok()?;
        *request.uri_mut() = Uri::from_maybe_shared(rest.split_to(self.target.len())).ok()?;
        let headers = request.headers_mut();
        headers.reserve(self.headers.len());
        for header in self.headers {
            let value = rest.split_to(header.value.len());
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_maybe_shared(value).ok()?);
        }
        Some(request)
    }
}

/// Whether a `Connection` asks for nothing. Proxies say `upgrade` in requests without `Upgrade` as well.
fn is_usual(connection: &[u8]) -> bool {
    connection.eq_ignore_ascii_case(b"keep-alive") || connection.eq_ignore_ascii_case(b"upgrade")
}

fn length(value: &[u8]) -> Option<usize> {
    let digits = value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}
