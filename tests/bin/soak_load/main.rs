//! The load of `scripts/soak.sh`: thousands of clients that wait and hundreds that work, for minutes, against a
//! `hostile-app` in another process. Ends with exit code 1 if the server's memory climbs, or anything is lost.
//!
//! It must never share code with the server: the packets are put together and taken apart here again.

mod busy;
mod client;
mod figures;
mod idle;
mod slope;

use std::env;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, interval_at};

use self::client::Trouble;
use self::figures::{Figures, Totals};
use self::slope::{Slope, slope};

/// Connections that are made at the same time.
const AT_ONCE: usize = 50;

/// Between two lines.
const LINE: u64 = 10;

/// The first time, in which caches fill: not looked at.
const WARM_UP: u64 = 60;

/// What the environment says.
struct Plan {
    server: SocketAddr,
    pid: u32,
    seconds: u64,
    idle: usize,
    busy: usize,
    max_slope: f64,
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    let Ok(text) = env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, expected a number"))
}

impl Plan {
    fn read() -> Self {
        Self {
            server: SocketAddr::from(([127, 0, 0, 1], number("PORT", 3000))),
            pid: number("SERVER_PID", 0),
            seconds: number("SECONDS_TOTAL", 300),
            idle: number("IDLE", 5000),
            busy: number("BUSY", 500),
            max_slope: number("MAX_SLOPE", 1024.0),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let plan = Plan::read();
    match soak(&plan).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("the soak did not get to its end: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn soak(plan: &Plan) -> Result<bool, Trouble> {
    let totals = Arc::new(Totals::default());
    let stop = watch::Sender::new(false);
    let started = Instant::now();
    let mut tasks = Vec::new();
    for first in (0..plan.idle).step_by(AT_ONCE) {
        let group = (first..plan.idle.min(first + AT_ONCE)).map(|index| idle::connect(plan.server, index));
        for client in futures_util::future::join_all(group).await {
            tasks.push(tokio::spawn(idle::run(client?, totals.clone(), stop.subscribe())));
        }
    }
    for index in 0..plan.busy {
        let client = busy::Busy::new(plan.server, index, totals.clone(), stop.subscribe());
        tasks.push(tokio::spawn(client.run()));
    }
    println!("{} idle and {} busy clients after {:?}", plan.idle, plan.busy, started.elapsed());

    let samples = observe(plan, &totals).await?;
    stop.send_replace(true);
    for task in tasks {
        // What went wrong in a client has been counted.
        let _ended = task.await;
    }
    let last = Figures::ask(plan.server).await?;
    Ok(judge(plan, &samples, &last, &totals))
}

/// Watches the server until the time is over; returns the live bytes of each second after the warm-up.
async fn observe(plan: &Plan, totals: &Totals) -> Result<Vec<(f64, f64)>, Trouble> {
    let begun = Instant::now();
    let second = Duration::from_secs(1);
    let mut clock = interval_at(begun + second, second);
    let (mut samples, mut before) = (Vec::new(), totals.acknowledged());
    let warm_up = WARM_UP.min(plan.seconds * 2 / 5);
    for at in 1..=plan.seconds {
        clock.tick().await;
        let figures = Figures::ask(plan.server).await?;
        if at > warm_up {
            samples.push((begun.elapsed().as_secs_f64(), figures.live_bytes as f64));
        }
        if at % LINE == 0 {
            let now = totals.acknowledged();
            println!(
                "{at:>4} s  sessions {:>5}  acks/s {:>6}  casts heard {:>9}  reconnects {:>5}  live {:>9.1} KiB  rss {:>7} KiB  \
                 ping timeouts {}  lost {}",
                figures.sessions,
                (now - before) / LINE,
                totals.heard(),
                totals.reconnects(),
                figures.live_bytes as f64 / 1024.0,
                figures::resident_kib(plan.pid),
                figures.ping_timeouts,
                totals.lost(),
            );
            before = now;
        }
    }
    Ok(samples)
}

/// Prints what came out; whether it is as it must be.
fn judge(plan: &Plan, samples: &[(f64, f64)], last: &Figures, totals: &Totals) -> bool {
    let Slope { per_second, error } = slope(samples);
    println!(
        "slope of the live bytes: {per_second:+.1} bytes/s, standard error {error:.1}, {} samples",
        samples.len()
    );
    println!("missed heartbeats: {} seen by the server, {} by clients", last.ping_timeouts, totals.dropped());
    println!(
        "lost messages: {}, of {} casts heard and {} acknowledged",
        totals.lost(),
        totals.heard(),
        totals.acknowledged()
    );
    println!("panics: {}", last.panics);
    // Noise is no climb, and neither is one of less than the limit.
    let climbs = per_second - 2.0 * error > plan.max_slope;
    if climbs {
        println!("FAILED: the live bytes climb by more than {} bytes/s", plan.max_slope);
    }
    let good =
        !climbs && last.ping_timeouts == 0 && totals.dropped() == 0 && totals.lost() == 0 && last.panics == 0;
    println!("{}", if good { "ok" } else { "NOT ok" });
    good
}
