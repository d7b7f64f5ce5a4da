//! The packed encoding of `.sla` files: a tree of elements with attributes.
//!
//! The whole file becomes one arena of elements; readers then look up attributes by id and walk children in order.
//! Only the chore that bakes tables reads this form, so the arena favours simplicity over memory.
//!
//! Source: the packed format of Ghidra's decompiler, version 4 of the `.sla` container.

use std::io::Read;

use flate2::read::ZlibDecoder;

use crate::error::LoadError;

/// Inflated size above which a table is refused.
const MAX_INFLATED: u64 = 64 << 20;
/// Open elements; real tables stay below 40.
const MAX_DEPTH: usize = 128;
/// Elements and attributes; real tables have fewer than three million.
const MAX_ITEMS: usize = 8 << 20;
const NONE: u32 = u32::MAX;

/// A value of an attribute. Spaces are numbers; which attribute is one is the reader's knowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Number(u64),
    /// Byte range of the inflated file.
    Text(u32, u32),
}

struct Node {
    id: u16,
    first_attribute: u32,
    attributes: u32,
    first_child: u32,
    next: u32,
}

/// One decoded file.
pub(crate) struct Document {
    bytes: Vec<u8>,
    nodes: Vec<Node>,
    attributes: Vec<(u16, Value)>,
}

/// One element of a [`Document`].
#[derive(Clone, Copy)]
pub(crate) struct Element<'d> {
    document: &'d Document,
    node: &'d Node,
}

impl Document {
    /// Inflates and decodes a `.sla` file.
    pub(crate) fn parse(sla: &[u8]) -> Result<Self, LoadError> {
        let Some((header, stream)) = sla.split_at_checked(4) else { return Err(LoadError::NotSla) };
        match header {
            b"sla\x04" => {}
            [b's', b'l', b'a', version] => return Err(LoadError::Version { version: u64::from(*version) }),
            _ => return Err(LoadError::NotSla),
        }
        let mut bytes = Vec::new();
        let read = ZlibDecoder::new(stream).take(MAX_INFLATED + 1).read_to_end(&mut bytes);
        read.map_err(|_| LoadError::Inflate)?;
        if bytes.len() as u64 > MAX_INFLATED {
            return Err(LoadError::TooLarge);
        }
        Decoder::new(bytes).run()
    }

    pub(crate) fn root(&self) -> Result<Element<'_>, LoadError> {
        let node = self.nodes.first().ok_or(LoadError::Truncated { offset: 0 })?;
        Ok(Element { document: self, node })
    }
}

impl<'d> Element<'d> {
    pub(crate) fn id(self) -> u16 {
        self.node.id
    }

    fn find(self, attribute: u16) -> Option<Value> {
        let first = self.node.first_attribute as usize;
        let own = self.document.attributes.get(first..first + self.node.attributes as usize)?;
        own.iter().find(|(id, _)| *id == attribute).map(|(_, value)| *value)
    }

    /// A numeric attribute that may be absent.
    pub(crate) fn number(self, attribute: u16) -> Option<u64> {
        match self.find(attribute)? {
            Value::Number(number) => Some(number),
            Value::Text(..) => None,
        }
    }

    /// A numeric attribute that must be there.
    pub(crate) fn need(self, attribute: u16) -> Result<u64, LoadError> {
        self.number(attribute).ok_or(LoadError::Attribute { element: self.node.id, attribute })
    }

    /// As [`Self::need`], in the range of `T`.
    pub(crate) fn int<T: TryFrom<i64>>(self, attribute: u16) -> Result<T, LoadError> {
        let number = self.need(attribute)?.cast_signed();
        T::try_from(number).map_err(|_| LoadError::Range { element: self.node.id, attribute })
    }

    pub(crate) fn text(self, attribute: u16) -> Result<&'d str, LoadError> {
        let missing = LoadError::Attribute { element: self.node.id, attribute };
        let Some(Value::Text(start, end)) = self.find(attribute) else { return Err(missing) };
        let bytes = self.document.bytes.get(start as usize..end as usize).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| missing)
    }

    pub(crate) fn children(self) -> impl Iterator<Item = Element<'d>> {
        let document = self.document;
        let at = move |index: u32| document.nodes.get(index as usize).map(|node| Element { document, node });
        std::iter::successors(at(self.node.first_child), move |child| at(child.node.next))
    }

    /// The children of one kind.
    pub(crate) fn all(self, id: u16) -> impl Iterator<Item = Element<'d>> {
        self.children().filter(move |child| child.id() == id)
    }

    pub(crate) fn child(self, index: usize) -> Result<Element<'d>, LoadError> {
        self.children().nth(index).ok_or(LoadError::Child { element: self.node.id })
    }
}

struct Decoder {
    document: Document,
    position: usize,
    /// Open elements with their latest child.
    open: Vec<(u32, u32)>,
}

impl Decoder {
    fn new(bytes: Vec<u8>) -> Self {
        let document = Document { bytes, nodes: Vec::new(), attributes: Vec::new() };
        Self { document, position: 0, open: Vec::new() }
    }

    fn run(mut self) -> Result<Document, LoadError> {
        loop {
            let header = self.byte()?;
            let id = self.id(header)?;
            if self.document.nodes.len() + self.document.attributes.len() > MAX_ITEMS {
                return Err(LoadError::TooLarge);
            }
            match header >> 6 {
                1 => self.start(id)?,
                2 => self.end(id)?,
                3 => self.attribute(id)?,
                _ => return Err(self.broken()),
            }
            if self.open.is_empty() {
                break;
            }
        }
        if self.position == self.document.bytes.len() { Ok(self.document) } else { Err(self.broken()) }
    }

    fn broken(&self) -> LoadError {
        LoadError::Encoding { offset: self.position }
    }

    fn byte(&mut self) -> Result<u8, LoadError> {
        let byte = self.document.bytes.get(self.position).copied();
        self.position += 1;
        byte.ok_or(LoadError::Truncated { offset: self.position - 1 })
    }

    fn id(&mut self, header: u8) -> Result<u16, LoadError> {
        let low = u16::from(header & 0x1f);
        if header & 0x20 == 0 { Ok(low) } else { Ok(low << 7 | u16::from(self.byte()? & 0x7f)) }
    }

    fn start(&mut self, id: u16) -> Result<(), LoadError> {
        let index = self.document.nodes.len() as u32;
        if self.open.len() >= MAX_DEPTH {
            return Err(self.broken());
        }
        if let Some((parent, latest)) = self.open.last_mut() {
            let parent = *parent as usize;
            let before = std::mem::replace(latest, index) as usize;
            if let Some(sibling) = self.document.nodes.get_mut(before) {
                sibling.next = index;
            } else if let Some(parent) = self.document.nodes.get_mut(parent) {
                parent.first_child = index;
            }
        }
        let first_attribute = self.document.attributes.len() as u32;
        self.document.nodes.push(Node { id, first_attribute, attributes: 0, first_child: NONE, next: NONE });
        self.open.push((index, NONE));
        Ok(())
    }

    fn end(&mut self, id: u16) -> Result<(), LoadError> {
        let open = self.open.pop().and_then(|(index, _)| self.document.nodes.get(index as usize));
        if open.is_some_and(|node| node.id == id) { Ok(()) } else { Err(self.broken()) }
    }

    fn attribute(&mut self, id: u16) -> Result<(), LoadError> {
        let value = self.value()?;
        let open = self.open.last().filter(|(_, child)| *child == NONE).map(|(index, _)| *index as usize);
        let Some(node) = open.and_then(|index| self.document.nodes.get_mut(index)) else {
            return Err(self.broken());
        };
        node.attributes += 1;
        self.document.attributes.push((id, value));
        Ok(())
    }

    fn value(&mut self) -> Result<Value, LoadError> {
        let kind = self.byte()?;
        let length = kind & 15;
        Ok(match kind >> 4 {
            1 => Value::Number(u64::from(length)),
            2 | 4 | 5 => Value::Number(self.integer(length)?),
            3 => Value::Number(self.integer(length)?.wrapping_neg()),
            7 => self.string(length)?,
            _ => return Err(self.broken()),
        })
    }

    fn integer(&mut self, length: u8) -> Result<u64, LoadError> {
        if length > 10 {
            return Err(self.broken());
        }
        (0..length).try_fold(0_u64, |value, _| Ok(value << 7 | u64::from(self.byte()? & 0x7f)))
    }

    fn string(&mut self, length: u8) -> Result<Value, LoadError> {
        let count = usize::try_from(self.integer(length)?).map_err(|_| self.broken())?;
        let start = self.position;
        let end = start.checked_add(count).filter(|end| *end <= self.document.bytes.len());
        self.position = end.ok_or(LoadError::Truncated { offset: start })?;
        Ok(Value::Text(start as u32, self.position as u32))
    }
}
