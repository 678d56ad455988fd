//! What a policy may answer. Codes go into programs, reasons before people's eyes, so both are
//! held to what the WIT file says of them.

use super::super::text::{one_line, reason};
use super::super::trap::Trap;
use super::limits::{FINDINGS, OBLIGATIONS, REASON_CHARS, WORD_CHARS};
use super::types::{Decision, Finding};

/// Checks an answer and cuts its reason. The error continues "it …".
pub fn check(mut decision: Decision) -> Result<Decision, Trap> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let code = &decision.code;
    if code.is_empty() || code.len() > WORD_CHARS || !code.bytes().all(letter) {
        return Err(format!(
            "answered the code {:?}, which is not 1 to {WORD_CHARS} of a-z, 0-9 and _",
            one_line(code, WORD_CHARS)
        ));
    }
    let count = decision.obligations.len();
    if count > OBLIGATIONS {
        return Err(format!(
            "answered {count} obligations, {OBLIGATIONS} are allowed"
        ));
    }
    let short = |text: &str| text.len() <= WORD_CHARS && text == one_line(text, WORD_CHARS);
    let mut obligations = decision.obligations.iter();
    if let Some(odd) = obligations.find(|o| !short(&o.name) || !short(&o.value)) {
        return Err(format!(
            "answered an obligation {:?} that is not of two lines of at most {WORD_CHARS} \
             characters",
            one_line(&odd.name, WORD_CHARS)
        ));
    }
    decision.reason = one_line(&decision.reason, REASON_CHARS);
    Ok(decision)
}

/// Findings fit for a terminal and an answer.
pub fn tidy(findings: Vec<Finding>) -> Vec<Finding> {
    let findings = findings.into_iter().take(FINDINGS);
    findings
        .map(|finding| Finding {
            message: reason(&finding.message),
            ..finding
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::types::Obligation;
    use super::*;

    fn decision() -> Decision {
        Decision {
            allow: true,
            code: "allowed_2".into(),
            reason: "so it is".into(),
            obligations: vec![Obligation {
                name: "max-concurrent".into(),
                value: "2".into(),
            }],
        }
    }

    fn refused(spoil: impl Fn(&mut Decision)) -> String {
        let mut decision = decision();
        spoil(&mut decision);
        check(decision).unwrap_err()
    }

    #[test]
    fn what_looks_like_an_answer_is_one() {
        assert_eq!(check(decision()), Ok(decision()));
    }

    #[test]
    fn reasons_are_one_short_line() {
        let mut long = decision();
        long.reason = format!("\u{1b}[31ma\r\nb {}", "é".repeat(1000));
        let reason = check(long).unwrap().reason;
        assert!(reason.starts_with("[31ma b é"), "{reason}");
        assert_eq!(reason.chars().count(), 200);
    }

    #[test]
    fn the_rest_is_refused() {
        for code in ["", "a b", "a\n", "OK", "é", &"x".repeat(65)] {
            let told = refused(|d| d.code = code.into());
            assert!(told.starts_with("answered the code"), "{told}");
            assert!(told.len() < 200 && !told.contains('\n'), "{told}");
        }
        let many = refused(|d| d.obligations = vec![d.obligations[0].clone(); 9]);
        assert!(many.contains("9 obligations"), "{many}");
        for text in ["a\nb", "a\u{1b}", &"x".repeat(65)] {
            assert!(refused(|d| d.obligations[0].name = text.into()).contains("an obligation"));
            assert!(refused(|d| d.obligations[0].value = text.into()).contains("an obligation"));
        }
    }
}
