//! Installed Ruby packages: `specifications/NAME-VERSION.gemspec`, as RubyGems writes it on installation.
//!
//! Format: RubyGems, "Specification reference". The file is a program; only its plain assignments are read, one a line,
//! which is all that RubyGems itself writes.

use super::{Database, File};
use crate::generate::purl::Purl;
use crate::generate::{Inventory, Package};
use crate::{Component, ComponentKind, Licence};

pub(super) const DATABASE: Database = Database { name: "gem", root, read };

fn root(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let folder = folder.strip_suffix("/default").unwrap_or(folder);
    let root = folder.strip_suffix("specifications")?;
    (name.ends_with(".gemspec") && (root.is_empty() || root.ends_with('/'))).then_some(root)
}

fn read(file: &File<'_>, inventory: &mut Inventory) {
    let text = String::from_utf8_lossy(file.content);
    let value = |key: &str| assigned(&text, key).and_then(|right| quoted(right).next().map(str::to_owned));
    let (Some(name), Some(version)) = (value("name"), value("version")) else {
        return inventory.blind_spot(file.path, "ruby package", "it states no name or no version");
    };
    let purl = Purl { kind: "gem", name: &name, version: &version, ..Purl::default() };
    let licences = assigned(&text, "licenses").or_else(|| assigned(&text, "license"));
    let component = Component {
        kind: ComponentKind::Library,
        purl: Some(purl.text()),
        name,
        version: Some(version),
        description: value("summary"),
        licences: licences.into_iter().flat_map(quoted).map(|text| Licence::Named(text.to_owned())).collect(),
        evidence: vec![file.evidence(0)],
        ..Component::default()
    };
    let dependencies = text
        .lines()
        .filter(|line| line.contains("add_runtime_dependency(") || line.contains("add_dependency("));
    let needs = dependencies.filter_map(|line| Some(vec![quoted(line).next()?.to_owned()]));
    inventory.packages(vec![Package { needs: needs.collect(), component, ..Package::default() }]);
}

/// What stands to the right of `s.KEY =`.
fn assigned<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let right = line.trim_start().strip_prefix("s.")?.strip_prefix(key)?;
        right.trim_start().strip_prefix('=')
    })
}

/// Texts in double quotes, without escapes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2).filter(|inside| !inside.is_empty())
}
