//! Package metadata in programs: an ELF note that says which package of which distribution a program was built for.
//!
//! Format: UAPI Group, "Package Metadata for Executable Files": owner `FDO`, type 0xcafe1a7e, a JSON object. Fedora writes
//! it into every program, Debian into those of systemd. It stays when the package database does not.

use serde::Deserialize;

use super::find;
use crate::generate::purl::Purl;
use crate::{Component, ComponentKind};

const OWNER: &[u8] = b"FDO\0";
const TYPE: u32 = 0xcafe_1a7e;
/// Longest object read, in bytes.
const MAX_BYTES: usize = 4096;
/// Places looked at in one program.
const MAX_PLACES: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    /// Type of package, as package URLs have it.
    r#type: String,
    name: String,
    version: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    os_version: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    app_cpe: Option<String>,
}

/// The package that a program was built for, and where the note says so; the evidence is the caller's.
pub(crate) fn read(content: &[u8]) -> Option<(u64, Component)> {
    let (at, text) = note(content)?;
    let stated: Metadata = serde_json::from_slice(text).ok()?;
    let os = stated.os.to_lowercase();
    let distro =
        if stated.os_version.is_empty() { String::new() } else { format!("{os}-{}", stated.os_version) };
    let purl = Purl {
        kind: &stated.r#type,
        namespace: &os,
        name: &stated.name,
        version: &stated.version,
        qualifiers: &[("arch", &stated.architecture), ("distro", &distro)],
    };
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let component = Component {
        kind: ComponentKind::Application,
        purl: plain(&stated.r#type).then(|| purl.text()),
        name: stated.name,
        version: Some(stated.version),
        cpes: stated.app_cpe.into_iter().collect(),
        ..Component::default()
    };
    (!component.name.is_empty()).then_some((at, component))
}

/// The object of the note: where it begins, and its text. The words before the owner's name are the lengths of name and
/// object, and the type.
fn note(content: &[u8]) -> Option<(u64, &[u8])> {
    let mut from = 0;
    for _ in 0..MAX_PLACES {
        let owner = from + find(content.get(from..)?, OWNER)?;
        from = owner + OWNER.len();
        let word = |before: usize| -> Option<[u8; 4]> {
            let at = owner.checked_sub(before)?;
            content.get(at..at + 4)?.try_into().ok()
        };
        let (Some(length), Some(kind)) = (word(8), word(4)) else { continue };
        let length = match kind {
            kind if u32::from_le_bytes(kind) == TYPE => u32::from_le_bytes(length),
            kind if u32::from_be_bytes(kind) == TYPE => u32::from_be_bytes(length),
            _ => continue,
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_BYTES)?;
        let text = content.get(from..from.checked_add(length)?)?;
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(length);
        return Some((from as u64, text.get(..end)?));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(text: &str, big: bool) -> Vec<u8> {
        let word = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
        let mut bytes = b"\x7fELF a string: FDO\0 ".to_vec();
        for number in [4, text.len() as u32 + 1, TYPE] {
            bytes.extend(word(number));
        }
        bytes.extend(OWNER);
        bytes.extend(text.bytes().chain([0]));
        bytes
    }

    #[test]
    fn the_note_names_the_package_in_both_byte_orders() {
        let text = r#"{"type":"rpm","name":"coreutils","version":"9.1-8.fc37","architecture":"s390x","os":"fedora","osVersion":"37"}"#;
        for big in [false, true] {
            let (at, component) = read(&program(text, big)).unwrap();
            assert_eq!(at, 36);
            assert_eq!(
                component.purl.as_deref(),
                Some("pkg:rpm/fedora/coreutils@9.1-8.fc37?arch=s390x&distro=fedora-37")
            );
        }
    }

    #[test]
    fn other_notes_and_damaged_ones_name_nothing() {
        let long = "x".repeat(5000);
        for text in ["{", "{}", "[]", long.as_str(), r#"{"type":"deb","name":"","version":"1"}"#] {
            assert!(read(&program(text, false)).is_none(), "{text}");
        }
        let mut short = program(r#"{"type":"deb","name":"x","version":"1"}"#, false);
        short.truncate(short.len() - 4);
        assert!(read(&short).is_none());
        assert!(read(b"FDO\0").is_none());
    }
}
