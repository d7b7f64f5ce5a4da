//! Who is asking, from a cookie or a token.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use share::{SessionView, Viewer};

use crate::limits::Use;
use crate::observe::Who;
use crate::problem::{Code, Problem};
use crate::site::Site;

/// What handlers share.
pub(crate) type App = Arc<Site>;

pub(crate) const COOKIE: &str = "sukashi_session";
const CSRF_HEADER: &str = "x-sukashi-csrf";

/// Somebody logged in. With a cookie, writing also needs the CSRF secret, which only our own pages can read.
pub(crate) struct Caller {
    pub(crate) viewer: Viewer,
    pub(crate) session: SessionView,
}

pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

pub(crate) fn cookie_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|h| h.to_str().ok());
    let mut pairs = cookies.flat_map(|h| h.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(token) = bearer(&parts.headers) {
            let found = app.viewer_of_token(token).await?;
            let (viewer, session) = found.ok_or(Problem::new(Code::NotLoggedIn))?;
            return Self { viewer, session }.within_limits(parts, app);
        }
        let secret = cookie(&parts.headers).ok_or(Problem::new(Code::NotLoggedIn))?;
        let found = app.viewer_of_session(secret).await?;
        let (viewer, session) = found.ok_or(Problem::new(Code::NotLoggedIn))?;
        let reading = matches!(parts.method, Method::GET | Method::HEAD);
        let sent = parts.headers.get(CSRF_HEADER).and_then(|h| h.to_str().ok());
        if !reading && sent != Some(session.csrf.as_str()) {
            return Err(Problem::new(Code::BadCsrf));
        }
        Self { viewer, session }.within_limits(parts, app)
    }
}

impl Caller {
    /// Writes down who it is, and takes a request out of the organization's bucket.
    fn within_limits(self, parts: &Parts, app: &App) -> Result<Self, Problem> {
        let organization = self.viewer.organization();
        if let Some(who) = parts.extensions.get::<Who>() {
            who.is(self.viewer.account().clone(), organization.clone());
        }
        let reading = matches!(parts.method, Method::GET | Method::HEAD);
        let kind = if reading { Use::Read } else { Use::Write };
        match app.limits.take(organization, kind, Instant::now()) {
            Ok(()) => Ok(self),
            Err(seconds) => Err(Problem::after(Code::TooMany, seconds)),
        }
    }
}
