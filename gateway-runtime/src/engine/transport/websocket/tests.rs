//! The codec against bytes that are written by hand, over a pipe.

use std::future::poll_fn;
use std::time::Duration;

use http::HeaderMap;
use http::header::SEC_WEBSOCKET_EXTENSIONS;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use zlib_rs::{Deflate as Compressor, DeflateFlush, Inflate, InflateFlush};

use super::extension::Agreement;
use super::frame::apply_mask;
use super::*;

const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];
const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const MAX: usize = 100_000;

/// A frame of a client; the first byte is written as it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    let mut payload = payload.to_vec();
    apply_mask(&mut payload, MASK, 0);
    bytes.extend(payload);
    bytes
}

struct Pipe {
    server: WebSocketTransport<DuplexStream>,
    client: DuplexStream,
}

impl Pipe {
    fn new() -> Self {
        Self::with(None, 1 << 20)
    }

    fn deflating(options: &DeflateOptions, offer: &str) -> Self {
        let headers = HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, offer.parse().expect("a value"))]);
        let agreement = Agreement::negotiate(&headers, options).expect("accepted");
        let deflate = Deflate::new(DeflateServer::new(options.clone()), agreement);
        Self::with(Some(Box::new(deflate)), 1 << 20)
    }

    fn with(deflate: Option<Box<Deflate>>, capacity: usize) -> Self {
        let (server, client) = tokio::io::duplex(capacity);
        let config = WebSocketConfig { max_message: MAX, write_buffer_size: 8 << 10, deflate: None };
        Self { server: WebSocketTransport::new(server, &config, deflate), client }
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.client.write_all(bytes).await.expect("room in the pipe");
    }

    async fn next(&mut self) -> Option<Result<Incoming, Failure>> {
        let next = poll_fn(|cx| self.server.poll_next(cx));
        tokio::time::timeout(Duration::from_secs(10), next).await.expect("a message in time")
    }

    async fn message(&mut self) -> Bytes {
        match self.next().await {
            Some(Ok(Incoming::Text(bytes) | Incoming::Binary(bytes))) => bytes,
            other => panic!("expected a message, got {other:?}"),
        }
    }

    /// What these bytes end the connection with.
    async fn failure(bytes: &[u8]) -> Failure {
        let mut pipe = Self::new();
        pipe.write(bytes).await;
        loop {
            match pipe.next().await {
                Some(Ok(_)) => {}
                Some(Err(failure)) => return failure,
                None => panic!("no failure"),
            }
        }
    }

    fn send(&mut self, frame: Outgoing) {
        self.server.start_send(frame, true).expect("open");
    }

    async fn flush(&mut self) {
        poll_fn(|cx| self.server.poll_flush(cx)).await.expect("flushed");
    }

    /// Everything that is on the way to the client.
    async fn sent(&mut self) -> Vec<u8> {
        self.flush().await;
        let mut bytes = vec![0; 1 << 20];
        let length = self.client.read(&mut bytes).await.expect("bytes");
        bytes.truncate(length);
        bytes
    }

    /// First byte and payload of the one frame that is on the way.
    async fn sent_frame(&mut self) -> (u8, Vec<u8>) {
        let bytes = self.sent().await;
        let (length, start) = match bytes[1] {
            126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (u64::from_be_bytes(bytes[2..10].try_into().expect("eight")) as usize, 10),
            short => (usize::from(short), 2),
        };
        assert_eq!(bytes.len(), start + length);
        (bytes[0], bytes[start..].to_vec())
    }
}

fn deflated(compressor: &mut Compressor, message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; message.len() + 100];
    let before = compressor.total_out();
    compressor.compress(message, &mut bytes, DeflateFlush::SyncFlush).expect("compressed");
    bytes.truncate((compressor.total_out() - before) as usize - 4);
    bytes
}

fn inflated(inflate: &mut Inflate, message: &[u8]) -> Vec<u8> {
    let message = [message, &[0, 0, 0xff, 0xff]].concat();
    let mut bytes = vec![0; 1 << 20];
    let before = inflate.total_out();
    inflate.decompress(&message, &mut bytes, InflateFlush::SyncFlush).expect("decompressed");
    bytes.truncate((inflate.total_out() - before) as usize);
    bytes
}

#[tokio::test]
async fn messages_of_every_size_arrive_whole_however_they_are_cut() {
    for length in [0, 1, 125, 126, 3000, 16_384, 65_535, 65_536, MAX] {
        let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let bytes = frame(FIN | 2, &payload);
        for piece in [bytes.len(), 4096, 7] {
            let mut pipe = Pipe::with(None, piece);
            let (client, server) = (&mut pipe.client, &mut pipe.server);
            let writing = async {
                client.write_all(&bytes).await.expect("written");
            };
            let reading = poll_fn(|cx| server.poll_next(cx));
            match tokio::join!(writing, reading).1 {
                Some(Ok(Incoming::Binary(message))) => assert!(message == payload, "{length} in {piece}"),
                other => panic!("{length} in {piece}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn many_messages_of_one_read_come_in_their_order() {
    let mut pipe = Pipe::new();
    let bytes: Vec<u8> = (0..1000).flat_map(|number| frame(FIN | 1, number.to_string().as_bytes())).collect();
    pipe.write(&bytes).await;
    for number in 0..1000 {
        assert_eq!(pipe.message().await, number.to_string());
    }
}

#[tokio::test]
async fn a_ping_between_fragments_is_answered_and_the_message_is_whole() {
    let mut pipe = Pipe::new();
    pipe.write(&frame(1, b"one, ")).await;
    pipe.write(&frame(FIN | 9, b"are you there")).await;
    pipe.write(&frame(0, b"")).await;
    pipe.write(&frame(FIN, b"two")).await;
    assert!(matches!(pipe.next().await, Some(Ok(Incoming::Ping(_)))));
    assert_eq!(pipe.message().await, "one, two");
    assert_eq!(pipe.sent_frame().await, (FIN | 10, b"are you there".to_vec()));
}

#[tokio::test]
async fn a_character_may_be_cut_by_a_fragment() {
    let mut pipe = Pipe::new();
    let text = "ä".as_bytes();
    pipe.write(&frame(1, &text[..1])).await;
    pipe.write(&frame(FIN, &text[1..])).await;
    assert_eq!(pipe.message().await, "ä");
}

#[tokio::test]
async fn every_violation_has_its_code() {
    let cases: [(&[u8], u16); 17] = [
        (&frame(FIN | 1, b"\xff"), 1007),
        (&[frame(1, b"\xc3"), frame(FIN, b"a")].concat(), 1007),
        (&frame(FIN | RSV1 | 1, b"a"), 1002),
        (&frame(FIN | 0x20 | 1, b"a"), 1002),
        (&frame(FIN | 3, b"a"), 1002),
        (&frame(FIN | 11, b"a"), 1002),
        (&frame(9, b"a"), 1002),
        (&frame(FIN | 9, &[0; 126]), 1002),
        (&frame(FIN, b"a"), 1002),
        (&[frame(1, b"a"), frame(FIN | 1, b"b")].concat(), 1002),
        (&frame(FIN | 8, b"a"), 1002),
        (&frame(FIN | 8, &1005_u16.to_be_bytes()), 1002),
        (&frame(FIN | 8, &999_u16.to_be_bytes()), 1002),
        (&frame(FIN | 8, &5000_u16.to_be_bytes()), 1002),
        (&frame(FIN | 8, b"\x03\xe8\xff"), 1007),
        (&[0x81, 0x01, b'a'], 1002),
        (&[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009),
    ];
    for (bytes, code) in cases {
        assert_eq!(Pipe::failure(bytes).await.close_code(), Some(code), "{bytes:x?}");
    }
}

#[tokio::test]
async fn one_byte_over_the_limit_is_too_large_in_one_frame_or_in_many() {
    assert_eq!(Pipe::failure(&frame(FIN | 2, &vec![0; MAX + 1])).await, Failure::TooLarge);
    let fragments = [frame(2, &vec![0; MAX]), frame(FIN, b"1")].concat();
    assert_eq!(Pipe::failure(&fragments).await, Failure::TooLarge);
    let mut pipe = Pipe::new();
    pipe.write(&[frame(2, &vec![0; MAX - 1]), frame(FIN, b"1")].concat()).await;
    assert_eq!(pipe.message().await.len(), MAX);
}

#[tokio::test]
async fn an_announced_length_allocates_nothing() {
    let mut pipe = Pipe::new();
    let head = &frame(FIN | 2, &vec![0; MAX])[..14];
    pipe.write(head).await;
    assert!(
        tokio::time::timeout(Duration::from_millis(1), poll_fn(|cx| pipe.server.poll_next(cx)))
            .await
            .is_err()
    );
    assert!(format!("{:?}", pipe.server.reader).len() < 1000);
}

#[tokio::test]
async fn a_close_is_answered_as_it_is_and_ends_the_stream() {
    for payload in [&b""[..], b"\x03\xe9going away", b"\x0f\xa0"] {
        let mut pipe = Pipe::new();
        pipe.write(&[frame(FIN | 9, b"p"), frame(FIN | 8, payload), frame(FIN | 1, b"late")].concat()).await;
        assert!(matches!(pipe.next().await, Some(Ok(Incoming::Ping(_)))));
        assert!(matches!(pipe.next().await, Some(Ok(Incoming::Close { .. }))));
        assert!(pipe.next().await.is_none());
        let expected = [&[FIN | 10, 1, b'p', FIN | 8, payload.len() as u8], payload].concat();
        assert_eq!(pipe.sent().await, expected);
        assert!(pipe.server.start_send(Outgoing::Ping, false).is_err());
    }
}

#[tokio::test]
async fn a_connection_that_ends_without_a_close_was_cut() {
    let Pipe { server, client } = Pipe::new();
    drop(client);
    let mut pipe = Pipe { server, client: tokio::io::duplex(1).0 };
    assert!(matches!(pipe.next().await, Some(Err(Failure::Cut))));
    assert!(pipe.next().await.is_none());
}

#[tokio::test]
async fn small_frames_are_gathered_and_large_ones_follow_in_order() {
    let mut pipe = Pipe::new();
    let large = Bytes::from(vec![7; 70_000]);
    for payload in [Bytes::from_static(b"a"), large.clone(), Bytes::from_static(b"b"), large.clone()] {
        poll_fn(|cx| pipe.server.poll_ready(cx)).await.expect("ready");
        pipe.send(Outgoing::Binary(payload));
    }
    let head = [FIN | 2, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70];
    let expected = [&[FIN | 2, 1, b'a'], &head[..], &large, &[FIN | 2, 1, b'b'], &head, &large].concat();
    assert!(pipe.sent().await == expected);
    assert!(pipe.server.take_progress());
    assert!(!pipe.server.take_progress());
    assert_eq!(pipe.server.writer.held(), 0, "no buffer is kept");
    assert!(large.is_unique(), "nor what was written from where it lies");
}

#[tokio::test]
async fn a_peer_that_reads_nothing_makes_the_writer_wait() {
    let mut pipe = Pipe::with(None, 1000);
    pipe.send(Outgoing::Binary(Bytes::from(vec![1; 20_000])));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(pipe.server.poll_flush(&mut cx).is_pending());
    assert!(pipe.server.take_progress());
    assert!(pipe.server.poll_ready(&mut cx).is_pending());
    assert!(!pipe.server.take_progress());
}

#[test]
fn a_close_text_is_cut_at_a_character() {
    assert_eq!(close_payload(1000, "short"), "\x03\u{e8}short".chars().map(|c| c as u8).collect::<Vec<_>>());
    assert_eq!(close_payload(1000, &"ä".repeat(100)).len(), 2 + 122);
}

#[tokio::test]
async fn messages_are_compressed_both_ways_with_and_without_context_takeover() {
    let message = "the same words again and again, ".repeat(200).into_bytes();
    for no_takeover in [true, false] {
        let options = DeflateOptions {
            server_no_context_takeover: no_takeover,
            client_no_context_takeover: no_takeover,
            ..DeflateOptions::default()
        };
        let mut pipe = Pipe::deflating(&options, "permessage-deflate; client_max_window_bits");
        let (mut compressor, mut inflate) = (Compressor::new(6, false, 15), Inflate::new(false, 15));
        let mut sizes = Vec::new();
        for _ in 0..3 {
            pipe.write(&frame(FIN | RSV1 | 1, &deflated(&mut compressor, &message))).await;
            assert!(pipe.message().await == message);
            pipe.send(Outgoing::Text(Bytes::copy_from_slice(&message)));
            let (first, payload) = pipe.sent_frame().await;
            assert_eq!(first, FIN | RSV1 | 1);
            sizes.push(payload.len());
            assert!(inflated(&mut inflate, &payload) == message);
            if no_takeover {
                compressor.reset();
                inflate.reset(false);
            }
        }
        assert!(sizes[0] < message.len() / 10, "{sizes:?}");
        assert_eq!(sizes[2] < sizes[0], !no_takeover, "{sizes:?}");
    }
}

#[tokio::test]
async fn what_is_small_or_incompressible_or_must_not_be_goes_out_as_it_is() {
    let mut pipe = Pipe::deflating(&DeflateOptions::default(), "permessage-deflate");
    pipe.send(Outgoing::Text(Bytes::from("a".repeat(1023))));
    assert_eq!(pipe.sent_frame().await.0, FIN | 1);
    let mut noise = vec![0; 2000];
    getrandom::fill(&mut noise).expect("randomness");
    pipe.send(Outgoing::Binary(noise.into()));
    assert_eq!(pipe.sent_frame().await.0, FIN | 2);
    pipe.server.start_send(Outgoing::Text(Bytes::from("a".repeat(5000))), false).expect("open");
    assert_eq!(pipe.sent_frame().await.0, FIN | 1);
    pipe.send(Outgoing::Text(Bytes::from("a".repeat(1024))));
    assert_eq!(pipe.sent_frame().await.0, FIN | RSV1 | 1);
}

#[tokio::test]
async fn a_compressed_message_may_be_fragmented_and_may_hold_a_last_block() {
    let mut pipe = Pipe::deflating(&DeflateOptions::default(), "permessage-deflate");
    let mut compressor = Compressor::new(6, false, 15);
    let bytes = deflated(&mut compressor, b"Hello, Hello, Hello");
    pipe.write(&frame(RSV1 | 1, &bytes[..3])).await;
    pipe.write(&frame(FIN | 9, b"")).await;
    pipe.write(&frame(FIN, &bytes[3..])).await;
    assert!(matches!(pipe.next().await, Some(Ok(Incoming::Ping(_)))));
    assert_eq!(pipe.message().await, "Hello, Hello, Hello");
    // RFC 7692, 7.2.3.4: a block with BFINAL, and the octet that follows it.
    pipe.write(&frame(FIN | RSV1 | 1, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00])).await;
    assert_eq!(pipe.message().await, "Hello");
    // RFC 7692, 7.2.3.3: a block without compression; 7.2.3.5: two blocks.
    pipe.write(&frame(FIN | RSV1 | 1, b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00")).await;
    assert_eq!(pipe.message().await, "Hello");
    pipe.write(&frame(FIN | RSV1 | 1, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")).await;
    assert_eq!(pipe.message().await, "Hello");
    // An empty message (7.2.3.6).
    pipe.write(&frame(FIN | RSV1 | 1, b"\x00")).await;
    assert_eq!(pipe.message().await, "");
}

#[tokio::test]
async fn a_message_that_explodes_or_is_no_deflate_ends_the_connection() {
    let mut compressor = Compressor::new(9, false, 15);
    let fits = deflated(&mut compressor, &vec![b'a'; MAX]);
    compressor.reset();
    let bomb = deflated(&mut compressor, &vec![b'a'; 50 * MAX]);
    compressor.reset();
    let one_more = deflated(&mut compressor, &vec![b'a'; MAX + 1]);
    for takeover in [true, false] {
        let options = DeflateOptions { client_no_context_takeover: !takeover, ..DeflateOptions::default() };
        let open = || Pipe::deflating(&options, "permessage-deflate");
        let mut pipe = open();
        pipe.write(&frame(FIN | RSV1 | 1, &fits)).await;
        assert_eq!(pipe.message().await.len(), MAX);
        for (bytes, failure) in [
            (&bomb[..], Failure::TooLarge),
            (&one_more, Failure::TooLarge),
            (b"\xff\xff\xff\xff", Failure::InvalidDeflate),
        ] {
            let mut pipe = open();
            pipe.write(&frame(FIN | RSV1 | 2, bytes)).await;
            match pipe.next().await {
                Some(Err(found)) => assert_eq!(found, failure),
                other => panic!("expected {failure:?}, got {:?}", other.map(|_| "a message")),
            }
        }
    }
    let mut pipe = Pipe::deflating(&DeflateOptions::default(), "permessage-deflate");
    pipe.write(&[frame(1, b"a"), frame(FIN | RSV1, b"b")].concat()).await;
    assert!(matches!(pipe.next().await, Some(Err(Failure::Protocol(_)))));
}

#[tokio::test]
async fn an_incompressible_message_of_exactly_the_limit_passes() {
    let mut noise = vec![0; MAX];
    getrandom::fill(&mut noise).expect("randomness");
    let bytes = deflated(&mut Compressor::new(6, false, 15), &noise);
    assert!(bytes.len() > MAX);
    let mut pipe = Pipe::deflating(&DeflateOptions::default(), "permessage-deflate");
    pipe.write(&frame(FIN | RSV1 | 2, &bytes)).await;
    assert!(pipe.message().await == noise);
}

#[tokio::test]
async fn a_broadcast_is_compressed_once_for_every_window() {
    let server = DeflateServer::new(DeflateOptions::default());
    let message = Bytes::from("a broadcast ".repeat(1000));
    let payload = |window_bits| {
        let offer = format!("permessage-deflate; server_max_window_bits={window_bits}");
        let headers = HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, offer.parse().expect("a value"))]);
        let agreement = Agreement::negotiate(&headers, &server.options).expect("accepted");
        Deflate::new(server.clone(), agreement).compress(&message).expect("smaller")
    };
    assert_eq!(payload(15).as_ptr(), payload(15).as_ptr());
    assert_ne!(payload(15).as_ptr(), payload(9).as_ptr());
    assert_eq!(payload(9).as_ptr(), payload(9).as_ptr());
    // The same text in other bytes is another message.
    let copy = Bytes::copy_from_slice(&message);
    let headers =
        HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, "permessage-deflate".parse().expect("a value"))]);
    let agreement = Agreement::negotiate(&headers, &server.options).expect("accepted");
    let other = Deflate::new(server.clone(), agreement).compress(&copy).expect("smaller");
    assert_ne!(other.as_ptr(), payload(15).as_ptr());
    assert_eq!(other, payload(15));
}
