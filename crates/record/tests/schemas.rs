//! The committed schemas are what the types say, and each format refuses the documents of the others.

use std::path::PathBuf;

use record::{Format, Inspection, Status, schema_of};

fn schema_file(format: Format) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    folder.join(format!("{}.schema.json", format.short_name()))
}

/// With `UPDATE_SCHEMAS=1` the files are written anew instead.
#[test]
fn committed_schemas_are_those_of_the_types() {
    for &format in Format::ALL {
        let text = serde_json::to_string_pretty(&schema_of(format)).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(schema_file(format), &text).unwrap();
        }
        let committed = std::fs::read_to_string(schema_file(format)).unwrap();
        assert_eq!(committed, text, "{}: run the test with UPDATE_SCHEMAS=1 and review", format.name());
    }
}

#[test]
fn every_format_is_found_by_both_names() {
    for &format in Format::ALL {
        assert_eq!(Format::of_name(format.name()), Some(format));
        assert_eq!(Format::of_name(format.short_name()), Some(format));
    }
    assert_eq!(Format::of_name("sukashi.inspection/2"), None);
}

#[test]
fn a_document_of_another_format_is_refused() {
    let status = r#"{"schema": "sukashi.status/1", "nodes": []}"#;
    assert!(serde_json::from_str::<Status>(status).unwrap().nodes.is_empty());
    let error = serde_json::from_str::<Inspection>(status).unwrap_err().to_string();
    assert!(error.contains("sukashi.inspection/1"), "{error}");
}
