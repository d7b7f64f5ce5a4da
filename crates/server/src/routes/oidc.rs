//! Logging in elsewhere and coming back.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, on};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use share::{Identity, SESSION_SECONDS};

use crate::answer::{Asked, Json, ok};
use crate::background::causes;
use crate::caller::{App, cookie_named};
use crate::oidc::{BACK, Leaving, OUT, Oidc};
use crate::problem::{Code, Problem};
use crate::routes::people::set_cookie;
use crate::routes::trust::blocking;
use crate::routes::{Area, Describes, Route, plain, schema};

/// What must not be forgotten until somebody comes back. Sent along when the issuer leads back here, so not strict.
const COOKIE: &str = "sukashi_login";

/// What the issuer said of whoever logged in there, in their browser alone; it goes back when they log out.
const SAID: &str = "sukashi_issuer";

/// Longest ID token that is kept; browsers drop larger cookies.
const MAX_SAID: usize = 3500;

/// How long somebody may take to log in at the issuer, in seconds.
const PATIENCE: u32 = 600;

pub(super) fn routes(secure: bool) -> Vec<Route> {
    let ways = Route {
        method: Method::GET,
        path: "/api/v1/login",
        area: Area::Open,
        describes: Describes {
            summary: "how one can log in beside login links",
            query: &[],
            takes: None,
            status: 200,
            gives: Some(schema::<Ways>),
            media_type: "application/json",
        },
        handler: axum::routing::get(ways),
    };
    let leads = |path, summary, handler: axum::routing::MethodRouter<App>| {
        plain(MethodFilter::GET, Method::GET, path, Area::Open, (303, ""), summary, |_| handler)
    };
    let away = on(MethodFilter::GET, move |state, method| leave(state, method, secure));
    let back = on(MethodFilter::GET, move |state, method, headers, query| {
        arrive(state, method, headers, query, secure)
    });
    let out = on(MethodFilter::GET, move |state, method, headers| log_out(state, method, headers, secure));
    vec![
        ways,
        leads("/login/oidc", "leads to the issuer of identities, where one is set", away),
        leads(BACK, "where the issuer of identities leads back to", back),
        leads(OUT, "leads whoever logged in at the issuer of identities to where they log out there", out),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Ways {
    /// OpenID Connect, at `/login/oidc`; null where none is set.
    oidc: Option<Way>,
}

#[derive(Serialize, JsonSchema)]
struct Way {
    /// What it is called.
    name: String,
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

async fn ways(State(app): State<App>) -> Json<Ways> {
    ok(Ways { oidc: app.oidc.as_ref().map(|oidc| Way { name: oidc.name().to_owned() }) })
}

fn oidc(app: &App) -> Result<Arc<Oidc>, Problem> {
    app.oidc.clone().ok_or(Problem::new(Code::NotFound))
}

fn remember(value: &str, seconds: u32, secure: bool) -> AppendHeaders<[(header::HeaderName, String); 1]> {
    let only = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path=/login; HttpOnly; SameSite=Lax; Max-Age={seconds}{only}");
    AppendHeaders([(header::SET_COOKIE, cookie)])
}

fn said(value: &str, seconds: i64, secure: bool) -> AppendHeaders<[(header::HeaderName, String); 1]> {
    let only = if secure { "; Secure" } else { "" };
    let cookie = format!("{SAID}={value}; Path={OUT}; HttpOnly; SameSite=Strict; Max-Age={seconds}{only}");
    AppendHeaders([(header::SET_COOKIE, cookie)])
}

/// The session here has been ended before; whoever did not log in at the issuer has nothing to end there.
async fn log_out(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    secure: bool,
) -> Result<Response, Problem> {
    if method != Method::GET {
        return Err(Problem::new(Code::MethodNotAllowed));
    }
    let forget = said("", 0, secure);
    let (Some(oidc), Some(token)) = (app.oidc.clone(), cookie_named(&headers, SAID)) else {
        return Ok((forget, Redirect::to("/")).into_response());
    };
    let token = Some(token.to_owned()).filter(|token| token.contains('.'));
    let _one = oidc.most.try_acquire().map_err(|_| Problem::after(Code::TooMany, 5))?;
    let asked = Arc::clone(&oidc);
    let to = match blocking(move || asked.out(token.as_deref())).await? {
        Ok(to) => to.unwrap_or_else(|| "/".to_owned()),
        Err(error) => {
            tracing::warn!(error = causes(&error), "nobody can log out at the issuer");
            "/?login=unreachable".to_owned()
        }
    };
    Ok((forget, Redirect::to(&to)).into_response())
}

async fn leave(State(app): State<App>, method: Method, secure: bool) -> Result<Response, Problem> {
    if method != Method::GET {
        return Err(Problem::new(Code::MethodNotAllowed));
    }
    let oidc = oidc(&app)?;
    let _one = oidc.most.try_acquire().map_err(|_| Problem::after(Code::TooMany, 5))?;
    let asked = Arc::clone(&oidc);
    let left = blocking(move || {
        let leaving = Leaving::new()?;
        asked.leave(&leaving).map(|url| (url, leaving.cookie()))
    })
    .await?;
    Ok(match left {
        Ok((url, cookie)) => (remember(&cookie, PATIENCE, secure), Redirect::to(&url)).into_response(),
        Err(error) => {
            tracing::error!(error = causes(&error), "nobody can log in at the issuer");
            Redirect::to("/?login=unreachable").into_response()
        }
    })
}

async fn arrive(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    Asked(back): Asked<Back>,
    secure: bool,
) -> Result<Response, Problem> {
    if method != Method::GET {
        return Err(Problem::new(Code::MethodNotAllowed));
    }
    let oidc = oidc(&app)?;
    let forget = remember("", 0, secure);
    let leaving = cookie_named(&headers, COOKIE).and_then(Leaving::of_cookie);
    // Only the browser that left comes back.
    let (Some(leaving), Some(code)) = (leaving.filter(|l| l.state == back.state), back.code) else {
        tracing::warn!(
            error = back.error,
            "somebody came back from the issuer without having left, or empty-handed"
        );
        return Ok((forget, Redirect::to("/?login=failed")).into_response());
    };
    let _one = oidc.most.try_acquire().map_err(|_| Problem::after(Code::TooMany, 5))?;
    let (asked, now) = (Arc::clone(&oidc), app.now().unix());
    let arrived = blocking(move || {
        let known = asked.arrive(&leaving, &code, now)?;
        let rule = known.rule.cloned();
        Ok::<_, crate::oidc::OidcError>((known.subject, known.name, rule, known.id_token))
    })
    .await?;
    let (subject, name, rule, token) = match arrived {
        Ok(arrived) => arrived,
        Err(error) => {
            tracing::warn!(error = causes(&error), "somebody came back from the issuer and is not believed");
            return Ok((forget, Redirect::to("/?login=failed")).into_response());
        }
    };
    let administrator = app.local_administrator();
    let organization =
        rule.as_ref().and_then(|rule| app.organization_named(&administrator, &rule.organization));
    let (Some(rule), Some(organization)) = (rule, organization) else {
        tracing::warn!(subject, "the issuer vouches for somebody who fits no rule, or acts for nobody here");
        return Ok((forget, Redirect::to("/?login=refused")).into_response());
    };
    let issuer = oidc.issuer().to_owned();
    let identity = Identity { issuer, subject, name, organization, role: rule.role };
    let session = app.log_in_as(&administrator, &identity).await?;
    let cookie = AppendHeaders([(header::SET_COOKIE, set_cookie(&session.secret, secure))]);
    let token = if token.len() <= MAX_SAID { token } else { "yes".to_owned() };
    Ok((forget, cookie, said(&token, SESSION_SECONDS, secure), Redirect::to("/")).into_response())
}
