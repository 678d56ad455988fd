use std::fmt::Write as _;

use super::*;

fn parse(text: &str) -> Node {
    match Node::parse(text) {
        Ok(node) => node,
        Err(error) => panic!("{error}: {text}"),
    }
}

#[test]
fn order_and_lines_stay() {
    let node = parse("b: 1\na:\n  - x\n  - \"y: z\"\nc: ~\nd:\n");
    let keys: Vec<_> = node.entries().map(|(key, node)| (key, node.line)).collect();
    assert_eq!(keys[0], ("b", 1));
    assert_eq!(keys[1], ("a", 2));
    let items = node.get("a").unwrap().items();
    assert_eq!(items[1].text(), Some("y: z"));
    assert_eq!(items[1].line, 4);
    assert_eq!(node.get("c").unwrap().value, Value::Null);
    assert_eq!(node.get("d").unwrap().items(), []);
    assert_eq!(node.get("b").unwrap().items().len(), 1);
    assert_eq!(node.text_at(&["b"]), Some("1"));
    assert_eq!(node.text_at(&["b", "c"]), None);
}

#[test]
fn nothing_is_null() {
    for text in ["", "# only a comment\n", "---\n", "\u{feff}"] {
        assert_eq!(parse(text).value, Value::Null, "{text:?}");
    }
}

#[test]
fn anchors_and_merge_keys() {
    let node = parse(
        "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\n\
         one:\n  <<: *base\n  a: 5\ntwo:\n  <<: [*other, *base]\nplain: *base\n",
    );
    assert_eq!(node.text_at(&["one", "a"]), Some("5"));
    assert_eq!(node.text_at(&["one", "b"]), Some("2"));
    assert_eq!(node.text_at(&["two", "b"]), Some("3"));
    assert_eq!(node.text_at(&["two", "a"]), Some("1"));
    assert_eq!(node.text_at(&["plain", "b"]), Some("2"));
    let quoted = parse("\"<<\": x\n");
    assert_eq!(quoted.text_at(&["<<"]), Some("x"));
}

#[test]
fn what_is_refused() {
    let line = |text: &str| Node::parse(text).unwrap_err();
    assert!(matches!(line("a: [1"), YamlError::Syntax { .. }));
    assert!(matches!(
        line("a: 1\na: 2\n"),
        YamlError::Twice { line: 2, .. }
    ));
    assert!(matches!(
        line("a: *b\n"),
        YamlError::Syntax { .. } | YamlError::Alias { .. }
    ));
    assert!(matches!(line("a: &a [*a]\n"), YamlError::Alias { line: 1 }));
    assert!(matches!(line("<<: 3\n"), YamlError::Merge { line: 1 }));
    assert!(matches!(line("[1]: 2\n"), YamlError::Key { line: 1 }));
    assert_eq!(line(&" ".repeat(MAX_BYTES + 1)), YamlError::TooLarge);
}

#[test]
fn an_alias_bomb_is_refused_before_it_is_written_out() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    assert!(matches!(Node::parse(&text), Err(YamlError::TooMany { .. })));
    // A wide one: few anchors, many aliases.
    let wide = format!(
        "a: &a [{}]\nb:\n{}",
        "x,".repeat(1000),
        "- *a\n".repeat(1000)
    );
    assert!(matches!(Node::parse(&wide), Err(YamlError::TooMany { .. })));
    // One long text often: it is held once.
    let long = format!(
        "a: &a {}\nb:\n{}",
        "x".repeat(1_000_000),
        "- *a\n".repeat(100_000)
    );
    assert!(Node::parse(&long).is_ok());
}

#[test]
fn depth_is_bounded() {
    for open in ["[", "{a: ", "- "] {
        assert!(Node::parse(&open.repeat(100_000)).is_err(), "{open}");
    }
    let levels: Vec<String> = (0..200)
        .map(|level| format!("{}a:", " ".repeat(level)))
        .collect();
    let block = levels.join("\n");
    assert!(matches!(
        Node::parse(&block),
        Err(YamlError::TooDeep { .. })
    ));
}

#[test]
fn nothing_makes_it_panic() {
    let whole = "a: &x\n  - 'b'\n  - {c: \"d\\n\", ? e : f}\n<<: *x\ng: |\n  h\n%YAML 1.2\n---\n";
    for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let _ = Node::parse(&whole[..end]);
        let _ = Node::parse(&whole[end..]);
    }
    for text in [
        "\0",
        "\t",
        "é: é",
        "? ? ?",
        "!!x &y *z",
        "- - - :",
        "%",
        "@",
        "`",
    ] {
        let _ = Node::parse(text);
    }
}

#[test]
fn words_for_true_and_false() {
    assert!(parse("Yes").is_true() && parse("on").is_true() && parse("true").is_true());
    assert!(parse("NO").is_false() && parse("off").is_false());
    assert!(!parse("1").is_true() && !parse("[]").is_false());
}
