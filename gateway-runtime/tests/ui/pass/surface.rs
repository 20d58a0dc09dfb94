//! Every form of the attributes that the documentation names, and the spellings that people will try.
#![deny(warnings, missing_docs, unused, clippy::all)]
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream};
use gateway_runtime::prelude as framework;
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};

const PORT: u16 = 8080;

const fn port() -> u16 {
    PORT
}

trait Clock: Send + Sync {
    fn now(&self) -> u64;
}

#[injectable(as dyn Clock)]
#[derive(Default)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        0
    }
}

/// Tuple structs have numbered fields.
#[injectable]
struct Pair(#[inject] Arc<SystemClock>, Mutex<u8>);

#[web_socket_gateway()]
struct Unit;

#[web_socket_gateway(PORT)]
struct OnAConstant;

#[web_socket_gateway(port(), path = "/ws", cors = true, cookie(name = "io", http_only = true))]
struct OnACall;

type Shared<T> = Arc<T>;

#[derive(Debug)]
struct Sessions(#[expect(dead_code)] u8);

impl Default for Sessions {
    fn default() -> Self {
        Self(1)
    }
}

#[derive(Default)]
#[web_socket_gateway(namespace = "everything", ping_interval = std::time::Duration::from_secs(3))]
#[derive(Clone)]
struct Derived {
    #[cfg(any())]
    #[inject]
    absent: Arc<NoSuchType>,
    #[cfg(all())]
    #[inject(default)]
    present: Arc<SystemClock>,
}

/// A gateway.
#[web_socket_gateway(namespace = "everything")]
struct Everything {
    #[web_socket_server]
    server: Namespace,
    #[framework::inject]
    clock: Arc<dyn Clock>,
    #[inject()]
    maybe: Option<Shared<dyn Clock>>,
    #[inject("BACKUP")]
    backup: Option<Arc<dyn Clock>>,
    #[inject(TOKEN)]
    token: Option<Arc<Pair>>,
    clients: Mutex<HashMap<String, Socket>>,
    sessions: Sessions,
}

const TOKEN: &str = "TOKEN";
const EVENT: &str = "constant";

mod events {
    pub const NAMED: &str = "named";
}

#[derive(Debug, Deserialize, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug)]
struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

type WsResult<T> = Result<T, Failed>;
type Client = Socket;
type Feed = BoxStream<'static, Message>;
type Later = BoxFuture<'static, Message>;

#[derive(Default)]
struct Guard(u8);

impl Guard {
    fn new(roles: u8) -> Self {
        Self(roles)
    }
}

impl CanActivate for Guard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        Ok(context.metadata::<u8>("roles").is_none_or(|roles| roles == self.0))
    }
}

/// Generic, without a default: the container provides it.
struct Generic<T>(T);

impl<T: Send + Sync + 'static> Interceptor for Generic<T> {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        let _ = &self.0;
        next.handle().await
    }
}

fn filter() -> BaseWsExceptionFilter {
    BaseWsExceptionFilter::new()
}

#[derive(Default)]
struct Double;

impl PipeTransform<u8> for Double {
    type In = u8;

    async fn transform(&self, value: u8, _: &ArgumentMetadata) -> Result<u8, HandlerError> {
        Ok(value.wrapping_mul(2))
    }
}

struct Language(String);

impl FromExecutionContext for Language {
    fn from_execution_context(context: &ExecutionContext) -> Result<Self, HandlerError> {
        Ok(Self(context.socket().data_value("language").unwrap_or_default()))
    }
}

static PAGE: std::sync::LazyLock<DefaultValuePipe<u8>> = std::sync::LazyLock::new(|| DefaultValuePipe::new(1));

/// What stands around handlers may stand above and below, and several times.
#[use_guards(Guard)]
#[derive(Default)]
#[framework::use_guards(Guard(2), self::Guard::new(Self::ROLES), on = "connection")]
#[web_socket_gateway(namespace = "enhanced")]
#[use_interceptors(Generic<u8>, Generic(1))]
#[cfg_attr(all(), use_filters(filter(), BaseWsExceptionFilter))]
#[use_pipes(ValidationPipe::new().forbid_non_whitelisted(true))]
#[set_metadata("roles", Self::ROLES)]
struct Enhanced;

impl Enhanced {
    const ROLES: u8 = 2;
}

#[subscribe_messages]
impl Enhanced {
    #[use_guards(Guard, Guard { 0: 1 })]
    #[set_metadata(TOKEN, ["admin"])]
    #[framework::use_pipes(Double)]
    #[subscribe_message("pipes")]
    fn pipes(
        &self,
        #[message_body("id")] id: u8,
        #[message_body(Self::KEY, Double as Double,)] page: u8,
        #[extract] Language(language): Language,
        #[message_name] name: String,
        #[connected_socket] client: &Socket,
    ) {
        let _ = (id, page, language, name, client);
    }

    const KEY: &'static str = "page";

    #[subscribe_message("page")]
    fn page(&self, #[message_body("page", PAGE.clone(), Double)] page: u8, #[message_body("id", ParseIntPipe)] id: u8) -> u8 {
        page.min(id)
    }

    #[use_pipes(ValidationPipe)]
    #[subscribe_message("text")]
    async fn text(&self, context: &ExecutionContext, #[message_body("text")] text: String) -> Option<String> {
        (context.pattern() == "text").then_some(text)
    }
}

#[subscribe_messages]
impl Everything {
    const OWN: &'static str = "own";

    /// Several events, constants included.
    #[subscribe_message("a")]
    #[subscribe_message(EVENT)]
    #[subscribe_message(events::NAMED)]
    #[subscribe_message(Self::OWN)]
    #[subscribe_message(concat!("b", "c"))]
    #[framework::subscribe_message("qualified")]
    fn several(&self) -> u64 {
        self.clock.now()
    }

    #[subscribe_message("body")]
    fn body(&self, #[message_body] Message { text }: Message) -> String {
        text
    }

    #[subscribe_message("members")]
    fn members(
        &self,
        #[message_body("id")] id: Option<u64>,
        #[message_body(Self::OWN)] own: Option<String>,
        #[message_body()] whole: serde_json::Value,
        #[connected_socket()] client: &Client,
    ) -> (Option<u64>, Option<String>, serde_json::Value, String) {
        (id, own, whole, client.id().to_owned())
    }

    #[subscribe_message("ack")]
    fn ack(&self, #[ack] ack: Ack<Message>) {
        ack.send(Message { text: String::new() });
    }

    #[subscribe_message("maybe ack")]
    async fn maybe_ack(&self, #[framework::ack] ack: Option<Ack<u8>>, message: Message) -> WsResult<()> {
        if let Some(ack) = ack {
            ack.send(1);
        }
        drop(message);
        Err(Failed)
    }

    #[subscribe_message("by type")]
    fn by_type(client: Client, data: Message, ack: Ack<u8>) {
        drop((client, data, ack));
    }

    #[subscribe_message("lent")]
    async fn lent<'x>(&'x self, client: &'x Socket, server: &'x Server) -> Option<&'x str> {
        let _ = (client.id(), server);
        None
    }

    #[subscribe_message("arc")]
    async fn arc(self: Arc<Self>, server: Server) -> Result<Option<Message>, WsException> {
        drop(server);
        self.clients.lock().map_err(|_| WsException::new("poisoned"))?.clear();
        Ok(None)
    }

    #[subscribe_message("reference")]
    fn reference(self: &Self) -> Option<WsResult<Message>> {
        None
    }

    #[subscribe_message("response")]
    fn response(&self) -> WsResult<WsResponse<Message>> {
        Ok(WsResponse::new("event", Message { text: format!("{:?}", self.sessions) }))
    }

    #[subscribe_message("stream")]
    fn stream(&self) -> impl Stream<Item = WsResult<WsResponse<String>>> + Send {
        let clients = self.clients.lock().map(|clients| clients.len()).unwrap_or_default();
        stream::iter((0..clients).map(|n| Ok(WsResponse::new("n", n.to_string()))))
    }

    #[subscribe_message("feed")]
    async fn feed(&self) -> Result<Feed, Failed> {
        Err(Failed)
    }

    #[subscribe_message("later")]
    fn later(&self) -> Later {
        Box::pin(async { Message { text: String::new() } })
    }

    #[subscribe_message("future")]
    fn future(&self, text: String) -> impl Future<Output = Result<String, HookError>> + Send {
        async move { Ok(text) }
    }

    #[subscribe_message("hook result")]
    fn hook_result(&self) -> HookResult {
        self.later_text()?;
        Ok(())
    }

    #[subscribe_message("unit")]
    fn unit(&self) -> () {}

    #[cfg(any())]
    #[subscribe_message("absent")]
    fn absent(&self, absent: NoSuchType) {}

    #[cfg(all())]
    #[subscribe_message("present")]
    fn present(&self, _: Message) {}

    /// No handler.
    fn later_text(&self) -> WsResult<String> {
        Err(Failed)
    }
}

/// A second block.
#[subscribe_messages]
impl self::Everything {
    #[subscribe_message("elsewhere")]
    fn elsewhere(&self) {
        let _ = (&self.server, &self.maybe, &self.backup, &self.token);
    }

    fn handle_disconnect(&self) {}
}

#[subscribe_messages]
impl Unit {}

impl OnGatewayDisconnect for Everything {
    async fn handle_disconnect(&self, _: Socket, _: DisconnectReason) -> HookResult {
        self.handle_disconnect();
        Ok(())
    }
}

impl OnModuleInit for SystemClock {
    async fn on_module_init(&self) -> HookResult {
        Ok(())
    }
}

fn main() {
    let local = {
        #[web_socket_gateway]
        struct InAFunction;

        #[subscribe_messages]
        impl InAFunction {
            #[subscribe_message("local")]
            fn local(&self) {}
        }
        InAFunction
    };
    local.local();
    assert_eq!(Everything::body(&everything(), Message { text: "t".to_owned() }), "t");
    let _ = (Unit, OnAConstant, OnACall, Derived::default().clone().present.now());
    let Pair(clock, count) = Pair(Arc::default(), Mutex::default());
    drop((clock, count));
}

fn everything() -> Everything {
    Everything {
        server: Server::detached(),
        clock: Arc::new(SystemClock),
        maybe: None,
        backup: None,
        token: None,
        clients: Mutex::default(),
        sessions: Sessions::default(),
    }
}
