//! Go: the build information of `runtime/debug`, with the module of the program and those it depends on.
//!
//! Format: Go's `debug/buildinfo`. Since Go 1.18 both texts stand inline behind the head; before, it held pointers.

use super::{Found, find};
use crate::generate::purl::Purl;
use crate::{Component, ComponentKind};

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Head: magic, size of pointers, flags.
const HEAD: usize = 32;
/// Flag: the texts stand inline.
const INLINE: u8 = 2;
/// The list of modules stands between two marks of this length.
const MARK: usize = 16;
/// Modules of one program.
const MAX_MODULES: usize = 100_000;

pub(super) fn read(content: &[u8]) -> Option<Found> {
    let head = content.get(find(content, MAGIC)?..)?;
    if head.get(15)? & INLINE == 0 {
        return Some(Err("not supported: build information of Go before 1.18"));
    }
    let texts = || {
        let (version, rest) = text(head.get(HEAD..)?)?;
        let (modules, _) = text(rest)?;
        let modules = modules.get(MARK..modules.len().checked_sub(MARK)?).unwrap_or_default();
        Some((std::str::from_utf8(version).ok()?, String::from_utf8_lossy(modules)))
    };
    let Some((version, modules)) = texts() else { return Some(Err("the build information is damaged")) };
    let toolchain = version.split_whitespace().next().unwrap_or_default().trim_start_matches("go");
    let mut found = vec![component("stdlib", toolchain)];
    let mut lines = modules.lines().take(MAX_MODULES).peekable();
    while let Some(line) = lines.next() {
        let mut fields = line.split('\t');
        if !matches!(fields.next(), Some("mod" | "dep")) {
            continue;
        }
        // A replacement follows on its own line, and is what was compiled.
        let replaced = lines.peek().and_then(|next| next.strip_prefix("=>\t"));
        let mut fields = replaced.map_or(fields, |next| next.split('\t'));
        if let (Some(path), Some(version)) = (fields.next(), fields.next()) {
            found.push(component(path, if version == "(devel)" { "" } else { version }));
        }
    }
    Some(Ok(found))
}

/// A text behind its length in groups of seven bits, and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut shift) = (0_usize, 0_u32);
    for (at, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(length);
        }
    }
    None
}

fn component(path: &str, version: &str) -> Component {
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    let purl = Purl { kind: "golang", namespace, name, version, ..Purl::default() };
    Component {
        kind: ComponentKind::Library,
        purl: Some(purl.text()),
        group: Some(namespace.to_owned()).filter(|group| !group.is_empty()),
        name: name.to_owned(),
        version: Some(version.to_owned()).filter(|version| !version.is_empty()),
        ..Component::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(modules: &str) -> Vec<u8> {
        let mut bytes = b"\x7fELF....".to_vec();
        bytes.extend(MAGIC);
        bytes.extend([8, INLINE]);
        bytes.resize(8 + HEAD, 0);
        let modules = format!("{}{modules}{}", "0".repeat(MARK), "1".repeat(MARK));
        for text in ["go1.22.1", &modules] {
            let length = text.len();
            bytes.extend([(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
            bytes.extend(text.as_bytes());
        }
        bytes
    }

    #[test]
    fn modules_and_their_replacements_are_listed() {
        let modules = "path\tacme.example/x\nmod\tacme.example/x\t(devel)\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x\ndep\tc.example/d\tv1.0.0\n=>\tc.example/fork\tv1.0.1\th1:y\n";
        let purls = |content: &[u8]| {
            let found = read(content).unwrap().unwrap();
            found.into_iter().filter_map(|c| c.purl).collect::<Vec<_>>()
        };
        assert_eq!(
            purls(&program(modules)),
            [
                "pkg:golang/stdlib@1.22.1",
                "pkg:golang/acme.example/x",
                "pkg:golang/github.com/a/b@v1.2.3",
                "pkg:golang/c.example/fork@v1.0.1"
            ]
        );
    }

    #[test]
    fn damaged_information_is_told_and_never_a_panic() {
        let whole = program("dep\ta\tv1\n");
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
        assert!(matches!(read(&whole[..whole.len() - 1]), Some(Err(_))));
        assert!(read(b"no program").is_none());
    }
}
