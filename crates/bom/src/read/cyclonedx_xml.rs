//! CycloneDX XML, 1.0–1.7: turned into the JSON form of the same elements, then read as that.
//!
//! Elements of other name spaces (extensions) are counted and left out. A document type declaration is refused, and with
//! it every entity but the five of XML itself: nothing is expanded, nothing fetched.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};
use serde_json::{Map, Value};

use super::json::Reading;
use super::{Document, ReadError, ReadLimits, cyclonedx};
use crate::{Format, Place};

/// Elements inside elements.
const MAX_DEPTH: usize = 128;

/// The name space without its version.
const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Document, ReadError> {
    let reading = Reading::new(limits);
    let (version, root) = tree(bytes, &reading)?;
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

/// Version of the standard, and the root element as its JSON form.
fn tree(bytes: &[u8], reading: &Reading) -> Result<(String, Value), ReadError> {
    let malformed =
        |at: usize, message: String| ReadError::Malformed { place: Place::of_offset(bytes, at), message };
    let text =
        std::str::from_utf8(bytes).map_err(|error| malformed(error.valid_up_to(), "not UTF-8".to_owned()))?;
    let mut reader = NsReader::from_str(text);
    let mut stack = vec![Frame::default()];
    let mut version = String::new();
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let (namespace, event) =
            reader.read_resolved_event().map_err(|error| malformed(at, error.to_string()))?;
        match event {
            Event::Start(start) => {
                open(&start, &namespace, &mut stack, &mut version)
                    .map_err(|message| malformed(at, message))?;
            }
            Event::Empty(start) => {
                open(&start, &namespace, &mut stack, &mut version)
                    .map_err(|message| malformed(at, message))?;
                close(&mut stack, reading);
            }
            Event::End(_) => close(&mut stack, reading),
            Event::Text(text) => push(&mut stack, &text),
            Event::CData(text) => push(&mut stack, &text),
            Event::GeneralRef(reference) => {
                let character =
                    reference.resolve_char_ref().map_err(|error| malformed(at, error.to_string()))?;
                let character = character.or_else(|| predefined(&reference));
                let character = character
                    .ok_or_else(|| malformed(at, format!("the entity `{}` is not allowed", &*reference)))?;
                push(&mut stack, character.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => {
                return Err(malformed(at, "a document type declaration is not allowed".to_owned()));
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    let end = || malformed(bytes.len(), "the root element is missing or not closed".to_owned());
    let [document] = stack.as_mut_slice() else { return Err(end()) };
    let (_, root) = document.children.pop().ok_or_else(end)?;
    Ok((version, root))
}

/// XML 1.0, section 4.6.
fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

fn push(stack: &mut [Frame], text: &str) {
    if let Some(frame) = stack.last_mut() {
        frame.text.push_str(text);
    }
}

fn open(
    start: &BytesStart<'_>,
    namespace: &ResolveResult<'_>,
    stack: &mut Vec<Frame>,
    version: &mut String,
) -> Result<(), String> {
    if stack.len() > MAX_DEPTH {
        return Err(format!("elements are nested deeper than {MAX_DEPTH}"));
    }
    let stated = match namespace {
        ResolveResult::Bound(namespace) => namespace.as_ref().strip_prefix(NAMESPACE),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
    };
    let inside_foreign = stack.last().is_some_and(|frame| frame.foreign);
    if let (1, Some(stated)) = (stack.len(), stated) {
        stated.clone_into(version);
    }
    let mut frame = Frame {
        name: start.local_name().as_ref().to_owned(),
        foreign: inside_foreign || stated.is_none(),
        ..Frame::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.as_ref();
        if key != "xmlns" && !key.contains(':') {
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            frame.attributes.push((key.to_owned(), value.into_owned()));
        }
    }
    stack.push(frame);
    Ok(())
}

fn close(stack: &mut Vec<Frame>, reading: &Reading) {
    let Some(frame) = stack.pop() else { return };
    let Some(around) = stack.last_mut() else { return };
    if frame.foreign {
        if !around.foreign {
            reading.leave_out(format!("extension {}", frame.name));
        }
        return;
    }
    let (name, value) = frame.into_json(&around.name);
    around.children.push((name, value));
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
