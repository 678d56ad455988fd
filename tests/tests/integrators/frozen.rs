//! Interfaces that are frozen: compiled plugins hold on to every type of them.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use padelvar_tests::files;

use super::guests::repository;

/// Every file of a frozen version, with the SHA-256 of its content.
const FROZEN: &[(&str, &[(&str, &str)])] = &[
    (
        "adapter/since_v0.1.0",
        &[(
            "adapter.wit",
            "1902b52faff5cd861b17ab83f02eae2ad54d881f3801a41f19faf59608eb4295",
        )],
    ),
    (
        "policy/since_v0.1.0",
        &[(
            "policy.wit",
            "847efc3a949bb24da3299b04ca38e32a284f2893eb9fde47d6aec8fa7f6502ae",
        )],
    ),
];

#[test]
fn frozen_versions_do_not_change() {
    for (version, expected) in FROZEN {
        let folder = repository("wit").join(version);
        let mut found: Vec<(String, String)> = files::below(&folder)
            .iter()
            .map(|path| {
                let name = path.strip_prefix(&folder).expect("it is below");
                let bytes = std::fs::read(path).expect("it can be read");
                (name.display().to_string(), hex(&bytes))
            })
            .collect();
        found.sort();
        let found: Vec<(&str, &str)> = found.iter().map(|(n, h)| (&**n, &**h)).collect();
        assert!(
            found == *expected,
            "wit/{version} is frozen: plugins that are compiled against it would no longer load, \
             since one new case or field is another type. What is new becomes a version of its \
             own: copy the folder to wit/{}/since_v<next>, change it there, enter it in \
             `versions` of host/src/plugins/outline.rs beside this one, and give it bindings. \
             Here is what was found: {found:#?}",
            version.split('/').next().unwrap_or_default(),
        );
    }
}

fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
