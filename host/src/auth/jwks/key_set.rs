//! A published set of keys (RFC 7517), and the one that a token was signed with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

/// Keys of a set that are looked at. Stops a set from making every look-up long.
const MOST_KEYS: usize = 100;
/// Longest key id, bytes.
const MOST_KID_BYTES: usize = 512;
/// RSA keys shorter than this are ignored (RFC 7518 section 3.3). Longer than the longest, which
/// is what the cryptography library takes, as well: checking a signature would cost too much.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Keys that can be used. Others of the set are left out.
#[derive(Debug, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    kid: Option<String>,
    /// The only one that it is used with.
    algorithm: Algorithm,
    public: DecodingKey,
}

impl KeySet {
    /// Reads a set; an error says why it is none. Keys that are of no use here (other types and
    /// curves, for encryption, too short, shared secrets) are left out.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(json).map_err(|error| {
            // The error's own text may repeat what was sent.
            format!("not JSON (line {})", error.line())
        })?;
        let keys = value.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("not a key set: there is no list `keys`")?;
        let keys = keys.iter().take(MOST_KEYS).filter_map(Value::as_object);
        Ok(Self(keys.filter_map(Key::read).collect()))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The key for a token's `kid` and algorithm. Without `kid` there must be exactly one of
    /// that algorithm.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm)
            .filter(|key| kid.is_none() || key.kid.as_deref() == kid);
        let found = fitting.next()?;
        (kid.is_some() || fitting.next().is_none()).then_some(&found.public)
    }
}

impl Key {
    fn read(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let kid = match members.get("kid") {
            None | Some(Value::Null) => None,
            Some(Value::String(kid)) if kid.len() <= MOST_KID_BYTES => Some(kid.clone()),
            Some(_) => return None,
        };
        let for_signatures = match (members.get("use"), members.get("key_ops")) {
            (Some(purpose), _) if purpose != "sig" => false,
            (_, Some(Value::Array(uses))) => uses.iter().any(|one| one == "verify"),
            (_, uses) => uses.is_none(),
        };
        if !for_signatures {
            return None;
        }
        let (algorithm, public) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (Algorithm::RS256, rsa(text("n")?, text("e")?)?),
            ("EC", Some("P-256")) => {
                let (x, y) = (text("x")?, text("y")?);
                (bytes(x)?.len() == 32 && bytes(y)?.len() == 32).then_some(())?;
                let key = DecodingKey::from_ec_components(x, y).ok()?;
                (Algorithm::ES256, key)
            }
            ("OKP", Some("Ed25519")) => {
                let x = bytes(text("x")?).filter(|x| x.len() == 32)?;
                (Algorithm::EdDSA, DecodingKey::from_ed_der(&x))
            }
            _ => return None,
        };
        let named = match members.get("alg") {
            None => true,
            Some(Value::String(name)) => match algorithm {
                Algorithm::RS256 => name == "RS256",
                Algorithm::ES256 => name == "ES256",
                // RFC 9864 gives EdDSA with this curve a name of its own.
                _ => name == "EdDSA" || name == "Ed25519",
            },
            Some(_) => false,
        };
        named.then_some(Self {
            kid,
            algorithm,
            public,
        })
    }
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let modulus = unsigned(modulus)?;
    let exponent = unsigned(exponent)?;
    let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
    // An even exponent or 1 makes no signature; a long one makes checking slow.
    let odd = exponent.last()? % 2 == 1 && exponent != [1];
    let usable = RSA_BITS.contains(&bits) && odd && exponent.len() <= 4;
    usable.then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

/// A number of RFC 7518 section 2 (`Base64urlUInt`), without zeros before it.
fn unsigned(text: &str) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes[zeros..].to_vec())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::test_keys::TestKey;
    use super::*;

    fn set(keys: &[Value]) -> KeySet {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn with(jwk: &Value, changes: &Value) -> Value {
        let mut jwk = jwk.clone();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    #[test]
    fn by_id_and_algorithm() {
        let (rsa, ec, ed) = (TestKey::rsa(), TestKey::ec(), TestKey::ed());
        let keys = set(&[rsa.jwk("a"), ec.jwk("b"), ed.jwk("c"), ec.jwk("a")]);
        assert_eq!(keys.len(), 4);
        let rows = [
            (Some("a"), Algorithm::RS256, true),
            (Some("a"), Algorithm::ES256, true),
            (Some("b"), Algorithm::ES256, true),
            (Some("b"), Algorithm::RS256, false),
            (Some("c"), Algorithm::EdDSA, true),
            (Some("d"), Algorithm::EdDSA, false),
            (Some(""), Algorithm::EdDSA, false),
            (Some("a"), Algorithm::RS384, false),
            (Some("a"), Algorithm::HS256, false),
            (None, Algorithm::RS256, true),
            (None, Algorithm::EdDSA, true),
            // Two of the kind: which one is not guessed.
            (None, Algorithm::ES256, false),
            (None, Algorithm::HS256, false),
        ];
        for (kid, algorithm, found) in rows {
            let key = keys.find(kid, algorithm);
            assert_eq!(key.is_some(), found, "{kid:?} {algorithm:?}");
        }
    }

    #[test]
    fn keys_of_no_use_are_left_out() {
        let (rsa, ec, ed) = (TestKey::rsa(), TestKey::ec(), TestKey::ed());
        let (rsa, ec, ed) = (rsa.jwk("a"), ec.jwk("b"), ed.jwk("c"));
        for good in [
            with(
                &rsa,
                &json!({"use": "sig", "key_ops": ["verify"], "x5c": ["rubbish"]}),
            ),
            with(&ed, &json!({"alg": "Ed25519"})),
            with(&ec, &json!({"kid": null})),
        ] {
            assert_eq!(set(std::slice::from_ref(&good)).len(), 1, "{good}");
        }
        let weak = URL_SAFE_NO_PAD.encode([0xff; 255]);
        let padded = URL_SAFE_NO_PAD.encode([vec![0; 8], vec![0xff; 255]].concat());
        let huge = URL_SAFE_NO_PAD.encode([0xff; 1025]);
        for bad in [
            with(&rsa, &json!({"use": "enc"})),
            with(&rsa, &json!({"use": 1})),
            with(&rsa, &json!({"key_ops": ["encrypt"]})),
            with(&rsa, &json!({"key_ops": "verify"})),
            with(&rsa, &json!({"alg": "RS512"})),
            with(&rsa, &json!({"alg": "HS256"})),
            with(&rsa, &json!({"alg": "none"})),
            with(&rsa, &json!({"alg": 1})),
            with(&rsa, &json!({"kid": 1})),
            with(&rsa, &json!({"kid": "x".repeat(513)})),
            with(&rsa, &json!({"n": weak})),
            with(&rsa, &json!({"n": padded})),
            with(&rsa, &json!({"n": huge})),
            with(&rsa, &json!({"n": ""})),
            with(&rsa, &json!({"n": "not base64!"})),
            with(&rsa, &json!({"n": null})),
            with(&rsa, &json!({"e": "AQ"})),
            with(&rsa, &json!({"e": "Ag"})),
            with(&rsa, &json!({"e": ""})),
            with(&rsa, &json!({"e": "AQAAAAAB"})),
            with(&ec, &json!({"crv": "P-384"})),
            with(&ec, &json!({"crv": null})),
            with(&ec, &json!({"x": "AQAB"})),
            with(&ec, &json!({"alg": "RS256"})),
            with(&ed, &json!({"crv": "Ed448"})),
            with(&ed, &json!({"x": "AQAB"})),
            with(&ed, &json!({"kty": "EC"})),
            json!({"kty": "oct", "kid": "o", "alg": "HS256", "k": "c2VjcmV0"}),
            json!({"kty": "new"}),
            json!({}),
            json!(null),
            json!("key"),
        ] {
            assert_eq!(set(std::slice::from_ref(&bad)).len(), 0, "{bad}");
        }
    }

    #[test]
    fn what_is_no_set() {
        for bad in [
            "",
            "[]",
            "{}",
            "null",
            "{\"keys\": {}}",
            "<html>",
            "{\"keys\": [",
        ] {
            assert!(KeySet::read(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = "[".repeat(200_000);
        assert!(KeySet::read(deep.as_bytes()).is_err());
        assert_eq!(set(&[]).len(), 0);
        let key = TestKey::ed().jwk("a");
        assert_eq!(set(&vec![key; 300]).len(), MOST_KEYS);
    }
}
