//! From the parser's events to the tree.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::{MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, Value, YamlError};

/// A list or table that is not closed yet.
struct Open {
    anchor: usize,
    line: usize,
    /// Nodes below it, aliases written out.
    nodes: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Table {
        entries: Vec<(Rc<str>, Node)>,
        keys: HashSet<Rc<str>>,
        /// What `<<` named, in order.
        merged: Vec<Node>,
        key: Option<Key>,
    },
}

/// A key that waits for its value.
enum Key {
    Merge,
    /// And its line, from 1.
    Name(Rc<str>, usize),
}

/// An anchor's value and how many nodes it is.
type Anchors = HashMap<usize, (Node, usize)>;

/// A value that is complete, how many nodes it is, and whether it may be a merge key.
struct Done {
    node: Node,
    nodes: usize,
    plain: bool,
}

pub(super) fn parse(text: &str) -> Result<Node, YamlError> {
    if text.len() > MAX_BYTES {
        return Err(YamlError::TooLarge);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    let mut anchors = Anchors::new();
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        let line = span.start.line();
        let done = match event {
            Event::Alias(anchor) => {
                let (node, count) = anchors.get(&anchor).ok_or(YamlError::Alias { line })?;
                // Before it is copied.
                if nodes + count > MAX_NODES {
                    return Err(YamlError::TooMany { line });
                }
                Done {
                    node: node.clone(),
                    nodes: *count,
                    plain: false,
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Text(Rc::from(&*text))
                };
                let node = Node { line, value };
                anchor_it(&mut anchors, anchor, &node, 1);
                Done {
                    node,
                    nodes: 1,
                    plain,
                }
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                if open.len() == MAX_DEPTH {
                    return Err(YamlError::TooDeep { line });
                }
                let kind = match event {
                    Event::SequenceStart(..) => Kind::List(Vec::new()),
                    _ => Kind::Table {
                        entries: Vec::new(),
                        keys: HashSet::new(),
                        merged: Vec::new(),
                        key: None,
                    },
                };
                open.push(Open {
                    anchor,
                    line,
                    nodes: 1,
                    kind,
                });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(closed) = open.pop() else { continue };
                let (anchor, count) = (closed.anchor, closed.nodes);
                let node = close(closed)?;
                anchor_it(&mut anchors, anchor, &node, count);
                // What is in it was counted when it came.
                nodes -= count - 1;
                Done {
                    node,
                    nodes: count,
                    plain: false,
                }
            }
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => continue,
        };
        nodes += done.nodes;
        if nodes > MAX_NODES {
            return Err(YamlError::TooMany { line });
        }
        match open.last_mut() {
            Some(parent) => add(parent, done)?,
            None => return Ok(done.node),
        }
    }
    Ok(Node {
        line: 1,
        value: Value::Null,
    })
}

fn anchor_it(anchors: &mut Anchors, anchor: usize, node: &Node, nodes: usize) {
    // The parser numbers anchors from 1.
    if anchor != 0 {
        anchors.insert(anchor, (node.clone(), nodes));
    }
}

fn add(parent: &mut Open, done: Done) -> Result<(), YamlError> {
    parent.nodes += done.nodes;
    let line = done.node.line;
    match &mut parent.kind {
        Kind::List(items) => items.push(done.node),
        Kind::Table {
            entries,
            keys,
            merged,
            key,
        } => match key.take() {
            Some(Key::Merge) => merge(merged, done.node)?,
            // A table's value begins on the next line, an alias's far away: the key is meant.
            Some(Key::Name(name, line)) => entries.push((name, Node { line, ..done.node })),
            None => {
                let name: Rc<str> = match done.node.value {
                    Value::Text(text) => text,
                    Value::Null => Rc::from("~"),
                    _ => return Err(YamlError::Key { line }),
                };
                if done.plain && &*name == "<<" {
                    *key = Some(Key::Merge);
                } else if keys.insert(Rc::clone(&name)) {
                    *key = Some(Key::Name(name, line));
                } else {
                    let key = name.chars().take(80).filter(|c| !c.is_control()).collect();
                    return Err(YamlError::Twice { line, key });
                }
            }
        },
    }
    Ok(())
}

/// Merge keys (<https://yaml.org/type/merge.html>): the first table that has a key wins.
fn merge(merged: &mut Vec<Node>, node: Node) -> Result<(), YamlError> {
    let line = node.line;
    let is_table = |node: &Node| matches!(node.value, Value::Table(_));
    match node.value {
        Value::Table(_) => merged.push(node),
        Value::List(items) if items.iter().all(is_table) => merged.extend(items),
        _ => return Err(YamlError::Merge { line }),
    }
    Ok(())
}

fn close(open: Open) -> Result<Node, YamlError> {
    let line = open.line;
    let value = match open.kind {
        Kind::List(items) => Value::List(items),
        Kind::Table { key: Some(_), .. } => return Err(YamlError::Key { line }),
        Kind::Table {
            mut entries,
            mut keys,
            merged,
            key: None,
        } => {
            for table in merged {
                if let Value::Table(others) = table.value {
                    entries.extend(
                        others
                            .into_iter()
                            .filter(|(key, _)| keys.insert(Rc::clone(key))),
                    );
                }
            }
            Value::Table(entries)
        }
    };
    Ok(Node { line, value })
}

fn syntax(error: &ScanError) -> YamlError {
    YamlError::Syntax {
        line: error.marker().line(),
        message: error.info().to_owned(),
    }
}
