//! From a file to expectations.

use std::cell::RefCell;
use std::net::IpAddr;
use std::ops::Range;

use jiff::Timestamp;
use toml::de::{DeTable, DeValue};

use super::super::action::Action;
use super::super::limits::{Limits, OBLIGATIONS};
use super::super::whose::{Standing, Whose};
use super::grant::{CELLS, Grant};
use super::section::{Reader, Section, Spanned, shown};
use super::{Circumstances, Expectations, MOST_QUESTIONS, Row, Wanted};
use crate::config::{Problem, nearest_hint, place};

/// Problems that are told of a file that is no TOML at all.
const MOST_SYNTAX_PROBLEMS: usize = 20;
/// Roles that no table names: what is expected of all others is tried with them.
const STRANGERS: [&str; 2] = ["", "STRANGER"];

impl Expectations {
    /// Reads a table; `file` names it in messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Problem>> {
        // As some editors save it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problems = errors.iter().map(|error| Problem {
                place: place(file, text, error.span().map_or(0, |span| span.start)),
                message: error.message().to_owned(),
                hint: None,
            });
            let mut problems: Vec<Problem> = problems.collect();
            problems.sort();
            problems.truncate(MOST_SYNTAX_PROBLEMS);
            return Err(problems);
        }
        let reader = Reader {
            file,
            text,
            problems: RefCell::default(),
        };
        let root = Section::new(&reader, "", root.get_ref(), 0..0);
        let mut rows = whole(root);
        rows.sort_by_key(|row| row.place);
        let table = Self {
            file: file.to_owned(),
            rows,
        };
        let count = table.count();
        let mut problems = reader.problems.take();
        if problems.is_empty() && (count == 0 || count > MOST_QUESTIONS) {
            let (message, hint) = if count == 0 {
                let hint = "an empty table would let every policy pass; begin with a copy of examples/expectations.toml";
                ("nothing is expected here".to_owned(), hint)
            } else {
                let message =
                    format!("it asks {count} questions; at most {MOST_QUESTIONS} are asked");
                (message, "take fewer roles, or fewer times of `at`")
            };
            problems.push(Problem {
                place: place(file, text, 0),
                message,
                hint: Some(hint.to_owned()),
            });
        }
        if problems.is_empty() {
            return Ok(table);
        }
        problems.sort();
        problems.dedup();
        Err(problems)
    }
}

fn whole(mut root: Section<'_, '_, '_>) -> Vec<Row> {
    let usual = circumstances(&mut root, &Circumstances::default());
    let mut rows = matrix(&mut root, &usual);
    if let Some(value) = root.get("expect") {
        let reader = root.reader;
        let hint = || Some("write `[[expect]]`".to_owned());
        if let Some(list) = value.get_ref().as_array() {
            for item in list {
                match item.get_ref() {
                    DeValue::Table(entries) => {
                        let section = Section::new(reader, "expect", entries, item.span());
                        rows.extend(expect(section, &usual[0]));
                    }
                    _ => reader.problem(&item.span(), "`expect` must hold tables", hint()),
                }
            }
        } else {
            reader.problem(&value.span(), "`expect` must be an array of tables", hint());
        }
    }
    root.finish();
    rows
}

/// The keys that say under which circumstances, one for each time. What is not said is `usual`.
fn circumstances(section: &mut Section<'_, '_, '_>, usual: &Circumstances) -> Vec<Circumstances> {
    let reader = section.reader;
    let mut it = usual.clone();
    if let Some(value) = section.get("address")
        && let Some(text) = reader.text_of("address", value)
    {
        if let Ok(address) = text.parse::<IpAddr>() {
            it.address = Some(address);
        } else {
            let hint = Some("for example 192.0.2.1 or 2001:db8::1".to_owned());
            reader.problem(&value.span(), "`address` must be an IP address", hint);
        }
    }
    if let Some(value) = section.get("claims") {
        it.claims = claims(reader, value);
    }
    for (key, place) in [
        ("user", &mut it.user),
        ("user_club", &mut it.club),
        ("terrain", &mut it.terrain),
    ] {
        if let Some(id) = section.get(key).and_then(|value| reader.id(key, value)) {
            *place = id;
        }
    }
    let Some(value) = section.get("at") else {
        return vec![it];
    };
    let times = reader.items("at", value).into_iter();
    let times = times.filter_map(|value| time(reader, value));
    let each: Vec<Circumstances> = times
        .map(|at| Circumstances {
            at,
            at_is_told: true,
            ..it.clone()
        })
        .collect();
    // Where a time could not be read that is a problem already.
    if each.is_empty() { vec![it] } else { each }
}

fn time(reader: &Reader<'_>, value: &Spanned<'_>) -> Option<Timestamp> {
    let DeValue::Datetime(time) = value.get_ref() else {
        let message = "`at` must be a time";
        let hint = "for example 2026-06-01T23:30:00Z, without quotes";
        reader.problem(&value.span(), message, Some(hint.to_owned()));
        return None;
    };
    let text = time.to_string();
    let time = text.parse().ok();
    if time.is_none() {
        let hint = format!("with a date, a time and a zone: {}", "2026-06-01T23:30:00Z");
        let message = format!("`at`: {text} is not a point in time");
        reader.problem(&value.span(), message, Some(hint));
    }
    time
}

/// Further claims as the host hands them on: a text is itself, all else is JSON.
fn claims(reader: &Reader<'_>, value: &Spanned<'_>) -> Vec<(String, String)> {
    let DeValue::Table(entries) = value.get_ref() else {
        reader.wrong_type("claims", "a table, { level = \"gold\" }", value);
        return Vec::new();
    };
    let text = |value: &Spanned<'_>| match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => {
            let message = "a claim is a text, a number, true or false here";
            let hint = "other JSON as policies see it: a text, \"[1,2]\"";
            reader.problem(&value.span(), message, Some(hint.to_owned()));
            None
        }
    };
    entries
        .iter()
        .filter_map(|(name, value)| Some((name.get_ref().to_string(), text(value)?)))
        .collect()
}

/// The matrix, with what is expected of all that does not stand in it.
fn matrix(root: &mut Section<'_, '_, '_>, usual: &[Circumstances]) -> Vec<Row> {
    let reader = root.reader;
    let columns = root.get("roles");
    let rest = root.get("anything_else");
    let Some(value) = root.get("matrix") else {
        for (key, value) in [("roles", columns), ("anything_else", rest)] {
            if let Some(value) = value {
                let message = format!("`{key}` is about the matrix, and there is no `[matrix]`");
                reader.problem(&value.span(), message, None);
            }
        }
        return Vec::new();
    };
    let Some(columns) = columns else {
        let hint = "roles = [\"SUPER_ADMIN\", \"CLUB_ADMIN\", \"PLAYER\"], above the first section";
        let message = "`[matrix]` needs `roles`, the roles of its columns";
        reader.problem(&value.span(), message, Some(hint.to_owned()));
        return Vec::new();
    };
    let mut roles: Vec<&str> = Vec::new();
    for (role, at) in reader.texts("roles", columns) {
        if roles.contains(&role) {
            let message = format!("the role `{}` has two columns", shown(role));
            reader.problem(&at, message, None);
        }
        roles.push(role);
    }
    let DeValue::Table(entries) = value.get_ref() else {
        reader.wrong_type("matrix", "a table", value);
        return Vec::new();
    };
    let mut matrix = Matrix {
        reader,
        roles: &roles,
        usual,
        rows: Vec::new(),
        named: Vec::new(),
    };
    matrix.read("", entries);
    if let Some(rest) = rest {
        matrix.anything_else(rest);
    }
    matrix.rows
}

struct Matrix<'r> {
    reader: &'r Reader<'r>,
    roles: &'r [&'r str],
    usual: &'r [Circumstances],
    rows: Vec<Row>,
    /// Actions that have a row.
    named: Vec<Action>,
}

impl Matrix<'_> {
    /// Reads rows. `session.view = …` without quotes is a table in a table to TOML.
    fn read(&mut self, prefix: &str, entries: &DeTable<'_>) {
        for (key, value) in entries {
            let name = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(deeper) => self.read(&format!("{name}."), deeper),
                _ => self.row(&name, &key.span(), value),
            }
        }
    }

    fn row(&mut self, name: &str, at: &Range<usize>, value: &Spanned<'_>) {
        let names = name.split([' ', ',', '\t']).filter(|name| !name.is_empty());
        let known = Action::ALL.map(|action| (action.name(), action));
        let mut actions = Vec::new();
        for name in names {
            let Some(action) = self.reader.one_of("action", (name, at), &known) else {
                continue;
            };
            if self.named.contains(&action) {
                let message = format!("`{name}` has two rows");
                self.reader.problem(at, message, None);
            }
            self.named.push(action);
            actions.push(action);
        }
        if actions.is_empty() {
            return;
        }
        if value.get_ref().as_str().is_some() {
            let all = self.roles.iter().map(ToString::to_string).collect();
            self.cell(all, &actions, value);
            return;
        }
        let Some(cells) = value.get_ref().as_array() else {
            let wanted = "a list with a cell a role, or one text for all";
            self.reader.wrong_type(name, wanted, value);
            return;
        };
        if cells.len() != self.roles.len() {
            let (cells, roles) = (cells.len(), self.roles.len());
            let message = format!("`{name}` has {cells} cells, and there are {roles} roles");
            let hint = "write \"-\" where nothing is expected";
            self.reader
                .problem(&value.span(), message, Some(hint.to_owned()));
            return;
        }
        for (role, cell) in self.roles.iter().zip(cells) {
            self.cell(vec![(*role).to_owned()], &actions, cell);
        }
    }

    fn cell(&mut self, roles: Vec<String>, actions: &[Action], value: &Spanned<'_>) {
        let Some(grant) = grant(self.reader, "a cell", value) else {
            return;
        };
        self.push(roles, actions.to_vec(), grant, value);
    }

    fn push(
        &mut self,
        roles: Vec<String>,
        actions: Vec<Action>,
        (grant, label): (Grant, &str),
        value: &Spanned<'_>,
    ) {
        self.rows.push(Row {
            place: self.reader.line_and_column(&value.span()),
            label: label.to_owned(),
            roles,
            actions,
            clubs: Standing::ALL.to_vec(),
            owners: Standing::ALL.to_vec(),
            circumstances: self.usual.to_vec(),
            wanted: Wanted::Grant(grant),
        });
    }

    /// `anything_else = "no"`: roles that have no column, and actions that have no row.
    fn anything_else(&mut self, value: &Spanned<'_>) {
        let Some((grant, _)) = grant(self.reader, "anything_else", value) else {
            return;
        };
        let others = self.roles.iter().map(|role| role.to_lowercase());
        let others = others.chain(STRANGERS.map(str::to_owned));
        let others: Vec<String> = others
            .filter(|role| !self.roles.contains(&role.as_str()))
            .collect();
        let grant = (grant, "anything_else");
        self.push(others, Action::ALL.to_vec(), grant, value);
        let mut actions = Action::ALL.to_vec();
        actions.retain(|action| !self.named.contains(action));
        let roles = self.roles.iter().map(ToString::to_string).collect();
        self.push(roles, actions, grant, value);
    }
}

/// A grant and what stands there; none where nothing is expected, or where it was a problem.
fn grant<'v>(reader: &Reader<'_>, what: &str, value: &'v Spanned<'_>) -> Option<(Grant, &'v str)> {
    let text = reader.text_of(what, value)?;
    let Ok(grant) = Grant::parse(text) else {
        let message = format!("`{}` means nothing here", shown(text));
        let hint = nearest_hint("cell", text, &CELLS);
        reader.problem(&value.span(), message, hint);
        return None;
    };
    Some((grant?, text))
}

/// One `[[expect]]`.
fn expect(mut section: Section<'_, '_, '_>, usual: &Circumstances) -> Option<Row> {
    let reader = section.reader;
    let name = section.get("name");
    let name = name.and_then(|value| reader.text_of("name", value));
    let mut needed = |key: &'static str, example: &str| {
        let value = section.get(key);
        if value.is_none() {
            let message = format!("`[[expect]]` needs `{key}`");
            reader.problem(&section.span, message, Some(format!("{key} = {example}")));
        }
        value
    };
    let roles = needed("role", "\"PLAYER\"").map(|value| reader.texts("role", value));
    let actions = needed("action", "\"session.create\"").map(|v| reader.texts("action", v));
    let allow = needed("allow", "false");
    let known = Action::ALL.map(|action| (action.name(), action));
    let actions: Vec<Action> = actions
        .into_iter()
        .flatten()
        .filter_map(|(name, at)| reader.one_of("action", (name, &at), &known))
        .collect();
    let clubs = standings(&mut section, "club");
    let owners = standings(&mut section, "owner");
    let code = section.get("code").and_then(|value| code(reader, value));
    let obligations = section.get("obligations");
    let limits = obligations.and_then(|value| limits(reader, value));
    let circumstances = circumstances(&mut section, usual);
    let allow = allow.and_then(|value| {
        let truth = value.get_ref().as_bool();
        if truth.is_none() {
            reader.wrong_type("allow", "true or false", value);
        }
        truth
    });
    if allow == Some(false)
        && let Some(value) = obligations
    {
        let message = "`obligations` go with `allow = true`: those of a denial mean nothing";
        reader.problem(&value.span(), message, None);
    }
    let span = section.span.clone();
    section.finish();
    let row = Row {
        place: reader.line_and_column(&span),
        label: crate::plugins::one_line(name.unwrap_or("expect"), 100),
        roles: roles?
            .into_iter()
            .map(|(role, _)| role.to_owned())
            .collect(),
        actions,
        clubs,
        owners,
        circumstances,
        wanted: Wanted::Answer {
            allow: allow?,
            code,
            limits,
        },
    };
    impossible(reader, &row, &span);
    Some(row)
}

/// Says where a row expects something that the host never asks about.
fn impossible(reader: &Reader<'_>, row: &Row, at: &Range<usize>) {
    for action in &row.actions {
        if row.all_of(*action).next().is_some() || row.clubs.is_empty() || row.owners.is_empty() {
            continue;
        }
        let all: Vec<String> = Whose::all(*action)
            .map(|w| {
                let (club, owner) = (w.club().name(), w.owner.name());
                format!("club = \"{club}\", owner = \"{owner}\"")
            })
            .fold(Vec::new(), |mut all, pair| {
                if !all.contains(&pair) {
                    all.push(pair);
                }
                all
            });
        let name = action.name();
        let message = format!("`{name}` is never asked about such a `club` and `owner`");
        let hint = format!("there are {}", all.join("; "));
        reader.problem(at, message, Some(hint));
    }
}

fn standings(section: &mut Section<'_, '_, '_>, key: &'static str) -> Vec<Standing> {
    let reader = section.reader;
    let Some(value) = section.get(key) else {
        return Standing::ALL.to_vec();
    };
    let known = Standing::ALL.map(|standing| (standing.name(), standing));
    let texts = reader.texts(key, value).into_iter();
    texts
        .filter_map(|(text, at)| reader.one_of(key, (text, &at), &known))
        .collect()
}

fn code(reader: &Reader<'_>, value: &Spanned<'_>) -> Option<String> {
    let code = reader.text_of("code", value)?;
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if code.is_empty() || !code.bytes().all(letter) {
        let hint = Some("for example not_your_club".to_owned());
        reader.problem(&value.span(), "`code` is of a-z, 0-9 and _", hint);
        return None;
    }
    Some(code.to_owned())
}

fn limits(reader: &Reader<'_>, value: &Spanned<'_>) -> Option<Limits> {
    let DeValue::Table(entries) = value.get_ref() else {
        reader.wrong_type("obligations", "a table, { max-concurrent = 1 }", value);
        return None;
    };
    let mut given = Vec::new();
    for (name, value) in entries {
        let known = OBLIGATIONS.map(|name| (name, name));
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            _ => {
                reader.wrong_type(name.get_ref(), "a number", value);
                continue;
            }
        };
        let spelled = (name.get_ref().as_ref(), &name.span());
        let Some(name) = reader.one_of("obligation", spelled, &known) else {
            continue;
        };
        if let Err(reason) = Limits::of([(name, text.as_str())]) {
            let reason = reason.replace("the policy's condition", "the obligation");
            reader.problem(&value.span(), reason, None);
        }
        given.push((name, text));
    }
    Limits::of(given.iter().map(|(name, text)| (*name, text.as_str()))).ok()
}
