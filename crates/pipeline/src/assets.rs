//! What a model says is installed, as its owner registers it.

use statement::{AssetKind, DeclaredAsset, DeclaredRelease};
use system::{Host, Release, System};

/// Every host of the model as equipment, and its software as parts of it; sorted by id. What is inside a delivered
/// release is told by the release's own evidence, and not declared once more.
pub fn assets(system: &System) -> Vec<DeclaredAsset> {
    let document = system.document();
    let mut assets = Vec::new();
    for (id, host) in &document.hosts {
        let device = format!("host:{id}");
        let declared = if host.release.is_none() { host.software.as_slice() } else { &[] };
        for software in declared {
            let entry = document.software.get(&software.value);
            let title = entry.and_then(|s| s.title.clone()).unwrap_or_else(|| software.value.clone());
            assets.push(DeclaredAsset {
                id: format!("{device}/software:{}", software.value),
                name: title,
                kind: AssetKind::Software,
                parent: Some(device.clone()),
                release: entry.and_then(|s| s.purl.as_ref()).map(|purl| of_purl(&purl.value)),
            });
        }
        assets.push(equipment(id, device, host));
    }
    assets.sort_by(|a, b| a.id.cmp(&b.id));
    assets
}

/// The host of an asset, and its software there if the asset is that.
pub(crate) fn place(asset: &str) -> (&str, Option<&str>) {
    let place = asset.strip_prefix("host:").unwrap_or(asset);
    place.split_once("/software:").map_or((place, None), |(host, software)| (host, Some(software)))
}

fn equipment(id: &str, device: String, host: &Host) -> DeclaredAsset {
    DeclaredAsset {
        id: device,
        name: host.title.clone().unwrap_or_else(|| id.to_owned()),
        kind: AssetKind::Equipment,
        parent: None,
        release: host.release.as_ref().map(declared),
    }
}

fn of_purl(purl: &str) -> DeclaredRelease {
    DeclaredRelease { purl: Some(purl.to_owned()), ..DeclaredRelease::default() }
}

/// A model names a product by package URL or by name.
fn declared(release: &Release) -> DeclaredRelease {
    let sha256 = release.sha256.as_ref().and_then(|digest| digest.parse().ok());
    let version = release.version.clone();
    if release.product.starts_with("pkg:") {
        let at = version.as_ref().map_or_else(String::new, |version| format!("@{version}"));
        return DeclaredRelease {
            sha256,
            purl: Some(format!("{}{at}", release.product)),
            ..Default::default()
        };
    }
    DeclaredRelease { sha256, product: Some(release.product.clone()), version, purl: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_tells_its_host_and_its_software() {
        assert_eq!(place("host:pc"), ("pc", None));
        assert_eq!(place("host:pc/software:shell"), ("pc", Some("shell")));
    }

    #[test]
    fn software_inside_a_release_is_not_declared_once_more() {
        let text = "
            schema: sukashi.system/1
            name: w
            hosts:
              pc: {software: [shell]}
              router: {software: [shell], release: {product: \"pkg:generic/edge\", version: \"1\"}}
            software: {shell: {purl: \"pkg:generic/busybox@1.35.0\"}}
        ";
        let document = system::read("w", text).unwrap();
        let system = System::new(&[("w".to_owned(), document)]).unwrap();
        let found: Vec<_> = assets(&system)
            .into_iter()
            .map(|asset| (asset.id, asset.release.and_then(|release| release.purl)))
            .collect();
        let expected = [
            ("host:pc", None),
            ("host:pc/software:shell", Some("pkg:generic/busybox@1.35.0")),
            ("host:router", Some("pkg:generic/edge@1")),
        ];
        assert_eq!(found, expected.map(|(id, purl)| (id.to_owned(), purl.map(str::to_owned))));
    }
}
