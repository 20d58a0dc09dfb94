//! A WebSocket as a test client has it: the upgrade, and two tasks that move frames.
//!
//! It must never know what the frames mean.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use gateway_core::Frames;
use http::{HeaderValue, Method, StatusCode, header};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::error::TestError;
use super::network;
use super::transport::{FRAMES_IN_FLIGHT, Incoming, Outgoing, Requests, Wire};
use crate::engine::packet::{Frame, frame_at};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Asks for the upgrade and starts to move frames.
pub(super) async fn connect(requests: &Requests) -> Result<Wire, TestError> {
    let key = HeaderValue::try_from(generate_key());
    let key = key.map_err(|error| TestError::connection("a WebSocket key", error))?;
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
        (header::SEC_WEBSOCKET_KEY, key),
    ];
    let response = requests.send(Method::GET, &headers, Body::empty()).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status().as_u16();
        return Err(TestError::Http { status, body: network::text(response).await? });
    }
    let upgraded = hyper::upgrade::on(response).await;
    let upgraded = upgraded.map_err(|error| TestError::connection("the upgrade to a WebSocket", error))?;
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await;
    let (sink, stream) = socket.split();
    let (outgoing, to_send) = mpsc::channel(FRAMES_IN_FLIGHT);
    let (received, incoming) = mpsc::channel(FRAMES_IN_FLIGHT);
    tokio::spawn(send(sink, to_send));
    tokio::spawn(receive(stream, received));
    Ok(Wire { outgoing, incoming })
}

/// Sends until the client is dropped, which closes the connection as a closed browser tab does.
async fn send(mut sink: SplitSink<Socket, Message>, mut outgoing: mpsc::Receiver<Outgoing>) {
    while let Some(message) = outgoing.recv().await {
        let sent = match message {
            Outgoing::Frames(frames) => send_packet(&mut sink, &frames).await,
            Outgoing::Text(text) => sink.send(Message::text(text)).await,
            Outgoing::Ping => sink.send(Message::Ping(Bytes::new())).await,
            Outgoing::Close(frame) => {
                let frame =
                    frame.map(|(code, reason)| CloseFrame { code: code.into(), reason: reason.into() });
                // A connection that is gone is closed.
                let _ = sink.send(Message::Close(frame)).await;
                return;
            }
        };
        if sent.is_err() {
            // The receiving side learns it as well, and says why.
            return;
        }
    }
    let going_away = CloseFrame { code: 1001.into(), reason: Utf8Bytes::default() };
    let _ = sink.send(Message::Close(Some(going_away))).await;
}

async fn send_packet(sink: &mut SplitSink<Socket, Message>, frames: &Frames) -> Result<(), Error> {
    let mut position = 0;
    while let Some(frame) = frame_at(frames, position) {
        sink.feed(match frame {
            // The text of a packet is UTF-8.
            Frame::Text(text) => Message::Text(Utf8Bytes::try_from(text).unwrap_or_default()),
            Frame::Binary(bytes) => Message::Binary(bytes),
        })
        .await?;
        position += 1;
    }
    sink.flush().await
}

/// Receives until the connection ends.
async fn receive(mut stream: SplitStream<Socket>, received: mpsc::Sender<Incoming>) {
    let mut told = false;
    while let Some(message) = stream.next().await {
        let incoming = match message {
            Ok(Message::Text(text)) => Incoming::Text(text.into()),
            Ok(Message::Binary(bytes)) => Incoming::Binary(bytes),
            Ok(Message::Pong(_)) => Incoming::Pong,
            Ok(Message::Close(frame)) => {
                told = true;
                Incoming::Closed(frame.map(|frame| (frame.code.into(), frame.reason.to_string())))
            }
            // A ping is answered by the codec.
            Ok(Message::Ping(_) | Message::Frame(_)) => continue,
            Err(error) => {
                tracing::debug!(%error, "a test client's WebSocket failed");
                break;
            }
        };
        if received.send(incoming).await.is_err() {
            return;
        }
    }
    if !told {
        // A client that is gone does not want to know.
        let _ = received.send(Incoming::Failed).await;
    }
}
