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

/// The versions of a kind's package that this host speaks, the oldest first. Each has a folder
/// `wit/<kind>/since_v<version>` and bindings of its own; a further one is entered here, and
/// whoever makes instances chooses by [`Outline::made_for`].
const fn versions(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Adapter | Kind::Policy => &["0.1.0"],
    }
}

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

    /// Which kind of plugin it is, by what it exports: exactly one of the two, in a version that
    /// this host has.
    pub fn kind(&self) -> Result<Kind, LoadError> {
        self.made_for().map(|(kind, _)| kind)
    }

    /// The kind, and the version of its package to speak with it: of several that it offers, the
    /// newest that this host has.
    pub fn made_for(&self) -> Result<(Kind, &'static str), LoadError> {
        let adapter = self.offered(Kind::Adapter);
        let policy = self.offered(Kind::Policy);
        let (kind, offered) = match (adapter.is_empty(), policy.is_empty()) {
            (false, true) => (Kind::Adapter, adapter),
            (true, false) => (Kind::Policy, policy),
            (false, false) => return Err(LoadError::NoKind("it exports the interfaces of both")),
            (true, true) => {
                return Err(LoadError::NoKind(
                    "it exports neither padelvar:adapter/adapter@0.1.0 nor \
                     padelvar:policy/policy@0.1.0",
                ));
            }
        };
        let known = versions(kind).iter().rev();
        let common = known.copied().find(|version| offered.contains(version));
        common
            .map(|version| (kind, version))
            .ok_or_else(|| LoadError::Version(foreign(kind, offered[0])))
    }

    /// The versions of a kind's interface among the exports.
    fn offered(&self, kind: Kind) -> Vec<&str> {
        let names = self.exports.iter();
        names
            .filter_map(|name| name.strip_prefix(kind.interface()))
            .collect()
    }
}

/// What is told of a plugin that is made for a version which this host does not have.
fn foreign(kind: Kind, version: &str) -> String {
    let known = versions(kind);
    let has = known.join(", ");
    let newest = known.last().copied().unwrap_or_default();
    let remedy = if number(version) > number(newest) {
        "it needs a newer host"
    } else {
        "it needs an older host, or to be built again for this one"
    };
    format!("made for padelvar:{kind}@{version}, this host has {has}: {remedy}")
}

/// A version's numbers, to compare; what is none counts as 0.
fn number(version: &str) -> [u64; 3] {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = release.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
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
    fn another_version_is_told_which_host_it_needs() {
        let told = |export: &str| match of(&[export]) {
            Err(LoadError::Version(told)) => told,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            told("padelvar:policy/policy@0.2.0"),
            "made for padelvar:policy@0.2.0, this host has 0.1.0: it needs a newer host"
        );
        assert_eq!(
            told("padelvar:adapter/adapter@0.0.9"),
            "made for padelvar:adapter@0.0.9, this host has 0.1.0: it needs an older host, or to \
             be built again for this one"
        );
        for newer in ["0.1.1", "0.10.0", "1.0.0", "10.0.0-rc.1"] {
            assert!(told(&format!("padelvar:policy/policy@{newer}")).ends_with("a newer host"));
        }
        for odd in ["", "x", "0.1.0-draft", "0.0.99999999999999999999999"] {
            assert!(told(&format!("padelvar:policy/policy@{odd}")).contains("older host"));
        }
        // One that is made for several is spoken to in the version that both have.
        let both = [
            "padelvar:policy/policy@0.2.0",
            "padelvar:policy/policy@0.1.0",
        ];
        assert_eq!(of(&both).unwrap(), Kind::Policy);
    }

    #[test]
    fn worlds_are_those_of_the_newest_version() {
        for kind in [Kind::Adapter, Kind::Policy] {
            let newest = versions(kind).last().unwrap();
            assert!(kind.world().ends_with(&format!("@{newest}")), "{kind}");
        }
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
