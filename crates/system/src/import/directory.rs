//! JSON of directory collectors in the style of BloodHound: computers, users, groups, sessions, local administrators.
//!
//! Understood: objects of `meta.type` computers, users and groups (format versions 4 and 5): `ObjectIdentifier`,
//! `Properties.name`, `enabled`; `Members` of groups; `LocalAdmins` or `LocalGroups` of administrators, `Sessions`. A
//! session leaves the account's credential in the computer's memory. Names that other files define are taken by their
//! identifier, so that documents of several files meet. Access rights on objects (`Aces`) are listed by their number.

use serde_json::Value;

use super::{ImportError, Imported, id, ignored, located};
use crate::{Account, Credential, Group, Host, HostKind};

const FORMAT: &str = "JSON of a directory collector (BloodHound)";
/// Well-known last figure of the identifier of a machine's own administrators (Microsoft, "Well-known SIDs").
const ADMINISTRATORS: &str = "-544";

/// Reads one file.
///
/// # Errors
/// If the text is no JSON, or has no `data` of a known type.
pub fn directory(name: &str, text: &str) -> Result<Imported, ImportError> {
    let fault = |line, reason: String| ImportError { name: name.to_owned(), line, reason, format: FORMAT };
    let root: Value = serde_json::from_str(text).map_err(|e| fault(e.line(), e.to_string()))?;
    let data = root.get("data").and_then(Value::as_array);
    let data = data.ok_or_else(|| fault(1, "no list `data`".to_owned()))?;
    let kind = root.pointer("/meta/type").and_then(Value::as_str).unwrap_or_default();
    let mut out = Imported::default();
    let (mut rights, mut nameless) = (0, 0);
    for object in data {
        rights += list(object, "/Aces").count();
        nameless += usize::from(key(word(object, "/ObjectIdentifier")).is_empty());
        match kind {
            "computers" => computer(&mut out, object),
            "users" => user(&mut out, object),
            "groups" => group(&mut out, object),
            other => return Err(fault(1, format!("`meta.type` is `{}`", other.escape_debug()))),
        }
    }
    let mut leave = |count: usize, what: &str, why: &str| {
        if count > 0 {
            out.ignored.push(ignored(1, &format!("{count} {what}"), why));
        }
    };
    leave(rights, "access rights", "rights on objects are not part of the model");
    leave(nameless, "objects", "they have no identifier");
    let others = data.iter().flat_map(|object| list(object, "/Members").chain(administrators(object)));
    let others = others.filter(|object| member(object).is_none()).count();
    leave(others, "members", "neither a user nor a group");
    let local = data.iter().flat_map(|object| list(object, "/LocalGroups"));
    let local = local.filter(|group| !word(group, "/ObjectIdentifier").ends_with(ADMINISTRATORS)).count();
    leave(local, "local groups", "only administrators of the machine are followed");
    let sessions = data.iter().flat_map(|object| list(object, "/Sessions"));
    let sessions = sessions.filter(|session| key(word(session, "/UserSID")).is_empty()).count();
    leave(sessions, "sessions", "they name no user");
    Ok(out)
}

fn list<'v>(object: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    let found = object.pointer(pointer);
    let results = found.and_then(|f| f.get("Results"));
    results.or(found).and_then(Value::as_array).into_iter().flatten()
}

fn word<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn key(identifier: &str) -> String {
    id(identifier)
}

fn computer(out: &mut Imported, object: &Value) {
    let host = key(word(object, "/ObjectIdentifier"));
    if host.is_empty() {
        return;
    }
    let controller = object.pointer("/IsDC").and_then(Value::as_bool).unwrap_or_default();
    let entry = Host {
        title: Some(word(object, "/Properties/name").to_owned()),
        kind: if controller { HostKind::DirectoryServer } else { HostKind::Workstation },
        ..Host::default()
    };
    out.document.hosts.insert(host.clone(), located(entry, 1));
    let administrators: Vec<String> = administrators(object).filter_map(member).collect();
    if !administrators.is_empty() {
        let group = Group {
            members: administrators.into_iter().map(|member| located(member, 1)).collect(),
            admin_of: vec![located(host.clone(), 1)],
        };
        out.document.groups.insert(format!("{host}-administrators"), located(group, 1));
    }
    for session in list(object, "/Sessions") {
        let account = key(word(session, "/UserSID"));
        if account.is_empty() {
            continue;
        }
        let credential = out.document.credentials.entry(format!("{account}-secret"));
        let credential = credential.or_insert_with(|| located(Credential::default(), 1));
        credential.value.cached_on.push(located(host.clone(), 1));
        let entry = out.document.accounts.entry(account.clone());
        let entry = entry.or_insert_with(|| located(Account::default(), 1));
        entry.value.hosts.push(located(host.clone(), 1));
        entry.value.credentials = vec![located(format!("{account}-secret"), 1)];
    }
}

/// Who administers a computer, of either format version.
fn administrators(object: &Value) -> impl Iterator<Item = &Value> {
    let local = list(object, "/LocalGroups")
        .filter(|group| word(group, "/ObjectIdentifier").ends_with(ADMINISTRATORS));
    list(object, "/LocalAdmins").chain(local.flat_map(|group| list(group, "/Results")))
}

/// `account:…` or `group:…`.
fn member(object: &Value) -> Option<String> {
    let identifier = key(word(object, "/ObjectIdentifier"));
    let kind = match word(object, "/ObjectType") {
        "User" => "account",
        "Group" => "group",
        _ => return None,
    };
    (!identifier.is_empty()).then(|| format!("{kind}:{identifier}"))
}

fn user(out: &mut Imported, object: &Value) {
    let account = key(word(object, "/ObjectIdentifier"));
    if account.is_empty() {
        return;
    }
    let enabled = object.pointer("/Properties/enabled").and_then(Value::as_bool).unwrap_or(true);
    let entry = Account { user: Some(word(object, "/Properties/name").to_owned()), ..Account::default() };
    if enabled {
        out.document.accounts.insert(account, located(entry, 1));
    } else {
        out.ignored.push(ignored(1, word(object, "/Properties/name"), "the account is disabled"));
    }
}

fn group(out: &mut Imported, object: &Value) {
    let name = key(word(object, "/ObjectIdentifier"));
    if name.is_empty() {
        return;
    }
    let members = list(object, "/Members").filter_map(member).map(|member| located(member, 1)).collect();
    out.document.groups.insert(name, located(Group { members, admin_of: Vec::new() }, 1));
}
