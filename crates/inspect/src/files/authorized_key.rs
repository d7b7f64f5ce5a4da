//! `authorized-key`: a key that opens a login is delivered with the image.
//!
//! **Finds** public keys in `authorized_keys` files (OpenSSH and dropbear), whoever holds the private half.
//! **Misses** keys that a program writes or fetches later, certificates of an authority (`TrustedUserCAKeys`).
//! **Wrongly reports** a key that the maker documents for maintenance and the operator accepts.
//! **Source**: sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; CWE-321; CVE-2012-1493 (F5), CVE-2015-6336 (Cisco) were such.

use record::SourceKind;
use unpack::Tree;

use super::text::{excerpt, file_name, lines, texts};
use super::{FileDetector, FileFinding, Weight};

pub(crate) const DETECTOR: FileDetector = FileDetector { rule: "authorized-key", version: 1, detect };

const KEY_TYPES: &[&str] =
    &["ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-", "sk-ssh-ed25519", "sk-ecdsa-sha2-"];

fn detect(tree: &Tree) -> Vec<FileFinding> {
    let files = texts(tree, |path| matches!(file_name(path), "authorized_keys" | "authorized_keys2"));
    files.flat_map(|(path, text)| keys(path, &text)).collect()
}

fn keys(path: &str, text: &str) -> Vec<FileFinding> {
    lines(text).filter_map(|(number, line)| key(path, number, line)).collect()
}

/// Options may stand before the key's type, so the type is looked for among the words.
fn key(path: &str, number: u64, line: &str) -> Option<FileFinding> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| KEY_TYPES.iter().any(|kind| word.starts_with(kind)))?;
    let blob = words.get(at + 1)?;
    let comment = words.get(at + 2..).unwrap_or_default().join(" ");
    let short: String = blob.chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect();
    let holder = if comment.is_empty() { format!("…{short}") } else { comment };
    let holder = excerpt(&holder);
    Some(FileFinding {
        rule: DETECTOR.rule,
        weight: Weight::ForeignKey,
        path: path.to_owned(),
        line: number,
        title: format!("key `{holder}` opens a login on every device"),
        why: format!(
            "The image is delivered with a key that is accepted for login. Whoever holds the private half of `{holder}` \
             gets in, on every device with this image."
        ),
        params: [("key".to_owned(), holder)].into(),
        source: Some((SourceKind::Network, "ssh".to_owned())),
        trigger: None,
        payload: Some(("authentication.success", "login by key".to_owned())),
        evidence: vec![excerpt(line)],
    })
}
