use std::collections::BTreeMap;

use super::super::scratch::{Folder, set_mode};
use super::super::{ClubId, Config, Environment, Secret, parse};
use super::*;

const FILE: &str = r#"# Our club.
[server]
listen = "127.0.0.1:5000"   # behind nginx

[[clubs]]
id = 1
name = 'Club'

# The first court.
[[terrains]]
id = 1   # north
club_id = 1
name = 'Court 1'

[terrains.camera]
# Main stream.
url = "rtsp://10.0.0.11:554/stream1"
username = "admin"
# From the drawer.
password = "hunter2" # changed in May
options = { transport = "tcp", n = 5 }  # udp loses
# reach = []

# The second one.
[[terrains]]
id = "two"
club_id = 1
camera = { url = "http://10.0.0.12/video.mjpg" }

[video]
fps = 25
# The end.
"#;

fn terrain(id: &str, url: &str) -> TerrainEdit {
    TerrainEdit {
        id: TerrainId::new(id).unwrap(),
        club_id: ClubId::new("1").unwrap(),
        name: None,
        audio: false,
        camera: CameraEdit {
            url: url.to_owned(),
            adapter: None,
            username: SecretEdit::Keep,
            password: SecretEdit::Keep,
            tls: None,
            reach: Vec::new(),
            options: BTreeMap::new(),
        },
    }
}

/// The first court as it stands in `FILE`.
fn first() -> TerrainEdit {
    let mut first = terrain("1", "rtsp://10.0.0.11:554/stream1");
    first.name = Some("Court 1".to_owned());
    let options = [("transport", "tcp"), ("n", "5")];
    first.camera.options = options
        .map(|(key, text)| (key.to_owned(), text.to_owned()))
        .into();
    first
}

fn edit(old: &str, terrain: &TerrainEdit) -> String {
    match text::edited(old, Change::Put, terrain, true) {
        Ok(edited) => edited.text,
        Err(error) => panic!("{error:?}"),
    }
}

fn read(text: &str) -> Config {
    match parse(
        text,
        Path::new("/etc/padelvar"),
        "x.toml",
        &Environment::new(),
    ) {
        Ok(loaded) => loaded.config,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// The lines that are in one text only.
fn difference<'t>(old: &'t str, new: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let only = |these: &'t str, those: &'t str| {
        let those: Vec<&str> = those.lines().collect();
        these.lines().filter(|line| !those.contains(line)).collect()
    };
    (only(old, new), only(new, old))
}

fn comments(text: &str) -> Vec<&str> {
    let mut comments: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once('#'))
        .map(|(_, comment)| comment)
        .collect();
    comments.sort_unstable();
    comments
}

#[test]
fn what_says_the_same_stays_as_it_is() {
    assert_eq!(edit(FILE, &first()), FILE);
    let two = terrain("two", "http://10.0.0.12/video.mjpg");
    assert_eq!(edit(FILE, &two), FILE);
}

#[test]
fn only_what_changes_changes() {
    let mut changed = first();
    changed.name = Some("North \"A\"".to_owned());
    changed.camera.url = "rtsp://10.0.0.11:554/stream2".to_owned();
    changed
        .camera
        .options
        .insert("transport".to_owned(), "udp".to_owned());
    let new = edit(FILE, &changed);
    let (_, added) = difference(FILE, &new);
    assert_eq!(
        added,
        [
            "name = 'North \"A\"'",
            "url = \"rtsp://10.0.0.11:554/stream2\"",
            "options = { transport = \"udp\", n = 5 }  # udp loses",
        ]
    );
    let config = read(&new);
    assert_eq!(config.terrains[0].name, "North \"A\"");
    assert_eq!(
        config.terrains[0].camera.password,
        Some(Secret::new("hunter2"))
    );
}

#[test]
fn no_comment_is_lost_with_its_key() {
    let mut changed = first();
    changed.name = None;
    changed.camera.username = SecretEdit::Remove;
    changed.camera.password = SecretEdit::Remove;
    changed.camera.options.clear();
    let new = edit(FILE, &changed);
    assert_eq!(comments(&new), comments(FILE), "{new}");
    let camera = &read(&new).terrains[0].camera;
    assert_eq!((&camera.username, &camera.password), (&None, &None));
    assert!(camera.options.is_empty());
    changed.camera.password = SecretEdit::File("secrets/a".to_owned());
    let new = edit(FILE, &changed);
    assert_eq!(comments(&new), comments(FILE), "{new}");
    assert!(
        new.contains("password_file = \"secrets/a\"") && !new.contains("hunter2"),
        "{new}"
    );
}

#[test]
fn a_new_terrain_comes_behind_the_last() {
    let mut new = terrain("3", "rtsp://10.0.0.13/1");
    new.audio = true;
    new.camera.reach = vec!["10.0.0.14:80".to_owned()];
    new.camera.tls = Some("off".to_owned());
    new.camera.adapter = Some("rtsp".to_owned());
    new.camera.username = SecretEdit::Inline(Secret::new("admin"));
    new.camera.password = SecretEdit::Inline(Secret::new("a\"b\\c"));
    new.camera
        .options
        .insert("transport".to_owned(), "udp".to_owned());
    let text = edit(FILE, &new);
    let (lost, _) = difference(FILE, &text);
    assert_eq!(lost, [""; 0]);
    assert!(
        text.find("id = 3").unwrap() < text.find("[video]").unwrap(),
        "{text}"
    );
    let config = read(&text);
    let terrain = &config.terrains[2];
    assert!(terrain.audio);
    assert_eq!(terrain.camera.password, Some(Secret::new("a\"b\\c")));
    assert_eq!(terrain.camera.reach.len(), 1);
    // Once more changes nothing.
    assert_eq!(edit(&text, &new), text);
}

#[test]
fn the_example_keeps_its_comments_before_the_first_terrain() {
    let example = super::super::example();
    let with_club = format!("{example}\n[[clubs]]\nid = 1\n# After the club.\n");
    let new = edit(&with_club, &terrain("1", "rtsp://10.0.0.13/1"));
    assert!(new.starts_with(&with_club), "{new}");
    assert_eq!(read(&new).terrains.len(), 1);
}

#[test]
fn other_ways_to_write_it() {
    let dotted = "[[clubs]]\nid = 1\n[[terrains]]\nid = 1\nclub_id = 1\ncamera.url = \"rtsp://h/1\" # here\n";
    let new = edit(dotted, &terrain("1", "rtsp://h/2"));
    assert!(new.contains("camera.url = \"rtsp://h/2\" # here"), "{new}");
    let empty = "terrains = [] # none yet\n[[clubs]]\nid = 1\n";
    let new = edit(empty, &terrain("1", "rtsp://h/2"));
    assert_eq!(read(&new).terrains.len(), 1);
    let inline = "terrains = [{ id = 1 }]";
    let error = text::edited(inline, Change::Put, &terrain("1", "rtsp://h/"), true).unwrap_err();
    assert!(matches!(error, text::TextError::Form { .. }));
    let error = text::edited("a = ", Change::Put, &terrain("1", "rtsp://h/"), true).unwrap_err();
    assert!(matches!(error, text::TextError::Toml(_)));
    let crlf = FILE.replace('\n', "\r\n");
    let new = edit(&crlf, &terrain("3", "rtsp://h/"));
    assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
    assert_eq!(read(&new).terrains.len(), 3);
    let marked = format!("\u{feff}{FILE}");
    assert_eq!(edit(&marked, &first()), marked);
    assert!(edit("", &terrain("1", "rtsp://h/")).starts_with("[[terrains]]\nid = 1\n"));
}

#[test]
fn a_secret_goes_to_no_other_host() {
    for url in [
        "rtsp://10.0.0.99:554/stream1",
        "rtsp://10.0.0.11:5540/stream1",
        "http://10.0.0.11:554/x",
        "nonsense",
    ] {
        let mut changed = first();
        changed.camera.url = url.to_owned();
        let error = text::edited(FILE, Change::Put, &changed, true).unwrap_err();
        assert_eq!(error, text::TextError::OtherHost, "{url}");
        changed.camera.username = SecretEdit::Inline(Secret::new("admin"));
        assert!(
            text::edited(FILE, Change::Put, &changed, true).is_err(),
            "{url}"
        );
        changed.camera.password = SecretEdit::Remove;
        assert!(
            text::edited(FILE, Change::Put, &changed, true).is_ok(),
            "{url}"
        );
    }
    let in_url = "[[clubs]]\nid = 1\n[[terrains]]\nid = 1\nclub_id = 1\ncamera.url = \"rtsp://a:hunter2@h/1\"\n";
    let new = edit(in_url, &terrain("1", "rtsp://h/2"));
    let camera = read(&new).terrains.remove(0).camera;
    assert_eq!(camera.password, Some(Secret::new("hunter2")));
    let error = text::edited(in_url, Change::Put, &terrain("1", "rtsp://i/"), true).unwrap_err();
    assert_eq!(error, text::TextError::OtherHost);
}

#[test]
fn no_secret_comes_in_by_the_url() {
    for url in ["rtsp://a:b@h/", "rtsp://a@h/"] {
        let new = terrain("3", url);
        let error = text::edited(FILE, Change::Put, &new, false).unwrap_err();
        assert_eq!(error, text::TextError::SecretInUrl);
    }
}

#[test]
fn tables_in_one_line_keep_their_form() {
    let old = "[[clubs]]\nid = 1\n[[terrains]]\nid = 1\nclub_id = 1\n\
               camera = { url = \"rtsp://h/1\", username = \"a\", options = { x = true, y = 1.5 } } # one\n";
    let mut changed = terrain("1", "rtsp://h/1");
    changed.camera.username = SecretEdit::Remove;
    changed.camera.password = SecretEdit::Inline(Secret::new("p"));
    changed
        .camera
        .options
        .insert("x".to_owned(), "true".to_owned());
    let new = edit(old, &changed);
    assert!(new.contains("# one") && new.contains("x = true"), "{new}");
    assert!(
        new.lines()
            .any(|line| line.starts_with("camera = {") && line.contains("password = \"p\"")),
        "{new}"
    );
    assert_eq!(read(&new).terrains[0].camera.username, None);
}

#[test]
fn no_text_makes_it_panic() {
    for end in (0..FILE.len()).filter(|end| FILE.is_char_boundary(*end)) {
        for id in ["1", "3"] {
            if let Ok(edited) = text::edited(
                &FILE[..end],
                Change::Put,
                &terrain(id, "rtsp://10.0.0.11:554/"),
                true,
            ) {
                // What was TOML stays it.
                toml::de::DeTable::parse(&edited.text).unwrap();
            }
        }
    }
}

fn checked(text: &str) -> Result<(), ConfigError> {
    parse(
        text,
        Path::new("/etc/padelvar"),
        "x.toml",
        &Environment::new(),
    )
    .map(drop)
}

#[test]
fn a_file_is_replaced_whole() {
    let folder = Folder::new();
    let path = folder.write("padelvar.toml", FILE);
    let new = terrain("3", "rtsp://10.0.0.13/1");
    let known = Version::of_file(&path).unwrap();
    let written = write_terrain(&path, known, Change::Add, &new, checked).unwrap();
    assert!(written.created);
    assert_eq!(Version::of_file(&path).unwrap(), written.version);
    let again = |known, change| write_terrain(&path, known, change, &new, checked);
    assert!(matches!(
        again(known, Change::Put),
        Err(EditError::Changed { .. })
    ));
    assert!(matches!(
        again(written.version, Change::Add),
        Err(EditError::Exists(_))
    ));
    let same = again(written.version, Change::Replace).unwrap();
    assert_eq!((same.created, same.version), (false, written.version));
    let other = terrain("9", "rtsp://h/");
    let missing = write_terrain(&path, written.version, Change::Replace, &other, checked);
    assert!(matches!(missing, Err(EditError::NoTerrain(_))));
    // Nothing else is left in the folder.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_the_reader_refuses_is_not_written() {
    let folder = Folder::new();
    let path = folder.write("padelvar.toml", FILE);
    let known = Version::of(FILE);
    let mut wrong = terrain("3", "gopher://h:1/");
    let result = write_terrain(&path, known, Change::Put, &wrong, checked);
    assert!(matches!(result, Err(EditError::Invalid(_))));
    wrong = terrain("3", "rtsp://h/");
    wrong.club_id = ClubId::new("7").unwrap();
    let result = write_terrain(&path, known, Change::Put, &wrong, checked);
    assert!(matches!(result, Err(EditError::Invalid(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FILE);
}

#[test]
fn a_change_in_the_last_moment_is_seen() {
    let folder = Folder::new();
    let path = folder.write("padelvar.toml", FILE);
    let new = terrain("3", "rtsp://h/");
    let theirs = format!("{FILE}# mine\n");
    let result = write_terrain(&path, Version::of(FILE), Change::Put, &new, |_| {
        std::fs::write(&path, &theirs).unwrap();
        Ok(())
    });
    assert!(matches!(result, Err(EditError::Changed { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), theirs);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn files_that_are_none() {
    let folder = Folder::new();
    let new = terrain("3", "rtsp://h/");
    for path in [folder.path().join("no.toml"), folder.path().to_owned()] {
        let result = write_terrain(&path, Version::of(""), Change::Put, &new, checked);
        assert!(matches!(result, Err(EditError::Read(_))));
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn mode_owner_and_links_stay() {
        let folder = Folder::new();
        let real = folder.write("etc/real.toml", FILE);
        set_mode(&real, 0o640);
        let owner = std::fs::metadata(&real).unwrap().uid();
        let link = folder.path().join("padelvar.toml");
        symlink("etc/real.toml", &link).unwrap();
        let new = terrain("3", "rtsp://h/");
        write_terrain(&link, Version::of(FILE), Change::Put, &new, checked).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(std::fs::read_to_string(&real).unwrap().contains("id = 3"));
        assert_eq!(mode(&real), 0o640);
        assert_eq!(std::fs::metadata(&real).unwrap().uid(), owner);
    }

    #[test]
    fn no_password_for_everyone_to_read() {
        let folder = Folder::new();
        let path = folder.write("padelvar.toml", FILE);
        let known = Version::of(FILE);
        set_mode(&path, 0o644);
        let mut new = terrain("3", "rtsp://h/");
        new.camera.password = SecretEdit::Inline(Secret::new("swordfish"));
        let result = write_terrain(&path, known, Change::Put, &new, checked);
        let error = result.unwrap_err();
        assert!(matches!(error, EditError::Exposed { .. }));
        assert!(!format!("{error:?}{error}").contains("swordfish"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), FILE);
        // One that stands there already may change.
        let mut changed = first();
        changed.camera.password = SecretEdit::Inline(Secret::new("swordfish"));
        write_terrain(&path, known, Change::Put, &changed, checked).unwrap();
        // In a file of its own it may come too.
        let stored = store_secret(&path, &new.id, "password", &Secret::new("swordfish")).unwrap();
        new.camera.password = SecretEdit::File(stored.name().to_owned());
        let known = Version::of_file(&path).unwrap();
        let check =
            |text: &str| parse(text, folder.path(), "x.toml", &Environment::new()).map(drop);
        write_terrain(&path, known, Change::Put, &new, check).unwrap();
        let secret = folder.path().join(stored.name());
        stored.keep();
        assert_eq!(mode(&secret), 0o600);
        assert_eq!(mode(secret.parent().unwrap()), 0o700);
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "swordfish");
    }

    #[test]
    fn a_secret_that_nothing_names_goes_again() {
        let folder = Folder::new();
        let path = folder.write("padelvar.toml", FILE);
        let id = TerrainId::new("1").unwrap();
        let store = || store_secret(&path, &id, "password", &Secret::new("x")).unwrap();
        let first = store();
        assert_eq!(first.name(), "secrets/terrain-1-password-1");
        first.keep();
        let second = store();
        assert_eq!(second.name(), "secrets/terrain-1-password-2");
        drop(second);
        assert_eq!(
            std::fs::read_dir(folder.path().join("secrets"))
                .unwrap()
                .count(),
            1
        );
    }
}
