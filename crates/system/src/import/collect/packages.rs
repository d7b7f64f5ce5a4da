//! Installed packages, from `dpkg`'s status file (deb-control(5)).

use super::Collector;
use crate::Software;
use crate::import::{id, located};

const STATUS: &str = "var/lib/dpkg/status";

pub(super) fn read(collector: &mut Collector<'_>) {
    let release = collector.text_if_any("etc/os-release").unwrap_or_default();
    let own = release.lines().find_map(|line| line.strip_prefix("ID="));
    let distribution = own.unwrap_or("debian").trim_matches('"').to_owned();
    let status = collector.text(STATUS).unwrap_or_default();
    for stanza in status.split("\n\n") {
        let field = |name: &str| {
            let mut values = stanza.lines().filter_map(|line| line.split_once(": "));
            values.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
        };
        let installed = field("Status").is_some_and(|status| status.ends_with(" installed"));
        let (Some(name), Some(version), true) = (field("Package"), field("Version"), installed) else {
            continue;
        };
        let title = format!("{name} {version}");
        let software = id(&title);
        let purl = purl(&distribution, name, version, field("Architecture").unwrap_or("all"));
        let stated = Software { purl: Some(located(purl, 1)), title: Some(title), ..Software::default() };
        collector.out.document.software.insert(software.clone(), located(stated, 1));
        collector.entry.software.push(located(software.clone(), 1));
        collector.packages.insert(name.to_owned(), software);
    }
}

/// Of type `deb` (package-url/purl-spec); `+` is the only letter of these names that must be escaped.
fn purl(distribution: &str, name: &str, version: &str, architecture: &str) -> String {
    let escaped = |text: &str| text.replace('+', "%2B");
    format!("pkg:deb/{distribution}/{}@{}?arch={architecture}", escaped(name), escaped(version))
}

/// The package that a program's file belongs to, for each of the given paths.
pub(super) fn owners(collector: &mut Collector<'_>, paths: &[String]) -> Vec<Option<String>> {
    let mut owners = vec![None; paths.len()];
    if paths.is_empty() {
        return owners;
    }
    let lists = "var/lib/dpkg/info";
    for name in collector.names(lists) {
        let Some(package) = name.strip_suffix(".list") else { continue };
        let Some(list) = collector.text(&format!("{lists}/{name}")) else { continue };
        let package = package.split(':').next().unwrap_or(package);
        for (path, owner) in paths.iter().zip(&mut owners) {
            // Lists from before the merge of `/bin` into `/usr/bin` name the older place.
            let older = path.strip_prefix("/usr").unwrap_or(path);
            if list.lines().any(|line| line == path || line == older) {
                *owner = collector.packages.get(package).cloned();
            }
        }
    }
    owners
}
