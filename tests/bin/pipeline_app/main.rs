//! The gateways of `tests/nestjs/src/pipeline`, line by line: `PORT=3000 ADAPTER=io cargo run --bin pipeline-app`.
//!
//! `tests/js/pipeline` drives both and `tests/integration/pipeline.rs` compares what clients are told. A handler here
//! does what the one of the same event does there, also where another way would be shorter.
#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "handlers look like those they are ported from, which are methods that may fail"
)]

mod arguments;
mod binary;
mod connection;
mod exceptions;
mod failure;
mod filters;
mod interceptors;
mod lists;
mod log;
mod marker;
mod metadata;
mod orders;
mod orders_enhancers;
mod pipes;
mod replies;
mod streams;
mod turn;
mod validation;

use std::env;

use gateway_runtime::prelude::*;
use gateway_runtime::{GatewayAppBuilder, GatewayError};

use self::orders_enhancers::{LogGuard, LogInterceptor, LogPipe, NoSuchRoomFilter};

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let adapter = gateway_examples::web_socket_adapter();
    let builder = match &adapter {
        // Plain WebSocket has paths where Socket.IO has namespaces.
        WebSocketAdapter::Ws(_) => {
            without_namespaces(GatewayApp::builder()).only::<connection::ws::Gateways>()
        }
        _ => without_namespaces(GatewayApp::builder()).only::<connection::io::Gateways>(),
    };
    let builder =
        if env::var_os("GLOBAL_ENHANCERS").is_some() { with_global_enhancers(builder) } else { builder };
    gateway_examples::listen(builder.use_web_socket_adapter(adapter).create().await?).await
}

/// `PARSER=msgpack`: how all of them are spoken to over Socket.IO.
fn parser() -> Parser {
    if env::var("PARSER").is_ok_and(|name| name == "msgpack") { Parser::MsgPack } else { Parser::Default }
}

/// The gateways that serve either adapter.
fn without_namespaces(builder: GatewayAppBuilder) -> GatewayAppBuilder {
    builder
        .only::<(arguments::ArgumentsGateway, arguments::TwiceGateway, arguments::TwiceMoreGateway)>()
        .only::<(binary::BinaryGateway, exceptions::ExceptionsGateway)>()
        .only::<(filters::FiltersGateway, filters::UnfilteredGateway)>()
        .only::<(interceptors::InterceptorsGateway, lists::ListsGateway, marker::MarkerGateway)>()
        .only::<(metadata::MetadataGateway, metadata::PlainMetadataGateway)>()
        .only::<(orders::OrdersGateway, orders::ParametersGateway, orders::ParametersOfGatewayGateway)>()
        .only::<(pipes::PipesGateway, pipes::GatewayPipesGateway)>()
        .only::<(replies::RepliesGateway, streams::StreamsGateway)>()
        .only::<(validation::ValidationGateway, validation::ValidationByMethodGateway)>()
}

fn with_global_enhancers(builder: GatewayAppBuilder) -> GatewayAppBuilder {
    builder
        .use_global_guard(LogGuard("global 1"))
        .use_global_guard(LogGuard("global 2"))
        .use_global_interceptor(LogInterceptor("global 1"))
        .use_global_interceptor(LogInterceptor("global 2"))
        .use_global_pipe(LogPipe("global 1"))
        .use_global_pipe(LogPipe("global 2"))
        .use_global_filter(NoSuchRoomFilter("global 1"))
        .use_global_filter(NoSuchRoomFilter("global 2"))
}
