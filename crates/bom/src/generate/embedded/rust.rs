//! Rust: the list that `cargo auditable` adds, compressed, in the section `.dep-v0`.
//!
//! Format: cargo-auditable, "PARSING.md" and its JSON schema. The section is found by the zlib stream that it is: a program
//! without section headers still holds it.

use std::io::Read;

use serde::Deserialize;

use super::{Found, find};
use crate::generate::purl::Purl;
use crate::{Component, ComponentKind};

/// Name of the section; a program without it holds no list.
const SECTION: &[u8] = b".dep-v0\0";
/// Start of a zlib stream that holds the list, at any level of compression.
const STREAMS: [[u8; 2]; 4] = [[0x78, 0x01], [0x78, 0x5e], [0x78, 0x9c], [0x78, 0xda]];
/// How the list begins.
const LIST: &[u8] = b"{\"packages\":[";
/// Longest list, in bytes.
const MAX_LIST: u64 = 8 << 20;
/// Streams tried in one program.
const MAX_TRIES: usize = 10_000;

#[derive(Deserialize)]
struct List {
    packages: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    version: String,
    #[serde(default)]
    kind: Option<String>,
}

pub(super) fn read(content: &[u8]) -> Option<Found> {
    find(content, SECTION)?;
    let starts = content.windows(2).enumerate().filter(|(_, pair)| STREAMS.iter().any(|start| start == pair));
    let list = starts.take(MAX_TRIES).find_map(|(at, _)| inflated(content.get(at..)?));
    let Some(list) = list else { return Some(Err("the list of packages is not where it should be")) };
    let Ok(list) = serde_json::from_slice::<List>(&list) else {
        return Some(Err("the list of packages is damaged"));
    };
    // What only ran during the build is not in the program.
    let packages = list.packages.into_iter().filter(|package| package.kind.as_deref() != Some("build"));
    Some(Ok(packages.map(component).collect()))
}

/// The stream's content, if it begins as the list does.
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = flate2::read::ZlibDecoder::new(bytes);
    let mut text = vec![0; LIST.len()];
    decoder.read_exact(&mut text).ok()?;
    if text != LIST {
        return None;
    }
    decoder.take(MAX_LIST).read_to_end(&mut text).ok()?;
    Some(text)
}

fn component(listed: Listed) -> Component {
    let purl = Purl { kind: "cargo", name: &listed.name, version: &listed.version, ..Purl::default() };
    Component {
        kind: ComponentKind::Library,
        purl: Some(purl.text()),
        name: listed.name,
        version: Some(listed.version),
        ..Component::default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn program(list: &str) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(
            b"\x7fELF....x\x9cnot it".to_vec(),
            flate2::Compression::default(),
        );
        encoder.write_all(list.as_bytes()).unwrap();
        let mut bytes = encoder.finish().unwrap();
        bytes.extend(b".text\0.dep-v0\0");
        bytes
    }

    #[test]
    fn packages_of_the_program_are_listed_without_those_of_the_build() {
        let list = r#"{"packages":[{"name":"app","version":"0.1.0","source":"local","root":true},
            {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},{"name":"rand","version":"0.8.5","source":"crates.io"}]}"#;
        let found = read(&program(list)).unwrap().unwrap();
        assert_eq!(
            found.into_iter().filter_map(|c| c.purl).collect::<Vec<_>>(),
            ["pkg:cargo/app@0.1.0", "pkg:cargo/rand@0.8.5"]
        );
    }

    #[test]
    fn damaged_lists_are_told_and_never_a_panic() {
        assert!(matches!(read(&program("{\"packages\":[{]}")), Some(Err(_))));
        assert!(matches!(read(b"x.dep-v0\0"), Some(Err(_))));
        assert!(read(b"x").is_none());
    }
}
