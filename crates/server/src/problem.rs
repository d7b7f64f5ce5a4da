//! Problem documents (RFC 9457). The table of codes is a promise: codes are never renamed.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use share::{ReadError, Trouble, WriteError};

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal, $status:ident, $title:literal;)*) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $code,)* }

        impl Code {
            fn row(self) -> (&'static str, StatusCode, &'static str) {
                match self { $(Self::$code => ($text, StatusCode::$status, $title),)* }
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$code,)*];
        }
    };
}

codes! {
    AmbiguousSubject = "ambiguous-subject", CONFLICT, "several releases fit";
    BadCommitment = "bad-commitment", UNPROCESSABLE_ENTITY, "the commitment does not belong to the document";
    BadCsrf = "bad-csrf", FORBIDDEN, "the request does not come from our pages";
    BadHead = "bad-head", CONFLICT, "the head does not count what is disclosed";
    BadRequest = "bad-request", BAD_REQUEST, "the request does not read";
    BadStatement = "bad-statement", UNPROCESSABLE_ENTITY, "the statement does not read";
    BudgetSpent = "budget-spent", TOO_MANY_REQUESTS, "no questions left in this month";
    CommitmentStands = "commitment-stands", CONFLICT, "the commitment to the document is in force";
    Exists = "exists", CONFLICT, "it exists already";
    Internal = "internal", INTERNAL_SERVER_ERROR, "something failed here";
    KeyProof = "key-proof", UNPROCESSABLE_ENTITY, "the new key has not signed";
    KeyReused = "key-reused", UNPROCESSABLE_ENTITY, "the idempotency key was used for another request";
    LoginFailed = "login-failed", UNAUTHORIZED, "the login link is unknown, used or too old";
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "the method does not fit the path";
    Moved = "moved", SERVICE_UNAVAILABLE, "the platform is served elsewhere now";
    NoMail = "no-mail", CONFLICT, "the platform sends no e-mail";
    NoVulnerabilities = "no-vulnerabilities", SERVICE_UNAVAILABLE, "the platform has no vulnerability data";
    NotDelegated = "not-delegated", CONFLICT, "the owner has not delegated this to the platform";
    NotFound = "not-found", NOT_FOUND, "not found";
    NotLoggedIn = "not-logged-in", UNAUTHORIZED, "not logged in";
    NotSupersedable = "not-supersedable", CONFLICT, "it cannot be replaced or taken back";
    NotYourKey = "not-your-key", FORBIDDEN, "not signed by a key of your organization";
    PeerFailed = "peer-failed", BAD_GATEWAY, "the other instance cannot be pulled";
    Revoked = "revoked", FORBIDDEN, "the key is revoked";
    Role = "role", FORBIDDEN, "your role does not allow this";
    SamePerson = "same-person", FORBIDDEN, "a second person has to approve it";
    StorageFull = "storage-full", INSUFFICIENT_STORAGE, "no room is left";
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "the request is too large";
    TooMany = "too-many", TOO_MANY_REQUESTS, "too many requests";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "the platform's store does not answer";
    UnderWay = "under-way", CONFLICT, "the first request with this key is under way";
    UnknownSubject = "unknown-subject", UNPROCESSABLE_ENTITY, "nothing has the digest of the subject";
    WrongPlace = "wrong-place", CONFLICT, "the upload goes on elsewhere";
}

/// An answer that says what went wrong. Details of failures inside stay in the log.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Option<String>,
    /// Seconds to wait before asking again.
    after: Option<u64>,
}

/// The JSON of a problem.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProblemView {
    /// Always `about:blank`; `code` tells problems apart.
    r#type: &'static str,
    /// For reading.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// Stable.
    code: &'static str,
    /// What was wrong in this request.
    detail: Option<String>,
    /// What to do about it.
    hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code) -> Self {
        Self { code, detail: None, after: None }
    }

    pub(crate) fn because(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: Some(detail.into()), after: None }
    }

    /// To be asked again after some seconds.
    pub(crate) fn after(code: Code, seconds: u64) -> Self {
        Self { code, detail: None, after: Some(seconds) }
    }

    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tell(error);
        Self::new(Code::Internal)
    }
}

fn tell(error: &dyn std::error::Error) {
    let causes: Vec<_> =
        std::iter::successors(Some(error), |e| e.source()).map(ToString::to_string).collect();
    tracing::error!(error = causes.join(": "), "request failed");
}

/// Pause before a store that is in trouble is asked again, in seconds.
const RECOVERY: u64 = 5;

/// What is the matter with the store is for whoever looks after it; clients learn whether trying again may help.
fn troubled(trouble: Trouble, error: &dyn std::error::Error) -> Problem {
    let code = match trouble {
        Trouble::Unavailable => Code::Unavailable,
        Trouble::Full => Code::StorageFull,
        Trouble::Moved => Code::Moved,
    };
    tell(error);
    Problem::after(code, RECOVERY)
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        if let Some(trouble) = error.trouble() {
            return troubled(trouble, &error);
        }
        match error {
            ReadError::NotFound => Self::new(Code::NotFound),
            ReadError::Role => Self::new(Code::Role),
            _ => Self::internal(&error),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        if let Some(trouble) = error.trouble() {
            return troubled(trouble, &error);
        }
        let code = match &error {
            WriteError::NotFound { .. } => return Self::new(Code::NotFound),
            WriteError::Role => Code::Role,
            WriteError::Text { .. } | WriteError::NoLog | WriteError::NoSupplier => Code::BadRequest,
            WriteError::Exists { .. } => Code::Exists,
            WriteError::NotYourKey => Code::NotYourKey,
            WriteError::Revoked { .. } => Code::Revoked,
            WriteError::UnknownSubject => Code::UnknownSubject,
            WriteError::AmbiguousSubject => Code::AmbiguousSubject,
            WriteError::Predicate(source) => {
                let cause = std::error::Error::source(source).map(|s| format!(": {s}")).unwrap_or_default();
                return Self::because(Code::BadStatement, format!("{source}{cause}"));
            }
            WriteError::Supersedes { .. } => Code::NotSupersedable,
            WriteError::Head { .. } => Code::BadHead,
            WriteError::KeyProof { .. } => Code::KeyProof,
            WriteError::Commitment => Code::BadCommitment,
            WriteError::CommitmentStands { .. } => Code::CommitmentStands,
            WriteError::NotDelegated => Code::NotDelegated,
            WriteError::InstanceOnly => Code::BadStatement,
            WriteError::SamePerson => Code::SamePerson,
            WriteError::Size { .. } => Code::TooLarge,
            WriteError::Place { .. } => Code::WrongPlace,
            WriteError::Read(ReadError::NotFound) => return Self::new(Code::NotFound),
            WriteError::Budget { .. } => Code::BudgetSpent,
            _ => return Self::internal(&error),
        };
        Self::because(code, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (code, status, title) = self.code.row();
        let (detail, hint) = match self
            .detail
            .as_deref()
            .map(|d| d.split_once("; hint: ").map_or((d, None), |(d, h)| (d, Some(h))))
        {
            Some((detail, hint)) => (Some(detail.to_owned()), hint.map(str::to_owned)),
            None => (None, None),
        };
        let view = ProblemView { r#type: "about:blank", title, status: status.as_u16(), code, detail, hint };
        // A struct of texts and a number always writes.
        let body = serde_json::to_vec(&view).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_sorted() {
        let texts: Vec<_> = Code::ALL.iter().map(|c| c.row().0).collect();
        assert!(texts.is_sorted_by(|a, b| a < b), "{texts:?}");
    }

    #[test]
    fn what_is_hidden_and_what_does_not_exist_answer_alike() {
        let read = Problem::from(ReadError::NotFound);
        let write = Problem::from(WriteError::NotFound { what: "an id".to_owned() });
        assert_eq!((read.code, read.detail), (write.code, write.detail));
    }
}
