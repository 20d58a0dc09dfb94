//! What is no guard, no interceptor, no filter and no pipe says so where it is listed.
use gateway_runtime::prelude::*;

#[derive(Default)]
struct NoGuard;

#[derive(Default)]
struct LoggingInterceptor;

impl Interceptor for LoggingInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        next.handle().await
    }
}

impl NoGuard {
    fn new() -> Self {
        Self
    }
}

#[use_guards(self::NoGuard)]
#[web_socket_gateway]
#[use_guards(LoggingInterceptor)]
#[use_pipes(NoGuard, ParseIntPipe)]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[use_guards(NoGuard::new(), NoGuard)]
    #[use_interceptors(NoGuard)]
    #[use_filters(LoggingInterceptor)]
    #[subscribe_message("a")]
    #[subscribe_message("b")]
    fn a(&self) {}

    #[set_metadata("a", NoGuard)]
    #[subscribe_message("c")]
    fn c(&self) {}
}

fn main() {}
