//! Whole applications whose clients need a token, and clients that send too much.
#![allow(clippy::unused_self, reason = "handlers look like this")]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gateway_runtime::prelude::*;
use gateway_runtime::testing::TestingApp;
use serde::Deserialize;
use serde_json::{Value, json};

type TestResult = Result<(), Box<dyn std::error::Error>>;

const SECRET: &str = "a secret of more than thirty-two bytes";

#[derive(Clone, Deserialize)]
struct Claims {
    sub: String,
}

#[web_socket_gateway(namespace = "accounts")]
#[use_guards(WsJwtGuard<Claims>, on = "connection")]
#[use_guards(WsJwtGuard<Claims>)]
struct AccountsGateway {
    #[inject]
    auth: Arc<WsJwtGuard<Claims>>,
    #[inject]
    jwt: Arc<JwtService>,
}

#[subscribe_messages]
impl AccountsGateway {
    #[subscribe_message("whoami")]
    fn whoami(&self, #[extract] user: CurrentUser<Claims>) -> String {
        user.sub.clone()
    }

    #[subscribe_message("authenticate")]
    fn authenticate(&self, token: String, client: Socket) -> Result<String, WsException> {
        Ok(self.auth.reauthenticate(&client, &token)?.sub)
    }

    #[subscribe_message("renew")]
    fn renew(&self, #[extract] user: CurrentUser<Claims>) -> Result<String, HandlerError> {
        Ok(self.jwt.sign(&json!({ "sub": user.sub, "renewed": true }))?)
    }
}

impl OnGatewayConnection for AccountsGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        let claims = client.extensions().get::<Claims>().cloned();
        let user = claims.ok_or_else(|| HookError::msg("the guard ran before"))?.sub;
        client.join(format!("user:{user}"));
        client.emit("welcome", user);
        Ok(())
    }
}

#[web_socket_gateway(namespace = "typing")]
#[use_guards(ThrottlerGuard::new(2, Duration::from_secs(60)))]
struct TypingGateway;

#[subscribe_messages]
impl TypingGateway {
    #[subscribe_message("typing")]
    fn typing() -> bool {
        true
    }

    #[subscribe_message("chat")]
    #[set_metadata(SKIP_THROTTLE, true)]
    fn chat() -> bool {
        true
    }
}

fn options() -> JwtOptions {
    let hour = JwtSignOptions::new().expires_in(Duration::from_secs(3600));
    JwtOptions::new().secret(SECRET).sign_options(hour)
}

async fn app() -> Result<TestingApp, Box<dyn std::error::Error>> {
    let builder = GatewayApp::builder().use_jwt::<Claims>(options());
    Ok(TestingApp::of(builder).only::<(AccountsGateway, TypingGateway)>().create().await?)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[tokio::test]
async fn a_token_is_asked_for_on_the_connection() -> TestResult {
    let app = app().await?;
    let jwt = app.get::<JwtService>()?;
    let expired = jwt.sign(&json!({ "sub": "ann", "exp": now() - 100 }))?;
    for (auth, code) in [
        (json!({}), "MISSING_TOKEN"),
        (json!({ "token": "x" }), "INVALID_TOKEN"),
        (json!({ "token": expired }), "EXPIRED_TOKEN"),
    ] {
        let error = app.client().namespace("accounts").auth(auth).connect().await.expect_err("refused");
        let refusal = error.connect_error().expect("a connect_error");
        let data = refusal.data.clone().unwrap_or_default();
        assert_eq!((&data["code"], &data["message"]), (&json!(code), &json!(refusal.message)));
    }

    let token = jwt.sign(&json!({ "sub": "ann" }))?;
    let client = app.client().namespace("accounts").auth(json!({ "token": token })).connect().await?;
    assert_eq!(client.next::<String>("welcome").await?, "ann");
    assert_eq!(client.emit_with_ack::<String>("whoami", ()).await?, "ann");
    let bearer = format!("Bearer {token}");
    let client = app.client().namespace("accounts").header("authorization", &bearer).connect().await?;
    assert_eq!(client.emit_with_ack::<String>("whoami", ()).await?, "ann");
    Ok(())
}

#[tokio::test]
async fn a_client_authenticates_anew_without_reconnecting() -> TestResult {
    let app = app().await?;
    let jwt = app.get::<JwtService>()?;
    let token = jwt.sign(&json!({ "sub": "ann" }))?;
    let client = app.client().namespace("accounts").query("token", &token).connect().await?;
    let renewed: String = client.emit_with_ack("renew", ()).await?;
    assert_eq!(client.emit_with_ack::<String>("authenticate", renewed).await?, "ann");
    client.emit("authenticate", "no token").await?;
    assert_eq!(client.exception().await?, json!({ "code": "INVALID_TOKEN", "message": "Token is invalid" }));
    let bob = jwt.sign(&json!({ "sub": "bob" }))?;
    assert_eq!(client.emit_with_ack::<String>("authenticate", bob).await?, "bob");
    assert_eq!(client.emit_with_ack::<String>("whoami", ()).await?, "bob");
    Ok(())
}

#[tokio::test]
async fn a_client_is_disconnected_when_its_token_expires() -> TestResult {
    let jwt = JwtService::new(options())?;
    let guard = WsJwtGuard::<Claims>::new(jwt.clone()).disconnect_on_expiry(true);
    let builder = GatewayApp::builder().provide(jwt.clone()).provide(guard);
    let app = TestingApp::of(builder).only::<AccountsGateway>().create().await?;
    let token = jwt.sign(&json!({ "sub": "ann", "exp": now() + 1 }))?;
    let client = app.client().namespace("accounts").auth(json!({ "token": token })).connect().await?;
    let exception: Value = client.exception().await?;
    assert_eq!(exception["code"], "EXPIRED_TOKEN");
    assert_eq!(client.closed().await?, "io server disconnect");
    Ok(())
}

#[tokio::test]
async fn a_mistake_is_an_error_of_the_start() {
    let wrong_key = GatewayApp::builder().use_jwt::<Claims>(JwtOptions::new().public_key("x"));
    let error = TestingApp::of(wrong_key).only::<AccountsGateway>().create().await.expect_err("no key");
    assert!(format!("{error:?}").contains("public key"), "{error:?}");
    let nothing = TestingApp::of(GatewayApp::builder()).only::<AccountsGateway>().create().await;
    let error = nothing.expect_err("nothing provides the guard");
    assert!(format!("{error:?}").contains("WsJwtGuard"), "{error:?}");
}

#[tokio::test]
async fn a_client_that_sends_too_much_is_told() -> TestResult {
    let app = app().await?;
    let client = app.connect("typing").await?;
    for _ in 0..2 {
        assert!(client.emit_with_ack::<bool>("typing", ()).await?);
    }
    client.emit("typing", ()).await?;
    let exception = client.exception().await?;
    assert_eq!(exception["message"], "ThrottlerException: Too Many Requests");
    for _ in 0..5 {
        assert!(client.emit_with_ack::<bool>("chat", ()).await?);
    }
    let other = app.connect("typing").await?;
    assert!(other.emit_with_ack::<bool>("typing", ()).await?);
    Ok(())
}
