//! Components one after the other, for whoever needs nothing else: a long document is then never there as a graph.

use std::sync::mpsc::sync_channel;

use serde::de::{Error, MapAccess};

use super::finish::RawComponent;
use super::json::{Node, Reading, Value};
use super::{ReadError, ReadLimits, read, recognise};
use crate::{Component, Format};

/// Components that wait to be taken.
const AHEAD: usize = 256;

/// Gives every component of a document of any format to `take`, with its ids as they are stated. Components inside of
/// others come before them. Only CycloneDX JSON is not kept as a whole meanwhile.
///
/// # Errors
/// As [`read`]; some components may have been given by then.
pub fn each_component(
    bytes: &[u8],
    limits: &ReadLimits,
    mut take: impl FnMut(Component),
) -> Result<(), ReadError> {
    if bytes.len() > limits.bytes || recognise(bytes).is_none_or(|r| r.format != Format::CycloneDxJson) {
        read(bytes, limits)?.bom.components.into_iter().for_each(take);
        return Ok(());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (to, from) = sync_channel(AHEAD);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || Reading::handing_on(limits, to).document::<Whole>(bytes));
        from.iter().for_each(&mut take);
        let whole = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let version = whole.version.unwrap_or_default();
        match version.is_empty() || Format::CycloneDxJson.reads(&version) {
            true => Ok(()),
            false => Err(ReadError::Unsupported { format: Format::CycloneDxJson, version: Some(version) }),
        }
    })
}

#[derive(Default)]
struct Whole {
    version: Option<String>,
}

impl<'de> Node<'de> for Whole {
    const NAME: &'static str = "bom";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "specVersion" => self.version = value.text()?,
            "metadata" => {
                value.node::<About>()?;
            }
            "components" => drop(value.list::<Passing>()?),
            // As where the graph is read.
            "spdxVersion" | "@context" => {
                return Err(A::Error::custom(format!(
                    "`{key}` makes it another standard's document as well"
                )));
            }
            _ => value.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct About;

impl<'de> Node<'de> for About {
    const NAME: &'static str = "metadata";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "component" => value.node::<Passing>().map(drop),
            _ => value.skip(),
        }
    }
}

/// A component that is given away once it is read. Empty then, and small, as a list of all of them is kept.
#[derive(Default)]
struct Passing(Option<Box<RawComponent>>);

impl<'de> Node<'de> for Passing {
    const NAME: &'static str = RawComponent::NAME;

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "components" => value.list::<Passing>().map(drop),
            _ => self.0.get_or_insert_default().key(key, value),
        }
    }

    fn finish<E: Error>(&mut self, reading: &Reading) -> Result<(), E> {
        reading.component()?;
        reading.hand_on(self.0.take().unwrap_or_default().component)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> (Result<Vec<Component>, String>, Result<Vec<Component>, String>) {
        let mut each = Vec::new();
        let done = each_component(text.as_bytes(), &ReadLimits::default(), |c| each.push(c));
        let read = read(text.as_bytes(), &ReadLimits::default()).map(|document| document.bom.components);
        let bare = |mut list: Vec<Component>| {
            list.iter_mut().for_each(|c| c.reference = crate::ComponentRef(String::new()));
            list.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
            list
        };
        (done.map(|()| bare(each)).map_err(|e| e.to_string()), read.map(bare).map_err(|e| e.to_string()))
    }

    #[test]
    fn the_same_components_are_given_as_are_read() {
        let texts = [
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"name":"whole","components":[{"name":"in"}]}},
                "components":[{"name":"a","version":"1","purl":"pkg:generic/a@1","cpe":"cpe:2.3:a:x:a:1:*:*:*:*:*:*:*",
                "components":[{"name":"b","components":[{"name":"c","licenses":[{"license":{"id":"MIT"}}]}]}]},{"name":"d"}]}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#,
            r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[{"name":"p","SPDXID":"SPDXRef-p","versionInfo":"2"}]}"#,
        ];
        for text in texts {
            let (each, read) = both(text);
            assert_eq!(each, read);
            assert!(each.is_ok());
        }
    }

    #[test]
    fn what_does_not_read_is_refused_alike() {
        for text in [
            r#"{"bomFormat":"CycloneDX","specVersion":"9.9","components":[{"name":"a"}]}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a","name":"b"}]}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","spdxVersion":"SPDX-2.3"}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"#,
            "nothing",
        ] {
            let (each, read) = both(text);
            assert_eq!(each, read);
            assert!(each.is_err(), "{text}");
        }
    }

    #[test]
    fn the_limit_of_components_holds() {
        let limits = ReadLimits { components: 2, ..ReadLimits::default() };
        let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a","components":[{"name":"b"}]},{"name":"c"}]}"#;
        let error = each_component(text.as_bytes(), &limits, drop).unwrap_err();
        assert!(matches!(error, ReadError::TooMany { what: "components", .. }), "{error}");
    }
}
