//! Logging in by OpenID Connect (Core 1.0): authorization code with PKCE (RFC 7636), by discovery.
//!
//! The issuer says who somebody is; the settings say which of its claims make them act for whom, in which role. What
//! must not be forgotten between leaving for the issuer and coming back lies in a cookie of the browser that left.

mod token;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use client::{Http, HttpError, Reach, form, percent_encoded};
use serde::Deserialize;
use serde_json::Value;
use sha2::Digest as _;
use share::Role;
use tokio::sync::Semaphore;

use token::{Claims, Expected, Keys, TokenError};

/// Longest answer of an issuer, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// How long what an issuer publishes is used before it is asked for again.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// An issuer is not asked for its keys more often than this because of unknown ones.
const AGAIN: Duration = Duration::from_secs(60);

/// People who come back at the same time.
const MOST: usize = 16;

/// Path that leads to where one logs out at the issuer.
pub(crate) const OUT: &str = "/login/oidc/out";

/// Path that the issuer leads back to.
pub(crate) const BACK: &str = "/login/oidc/back";

/// How people log in by OpenID Connect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// What the page calls it.
    pub name: String,
    /// The issuer's address.
    pub issuer: String,
    /// What this platform is called there.
    pub client_id: String,
    /// File with this platform's secret there; none for a public client.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// Address of this platform as browsers know it.
    pub address: String,
    /// Scopes to ask for beside `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Who may do what; the first that fits decides. Who fits none is not let in.
    pub roles: Vec<RoleRule>,
}

/// Whoever has a claim with this value acts for an organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    /// Name of the claim: a text or a list of texts.
    pub claim: String,
    /// Its value, or one of its values.
    pub value: String,
    /// Name of the organization.
    pub organization: String,
    /// What they may do.
    pub role: Role,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OidcSettingsError {
    /// An address that is none, or would send secrets in clear.
    #[error(transparent)]
    Address(#[from] HttpError),
    /// The secret cannot be read.
    #[error("cannot read the client's secret in `{path}`")]
    Secret {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Nobody could log in.
    #[error("`roles` is empty: nobody would be let in")]
    NoRoles,
}

/// Logging in by OpenID Connect.
pub struct Oidc {
    settings: OidcSettings,
    secret: Option<String>,
    published: Mutex<Option<(Instant, Published)>>,
    /// Requests to the issuer at the same time.
    pub(crate) most: Semaphore,
}

/// What an issuer publishes of itself.
#[derive(Clone, Debug)]
struct Published {
    discovered: Discovered,
    keys: Keys,
}

#[derive(Clone, Debug, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    /// Where one logs out (RP-Initiated Logout 1.0), if the issuer has that.
    end_session_endpoint: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("what the issuer publishes is of `{found}`")]
    Issuer { found: String },
    #[error("the issuer's ID token is not believed")]
    Token(#[from] TokenError),
    #[error("no random bytes")]
    Random,
}

/// What lies in the browser's cookie: 32 random bytes each.
pub(crate) struct Leaving {
    pub(crate) state: String,
    nonce: String,
    verifier: String,
}

/// Somebody the issuer vouches for, and the rule that lets them in.
pub(crate) struct Known<'a> {
    pub(crate) subject: String,
    pub(crate) name: String,
    pub(crate) rule: Option<&'a RoleRule>,
    /// What the issuer said, for when they log out there.
    pub(crate) id_token: String,
}

impl Leaving {
    pub(crate) fn new() -> Result<Self, OidcError> {
        let random = || {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|_| OidcError::Random)?;
            Ok::<_, OidcError>(URL_SAFE_NO_PAD.encode(bytes))
        };
        Ok(Self { state: random()?, nonce: random()?, verifier: random()? })
    }

    pub(crate) fn cookie(&self) -> String {
        format!("{}.{}.{}", self.state, self.nonce, self.verifier)
    }

    pub(crate) fn of_cookie(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let leaving = Self { state: parts.next()?, nonce: parts.next()?, verifier: parts.next()? };
        let whole = [&leaving.state, &leaving.nonce, &leaving.verifier].iter().all(|part| part.len() == 43);
        (whole && parts.next().is_none()).then_some(leaving)
    }
}

/// Address and path of a URL: what a client takes apart.
fn parts(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at.saturating_add(3));
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| at.saturating_add(host));
    url.split_at_checked(end).unwrap_or((url, ""))
}

fn fetch<T: serde::de::DeserializeOwned>(url: &str) -> Result<T, HttpError> {
    let (base, path) = parts(url);
    Http::confidential(base, Reach::Anywhere)?.json(path, MAX_ANSWER)
}

impl Oidc {
    /// Reads the secret and checks the addresses; nobody is asked yet.
    pub fn new(settings: OidcSettings) -> Result<Self, OidcSettingsError> {
        for address in [&settings.issuer, &settings.address] {
            Http::confidential(address, Reach::Anywhere)?;
        }
        if settings.roles.is_empty() {
            return Err(OidcSettingsError::NoRoles);
        }
        let read = |path: &PathBuf| {
            let text = std::fs::read_to_string(path);
            text.map(|t| t.lines().next().unwrap_or_default().trim().to_owned())
                .map_err(|source| OidcSettingsError::Secret { path: path.clone(), source })
        };
        let secret = settings.client_secret_file.as_ref().map(read).transpose()?;
        Ok(Self { settings, secret, published: Mutex::default(), most: Semaphore::new(MOST) })
    }

    /// What the page calls it.
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    fn back(&self) -> String {
        format!("{}{BACK}", self.settings.address.trim_end_matches('/'))
    }

    /// What the issuer publishes; asked for where it is not known, or older than `age`.
    fn published(&self, age: Duration) -> Result<Published, OidcError> {
        let known = self.published.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, published)) = known
            && at.elapsed() < age
        {
            return Ok(published);
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let discovered: Discovered = fetch(&format!("{issuer}/.well-known/openid-configuration"))?;
        if discovered.issuer != self.settings.issuer {
            return Err(OidcError::Issuer { found: discovered.issuer });
        }
        let published = Published { keys: fetch(&discovered.jwks_uri)?, discovered };
        let now = (Instant::now(), published.clone());
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(published)
    }

    /// Where the browser goes. Blocks.
    pub(crate) fn leave(&self, leaving: &Leaving) -> Result<String, OidcError> {
        let endpoint = self.published(FRESH)?.discovered.authorization_endpoint;
        // The browser goes there; what it brings along is nobody else's business.
        Http::confidential(parts(&endpoint).0, Reach::Anywhere)?;
        let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(&leaving.verifier));
        let scopes: Vec<&str> =
            ["openid"].into_iter().chain(self.settings.scopes.iter().map(String::as_str)).collect();
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.back()),
            ("scope", &scopes.join(" ")),
            ("state", &leaving.state),
            ("nonce", &leaving.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(format!("{endpoint}{}{query}", if endpoint.contains('?') { '&' } else { '?' }))
    }

    /// Who came back with `code`. Blocks.
    pub(crate) fn arrive(&self, leaving: &Leaving, code: &str, now: i64) -> Result<Known<'_>, OidcError> {
        let published = self.published(FRESH)?;
        let token = self.exchange(&published.discovered.token_endpoint, leaving, code)?;
        let (issuer, client) = (self.settings.issuer.as_str(), self.settings.client_id.as_str());
        let expected = Expected { issuer, client, nonce: &leaving.nonce, now };
        let claims = match published.keys.claims(&token, &expected) {
            // It may have changed its keys.
            Err(TokenError::UnknownKey) => self.published(AGAIN)?.keys.claims(&token, &expected)?,
            other => other?,
        };
        Ok(self.known(&claims, token))
    }

    /// Where the browser goes to log out at the issuer as well; `None` where the issuer has no such place. `id_token`: what
    /// it said when they logged in. Blocks.
    pub(crate) fn out(&self, id_token: Option<&str>) -> Result<Option<String>, OidcError> {
        let Some(endpoint) = self.published(FRESH)?.discovered.end_session_endpoint else { return Ok(None) };
        Http::confidential(parts(&endpoint).0, Reach::Anywhere)?;
        let here = format!("{}/", self.settings.address.trim_end_matches('/'));
        let mut about = vec![
            ("client_id", self.settings.client_id.as_str()),
            ("post_logout_redirect_uri", here.as_str()),
        ];
        about.extend(id_token.map(|token| ("id_token_hint", token)));
        Ok(Some(format!("{endpoint}{}{}", if endpoint.contains('?') { '&' } else { '?' }, form(&about))))
    }

    fn exchange(&self, endpoint: &str, leaving: &Leaving, code: &str) -> Result<String, OidcError> {
        let (base, path) = parts(endpoint);
        let http = Http::confidential(base, Reach::Anywhere)?;
        let (back, client) = (self.back(), self.settings.client_id.as_str());
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &back),
            ("client_id", client),
            ("code_verifier", &leaving.verifier),
        ]);
        let mut headers =
            vec![("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
        let basic = self.secret.as_ref().map(|secret| {
            // RFC 6749, section 2.3.1: both are escaped before they are joined.
            let pair = format!("{}:{}", percent_encoded(client), percent_encoded(secret));
            format!("Basic {}", STANDARD.encode(pair))
        });
        headers.extend(basic.as_deref().map(|basic| ("authorization", basic)));
        let answer = http.send_single(&client::POST, path, &headers, body.as_bytes(), MAX_ANSWER)?;
        let answer = http.accepted(path, answer)?;
        let tokens: Tokens = serde_json::from_slice(&answer.body).map_err(|_| TokenError::Form)?;
        Ok(tokens.id_token)
    }

    fn known(&self, claims: &Claims, id_token: String) -> Known<'_> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str).map(str::to_owned);
        let subject = text("sub").unwrap_or_default();
        let name = ["name", "preferred_username", "email"].into_iter().find_map(text);
        let has = |rule: &&RoleRule| match claims.get(&rule.claim) {
            Some(Value::String(value)) => *value == rule.value,
            Some(Value::Array(values)) => values.iter().any(|value| value.as_str() == Some(&rule.value)),
            _ => false,
        };
        let rule = self.settings.roles.iter().find(has);
        Known { name: name.unwrap_or_else(|| subject.clone()), subject, rule, id_token }
    }
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oidc").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_at_its_path() {
        assert_eq!(parts("https://a.example/b/c?d=/e"), ("https://a.example", "/b/c?d=/e"));
        assert_eq!(parts("https://a.example"), ("https://a.example", ""));
    }

    #[test]
    fn what_lies_in_the_cookie_is_read_whole_or_not_at_all() {
        let leaving = Leaving::new().unwrap();
        assert_eq!(Leaving::of_cookie(&leaving.cookie()).unwrap().verifier, leaving.verifier);
        for text in ["", "a.b.c", &format!("{}.x", leaving.cookie()), &leaving.cookie()[1..]] {
            assert!(Leaving::of_cookie(text).is_none(), "{text}");
        }
    }
}
