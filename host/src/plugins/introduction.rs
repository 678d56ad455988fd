//! How a plugin may introduce itself. What it says is shown to people and compared with
//! configurations, so it is held to what such names look like.

use super::bindings::exported::Description;
use super::text::one_line;
use super::trap::Trap;

/// Characters of a title.
const TITLE_CHARS: usize = 100;
/// Characters of a version.
const VERSION_CHARS: usize = 64;
/// Schemes and options that an adapter may know, each: stops giant lists.
const NAMES: usize = 64;
/// Characters of a scheme or an option's name.
const NAME_CHARS: usize = 64;

/// Checks an adapter's description. The error continues "it …".
pub fn check(description: &Description) -> Result<(), Trap> {
    check_names(&description.title, &description.version)?;
    names("scheme", &description.schemes, is_scheme)?;
    names("option", &description.options, is_option)
}

/// Checks what every plugin says of itself. The error continues "it …".
pub fn check_names(title: &str, version: &str) -> Result<(), Trap> {
    if title.trim().is_empty() || title != one_line(title, TITLE_CHARS) {
        return Err(format!(
            "has a title that is not one line of 1 to {TITLE_CHARS} characters"
        ));
    }
    let good = |c: char| c.is_ascii_alphanumeric() || ".+-_".contains(c);
    if version.is_empty() || version.len() > VERSION_CHARS || !version.chars().all(good) {
        return Err("has a version that does not look like 1.2.0".to_owned());
    }
    Ok(())
}

fn names(what: &str, names: &[String], good: fn(&str) -> bool) -> Result<(), Trap> {
    if names.len() > NAMES {
        return Err(format!(
            "knows {} {what}s, {NAMES} are allowed",
            names.len()
        ));
    }
    match names
        .iter()
        .find(|name| name.len() > NAME_CHARS || !good(name))
    {
        Some(name) => Err(format!(
            "knows {:?}, which is no {what}",
            one_line(name, NAME_CHARS)
        )),
        None => Ok(()),
    }
}

/// RFC 3986, section 3.1, in lower case.
fn is_scheme(name: &str) -> bool {
    let further = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(further)
}

/// A bare key of TOML.
fn is_option(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    !name.is_empty() && name.chars().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description() -> Description {
        Description {
            title: "RTSP cameras".into(),
            version: "1.2.0-beta+3".into(),
            schemes: vec!["rtsp".into(), "svn+ssh".into()],
            options: vec!["transport".into(), "keep_alive-2".into()],
        }
    }

    fn refused(spoil: impl Fn(&mut Description)) -> String {
        let mut description = description();
        spoil(&mut description);
        check(&description).unwrap_err()
    }

    #[test]
    fn what_looks_like_an_introduction_is_one() {
        assert_eq!(check(&description()), Ok(()));
    }

    #[test]
    fn the_rest_is_refused() {
        let title = "title";
        assert!(refused(|d| d.title = "\u{1b}[2Jnice".into()).contains(title));
        assert!(refused(|d| d.title = "two\nlines".into()).contains(title));
        assert!(refused(|d| d.title = "x".repeat(101)).contains(title));
        assert!(refused(|d| d.title = String::new()).contains(title));
        assert!(refused(|d| d.version = "1.0\n".into()).contains("version"));
        assert!(refused(|d| d.schemes = vec!["a".into(); 65]).contains("65 schemes"));
        assert!(refused(|d| d.schemes = vec!["RTSP".into()]).contains("\"RTSP\""));
        assert!(refused(|d| d.schemes = vec!["x".repeat(1000)]).len() < 120);
        assert!(refused(|d| d.options = vec!["a b".into()]).contains("no option"));
        assert!(refused(|d| d.options = vec![String::new()]).contains("no option"));
    }
}
