//! `private-key`: a private key that every device of this kind shares.
//!
//! **Finds** private keys in PEM form (PKCS #1, PKCS #8, SEC 1, OpenSSH) without a passphrase, and dropbear host keys.
//! **Misses** keys in DER, in key stores, or encrypted with a passphrase that stands elsewhere in the image.
//! **Wrongly reports** keys of examples and tests that no program loads.
//! **Source**: CWE-321; "House of Keys" (SEC Consult, 2015) found 580 keys shared by 4 million devices.

use unpack::{Bytes, Tree};

use super::text::{excerpt, file_name, lines, text};
use super::{FileDetector, FileFinding, Weight};

pub(crate) const DETECTOR: FileDetector = FileDetector { rule: "private-key", version: 1, detect };

fn detect(tree: &Tree) -> Vec<FileFinding> {
    let mut found = Vec::new();
    for (path, content) in tree.files() {
        if let Some(kind) = dropbear_key(content) {
            found.push(finding(path, 0, kind, format!("dropbear key of {} bytes", content.len())));
        } else if let Some(text) = text(content) {
            found.extend(pem_keys(path, &text));
        }
    }
    found
}

/// A length-prefixed key type, then the key (dropbear's own format).
fn dropbear_key(content: &Bytes) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 3] = [
        (b"\0\0\0\x07ssh-rsa", "RSA"),
        (b"\0\0\0\x0bssh-ed25519", "Ed25519"),
        (b"\0\0\0\x13ecdsa-sha2-nistp256", "ECDSA"),
    ];
    let (_, kind) = kinds.into_iter().find(|(head, _)| content.starts_with(head))?;
    (content.len() < 8192).then_some(kind)
}

fn pem_keys(path: &str, text: &str) -> Vec<FileFinding> {
    let mut found = Vec::new();
    let mut all = lines(text).peekable();
    while let Some((number, line)) = all.next() {
        let Some(kind) = pem_kind(line) else { continue };
        let encrypted = all.peek().is_some_and(|(_, next)| next.contains("ENCRYPTED"));
        if !encrypted && has_body(text, number) {
            found.push(finding(path, number, kind, excerpt(line)));
        }
    }
    found
}

fn pem_kind(line: &str) -> Option<&'static str> {
    let label = line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
    match label {
        "RSA PRIVATE KEY" => Some("RSA"),
        "EC PRIVATE KEY" => Some("ECDSA"),
        "DSA PRIVATE KEY" => Some("DSA"),
        "OPENSSH PRIVATE KEY" => Some("OpenSSH"),
        "PRIVATE KEY" => Some("PKCS #8"),
        _ => None,
    }
}

/// A key, not the mere marker in a program's or manual's text: base64 lines and an end follow.
fn has_body(text: &str, number: u64) -> bool {
    let body = text.lines().skip(usize::try_from(number).unwrap_or(usize::MAX));
    let base64 =
        |l: &&str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    let rows = body.take_while(base64).map(str::len).sum::<usize>();
    rows >= 40
}

fn finding(path: &str, line: u64, kind: &str, evidence: String) -> FileFinding {
    FileFinding {
        rule: DETECTOR.rule,
        weight: Weight::SharedPrivateKey,
        path: path.to_owned(),
        line,
        title: format!("private key ({kind}) in `{}` is the same on every device", file_name(path)),
        why: "A private key is delivered in the image, so every device has it and whoever owns one device can pose as, \
              or listen to, all others. A device should make its keys when it is first started."
            .to_owned(),
        params: [("kind".to_owned(), kind.to_owned())].into(),
        source: None,
        trigger: None,
        payload: None,
        evidence: vec![evidence],
    }
}
