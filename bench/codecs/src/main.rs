//! What WebSocket codecs cost: an echo server on each, and the same load for all of them.
//!
//! Run with: `cargo run --release -- table` (Linux: CPU time and memory are read from `/proc`)
//!
//! `bench-codecs serve CODEC PORT` is one server, `bench-codecs table [ROUNDS]` starts all of them in turn, server on one core
//! and load on another where `taskset` can, and prints medians as a Markdown table.

mod load;
mod process;
mod serve;

use std::collections::BTreeMap;

use load::Load;
use process::Server;

/// One row of the table.
struct Row {
    title: &'static str,
    load: Load,
}

fn rows() -> Vec<Row> {
    let echo = |connections, in_flight, length| Load::Echo { connections, in_flight, length };
    let idle = |connections, touch| Load::Idle { connections, touch };
    vec![
        Row { title: "µs an echo of 80 bytes, 50 connections, 16 in flight", load: echo(50, 16, 80) },
        Row { title: "µs an echo of 80 bytes, 50 connections, 1 in flight", load: echo(50, 1, 80) },
        Row { title: "µs an echo of 2.5 KiB, 1 in flight", load: echo(50, 1, 2560) },
        Row { title: "µs an echo of 64 KiB, 1 in flight", load: echo(50, 1, 64 << 10) },
        Row { title: "µs an echo of 500 kB, 1 in flight", load: echo(10, 1, 500_000) },
        Row { title: "KiB a connection, never used", load: idle(2000, 0) },
        Row { title: "KiB a connection, after 64 KiB each way", load: idle(2000, 64 << 10) },
        Row { title: "KiB a connection, after 500 kB each way", load: idle(500, 500_000) },
    ]
}

fn table(rounds: usize) {
    let mut figures: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
    let rows = rows();
    for round in 0..rounds {
        for (at, row) in rows.iter().enumerate() {
            for (codec, name) in serve::CODECS.iter().enumerate() {
                let server = Server::start(name);
                let figure = process::on_core(1, || load::run(&row.load, &server));
                eprintln!("round {}: {}: {name} {figure:.2}", round + 1, row.title);
                figures.entry((at, codec)).or_default().push(figure);
            }
        }
    }
    println!("| | {} |", serve::CODECS.join(" | "));
    println!("|---|{}", "---:|".repeat(serve::CODECS.len()));
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<_> =
            (0..serve::CODECS.len()).map(|codec| median(&mut figures[&(at, codec)].clone())).collect();
        println!("| {} | {} |", row.title, cells.join(" | "));
    }
    let codes: Vec<_> = serve::CODECS.iter().map(|name| load::close_codes(&Server::start(name))).collect();
    for (at, (violation, _)) in codes[0].iter().enumerate() {
        let cells: Vec<_> = codes.iter().map(|of_codec| of_codec[at].1.as_str()).collect();
        println!("| answer to {violation} | {} |", cells.join(" | "));
    }
    let deflate: Vec<_> = serve::CODECS.iter().map(|name| load::deflate(&Server::start(name))).collect();
    println!("| permessage-deflate | {} |", deflate.join(" | "));
}

fn median(figures: &mut [f64]) -> String {
    figures.sort_by(f64::total_cmp);
    let figure = figures[figures.len() / 2];
    if figure < 10.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", codec, port] => serve::run(codec, port.parse().expect("a port")),
        ["table"] => table(3),
        ["table", rounds] => table(rounds.parse().expect("a number of rounds")),
        _ => {
            eprintln!("bench-codecs serve CODEC PORT | bench-codecs table [ROUNDS]");
            std::process::exit(2);
        }
    }
}
