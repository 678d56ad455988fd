//! Versions of plugins: the built-in components, and others that do the same.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The component of a built-in plugin, as the build left it.
///
/// # Panics
/// Where there is none.
pub fn built_in(name: &str) -> Vec<u8> {
    let host = crate::binary::path();
    let build = host.parent().map(|folder| folder.join("build"));
    let file = build.and_then(|build| newest(&build, &format!("{name}.wasm")));
    let file = file.unwrap_or_else(|| panic!("no {name}.wasm was built"));
    std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The newest file of this name in the build's folders.
fn newest(build: &Path, name: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(build).ok()?.flatten();
    let found = folders.filter_map(|folder| {
        let folder_name = folder.file_name().into_string().ok()?;
        let file = folder.path().join("out").join(name);
        let made: SystemTime = std::fs::metadata(&file).ok()?.modified().ok()?;
        folder_name.starts_with("padelvar-").then_some((made, file))
    });
    found.max().map(|(_, file)| file)
}

/// A component that does the same and has another digest: a custom section is appended.
#[must_use]
pub fn another(wasm: &[u8], number: u32) -> Vec<u8> {
    const NAME: &[u8] = b"version";
    let text = format!("{number:08}");
    let length = 1 + NAME.len() + text.len();
    let mut other = wasm.to_vec();
    // Section 0; lengths below 128 are one byte of LEB128.
    other.extend_from_slice(&[0, length as u8, NAME.len() as u8]);
    other.extend_from_slice(NAME);
    other.extend_from_slice(text.as_bytes());
    other
}
