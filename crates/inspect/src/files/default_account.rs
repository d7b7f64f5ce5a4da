//! `default-account`: an account that is the same on every device, with a password that is known, empty or fixed.
//!
//! **Finds** accounts of `passwd`/`shadow` files whose login shell works and whose password is empty, fits a list of
//! passwords that attackers try first, or is fixed in the image; and accounts beside `root` that have all rights.
//! **Misses** accounts that programs create or compare by themselves (see `hardcoded-credential`), databases other
//! than `passwd`, and hashes that would take long to try.
//! **Wrongly reports** accounts that a first start replaces or that no login service reads.
//! **Source**: CWE-1392; UK PSTI Act 2022 and ETSI EN 303 645 §5.1 forbid universal default passwords; Mirai (2016).

use record::SourceKind;
use unpack::Tree;

use super::account::{Account, accounts};
use super::password::{Stored, stored};
use super::text::{escaped, excerpt};
use super::{FileDetector, FileFinding, Weight};

pub(crate) const DETECTOR: FileDetector = FileDetector { rule: "default-account", version: 1, detect };

fn detect(tree: &Tree) -> Vec<FileFinding> {
    let accounts = accounts(tree);
    let mut found: Vec<FileFinding> = accounts.iter().filter_map(usable).collect();
    found.extend(accounts.iter().filter_map(second_administrator));
    found
}

fn usable(account: &Account) -> Option<FileFinding> {
    if !account.can_log_in() {
        return None;
    }
    let administrator = account.administrator();
    let name = escaped(account.name.as_bytes());
    let (weight, title, password) = match stored(&account.password, &account.name) {
        Stored::Nobody => return None,
        Stored::Empty if administrator => (
            Weight::AdministratorWithoutPassword,
            format!("administrator `{name}` needs no password"),
            Some(String::new()),
        ),
        // A user without password is how single-purpose systems start their only program.
        Stored::Empty => return None,
        Stored::Known(password) => {
            let weight = if administrator {
                Weight::AdministratorWithKnownPassword
            } else {
                Weight::UserWithKnownPassword
            };
            (weight, format!("account `{name}` has a password that everybody knows"), Some(password))
        }
        Stored::Unknown => {
            let weight = if administrator {
                Weight::AdministratorWithFixedPassword
            } else {
                Weight::UserWithFixedPassword
            };
            (weight, format!("account `{name}` has the same password on every device"), None)
        }
    };
    Some(finding(account, weight, title, password))
}

fn finding(account: &Account, weight: Weight, title: String, password: Option<String>) -> FileFinding {
    let name = escaped(account.name.as_bytes());
    let rights = if account.administrator() { "all rights" } else { "a user's rights" };
    let known = match &password {
        Some(password) if password.is_empty() => "no password is asked".to_owned(),
        Some(password) => format!("its password is `{}`", escaped(password.as_bytes())),
        None => "its password is stored as a hash in the image, so every device has the same".to_owned(),
    };
    let condition = match &password {
        Some(password) => format!("login as `{name}` with password `{}`", escaped(password.as_bytes())),
        None => format!("login as `{name}` with the password whose hash is stored"),
    };
    FileFinding {
        rule: DETECTOR.rule,
        weight,
        path: account.path.clone(),
        line: account.line,
        title,
        why: format!(
            "Account `{name}` gives {rights} and its shell `{}` works; {known}. Whoever learns it can log in wherever \
             a login is offered.",
            escaped(account.shell.as_bytes())
        ),
        params: [("account".to_owned(), name)].into(),
        source: Some((SourceKind::Network, "login".to_owned())),
        trigger: Some((condition, password.map(String::into_bytes))),
        payload: Some(("authentication.success", format!("shell `{}`", escaped(account.shell.as_bytes())))),
        evidence: vec![excerpt(&format!("{}:{}:…", account.name, account.password))],
    }
}

/// Whether or not a password is known: a second name for all rights escapes rules that speak of `root`.
fn second_administrator(account: &Account) -> Option<FileFinding> {
    let hidden = account.administrator() && account.name != "root" && account.can_log_in();
    // Without any password that fits, or with one already reported, it adds nothing.
    if !hidden || stored(&account.password, &account.name) != Stored::Nobody || account.password == "*" {
        return None;
    }
    let name = escaped(account.name.as_bytes());
    Some(FileFinding {
        rule: DETECTOR.rule,
        weight: Weight::SecondAdministrator,
        path: account.path.clone(),
        line: account.line,
        title: format!("account `{name}` has all rights beside `root`"),
        why: format!(
            "Account `{name}` has user id 0 and a shell that works. Its password is locked in the image, but a key or \
             a program can open it, and rules that restrict `root` do not hold for it."
        ),
        params: [("account".to_owned(), name)].into(),
        source: None,
        trigger: None,
        payload: Some(("authentication.success", "all rights".to_owned())),
        evidence: vec![excerpt(&format!("{}:{}:…", account.name, account.password))],
    })
}
