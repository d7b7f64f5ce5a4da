//! Signatures for those who verify with OpenPGP: a key of ours as a certificate, and detached signatures by it.
//!
//! Version 4 packets with EdDSA over Ed25519 (RFC 9580, sections 5.2.3, 5.5.2 and 9.1), which every implementation in
//! use reads. Only written, never read. The signatures themselves are those of the key; here are their frames.

use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::base64_text;
use crate::key::SigningKey;
use crate::time::Timestamp;

/// EdDSA as version 4 keys have it, and SHA-256.
const ALGORITHMS: [u8; 2] = [22, 8];

/// Object identifier of the curve, after its length.
const CURVE: [u8; 10] = [9, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];

/// The key may certify and sign.
const FLAGS: u8 = 0x03;

const SIGNATURE: u8 = 2;
const PUBLIC_KEY: u8 = 6;
const USER_ID: u8 = 13;

/// When every key of ours is said to be made: the fingerprint depends on it, and nothing else should be needed to know it.
const MADE: i64 = 1_767_225_600;

/// An OpenPGP signature of a document, with the certificate of the key that made it. Subject: as of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenPgpSignature {
    /// SHA-256 of the document.
    pub document: Sha256,
    /// Fingerprint of the key: 40 upper-case hex digits.
    pub fingerprint: String,
    /// The certificate, armored.
    pub certificate: String,
    /// The detached signature, armored.
    pub signature: String,
}

impl OpenPgpSignature {
    /// `key` as a certificate of `owner` (`Name <mail@host.example>`), and its signature of `document`, made `at`.
    pub fn new(key: &SigningKey, owner: &str, document: &[u8], at: Timestamp) -> Self {
        let own = Certificate::of(key);
        Self {
            document: Sha256(sha2::Sha256::digest(document).into()),
            fingerprint: hex::encode_upper(own.fingerprint),
            certificate: armor("PGP PUBLIC KEY BLOCK", &own.packets(owner)),
            signature: armor(
                "PGP SIGNATURE",
                &packet(SIGNATURE, &own.signature(0x00, &[document], at.unix())),
            ),
        }
    }

    /// Whether what is armored looks like it, and nothing else is in it: others are shown these texts.
    pub fn is_well_formed(&self) -> bool {
        let hex = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
        let armored = |text: &str, kind: &str| {
            let inside = text.strip_prefix(&format!("-----BEGIN {kind}-----\n\n"));
            let inside = inside.and_then(|t| t.strip_suffix(&format!("\n-----END {kind}-----\n")));
            let (text, check) = inside.and_then(|t| t.rsplit_once("\n=")).unwrap_or_default();
            base64_text::decode(&text.replace('\n', ""))
                .is_some_and(|bytes| !bytes.is_empty() && base64_text::decode(check).is_some())
        };
        self.fingerprint.len() == 40
            && self.fingerprint.bytes().all(hex)
            && armored(&self.certificate, "PGP PUBLIC KEY BLOCK")
            && armored(&self.signature, "PGP SIGNATURE")
    }
}

struct Certificate<'a> {
    key: &'a SigningKey,
    /// Body of the packet of the public key.
    public: Vec<u8>,
    fingerprint: [u8; 20],
}

impl<'a> Certificate<'a> {
    fn of(key: &'a SigningKey) -> Self {
        // The point in its native form: a prefix, and the 32 bytes of RFC 8032; 263 bits.
        let point = [&[0x01, 0x07, 0x40], key.public().to_bytes().as_slice()].concat();
        let public = [&[4], seconds(MADE).as_slice(), &ALGORITHMS[..1], &CURVE, &point].concat();
        let fingerprint = <sha1::Sha1 as sha1::Digest>::digest(key_in_hash(&public)).into();
        Self { key, public, fingerprint }
    }

    /// Key, owner, and the key's own word that they belong together.
    fn packets(&self, owner: &str) -> Vec<u8> {
        let named = [&[0xb4], length(owner.len()).as_slice(), owner.as_bytes()].concat();
        let own = self.signature(0x13, &[&key_in_hash(&self.public), &named], MADE);
        [packet(PUBLIC_KEY, &self.public), packet(USER_ID, owner.as_bytes()), packet(SIGNATURE, &own)]
            .concat()
    }

    /// Body of a signature of `kind` over `parts`.
    fn signature(&self, kind: u8, parts: &[&[u8]], at: i64) -> Vec<u8> {
        let flags = if kind == 0x13 { subpacket(27, &[FLAGS]) } else { Vec::new() };
        let issuer = subpacket(33, &[&[4], self.fingerprint.as_slice()].concat());
        let hashed = [subpacket(2, &seconds(at)), flags, issuer].concat();
        let begin = [&[4, kind], &ALGORITHMS[..], &short(hashed.len()), &hashed].concat();
        let trailer = [&[4, 0xff], length(begin.len()).as_slice()].concat();
        let mut hash = sha2::Sha256::default();
        for part in parts.iter().copied().chain([begin.as_slice(), &trailer]) {
            hash.update(part);
        }
        let digest = hash.finalize();
        let whole = self.key.sign(&digest);
        let (r, s) = whole.split_at(32);
        let unhashed = subpacket(16, self.fingerprint.get(12..).unwrap_or_default());
        let left = digest.get(..2).unwrap_or_default();
        [&begin, short(unhashed.len()).as_slice(), &unhashed, left, &integer(r), &integer(s)].concat()
    }
}

/// A public key as signatures and fingerprints hash it.
fn key_in_hash(public: &[u8]) -> Vec<u8> {
    [&[0x99], short(public.len()).as_slice(), public].concat()
}

fn seconds(unix: i64) -> [u8; 4] {
    u32::try_from(unix).unwrap_or(u32::MAX).to_be_bytes()
}

fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

/// Length in bits, and the number without zeros in front.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let number = bytes.get(zeros..).unwrap_or_default();
    let bits = number
        .first()
        .map_or(0, |first| number.len().saturating_mul(8).saturating_sub(first.leading_zeros() as usize));
    [short(bits).as_slice(), number].concat()
}

fn subpacket(kind: u8, body: &[u8]) -> Vec<u8> {
    // All of ours are shorter than 192 bytes, whose length is one byte.
    let length = u8::try_from(body.len().saturating_add(1)).unwrap_or(191);
    [&[length, kind], body].concat()
}

fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0xc0 | tag, 0xff], length(body.len()).as_slice(), body].concat()
}

fn armor(kind: &str, bytes: &[u8]) -> String {
    let text = base64_text::encode(bytes);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    let check = base64_text::encode(crc24(bytes).to_be_bytes().get(1..).unwrap_or_default());
    format!("-----BEGIN {kind}-----\n\n{}\n={check}\n-----END {kind}-----\n", lines.join("\n"))
}

/// Checksum of armor (RFC 9580, section 6.1), without which GnuPG does not see where it ends.
fn crc24(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let mut crc = crc ^ (u32::from(*byte) << 16);
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4cfb;
            }
        }
        crc
    };
    bytes.iter().fold(0x00b7_04ce, step) & 0x00ff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    const OWNER: &str = "Kawa Devices <psirt@kawa.example>";

    fn signed(seed: u8, document: &[u8]) -> OpenPgpSignature {
        let at = "2026-11-28T09:00:00Z".parse().unwrap();
        OpenPgpSignature::new(&SigningKey::from_seed(&[seed; 32]), OWNER, document, at)
    }

    /// The command of GnuPG with a home of its own; its words, and whether it is content.
    fn gpg(home: &std::path::Path, arguments: &[&str]) -> (bool, String) {
        let ran = Command::new("gpg")
            .env("GNUPGHOME", home)
            .args(["--batch", "--no-tty", "--status-fd", "1", "--trust-model", "always"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        (ran.status.success(), said.concat())
    }

    #[test]
    fn another_implementation_imports_the_certificate_and_verifies_the_signature() {
        if Command::new("gpg").arg("--version").output().is_err() {
            println!("skipped: there is no `gpg`");
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = home.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        // Some numbers begin with zeros; all must be written as the standard wants them.
        for seed in 0..40 {
            let document = format!("{{\"number\": {seed}}}");
            let made = signed(seed, document.as_bytes());
            assert!(made.is_well_formed());
            let (path, certificate) =
                (file("a.json", document.as_bytes()), file("key.asc", made.certificate.as_bytes()));
            let signature = file("a.json.asc", made.signature.as_bytes());
            let (imported, said) = gpg(home.path(), &["--import", &certificate]);
            assert!(imported && said.contains(&format!("IMPORT_OK 1 {}", made.fingerprint)), "{said}");
            let (good, said) = gpg(home.path(), &["--verify", &signature, &path]);
            assert!(
                good && said.contains(&format!("VALIDSIG {}", made.fingerprint)) && said.contains(OWNER),
                "{said}"
            );
            let changed = file("b.json", b"{}");
            assert!(!gpg(home.path(), &["--verify", &signature, &changed]).0);
        }
    }

    #[test]
    fn texts_with_something_else_in_them_are_not_well_formed() {
        let made = signed(1, b"x");
        let bad = [
            OpenPgpSignature { signature: format!("{}<script>", made.signature), ..made.clone() },
            OpenPgpSignature { certificate: made.signature.clone(), ..made.clone() },
            OpenPgpSignature { fingerprint: made.fingerprint.to_lowercase(), ..made.clone() },
            OpenPgpSignature { signature: made.signature.replacen('\n', "\n\u{7}", 2), ..made.clone() },
        ];
        assert!(bad.iter().all(|one| !one.is_well_formed()));
    }
}
