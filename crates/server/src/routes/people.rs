//! Logging in and out, tokens, organizations and their keys.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, on};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use share::{
    AuditView, OrganizationId, OrganizationKind, OrganizationView, Page, Paging, Role, SESSION_SECONDS,
    Secret, SessionView, TokenView,
};
use statement::{KeyId, PublicKey};

use crate::answer::{Asked, Input, Json, List, ok};
use crate::caller::{App, COOKIE, Caller, cookie};
use crate::problem::{Code, Problem};
use crate::routes::{Area, Route, get, plain, post};

pub(super) fn routes(secure: bool) -> Vec<Route> {
    let login_link = plain(
        MethodFilter::GET,
        Method::GET,
        "/login",
        Area::Open,
        (303, ""),
        "the login link: sets the session cookie and leads to the pages",
        move |m| on(m, move |state, method, query| follow(state, method, query, secure)),
    );
    let mut login = post!("/api/v1/login", log_in_unsecured, Login, 200 SessionView, "log in with the token of a login link");
    if secure {
        login.handler = axum::routing::post(log_in_secured);
    }
    let log_out = plain(
        MethodFilter::DELETE,
        Method::DELETE,
        "/api/v1/session",
        Area::Api,
        (204, ""),
        "log out",
        |m| on(m, log_out),
    );
    let revoke = plain(
        MethodFilter::DELETE,
        Method::DELETE,
        "/api/v1/tokens/{id}",
        Area::Api,
        (204, ""),
        "revoke a token of one's own",
        |m| on(m, revoke_token),
    );
    let everywhere = plain(
        MethodFilter::DELETE,
        Method::DELETE,
        "/api/v1/sessions",
        Area::Api,
        (204, ""),
        "log out everywhere: ends all sessions of one's account",
        |m| on(m, log_out_everywhere),
    );
    vec![
        login_link,
        login,
        get!("/api/v1/session", session, SessionView, "who is logged in"),
        log_out,
        everywhere,
        get!(
            "/api/v1/tokens",
            tokens,
            Page<TokenView>,
            "one's own tokens, without their secrets",
            "after",
            "limit"
        ),
        post!("/api/v1/tokens", add_token, NewToken, 201 Token, "make a token for scripts; shown once"),
        revoke,
        get!(
            "/api/v1/audit",
            audit,
            Page<AuditView>,
            "who wrote what, newest first (auditor)",
            "after",
            "limit"
        ),
        get!(
            "/api/v1/organizations",
            organizations,
            Page<OrganizationView>,
            "organizations one has to do with",
            "after",
            "limit"
        ),
        post!("/api/v1/organizations", add_organization, NewOrganization, 201 Added, "add an organization (instance administrator)"),
        post!("/api/v1/organizations/{id}/accounts", add_account, NewAccount, 201 AddedAccount, "add an account (instance administrator, or administrator of the organization); its login link is shown once"),
        post!("/api/v1/organizations/{id}/login-links", add_login_link, Whose, 201 AddedAccount, "another login link for an account, by its name (instance administrator, or administrator of the organization); shown once"),
        post!("/api/v1/organizations/{id}/keys", add_key, NewKey, 201 AddedKey, "accept a key for an organization (instance administrator)"),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Login {
    /// From the login link.
    token: String,
}

#[derive(Deserialize, JsonSchema)]
struct NewToken {
    /// For reading.
    name: String,
    /// At most one's own.
    role: Role,
    /// Manages the instance as well (instance administrator); the role is then one's own.
    #[serde(default)]
    instance: bool,
}

#[derive(Serialize, JsonSchema)]
struct Token {
    /// To revoke it by.
    id: String,
    /// For `Authorization: Bearer`.
    token: String,
}

#[derive(Deserialize, JsonSchema)]
struct NewOrganization {
    /// Name.
    name: String,
    /// What it does in the chain.
    kind: OrganizationKind,
}

#[derive(Serialize, JsonSchema)]
struct Added {
    /// Id of what was added.
    id: String,
}

#[derive(Deserialize, JsonSchema)]
struct NewAccount {
    /// Name.
    name: String,
    /// What it may do.
    role: Role,
}

#[derive(Deserialize, JsonSchema)]
struct Whose {
    /// The account's name.
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct AddedAccount {
    /// Id of the account.
    id: String,
    /// For `/login?token=`; works once, within 30 minutes.
    login_token: String,
}

#[derive(Deserialize, JsonSchema)]
struct NewKey {
    /// Base64 of the 32 bytes.
    public_key: PublicKey,
}

#[derive(Serialize, JsonSchema)]
struct AddedKey {
    /// Id of the key.
    key_id: KeyId,
}

pub(super) fn set_cookie(secret: &Secret, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION_SECONDS}{secure}",
        secret.reveal()
    )
}

/// A link somebody follows; looking ahead at it (HEAD) does not use it up. The cookie is set before the pages are
/// asked for, and the link leaves the address bar.
async fn follow(
    State(app): State<App>,
    method: Method,
    Asked(login): Asked<Login>,
    secure: bool,
) -> Result<Response, Problem> {
    if method != Method::GET {
        return Err(Problem::new(Code::MethodNotAllowed));
    }
    Ok(match app.log_in(&login.token).await? {
        Some(session) => {
            let cookie = AppendHeaders([(header::SET_COOKIE, set_cookie(&session.secret, secure))]);
            (cookie, Redirect::to("/")).into_response()
        }
        None => Redirect::to("/?login=failed").into_response(),
    })
}

async fn log_in_unsecured(app: State<App>, input: Input<Login>) -> Result<Response, Problem> {
    log_in(app, input, false).await
}

async fn log_in_secured(app: State<App>, input: Input<Login>) -> Result<Response, Problem> {
    log_in(app, input, true).await
}

async fn log_in(
    State(app): State<App>,
    Input(login): Input<Login>,
    secure: bool,
) -> Result<Response, Problem> {
    let session = app.log_in(&login.token).await?.ok_or(Problem::new(Code::LoginFailed))?;
    let found = app.viewer_of_session(session.secret.reveal()).await?;
    let (_, view) = found.ok_or(Problem::new(Code::LoginFailed))?;
    Ok((AppendHeaders([(header::SET_COOKIE, set_cookie(&session.secret, secure))]), ok(view)).into_response())
}

async fn session(caller: Caller) -> Json<SessionView> {
    ok(caller.session)
}

async fn log_out(State(app): State<App>, headers: HeaderMap, _: Caller) -> Result<Response, Problem> {
    if let Some(secret) = cookie(&headers) {
        app.log_out(secret).await?;
    }
    Ok(logged_out())
}

async fn log_out_everywhere(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    app.end_sessions(&caller.viewer).await?;
    Ok(logged_out())
}

fn logged_out() -> Response {
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    (StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, gone)])).into_response()
}

async fn tokens(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Result<Json<Page<TokenView>>, Problem> {
    Ok(ok(Paging::from(list).cut(app.tokens(&caller.viewer).await?, |token| token.id.clone())))
}

async fn add_token(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<NewToken>,
) -> Result<Json<Token>, Problem> {
    let token = match new.instance {
        true => app.add_instance_token(&caller.viewer, &new.name).await?,
        false => app.add_token(&caller.viewer, &new.name, new.role).await?,
    };
    Ok(Json(StatusCode::CREATED, Token { id: token.id, token: token.secret.reveal().to_owned() }))
}

async fn revoke_token(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.revoke_token(&caller.viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn audit(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Result<Json<Page<AuditView>>, Problem> {
    Ok(ok(app.audit(&caller.viewer, list.after.as_deref(), list.limit).await?))
}

async fn organizations(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Json<Page<OrganizationView>> {
    ok(share::Paging::from(list).cut(app.organizations(&caller.viewer), |o| o.id.to_string()))
}

async fn add_organization(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<NewOrganization>,
) -> Result<Json<Added>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    let id = app.add_organization(&administrator, &new.name, new.kind).await?;
    Ok(Json(StatusCode::CREATED, Added { id: id.to_string() }))
}

async fn add_account(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Input(new): Input<NewAccount>,
) -> Result<Json<AddedAccount>, Problem> {
    let organization = OrganizationId::new(id);
    let administrator = caller.viewer.administrator_of(&organization).ok_or(Problem::new(Code::Role))?;
    let id = app.add_account(&administrator, &organization, &new.name, new.role, false).await?;
    let link = app.login_link(&administrator, &id).await?;
    let added = AddedAccount { id: id.to_string(), login_token: link.reveal().to_owned() };
    Ok(Json(StatusCode::CREATED, added))
}

async fn add_login_link(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Input(whose): Input<Whose>,
) -> Result<Json<AddedAccount>, Problem> {
    let organization = OrganizationId::new(id);
    let administrator = caller.viewer.administrator_of(&organization).ok_or(Problem::new(Code::Role))?;
    let account = app.account_named(&administrator, &organization, &whose.name).await?;
    let account = account.ok_or(Problem::new(Code::NotFound))?;
    // Whoever manages the instance could be made to be somebody of one organization's choice.
    let manages = app.viewer(&administrator, &account).await?.administrator().is_some();
    if manages && caller.viewer.administrator().is_none() {
        return Err(Problem::new(Code::Role));
    }
    let link = app.login_link(&administrator, &account).await?;
    let added = AddedAccount { id: account.to_string(), login_token: link.reveal().to_owned() };
    Ok(Json(StatusCode::CREATED, added))
}

async fn add_key(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Input(new): Input<NewKey>,
) -> Result<Json<AddedKey>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    let key_id = app.add_key(&administrator, &OrganizationId::new(id), new.public_key).await?;
    Ok(Json(StatusCode::CREATED, AddedKey { key_id }))
}
