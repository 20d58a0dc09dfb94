//! HTTPS and WSS, with certificates that are made here: real clients, reload, and what is no TLS.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use gateway_runtime::prelude::*;
use gateway_runtime::rustls::pki_types::ServerName;
use gateway_runtime::rustls::server::WebPkiClientVerifier;
use gateway_runtime::rustls::{ServerConfig, crypto::ring};
use gateway_runtime::{GatewayAppBuilder, TlsOptions};
use rcgen::KeyPair;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::app::{TestApp, builder};
use crate::support::certificates::{Authority, Folder, chain, key};
use crate::support::client::within;
use crate::support::process::{Example, deploy_binary, run_script};

#[web_socket_gateway]
struct Mirror;

#[subscribe_messages]
impl Mirror {
    #[subscribe_message("secure")]
    fn secure(&self, #[connected_socket] client: Socket) -> bool {
        client.handshake().secure()
    }
}

/// Uses a port of its own.
#[web_socket_gateway(0, path = "/own")]
struct Own;

#[subscribe_messages]
impl Own {}

impl Folder {
    fn options(&self) -> TlsOptions {
        TlsOptions::from_pem_files(self.path("tls.crt"), self.path("tls.key")).reload_interval(0)
    }
}

fn tls(options: TlsOptions) -> GatewayAppBuilder {
    builder::<Mirror>().tls(options).health_path("/healthz")
}

async fn connect(connector: &TlsConnector, addr: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = within("a connection", TcpStream::connect(addr)).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    within("the handshake", connector.connect(name, tcp)).await
}

/// Status line of a request on an open connection.
async fn health(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    within("a request", async {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        let mut answer = String::new();
        while !answer.ends_with('}') {
            let mut bytes = [0; 1024];
            let count = stream.read(&mut bytes).await?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            answer.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        Ok(answer.lines().next().unwrap_or_default().to_owned())
    })
    .await
}

fn certificate(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec()
}

/// `socket.io-client` over each transport and across the upgrade, and `ws`, which trust the authority.
#[tokio::test]
async fn real_clients_over_https_and_wss() {
    let (folder, authority) = (Folder::new("clients"), Authority::new());
    folder.write(&authority.sign());
    std::fs::write(folder.path("ca.crt"), &authority.pem).expect("written");
    let path = |file| folder.path(file).to_str().expect("a path").to_owned();
    let files = [path("tls.crt"), path("tls.key"), path("ca.crt")];
    for adapter in ["io", "ws"] {
        let environment = [("TLS_CERT", &*files[0]), ("TLS_KEY", &files[1]), ("ADAPTER", adapter)];
        let app = Example::start_command(deploy_binary(), "deploy-app", &environment).await;
        let port = app.addr().port().to_string();
        let arguments = ["--port", &port, "--ca", &files[2], "--adapter", adapter];
        run_script(&app, "deploy/tls.mjs", &arguments, Duration::from_secs(120)).await;
    }
}

#[tokio::test]
async fn all_ports_speak_tls_with_http_1_1() {
    let authority = Authority::new();
    let signed = authority.sign();
    let options = TlsOptions::from_pem(signed.chain, signed.key);
    let app = TestApp::start(tls(options).only::<Own>()).await;
    let connector = authority.connector(None);
    let mut stream = connect(&connector, app.addr()).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(health(&mut stream).await.expect("an answer"), "HTTP/1.1 200 OK");
    for (_, addr) in app.running().gateway_addrs() {
        let addr = SocketAddr::from(([127, 0, 0, 1], addr.port()));
        connect(&connector, addr).await.expect("a handshake");
    }
}

/// A new certificate is for new connections; a bad one is for nobody.
#[tokio::test]
async fn certificates_are_reloaded_under_live_connections() {
    let (folder, authority) = (Folder::new("reload"), Authority::new());
    folder.write(&authority.sign());
    let app = TestApp::start(tls(folder.options())).await;
    let connector = authority.connector(None);
    let mut before = connect(&connector, app.addr()).await.expect("a handshake");
    health(&mut before).await.expect("an answer");
    let old = certificate(&before);
    let stream = connect(&connector, app.addr()).await.expect("a handshake");
    let url = "wss://localhost/socket.io/?EIO=4&transport=websocket";
    let (mut socket, _) =
        within("the upgrade", tokio_tungstenite::client_async(url, stream)).await.expect("an upgrade");

    let reloader = app.running().handle().tls().expect("TLS").clone();
    std::fs::write(folder.path("tls.key"), "no key at all").expect("written");
    let error = reloader.reload().expect_err("a bad key").to_string();
    assert!(error.contains("tls.key holds no private key"), "{error}");
    let meanwhile = connect(&connector, app.addr()).await.expect("the old one is served");
    assert_eq!(certificate(&meanwhile), old);

    folder.write(&authority.sign());
    reloader.reload().expect("a good certificate");
    let mut after = connect(&authority.connector(None), app.addr()).await.expect("a handshake");
    assert_ne!(certificate(&after), old);
    assert_eq!(health(&mut after).await.expect("an answer"), "HTTP/1.1 200 OK");
    assert_eq!(health(&mut before).await.expect("open connections go on"), "HTTP/1.1 200 OK");
    within("a write", socket.send(Message::text("40"))).await.expect("the session goes on");
    within("a write", socket.send(Message::text("420[\"secure\"]"))).await.expect("the session goes on");
    let secure = async {
        while let Some(Ok(message)) = socket.next().await {
            if message.to_text().is_ok_and(|text| text == "430[true]") {
                return true;
            }
        }
        false
    };
    assert!(within("the answer", secure).await);
    let replacing = authority.sign();
    let current = certificate(&after);
    reloader.replace(&TlsOptions::from_pem(replacing.chain, replacing.key)).expect("a good certificate");
    let last = connect(&authority.connector(None), app.addr()).await.expect("a handshake");
    assert_ne!(certificate(&last), current);
}

#[tokio::test]
async fn changed_files_are_noticed() {
    let (folder, authority) = (Folder::new("watch"), Authority::new());
    folder.write(&authority.sign());
    let app = TestApp::start(tls(folder.options().reload_interval(20))).await;
    let connector = authority.connector(None);
    let old = certificate(&connect(&connector, app.addr()).await.expect("a handshake"));
    folder.write(&authority.sign());
    let changed = async {
        while certificate(&connect(&authority.connector(None), app.addr()).await.expect("a handshake")) == old
        {
        }
    };
    within("the new certificate", changed).await;
}

#[tokio::test]
async fn sighup_reloads_and_the_process_goes_on() {
    let (folder, authority) = (Folder::new("sighup"), Authority::new());
    folder.write(&authority.sign());
    let (crt, key) = (folder.path("tls.crt"), folder.path("tls.key"));
    let environment =
        [("TLS_CERT", crt.to_str().expect("a path")), ("TLS_KEY", key.to_str().expect("a path"))];
    let app = Example::start_command(deploy_binary(), "deploy-app", &environment).await;
    let connector = authority.connector(None);
    let mut before = connect(&connector, app.addr()).await.expect("a handshake");
    let old = certificate(&before);
    std::fs::write(&key, "").expect("written");
    app.signal("HUP").await;
    within("the log line", app.printed("holds no private key")).await;
    folder.write(&authority.sign());
    app.signal("HUP").await;
    let changed = async {
        while certificate(&connect(&authority.connector(None), app.addr()).await.expect("a handshake")) == old
        {
        }
    };
    within("the new certificate", changed).await;
    assert_eq!(health(&mut before).await.expect("open connections go on"), "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn what_is_no_tls_is_told_so_or_closed() {
    let authority = Authority::new();
    let signed = authority.sign();
    let app = TestApp::start(tls(TlsOptions::from_pem(signed.chain, signed.key))).await;
    let plain = crate::support::http::get(app.addr(), "/healthz", &[]).await;
    assert_eq!(plain.status, 400);
    assert!(plain.body.contains("plain HTTP was sent to a TLS port"), "{plain:?}");
    for garbage in
        [&b"\x00\x01\x02garbage\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff, 1, 2, 3], &[0x80; 600], b"\n"]
    {
        let mut tcp = within("a connection", TcpStream::connect(app.addr())).await.expect("it listens");
        within("a write", tcp.write_all(garbage)).await.expect("the server reads");
        tcp.shutdown().await.expect("the end of it");
        let mut rest = Vec::new();
        // A reset is a close as well.
        let _ = within("the close", tcp.read_to_end(&mut rest)).await;
        assert!(!String::from_utf8_lossy(&rest).contains("HTTP"));
    }
    connect(&authority.connector(None), app.addr()).await.expect("others are served");
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let authority = Authority::new();
    let signed = authority.sign();
    let options = TlsOptions::from_pem(signed.chain, signed.key).handshake_timeout(300);
    let app = TestApp::start(tls(options)).await;
    let mut silent = TcpStream::connect(app.addr()).await.expect("it listens");
    let mut halfway = TcpStream::connect(app.addr()).await.expect("it listens");
    halfway.write_all(&[0x16, 3, 1, 2, 0, 1]).await.expect("the server reads");
    for tcp in [&mut silent, &mut halfway] {
        let mut rest = Vec::new();
        let _ = within("the close", tcp.read_to_end(&mut rest)).await;
    }
    connect(&authority.connector(None), app.addr()).await.expect("others are served");
}

/// mTLS by a configuration of one's own.
#[tokio::test]
async fn client_certificates() {
    let authority = Authority::new();
    let signed = authority.sign();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authority.roots()), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(chain(&signed), key(&signed))
        .expect("a certificate");
    let app = TestApp::start(tls(TlsOptions::from_server_config(config.clone()))).await;
    let known = authority.connector(Some(&authority.sign()));
    let mut stream = connect(&known, app.addr()).await.expect("a handshake");
    assert_eq!(health(&mut stream).await.expect("an answer"), "HTTP/1.1 200 OK");
    let refused = async {
        // In TLS 1.3 the client learns of it with its first read.
        let mut stream = connect(&authority.connector(None), app.addr()).await?;
        health(&mut stream).await
    };
    assert!(refused.await.is_err());

    let mut config = config;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let error = tls(TlsOptions::from_server_config(config)).create().await.expect_err("h2 is not spoken");
    assert!(format!("{error:?}").contains("\"h2\""), "{error:?}");
}

/// Runs JavaScript that turns a key on stdin into another form.
fn converted(key: &str, export: &str) -> String {
    let script = format!(
        "const k = require('crypto').createPrivateKey(require('fs').readFileSync(0)); process.stdout.write(k.export({export}))"
    );
    run_node(&script, key)
}

fn run_node(script: &str, input: &str) -> String {
    use std::io::Write;
    use std::process::Stdio;
    let mut node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    node.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("node reads");
    let output = node.wait_with_output().expect("node ends");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("PEM")
}

#[tokio::test]
async fn keys_in_every_form() {
    let authority = Authority::new();
    let signed = authority.sign();
    let sec1 = converted(&signed.key, "{ type: 'sec1', format: 'pem' }");
    assert!(sec1.contains("BEGIN EC PRIVATE KEY"));
    let _app = tls(TlsOptions::from_pem(signed.chain, sec1)).create().await.expect("SEC1");
    let rsa = "const { privateKey } = require('crypto').generateKeyPairSync('rsa', { modulusLength: 2048 }); \
               process.stdout.write(privateKey.export({ type: 'pkcs8', format: 'pem' }))";
    let rsa = run_node(rsa, "");
    let signed = authority.sign_key(&KeyPair::from_pem(&rsa).expect("an RSA key"));
    let pkcs1 = converted(&rsa, "{ type: 'pkcs1', format: 'pem' }");
    assert!(pkcs1.contains("BEGIN RSA PRIVATE KEY"));
    let _app = tls(TlsOptions::from_pem(signed.chain, pkcs1)).create().await.expect("PKCS#1");
}

#[tokio::test]
async fn mistakes_name_the_file_and_the_problem() {
    let (folder, authority) = (Folder::new("mistakes"), Authority::new());
    let (one, other) = (authority.sign(), authority.sign());
    let encrypted = |kind: &str| {
        converted(
            &one.key,
            &format!("{{ type: '{kind}', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }}"),
        )
    };
    let (pkcs8, sec1) = (encrypted("pkcs8"), encrypted("sec1"));
    let cut = &one.key[..one.key.len() / 2];
    let cases: [(Option<&str>, Option<&str>, &str); 10] = [
        (None, Some(&one.key), "tls.crt cannot be read: there is no such file"),
        (Some(&one.chain), None, "tls.key cannot be read: there is no such file"),
        (Some(""), Some(&one.key), "tls.crt holds no certificate"),
        (Some(&one.chain), Some(""), "tls.key holds no private key"),
        (Some(&one.key), Some(&one.key), "tls.crt holds no certificate"),
        (Some(&one.chain), Some(&one.chain), "tls.key holds no private key"),
        (Some(&one.chain), Some(&other.key), "is not that of the first certificate"),
        (Some(&one.chain), Some(&pkcs8), "tls.key is encrypted: decrypt it first"),
        (Some(&one.chain), Some(&sec1), "tls.key is encrypted: decrypt it first"),
        (Some(&one.chain), Some(cut), "tls.key is not valid PEM"),
    ];
    for (certificate, key, expected) in cases {
        put(&folder.path("tls.crt"), certificate);
        put(&folder.path("tls.key"), key);
        let error = tls(folder.options()).create().await.expect_err("a mistake");
        let text = format!("{error:?}");
        assert!(text.contains(expected), "{expected:?} in {text:?}");
        assert!(!text.contains("PRIVATE KEY-----\n"), "no key is printed");
    }
}

fn put(path: &Path, text: Option<&str>) {
    match text {
        Some(text) => std::fs::write(path, text).expect("written"),
        None => {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[tokio::test]
async fn certificates_that_are_not_in_files_are_not_read_again() {
    let authority = Authority::new();
    let signed = authority.sign();
    let app = tls(TlsOptions::from_pem(signed.chain, signed.key)).create().await.expect("an app");
    let error = app.handle().tls().expect("TLS").reload().expect_err("no files").to_string();
    assert!(error.contains("`replace`"), "{error}");
    let plain = builder::<Mirror>().create().await.expect("an app");
    assert!(plain.handle().tls().is_none());
}
