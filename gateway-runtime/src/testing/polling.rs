//! Engine.IO's long-polling as a test client has it: one task that polls, one that posts.
//!
//! It must never know what the packets mean.

use axum::body::Body;
use bytes::Bytes;
use gateway_core::Transport;
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::error::TestError;
use super::network;
use super::transport::{FRAMES_IN_FLIGHT, Incoming, Outgoing, Requests, Wire};
use crate::engine::packet::{CLOSE, Frame, PayloadBuilder, frame_at};

/// Between the packets of a payload.
const SEPARATOR: u8 = 0x1e;

#[derive(Deserialize)]
struct Open {
    sid: String,
}

/// Opens a session and starts to poll.
pub(super) async fn connect(mut requests: Requests) -> Result<Wire, TestError> {
    let first = poll(&requests).await?;
    let open = first.split(|byte| *byte == SEPARATOR).next().unwrap_or_default();
    let open: Open = serde_json::from_slice(open.strip_prefix(b"0").unwrap_or_default())
        .map_err(|error| TestError::connection("the handshake of Engine.IO", error))?;
    requests.query.push(("sid".to_owned(), open.sid));
    let (outgoing, to_send) = mpsc::channel(FRAMES_IN_FLIGHT);
    let (received, incoming) = mpsc::channel(FRAMES_IN_FLIGHT);
    tokio::spawn(receive(requests.clone(), first, received));
    tokio::spawn(send(requests, to_send));
    Ok(Wire { outgoing, incoming })
}

/// One polling request.
async fn poll(requests: &Requests) -> Result<Bytes, TestError> {
    answer(requests, Method::GET, Body::empty()).await
}

async fn answer(requests: &Requests, method: Method, body: Body) -> Result<Bytes, TestError> {
    let text = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    let headers = if method == Method::POST { vec![text] } else { Vec::new() };
    let response = requests.send(method, &headers, body).await?;
    let status = response.status();
    let body = network::text(response).await?;
    if status == StatusCode::OK {
        Ok(body.into())
    } else {
        Err(TestError::Http { status: status.as_u16(), body })
    }
}

/// Polls until the session ends.
async fn receive(requests: Requests, first: Bytes, received: mpsc::Sender<Incoming>) {
    let mut payload = first;
    loop {
        for packet in payload.split(|byte| *byte == SEPARATOR) {
            if received.send(Incoming::Text(payload.slice_ref(packet))).await.is_err() {
                return;
            }
        }
        payload = match poll(&requests).await {
            Ok(payload) => payload,
            Err(error) => {
                tracing::debug!(%error, transport = %Transport::Polling, "a test client's session ended");
                // A client that is gone does not want to know.
                let _ = received.send(Incoming::Closed(None)).await;
                return;
            }
        };
    }
}

/// Posts until the client is dropped, or closes.
async fn send(requests: Requests, mut outgoing: mpsc::Receiver<Outgoing>) {
    while let Some(message) = outgoing.recv().await {
        let mut payload = PayloadBuilder::new(usize::MAX);
        match message {
            Outgoing::Frames(frames) => {
                let mut position = 0;
                while let Some(frame) = frame_at(&frames, position) {
                    match frame {
                        Frame::Text(text) => payload.push_text_anyway(&String::from_utf8_lossy(&text)),
                        Frame::Binary(bytes) => drop(payload.push_binary(&bytes)),
                    }
                    position += 1;
                }
            }
            Outgoing::Text(text) => payload.push_text_anyway(&text),
            // Only WebSockets have it.
            Outgoing::Ping => continue,
            Outgoing::Close(_) => break,
        }
        if post(&requests, payload).await.is_err() {
            // The polling side learns it as well.
            return;
        }
    }
    let mut payload = PayloadBuilder::new(usize::MAX);
    payload.push_text_anyway(CLOSE);
    // A session that is gone is closed.
    let _ = post(&requests, payload).await;
}

async fn post(requests: &Requests, payload: PayloadBuilder) -> Result<(), TestError> {
    answer(requests, Method::POST, Body::from(payload.finish())).await.map(drop)
}
