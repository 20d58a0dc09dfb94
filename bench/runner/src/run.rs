//! Goes through the plan, with a line for each measurement. It must never know the report.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bench_load::Outcome;

use crate::{
    measure::{Bench, Counter},
    plan::{Case, Method},
    results::{CaseResult, ParticipantResult},
};

/// Measures all cases, and hands out what there is after each.
///
/// # Errors
/// With the first peer that is missing or answers wrongly.
pub(crate) fn all(
    bench: &Bench,
    cases: &[Case],
    mut so_far: impl FnMut(&[CaseResult]) -> Result<()>,
) -> Result<Vec<CaseResult>> {
    for case in cases {
        for participant in &case.participants {
            bench.peer(&participant.peer)?;
        }
    }
    let mut progress = Progress::new(cases);
    let mut results = Vec::new();
    for case in cases {
        results.push(one(bench, case, &mut progress).with_context(|| format!("the case {}", case.id))?);
        so_far(&results)?;
    }
    Ok(results)
}

fn one(bench: &Bench, case: &Case, progress: &mut Progress) -> Result<CaseResult> {
    println!("\n{}: {}", case.id, case.title);
    let mut participants: Vec<ParticipantResult> = case
        .participants
        .iter()
        .map(|who| ParticipantResult { label: who.label.clone(), rounds: Vec::new(), syscalls: Vec::new() })
        .collect();
    for round in 0..case.rounds {
        if case.method == Method::Tail {
            for (result, outcome) in participants.iter_mut().zip(bench.pair(case)?) {
                progress.line(case, round, &result.label, &outcome);
                result.rounds.push(outcome);
            }
            continue;
        }
        for (who, result) in case.participants.iter().zip(&mut participants) {
            let outcome = bench.round(case, who)?;
            progress.line(case, round, &who.label, &outcome);
            result.rounds.push(outcome);
        }
    }
    let counted = if case.syscalls && bench.counter != Counter::None { syscall_rounds(case) } else { 0 };
    for _ in 0..counted {
        for (who, result) in case.participants.iter().zip(&mut participants) {
            let Some(each) = bench.syscalls(case, who)? else { continue };
            progress.done += expected(case);
            println!("    syscalls: {:26} {each:.2} a {}", who.label, case.unit);
            result.syscalls.push(each);
        }
    }
    Ok(CaseResult {
        id: case.id.clone(),
        title: case.title.clone(),
        section: format!("{:?}", case.section),
        unit: case.unit.to_owned(),
        method: format!("{:?}", case.method).to_lowercase(),
        participants,
    })
}

/// How often syscalls are counted: they vary less than time does.
fn syscall_rounds(case: &Case) -> usize {
    case.rounds.div_ceil(2).min(3)
}

/// How long it goes on.
#[derive(Debug)]
struct Progress {
    start: Instant,
    /// In expected seconds.
    all: f64,
    done: f64,
}

/// Seconds that a measurement takes by the plan; how far reality is from it shows while it goes on.
fn expected(case: &Case) -> f64 {
    let seconds = case.warm_up + case.measure + 0.6;
    match case.method {
        Method::Cpu | Method::Remote => seconds,
        Method::Tail => seconds * 1.5,
        Method::Memory => seconds * 3.0,
    }
}

impl Progress {
    fn new(cases: &[Case]) -> Self {
        let of = |case: &Case| {
            let rounds = case.rounds + if case.syscalls { syscall_rounds(case) } else { 0 };
            (rounds * case.participants.len()) as f64 * expected(case)
        };
        Self { start: Instant::now(), all: cases.iter().map(of).sum(), done: 0.0 }
    }

    fn line(&mut self, case: &Case, round: usize, label: &str, outcome: &Outcome) {
        self.done += expected(case);
        let left = self.start.elapsed().mul_f64(((self.all - self.done) / self.done).max(0.0));
        let of = format!("[{:3.0} %] round {}/{}", 100.0 * self.done / self.all, round + 1, case.rounds);
        println!("    {of} {label:26} {}  ({} left)", shown(case, outcome), minutes(left));
    }
}

fn shown(case: &Case, outcome: &Outcome) -> String {
    match case.method {
        Method::Memory => {
            let start = outcome.resident.first().copied().unwrap_or_default() as f64;
            let each =
                |bytes: &u64| format!("{:.1}", (*bytes as f64 - start) / 1024.0 / outcome.count as f64);
            let steps: Vec<String> = outcome.resident.iter().skip(1).map(each).collect();
            format!("{} KiB a {}", steps.join(", "), case.unit)
        }
        Method::Tail => {
            let rate = outcome.count as f64 / outcome.wall;
            format!("p99 {:.2} ms at {rate:.0}/s", outcome.latency.p99 / 1_000.0)
        }
        Method::Cpu | Method::Remote => {
            let share = |seconds: f64| 100.0 * seconds / outcome.wall;
            let server = outcome.server_cpu.first().copied().unwrap_or_default();
            format!(
                "{:6.2} µs a {}, server {:.0} %, load {:.0} %",
                outcome.micros_each(),
                case.unit,
                share(server),
                share(outcome.load_cpu)
            )
        }
    }
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
