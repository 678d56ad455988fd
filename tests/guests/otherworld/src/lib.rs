//! A good component of another world: it wants a shell of its host and is no adapter.
#![expect(
    unsafe_code,
    reason = "the generated glue needs it; nothing here is written by hand"
)]

/// Generated.
#[allow(missing_docs, clippy::pedantic)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package somebody:tools;
            interface shell { run: func(line: string) -> string; }
            world tool {
                import shell;
                export work: func() -> string;
            }
        ",
    });
}

struct Component;

impl bindings::Guest for Component {
    fn work() -> String {
        bindings::somebody::tools::shell::run("id")
    }
}

bindings::export!(Component with_types_in bindings);
