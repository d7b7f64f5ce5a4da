//! CycloneDX XML, 1.0–1.7: turned into the JSON form of the same elements, then read as that.
//!
//! Elements of other name spaces (extensions) are counted and left out.

use serde_json::{Map, Value};

use super::json::Reading;
use super::{Document, ReadError, ReadLimits, cyclonedx};
use crate::xml::{Element, Visitor, walk};
use crate::{Format, Place};

/// The name space without its version.
const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Document, ReadError> {
    let reading = Reading::new(limits);
    let mut tree = Tree { reading: &reading, stack: vec![Frame::default()], version: String::new() };
    walk(bytes, &mut tree)
        .map_err(|(at, message)| ReadError::Malformed { place: Place::of_offset(bytes, at), message })?;
    let Tree { mut stack, version, .. } = tree;
    let (_, root) = stack.pop().and_then(|mut document| document.children.pop()).unwrap_or_default();
    let mut document = cyclonedx::from_value(&root, reading)?;
    document.format = Format::CycloneDxXml;
    document.version = version;
    Ok(document)
}

/// An element that is not closed yet.
#[derive(Debug, Default)]
struct Frame {
    name: String,
    /// Of another name space, or inside of one that is.
    foreign: bool,
    attributes: Vec<(String, String)>,
    children: Vec<(String, Value)>,
    text: String,
}

/// The JSON form in the making.
struct Tree<'r> {
    reading: &'r Reading,
    stack: Vec<Frame>,
    version: String,
}

impl Visitor for Tree<'_> {
    fn open(&mut self, element: Element) -> Result<(), String> {
        let stated = element.namespace.strip_prefix(NAMESPACE);
        if let (1, Some(stated)) = (self.stack.len(), stated) {
            stated.clone_into(&mut self.version);
        }
        let foreign = stated.is_none() || self.stack.last().is_some_and(|frame| frame.foreign);
        let own = element.attributes.into_iter().filter(|attribute| attribute.namespace.is_empty());
        let attributes = own.map(|attribute| (attribute.name, attribute.value)).collect();
        self.stack.push(Frame { name: element.name, foreign, attributes, ..Frame::default() });
        Ok(())
    }

    fn text(&mut self, text: &str, _: usize) -> Result<(), String> {
        if let Some(frame) = self.stack.last_mut() {
            frame.text.push_str(text);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let Some(around) = self.stack.last_mut() else { return Ok(()) };
        if frame.foreign {
            if !around.foreign {
                self.reading.leave_out(format_args!("extension {}", frame.name));
            }
            return Ok(());
        }
        let (name, value) = frame.into_json(&around.name);
        around.children.push((name, value));
        Ok(())
    }
}

/// Elements that hold a list of others.
const LISTS: [&str; 12] = [
    "authors",
    "components",
    "dependencies",
    "hashes",
    "licenses",
    "lifecycles",
    "methods",
    "occurrences",
    "properties",
    "services",
    "externalReferences",
    "vulnerabilities",
];

impl Frame {
    /// Name and value in the JSON form, inside the element `around`.
    fn into_json(mut self, around: &str) -> (String, Value) {
        let text = self.text.trim().to_owned();
        let name = std::mem::take(&mut self.name);
        let is_list = LISTS.contains(&name.as_str())
            || name == "tools" && self.children.iter().all(|(child, _)| child == "tool");
        let value = match name.as_str() {
            "hash" => self.object([("content", Value::String(text))]),
            "property" => self.object([("value", Value::String(text))]),
            "license" if around == "licenses" => {
                Map::from_iter([("license".to_owned(), self.object([]))]).into()
            }
            "expression" => Map::from_iter([("expression".to_owned(), Value::String(text))]).into(),
            "dependency" | "provides" if around == "dependency" => self.reference(),
            "dependency" => self.dependency(),
            _ if is_list => Value::Array(self.children.into_iter().map(|(_, value)| value).collect()),
            _ if self.children.is_empty() && self.attributes.is_empty() => Value::String(text),
            _ => self.object([]),
        };
        (name, value)
    }

    /// Attributes and children as members; what stands several times is a list.
    fn object<const N: usize>(self, more: [(&str, Value); N]) -> Value {
        let mut object = Map::new();
        let attributes = self.attributes.into_iter().map(|(key, value)| (key, Value::String(value)));
        let more = more.into_iter().map(|(key, value)| (key.to_owned(), value));
        for (key, value) in attributes.chain(self.children).chain(more) {
            match object.get_mut(&key) {
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
                None => {
                    object.insert(key, value);
                }
            }
        }
        Value::Object(object)
    }

    fn reference(self) -> Value {
        self.attributes
            .into_iter()
            .find(|(key, _)| key == "ref")
            .map_or(Value::Null, |(_, id)| Value::String(id))
    }

    /// `<dependency ref><dependency ref/><provides ref/></dependency>`.
    fn dependency(mut self) -> Value {
        let mut named = |wanted: &str| {
            let (found, rest) =
                std::mem::take(&mut self.children).into_iter().partition(|(name, _)| name == wanted);
            self.children = rest;
            let found: Vec<(String, Value)> = found;
            Value::Array(found.into_iter().map(|(_, id)| id).collect())
        };
        let lists = [("dependsOn", named("dependency")), ("provides", named("provides"))];
        self.object(lists)
    }
}
