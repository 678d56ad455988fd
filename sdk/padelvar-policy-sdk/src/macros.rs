//! The macro that makes a component of a policy.

/// Makes this crate a policy: `policy` is a type that implements
/// [`Policy`](crate::Policy). Natively only a function `description()` comes out of it.
#[macro_export]
macro_rules! policy {
    (
        title: $title:expr,
        version: $version:expr,
        policy: $policy:ty $(,)?
    ) => {
        /// How this policy introduces itself.
        pub fn description() -> $crate::Description {
            $crate::Description {
                title: ::std::string::String::from($title),
                version: ::std::string::String::from($version),
            }
        }

        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::bindings::exports::padelvar::policy::policy::Guest;

            ::std::thread_local! {
                static INSTANCE: ::std::cell::RefCell<$crate::Instance<$policy>> =
                    const { ::std::cell::RefCell::new($crate::Instance::new()) };
            }

            struct Component;

            impl Guest for Component {
                fn describe() -> $crate::Description {
                    description()
                }

                fn validate_settings(
                    settings: $crate::Settings,
                ) -> ::std::vec::Vec<$crate::Finding> {
                    <$policy as $crate::Policy>::validate(&settings)
                }

                fn configure(
                    settings: $crate::Settings,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    INSTANCE.with_borrow_mut(|instance| instance.configure(&settings))
                }

                fn decide(request: $crate::Request) -> $crate::Decision {
                    INSTANCE.with_borrow(|instance| instance.decide(&request))
                }
            }

    $crate::bindings::export_policy!(Component with_types_in $crate::bindings);
        };
    };
}
