//! Values of SPDX 2, the same in JSON and tag-value text.

use crate::{Component, ComponentKind, Licence, Metadata};

/// The value, unless the document says that it says nothing.
pub(super) fn asserted(text: String) -> Option<String> {
    (!matches!(text.as_str(), "" | "NOASSERTION" | "NONE")).then_some(text)
}

/// Name in `Organization: name (mail)` or `Person: name (mail)`.
pub(super) fn party(text: String) -> Option<String> {
    let text = asserted(text)?;
    let stated = text.strip_prefix("Organization:").or_else(|| text.strip_prefix("Person:")).unwrap_or(&text);
    let name = stated.split(" (").next().unwrap_or(stated).trim();
    let name = name.strip_suffix("()").unwrap_or(name).trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Takes one `creators` entry.
pub(super) fn push_creator(creator: &str, metadata: &mut Metadata) {
    if let Some(tool) = creator.strip_prefix("Tool:") {
        metadata.tools.push(tool.trim().to_owned());
    } else {
        metadata.authors.extend(party(creator.to_owned()));
    }
}

/// An expression, unless it names licences that only this document defines.
pub(super) fn licence(text: String) -> Option<Licence> {
    let text = asserted(text)?;
    Some(if text.contains("LicenseRef-") { Licence::Named(text) } else { Licence::Expression(text) })
}

/// Takes an external reference where it is a name of the package.
pub(super) fn reference(component: &mut Component, kind: &str, locator: String) {
    match kind.rsplit('/').next().unwrap_or(kind) {
        "purl" if component.purl.is_none() => component.purl = Some(locator),
        "cpe22Type" | "cpe23Type" if !component.cpes.contains(&locator) => component.cpes.push(locator),
        _ => {}
    }
}

/// Kind of component for a `primaryPackagePurpose`.
pub(super) fn kind_of(purpose: &str) -> ComponentKind {
    match purpose.replace('_', "-").as_str() {
        "APPLICATION" => ComponentKind::Application,
        "FRAMEWORK" => ComponentKind::Framework,
        "LIBRARY" => ComponentKind::Library,
        "CONTAINER" => ComponentKind::Container,
        "OPERATING-SYSTEM" => ComponentKind::OperatingSystem,
        "DEVICE" => ComponentKind::Device,
        "FIRMWARE" => ComponentKind::Firmware,
        "FILE" | "ARCHIVE" => ComponentKind::File,
        _ => ComponentKind::Unstated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_are_names_without_their_kind_and_mail() {
        for (stated, name) in [
            ("Organization: Acme Inc. (info@acme.example)", Some("Acme Inc.")),
            ("Person: Jane Doe ()", Some("Jane Doe")),
            ("Organization: Acme", Some("Acme")),
            ("NOASSERTION", None),
            ("Organization: ", None),
        ] {
            assert_eq!(party(stated.to_owned()).as_deref(), name, "{stated}");
        }
    }

    #[test]
    fn licences_defined_in_the_document_are_no_expressions_elsewhere() {
        assert_eq!(licence("MIT".to_owned()), Some(Licence::Expression("MIT".to_owned())));
        assert_eq!(licence("LicenseRef-1".to_owned()), Some(Licence::Named("LicenseRef-1".to_owned())));
        assert_eq!(licence("NONE".to_owned()), None);
    }
}
