//! XML that comes from the network: bounded before it is parsed, and without DTDs, so that
//! there are no entities to expand ("billion laughs") and no files to include.

use roxmltree::{Document, Node, ParsingOptions};

/// Largest message, in bytes. `GetProfiles` of a recorder with 64 channels is near 200 KiB.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Most elements, texts and comments of one message.
const MAX_NODES: u32 = 50_000;
/// Most levels within each other; ONVIF's deepest are near 12.
const MAX_DEPTH: usize = 64;

/// Most namespaces that are declared: the parser copies those of all outer elements for each
/// element that declares one, so that their number counts twice. Some recorders declare them
/// anew in each element.
const MAX_NAMESPACES: usize = 2048;
/// Most attributes of one element: the parser compares each with each. Cameras that are built
/// with gSOAP declare near a hundred namespaces in the first one.
const MAX_ATTRIBUTES: usize = 256;

/// Why a message is not read. Holds nothing of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Over [`MAX_BYTES`].
    #[error("the message is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// Over 64 levels.
    #[error("the message has more than {MAX_DEPTH} levels")]
    TooDeep,
    /// Too many elements, attributes of one, or namespaces.
    #[error(
        "the message has more than {MAX_NODES} parts, {MAX_ATTRIBUTES} attributes in one place, or {MAX_NAMESPACES} namespaces"
    )]
    TooMany,
    /// A document type, which SOAP forbids (SOAP 1.2 part 1, section 5).
    #[error("the message has a document type, which SOAP forbids")]
    DocumentType,
    /// No XML.
    #[error("the message is not XML")]
    Syntax,
}

/// A message as text. Some cameras write names in an encoding of their country without saying
/// so: what is no UTF-8 becomes U+FFFD, and the rest is read.
pub fn text_of(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, XmlError> {
    if bytes.len() > MAX_BYTES {
        return Err(XmlError::TooLarge);
    }
    Ok(String::from_utf8_lossy(bytes))
}

/// Parses a message.
pub fn parse(text: &str) -> Result<Document<'_>, XmlError> {
    if text.len() > MAX_BYTES {
        return Err(XmlError::TooLarge);
    }
    // Before the parser, whose work for these is more than their length.
    if deepest(text) > MAX_DEPTH {
        return Err(XmlError::TooDeep);
    }
    let namespaces = text.matches("xmlns").count();
    if namespaces > MAX_NAMESPACES || most_attributes(text) > MAX_ATTRIBUTES {
        return Err(XmlError::TooMany);
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t', '\0']);
    let text = text.trim_end_matches('\0');
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => XmlError::DocumentType,
        roxmltree::Error::NodesLimitReached => XmlError::TooMany,
        _ => XmlError::Syntax,
    })
}

/// At most as deep as a text can be: each `<` with a name opens, each `</` and `/>` closes.
/// Comments and the like may make it count too much or too little; the parser is iterative,
/// so that this is a second lock and not the only one.
fn deepest(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut deepest) = (0_usize, 0);
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1).copied();
        match (byte, next) {
            (b'<', Some(b'/')) | (b'/', Some(b'>')) => depth = depth.saturating_sub(1),
            (b'<', Some(next)) if next != b'?' && next != b'!' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            _ => {}
        }
    }
    deepest
}

/// At least as many as the attributes of one element: `<` stands in no attribute's value
/// (XML 1.0, section 3.1), and each attribute has a `=`.
fn most_attributes(text: &str) -> usize {
    let counts = text.split('<').map(|part| part.matches('=').count());
    counts.max().unwrap_or_default()
}

/// What is read of elements. Namespaces are not compared: prefixes and versions differ
/// between makers, local names do not.
pub trait Element<'a, 'i> {
    /// The first child with this local name.
    fn child(&self, name: &str) -> Option<Node<'a, 'i>>;
    /// The element at the end of a way of local names.
    fn at(&self, way: &[&str]) -> Option<Node<'a, 'i>>;
    /// All below it with this local name, in order.
    fn all(&self, name: &str) -> Vec<Node<'a, 'i>>;
    /// Its text, trimmed; `None` where there is none.
    fn words(&self) -> Option<&'a str>;
    /// The trimmed text at the end of a way of local names.
    fn words_at(&self, way: &[&str]) -> Option<&'a str>;
}

impl<'a, 'i> Element<'a, 'i> for Node<'a, 'i> {
    fn child(&self, name: &str) -> Option<Node<'a, 'i>> {
        self.children().find(|child| is(*child, name))
    }

    fn at(&self, way: &[&str]) -> Option<Node<'a, 'i>> {
        way.iter().try_fold(*self, |node, name| node.child(name))
    }

    fn all(&self, name: &str) -> Vec<Node<'a, 'i>> {
        self.descendants().filter(|node| is(*node, name)).collect()
    }

    fn words(&self) -> Option<&'a str> {
        self.text().map(str::trim).filter(|text| !text.is_empty())
    }

    fn words_at(&self, way: &[&str]) -> Option<&'a str> {
        self.at(way)?.words()
    }
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

/// A text for people: one line without control characters, at most `most` characters.
pub fn line(text: &str, most: usize) -> String {
    let clean = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(most);
    clean.collect::<String>().trim().to_owned()
}

/// A text as the content of an element or attribute (XML 1.0, section 2.4). Characters that
/// XML cannot hold are left out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_messages() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert_eq!(parse(laughs).err(), Some(XmlError::DocumentType));
        assert_eq!(
            parse("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>").err(),
            Some(XmlError::DocumentType)
        );
        assert_eq!(parse("<a>&unknown;</a>").err(), Some(XmlError::Syntax));
        assert_eq!(parse(&"<a>".repeat(100_000)).err(), Some(XmlError::TooDeep));
        // Depth that the count does not see.
        let hidden = "<a></ a>".repeat(1000) + &"<a b='/>'>".repeat(60_000);
        assert!(parse(&hidden).is_err());
        assert_eq!(
            parse(&"x".repeat(MAX_BYTES + 1)).err(),
            Some(XmlError::TooLarge)
        );
        let wide = format!("<a>{}</a>", "<b/>".repeat(60_000));
        assert_eq!(parse(&wide).err(), Some(XmlError::TooMany));
        for text in [
            "",
            "<",
            "<a",
            "</a>",
            "<a></b>",
            "<x:a/>",
            "\0",
            "<a b='1' b='2'/>",
            "<?xml?>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    /// The parser's work for these grows with the square of their length.
    #[test]
    fn messages_that_are_slow() {
        let start = std::time::Instant::now();
        let attributes: Vec<String> = (0..100_000).map(|n| format!("a{n}=''")).collect();
        let many = format!("<a {}/>", attributes.join(" "));
        assert_eq!(
            parse(&many[..MAX_BYTES.min(many.len())]).err(),
            Some(XmlError::TooMany)
        );
        let outer: Vec<String> = (0..15_000).map(|n| format!("xmlns:a{n}='b'")).collect();
        let inner = "<b xmlns:c='d'/>".repeat(20_000);
        let names = format!("<a {}>{inner}</a>", outer.join(" "));
        assert_eq!(parse(&names).err(), Some(XmlError::TooMany));
        // What just passes.
        let outer: Vec<String> = (0..250).map(|n| format!("xmlns:a{n}='b{n}'")).collect();
        let inner = "<b xmlns:c='d'/>".repeat(MAX_NAMESPACES - 250);
        let names = format!("<a {}>{inner}</a>", outer.join(" "));
        assert!(parse(&names).is_ok());
        let attributes: Vec<String> = (0..250).map(|n| format!("a{n}=''")).collect();
        let element = format!("<b {}/>", attributes.join(" "));
        let full = format!("<a>{}</a>", element.repeat((MAX_BYTES - 7) / element.len()));
        assert!(parse(&full).is_ok());
        assert!(start.elapsed() < std::time::Duration::from_secs(20));
    }

    /// The count of levels can be misled; the parser must not need it.
    #[test]
    fn the_parser_needs_little_stack() {
        let levels = 40_000;
        let text = "<a b='/>'>".repeat(levels) + &"</a>".repeat(levels);
        let small = std::thread::Builder::new().stack_size(128 * 1024);
        let thread = small.spawn(move || {
            let document = parse(&text).unwrap();
            let root = document.root_element();
            (root.all("a").len(), root.words_at(&["a", "a"]).is_some())
        });
        assert_eq!(thread.unwrap().join().unwrap(), (levels, false));
    }

    #[test]
    fn ways_and_names() {
        let text = "\u{feff}\r\n<?xml version=\"1.0\"?><s:a xmlns:s=\"x\"><s:b> 1 </s:b><b>2</b><c><b/></c></s:a>\0\0";
        let document = parse(text).unwrap();
        let root = document.root_element();
        assert_eq!(root.words_at(&["b"]), Some("1"));
        assert_eq!(root.all("b").len(), 3);
        assert_eq!(root.words_at(&["c", "b"]), None);
        assert!(root.at(&["c", "d"]).is_none());
    }

    #[test]
    fn texts() {
        assert_eq!(escaped("<a&\"'\u{1}>"), "&lt;a&amp;&quot;&apos;&gt;");
        assert_eq!(line(" a\nb\u{7}c ", 4), "a b");
        assert_eq!(text_of(b"\xffa").unwrap(), "\u{fffd}a");
    }
}
