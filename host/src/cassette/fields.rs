//! Reading members of a JSON object, with errors that name them.

use serde_json::Value;

use super::bytes;
use crate::plugins::types::{FailureClass, IoError};

/// The members of a value. Those that are not asked for are ignored.
#[derive(Clone, Copy)]
pub struct Fields<'a>(pub &'a Value);

impl<'a> Fields<'a> {
    /// The member, whatever it is.
    pub fn any(self, name: &str) -> Result<&'a Value, String> {
        self.0
            .get(name)
            .ok_or_else(|| format!("there is no `{name}`"))
    }

    /// Members of a member.
    pub fn inside(self, name: &str) -> Result<Self, String> {
        self.any(name).map(Self)
    }

    pub fn u64(self, name: &str) -> Result<u64, String> {
        let number = self.any(name)?.as_u64();
        number.ok_or_else(|| format!("`{name}` is no whole number"))
    }

    pub fn u32(self, name: &str) -> Result<u32, String> {
        small(self.u64(name)?, name)
    }

    pub fn u16(self, name: &str) -> Result<u16, String> {
        small(self.u64(name)?, name)
    }

    pub fn flag(self, name: &str) -> Result<bool, String> {
        let flag = self.any(name)?.as_bool();
        flag.ok_or_else(|| format!("`{name}` is neither true nor false"))
    }

    pub fn text(self, name: &str) -> Result<String, String> {
        let text = self.any(name)?.as_str().map(str::to_owned);
        text.ok_or_else(|| format!("`{name}` is no text"))
    }

    pub fn bytes(self, name: &str) -> Result<Vec<u8>, String> {
        let bytes = bytes::from_json(self.any(name)?);
        bytes.ok_or_else(|| format!("`{name}` is neither a text nor base64"))
    }

    pub fn list(self, name: &str) -> Result<&'a [Value], String> {
        let list = self.any(name)?.as_array().map(Vec::as_slice);
        list.ok_or_else(|| format!("`{name}` is no list"))
    }

    /// `class` and `message`.
    pub fn error(self) -> Result<IoError, String> {
        let class = self.text("class")?;
        Ok(IoError {
            class: class_of(&class).ok_or_else(|| format!("there is no class `{class}`"))?,
            message: self.text("message")?,
        })
    }
}

fn small<T: TryFrom<u64>>(number: u64, name: &str) -> Result<T, String> {
    T::try_from(number).map_err(|_| format!("`{name}` is too large"))
}

/// A class as the WIT names it.
pub fn class_name(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Unreachable => "unreachable",
        FailureClass::Auth => "auth",
        FailureClass::Unsupported => "unsupported",
        FailureClass::Protocol => "protocol",
        FailureClass::Other => "other",
    }
}

/// The class of that name.
pub fn class_of(name: &str) -> Option<FailureClass> {
    use FailureClass::{Auth, Other, Protocol, Unreachable, Unsupported};
    let all = [Unreachable, Auth, Unsupported, Protocol, Other];
    all.into_iter().find(|class| class_name(*class) == name)
}
