//! Run with: `bench-load '<spec as JSON>'`; prints the outcome as JSON. `bench-runner` calls it.

use std::process::ExitCode;

use anyhow::{Context, Result};

fn main() -> ExitCode {
    match run() {
        Ok(outcome) => {
            println!("{outcome}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String> {
    let spec = std::env::args().nth(1).context("usage: bench-load '<spec as JSON>'")?;
    let outcome = bench_load::run(&serde_json::from_str(&spec).context("the spec")?)?;
    Ok(serde_json::to_string(&outcome)?)
}
