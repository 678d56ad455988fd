//! Misdeeds within one call: time, memory, stack, ends of all kinds. Each also exists in the
//! constructor, as `constructor-loop` and so on, and in the self-check.

use std::hint::black_box;
use std::io::Write as _;

/// Does it, and mostly does not come back.
pub fn commit(misdeed: &str) {
    match misdeed {
        "loop" => endless(),
        "late" => late(),
        "allocate" => allocate(),
        "recurse" => drop(black_box(recurse(1))),
        "panic" => panic!("the misdeed was ordered"),
        "panic-long" => panic!("\u{1b}[31m{}\r\nforged log line", "very ".repeat(20_000)),
        "sleep" => std::thread::sleep(std::time::Duration::from_hours(1)),
        "exit" => std::process::exit(0),
        "abort" => std::process::abort(),
        "print" => print(20_000),
        "print-loop" => print(u32::MAX),
        "read-stdin" => drop(std::io::stdin().read_line(&mut String::new())),
        _ => {}
    }
}

fn endless() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_mul(31).wrapping_add(1));
    }
}

/// Comes back, when nobody waits any more.
fn late() {
    let mut n = 0_u64;
    for _ in 0..1_000_000_000_u64 {
        n = black_box(n.wrapping_mul(31).wrapping_add(1));
    }
}

fn allocate() {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        kept.push(black_box(vec![1; 1 << 20]));
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == u64::MAX {
        return 0;
    }
    recurse(depth + 1) + frame[63]
}

fn print(times: u32) {
    let line = "spam \u{1b}[31m ".repeat(100);
    for _ in 0..times {
        // Whatever becomes of it.
        let _ = writeln!(std::io::stdout(), "{line}");
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
