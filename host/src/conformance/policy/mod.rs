//! The suite of a policy: every question has an answer, the same each time, in little time;
//! what nobody knows is denied.

mod questions;

use std::sync::Arc;

use super::dice::Dice;
use super::report::Case;
use crate::auth::{Expectations, Given, PluginPolicy};
use crate::plugins::policy::types::{Decision, Settings};
use crate::plugins::policy::{Cost, Examined};
use crate::plugins::{PolicyPlugin, reason};
use questions::{NO_ROLE, Question, UNKNOWN_ACTIONS, all, odd};

/// Instances after which an answer may not have changed.
const FRESH: usize = 40;
/// Questions that one instance is asked before it is renewed, as the host does.
const QUESTIONS: usize = 1000;
/// Bytes of giant settings.
const GIANT_BYTES: usize = 1 << 20;

/// Runs every case.
pub fn test_policy(plugin: &Arc<PolicyPlugin>, settings: &Settings) -> Vec<Case> {
    let mut cases = vec![
        Case::of("describe is the same each time", described(plugin)),
        Case::of("settings: those given", accepted(plugin, settings)),
    ];
    cases.extend(strange_settings(plugin));
    if Examined::new(plugin, settings).is_err() {
        // Without settings there is nothing to ask.
        return cases;
    }
    let questions = all();
    let (answers, costs) = match answers(plugin, settings, &questions) {
        Ok(answered) => answered,
        Err(why) => {
            cases.push(Case::of("every question has an answer", Err(why)));
            return cases;
        }
    };
    let counted = format!("{} questions", questions.len());
    cases.push(Case::of("every question has an answer", Ok(counted)));
    cases.push(Case::of("odd values", strange_questions(plugin, settings)));
    cases.push(Case::of(
        "the same answer in another order",
        reordered(plugin, settings, &questions, &answers),
    ));
    cases.push(Case::of(
        "the same answer of a fresh instance",
        fresh(plugin, settings, &questions, &answers),
    ));
    cases.push(Case::of(
        "actions that it does not know are denied",
        denied(&questions, &answers, |question| {
            UNKNOWN_ACTIONS.contains(&question.request.action.as_str())
        }),
    ));
    cases.push(Case::of(
        "roles that it does not know are denied",
        denied(&questions, &answers, |question| {
            question.request.principal.role == NO_ROLE || question.request.principal.role.is_empty()
        }),
    ));
    cases.push(Case::of("time", Ok(time(&costs))));
    cases
}

/// The permission table that its author expects: a case a difference, or one that says that there
/// is none.
pub fn test_table(plugin: &Arc<PolicyPlugin>, given: &Given, table: &Expectations) -> Vec<Case> {
    const NAME: &str = "the permission table";
    let policy = match PluginPolicy::new(Arc::clone(plugin), given) {
        Ok(policy) => policy,
        Err(error) => return vec![Case::of(NAME, Err(reason(&error.to_string())))],
    };
    let report = table.check(&policy);
    if report.is_met() {
        let met = format!("{} expectations are met", report.asked);
        return vec![Case::of(NAME, Ok(met))];
    }
    let unmet = report
        .unmet
        .iter()
        .map(|unmet| Case::of(NAME, Err(unmet.to_string())));
    let mut cases: Vec<Case> = unmet.collect();
    if cases.is_empty() {
        cases.push(Case::of(NAME, Err(report.summary())));
    }
    cases
}

fn described(plugin: &PolicyPlugin) -> Result<String, String> {
    for _ in 0..3 {
        let again = plugin
            .describe_anew()
            .map_err(|trap| format!("it {}", reason(&trap)))?;
        let known = plugin.description();
        if (&again.title, &again.version) != (&known.title, &known.version) {
            return Err("it says something else the next time".to_owned());
        }
    }
    Ok(String::new())
}

fn accepted(plugin: &PolicyPlugin, settings: &Settings) -> Result<String, String> {
    const HINT: &str = "hint: give the settings that it needs with --settings FILE";
    let findings = plugin
        .findings(settings)
        .map_err(|trap| format!("it {}", reason(&trap)))?;
    if let Some(finding) = findings.first() {
        return Err(format!(
            "it refuses them: {}; {HINT}",
            reason(&finding.message)
        ));
    }
    let made = Examined::new(plugin, settings);
    made.map_err(|trap| format!("it found them good, and then it {}", reason(&trap)))?;
    Ok(String::new())
}

/// Whatever stands in a file: it is taken or refused, and nothing breaks.
fn strange_settings(plugin: &PolicyPlugin) -> Vec<Case> {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let giant = format!("{{\"x\": \"{}\"}}", "y".repeat(GIANT_BYTES));
    let strange = [
        ("empty", "text", String::new()),
        ("empty JSON", "json", "{}".to_owned()),
        ("no JSON", "json", "{\"a\": ".to_owned()),
        (
            "a key that nobody knows",
            "json",
            "{\"padelvar-conformance\": 1}".to_owned(),
        ),
        (
            "rubbish",
            "text",
            "\u{0}\u{fffd}permit ((( \u{202e}; 'x' \"".to_owned(),
        ),
        ("nested without end", "json", deep),
        ("giant", "json", giant),
        (
            "a form that nobody knows",
            "padelvar-conformance",
            "x".to_owned(),
        ),
    ];
    strange
        .into_iter()
        .map(|(name, format, text)| {
            let settings = Settings {
                format: format.to_owned(),
                text,
            };
            Case::of(
                format!("settings: {name}"),
                judged_settings(plugin, &settings),
            )
        })
        .collect()
}

fn judged_settings(plugin: &PolicyPlugin, settings: &Settings) -> Result<String, String> {
    let findings = plugin
        .findings(settings)
        .map_err(|trap| format!("it {}", reason(&trap)))?;
    match findings.first() {
        Some(finding) => Ok(format!("refused: {}", reason(&finding.message))),
        None => Examined::new(plugin, settings)
            .map(|_| "taken".to_owned())
            .map_err(|trap| format!("it found them good, and then it {}", reason(&trap))),
    }
}

type Answers = Vec<Decision>;

fn ask(examined: &mut Examined, question: &Question) -> Result<(Decision, Cost), String> {
    let (answer, cost) = examined.ask(&question.request);
    match answer {
        Ok(answer) => Ok((answer, cost)),
        Err(trap) => Err(format!("{}: it {}", question.name, reason(&trap))),
    }
}

fn answers(
    plugin: &PolicyPlugin,
    settings: &Settings,
    questions: &[Question],
) -> Result<(Answers, Vec<Cost>), String> {
    let mut answers = Vec::new();
    let mut costs = Vec::new();
    for some in questions.chunks(QUESTIONS) {
        let mut examined = instance(plugin, settings)?;
        for question in some {
            let (answer, cost) = ask(&mut examined, question)?;
            answers.push(answer);
            costs.push(cost);
        }
    }
    Ok((answers, costs))
}

fn instance(plugin: &PolicyPlugin, settings: &Settings) -> Result<Examined, String> {
    Examined::new(plugin, settings).map_err(|trap| format!("it {}", reason(&trap)))
}

fn strange_questions(plugin: &PolicyPlugin, settings: &Settings) -> Result<String, String> {
    let mut allowed = 0;
    let questions = odd();
    for question in &questions {
        // An instance each: one that breaks says which question did it.
        let mut examined = instance(plugin, settings)?;
        let (answer, _) = ask(&mut examined, question)?;
        allowed += u32::from(answer.allow);
    }
    Ok(format!("{} questions, {allowed} allowed", questions.len()))
}

fn reordered(
    plugin: &PolicyPlugin,
    settings: &Settings,
    questions: &[Question],
    answers: &[Decision],
) -> Result<String, String> {
    let mut order: Vec<usize> = (0..questions.len()).collect();
    let mut dice = Dice::new(1);
    for at in (1..order.len()).rev() {
        order.swap(at, dice.below(at as u64 + 1) as usize);
    }
    let mut examined = instance(plugin, settings)?;
    for &at in &order {
        compare(&mut examined, &questions[at], &answers[at])?;
    }
    // Asked twice in a row, by an instance that was asked much.
    for &at in order.iter().take(FRESH) {
        compare(&mut examined, &questions[at], &answers[at])?;
        compare(&mut examined, &questions[at], &answers[at])?;
    }
    Ok(String::new())
}

fn fresh(
    plugin: &PolicyPlugin,
    settings: &Settings,
    questions: &[Question],
    answers: &[Decision],
) -> Result<String, String> {
    let step = (questions.len() / FRESH).max(1);
    let some = questions.iter().zip(answers).step_by(step);
    for (question, answer) in some {
        compare(&mut instance(plugin, settings)?, question, answer)?;
    }
    Ok(String::new())
}

fn compare(examined: &mut Examined, question: &Question, before: &Decision) -> Result<(), String> {
    let (now, _) = ask(examined, question)?;
    if now == *before {
        return Ok(());
    }
    let word = |decision: &Decision| {
        let allow = if decision.allow { "allowed" } else { "denied" };
        format!("{allow}, {}", decision.code)
    };
    Err(format!(
        "{}: {} now, {} before",
        question.name,
        word(&now),
        word(before)
    ))
}

fn denied(
    questions: &[Question],
    answers: &[Decision],
    concerned: impl Fn(&Question) -> bool,
) -> Result<String, String> {
    let mut asked = 0;
    for (question, answer) in questions.iter().zip(answers) {
        if !concerned(question) {
            continue;
        }
        asked += 1;
        if answer.allow {
            return Err(format!(
                "{} is allowed, with {}",
                question.name, answer.code
            ));
        }
    }
    Ok(format!("{asked} questions"))
}

/// In shares of the limits, so that it means the same on every machine.
fn time(costs: &[Cost]) -> String {
    let of = |share: fn(&Cost) -> f64| {
        let mut shares: Vec<f64> = costs.iter().map(share).collect();
        shares.sort_by(f64::total_cmp);
        let at = |part: usize| shares.get((shares.len() * part / 100).min(shares.len() - 1));
        let percent = |share: Option<&f64>| share.copied().unwrap_or_default() * 100.0;
        (percent(at(50)), percent(shares.last()))
    };
    let (fuel, most_fuel) = of(|cost| cost.fuel);
    let (wall, most_wall) = of(|cost| cost.wall);
    format!(
        "a question computes {fuel:.2} % of what it may (at most {most_fuel:.2} %) and takes {wall:.2} % of the time (at most {most_wall:.2} %)"
    )
}
