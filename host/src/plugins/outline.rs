//! What a component imports and exports, read before anything is compiled: it tells an adapter
//! from a policy.

use std::fmt;

use wasmparser::{Parser, Payload};

use super::loader::LoadError;
use super::text::{one_line, reason};

/// Imports and exports that are remembered, each: stops giant lists.
const NAMES: usize = 1000;
/// Characters of a name that are kept.
const NAME_CHARS: usize = 120;

/// Which world a plugin is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It speaks a camera's protocol.
    Adapter,
    /// It answers who may do what.
    Policy,
}

impl Kind {
    /// `adapter` or `policy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adapter => "adapter",
            Self::Policy => "policy",
        }
    }

    /// The WIT world, with its package.
    pub fn world(self) -> &'static str {
        match self {
            Self::Adapter => "padelvar:adapter/camera-adapter@0.1.0",
            Self::Policy => "padelvar:policy/access-policy@0.1.0",
        }
    }

    /// The interface that makes a component one of this kind, before its version.
    fn interface(self) -> &'static str {
        match self {
            Self::Adapter => "padelvar:adapter/adapter@",
            Self::Policy => "padelvar:policy/policy@",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The names on a component's outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// What it wants of its host.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
}

impl Outline {
    /// Reads the outline. Only sections of the outermost component are looked into.
    pub fn read(wasm: &[u8]) -> Result<Self, LoadError> {
        if !wasm.starts_with(b"\0asm") {
            let why = "it does not begin as one";
            return Err(LoadError::Component(why.to_owned()));
        }
        if Parser::is_core_wasm(wasm) {
            let hint = "it is a core module; hint: build it for wasm32-wasip2";
            return Err(LoadError::Component(hint.to_owned()));
        }
        Self::parse(wasm).map_err(|error| LoadError::Component(reason(&error.to_string())))
    }

    fn parse(wasm: &[u8]) -> wasmparser::Result<Self> {
        let mut outline = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        keep(&mut outline.imports, import?.name.name);
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        keep(&mut outline.exports, export?.name.name);
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    /// Which kind of plugin it is, by what it exports: exactly one of the two.
    pub fn kind(&self) -> Result<Kind, LoadError> {
        let is = |kind: Kind| {
            let interface = kind.interface();
            self.exports.iter().any(|name| name.starts_with(interface))
        };
        match (is(Kind::Adapter), is(Kind::Policy)) {
            (true, false) => Ok(Kind::Adapter),
            (false, true) => Ok(Kind::Policy),
            (true, true) => Err(LoadError::NoKind("it exports the interfaces of both")),
            (false, false) => Err(LoadError::NoKind(
                "it exports neither padelvar:adapter/adapter@0.1.0 nor padelvar:policy/policy@0.1.0",
            )),
        }
    }
}

fn keep(names: &mut Vec<String>, name: &str) {
    if names.len() < NAMES {
        names.push(one_line(name, NAME_CHARS));
    }
}

#[cfg(test)]
mod tests {
    use super::super::builtin::ADAPTERS;
    use super::*;

    fn of(exports: &[&str]) -> Result<Kind, LoadError> {
        let exports = exports.iter().map(ToString::to_string).collect();
        let imports = Vec::new();
        Outline { imports, exports }.kind()
    }

    #[test]
    fn exactly_one_of_the_two() {
        let (adapter, policy) = (
            "padelvar:adapter/adapter@0.1.0",
            "padelvar:policy/policy@0.1.0",
        );
        assert_eq!(of(&[adapter, "more"]).unwrap(), Kind::Adapter);
        assert_eq!(of(&["more", policy]).unwrap(), Kind::Policy);
        assert!(
            matches!(of(&[adapter, policy]), Err(LoadError::NoKind(why)) if why.contains("both"))
        );
        assert!(of(&["padelvar:policy/types@0.1.0"]).is_err());
    }

    #[test]
    fn only_the_outside_counts() {
        let outline = Outline::read(ADAPTERS[0].1).unwrap();
        assert_eq!(outline.exports, ["padelvar:adapter/adapter@0.1.0"]);
        assert!(
            outline
                .imports
                .iter()
                .any(|name| name.starts_with("wasi:io/"))
        );
        let foreign = |name: &String| !name.starts_with("wasi:") && !name.starts_with("padelvar:");
        assert!(!outline.imports.iter().any(foreign), "{outline:?}");
    }

    #[test]
    fn rubbish_is_no_component() {
        let wasm = ADAPTERS[0].1;
        for bytes in [&b""[..], b"MZ", &wasm[..9], &wasm[..wasm.len() / 2]] {
            assert!(matches!(Outline::read(bytes), Err(LoadError::Component(_))));
        }
        let core = [0, b'a', b's', b'm', 1, 0, 0, 0];
        let told = Outline::read(&core).unwrap_err().to_string();
        assert!(told.contains("wasm32-wasip2"), "{told}");
    }
}
