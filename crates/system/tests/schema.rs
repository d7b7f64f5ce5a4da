//! The committed schema of models is that of the types, and editors accept with it what we accept.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// With `UPDATE_SCHEMAS=1` the file is written anew instead.
#[test]
fn the_committed_schema_is_that_of_the_types() {
    let (file, text) = (root().join("docs/schema/system.schema.json"), schema() + "\n");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap();
    assert_eq!(committed, text, "run the test with UPDATE_SCHEMAS=1 and review");
}

fn schema() -> String {
    serde_json::to_string_pretty(&system::schema()).unwrap()
}

fn faults(model: &serde_json::Value) -> Vec<String> {
    let schema = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(model).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_example_is_valid_by_the_schema() {
    let mut seen = 0;
    for folder in ["water-utility", "private-5g", "branch-offices"] {
        for entry in std::fs::read_dir(root().join("examples/systems").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let model: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
                assert_eq!(faults(&model), Vec::<String>::new(), "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 5, "{seen} documents");
}

#[test]
fn an_unknown_key_and_a_value_of_another_kind_are_invalid_by_the_schema() {
    let model = |host: serde_json::Value| serde_json::json!({"schema": "sukashi.system/1", "name": "w", "hosts": {"a": host}});
    assert!(faults(&model(serde_json::json!({"kind": "server"}))).is_empty());
    assert!(!faults(&model(serde_json::json!({"intefaces": []}))).is_empty());
    assert!(!faults(&model(serde_json::json!({"kind": "no such kind"}))).is_empty());
}
