//! Which format a document says it has.

use crate::Format;

/// What a document calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Standard and encoding.
    pub format: Format,
    /// Version of the standard as stated, if it was found.
    pub version: Option<String>,
}

/// Bytes searched at the start, and again at the end, of a document for the names of its format.
const SEARCHED: usize = 1 << 20;

/// What a document calls itself; `None` if it claims to be nothing that we know. Only names are searched, so that
/// broken documents are recognised as well.
pub fn recognise(bytes: &[u8]) -> Option<Recognised> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = String::from_utf8_lossy(bytes.get(..SEARCHED).unwrap_or(bytes));
    let tail = String::from_utf8_lossy(bytes.get(bytes.len().saturating_sub(SEARCHED)..).unwrap_or_default());
    match head.trim_start().chars().next()? {
        '<' => xml(&head),
        '{' | '[' => json(&head).or_else(|| json(&tail)),
        _ => tag_value(&head).or_else(|| json(&head)),
    }
}

fn json(text: &str) -> Option<Recognised> {
    let stated = |key: &str| value_of(text, key);
    let found =
        |format, version: Option<&str>| Some(Recognised { format, version: version.map(str::to_owned) });
    if text.contains("\"bomFormat\"") || is_cyclonedx_schema(stated("$schema")) {
        return found(Format::CycloneDxJson, stated("specVersion"));
    }
    if let Some(version) = stated("spdxVersion") {
        return found(Format::SpdxJson, Some(version));
    }
    if text.contains("\"@context\"") && text.contains("spdx.org/rdf/3") {
        return found(Format::SpdxJsonLd, version_in_context(text));
    }
    // A CycloneDX document that lost its `bomFormat` still claims a version.
    text.contains("\"specVersion\"").then_some(())?;
    found(Format::CycloneDxJson, stated("specVersion"))
}

fn is_cyclonedx_schema(schema: Option<&str>) -> bool {
    schema.is_some_and(|schema| schema.contains("cyclonedx.org/schema/bom"))
}

/// `3.0.1` of `https://spdx.org/rdf/3.0.1/spdx-context.jsonld`.
fn version_in_context(text: &str) -> Option<&str> {
    text.split_once("spdx.org/rdf/")?.1.split(['/', '"']).next()
}

/// The text that stands after `"key":`, as far as one line of it has no escapes.
fn value_of<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let after_key = text.split_once(&format!("\"{key}\""))?.1;
    let value = after_key.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    value.split(['"', '\\', '\n']).next()
}

fn xml(text: &str) -> Option<Recognised> {
    let (_, after) = text.split_once("http://cyclonedx.org/schema/bom/")?;
    let version = after.split(['"', '\'', '/', '>']).next().map(str::to_owned);
    Some(Recognised { format: Format::CycloneDxXml, version })
}

fn tag_value(text: &str) -> Option<Recognised> {
    let line = text.split(['\n', '\r']).find_map(|line| line.trim_start().strip_prefix("SPDXVersion:"))?;
    Some(Recognised { format: Format::SpdxTagValue, version: Some(line.trim().to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_recognised_by_the_names_they_give_themselves() {
        for (text, format, version) in [
            (r#"{"bomFormat": "CycloneDX", "specVersion" : "1.6"}"#, Format::CycloneDxJson, Some("1.6")),
            (r#"{"components": [], "bomFormat": "CycloneDX""#, Format::CycloneDxJson, None),
            ("\u{feff}{\"spdxVersion\": \"SPDX-2.3\"}", Format::SpdxJson, Some("SPDX-2.3")),
            (
                r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#,
                Format::SpdxJsonLd,
                Some("3.0.1"),
            ),
            ("# x\nSPDXVersion: SPDX-2.2\n", Format::SpdxTagValue, Some("SPDX-2.2")),
            (
                "<?xml version='1.0'?><bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"/>",
                Format::CycloneDxXml,
                Some("1.4"),
            ),
        ] {
            let expected = Recognised { format, version: version.map(str::to_owned) };
            assert_eq!(recognise(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_documents_are_not_recognised() {
        for text in ["", "{}", "[1]", "<html/>", "hello", r#"{"@context": "https://openvex.dev/ns/v0.2.0"}"#]
        {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
    }
}
