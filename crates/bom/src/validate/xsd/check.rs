//! A document against a schema, in one pass.

use std::collections::{HashMap, HashSet};

use super::automaton::{Label, State};
use super::{Complex, Content, Others, Root, Schema, Type, TypeId, simple};
use crate::xml::{Attribute, Element, Fault, Visitor, walk};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Faults of one document that are kept.
const MAX_FAULTS: usize = 10_000;
/// Values that must differ; more than a document of the longest length that is checked can hold in practice.
const MAX_UNIQUE: usize = 2_000_000;

/// Something wrong: offset in bytes, path of elements, what it is.
pub(in crate::validate) type Finding = (usize, String, String);

/// All that is wrong; the error is broken syntax.
pub(in crate::validate) fn check(schema: &Schema, bytes: &[u8]) -> Result<Vec<Finding>, Fault> {
    let mut checker =
        Checker { schema, stack: Vec::new(), root: None, unique: HashSet::new(), findings: Vec::new() };
    walk(bytes, &mut checker)?;
    Ok(checker.findings)
}

/// An open element.
struct Frame {
    /// Path step: `component[2]`.
    step: String,
    /// `None`: nothing in it is checked.
    kind: Option<TypeId>,
    state: State,
    text: String,
    at: usize,
    /// A child did not fit: what follows and what is missing is not told as well.
    lost: bool,
    children: HashMap<String, usize>,
}

struct Checker<'s> {
    schema: &'s Schema,
    stack: Vec<Frame>,
    root: Option<&'s Root>,
    unique: HashSet<(String, String)>,
    findings: Vec<Finding>,
}

impl<'s> Checker<'s> {
    fn report(&mut self, at: usize, message: String) {
        if self.findings.len() < MAX_FAULTS {
            let path: String = self.stack.iter().map(|frame| format!("/{}", frame.step)).collect();
            self.findings.push((at, path, message));
        }
    }

    /// The type, if it restricts anything.
    fn restricting(&self, id: TypeId) -> Option<TypeId> {
        (!matches!(self.schema.types.get(id), None | Some(Type::Any))).then_some(id)
    }

    /// The type of an element that opens, with what is wrong about its place.
    fn place(&mut self, element: &Element) -> (Option<TypeId>, Option<String>) {
        let ours = element.namespace == self.schema.target;
        let name = element.name.as_str();
        let schema = self.schema;
        let Some(around) = self.stack.last_mut() else {
            self.root = schema.roots.get(name).filter(|_| ours);
            let kind = self.root.and_then(|root| self.restricting(root.kind));
            let message = self.root.is_none().then(|| format!("`{name}` is no root element of this format"));
            return (kind, message);
        };
        let kind = around.kind.and_then(|id| schema.types.get(id));
        let Some(Type::Complex(Complex { content: Content::Elements { automaton, .. }, .. })) = kind else {
            let message = around.kind.map(|_| format!("`{name}` is not allowed: no elements stand here"));
            return (None, message);
        };
        match automaton.step(around.state, ours.then_some(name)) {
            Some((state, label)) => {
                around.state = Some(state);
                match label {
                    Label::Element { kind, .. } => (self.restricting(*kind), None),
                    Label::Other => (None, None),
                }
            }
            None if around.lost => (None, None),
            None => {
                around.lost = true;
                let expected = automaton.expected(around.state);
                (None, Some(format!("`{name}` is not allowed here{}", hint(&expected))))
            }
        }
    }

    fn attributes(&mut self, complex: Option<&'s Complex>, element: &Element) {
        for attribute in element.attributes.iter().filter(|attribute| attribute.namespace.is_empty()) {
            self.once(attribute, element.at);
        }
        let Some(complex) = complex else { return };
        for attribute in &element.attributes {
            if let Some(message) = self.attribute_fault(complex, attribute) {
                self.report(element.at, message);
            }
        }
        let mut missing: Vec<&str> = complex
            .attributes
            .iter()
            .filter(|(name, rule)| {
                rule.required
                    && !element.attributes.iter().any(|a| a.namespace.is_empty() && a.name == **name)
            })
            .map(|(name, _)| name.as_str())
            .collect();
        missing.sort_unstable();
        for name in missing {
            self.report(element.at, format!("the attribute `{name}` is missing"));
        }
    }

    fn attribute_fault(&self, complex: &Complex, attribute: &Attribute) -> Option<String> {
        let Attribute { namespace, name, value } = attribute;
        if namespace == XSI {
            return (name == "nil").then(|| "`xsi:nil` is not allowed here".to_owned());
        }
        if namespace.is_empty()
            && let Some(rule) = complex.attributes.get(name)
        {
            return simple::fault(self.schema, rule.kind, value).map(|fault| format!("`{name}`: {fault}"));
        }
        let allowed = match complex.others {
            Others::None => false,
            Others::OtherNamespace => !namespace.is_empty() && *namespace != self.schema.target,
            Others::Any => true,
        };
        (!allowed).then(|| format!("the attribute `{name}` is not allowed here"))
    }

    /// Rules of uniqueness.
    fn once(&mut self, attribute: &Attribute, at: usize) {
        let ruled = self.root.is_some_and(|root| root.unique.contains(&attribute.name));
        if !ruled || self.unique.len() >= MAX_UNIQUE {
            return;
        }
        let key = (attribute.name.clone(), attribute.value.clone());
        if !self.unique.insert(key) {
            self.report(at, format!("the id `{}` stands twice", attribute.value));
        }
    }

    /// What an element lacks when it closes.
    fn incomplete(&self, frame: &Frame) -> Option<String> {
        let id = frame.kind?;
        let content = match self.schema.types.get(id)? {
            Type::Simple(_) => return simple::fault(self.schema, id, &frame.text),
            Type::Complex(complex) => &complex.content,
            Type::Any | Type::Undefined => return None,
        };
        let blank = frame.text.chars().all(|c| c.is_ascii_whitespace());
        match content {
            Content::Text(kind) => simple::fault(self.schema, *kind, &frame.text),
            Content::Empty => (!blank).then(|| "no text is allowed here".to_owned()),
            Content::Elements { mixed: false, .. } if !blank => Some("no text is allowed here".to_owned()),
            Content::Elements { automaton, .. } => (!frame.lost && !automaton.may_end(frame.state))
                .then(|| format!("something is missing{}", hint(&automaton.expected(frame.state)))),
        }
    }
}

fn hint(expected: &[&str]) -> String {
    const MOST: usize = 5;
    let names: Vec<String> = expected.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match (names.is_empty(), expected.len() > MOST) {
        (true, _) => String::new(),
        (false, more) => format!("; hint: {}{}", names.join(", "), if more { " or others" } else { "" }),
    }
}

impl Visitor for Checker<'_> {
    fn open(&mut self, element: Element) -> Result<(), String> {
        let (kind, message) = self.place(&element);
        let step = match self.stack.last_mut() {
            None => element.name.clone(),
            Some(around) => {
                let count = around.children.entry(element.name.clone()).or_default();
                *count += 1;
                format!("{}[{count}]", element.name)
            }
        };
        self.stack.push(Frame {
            step,
            kind,
            state: None,
            text: String::new(),
            at: element.at,
            lost: false,
            children: HashMap::new(),
        });
        if let Some(message) = message {
            self.report(element.at, message);
        }
        match kind.and_then(|id| self.schema.types.get(id)) {
            Some(Type::Complex(complex)) => self.attributes(Some(complex), &element),
            Some(Type::Simple(_)) => {
                self.attributes(None, &element);
                let stated = element.attributes.iter().find(|attribute| attribute.namespace != XSI);
                if let Some(attribute) = stated {
                    self.report(
                        element.at,
                        format!("the attribute `{}` is not allowed here", attribute.name),
                    );
                }
            }
            _ => self.attributes(None, &element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str, _: usize) -> Result<(), String> {
        if let Some(frame) = self.stack.last_mut()
            && frame.kind.is_some()
        {
            frame.text.push_str(text);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        if let Some(frame) = self.stack.last()
            && let Some(message) = self.incomplete(frame)
        {
            self.report(frame.at, message);
        }
        self.stack.pop();
        Ok(())
    }
}
