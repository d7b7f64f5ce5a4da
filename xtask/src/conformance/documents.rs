//! Bills of materials: documents that their standards call valid or invalid.

use std::fs;
use std::path::Path;

use bom::{Outcome, ReadLimits};

use super::{Rows, files};

/// Valid and invalid documents of `tools/src/test/resources`, one folder a version. Documents called `informal-…` break
/// rules that no official schema states; extensions (folder `ext`) are no part of the standard.
pub(super) fn cyclonedx(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    let folder = folder.join("tools/src/test/resources");
    for path in files::below(&folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let encoding = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let kind = name.split('-').next().unwrap_or_default().to_owned();
        let extension = path.strip_prefix(&folder)?.starts_with("ext");
        if extension
            || !["json", "xml"].contains(&encoding.as_str())
            || !["valid", "invalid"].contains(&kind.as_str())
        {
            continue;
        }
        let bytes = fs::read(&path)?;
        let verdict = bom::validate(&bytes);
        let right = if kind == "valid" { Outcome::Valid } else { Outcome::Invalid };
        rows.entry(format!("{encoding}, {kind}")).or_default().add(verdict.outcome() == right, || {
            format!("{}: {:?}", path.display(), verdict.violations.first())
        });
        if kind == "valid" {
            let read = bom::read(&bytes, &ReadLimits::default());
            rows.entry(format!("{encoding}, {kind}, read"))
                .or_default()
                .add(read.is_ok(), || format!("{}: {:?}", path.display(), read.err()));
        }
    }
    Ok(())
}

/// Every document of the folders `spdx2.2`, `spdx2.3` and `spdx3.0` is read.
pub(super) fn spdx_examples(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    for path in files::below(folder)? {
        let text = path.to_string_lossy();
        let Some(version) =
            ["spdx2.2", "spdx2.3", "spdx3.0"].iter().find(|v| text.contains(&format!("/{v}/")))
        else {
            continue;
        };
        if !path.extension().is_some_and(|e| e == "json" || e == "spdx") {
            continue;
        }
        let read = bom::read(&fs::read(&path)?, &ReadLimits::default());
        let filled = read.as_ref().is_ok_and(|document| !document.bom.components.is_empty());
        rows.entry(format!("{version}, read"))
            .or_default()
            .add(filled, || format!("{text}: {:?}", read.err()));
    }
    Ok(())
}

/// Documents of the official library's own tests, in the encodings that are read here.
pub(super) fn spdx_tools(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    for path in files::below(&folder.join("tests/spdx/data"))? {
        let name = path.to_string_lossy().into_owned();
        let encoding = ["json", "spdx"].iter().find(|e| path.extension().is_some_and(|x| x == **e));
        // UTF-16 is no encoding of JSON (RFC 8259, 8.1).
        let (Some(encoding), false) = (encoding, name.contains("UTF-16")) else { continue };
        let bytes = fs::read(&path)?;
        if name.contains("/invalid/") {
            let verdict = bom::validate(&bytes).outcome();
            rows.entry(format!("{encoding}, invalid")).or_default().add(verdict == Outcome::Invalid, || name);
        } else {
            let read = bom::read(&bytes, &ReadLimits::default());
            rows.entry(format!("{encoding}, read"))
                .or_default()
                .add(read.is_ok(), || format!("{name}: {:?}", read.err()));
        }
    }
    Ok(())
}
