//! Run with: `PORT=3000 GATEWAYS=100 cargo run --release -p peer-gateway-scale`
//!
//! `GATEWAYS` (1, …, 100) gateways with a handler each, in one namespace or, with `NAMESPACES` as many, each in its own; or one
//! gateway with `HANDLERS` (1, 10, 100). The handlers are called `push0`, `push1`, …, the namespaces `n0`, `n1`, …

use std::{
    any::{TypeId, type_name},
    env,
};

use gateway_runtime::{GatewaySet, prelude::*};
use peer_common::{Message, Outcome};

include!(concat!(env!("OUT_DIR"), "/gateways.rs"));

/// As many gateways as the environment says, the first ones.
struct First;

impl GatewaySet for First {
    fn gateways() -> Vec<(TypeId, &'static str)> {
        gateways()[..count("GATEWAYS")].to_vec()
    }
}

/// A number of the environment, 1 without it.
fn count(name: &str) -> usize {
    env::var(name).map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// That of the `number`th gateway.
fn namespace(number: usize) -> String {
    format!("n{}", number % count("NAMESPACES"))
}

fn main() -> Outcome {
    peer_common::run(async {
        let builder = GatewayApp::builder();
        let builder = match count("HANDLERS") {
            1 => builder.only::<First>(),
            10 => builder.only::<Handlers10>(),
            100 => builder.only::<Handlers100>(),
            other => return Err(format!("no gateway has {other} handlers").into()),
        };
        let running = builder.create().await?.start(peer_common::address()?).await?;
        peer_common::ready()?;
        running.wait().await;
        Ok(())
    })
}
