//! The HTTP interface and the pages.
//!
//! [`router`] is made from one table (`routes`): each row has method, path, what it says of itself and its handler,
//! so that the OpenAPI document cannot forget a route. A handler extracts, asks the platform once, and answers; errors
//! become RFC 9457 problems with a code from one table. Who is asking is a [`share::Viewer`], made from a session
//! cookie or a bearer token; the platform decides what they see.
//!
//! Not here: SQL; engines. The server stores and shows signed records and runs no analysis.

mod answer;
mod background;
mod caller;
mod federation;
mod guard;
mod here;
mod intake;
mod limits;
mod mail;
mod metrics;
mod observe;
mod oidc;
mod once;
mod openapi;
mod pages;
mod problem;
mod routes;
mod serve;
mod site;
mod tell;
mod tls;

pub use limits::Rates;
pub use mail::{Encryption, Mail, MailSettings, MailSettingsError};
pub use oidc::{Oidc, OidcSettings, OidcSettingsError, RoleRule};
pub use openapi::document as openapi;
pub use serve::{ServeError, ServeOptions, router, serve, work};
pub use site::Site;
pub use tls::{Tls, TlsError};
