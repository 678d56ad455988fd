//! Texts made of a camera's credentials, worked out while the host writes to that camera.
//! Nothing made here ever goes back to an adapter.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_auth::{PasswordClient, PasswordParams};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::encode;
use super::redaction::{Redactor, names_secret, secrets_in, written_secret};
use super::spec::{CameraSpec, Credentials};
use crate::cassette::Mask;
use crate::plugins::types::{
    AuthorizationRecipe, Credential, HashAlgorithm, HashPart, HashStep, Recipe, Segment,
    WsUsernameTokenRecipe,
};

/// What one step of a `hash` recipe may digest, bytes, and how many steps and parts in all one
/// may have: stops recipes that keep the host busy.
const MOST_HASH_BYTES: usize = 64 << 10;
const MOST_HASH_STEPS: usize = 16;
const MOST_HASH_PARTS: usize = 64;
/// Bytes of one filled list of segments: more may not wait to be written anyway.
const MOST_FILLED_BYTES: usize = 1 << 20;
/// Challenges of one answer, bytes and number: a camera sends one or two lines.
const MOST_CHALLENGE_BYTES: usize = 16 << 10;
const MOST_CHALLENGES_AT_ONCE: usize = 8;
/// Challenges whose nonce is counted at once.
const MOST_CHALLENGES: usize = 8;

/// Makes secrets for one session. Keeps Digest's nonce counts (RFC 7616, section 3.4).
pub struct Secrets {
    credentials: Credentials,
    clients: HashMap<Vec<String>, PasswordClient>,
    redactor: Redactor,
}

impl Secrets {
    /// Without credentials both are empty: a challenge can still be answered (some cameras
    /// want an `Authorization` of an empty user).
    pub fn new(credentials: Option<Credentials>) -> Self {
        let none = Credentials {
            username: String::new(),
            password: String::new(),
        };
        let credentials = credentials.unwrap_or(none);
        Self {
            redactor: Redactor::new(&credentials),
            credentials,
            clients: HashMap::new(),
        }
    }

    /// What an adapter said, without the secrets that a camera may have sent back to it.
    pub fn redact(&self, text: &str) -> String {
        self.redactor.clean(text)
    }

    /// Knows these secrets in bytes too, and what stands in the camera's URL and options as one.
    pub fn mask(&self, spec: &CameraSpec) -> Mask {
        let mut needles = self.redactor.needles();
        for text in std::iter::once(&spec.url).chain(spec.options.iter().map(|(_, value)| value)) {
            needles.extend(secrets_in(text));
        }
        let named = spec.options.iter().filter(|(name, _)| names_secret(name));
        needles.extend(named.flat_map(|(_, value)| written_secret(value)));
        Mask::new(needles)
    }

    /// The bytes of segments. `own_camera`: whether they go to the camera's own host; if not,
    /// secrets are refused. The error is for people and holds no secret.
    pub fn fill(&mut self, segments: &[Segment], own_camera: bool) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        for segment in segments {
            match segment {
                Segment::Bytes(bytes) => out.extend_from_slice(bytes),
                Segment::Secret(_) if !own_camera => {
                    return Err("credentials are sent to the camera's own host only".into());
                }
                Segment::Secret(recipe) => out.extend_from_slice(self.cook(recipe)?.as_bytes()),
            }
            if out.len() > MOST_FILLED_BYTES {
                return Err(format!("more than {MOST_FILLED_BYTES} bytes at once"));
            }
        }
        Ok(out)
    }

    /// Puts the credentials, percent-encoded, where a URL holds `{username}` or `{password}`.
    pub fn fill_url(&self, url: &str) -> String {
        url.replace("{username}", &encode::percent(&self.credentials.username))
            .replace("{password}", &encode::percent(&self.credentials.password))
    }

    fn cook(&mut self, recipe: &Recipe) -> Result<String, String> {
        match recipe {
            Recipe::Credential(recipe) => {
                let text = match recipe.which {
                    Credential::Username => &self.credentials.username,
                    Credential::Password => &self.credentials.password,
                };
                Ok(encode::text(text, recipe.encoding))
            }
            Recipe::Authorization(recipe) => self.authorize(recipe),
            Recipe::Hash(steps) => self.hash(steps),
            Recipe::WsUsernameToken(recipe) => Ok(self.ws_username_token(*recipe)),
        }
    }

    fn authorize(&mut self, recipe: &AuthorizationRecipe) -> Result<String, String> {
        let bytes: usize = recipe.challenges.iter().map(String::len).sum();
        let bytes = bytes + recipe.uri.len() + recipe.method.len();
        if recipe.challenges.len() > MOST_CHALLENGES_AT_ONCE || bytes > MOST_CHALLENGE_BYTES {
            return Err("the camera's challenge is too long".into());
        }
        if self.clients.len() >= MOST_CHALLENGES && !self.clients.contains_key(&recipe.challenges) {
            self.clients.clear();
        }
        if !self.clients.contains_key(&recipe.challenges) {
            let client = recipe
                .challenges
                .iter()
                .fold(PasswordClient::builder(), |builder, value| {
                    builder.challenges(value)
                })
                .build()
                .map_err(|error| format!("the camera's challenge cannot be answered: {error}"))?;
            self.clients.insert(recipe.challenges.clone(), client);
        }
        let uri = self.fill_url(&recipe.uri);
        let client = self
            .clients
            .get_mut(&recipe.challenges)
            .expect("inserted above");
        let mut answer = client
            .respond(&PasswordParams {
                username: &self.credentials.username,
                password: &self.credentials.password,
                uri: &uri,
                method: &recipe.method,
                body: None,
            })
            .map_err(|error| format!("the camera's challenge cannot be answered: {error}"))?;
        // Without `qop` the library leaves the algorithm out, and a camera that reads the answer
        // by the standard (RFC 7616, section 3.4: MD5 when absent) refuses it.
        let sha256 = matches!(client, PasswordClient::Digest(digest)
            if digest.algorithm() == http_auth::digest::Algorithm::Sha256);
        if sha256 && !answer.contains("algorithm=") {
            answer.push_str(", algorithm=SHA-256");
        }
        Ok(answer)
    }

    fn hash(&mut self, steps: &[HashStep]) -> Result<String, String> {
        let parts: usize = steps.iter().map(|step| step.parts.len()).sum();
        if steps.len() > MOST_HASH_STEPS || parts > MOST_HASH_PARTS {
            return Err(format!(
                "a hash recipe has more than {MOST_HASH_STEPS} steps or {MOST_HASH_PARTS} parts"
            ));
        }
        let mut results: Vec<String> = Vec::new();
        for step in steps {
            let mut input = Vec::new();
            for part in &step.parts {
                match part {
                    HashPart::Bytes(bytes) => input.extend_from_slice(bytes),
                    HashPart::Username => input.extend(self.credentials.username.as_bytes()),
                    HashPart::Password => input.extend(self.credentials.password.as_bytes()),
                    HashPart::Step(number) => {
                        let earlier = results.get(*number as usize);
                        let earlier = earlier.ok_or("a hash step names one that is not earlier")?;
                        input.extend(earlier.as_bytes());
                    }
                }
                if input.len() > MOST_HASH_BYTES {
                    return Err("a hash step is too long".into());
                }
            }
            results.push(encode::digest(
                &digest(step.algorithm, &input),
                step.encoding,
            ));
        }
        let result = results.pop().ok_or("a hash recipe has no step")?;
        self.redactor.made(&result);
        Ok(result)
    }

    /// OASIS Web Services Security `UsernameToken` profile 1.1, section 3.1:
    /// `PasswordDigest = Base64(SHA-1(nonce + created + password))`.
    fn ws_username_token(&self, recipe: WsUsernameTokenRecipe) -> String {
        let mut nonce = [0; 16];
        let _ = rustix::rand::getrandom(&mut nonce, rustix::rand::GetRandomFlags::empty());
        let seconds = jiff::Timestamp::now()
            .as_second()
            .saturating_add(recipe.clock_offset_seconds);
        let created = jiff::Timestamp::from_second(seconds)
            .unwrap_or_default()
            .to_string();
        let mut input = nonce.to_vec();
        input.extend(created.as_bytes());
        input.extend(self.credentials.password.as_bytes());
        let digest = BASE64.encode(Sha1::digest(&input));
        let username = encode::xml(&self.credentials.username);
        let nonce = BASE64.encode(nonce);
        format!(
            "<wsse:Username>{username}</wsse:Username>\
             <wsse:Password Type=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest\">{digest}</wsse:Password>\
             <wsse:Nonce EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary\">{nonce}</wsse:Nonce>\
             <wsu:Created>{created}</wsu:Created>"
        )
    }
}

fn digest(algorithm: HashAlgorithm, input: &[u8]) -> Vec<u8> {
    match algorithm {
        HashAlgorithm::Md5 => Md5::digest(input).to_vec(),
        HashAlgorithm::Sha1 => Sha1::digest(input).to_vec(),
        HashAlgorithm::Sha256 => Sha256::digest(input).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::types::{CredentialRecipe, Encoding};

    fn secrets() -> Secrets {
        let username = "Mufasa".to_owned();
        Secrets::new(Some(Credentials {
            username,
            password: "Circle of Life".into(),
        }))
    }

    fn secret(recipe: Recipe) -> Vec<Segment> {
        vec![Segment::Secret(recipe)]
    }

    #[test]
    fn secrets_go_to_the_camera_only() {
        let recipe = Recipe::Credential(CredentialRecipe {
            which: Credential::Password,
            encoding: Encoding::Percent,
        });
        let segments = secret(recipe);
        assert_eq!(
            secrets().fill(&segments, true).unwrap(),
            b"Circle%20of%20Life"
        );
        let error = secrets().fill(&segments, false).unwrap_err();
        assert!(!error.contains("Circle"), "{error}");
    }

    #[test]
    fn basic_and_digest() {
        let mut secrets = secrets();
        let mut answer = |challenge: &str| {
            let recipe = Recipe::Authorization(AuthorizationRecipe {
                challenges: vec![challenge.into()],
                method: "DESCRIBE".into(),
                uri: "rtsp://cam/1".into(),
            });
            String::from_utf8(secrets.fill(&secret(recipe), true).unwrap()).unwrap()
        };
        assert_eq!(
            answer("Basic realm=\"x\""),
            "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"
        );
        // RFC 2069 form, as cameras send it: no qop. MD5(MD5(user:realm:pass):nonce:MD5(method:uri)).
        let digest = answer("Digest realm=\"IP Camera\", nonce=\"abc\"");
        let md5 = |text: &str| crate::hex::lower(&Md5::digest(text));
        let a1 = md5("Mufasa:IP Camera:Circle of Life");
        let a2 = md5("DESCRIBE:rtsp://cam/1");
        assert!(digest.contains(&md5(&format!("{a1}:abc:{a2}"))), "{digest}");
        let sha = answer("Digest realm=\"a\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256");
        assert!(
            sha.contains("algorithm=SHA-256") && sha.contains("nc=00000001"),
            "{sha}"
        );
        let again = answer("Digest realm=\"a\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256");
        assert!(
            again.contains("nc=00000002"),
            "the nonce is counted: {again}"
        );
    }

    #[test]
    fn nested_hashes() {
        // The log-in of a common make: upper case MD5 over the MD5 of user, realm, password.
        let step = |parts, encoding| HashStep {
            algorithm: HashAlgorithm::Md5,
            parts,
            encoding,
        };
        let inner = step(
            vec![
                HashPart::Username,
                HashPart::Bytes(b":r:".to_vec()),
                HashPart::Password,
            ],
            Encoding::HexUpper,
        );
        let outer = step(
            vec![
                HashPart::Username,
                HashPart::Bytes(b":42:".to_vec()),
                HashPart::Step(0),
            ],
            Encoding::HexUpper,
        );
        let made = secrets()
            .fill(&secret(Recipe::Hash(vec![inner, outer])), true)
            .unwrap();
        let upper = |text: &str| crate::hex::lower(&Md5::digest(text)).to_uppercase();
        let a1 = upper("Mufasa:r:Circle of Life");
        assert_eq!(made, upper(&format!("Mufasa:42:{a1}")).into_bytes());
    }

    #[test]
    fn hashes_name_only_earlier_steps() {
        let step = HashStep {
            algorithm: HashAlgorithm::Sha1,
            parts: vec![HashPart::Step(0)],
            encoding: Encoding::Hex,
        };
        assert!(
            secrets()
                .fill(&secret(Recipe::Hash(vec![step])), true)
                .is_err()
        );
        assert!(secrets().fill(&secret(Recipe::Hash(vec![])), true).is_err());
    }

    #[test]
    fn recipes_are_bounded() {
        let step = |bytes: usize, parts: usize| HashStep {
            algorithm: HashAlgorithm::Sha256,
            parts: vec![HashPart::Bytes(vec![0; bytes]); parts],
            encoding: Encoding::Hex,
        };
        let refused = |segments: &[Segment]| secrets().fill(segments, true).is_err();
        assert!(refused(&secret(Recipe::Hash(vec![step(1, 1); 17]))));
        assert!(refused(&secret(Recipe::Hash(vec![step(1, 65)]))));
        assert!(refused(&secret(Recipe::Hash(vec![step(40_000, 2)]))));
        assert!(!refused(&secret(Recipe::Hash(vec![step(4_000, 4); 16]))));
        assert!(refused(&[Segment::Bytes(vec![0; (1 << 20) + 1])]));
        let challenged = |challenges: Vec<String>| {
            secret(Recipe::Authorization(AuthorizationRecipe {
                challenges,
                method: "GET".into(),
                uri: "/".into(),
            }))
        };
        let basic = || "Basic realm=\"x\"".to_owned();
        assert!(!refused(&challenged(vec![basic(); 8])));
        assert!(refused(&challenged(vec![basic(); 9])));
        assert!(refused(&challenged(vec!["x".repeat(20_000)])));
    }

    #[test]
    fn what_was_sent_is_known_again() {
        let mut secrets = secrets();
        let step = HashStep {
            algorithm: HashAlgorithm::Md5,
            parts: vec![HashPart::Password],
            encoding: Encoding::Hex,
        };
        let made = secrets.fill(&secret(Recipe::Hash(vec![step])), true);
        let made = String::from_utf8(made.unwrap()).unwrap();
        let said = format!("Mufasa's Circle of Life is {made}");
        assert_eq!(secrets.redact(&said), "***'s *** is ***");
    }

    #[test]
    fn urls_are_filled_and_encoded() {
        assert_eq!(
            secrets().fill_url("http://c/s?u={username}&p={password}"),
            "http://c/s?u=Mufasa&p=Circle%20of%20Life"
        );
    }
}
