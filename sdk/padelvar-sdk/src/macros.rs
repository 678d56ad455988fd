//! The macro that makes a component of an `async fn`.

/// Makes this crate an adapter: `run` is an `async fn(Camera, Io) -> Result<(), Error>`.
/// Natively only a function `description()` comes out of it.
#[macro_export]
macro_rules! adapter {
    (
        title: $title:expr,
        version: $version:expr,
        schemes: [$($scheme:expr),* $(,)?],
        options: [$($option:expr),* $(,)?],
        run: $run:path $(,)?
    ) => {
        /// Names of the options that this adapter knows.
        pub const OPTIONS: &[&str] = &[$($option),*];

        /// How this adapter introduces itself.
        pub fn description() -> $crate::Description {
            $crate::Description {
                title: ::std::string::String::from($title),
                version: ::std::string::String::from($version),
                schemes: ::std::vec![$(::std::string::String::from($scheme)),*],
                options: ::std::vec![$(::std::string::String::from($option)),*],
            }
        }

        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::bindings::exports::padelvar::adapter::adapter::{Guest, GuestSession};

            struct Component;

            struct Session(::std::cell::RefCell<$crate::runtime::Driver>);

            impl Guest for Component {
                type Session = Session;

                fn describe() -> $crate::Description {
                    description()
                }
            }

            impl GuestSession for Session {
                fn new(camera: $crate::Camera) -> Self {
                    let driver = $crate::runtime::Driver::new(camera, OPTIONS, $run);
                    Self(::std::cell::RefCell::new(driver))
                }

                fn handle(
                    &self,
                    now: $crate::Microseconds,
                    event: $crate::Event,
                ) -> ::std::vec::Vec<$crate::Command> {
                    self.0.borrow_mut().handle(now, event)
                }
            }

            $crate::bindings::export_adapter!(Component with_types_in $crate::bindings);
        };
    };
}
