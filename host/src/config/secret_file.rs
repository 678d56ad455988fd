//! Secrets, given as `<key>` or in a file as `<key>_file`.

use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::path::Path;

use super::Secret;
use super::convert::Wrong;
use super::table::Table;

/// Largest secret's file, so that a wrong path does not fill the memory.
const MAX_SECRET_BYTES: u64 = 64 * 1024;
/// Largest settings file of a policy.
const MAX_SETTINGS_BYTES: u64 = 1024 * 1024;

/// Reads `key` or `file_key`. A variable for either hides what the file says of both.
pub(super) fn secret(
    table: &mut Table<'_, '_>,
    key: &'static str,
    file_key: &'static str,
) -> Option<Secret> {
    table.know(key);
    table.know(file_key);
    let from_variables = table.is_variable(key) || table.is_variable(file_key);
    let has = |name: &str| {
        if from_variables {
            table.is_variable(name)
        } else {
            table.is_in_file(name)
        }
    };
    match (has(key), has(file_key)) {
        (true, true) => {
            let message = format!("both `{key}` and `{file_key}` are set");
            table.problem(file_key, message, Some("remove one of them".to_owned()));
            None
        }
        (true, false) => {
            if !from_variables {
                table.source.secret_in_text.set(true);
            }
            table.text(key, |text| Ok(Secret::new(text)))
        }
        (false, true) => {
            let path = table.path(file_key)?;
            table.source.files.borrow_mut().push(path.clone());
            match read(&path, MAX_SECRET_BYTES) {
                Ok((text, metadata)) => {
                    if others_may_read(&metadata) {
                        let warning = format!(
                            "{} holds a secret and others may read it: chmod 600 it",
                            path.display()
                        );
                        table.source.warnings.borrow_mut().push(warning);
                    }
                    Some(Secret::new(text.trim_end_matches(['\r', '\n'])))
                }
                Err(wrong) => {
                    table.problem(file_key, wrong.about(file_key).message, None);
                    None
                }
            }
        }
        (false, false) => None,
    }
}

/// The text of a policy's settings file.
pub(super) fn settings_text(path: &Path) -> Result<String, Wrong> {
    read(path, MAX_SETTINGS_BYTES).map(|(text, _)| text)
}

/// Reads a small regular file. Anything else is refused before it is opened: a FIFO
/// would hold the host up.
fn read(path: &Path, most_bytes: u64) -> Result<(String, Metadata), Wrong> {
    let failed =
        |error: std::io::Error| Wrong::new(format!("cannot read {}: {error}", path.display()));
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Wrong::new(format!("{} is not a file", path.display())));
    }
    let mut text = String::new();
    File::open(path)
        .map_err(failed)?
        .take(most_bytes + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > most_bytes {
        return Err(Wrong::new(format!(
            "{} is larger than {most_bytes} bytes",
            path.display()
        )));
    }
    Ok((text, metadata))
}

/// Whether the group or others may read a file.
#[cfg(unix)]
pub(super) fn others_may_read(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o044 != 0
}

/// Elsewhere there are no such bits.
#[cfg(not(unix))]
pub(super) fn others_may_read(_: &Metadata) -> bool {
    false
}
