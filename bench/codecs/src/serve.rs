//! The echo servers. Each answers what is there and flushes once where its codec lets it.

use std::future::Future;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use fastwebsockets::{FragmentCollector, OpCode};
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use gateway_runtime::measuring;
use http_body_of_nothing as nothing;
use tokio::net::TcpListener;

/// The largest message that is allowed.
const MAX_MESSAGE: usize = 64 << 20;

pub(crate) const CODECS: [&str; 7] =
    ["ours", "ours-deflate", "axum", "fastwebsockets", "tokio-websockets", "yawc", "yawc-deflate"];

/// An answer without a body, whatever type of body its maker has.
mod http_body_of_nothing {
    use axum::body::Body;
    use axum::response::Response;

    pub(super) fn response<B>(response: axum::http::Response<B>) -> Response {
        response.map(|_| Body::empty())
    }
}

/// Serves until it is killed.
pub(crate) fn run(codec: &str, port: u16) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
        if codec == "tokio-websockets" {
            return tokio_websockets(listener).await;
        }
        let codec = codec.to_owned();
        let answer = move |request: Request| {
            let codec = codec.clone();
            async move { upgrade(&codec, request).await }
        };
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP socket"));
        axum::serve(listener, Router::new().fallback(answer)).await.expect("it serves");
    });
}

async fn upgrade(codec: &str, mut request: Request) -> Response {
    match codec {
        "ours" | "ours-deflate" => {
            let (mut parts, _) = request.into_parts();
            measuring::echo(&mut parts, codec == "ours-deflate").unwrap_or_else(refused)
        }
        "axum" => {
            let (mut parts, _) = request.into_parts();
            let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
                return refused();
            };
            // As small as it works well: the defaults hold 128 KiB for each connection.
            let upgrade = upgrade.read_buffer_size(4 << 10).write_buffer_size(4 << 10);
            upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE).on_upgrade(
                |socket: WebSocket| {
                    batched(socket, |message| matches!(message, Message::Text(_) | Message::Binary(_)))
                },
            )
        }
        "fastwebsockets" => {
            let Ok((response, upgraded)) = fastwebsockets::upgrade::upgrade(&mut request) else {
                return refused();
            };
            spawn(async move {
                let Ok(mut socket) = upgraded.await else { return };
                socket.set_max_message_size(MAX_MESSAGE);
                let mut socket = FragmentCollector::new(socket);
                // It has no way to write without a flush.
                while let Ok(frame) = socket.read_frame().await {
                    let data = matches!(frame.opcode, OpCode::Text | OpCode::Binary);
                    if data && socket.write_frame(frame).await.is_err() {
                        return;
                    }
                }
            });
            nothing::response(response)
        }
        _ => {
            let options = yawc::Options::default().with_max_payload_read(MAX_MESSAGE).with_utf8();
            let options = match codec {
                "yawc-deflate" => options.with_balanced_compression(),
                _ => options.without_compression(),
            };
            let Ok((response, upgraded)) = yawc::WebSocket::upgrade_with_options(&mut request, options)
            else {
                return refused();
            };
            spawn(async move {
                let Ok(socket) = upgraded.await else { return };
                let data = |frame: &yawc::Frame| {
                    matches!(frame.opcode(), yawc::frame::OpCode::Text | yawc::frame::OpCode::Binary)
                };
                batched(socket.map(Ok::<_, yawc::WebSocketError>), data).await;
            });
            nothing::response(response)
        }
    }
}

async fn tokio_websockets(listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        stream.set_nodelay(true).expect("a TCP socket");
        spawn(async move {
            let limits = tokio_websockets::Limits::default().max_payload_len(Some(MAX_MESSAGE));
            let accepted = tokio_websockets::ServerBuilder::new().limits(limits).accept(stream).await;
            let Ok((_, socket)) = accepted else { return };
            batched(socket, |message| message.is_text() || message.is_binary()).await;
        });
    }
}

/// Sends back what is there, with one flush.
async fn batched<S, M, E>(mut socket: S, is_data: impl Fn(&M) -> bool)
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin,
{
    while let Some(Ok(first)) = socket.next().await {
        let mut next = Some(first);
        while let Some(message) = next.take() {
            if is_data(&message) && socket.feed(message).await.is_err() {
                return;
            }
            match socket.next().now_or_never() {
                Some(Some(Ok(message))) => next = Some(message),
                Some(_) => return,
                None => {}
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}

fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

fn refused() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = axum::http::StatusCode::BAD_REQUEST;
    response
}
