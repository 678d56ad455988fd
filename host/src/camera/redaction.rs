//! Takes credentials out of what an adapter says, before it gets into a log or an answer. No
//! adapter knows them, but a camera may send back what it was sent.
//!
//! Pure. Whoever wants to smuggle a secret out (letter by letter, say) can: the camera that
//! tells it and the adapter that hides it would have to plot together, and the camera knows it
//! anyway.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::encode::{percent, text, xml};
use super::spec::Credentials;
use crate::plugins::one_line;
use crate::plugins::types::Encoding;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Secrets shorter than this are taken out only where they stand as a word of their own:
/// masking every "a" would garble the text and tell what is masked.
const SHORT_CHARS: usize = 4;
/// Log-in digests that are remembered.
const MADE: usize = 16;
/// What is looked at of one text, bytes: bounds the work. No more than a part of it is shown.
const MOST_BYTES: usize = 64 << 10;

/// Knows a camera's credentials in all forms in which they are sent.
pub struct Redactor {
    /// Longest first, so that no form hides a part of a longer one.
    forms: Vec<Form>,
    made: VecDeque<String>,
}

struct Form {
    text: String,
    /// Taken out only as a word of its own.
    word: bool,
}

impl Redactor {
    pub fn new(credentials: &Credentials) -> Self {
        let Credentials { username, password } = credentials;
        let mut forms = Vec::new();
        let mut add = |text: String, word: bool| {
            let word = word || text.chars().count() < SHORT_CHARS;
            if !text.is_empty() {
                forms.push(Form { text, word });
            }
        };
        for encoding in [
            Encoding::Plain,
            Encoding::Percent,
            Encoding::Json,
            Encoding::Base64,
            Encoding::Hex,
            Encoding::HexUpper,
        ] {
            add(text(password, encoding), false);
        }
        add(percent(password).to_ascii_lowercase(), false);
        add(percent(password).replace("%20", "+"), false);
        add(xml(password), false);
        // As it stands in a text whose blanks were put in order.
        add(one_line(password, usize::MAX), false);
        // User names are words such as "admin", which may be part of others.
        add(username.clone(), true);
        add(percent(username), true);
        if !(username.is_empty() && password.is_empty()) {
            // Basic (RFC 7617), also without its padding.
            let pair = format!("{username}:{password}");
            add(STANDARD.encode(&pair), false);
            add(STANDARD_NO_PAD.encode(&pair), false);
            add(URL_SAFE_NO_PAD.encode(&pair), false);
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.text.len()));
        forms.dedup_by(|a, b| a.text == b.text);
        Self {
            forms,
            made: VecDeque::new(),
        }
    }

    /// Remembers a digest that was sent: for some makes it is as good as the password.
    pub fn made(&mut self, digest: &str) {
        if self.made.iter().any(|known| known == digest) {
            return;
        }
        if self.made.len() >= MADE {
            self.made.pop_front();
        }
        self.made.push_back(digest.to_owned());
    }

    /// The text without secrets; of a giant one, its beginning.
    pub fn clean(&self, text: &str) -> String {
        let mut end = text.len().min(MOST_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut clean = text[..end].to_owned();
        for digest in &self.made {
            clean = clean.replace(digest, MASK);
        }
        for form in &self.forms {
            if !clean.contains(&form.text) {
                continue;
            }
            clean = if form.word {
                replace_words(&clean, &form.text)
            } else {
                clean.replace(&form.text, MASK)
            };
        }
        clean
    }
}

/// Replaces `word` where no letter or digit touches it.
fn replace_words(text: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let touched = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if !touched(before) && !touched(after) {
            out.push_str(&text[from..at]);
            out.push_str(MASK);
            from = at + word.len();
        }
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(username: &str, password: &str) -> Redactor {
        Redactor::new(&Credentials {
            username: username.into(),
            password: password.into(),
        })
    }

    #[test]
    fn every_form_is_taken_out() {
        let redactor = redactor("admin", "hunter22 \"&secret");
        for said in [
            "hunter22 \"&secret",
            "hunter22%20%22%26secret",
            "hunter22+%22%26secret",
            "hunter22 \\\"&secret",
            "hunter22 \"&amp;secret",
            "aHVudGVyMjIgIiZzZWNyZXQ=",
            "68756e7465723232202226736563726574",
            "Basic YWRtaW46aHVudGVyMjIgIiZzZWNyZXQ=",
            "Basic YWRtaW46aHVudGVyMjIgIiZzZWNyZXQ",
        ] {
            let clean = redactor.clean(&format!("it says {said}!"));
            assert!(clean.contains(MASK), "{clean}");
            for piece in ["hunter22", "secret", "YWRtaW46", "aHVudGVy", "68756e746572"] {
                assert!(!clean.contains(piece), "{said}: {clean}");
            }
        }
    }

    #[test]
    fn words_are_left_alone() {
        let admin = redactor("admin", "");
        assert_eq!(
            admin.clean("the administrator admin:x /admin/ badmin"),
            "the administrator ***:x /***/ badmin"
        );
        let short = redactor("", "a");
        assert_eq!(short.clean("a camera sent a"), "*** camera sent ***");
        assert_eq!(redactor("", "").clean("all is well:"), "all is well:");
    }

    #[test]
    fn digests_that_were_sent_are_taken_out() {
        let mut redactor = redactor("admin", "secret");
        let digest = |n: usize| format!("{n:032x}");
        for n in 0..100 {
            redactor.made(&digest(n));
        }
        assert_eq!(
            redactor.clean(&format!("login={}", digest(99))),
            "login=***"
        );
        assert_eq!(redactor.made.len(), MADE);
    }

    #[test]
    fn giants_are_cut() {
        let clean = redactor("u", "é").clean(&"é".repeat(10 << 20));
        assert!(clean.len() <= MOST_BYTES);
        let clean = redactor("user", "pass word").clean(&"pass word".repeat(100_000));
        assert!(clean.len() <= MOST_BYTES && !clean[..4096].contains("pass"));
    }
}
