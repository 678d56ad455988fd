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
use crate::cassette::Needle;
use crate::plugins::one_line;
use crate::plugins::types::Encoding;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Secrets shorter than this are taken out only where they stand as a word of their own:
/// masking every "a" would garble the text and tell what is masked.
const SHORT_CHARS: usize = 4;
/// A secret of fewer bytes is not looked for within longer base64: five letters could be anything.
const BASE64_BYTES: usize = 6;
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

    /// All forms, for what is looked through as bytes. Base64 is in it three times more, as it
    /// looks within something longer that is encoded as a whole.
    pub fn needles(&self) -> Vec<Needle> {
        let made = self.made.iter().map(|text| Needle {
            text: text.clone(),
            word: false,
        });
        let forms = self.forms.iter().map(|form| Needle {
            text: form.text.clone(),
            word: form.word,
        });
        let within = self.forms.iter().filter(|form| !form.word);
        let within = within.flat_map(|form| base64_within(&form.text));
        made.chain(forms).chain(within).collect()
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

/// The letters that a secret has within longer base64, whatever stands around it: one form for
/// each of its three places. None of a short secret, which could be anything.
fn base64_within(secret: &str) -> Vec<Needle> {
    if secret.len() < BASE64_BYTES {
        return Vec::new();
    }
    let form = |offset: usize| {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(secret.as_bytes());
        // A letter holds 6 bits: those that hold nothing but the secret's.
        let (from, to) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
        let text = STANDARD_NO_PAD.encode(&bytes)[from..to].to_owned();
        let url_safe = text.replace('+', "-").replace('/', "_");
        [text, url_safe].map(|text| Needle { text, word: false })
    };
    (0..3).flat_map(form).collect()
}

/// Whether something of this name is likely a secret: some clubs write their camera's password
/// into its URL or options, where `{password}` should stand.
pub fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let names = [
        "pass", "pwd", "psw", "secret", "token", "apikey", "api_key", "auth",
    ];
    names.iter().any(|part| name.contains(part))
}

/// The forms of something that was written where a secret should not be.
pub fn written_secret(value: &str) -> Vec<Needle> {
    if value.is_empty() || value.starts_with('{') {
        return Vec::new();
    }
    let word = value.chars().count() < SHORT_CHARS;
    let text = |text: String| Needle { text, word };
    let mut forms = vec![text(value.to_owned()), text(percent(value))];
    if !word {
        forms.extend(base64_within(value));
    }
    forms
}

/// What stands behind `password=` and the like in a URL.
pub fn secrets_in(url: &str) -> Vec<Needle> {
    let parts = url.split(['&', '?', ';', '/', '#']);
    parts
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| names_secret(name))
        .flat_map(|(_, value)| written_secret(value))
        .collect()
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
    fn it_is_found_within_longer_base64() {
        let needles = redactor("", "hunter22secret").needles();
        for before in ["", "x", "xy", "xyz", "login:"] {
            let whole = STANDARD.encode(format!("{before}hunter22secret, and more"));
            let found = needles.iter().any(|needle| whole.contains(&needle.text));
            assert!(found, "{before}: {whole}");
        }
    }

    #[test]
    fn what_is_written_into_a_url_is_a_secret() {
        let found = |url: &str| -> Vec<String> {
            secrets_in(url)
                .into_iter()
                .map(|needle| needle.text)
                .collect()
        };
        let url = "rtsp://cam/user=admin&password=tlJwpbo6&channel=1";
        assert!(found(url).contains(&"tlJwpbo6".to_owned()));
        assert!(found("http://cam/s?pwd={password}&channel=1").is_empty());
        assert!(found("http://cam/stream1?x=1").is_empty());
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
