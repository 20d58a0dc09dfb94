//! The browser client below a server's path (`serveClient` of Socket.IO).

use std::path::{Path, PathBuf};

use axum::response::{IntoResponse, Redirect, Response};
use gateway_core::ServeClient;
use http::{HeaderMap, StatusCode, header};

/// The release of the browser client that the CDN serves.
const CDN: &str = "https://cdn.socket.io/4.8.4/";

/// The files that Socket.IO serves.
const FILES: [&str; 4] =
    ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

/// The browser client of one server.
#[derive(Clone, Debug)]
pub(crate) struct ClientFiles {
    source: ServeClient,
}

impl ClientFiles {
    pub(crate) fn new(source: ServeClient) -> Option<Self> {
        match &source {
            ServeClient::Off => return None,
            ServeClient::FolderOrCdn(folder) if find(folder, FILES[0]).is_none() => tracing::info!(
                folder = %folder.display(),
                "the browser client is not in this folder: browsers are redirected to {CDN}"
            ),
            ServeClient::Folder(folder) if find(folder, FILES[0]).is_none() => tracing::warn!(
                folder = %folder.display(),
                "the browser client is not in this folder: install it with `npm install socket.io-client`, or \
                 choose the public CDN with `ServeClient::folder(..).or_cdn()`"
            ),
            _ => {}
        }
        Some(Self { source })
    }

    /// The file that a request below the server's path is for, if it is one of the client's.
    pub(crate) fn name(rest: &str) -> Option<&str> {
        let rest = rest.trim_start_matches('/');
        let file = rest.strip_suffix(".map").unwrap_or(rest);
        FILES.contains(&file).then_some(rest)
    }

    pub(crate) async fn serve(&self, name: &str, request: &HeaderMap) -> Response {
        let (ServeClient::Folder(folder) | ServeClient::FolderOrCdn(folder)) = &self.source else {
            return redirect(name);
        };
        let Some(path) = find(folder, name) else {
            let elsewhere = matches!(self.source, ServeClient::FolderOrCdn(_));
            return if elsewhere { redirect(name) } else { StatusCode::NOT_FOUND.into_response() };
        };
        match tokio::fs::read(&path).await {
            Ok(content) => file(name, content, request),
            Err(error) => {
                tracing::error!(%error, path = %path.display(), "the browser client cannot be read");
                StatusCode::NOT_FOUND.into_response()
            }
        }
    }
}

/// In the `dist` folder of the package, or in the folder itself.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join("dist").join(name), folder.join(name)].into_iter().find(|path| path.is_file())
}

fn redirect(name: &str) -> Response {
    Redirect::temporary(&format!("{CDN}{name}")).into_response()
}

fn file(name: &str, content: Vec<u8>, request: &HeaderMap) -> Response {
    let etag = format!("W/\"{}-{name}\"", content.len());
    let headers = [(header::CACHE_CONTROL, "public, max-age=0".to_owned()), (header::ETAG, etag.clone())];
    if request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = if name.ends_with(".map") { "application/json" } else { "application/javascript" };
    (headers, [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_clients_own_files() {
        assert_eq!(ClientFiles::name("/socket.io.js"), Some("socket.io.js"));
        assert_eq!(ClientFiles::name("socket.io.min.js.map"), Some("socket.io.min.js.map"));
        for other in ["", "/", "../Cargo.toml", "package.json", "socket.io.js/..", "socket.io.js.map.map"] {
            assert_eq!(ClientFiles::name(other), None, "{other}");
        }
    }
}
