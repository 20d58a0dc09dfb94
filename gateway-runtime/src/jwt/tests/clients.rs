//! The guard: where tokens come from, what clients learn, and what happens when the time is over.

use std::sync::Arc;

use gateway_core::{
    CanActivate, ConnectError, ExecutionContext, FromExecutionContext, HandlerError, Handshake, RequestHead,
    Server, Socket, WsException, serve,
};
use http::{HeaderMap, HeaderValue, Uri};
use tokio::runtime::Handle;
use tokio::time::{Instant, advance, sleep, timeout};

use super::super::*;
use super::*;

fn guard() -> WsJwtGuard<Claims> {
    WsJwtGuard::new(service())
}

fn client(handshake: Handshake) -> Socket {
    Socket::detached_with(&Server::detached(), "c1", handshake)
}

fn with_token(token: impl Into<Value>) -> Socket {
    client(Handshake::with_auth(json!({ "token": token.into() })))
}

fn message(client: &Socket) -> ExecutionContext {
    ExecutionContext::detached(client.clone(), "joinRoom", &())
}

async fn ask(guard: &WsJwtGuard<Claims>, client: &Socket) -> Result<bool, HandlerError> {
    guard.can_activate(&message(client)).await
}

async fn refused(guard: &WsJwtGuard<Claims>, client: &Socket) -> Value {
    let error = ask(guard, client).await.expect_err("it must be refused");
    assert!(error.is::<WsException>() && error.downcast_ref::<WsJwtError>().is_some());
    let (exception, log) = error.into_exception();
    assert_eq!(log, None, "what the client did wrong is no error of the server");
    exception.error().clone()
}

fn request(query: &str, authorization: Option<&str>) -> Handshake {
    let mut headers = HeaderMap::new();
    if let Some(value) = authorization {
        headers.insert("authorization", HeaderValue::from_str(value).expect("a header"));
    }
    let uri: Uri = format!("/socket.io/?EIO=4{query}").parse().expect("a uri");
    Handshake::new(Arc::new(RequestHead { headers, uri, ..RequestHead::default() }), None)
}

/// A token that is valid for that many seconds.
fn token_for(sub: &str, seconds: i64) -> String {
    service().sign(&json!({ "sub": sub, "role": "admin", "exp": in_seconds(seconds) })).expect("a token")
}

#[tokio::test]
async fn claims_reach_the_data_the_extensions_and_parameters() {
    let client = with_token(token_for("ann", 60));
    assert!(CurrentUser::<Claims>::from_execution_context(&message(&client)).is_err());
    assert!(ask(&guard(), &client).await.expect("let in"));
    let user: Value = client.data_value("user").expect("claims");
    assert_eq!((&user["sub"], &user["role"]), (&json!("ann"), &json!("admin")));
    assert_eq!(client.extensions().get::<Claims>(), Some(&ann()));
    let CurrentUser(user) = CurrentUser::<Claims>::from_execution_context(&message(&client)).expect("a user");
    assert_eq!(user, ann());

    let named = with_token(token_for("ann", 60));
    assert!(ask(&guard().data_key("account"), &named).await.is_ok());
    let keys: Vec<String> = named.data().keys().cloned().collect();
    assert_eq!(keys, ["account"]);
}

#[tokio::test]
async fn a_token_is_found_in_each_place() {
    let token = token_for("ann", 60);
    let places = [
        Handshake::with_auth(json!({ "token": token })),
        Handshake::with_auth(json!({ "token": format!("Bearer {token}") })),
        Handshake::with_auth(json!({ "token": format!(" bearer  {token} ") })),
        request(&format!("&token={token}"), None),
        request(&format!("&token=Bearer%20{token}"), None),
        request("", Some(&format!("Bearer {token}"))),
        request("", Some(&format!("BEARER   {token}"))),
        // What is empty is not there.
        request("&token=", Some(&format!("Bearer {token}"))),
    ];
    for place in places {
        let printed = format!("{place:?}");
        assert!(!printed.contains(&token), "{printed}");
        let client = client(place);
        assert!(ask(&guard(), &client).await.is_ok(), "{printed}");
    }
    let nowhere = [
        Handshake::default(),
        Handshake::with_auth(json!(null)),
        Handshake::with_auth(json!({ "token": 5 })),
        Handshake::with_auth(json!({ "token": " " })),
        Handshake::with_auth(json!({ "token": "Bearer " })),
        request("", Some("Basic YTpi")),
        request("", Some(&token)),
        request("&token=&token2=x", Some("Bearer")),
    ];
    for place in nowhere {
        assert_eq!(refused(&guard(), &client(place)).await["code"], "MISSING_TOKEN");
    }
}

#[tokio::test]
async fn the_first_place_that_has_a_token_counts() {
    let auth = json!({ "token": "no token at all" });
    let head = RequestHead {
        uri: format!("/?token={}", token_for("ann", 60)).parse().expect("a uri"),
        ..RequestHead::default()
    };
    let both = Handshake::new(Arc::new(head), Some(auth));
    assert_eq!(refused(&guard(), &client(both.clone())).await["code"], "INVALID_TOKEN");
    let turned =
        guard().token_sources([TokenSource::Query("token".into()), TokenSource::Auth("token".into())]);
    assert!(ask(&turned, &client(both)).await.is_ok());

    let cookie = guard().token_sources([TokenSource::custom(|handshake| {
        let cookie = handshake.header("cookie")?;
        cookie.split("; ").find_map(|pair| pair.strip_prefix("jwt=")).map(str::to_owned)
    })]);
    let mut head = RequestHead::default();
    let value = format!("a=b; jwt={}", token_for("ann", 60));
    head.headers.insert("cookie", HeaderValue::from_str(&value).expect("a header"));
    assert!(ask(&cookie, &client(Handshake::new(Arc::new(head), None))).await.is_ok());
}

#[tokio::test]
async fn clients_learn_a_code_and_a_message() {
    let expired = json!({ "code": "EXPIRED_TOKEN", "message": "Token has expired" });
    let invalid = json!({ "code": "INVALID_TOKEN", "message": "Token is invalid" });
    let missing = json!({ "code": "MISSING_TOKEN", "message": "Token is missing" });
    assert_eq!(refused(&guard(), &with_token(token_for("ann", -5))).await, expired);
    assert_eq!(refused(&guard(), &client(Handshake::default())).await, missing);
    let early = service()
        .sign(&json!({ "sub": "ann", "exp": in_seconds(60), "nbf": in_seconds(30) }))
        .expect("a token");
    let foreign = forged(&hs256(), &json!({ "sub": "ann", "exp": in_seconds(60) }), b"another secret");
    let untyped = service().sign(&json!({ "sub": 5, "exp": in_seconds(60) })).expect("a token");
    for token in [early, foreign, untyped, "x".to_owned(), "x".repeat(100_000)] {
        let client = with_token(token);
        assert_eq!(refused(&guard(), &client).await, invalid);
        assert!(client.data().is_empty() && client.extensions().get::<Claims>().is_none());
    }
    let refusal = ConnectError::from(WsException::from(WsJwtError::MissingToken));
    assert_eq!((refusal.message.as_str(), refusal.data), ("Token is missing", Some(missing)));
}

#[tokio::test(start_paused = true)]
async fn messages_are_refused_when_the_time_is_over() {
    let (guard, client) = (guard(), with_token(token_for("ann", 60)));
    assert!(ask(&guard, &client).await.is_ok());
    advance(Duration::from_secs(55)).await;
    assert!(ask(&guard, &client).await.is_ok());
    advance(Duration::from_secs(10)).await;
    assert_eq!(refused(&guard, &client).await["code"], "EXPIRED_TOKEN");
    assert!(client.connected(), "only the option disconnects");
    // Another token gives more time; one that is not valid changes nothing.
    assert_eq!(guard.reauthenticate(&client, "x"), Err(WsJwtError::InvalidToken));
    assert_eq!(guard.reauthenticate(&client, "Bearer "), Err(WsJwtError::MissingToken));
    assert_eq!(refused(&guard, &client).await["code"], "EXPIRED_TOKEN");
    let bearer = format!("Bearer {}", token_for("bob", 60));
    assert_eq!(guard.reauthenticate(&client, &bearer).expect("valid").sub, "bob");
    assert!(ask(&guard, &client).await.is_ok());
    assert_eq!(client.data()["user"]["sub"], "bob");
    assert_eq!(client.extensions().get::<Claims>().expect("claims").sub, "bob");
}

#[tokio::test]
async fn another_service_does_not_trust_a_session() {
    let client = with_token(token_for("ann", 60));
    assert!(ask(&guard(), &client).await.is_ok());
    let strict =
        JwtService::new(JwtOptions::new().secret("the secret of another service!!!")).expect("a service");
    assert_eq!(refused(&WsJwtGuard::new(strict), &client).await["code"], "INVALID_TOKEN");
}

#[tokio::test(start_paused = true)]
async fn a_client_is_disconnected_when_its_token_expires() {
    let guard = guard().disconnect_on_expiry(true);
    let client = with_token(token_for("ann", 60));
    assert!(ask(&guard, &client).await.is_ok());
    let begin = Instant::now();
    timeout(Duration::from_secs(120), client.closed()).await.expect("disconnected");
    let after = begin.elapsed().as_secs();
    assert!((58..=62).contains(&after), "after {after} s");
    let told = client.emitted();
    assert_eq!((told.len(), told[0].event.as_str()), (1, "exception"));
    assert_eq!(told[0].data()["code"], "EXPIRED_TOKEN");
}

#[tokio::test(start_paused = true)]
async fn reauthentication_moves_the_end() {
    let guard = guard().disconnect_on_expiry(true);
    let client = with_token(token_for("ann", 60));
    assert!(ask(&guard, &client).await.is_ok());
    sleep(Duration::from_secs(30)).await;
    guard.reauthenticate(&client, &token_for("ann", 300)).expect("valid");
    let begin = Instant::now();
    timeout(Duration::from_secs(600), client.closed()).await.expect("disconnected");
    let after = begin.elapsed().as_secs();
    assert!((298..=302).contains(&after), "after {after} s");
    // And to an earlier one: the old timer is gone as well.
    let client = with_token(token_for("ann", 300));
    assert!(ask(&guard, &client).await.is_ok());
    guard.reauthenticate(&client, &token_for("ann", 10)).expect("valid");
    timeout(Duration::from_secs(20), client.closed()).await.expect("disconnected");
}

#[tokio::test(start_paused = true)]
async fn a_timer_ends_with_its_socket() {
    let guard = guard().disconnect_on_expiry(true);
    let client = with_token(token_for("ann", 1_000_000));
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..3 {
        guard.reauthenticate(&client, &token_for("ann", 1_000_000)).expect("valid");
    }
    let ended = async |left: usize| {
        while tasks() != left {
            tokio::task::yield_now().await;
        }
    };
    timeout(HOUR, ended(before + 1)).await.expect("one timer for a client");
    client.disconnect(true);
    drop(client);
    timeout(HOUR, ended(before)).await.expect("none for nobody");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_before_the_client_is_connected_ends_it_then() {
    let server = Server::detached();
    let other = Socket::detached_in(&server, "other");
    let handshake = Handshake::with_auth(json!({ "token": token_for("ann", 5) }));
    let client = serve::socket("c1".into(), server, handshake, serve::link(&other).clone());
    assert!(ask(&guard().disconnect_on_expiry(true), &client).await.is_ok());
    // Another guard takes its time.
    sleep(Duration::from_secs(20)).await;
    serve::connect(&client);
    timeout(Duration::from_secs(5), client.closed()).await.expect("disconnected");
}

#[tokio::test]
async fn a_token_for_ever_has_no_timer() {
    let guard = guard().disconnect_on_expiry(true);
    let before = Handle::current().metrics().num_alive_tasks();
    for exp in [json!(u64::MAX), json!(1e300)] {
        let token = service().sign(&json!({ "sub": "ann", "exp": exp })).expect("a token");
        // Whether it is accepted is the library's to say; it must not panic.
        let _ = ask(&guard, &with_token(token)).await;
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), before);
}
