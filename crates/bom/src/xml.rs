//! XML as a sequence of elements and texts.
//!
//! A document type declaration is refused, and with it every entity but the five of XML itself: nothing is expanded,
//! nothing fetched. Depth is bounded.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// Elements inside elements.
const MAX_DEPTH: usize = 128;

/// An attribute.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// Namespace of the name; empty where it has none.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The start of an element.
#[derive(Debug)]
pub(crate) struct Element {
    /// Namespace of the name; empty where it has none.
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Without declarations of namespaces.
    pub(crate) attributes: Vec<Attribute>,
    /// Offset in bytes.
    pub(crate) at: usize,
}

/// Takes a document piece by piece. Texts come unescaped, in as many pieces as the parser sees.
pub(crate) trait Visitor {
    fn open(&mut self, element: Element) -> Result<(), String>;
    fn text(&mut self, text: &str, at: usize) -> Result<(), String>;
    fn close(&mut self) -> Result<(), String>;
}

/// Offset in bytes, and what is wrong there.
pub(crate) type Fault = (usize, String);

/// Walks through a document.
pub(crate) fn walk(bytes: &[u8], visitor: &mut impl Visitor) -> Result<(), Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| (error.valid_up_to(), "not UTF-8".to_owned()))?;
    let mut reader = NsReader::from_str(text);
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let fault = |message: String| (at, message);
        let (namespace, event) = reader.read_resolved_event().map_err(|error| fault(error.to_string()))?;
        let namespace = namespace_of(&namespace).map_err(fault)?;
        match event {
            Event::Start(start) => {
                depth += 1;
                roots += usize::from(depth == 1);
                check_shape(depth, roots).map_err(fault)?;
                let element = element(&start, namespace, &reader, at).map_err(fault)?;
                visitor.open(element).map_err(fault)?;
            }
            Event::Empty(start) => {
                roots += usize::from(depth == 0);
                check_shape(depth + 1, roots).map_err(fault)?;
                let element = element(&start, namespace, &reader, at).map_err(fault)?;
                visitor.open(element).and_then(|()| visitor.close()).map_err(fault)?;
            }
            Event::End(_) => {
                depth = depth.checked_sub(1).ok_or_else(|| fault("nothing is open here".to_owned()))?;
                visitor.close().map_err(fault)?;
            }
            Event::Text(text) => {
                outside(depth, &text).and_then(|()| visitor.text(&text, at)).map_err(fault)?
            }
            Event::CData(text) => {
                outside(depth, &text).and_then(|()| visitor.text(&text, at)).map_err(fault)?
            }
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| fault(error.to_string()))?;
                let character = character.or_else(|| predefined(&reference));
                let character =
                    character.ok_or_else(|| fault(format!("the entity `{}` is not allowed", &*reference)))?;
                visitor.text(character.encode_utf8(&mut [0; 4]), at).map_err(fault)?;
            }
            Event::DocType(_) => return Err(fault("a document type declaration is not allowed".to_owned())),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if depth > 0 || roots == 0 {
        return Err((bytes.len(), "the root element is missing or not closed".to_owned()));
    }
    Ok(())
}

fn check_shape(depth: usize, roots: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("elements are nested deeper than {MAX_DEPTH}"));
    }
    if roots > 1 { Err("there is a second root element".to_owned()) } else { Ok(()) }
}

fn outside(depth: usize, text: &str) -> Result<(), String> {
    let blank = text.chars().all(|c| c.is_ascii_whitespace() || c == '\u{feff}');
    if depth == 0 && !blank { Err("there is text outside of the root element".to_owned()) } else { Ok(()) }
}

fn namespace_of(namespace: &ResolveResult<'_>) -> Result<String, String> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(namespace.as_ref().to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix `{prefix}` is not declared")),
    }
}

fn element(
    start: &BytesStart<'_>,
    namespace: String,
    reader: &NsReader<&[u8]>,
    at: usize,
) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        attributes.push(Attribute {
            namespace: namespace_of(&namespace)?,
            name: name.as_ref().to_owned(),
            value: value.into_owned(),
        });
    }
    Ok(Element { namespace, name: start.local_name().as_ref().to_owned(), attributes, at })
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
