//! Package URLs and ranges of versions, by the tests of their specifications.

use std::collections::BTreeMap;
use std::path::Path;

use ident::{Purl, Scheme, Vers};
use serde_json::Value;

use super::Rows;

pub(super) fn str_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn row(case: &Value) -> String {
    format!("{}, {}", str_at(case, "/test_type").unwrap_or("?"), str_at(case, "/test_group").unwrap_or("?"))
}

pub(super) fn purl(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    for case in super::cases(&folder.join("tests"))? {
        let passed = purl_case(&case);
        rows.entry(row(&case)).or_default().add(passed, || case.to_string());
    }
    Ok(())
}

fn purl_case(case: &Value) -> bool {
    let fails = case.get("expected_failure").and_then(Value::as_bool).unwrap_or(false);
    let input = case.get("input").unwrap_or(&Value::Null);
    let result = match input {
        Value::String(text) => text.parse::<Purl>(),
        parts => build(parts),
    };
    match (result, fails) {
        (Err(_), fails) => fails,
        (Ok(_), true) => false,
        (Ok(purl), false) => match case.get("expected_output") {
            Some(Value::String(canonical)) => purl.to_string() == *canonical,
            Some(parts) => same_parts(&purl, parts),
            None => false,
        },
    }
}

fn build(parts: &Value) -> Result<Purl, ident::ParsePurlError> {
    let get = |name: &str| parts.get(name).and_then(Value::as_str);
    let qualifiers = parts.get("qualifiers").and_then(Value::as_object);
    let pairs = qualifiers.into_iter().flatten();
    let qualifiers =
        pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
    Purl::new(
        get("type").unwrap_or_default(),
        get("namespace"),
        get("name").unwrap_or_default(),
        get("version"),
        &qualifiers,
        get("subpath"),
    )
}

fn same_parts(purl: &Purl, parts: &Value) -> bool {
    let get = |name: &str| parts.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let qualifiers: BTreeMap<&str, &str> = purl.qualifiers().collect();
    let wanted = parts.get("qualifiers").and_then(Value::as_object);
    let wanted: BTreeMap<&str, &str> = wanted
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect();
    Some(purl.package_type()) == get("type")
        && purl.namespace() == get("namespace")
        && Some(purl.name()) == get("name")
        && purl.version() == get("version")
        && purl.subpath() == get("subpath")
        && qualifiers == wanted
}

pub(super) fn vers(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    for case in super::cases(&folder.join("tests"))? {
        let passed = vers_case(&case).unwrap_or(false);
        rows.entry(row(&case)).or_default().add(passed, || case.to_string());
    }
    Ok(())
}

fn vers_case(case: &Value) -> Option<bool> {
    let input = case.get("input")?;
    let expected = case.get("expected_output");
    let fails = case.get("expected_failure").and_then(Value::as_bool).unwrap_or(false);
    let scheme = || {
        let name = ["/input_scheme", "/input_type", "/scheme"].iter().find_map(|at| str_at(input, at))?;
        name.parse::<Scheme>().ok()
    };
    let versions =
        || input.get("versions")?.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
    Some(match str_at(case, "/test_type")? {
        "equality" => {
            let versions = versions()?;
            let equal = versions
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if scheme().is_some_and(|s| s.compare(a, b).is_eq())));
            expected?.as_bool()? == equal
        }
        "comparison" => {
            let (mut versions, scheme) = (versions()?, scheme()?);
            versions.sort_by(|a, b| scheme.compare(a, b));
            // Some expect versions in another spelling than they gave.
            let expected = expected?.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
            expected.len() == versions.len()
                && expected.iter().zip(&versions).all(|(a, b)| scheme.compare(a, b).is_eq())
        }
        "containment" => {
            let range = Vers::read(str_at(input, "/vers")?).ok()?;
            expected?.as_bool()? == range.contains(str_at(input, "/version")?)
        }
        "from_native" => {
            let range = Vers::from_native(scheme()?, str_at(input, "/native_range")?).ok()?;
            // nginx has the rules of the generic scheme under its own name.
            let range =
                range.to_string().replace("vers:generic/", &format!("vers:{}/", str_at(input, "/scheme")?));
            expected?.as_str()? == range
        }
        "validate" => expected?.as_str()? == Vers::read(input.as_str()?).ok()?.to_string(),
        "parse" => match (Vers::parse(input.as_str()?), fails) {
            (Err(_), fails) => fails,
            (Ok(_), true) => false,
            (Ok(range), false) => same_constraints(&range, expected?)?,
        },
        _ => return None,
    })
}

fn same_constraints(range: &Vers, expected: &Value) -> Option<bool> {
    let wanted = expected.get("version_constraints").or_else(|| expected.get("constraints"))?.as_array()?;
    let found = range.constraints()?.iter().map(|c| (c.comparator.sign(), c.version.as_str()));
    let wanted =
        wanted.iter().map(|pair| Some((str_at(pair, "/0")?.trim_start_matches("=="), str_at(pair, "/1")?)));
    let wanted: Vec<(&str, &str)> = wanted.collect::<Option<_>>()?;
    Some(found.map(|(sign, v)| (if sign.is_empty() { "=" } else { sign }, v)).collect::<Vec<_>>() == wanted)
}
