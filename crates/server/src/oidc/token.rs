//! ID tokens: JSON Web Signatures (RFC 7515) over the claims of OpenID Connect Core 1.0, section 2.
//!
//! Only signatures with public keys count: a token "signed" with a shared secret, or not at all, is none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Longest token that is read, in bytes.
const MAX_TOKEN: usize = 64 << 10;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;

/// A set of public keys (RFC 7517).
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood; none are.
    #[serde(default)]
    crit: Option<Value>,
}

/// What a token says.
pub(crate) type Claims = Map<String, Value>;

/// What it must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client: &'a str,
    pub(crate) nonce: &'a str,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// Why a token is not believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("it does not read")]
    Form,
    #[error("algorithm `{alg}` is not accepted")]
    Algorithm { alg: String },
    /// The issuer may have new keys.
    #[error("it is signed by a key that the issuer does not publish")]
    UnknownKey,
    #[error("its signature does not hold")]
    Signature,
    #[error("claim `{claim}` is not the expected one")]
    Claim { claim: &'static str },
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

impl Key {
    /// Whether it made `signature`; `None` where it is no key for `alg`.
    fn made(&self, alg: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
        let part = |text: &Option<String>| decoded(text.as_deref()?);
        let plain = |algorithm: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
            Some(UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok())
        };
        let point = || Some([vec![4], part(&self.x)?, part(&self.y)?].concat());
        match (alg, self.kty.as_str(), self.crv.as_deref()) {
            ("RS256" | "PS256", "RSA", _) => {
                let key = RsaPublicKeyComponents { n: part(&self.n)?, e: part(&self.e)? };
                let algorithm =
                    if alg == "RS256" { &RSA_PKCS1_2048_8192_SHA256 } else { &RSA_PSS_2048_8192_SHA256 };
                Some(key.verify(algorithm, message, signature).is_ok())
            }
            ("ES256", "EC", Some("P-256")) => plain(&ECDSA_P256_SHA256_FIXED, point()?),
            ("ES384", "EC", Some("P-384")) => plain(&ECDSA_P384_SHA384_FIXED, point()?),
            ("EdDSA", "OKP", Some("Ed25519")) => plain(&ED25519, part(&self.x)?),
            _ => None,
        }
    }
}

impl Keys {
    /// The payload of a token, where one of the keys signed it.
    pub(crate) fn open(&self, token: &str) -> Result<Vec<u8>, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Form);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Form)?;
        let header = decoded(header).ok_or(TokenError::Form)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| TokenError::Form)?;
        let signature = decoded(signature).ok_or(TokenError::Form)?;
        if !matches!(header.alg.as_str(), "RS256" | "PS256" | "ES256" | "ES384" | "EdDSA") {
            return Err(TokenError::Algorithm { alg: header.alg });
        }
        if header.crit.is_some() {
            return Err(TokenError::Form);
        }
        let named = |key: &&Key| header.kid.is_none() || key.kid == header.kid;
        let signs = |key: &&Key| key.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let tried: Vec<bool> = self
            .keys
            .iter()
            .filter(named)
            .filter(signs)
            .filter_map(|key| key.made(&header.alg, message.as_bytes(), &signature))
            .collect();
        match (tried.contains(&true), tried.is_empty()) {
            (true, _) => decoded(payload).ok_or(TokenError::Form),
            (false, true) => Err(TokenError::UnknownKey),
            (false, false) => Err(TokenError::Signature),
        }
    }

    /// The claims of an ID token, validated as OpenID Connect Core 1.0, section 3.1.3.7, asks.
    pub(crate) fn claims(&self, token: &str, expected: &Expected<'_>) -> Result<Claims, TokenError> {
        let claims: Claims = serde_json::from_slice(&self.open(token)?).map_err(|_| TokenError::Form)?;
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let wrong = |claim| Err(TokenError::Claim { claim });
        if text("iss") != Some(expected.issuer) {
            return wrong("iss");
        }
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !audience.contains(&expected.client) {
            return wrong("aud");
        }
        let party = claims.contains_key("azp") || audience.len() > 1;
        if party && text("azp") != Some(expected.client) {
            return wrong("azp");
        }
        let ends = claims.get("exp").and_then(Value::as_i64);
        if ends.is_none_or(|ends| ends.saturating_add(LEEWAY) <= expected.now) {
            return wrong("exp");
        }
        let made = claims.get("iat").and_then(Value::as_i64);
        if made.is_none_or(|made| made > expected.now.saturating_add(LEEWAY)) {
            return wrong("iat");
        }
        if text("nonce") != Some(expected.nonce) {
            return wrong("nonce");
        }
        if text("sub").is_none_or(|sub| sub.is_empty() || sub.len() > 255) {
            return wrong("sub");
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(json: &str) -> Keys {
        serde_json::from_str(&format!(r#"{{"keys":[{json}]}}"#)).unwrap()
    }

    /// RFC 7515, appendices A.2 (RS256), A.3 (ES256), and RFC 8037, appendix A.4 (EdDSA): key, token.
    const EXAMPLES: [(&str, &str); 3] = [
        (
            r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#,
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];

    #[test]
    fn the_examples_of_the_standards_hold_and_nothing_else_does() {
        for (place, (key, token)) in EXAMPLES.iter().enumerate() {
            assert!(keys(key).open(token).is_ok(), "{place}");
            let (other, _) = EXAMPLES[(place + 1) % 3];
            assert_eq!(keys(other).open(token), Err(TokenError::UnknownKey));
            let (head, rest) = token.split_once('.').unwrap();
            let changed = format!("{head}.A{}", &rest[1..]);
            assert_eq!(keys(key).open(&changed), Err(TokenError::Signature));
        }
    }

    #[test]
    fn shared_secrets_and_unsigned_tokens_are_not_accepted() {
        for alg in ["none", "HS256"] {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}"}}"#));
            let error = keys(EXAMPLES[0].0).open(&format!("{header}.e30.")).unwrap_err();
            assert_eq!(error, TokenError::Algorithm { alg: alg.to_owned() });
        }
        for token in ["", "a", "a.b", "a.b.c", "e30.e30.e30"] {
            assert_eq!(keys(EXAMPLES[0].0).open(token), Err(TokenError::Form), "{token}");
        }
    }
}
