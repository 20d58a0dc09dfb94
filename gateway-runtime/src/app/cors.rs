//! The `cors` option as HTTP headers, and as a guard of the WebSocket upgrade.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;

use futures_util::FutureExt;
use gateway_core::{Cors, CorsOrigin};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use tower::{Layer, Service, service_fn};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer, ExposeHeaders};

use crate::engine::CheckOrigin;

const DEFAULT_METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::POST, Method::DELETE];

/// The headers that a server with these rules answers with.
pub(crate) fn layer(cors: &Cors) -> CorsLayer {
    let mut layer = CorsLayer::new()
        .allow_origin(allow_origin(cors))
        .allow_methods(methods(&cors.methods))
        .allow_headers(match headers(&cors.allowed_headers) {
            Some(headers) => AllowHeaders::list(headers),
            None => AllowHeaders::mirror_request(),
        })
        .allow_credentials(cors.credentials);
    if let Some(headers) = headers(&cors.exposed_headers) {
        layer = layer.expose_headers(ExposeHeaders::list(headers));
    }
    match cors.max_age {
        Some(age) => layer.max_age(age),
        None => layer,
    }
}

/// The same headers by themselves, for requests that are no preflights.
pub(crate) struct CorsHeaders(CorsLayer);

impl CorsHeaders {
    pub(crate) fn new(cors: &Cors) -> Self {
        Self(layer(cors))
    }

    /// What the layer adds to the answer to a request from there; `None` if that cannot be said at once.
    pub(crate) fn of(&self, origin: Option<&[u8]>) -> Option<HeaderMap> {
        let mut request = Request::new(());
        if let Some(origin) = origin {
            request.headers_mut().insert(header::ORIGIN, HeaderValue::from_bytes(origin).ok()?);
        }
        let empty = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
        let Ok(response) = self.0.layer(empty).call(request).now_or_never()?;
        Some(response.into_parts().0.headers)
    }
}

fn allow_origin(cors: &Cors) -> AllowOrigin {
    // Browsers refuse `*` together with credentials: the origin is mirrored then.
    if matches!(cors.origin, CorsOrigin::Any) && !cors.credentials {
        return AllowOrigin::any();
    }
    let origin = cors.origin.clone();
    AllowOrigin::predicate(move |value, _| value.to_str().is_ok_and(|value| origin.allows(value)))
}

fn methods(names: &[String]) -> AllowMethods {
    let named: Vec<Method> = names.iter().filter_map(|name| name.parse().ok()).collect();
    AllowMethods::list(if named.is_empty() { DEFAULT_METHODS.to_vec() } else { named })
}

fn headers(names: &[String]) -> Option<Vec<HeaderName>> {
    let named: Vec<HeaderName> = names.iter().filter_map(|name| name.parse().ok()).collect();
    Some(named).filter(|named| !named.is_empty())
}

/// Names in the rules that are no names of methods or headers.
pub(crate) fn problems(cors: &Cors) -> Vec<String> {
    let methods = cors.methods.iter().filter(|name| name.parse::<Method>().is_err());
    let headers = cors.allowed_headers.iter().chain(&cors.exposed_headers);
    let headers = headers.filter(|name| name.parse::<HeaderName>().is_err());
    let methods = methods.map(|name| format!("cors: {name:?} is no HTTP method"));
    methods.chain(headers.map(|name| format!("cors: {name:?} is no header name"))).collect()
}

/// The same origins for WebSocket requests, which browsers let through from anywhere. A page of this
/// server itself, and clients that are no browsers, always pass.
pub(crate) fn check_origin(cors: &Cors) -> Option<CheckOrigin> {
    if matches!(cors.origin, CorsOrigin::Any | CorsOrigin::Mirror) {
        return None;
    }
    let allowed = cors.origin.clone();
    Some(Arc::new(move |headers: &HeaderMap| match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        None => true,
        Some(Ok(origin)) => allowed.allows(origin) || is_own(origin, headers),
        Some(Err(_)) => false,
    }))
}

fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("app.example:3000"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn upgrades_from_foreign_origins_are_refused() {
        let cors = Cors { origin: ["https://good.example"].into(), ..Cors::default() };
        let check = check_origin(&cors).unwrap();
        assert!(check(&request(Some("https://good.example"))));
        assert!(check(&request(Some("http://app.example:3000"))), "the server's own page");
        assert!(check(&request(None)), "no browser");
        assert!(!check(&request(Some("https://evil.example"))));
        assert!(!check(&request(Some("http://app.example"))));
        assert!(check_origin(&Cors::default()).is_none());
    }

    #[test]
    fn mistakes_are_named() {
        let cors =
            Cors { methods: vec!["GE T".into()], exposed_headers: vec!["x y".into()], ..Cors::default() };
        assert_eq!(problems(&cors).len(), 2);
    }
}
