//! Files that are believed, and others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blake2::{Blake2b512, Digest as _};

use super::super::loader::digest_of;
use super::super::lock::Approval;
use super::*;

/// A key of minisign's.
struct Signer {
    pair: Ed25519KeyPair,
    id: [u8; 8],
}

impl Signer {
    fn new(id: u8) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        Self { pair, id: [id; 8] }
    }

    /// The line that stands in a configuration.
    fn public(&self) -> String {
        let key = [b"Ed", &self.id[..], self.pair.public_key().as_ref()].concat();
        BASE64_STANDARD.encode(key)
    }

    /// A signature's file, over the content's hash (`ED`) or the content (`Ed`).
    fn sign(&self, algorithm: [u8; 2], content: &[u8], comment: &str) -> String {
        let signature = match algorithm {
            [b'E', b'D'] => self.pair.sign(&Blake2b512::digest(content)),
            _ => self.pair.sign(content),
        };
        let all = [&algorithm[..], &self.id, signature.as_ref()].concat();
        let bound = [signature.as_ref(), comment.as_bytes()].concat();
        format!(
            "untrusted comment: whatever\n{}\ntrusted comment: {comment}\n{}\n",
            BASE64_STANDARD.encode(all),
            BASE64_STANDARD.encode(self.pair.sign(&bound))
        )
    }
}

fn judge(trust: &Trust, wasm: &[u8], signature: &str) -> Result<(), String> {
    trust.admits("vendor", wasm, &digest_of(wasm), Some(signature.as_bytes()))
}

/// Out of minisign's own tests: what its program made.
#[test]
fn what_minisign_signed_is_believed() {
    let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    let trust = Trust::signed(&[key.to_owned()]);
    let signature = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1556193335\tfile:test\n\
        y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n";
    assert_eq!(judge(&trust, b"test", signature), Ok(()));
    assert!(judge(&trust, b"Test", signature).is_err());
}

#[test]
fn signatures_are_held_to_content_key_and_comment() {
    let (ours, other) = (Signer::new(1), Signer::new(2));
    let second = Signer::new(1);
    let trust = Trust::signed(&[Signer::new(3).public(), ours.public()]);
    let content = b"a component";
    for algorithm in [*b"ED", *b"Ed"] {
        let good = ours.sign(algorithm, content, "file:vendor.wasm");
        assert_eq!(judge(&trust, content, &good), Ok(()));
        let told = |wasm: &[u8], signature: &str| judge(&trust, wasm, signature).unwrap_err();
        assert!(told(b"another", &good).contains("does not fit"));
        assert!(told(content, &good.replace("file:", "File:")).contains("does not fit"));
        let foreign = other.sign(algorithm, content, "");
        assert!(told(content, &foreign).contains("none of `public_keys`"));
        // A key that only has the number of one that is trusted.
        let forged = second.sign(algorithm, content, "");
        assert!(told(content, &forged).contains("does not fit"));
        for broken in [
            "",
            "RWQ\n",
            &good[..60],
            &good.replace("trusted", "other"),
            "\u{1b}[2J",
        ] {
            assert!(
                told(content, broken).contains("is no minisign signature"),
                "{broken}"
            );
        }
    }
    let none = trust.admits("vendor", content, "", None).unwrap_err();
    assert!(none.contains("no signature vendor.wasm.minisig"), "{none}");
    assert!(judge(&Trust::signed(&["RWnonsense".to_owned()]), content, "").is_err());
    // A signature over a hash is not one over the content that is that hash.
    let hash = Blake2b512::digest(content);
    let turned = ours.sign(*b"ED", content, "");
    assert!(judge(&trust, &hash, &turned).is_err());
}

/// A folder with a plugin in it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("vendor.wasm");
    write(&file, b"a component");
    (dir, file)
}

fn write(file: &Path, content: &[u8]) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn the_signature_lies_beside_the_file() {
    let (dir, file) = folder();
    let signer = Signer::new(1);
    let trust = Trust::signed(&[signer.public()]);
    let check = || trust.check(dir.path(), &file, "vendor", b"a component", "");
    assert!(matches!(check(), Err(LoadError::Trust(_))));
    let signature = dir.path().join("vendor.wasm.minisig");
    write(
        &signature,
        signer.sign(*b"ED", b"a component", "").as_bytes(),
    );
    check().unwrap();
    fs::set_permissions(&signature, fs::Permissions::from_mode(0o666)).unwrap();
    let told = check().unwrap_err().to_string();
    assert!(told.contains("minisig may be written by group"), "{told}");
    write(&signature, &vec![b'x'; SIGNATURE_BYTES as usize + 1]);
    assert!(check().unwrap_err().to_string().contains("longer than"));
}

#[test]
fn a_lock_holds_name_and_digest() {
    let (dir, file) = folder();
    let lock = dir.path().join("plugins.lock");
    let check = |name: &str, wasm: &[u8]| {
        let trust = Trust::pinned(&lock);
        trust.check(dir.path(), &file, name, wasm, &digest_of(wasm))
    };
    let told = |name: &str, wasm: &[u8]| check(name, wasm).unwrap_err().to_string();
    let missing = told("vendor", b"a component");
    assert!(missing.contains("plugins.lock does not exist"), "{missing}");
    assert!(
        missing.contains("hint: `padelvar plugin approve FILE`"),
        "{missing}"
    );
    let before = Trust::pinned(&lock);
    assert!(before.trouble().is_some());
    let approval = Approval {
        sha256: digest_of(b"a component"),
        size_bytes: 11,
        approved_at: jiff::Timestamp::UNIX_EPOCH,
    };
    lock_file::change(&lock, |lock| lock.approve("vendor", approval)).unwrap();
    check("vendor", b"a component").unwrap();
    assert!(told("vendor", b"another").contains("it is not the `vendor`"));
    assert!(told("club-roles", b"a component").contains("does not approve `club-roles`"));
    let after = before.refreshed();
    assert!(after != before && after == after.refreshed() && after.trouble().is_none());
    write(&lock, b"version = 1\n[[plugin]]\nname = 3\n");
    let broken = told("vendor", b"a component");
    assert!(broken.contains("plugins.lock:3:8: "), "{broken}");
}

#[test]
fn only_under_any_the_built_in_policies_stay() {
    assert!(!Trust::any().replaces_policies());
    assert!(Trust::pinned(Path::new("/none")).replaces_policies());
    assert!(Trust::signed(&[]).replaces_policies());
    assert_eq!(Trust::any().admits("a", b"", "", None), Ok(()));
    assert!(Trust::signed(&[]).admits("a", b"", "", None).is_err());
}
