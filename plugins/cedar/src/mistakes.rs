//! What Cedar says of a text, as findings.

use miette::Diagnostic;
use padelvar_policy_sdk::Finding;

use crate::source::Source;

/// More mistakes than these help nobody.
const MOST_FINDINGS: usize = 20;

/// Characters of a message that are kept.
const MOST_CHARACTERS: usize = 400;

/// All mistakes of one kind, in the order of their places.
pub fn findings<'a, D>(source: &Source, mistakes: impl IntoIterator<Item = &'a D>) -> Vec<Finding>
where
    D: Diagnostic + 'a,
{
    let all = mistakes.into_iter().map(|mistake| finding(source, mistake));
    let mut all: Vec<Finding> = all.collect();
    all.sort_by(|one, two| {
        let place = |of: &Finding| (of.line, of.column);
        place(one)
            .cmp(&place(two))
            .then_with(|| one.message.cmp(&two.message))
    });
    // The same mistake is found again for every kind of resource that a rule is about.
    all.dedup();
    if all.len() > MOST_FINDINGS {
        let more = all.len() - MOST_FINDINGS;
        all.truncate(MOST_FINDINGS);
        all.push(source.mistake(format!("and {more} more"), None));
    }
    all
}

fn finding(source: &Source, mistake: &impl Diagnostic) -> Finding {
    let mut message = mistake.to_string();
    let label = mistake.labels().and_then(|mut labels| labels.next());
    let expected = label.as_ref().and_then(|label| label.label());
    let help = mistake.help().map(|help| help.to_string());
    for more in [expected.map(str::to_owned), help].into_iter().flatten() {
        message.push_str("; ");
        message.push_str(&more);
    }
    let offset = label.map(|label| label.offset());
    source.mistake(one_line(&without_ids(&message)), offset)
}

/// Cedar numbers the rules (``for policy `policy0`, ``); the place says it better.
fn without_ids(message: &str) -> String {
    let mut parts = message.split("for policy `");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str(part.split_once("`, ").map_or(part, |(_, rest)| rest));
    }
    clean
}

fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    let line = words.join(" ");
    let clean = line.chars().map(|c| if c.is_control() { '?' } else { c });
    let mut clean: String = clean.take(MOST_CHARACTERS).collect();
    if line.chars().nth(MOST_CHARACTERS).is_some() {
        clean.push('…');
    }
    clean
}
