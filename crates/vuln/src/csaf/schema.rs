//! The official schema, compiled when first needed.

use std::error::Error;
use std::sync::LazyLock;

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::Value;

use super::Faults;

const CSAF: &str = include_str!("../../schemas/csaf-2.0.schema.json");
const CVSS_2_0: &str = include_str!("../../schemas/cvss-v2.0.json");
const CVSS_3_0: &str = include_str!("../../schemas/cvss-v3.0.json");
const CVSS_3_1: &str = include_str!("../../schemas/cvss-v3.1.json");

/// Faults of one document that are kept.
const MAX_FAULTS: usize = 1_000;

static WHOLE: LazyLock<Option<Validator>> = LazyLock::new(|| compile(CSAF, false));
static STRICT: LazyLock<Option<Validator>> = LazyLock::new(|| compile(CSAF, true));
static V2_0: LazyLock<Option<Validator>> = LazyLock::new(|| compile(CVSS_2_0, false));
static V3_0: LazyLock<Option<Validator>> = LazyLock::new(|| compile(CVSS_3_0, false));
static V3_1: LazyLock<Option<Validator>> = LazyLock::new(|| compile(CVSS_3_1, false));

/// Gives the built-in schemas; nothing is ever fetched.
struct BuiltIn {
    strict: bool,
}

impl Retrieve for BuiltIn {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let text = match uri.path().as_str().rsplit('/').next().unwrap_or_default() {
            "cvss-v2.0.json" => CVSS_2_0,
            "cvss-v3.0.json" => CVSS_3_0,
            "cvss-v3.1.json" => CVSS_3_1,
            _ => return Err(format!("`{uri}` is not built in").into()),
        };
        let mut schema = serde_json::from_str(text)?;
        if self.strict {
            close(&mut schema);
        }
        Ok(schema)
    }
}

/// A test compiles every schema, so that none is absent.
fn compile(text: &str, strict: bool) -> Option<Validator> {
    let mut schema: Value = serde_json::from_str(text).ok()?;
    if strict {
        close(&mut schema);
    }
    jsonschema::options().with_retriever(BuiltIn { strict }).should_validate_formats(true).build(&schema).ok()
}

/// Forbids whatever is not named, in every object (the standard's own advice for 6.2.20).
fn close(schema: &mut Value) {
    let mut work = vec![schema];
    while let Some(value) = work.pop() {
        match value {
            Value::Object(object) => {
                if object.get("type").is_some_and(|kind| kind == "object")
                    && object.contains_key("properties")
                {
                    object.insert("additionalProperties".to_owned(), Value::Bool(false));
                }
                work.extend(object.iter_mut().map(|(_, inside)| inside));
            }
            Value::Array(list) => work.extend(list),
            _ => {}
        }
    }
}

fn check(validator: Option<&Validator>, value: &Value) -> Faults {
    let Some(validator) = validator else {
        return vec![(
            String::new(),
            "the built-in schema cannot be used; hint: please report this".to_owned(),
        )];
    };
    let fault = |error: jsonschema::ValidationError<'_>| {
        (error.instance_path().to_string(), error.masked().to_string())
    };
    validator.iter_errors(value).take(MAX_FAULTS).map(fault).collect()
}

/// What breaks the schema of documents. CVSS objects have a test of their own.
pub(super) fn faults(document: &Value) -> Faults {
    let mut faults = check(WHOLE.as_ref(), document);
    faults.retain(|(path, _)| !is_cvss(path));
    faults
}

fn is_cvss(path: &str) -> bool {
    path.contains("/cvss_v2") || path.contains("/cvss_v3")
}

/// 6.2.20
pub(super) fn additional(document: &Value) -> Faults {
    let mut faults = check(STRICT.as_ref(), document);
    let open = check(WHOLE.as_ref(), document);
    faults.retain(|fault| !open.contains(fault));
    faults
}

/// What breaks the schema of a CVSS object.
pub(super) fn cvss(object: &Value) -> Faults {
    let validator = match object.get("version").and_then(Value::as_str) {
        Some("3.0") => &V3_0,
        Some("3.1") => &V3_1,
        _ => &V2_0,
    };
    check(validator.as_ref(), object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_compiles() {
        for schema in [&WHOLE, &STRICT, &V2_0, &V3_0, &V3_1] {
            assert!(schema.is_some());
        }
    }
}
