//! Misdeeds that need nobody's help: time, memory, stack, ends of all kinds.

use std::hint::black_box;

/// Does it, and mostly does not come back.
pub fn commit(misdeed: &str) {
    match misdeed {
        "loop" => work(u64::MAX),
        // And then answers, when nobody waits any more.
        "late" => work(300_000_000),
        "work" => work(500_000),
        "allocate" => allocate(),
        "fill" => fill(),
        "recurse" => drop(black_box(recurse(1))),
        "panic" => panic!("the misdeed was ordered"),
        "panic-long" => panic!("\u{1b}[31m{}\r\nforged log line", "very ".repeat(20_000)),
        "exit" => std::process::exit(0),
        "abort" => std::process::abort(),
        _ => {}
    }
}

/// So many rounds of multiplying.
pub fn work(rounds: u64) {
    let mut n = 0_u64;
    for _ in 0..rounds {
        n = black_box(n.wrapping_mul(31).wrapping_add(1));
    }
}

fn allocate() {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        kept.push(black_box(Vec::with_capacity(1 << 20)));
    }
}

/// Writes over and over the same 32 MiB: few instructions, much work.
fn fill() {
    let mut bytes = vec![0_u8; 32 << 20];
    for n in (0..=u8::MAX).cycle() {
        bytes.fill(n);
        black_box(&bytes);
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == u64::MAX {
        return 0;
    }
    recurse(depth + 1) + frame[63]
}
