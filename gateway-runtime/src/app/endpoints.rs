//! Paths of the framework's own on the app's port, which answer from what is known at once: health, readiness.
//!
//! They come before the gateways and the user's routes, and answer connections over a limit as well.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{Method, StatusCode, header};
use tower::ServiceExt;

use super::health::Vitals;

/// Makes the answer.
type Answer = Arc<dyn Fn() -> Response + Send + Sync>;

/// Paths and what they answer.
#[derive(Clone, Default)]
pub(crate) struct Endpoints(Vec<(String, Answer)>);

impl Endpoints {
    /// Adds a path. An answer must not wait for anything.
    pub(crate) fn add(&mut self, path: &str, answer: impl Fn() -> Response + Send + Sync + 'static) {
        let path = format!("/{}", path.trim_start_matches('/'));
        self.0.push((path, Arc::new(answer)));
    }

    /// Whether the process is alive: status 200 as long as it answers.
    pub(crate) fn add_health(&mut self, path: &str, vitals: Arc<Vitals>) {
        self.add(path, move || state(&vitals, |_| StatusCode::OK));
    }

    /// Whether it should get new clients: status 200 or 503.
    pub(crate) fn add_readiness(&mut self, path: &str, vitals: Arc<Vitals>) {
        let status = |ready| if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        self.add(path, move || state(&vitals, status));
    }

    /// Whether one of the paths is this one.
    pub(crate) fn have(&self, path: &str) -> bool {
        self.0.iter().any(|(own, _)| own == path)
    }

    /// Puts the paths in front of a router.
    pub(crate) fn in_front(&self, behind: Router) -> Router {
        if self.0.is_empty() {
            return behind;
        }
        let endpoints: Arc<[_]> = self.0.clone().into();
        Router::new().fallback(any(move |request: Request| {
            let path = request.uri().path();
            let answer = endpoints.iter().find(|(own, _)| own == path).map(|(_, answer)| answer.clone());
            let behind = behind.clone();
            async move {
                match answer {
                    Some(answer) if matches!(*request.method(), Method::GET | Method::HEAD) => answer(),
                    Some(_) => {
                        (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response()
                    }
                    None => {
                        let Ok(response) = behind.oneshot(request).await;
                        response
                    }
                }
            }
        }))
    }
}

fn state(vitals: &Vitals, status: impl Fn(bool) -> StatusCode) -> Response {
    let health = vitals.health();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status(health.is_ready()), headers, health.json()).into_response()
}
