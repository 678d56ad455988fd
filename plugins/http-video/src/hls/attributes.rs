//! Attribute lists (RFC 8216, section 4.2).

/// Names and values of `A=1,B="x,y"`; values without their quotes.
pub fn attributes(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = list;
    core::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            let (value, after) = quoted.split_once('"')?;
            (value, after.split_once(',').map_or("", |(_, after)| after))
        } else {
            after.split_once(',').unwrap_or((after, ""))
        };
        rest = after;
        Some((name.trim(), value.trim()))
    })
}

/// The value of a name.
pub fn attribute<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    attributes(list)
        .find(|(have, _)| *have == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let list = "BANDWIDTH=1280000,CODECS=\"avc1.4d401f, mp4a.40.2\",RESOLUTION=1x2";
        assert_eq!(attribute(list, "BANDWIDTH"), Some("1280000"));
        assert_eq!(attribute(list, "CODECS"), Some("avc1.4d401f, mp4a.40.2"));
        assert_eq!(attribute(list, "RESOLUTION"), Some("1x2"));
        assert_eq!(attribute(list, "avc1"), None);
        assert_eq!(attribute("A=\"never closed", "A"), None);
        assert_eq!(attributes("").count(), 0);
    }
}
