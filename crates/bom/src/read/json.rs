//! Reading JSON objects key by key, in one pass and without building a tree.
//!
//! A [`Node`] is an element of a document: it takes the keys it knows and leaves the others to be counted. Depth is
//! bounded by `serde_json` (128 nested values); values that nobody reads are skipped without recursion.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::marker::PhantomData;
use std::sync::mpsc::SyncSender;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{ReadError, ReadLimits};
use crate::{Component, Place};

/// Kinds of left-out element that are told apart; an opponent's key names must not fill the memory.
const MAX_KINDS: usize = 256;

/// Keys of one object; no element of a standard has half as many.
const MAX_KEYS: usize = 256;

/// What is shared by all elements of one document.
#[derive(Debug)]
pub(super) struct Reading {
    limits: ReadLimits,
    components: Cell<usize>,
    relations: Cell<usize>,
    exceeded: Cell<Option<(&'static str, usize)>>,
    not_carried: RefCell<BTreeMap<String, u64>>,
    /// Where kinds are written before they are looked up: one text for the whole document.
    scratch: RefCell<String>,
    /// Where components go that need not be kept.
    handed_on: Option<SyncSender<Component>>,
}

impl Reading {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        Self {
            limits: *limits,
            components: Cell::new(0),
            relations: Cell::new(0),
            exceeded: Cell::new(None),
            not_carried: RefCell::default(),
            scratch: RefCell::default(),
            handed_on: None,
        }
    }

    /// Components go to `to` one after the other, as far as an element hands them on.
    pub(super) fn handing_on(limits: &ReadLimits, to: SyncSender<Component>) -> Self {
        Self { handed_on: Some(to), ..Self::new(limits) }
    }

    /// Gives a component away. Whoever does not want more of them gets no more.
    pub(super) fn hand_on<E: Error>(&self, component: Component) -> Result<(), E> {
        let taken = self.handed_on.as_ref().is_some_and(|to| to.send(component).is_ok());
        if taken { Ok(()) } else { Err(E::custom("nobody takes components")) }
    }

    /// One more component.
    pub(super) fn component<E: Error>(&self) -> Result<(), E> {
        self.component_allowed().map_err(|what| self.exceed(what, self.limits.components))
    }

    /// One more relation.
    pub(super) fn relation<E: Error>(&self) -> Result<(), E> {
        self.relation_allowed().map_err(|what| self.exceed(what, self.limits.relations))
    }

    /// One more component; the error says what there are too many of.
    pub(super) fn component_allowed(&self) -> Result<(), &'static str> {
        count(&self.components, self.limits.components, "components")
    }

    /// One more relation; the error says what there are too many of.
    pub(super) fn relation_allowed(&self) -> Result<(), &'static str> {
        count(&self.relations, self.limits.relations, "relations")
    }

    /// Errors of the parser carry no values, so the limit is kept here.
    fn exceed<E: Error>(&self, what: &'static str, limit: usize) -> E {
        self.exceeded.set(Some((what, limit)));
        E::custom("limit")
    }

    /// Counts something that the graph does not hold.
    pub(super) fn leave_out(&self, kind: fmt::Arguments<'_>) {
        let (mut counts, mut text) = (self.not_carried.borrow_mut(), self.scratch.borrow_mut());
        text.clear();
        // Writing to a text does not fail.
        let _ = text.write_fmt(kind);
        if let Some(count) = counts.get_mut(text.as_str()) {
            *count += 1;
            return;
        }
        let kind = if counts.len() < MAX_KINDS { text.as_str() } else { "other keys" };
        *counts.entry(kind.to_owned()).or_default() += 1;
    }

    pub(super) fn into_not_carried(self) -> BTreeMap<String, u64> {
        self.not_carried.into_inner()
    }

    /// The whole document as one element.
    pub(super) fn document<'de, T: Node<'de>>(&self, bytes: &'de [u8]) -> Result<T, ReadError> {
        let text = std::str::from_utf8(bytes).map_err(|error| ReadError::Malformed {
            place: Place::of_offset(bytes, error.valid_up_to()),
            message: "not UTF-8".to_owned(),
        })?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let seed = ElementSeed::<T> { reading: self, node: PhantomData };
        let read = seed.deserialize(&mut deserializer).and_then(|node| deserializer.end().map(|()| node));
        read.map_err(|error| self.error(&error))
    }

    /// A tree as one element.
    pub(super) fn value<'de, T: Node<'de>>(&self, value: &'de serde_json::Value) -> Result<T, ReadError> {
        let seed = ElementSeed::<T> { reading: self, node: PhantomData };
        seed.deserialize(value).map_err(|error| self.error(&error))
    }

    fn error(&self, error: &serde_json::Error) -> ReadError {
        let place = Place { line: error.line(), column: error.column() };
        match self.exceeded.get() {
            Some((what, limit)) => ReadError::TooMany { place, what, limit },
            None => ReadError::Malformed { place, message: plain(error) },
        }
    }
}

fn count(counter: &Cell<usize>, limit: usize, what: &'static str) -> Result<(), &'static str> {
    counter.set(counter.get() + 1);
    if counter.get() > limit { Err(what) } else { Ok(()) }
}

/// The message without the place that the parser appends.
pub(crate) fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_owned()
}

/// An element of a document. Where a list or a text stands instead of an object, each kind decides what that means.
pub(super) trait Node<'de>: Default {
    /// What it is called in messages and counts.
    const NAME: &'static str;

    /// Takes the value of a key, or leaves it out ([`Value::leave_out`]).
    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error>;

    /// Takes a text that stands instead of an object.
    fn text(&mut self, _text: &str, reading: &Reading) {
        reading.leave_out(format_args!("{} as text", Self::NAME));
    }

    /// Takes an element of a list that stands instead of an object.
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A, reading: &Reading) -> Result<bool, A::Error> {
        let found = list.next_element::<IgnoredAny>()?.is_some();
        if found {
            reading.leave_out(format_args!("{} as list", Self::NAME));
        }
        Ok(found)
    }

    /// Called once all keys are read.
    fn finish<E: Error>(&mut self, _reading: &Reading) -> Result<(), E> {
        Ok(())
    }
}

/// A key's value, not read yet.
pub(super) struct Value<'a, A> {
    map: &'a mut A,
    pub(super) reading: &'a Reading,
    element: &'static str,
    key: &'a str,
}

impl<'de, A: MapAccess<'de>> Value<'_, A> {
    /// A text; numbers and truth values are written out; `null`, empty and structured values are absent.
    pub(super) fn text(self) -> Result<Option<String>, A::Error> {
        self.map.next_value_seed(Text)
    }

    /// An element.
    pub(super) fn node<T: Node<'de>>(self) -> Result<T, A::Error> {
        self.map.next_value_seed(ElementSeed { reading: self.reading, node: PhantomData })
    }

    /// A list of elements; a single element counts as a list of one, `null` as none.
    pub(super) fn list<T: Node<'de>>(self) -> Result<Vec<T>, A::Error> {
        self.map.next_value_seed(ListSeed { reading: self.reading, node: PhantomData })
    }

    /// A list of texts.
    pub(super) fn texts(self) -> Result<Vec<String>, A::Error> {
        let list: Vec<TextNode> = self.list()?;
        Ok(list.into_iter().filter_map(|node| node.0).collect())
    }

    /// Skips a value that says nothing about components.
    pub(super) fn skip(self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(drop)
    }

    /// Skips a value and counts it as left out.
    pub(super) fn leave_out(self) -> Result<(), A::Error> {
        self.reading.leave_out(format_args!("{}.{}", self.element, self.key));
        self.skip()
    }
}

/// The next element of a list.
pub(super) fn next_node<'de, T: Node<'de>, A: SeqAccess<'de>>(
    list: &mut A,
    reading: &Reading,
) -> Result<Option<T>, A::Error> {
    list.next_element_seed(ElementSeed { reading, node: PhantomData })
}

/// An element of which only a text is wanted.
#[derive(Debug, Default)]
struct TextNode(Option<String>);

impl<'de> Node<'de> for TextNode {
    const NAME: &'static str = "text";

    fn key<A: MapAccess<'de>>(&mut self, _: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        value.leave_out()
    }

    fn text(&mut self, text: &str, _: &Reading) {
        self.0 = Some(text.to_owned());
    }
}

struct ElementSeed<'r, T> {
    reading: &'r Reading,
    node: PhantomData<T>,
}

impl<'de, T: Node<'de>> DeserializeSeed<'de> for ElementSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Node<'de>> Visitor<'de> for ElementSeed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object (`{}`)", T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut node = T::default();
        let mut seen = Vec::with_capacity(16);
        while let Some(Key(key)) = map.next_key()? {
            unique(&key, &seen)?;
            let value = Value { map: &mut map, reading: self.reading, element: T::NAME, key: &key };
            node.key(&key, value)?;
            seen.push(key);
        }
        node.finish(self.reading)?;
        Ok(node)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let mut node = T::default();
        while node.element(&mut list, self.reading)? {}
        node.finish(self.reading)?;
        Ok(node)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let mut node = T::default();
        node.text(text, self.reading);
        Ok(node)
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }
}

/// Two programs may take different ones of two equal keys; so neither is taken.
fn unique<E: Error>(key: &str, seen: &[Cow<'_, str>]) -> Result<(), E> {
    if seen.iter().any(|other| other == key) {
        return Err(E::custom(format_args!("the key `{key}` stands twice in one object")));
    }
    if seen.len() >= MAX_KEYS {
        return Err(E::custom(format_args!("more than {MAX_KEYS} keys in one object")));
    }
    Ok(())
}

struct ListSeed<'r, T> {
    reading: &'r Reading,
    node: PhantomData<T>,
}

impl<'de, T: Node<'de>> DeserializeSeed<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Node<'de>> Visitor<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of `{}`", T::NAME)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut nodes = Vec::new();
        let seed = || ElementSeed { reading: self.reading, node: PhantomData };
        while let Some(node) = list.next_element_seed(seed())? {
            nodes.push(node);
        }
        // Most lists have one element, and there are millions of lists.
        nodes.shrink_to_fit();
        Ok(nodes)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
        ElementSeed { reading: self.reading, node: PhantomData }.visit_map(map).map(|node| vec![node])
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        ElementSeed { reading: self.reading, node: PhantomData }.visit_str(text).map(|node| vec![node])
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
}

/// A key, borrowed from the document where it holds no escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}

/// A scalar as text.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<String>, E> {
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<String>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
