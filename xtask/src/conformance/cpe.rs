//! CPE names: the assertions of NIST's reference implementation, read from its JUnit tests.
//!
//! The tests are straight lines of assignments to `wfn` and `wfn2` and of assertions, so a reader of lines suffices.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use ident::cpe::{Attribute, Cpe, Part, Relation, Value};

use super::Rows;

pub(super) fn reference(folder: &Path, rows: &mut Rows) -> anyhow::Result<()> {
    for (part, file) in [
        ("binding", "naming/CPENameBinderTest.java"),
        ("matching", "matching/CPENameMatcherTest.java"),
        ("unbinding", "naming/CPENameUnbinderTest.java"),
    ] {
        let text = fs::read_to_string(folder.join("src/test/java/gov/nist/secauto/cpe").join(file))?;
        let mut names = BTreeMap::new();
        let body = text.split_once("class ").map_or("", |(_, body)| body);
        for statement in body.split(';') {
            let statement = without_comments(statement);
            if let Some(passed) = step(&statement, &mut names)? {
                rows.entry(part.to_owned()).or_default().add(passed, || statement);
            }
        }
    }
    Ok(())
}

fn without_comments(statement: &str) -> String {
    let lines = statement.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
    // `cpe://` does not occur; a comment begins at the line's start or after code.
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Runs a statement; an assertion gives whether it holds.
fn step(statement: &str, names: &mut BTreeMap<String, Cpe>) -> anyhow::Result<Option<bool>> {
    if let Some((_, rest)) = statement.split_once("assert") {
        return assertion(rest, names).map(Some);
    }
    if let Some((before, arguments)) = statement.split_once(".set(") {
        let variable = before.split_whitespace().last().unwrap_or_default();
        let parts = arguments_of(arguments);
        let name = names.get(variable).context("an unknown variable")?.clone();
        let attribute = parts.first().map(|a| a.rsplit('.').next().unwrap_or_default().to_owned());
        let name = set(name, &attribute.unwrap_or_default(), parts.get(1).map_or("", String::as_str))?;
        names.insert(variable.to_owned(), name);
        return Ok(None);
    }
    let Some((before, value)) = statement.split_once(" = ") else { return Ok(None) };
    let variable = before.split_whitespace().last().unwrap_or_default().to_owned();
    let arguments = arguments_of(value.split_once('(').map_or("", |(_, rest)| rest));
    let name = if value.starts_with("new WellFormedName") {
        let order = [
            "PART",
            "VENDOR",
            "PRODUCT",
            "VERSION",
            "UPDATE",
            "EDITION",
            "LANGUAGE",
            "SW_EDITION",
            "TARGET_SW",
            "TARGET_HW",
            "OTHER",
        ];
        let pairs = order.into_iter().zip(&arguments);
        pairs
            .into_iter()
            .try_fold(Cpe::new(Part::Any), |name, (attribute, value)| set(name, attribute, value))?
    } else {
        unquoted(arguments.first().map_or("", String::as_str)).parse()?
    };
    names.insert(variable, name);
    Ok(None)
}

fn assertion(text: &str, names: &BTreeMap<String, Cpe>) -> anyhow::Result<bool> {
    let name = |text: &str| names.get(text.trim_matches([')', ' '])).with_context(|| format!("no `{text}`"));
    if let Some((wanted, call)) = text.split_once("(CPENameMatcher.") {
        let (relation, arguments) = call.split_once('(').context("no call")?;
        let (source, target) = arguments.split_once(',').context("no arguments")?;
        let found = name(source)?.relation_to(name(target)?);
        let holds = match relation {
            "isDisjoint" => found == Relation::Disjoint,
            "isEqual" => found == Relation::Equal,
            "isSubset" => matches!(found, Relation::Subset | Relation::Equal),
            "isSuperset" => matches!(found, Relation::Superset | Relation::Equal),
            other => bail!("`{other}` is not understood"),
        };
        return Ok(holds == (wanted == "True"));
    }
    let arguments = text.split_once('(').map_or("", |(_, rest)| rest);
    let (expected, call) = arguments.rsplit_once(", ").context("no arguments")?;
    if let Some((_, variable)) = call.split_once("bindToURI(") {
        return Ok(name(variable)?.to_uri() == unquoted(expected));
    }
    if let Some((_, variable)) = call.split_once("bindToFS(") {
        return Ok(name(variable)?.to_string() == unquoted(expected));
    }
    let (variable, attribute) = call.split_once(".get(Attribute.").context("not understood")?;
    let attribute = attribute.trim_matches([')', ' ']).to_lowercase();
    let wfn = name(variable)?.to_wfn();
    // Attributes stand between `[` and commas; `edition` also ends the name of another.
    let states = |text: String| wfn.contains(&format!("[{text}")) || wfn.contains(&format!(",{text}"));
    Ok(match expected {
        "LogicalValue.ANY" => !states(format!("{attribute}=")),
        "LogicalValue.NA" => states(format!("{attribute}=NA")),
        text => states(format!("{attribute}=\"{}\"", unquoted(text))),
    })
}

fn set(name: Cpe, attribute: &str, value: &str) -> anyhow::Result<Cpe> {
    let text = unquoted(value).replace('\\', "");
    if attribute == "PART" {
        let part = match text.as_str() {
            "a" => Part::Application,
            "o" => Part::OperatingSystem,
            _ => Part::Hardware,
        };
        return Ok(Attribute::ALL
            .into_iter()
            .fold(Cpe::new(part), |new, at| new.with(at, name.get(at).clone())));
    }
    let attribute = match attribute {
        "VENDOR" => Attribute::Vendor,
        "PRODUCT" => Attribute::Product,
        "VERSION" => Attribute::Version,
        "UPDATE" => Attribute::Update,
        "EDITION" => Attribute::Edition,
        "LANGUAGE" => Attribute::Language,
        "SW_EDITION" => Attribute::SoftwareEdition,
        "TARGET_SW" => Attribute::TargetSoftware,
        "TARGET_HW" => Attribute::TargetHardware,
        "OTHER" => Attribute::Other,
        other => bail!("`{other}` is no attribute"),
    };
    Ok(name.with(
        attribute,
        match value {
            "LogicalValue.ANY" | "null" => Value::Any,
            "LogicalValue.NA" => Value::NotApplicable,
            _ => Value::literal(&text),
        },
    ))
}

fn arguments_of(text: &str) -> Vec<String> {
    let inside = text.rsplit_once(')').map_or(text, |(inside, _)| inside);
    inside.split(',').map(|argument| argument.trim().to_owned()).collect()
}

/// A Java string.
fn unquoted(text: &str) -> String {
    text.trim().trim_matches('"').replace("\\\\", "\\")
}
