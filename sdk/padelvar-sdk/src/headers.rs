//! Header fields of HTTP and RTSP messages, as tolerant as cameras need.

/// More fields than that are ignored: no camera sends so many, an attacker would.
const MAX_FIELDS: usize = 256;

/// Names with values, in the order in which they came. Names are compared without
/// regard to case (RFC 7826, section 4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(String, String)>,
}

impl Headers {
    /// Parses the lines after a message's first line. Lines may end in LF alone,
    /// may be folded, may have any white space around name and value; lines without
    /// a colon are skipped.
    pub fn parse(text: &str) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.split('\n') {
            let line = line.trim_end();
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                if fields.len() == MAX_FIELDS {
                    break;
                }
                fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Self { fields }
    }

    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All values of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self {
            fields: fields
                .into_iter()
                .take(MAX_FIELDS)
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerates_what_cameras_write() {
        let headers = Headers::parse(
            "Cseq: 2\r\nSession:        708345999;timeout=60\nno colon\r\nPublic: A,\r\n  B\r\nX:\r\n",
        );
        assert_eq!(headers.get("CSeq"), Some("2"));
        assert_eq!(headers.get("session"), Some("708345999;timeout=60"));
        assert_eq!(headers.get("PUBLIC"), Some("A, B"));
        assert_eq!(headers.get("x"), Some(""));
        assert_eq!(headers.get("y"), None);
    }

    #[test]
    fn keeps_all_values_in_order_and_is_bounded() {
        let headers = Headers::parse("A: 1\r\na: 2\r\n");
        assert_eq!(headers.all("A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(
            Headers::parse(&"A: 1\n".repeat(9_000)).iter().count(),
            MAX_FIELDS
        );
    }
}
