//! `rediss://`: a `redis-server` with TLS, and certificates that are made here.

use gateway_runtime::{RedisAdapter, RedisConnectError, RedisEmitter};
use serde_json::json;

use super::redis_server::{RedisServer, free_port};
use super::stations::{Station, Subject, hear_each_other};
use crate::support::certificates::{Authority, Folder, Signed};
use crate::support::client::within;

/// Starts one with a certificate of this authority; one that asks clients for theirs if it `asks`.
async fn redis(authority: &Authority, files: &Folder, asks: bool) -> RedisServer {
    files.write(&authority.sign());
    let ca = files.path("ca.crt");
    std::fs::write(&ca, &authority.pem).expect("written");
    let [certificate, key, ca] = [files.path("tls.crt"), files.path("tls.key"), ca]
        .map(|path| path.to_str().expect("a name in UTF-8").to_owned());
    let (port, asks) = (free_port(), if asks { "yes" } else { "no" });
    let own = port.to_string();
    let arguments = ["--port", "0", "--tls-port", &own, "--tls-auth-clients", asks];
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &ca];
    RedisServer::start_with(port, &[arguments, files].concat()).await
}

fn url(redis: &RedisServer) -> String {
    format!("rediss://127.0.0.1:{}", redis.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_speak_over_tls() {
    let (authority, files) = (Authority::new(), Folder::new("redis"));
    let redis = redis(&authority, &files, false).await;
    let connect = async || {
        let builder = RedisAdapter::builder(url(&redis)).tls_ca(authority.pem.clone());
        within("the connection", builder.connect()).await.expect("Redis is there")
    };
    let stations = [Station::over(0, connect().await).await, Station::over(1, connect().await).await];
    hear_each_other(&stations).await;
    let emitter = RedisEmitter::builder(url(&redis)).tls_ca(authority.pem.clone()).connect();
    let emitter = within("the emitter", emitter).await.expect("Redis is there");
    let mut client = stations[0].client().await;
    emitter.of("/chats").emit("from afar", 1);
    within("the event", async { while client.packet().await.data != json!(["from afar", 1]) {} }).await;
    assert!(stations.iter().all(|station| Subject::stats(&station.adapter).reconnects == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_named() {
    let (authority, files) = (Authority::new(), Folder::new("redis-untrusted"));
    let redis = redis(&authority, &files, false).await;
    // Of the system, and of somebody else.
    let foreign = RedisAdapter::builder(url(&redis)).tls_ca(Authority::new().pem.clone());
    for builder in [RedisAdapter::builder(url(&redis)), foreign] {
        // It is no use to wait.
        let connected = within("the error", builder.wait_for_redis(600_000).connect()).await;
        let error = connected.expect_err("a certificate of another authority");
        assert!(matches!(error, RedisConnectError::Untrusted { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("invalid peer certificate") && text.contains("tls_ca(pem)"), "{text}");
    }
    // What is no certificate, and an address without TLS.
    let error = RedisAdapter::builder(url(&redis)).tls_ca("no PEM").connect().await.expect_err("no PEM");
    assert!(
        matches!(error, RedisConnectError::Address { .. } | RedisConnectError::Untrusted { .. }),
        "{error}"
    );
    let plain = format!("redis://127.0.0.1:{}", redis.port());
    let error = RedisAdapter::builder(plain).tls_ca(authority.pem.clone()).connect().await;
    let error = error.expect_err("not encrypted").to_string();
    assert!(error.contains("rediss://"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_may_ask_for_a_certificate() {
    let (authority, files) = (Authority::new(), Folder::new("redis-mutual"));
    let redis = redis(&authority, &files, true).await;
    let Signed { chain, key } = authority.sign();
    let builder = || RedisAdapter::builder(url(&redis)).tls_ca(authority.pem.clone());
    let adapter = within("the connection", builder().tls_cert(chain, key).connect()).await;
    assert!(adapter.is_ok(), "{adapter:?}");
    let error = within("the error", builder().connect()).await.expect_err("without a certificate");
    assert!(matches!(error, RedisConnectError::Untrusted { .. }), "{error}");
}
