//! Single steps of the server, and messages that go all the way through it, as work that callgrind counts.
//!
//! Run with: `scripts/bench-instructions.sh`
//!
//! `bench-instructions` alone lists the cases, `bench-instructions CASE` runs one. What is counted is what
//! happens within [`measured`]; everything before it, warming up included, is not.

mod client;
mod codecs;
mod gateway;
mod poller;
mod served;

use std::hint::black_box;

/// What a case does, so many times.
type Work = Box<dyn FnMut(u64)>;

/// One case.
struct Case {
    name: &'static str,
    /// How many times its work is counted.
    times: u64,
    make: fn() -> Work,
}

/// The function that callgrind is told to count.
#[inline(never)]
fn measured(work: &mut Work, times: u64) {
    black_box(&mut *work)(black_box(times));
}

fn cases() -> Vec<Case> {
    [codecs::cases(), served::cases()].into_iter().flatten().collect()
}

fn main() {
    let cases = cases();
    let Some(wanted) = std::env::args().nth(1) else {
        for case in cases {
            println!("{} {}", case.name, case.times);
        }
        return;
    };
    let Some(case) = cases.into_iter().find(|case| case.name == wanted) else {
        eprintln!("bench-instructions: no case is called {wanted}");
        std::process::exit(2);
    };
    let mut work = (case.make)();
    // Buffers of threads, lazy statics, the tables of the allocator.
    work(case.times);
    measured(&mut work, case.times);
}
