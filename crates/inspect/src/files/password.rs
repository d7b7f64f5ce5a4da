//! Stored passwords: what fits them.

use pwhash::unix;

/// Passwords that attackers try first: what makers ship, as published with the sources of the Mirai botnet (2016), in
/// default-password lists of the UK NCSC and in vendors' manuals.
const KNOWN: &[&str] = &[
    "",
    "0000",
    "00000000",
    "1001chin",
    "1111",
    "1111111",
    "12341234",
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "54321",
    "666666",
    "7ujMko0admin",
    "7ujMko0vizxv",
    "888888",
    "Zte521",
    "abc123",
    "admin",
    "admin123",
    "admin1234",
    "adminadmin",
    "alpine",
    "anko",
    "backup",
    "calvin",
    "changeme",
    "cisco",
    "daemon",
    "debug",
    "default",
    "dreambox",
    "field",
    "fucker",
    "guest",
    "hi3518",
    "hunt5759",
    "ikwb",
    "ipcam",
    "juantech",
    "jvbzd",
    "klv123",
    "klv1234",
    "letmein",
    "login",
    "maintenance",
    "master",
    "meinsm",
    "monitor",
    "openwrt",
    "operator",
    "oracle",
    "pass",
    "password",
    "password1",
    "public",
    "qwerty",
    "raspberry",
    "realtek",
    "root",
    "root123",
    "secret",
    "service",
    "smcadmin",
    "super",
    "supervisor",
    "support",
    "sysadmin",
    "system",
    "tech",
    "technician",
    "tini",
    "toor",
    "ubnt",
    "user",
    "vizxv",
    "welcome",
    "xc3511",
    "xmhdipc",
    "zlxx.",
    "zte",
];

/// What a stored password lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Nobody: locked, or a mark that no password fits.
    Nobody,
    /// Everybody.
    Empty,
    /// Whoever tries this one.
    Known(String),
    /// Whoever knows it; we do not.
    Unknown,
}

/// Tries the known passwords, the account's name, and its name turned round.
pub(crate) fn stored(password: &str, account: &str) -> Stored {
    if password.is_empty() {
        return Stored::Empty;
    }
    if !is_hash(password) {
        return Stored::Nobody;
    }
    if !is_cheap(password) {
        return Stored::Unknown;
    }
    let reversed: String = account.chars().rev().collect();
    let guesses = [account, reversed.as_str()].into_iter().chain(KNOWN.iter().copied());
    guesses
        .into_iter()
        .find(|guess| unix::verify(guess, password))
        .map_or(Stored::Unknown, |guess| Stored::Known(guess.to_owned()))
}

/// crypt(5): a modular hash begins with `$`, a traditional one has 13 characters; anything else fits no password.
fn is_hash(password: &str) -> bool {
    let character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/');
    password.starts_with('$') || (password.len() == 13 && password.chars().all(character))
}

/// Hashes can ask for any amount of work; those that take more than milliseconds are not tried.
fn is_cheap(password: &str) -> bool {
    let mut fields = password.split('$').skip(1);
    match (fields.next(), fields.next()) {
        (Some("5" | "6"), Some(parameter)) => match parameter.strip_prefix("rounds=") {
            Some(rounds) => rounds.parse::<u32>().is_ok_and(|rounds| rounds <= 10_000),
            None => true,
        },
        (Some("2" | "2a" | "2b" | "2x" | "2y"), Some(cost)) => {
            cost.parse::<u32>().is_ok_and(|cost| cost <= 6)
        }
        (Some("1") | None, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes made with `openssl passwd -1`, `-5`, `-6` and with perl's crypt.
    #[test]
    fn known_passwords_are_found_behind_every_usual_hash() {
        for (hash, password) in [
            ("$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "password"),
            ("$5$saltsalt$ajilCybiF3oQBEfeTHO1rkbsmz9HcJplt.gHWXkRfD4", "admin"),
            (
                "$6$saltsalt$imNpoTToxg0uElWe0jkumPeYaSbMjdfpMltx4ujhl6fBM0Kbfp4goTvuYuH/9J.53A/DGQiRrlELi.Z/L.rQo/",
                "toor",
            ),
            ("abvyhtC1vX8PI", "guest"),
        ] {
            assert_eq!(stored(hash, "somebody"), Stored::Known(password.to_owned()), "{hash}");
        }
    }

    #[test]
    fn marks_and_locks_let_nobody_in() {
        for password in ["*", "!", "!!", "!$1$salt$hash", "x", "NP", "*LK*"] {
            assert_eq!(stored(password, "root"), Stored::Nobody, "{password}");
        }
        assert_eq!(stored("", "root"), Stored::Empty);
    }

    #[test]
    fn hashes_that_ask_for_much_work_are_not_tried() {
        for hash in ["$6$rounds=999999999$salt$x", "$2b$31$abcdefghijklmnopqrstuv", "$y$j9T$salt$hash"] {
            assert_eq!(stored(hash, "root"), Stored::Unknown, "{hash}");
        }
    }
}
