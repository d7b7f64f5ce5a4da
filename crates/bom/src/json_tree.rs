//! JSON into a tree, refusing keys that stand twice, and noting keys out of alphabetical order.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::Place;

/// A document as a tree in which each key of an object stands once.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonTree {
    /// The document.
    pub value: Value,
    /// The first key that stands behind a later one of its object; `None` if all stand in alphabetical order.
    pub unsorted: Option<String>,
}

/// Why a document is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at {place}")]
pub struct JsonTreeError {
    /// Where.
    pub place: Place,
    /// Why.
    pub message: String,
}

impl JsonTree {
    /// The tree of a document.
    ///
    /// # Errors
    /// If the bytes are not UTF-8 or not JSON, if values are nested more than 128 deep, or if a key stands twice in one
    /// object: two programs may take different ones of the two.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonTreeError> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonTreeError {
            place: Place::of_offset(bytes, error.valid_up_to()),
            message: "not UTF-8".to_owned(),
        })?;
        let unsorted = RefCell::new(None);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let parsed = Seed(&unsorted).deserialize(&mut deserializer);
        let value = parsed.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| {
            let place = Place { line: error.line(), column: error.column() };
            JsonTreeError { place, message: crate::read::plain(&error) }
        })?;
        Ok(Self { value, unsorted: unsorted.into_inner() })
    }
}

#[derive(Clone, Copy)]
struct Seed<'u>(&'u RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut object, mut last) = (Map::new(), String::new());
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice in one object")));
            }
            if key < last && self.0.borrow().is_none() {
                *self.0.borrow_mut() = Some(key.clone());
            }
            let value = map.next_value_seed(self)?;
            last.clone_from(&key);
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_once_and_their_order_is_noted() {
        let unsorted = |text: &str| JsonTree::parse(text.as_bytes()).map(|tree| tree.unsorted);
        assert_eq!(unsorted(r#"{"a":1,"b":{"c":2,"d":[{"x":1},{"a":2}]}}"#), Ok(None));
        assert_eq!(unsorted(r#"{"a":1,"c":{"z":1,"y":2},"b":3}"#), Ok(Some("y".to_owned())));
        let error = unsorted("{\"a\":1,\n\"a\":2}").unwrap_err();
        assert_eq!(error.to_string(), "the key `a` stands twice in one object at 2:3");
        assert_eq!(JsonTree::parse(b"\n\xff").unwrap_err().place, Place { line: 2, column: 1 });
        assert!(JsonTree::parse(b"{} {}").is_err());
        assert!(JsonTree::parse("[".repeat(200).as_bytes()).is_err());
    }
}
