//! Accounts of an image: `passwd` and `shadow` of the same folder, joined.

use std::collections::BTreeMap;

use unpack::Tree;

use super::text::{ends_in, lines, texts};

/// An account that a file of an image defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: Option<u32>,
    pub(crate) home: String,
    pub(crate) shell: String,
    /// As stored: empty, a hash, or a mark that no password fits.
    pub(crate) password: String,
    /// The file that stores the password, and where in it.
    pub(crate) path: String,
    pub(crate) line: u64,
}

impl Account {
    /// With all rights.
    pub(crate) fn administrator(&self) -> bool {
        self.uid == Some(0)
    }

    /// Whether its shell lets somebody in. An empty field means the standard shell (passwd(5)).
    pub(crate) fn can_log_in(&self) -> bool {
        let program = super::text::file_name(&self.shell);
        !matches!(program, "false" | "nologin" | "sync" | "shutdown" | "halt" | "true")
    }
}

/// Accounts of all `passwd` files, in order of path and line.
pub(crate) fn accounts(tree: &Tree) -> Vec<Account> {
    let mut all = Vec::new();
    for (path, text) in texts(tree, |path| ends_in(path, "passwd") && !path.contains("pam.d/")) {
        let folder = path.strip_suffix("passwd").unwrap_or_default();
        let shadows = shadow_lines(tree, &format!("{folder}shadow"));
        all.extend(lines(&text).filter_map(|(line, row)| account(path, line, row, &shadows)));
    }
    all
}

type Shadows = BTreeMap<String, (String, u64, String)>;

fn shadow_lines(tree: &Tree, path: &str) -> Shadows {
    let Some((path, text)) = texts(tree, |p| p == path).next() else { return Shadows::new() };
    let row = |(line, row): (u64, &str)| {
        let (name, rest) = row.split_once(':')?;
        let password = rest.split(':').next().unwrap_or_default();
        Some((name.to_owned(), (path.to_owned(), line, password.to_owned())))
    };
    lines(&text).filter_map(row).collect()
}

/// Seven fields, as passwd(5) has it; other files of that name are none.
fn account(path: &str, line: u64, row: &str, shadows: &Shadows) -> Option<Account> {
    let fields: Vec<&str> = row.split(':').collect();
    let [name, password, uid, _gid, _comment, home, shell] = fields.as_slice() else { return None };
    let stored = (path.to_owned(), line, (*password).to_owned());
    let (path, line, password) = match (*password, shadows.get(*name)) {
        ("x", Some(shadow)) => shadow.clone(),
        // Without a shadow entry nothing fits `x`.
        ("x", None) => (stored.0, stored.1, "*".to_owned()),
        _ => stored,
    };
    Some(Account {
        name: (*name).to_owned(),
        uid: uid.parse().ok(),
        home: (*home).to_owned(),
        shell: (*shell).to_owned(),
        password,
        path,
        line,
    })
}
