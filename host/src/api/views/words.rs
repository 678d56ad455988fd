//! Words of which there are only so many.

/// An enum that is written in lower case, words joined by `_`, made of another room's enum. A case that is new there
/// does not compile here, so that the document cannot miss it.
macro_rules! words {
    ($(#[$about:meta])* $name:ident of $source:ty { $($(#[$case_about:meta])* $case:ident),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$case_about])* $case),+
        }

        impl From<$source> for $name {
            fn from(value: $source) -> Self {
                type Source = $source;
                match value {
                    $(Source::$case => Self::$case),+
                }
            }
        }
    };
}

pub(super) use words;
