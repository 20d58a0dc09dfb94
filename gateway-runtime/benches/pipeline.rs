//! What a guard, a pipe and an interceptor cost on a message: the same handler with and without them.
//!
//! Run with: `cargo bench -p gateway-runtime --bench pipeline --features testing`
//!
//! One client in the same process, 64 messages in flight, over the real engine; rounds alternate, so that
//! whatever else the machine does meets both alike. One thread does everything, so time is CPU time; the
//! client's and the engine's part is in both figures, and the difference is what the enhancers cost.

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use gateway_runtime::prelude::*;
use gateway_runtime::testing::{TestClient, TestError, TestingApp};

const MESSAGES: u64 = 5_000;
const IN_FLIGHT: usize = 64;
const ROUNDS: usize = 21;

#[derive(Default)]
struct OpenGuard;

impl CanActivate for OpenGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        Ok(context.socket().connected())
    }
}

#[derive(Default)]
struct PassInterceptor;

impl Interceptor for PassInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        next.handle().await
    }
}

/// The gateway that is measured.
#[web_socket_gateway]
struct MeasuredGateway;

#[subscribe_messages]
impl MeasuredGateway {
    #[subscribe_message("bare")]
    fn bare(#[message_body("id")] id: u64) -> u64 {
        id + 1
    }

    #[subscribe_message("around")]
    #[use_guards(OpenGuard)]
    #[use_interceptors(PassInterceptor)]
    fn around(#[message_body("id", ParseIntPipe)] id: u64) -> u64 {
        id + 1
    }
}

async fn round(client: &TestClient, event: &str) -> Result<Duration, TestError> {
    let started = Instant::now();
    let mut answers = stream::iter(0..MESSAGES)
        .map(|id| client.emit_with_ack::<u64>(event, serde_json::json!({ "id": id })))
        .buffer_unordered(IN_FLIGHT);
    while let Some(answer) = answers.next().await {
        answer?;
    }
    Ok(started.elapsed())
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    micros(times[times.len() / 2])
}

/// Microseconds a message.
fn micros(round: Duration) -> f64 {
    round.as_secs_f64() * 1e6 / MESSAGES as f64
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = TestingApp::builder().only::<MeasuredGateway>().create().await?;
    let client = app.connect("/").await?;
    let (mut bare, mut around) = (Vec::new(), Vec::new());
    round(&client, "bare").await?;
    round(&client, "around").await?;
    for _ in 0..ROUNDS {
        bare.push(round(&client, "bare").await?);
        around.push(round(&client, "around").await?);
    }
    let mut ratios: Vec<f64> =
        bare.iter().zip(&around).map(|(bare, around)| micros(*around) / micros(*bare)).collect();
    ratios.sort_by(f64::total_cmp);
    let (bare, around) = (median(&mut bare), median(&mut around));
    println!("bare                          {bare:6.2} µs a message (client and engine included)");
    println!("guard + pipe + interceptor    {around:6.2} µs a message");
    println!("difference                    {:6.2} µs", around - bare);
    println!(
        "ratio, median of {ROUNDS} pairs      {:5.2}  ({:.2} to {:.2})",
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1]
    );
    app.close().await;
    Ok(())
}
