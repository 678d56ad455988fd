//! Why a call of a guest did not return, for people: `it …` stands before it.
//!
//! Nothing is cut here: what a guest says may hold what has to be taken out first.

use super::text::one_line;

/// Why a call did not return. Continues a sentence that begins with "it".
pub type Trap = String;

/// One line: what ended the call first, then what the guest itself said on its stderr.
pub fn explain(error: &wasmtime::Error, said: &str) -> Trap {
    let trap = error.downcast_ref::<wasmtime::Trap>();
    if trap == Some(&wasmtime::Trap::UnreachableCodeReached) {
        return match panic_message(said) {
            Some(message) => format!("panicked: {message}"),
            None => with_words("aborted", said),
        };
    }
    let root = match trap {
        Some(wasmtime::Trap::StackOverflow) => "recursed too deep: its stack is used up".to_owned(),
        Some(wasmtime::Trap::OutOfFuel) => "took too long: it computed without end".to_owned(),
        // A guest keeps a second stack at the lower end of its memory.
        Some(wasmtime::Trap::MemoryOutOfBounds) => {
            "reached outside its memory, as by recursing too deep".to_owned()
        }
        Some(trap) => format!("trapped: {trap}"),
        None => spoken(error),
    };
    with_words(&root, said)
}

/// Errors of the host's functions, in the words of this host where wasmtime's tell nobody much.
fn spoken(error: &wasmtime::Error) -> String {
    if error.is::<wasmtime_wasi::I32Exit>() {
        return "ended its own process".to_owned();
    }
    let root = error.root_cause().to_string();
    if root.contains("allocated for hostcalls") {
        return "answered more than the host takes at once".to_owned();
    }
    root
}

fn with_words(root: &str, said: &str) -> Trap {
    let said = one_line(said, usize::MAX);
    if said.is_empty() {
        return root.to_owned();
    }
    format!("{root}; it said: {said}")
}

/// The message in what Rust's panic handler writes, with its place: a line `thread … panicked
/// at FILE:LINE:COLUMN:`, the message, a note. The first line may be lost from the ring.
fn panic_message(said: &str) -> Option<String> {
    let (_, panic) = said.split_once(" panicked at ")?;
    let (place, message) = panic.split_once('\n')?;
    let message = match message.split_once("\nnote: run with `RUST_BACKTRACE") {
        Some((message, _)) => message,
        None => message,
    };
    let place = place.trim().trim_end_matches(':');
    let place = one_line(place, usize::MAX);
    Some(format!("{} ({place})", one_line(message, usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANIC: &str = "\nthread '<unnamed>' (1) panicked at src/lib.rs:12:9:\nindex out of bounds\n\
        note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";

    #[test]
    fn a_panic_is_told_as_such() {
        let error = wasmtime::Error::from(wasmtime::Trap::UnreachableCodeReached);
        assert_eq!(
            explain(&error, PANIC),
            "panicked: index out of bounds (src/lib.rs:12:9)"
        );
        assert_eq!(explain(&error, ""), "aborted");
        assert_eq!(explain(&error, "why\nnot"), "aborted; it said: why not");
    }

    #[test]
    fn the_reason_stands_before_the_chatter() {
        let error = wasmtime::Error::msg("took too long");
        let told = explain(&error, &"\u{1b}[31mspam\r\n".repeat(1000));
        assert!(
            told.starts_with("took too long; it said: [31mspam [31mspam"),
            "{told}"
        );
        assert!(!told.contains(char::is_control));
    }

    #[test]
    fn a_stack_that_is_used_up_is_named() {
        let error = wasmtime::Error::from(wasmtime::Trap::MemoryOutOfBounds);
        assert!(explain(&error, "").contains("recursing too deep"));
        let error = wasmtime::Error::from(wasmtime_wasi::I32Exit(0));
        assert_eq!(explain(&error, ""), "ended its own process");
    }
}
