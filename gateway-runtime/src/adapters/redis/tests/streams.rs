//! The adapter over streams: outages, lost answers, other programs' entries.

use std::sync::Arc;
use std::time::Duration;

use gateway_core::AdapterHealth;
use gateway_core::adapter::IntoAdapterFactory;

use super::bus;
use super::faults::until;
use super::redis_server::RedisServer;
use crate::RedisStreamsAdapter;
use crate::adapters::conformance::{Client, Node, run, within};
use crate::adapters::redis::bus::BusOptions;
use crate::adapters::redis::driver::stub::StubDriver;
use crate::adapters::redis::streams::StreamsOptions;

pub(super) async fn over(
    stub: &StubDriver,
    options: StreamsOptions,
    limits: BusOptions,
) -> RedisStreamsAdapter {
    let limits = BusOptions { streams: true, ..limits };
    RedisStreamsAdapter::over(bus(Arc::new(stub.clone()), limits).await, options)
}

async fn plain(stub: &StubDriver) -> RedisStreamsAdapter {
    over(stub, StreamsOptions::default(), BusOptions::default()).await
}

pub(super) async fn node(name: &str, adapter: &RedisStreamsAdapter) -> Node {
    Node::new(name, "/chat", adapter.clone().into_adapter_factory()("/chat")).await
}

/// The next events are these numbers.
async fn expect_numbers(client: &mut Client, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        client.expect(&format!(r#"42/chat,["n",{number}]"#)).await;
    }
}

#[tokio::test]
async fn the_streams_adapter_conforms_over_a_stub() {
    for (stream_count, use_sharded_pub_sub) in [(1, false), (3, true)] {
        let stub = StubDriver::default();
        let mut nodes = Vec::new();
        for index in 0..3 {
            let options = StreamsOptions { stream_count, use_sharded_pub_sub, ..StreamsOptions::default() };
            let adapter = over(&stub, options, BusOptions::default()).await;
            nodes.push(node(&format!("n{index}"), &adapter).await);
        }
        run(&nodes).await;
        assert!(stub.published().iter().all(|publication| publication.sharded == use_sharded_pub_sub));
    }
}

#[tokio::test]
async fn the_streams_adapter_conforms_over_redis() {
    let redis = RedisServer::start().await;
    for (stream_count, sharded) in [(1, false), (4, true)] {
        let mut nodes = Vec::new();
        for index in 0..3 {
            let builder = RedisStreamsAdapter::builder(redis.url()).stream_count(stream_count);
            let adapter = builder.use_sharded_pub_sub(sharded).connect().await.expect("Redis is there");
            nodes.push(node(&format!("n{index}"), &adapter).await);
        }
        run(&nodes).await;
    }
}

#[tokio::test]
async fn two_servers_of_one_process_share_a_stream() {
    let redis = RedisServer::start().await;
    let adapter = RedisStreamsAdapter::connect(redis.url()).await.expect("Redis is there");
    run(&[node("n0", &adapter).await, node("n1", &adapter).await]).await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_loses_nothing_that_fits_into_the_buffer() {
    let stub = StubDriver::default();
    let limits = BusOptions { max_buffered_messages: 10, ..BusOptions::default() };
    let here = over(&stub, StreamsOptions::default(), limits).await;
    let there = plain(&stub).await;
    let (one, other) = (node("one", &here).await, node("other", &there).await);
    let (mut near, mut far) = (one.client("a"), other.client("a"));
    other.server.emit("n", 0);
    expect_numbers(&mut near, [0]).await;
    expect_numbers(&mut far, [0]).await;

    stub.go_away();
    until("the outage", || here.health() != AdapterHealth::Up).await;
    (1..16).for_each(|number| one.server.emit("n", number));
    expect_numbers(&mut near, 1..16).await;
    assert_eq!(here.stats().dropped, 5);
    tokio::time::sleep(Duration::from_secs(60)).await;
    stub.come_back();
    expect_numbers(&mut far, 1..11).await;
    until("the connections", || here.health() == AdapterHealth::Up && there.health() == AdapterHealth::Up)
        .await;
    let stats = here.stats();
    assert_eq!((stats.published, stats.dropped, stats.unconfirmed, stats.gaps), (10, 5, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_loses_and_doubles_nothing() {
    let stub = StubDriver::default();
    let (here, there) = (plain(&stub).await, plain(&stub).await);
    let (one, other) = (node("one", &here).await, node("other", &there).await);
    let mut far = other.client("a");
    for number in 0..20 {
        if number % 3 == 0 {
            stub.lose_next_answer();
        }
        if number % 4 == 0 {
            // Nothing of it arrives.
            stub.cut_connections();
        }
        one.server.emit("n", number);
        expect_numbers(&mut far, [number]).await;
    }
    until("the answers", || here.stats().published == 20).await;
    assert_eq!(stub.entries("socket.io").len(), 20);
    let stats = here.stats();
    assert_eq!((stats.dropped, stats.unconfirmed, stats.refused), (0, 0, 0));
    assert!(stats.reconnects > 5);
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_is_counted() {
    let stub = StubDriver::default();
    let (here, there) = (plain(&stub).await, plain(&stub).await);
    let (one, other) = (node("one", &here).await, node("other", &there).await);
    let mut far = other.client("a");
    one.server.emit("n", 0);
    expect_numbers(&mut far, [0]).await;
    // All entries are gone, and others are there.
    stub.go_away();
    until("the outage", || there.health() != AdapterHealth::Up).await;
    for number in 1..5 {
        let data =
            format!(r#"{{"packet":{{"type":2,"data":["n",{number}]}},"opts":{{"rooms":[],"except":[]}}}}"#);
        stub.add("socket.io", &[("uid", "x"), ("nsp", "/chat"), ("type", "3"), ("data", &data)]);
    }
    stub.trim("socket.io", 2);
    stub.come_back();
    expect_numbers(&mut far, [3, 4]).await;
    assert_eq!(there.stats().gaps, 1);
    // Redis has forgotten everything.
    stub.go_away();
    until("the outage", || there.health() != AdapterHealth::Up).await;
    stub.trim("socket.io", 0);
    stub.come_back();
    until("the connections", || there.health() == AdapterHealth::Up && here.health() == AdapterHealth::Up)
        .await;
    one.server.emit("n", 5);
    expect_numbers(&mut far, [5]).await;
    assert_eq!(there.stats().gaps, 2);
}

#[tokio::test(start_paused = true)]
async fn entries_that_make_no_sense_are_counted_and_ignored() {
    let stub = StubDriver::default();
    let here = plain(&stub).await;
    let one = node("n0", &here).await;
    let mut near = one.client("a");
    let event = r#"{"packet":{"type":2,"data":["e"]},"opts":{"rooms":[],"except":[]}}"#;
    let nonsense: [&[(&str, &str)]; 11] = [
        &[("nsp", "/chat")],
        &[("nsp", "/chat"), ("uid", "u")],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "3")],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "three"), ("data", event)],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "99"), ("data", event)],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "3"), ("data", "{")],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "3"), ("data", "{}")],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "3"), ("data", "no Base64")],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "3"), ("data", "wcHB")],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "4"), ("data", r#"{"opts":{"rooms":[],"except":[]}}"#)],
        &[("nsp", "/chat"), ("uid", "u"), ("type", "8"), ("data", "{}")],
    ];
    for fields in nonsense {
        stub.add("socket.io", fields);
    }
    // Another namespace, none, and another stream are nothing to wonder about.
    stub.add("socket.io", &[("nsp", "/x"), ("uid", "u"), ("type", "3"), ("data", event)]);
    stub.add("socket.io", &[("some", "thing")]);
    stub.add("socket.io-1", &[("nsp", "/chat"), ("uid", "u"), ("type", "3"), ("data", event)]);
    stub.add("socket.io", &[("nsp", "/chat"), ("uid", "u"), ("type", "3"), ("data", event), ("more", "")]);
    near.expect(r#"42/chat,["e"]"#).await;
    assert_eq!(here.stats().ignored, nonsense.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn only_what_lasts_is_in_the_stream() {
    let stub = StubDriver::default();
    let (here, there) = (plain(&stub).await, plain(&stub).await);
    let (one, _other) = (node("n0", &here).await, node("n1", &there).await);
    one.server.emit("e", ());
    one.server.sockets_join("x");
    one.server.sockets_leave("x");
    one.server.disconnect_sockets(false);
    let _ = within("the answers", one.server.fetch_sockets()).await;
    one.server.server_side_emit("e", ());
    let _ = one.server.timeout(Duration::from_millis(10)).emit_with_ack::<u8>("q", ()).await;
    until("all of it", || here.stats().published >= 7).await;
    let entries = stub.entries("socket.io");
    let types: Vec<_> = entries.iter().map(|entry| entry.text("type").expect("a type")).collect();
    assert_eq!(types, ["3", "4", "5", "6"]);
    assert_eq!(
        entries[0].text("data"),
        Some(r#"{"packet":{"type":2,"data":["e"]},"opts":{"rooms":[],"except":[],"flags":{}}}"#)
    );
}
