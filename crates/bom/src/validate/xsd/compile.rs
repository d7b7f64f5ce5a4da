//! From the text of a schema to its rules. Schemas are our own: nothing here meets foreign bytes.

use std::collections::HashMap;

use regex::Regex;

use super::automaton::{Automaton, Occurring, Particle};
use super::simple::{Builtin, Facets, Simple, Variety};
use super::{AttributeRule, Complex, Content, Name, Others, Root, Schema, Type, TypeId};
use crate::xml::{Element, Visitor, walk};

const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// Compiles a schema together with those it imports.
pub(in crate::validate) fn compile(text: &str, imported: &[&str]) -> Result<Schema, String> {
    let mut compiler = Compiler::default();
    for (name, builtin) in Builtin::ALL {
        let id = compiler.named((XSD.to_owned(), (*name).to_owned()));
        let simple = Simple { variety: Variety::Builtin(*builtin), facets: Facets::default() };
        compiler.define(id, Type::Simple(simple));
    }
    for text in imported.iter().copied().chain([text]) {
        let schema = tree(text)?;
        compiler.prefixes = prefixes(text);
        schema.attribute("targetNamespace").unwrap_or_default().clone_into(&mut compiler.schema.target);
        compiler.groups.extend(
            schema
                .children("attributeGroup")
                .filter_map(|g| Some((g.attribute("name")?.to_owned(), g.clone()))),
        );
        compiler.declarations(&schema)?;
    }
    match compiler
        .names
        .iter()
        .find(|(_, id)| matches!(compiler.schema.types.get(**id), Some(Type::Undefined)))
    {
        Some((name, _)) => Err(format!("the type `{}` is not defined", name.1)),
        None => Ok(compiler.schema),
    }
}

/// An element of a schema.
#[derive(Clone, Debug, Default)]
struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

impl Node {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn children<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }
}

#[derive(Default)]
struct Tree(Vec<Node>);

impl Visitor for Tree {
    fn open(&mut self, element: Element) -> Result<(), String> {
        let attributes = element.attributes.into_iter().map(|a| (a.name, a.value)).collect();
        self.0.push(Node { name: element.name, attributes, children: Vec::new() });
        Ok(())
    }

    fn text(&mut self, _: &str, _: usize) -> Result<(), String> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        if self.0.len() > 1
            && let Some(node) = self.0.pop()
            && let Some(around) = self.0.last_mut()
            && node.name != "annotation"
        {
            around.children.push(node);
        }
        Ok(())
    }
}

fn tree(text: &str) -> Result<Node, String> {
    let mut tree = Tree::default();
    walk(text.as_bytes(), &mut tree).map_err(|(_, message)| message)?;
    tree.0.pop().ok_or_else(|| "an empty schema".to_owned())
}

/// Namespaces by prefix: a schema declares all of them in its root element.
fn prefixes(text: &str) -> HashMap<String, String> {
    let head = text.split_once("schema ").and_then(|(_, rest)| rest.split('>').next()).unwrap_or_default();
    let declared = head.split_whitespace().filter_map(|word| word.strip_prefix("xmlns:")?.split_once('='));
    declared.map(|(prefix, value)| (prefix.to_owned(), value.trim_matches(['"', '\'']).to_owned())).collect()
}

#[derive(Default)]
struct Compiler {
    schema: Schema,
    names: HashMap<Name, TypeId>,
    groups: HashMap<String, Node>,
    prefixes: HashMap<String, String>,
}

impl Compiler {
    fn add(&mut self, kind: Type) -> TypeId {
        self.schema.types.push(kind);
        self.schema.types.len() - 1
    }

    fn named(&mut self, name: Name) -> TypeId {
        if let Some(id) = self.names.get(&name) {
            return *id;
        }
        let id = self.add(Type::Undefined);
        self.names.insert(name, id);
        id
    }

    fn define(&mut self, id: TypeId, kind: Type) {
        if let Some(slot) = self.schema.types.get_mut(id) {
            *slot = kind;
        }
    }

    /// The type that `prefix:name` means.
    fn reference(&mut self, text: &str) -> Result<TypeId, String> {
        let (prefix, local) = text.split_once(':').ok_or_else(|| format!("`{text}` has no prefix"))?;
        let namespace = self.prefixes.get(prefix).ok_or_else(|| format!("`{prefix}` is not declared"))?;
        Ok(self.named((namespace.clone(), local.to_owned())))
    }

    fn declarations(&mut self, schema: &Node) -> Result<(), String> {
        for node in &schema.children {
            let name = node.attribute("name").unwrap_or_default().to_owned();
            match node.name.as_str() {
                "simpleType" => {
                    let simple = Type::Simple(self.simple(node)?);
                    let id = self.named((self.schema.target.clone(), name));
                    self.define(id, simple);
                }
                "complexType" => {
                    let complex = Type::Complex(self.complex(node)?);
                    let id = self.named((self.schema.target.clone(), name));
                    self.define(id, complex);
                }
                "element" => {
                    let kind = self.type_of(node)?;
                    let unique = node.children("unique").map(unique).collect::<Result<_, _>>()?;
                    self.schema.roots.insert(name, Root { kind, unique });
                }
                "import" | "attributeGroup" => {}
                other => return Err(format!("`{other}` is not understood")),
            }
        }
        Ok(())
    }

    /// The type of an element or attribute: named, inside of it, or any.
    fn type_of(&mut self, node: &Node) -> Result<TypeId, String> {
        if let Some(name) = node.attribute("type") {
            return self.reference(name);
        }
        let kind = match (node.child("complexType"), node.child("simpleType")) {
            (Some(complex), _) => Type::Complex(self.complex(complex)?),
            (None, Some(simple)) => Type::Simple(self.simple(simple)?),
            (None, None) => Type::Any,
        };
        Ok(self.add(kind))
    }

    fn simple(&mut self, node: &Node) -> Result<Simple, String> {
        if let Some(union) = node.child("union") {
            let named = union.attribute("memberTypes").unwrap_or_default().split_whitespace();
            let mut members = named.map(|name| self.reference(name)).collect::<Result<Vec<_>, _>>()?;
            for inside in union.children("simpleType") {
                let simple = Type::Simple(self.simple(inside)?);
                members.push(self.add(simple));
            }
            return Ok(Simple { variety: Variety::Union(members), facets: Facets::default() });
        }
        let restriction = node.child("restriction").ok_or("a simple type without restriction")?;
        let base = restriction.attribute("base").ok_or("a restriction without base")?;
        Ok(Simple { variety: Variety::Restriction(self.reference(base)?), facets: facets(restriction)? })
    }

    fn complex(&mut self, node: &Node) -> Result<Complex, String> {
        if let Some(simple) = node.child("simpleContent") {
            let extension = simple.child("extension").ok_or("simple content without extension")?;
            let base = self.reference(extension.attribute("base").unwrap_or_default())?;
            let mut complex = Complex { content: Content::Text(base), ..Complex::default() };
            self.attributes(extension, &mut complex)?;
            return Ok(complex);
        }
        let mut complex = Complex::default();
        let model = node.children.iter().find(|child| matches!(child.name.as_str(), "sequence" | "choice"));
        if let Some(model) = model {
            let automaton = Automaton::new(&self.particle(model)?);
            let mixed = node.attribute("mixed") == Some("true");
            complex.content = Content::Elements { automaton, mixed };
        }
        self.attributes(node, &mut complex)?;
        Ok(complex)
    }

    fn attributes(&mut self, node: &Node, complex: &mut Complex) -> Result<(), String> {
        for child in &node.children {
            match child.name.as_str() {
                "attribute" => {
                    let rule = AttributeRule {
                        kind: self.type_of(child)?,
                        required: child.attribute("use") == Some("required"),
                    };
                    complex.attributes.insert(child.attribute("name").unwrap_or_default().to_owned(), rule);
                }
                "attributeGroup" => {
                    let name = child.attribute("ref").unwrap_or_default();
                    let name = name.split_once(':').map_or(name, |(_, local)| local);
                    let group = self.groups.get(name).cloned().ok_or("an unknown group of attributes")?;
                    self.attributes(&group, complex)?;
                }
                "anyAttribute" => {
                    complex.others = match child.attribute("namespace") {
                        Some("##other") => Others::OtherNamespace,
                        _ => Others::Any,
                    };
                }
                "sequence" | "choice" => {}
                other => return Err(format!("`{other}` in a complex type is not understood")),
            }
        }
        Ok(())
    }

    fn particle(&mut self, node: &Node) -> Result<Occurring, String> {
        let bound = |name: &str| node.attribute(name).unwrap_or("1");
        let (optional, repeated) = match (bound("minOccurs"), bound("maxOccurs")) {
            (min @ ("0" | "1"), max @ ("1" | "unbounded")) => (min == "0", max == "unbounded"),
            (min, max) => return Err(format!("{min} to {max} times is not understood")),
        };
        let parts = |this: &mut Self| -> Result<Vec<Occurring>, String> {
            node.children.iter().map(|part| this.particle(part)).collect()
        };
        let particle = match node.name.as_str() {
            "sequence" => Particle::Sequence(parts(self)?),
            "choice" => Particle::Choice(parts(self)?),
            "any" if node.attribute("namespace") == Some("##other") => Particle::Other,
            "element" => {
                let name = node.attribute("name").ok_or("an element without name")?.to_owned();
                Particle::Element { name, kind: self.type_of(node)? }
            }
            other => return Err(format!("`{other}` in a content model is not understood")),
        };
        Ok(Occurring { optional, repeated, particle })
    }
}

fn facets(restriction: &Node) -> Result<Facets, String> {
    let mut facets = Facets::default();
    for facet in &restriction.children {
        let value = facet.attribute("value").unwrap_or_default();
        let length = || value.parse().map(Some).map_err(|_| format!("`{value}` is no length"));
        let bound = || value.parse().map(Some).map_err(|_| format!("`{value}` is no bound"));
        match facet.name.as_str() {
            "enumeration" => {
                facets.enumeration.insert(value.to_owned());
            }
            "pattern" => {
                facets.patterns.push(Regex::new(&format!("^(?:{value})$")).map_err(|e| e.to_string())?);
            }
            "minLength" => facets.min_length = length()?,
            "maxLength" => facets.max_length = length()?,
            "minInclusive" => facets.min = bound()?,
            "maxInclusive" => facets.max = bound()?,
            other => return Err(format!("`{other}` is not understood")),
        }
    }
    Ok(facets)
}

/// The attribute of a rule of uniqueness over all elements.
fn unique(node: &Node) -> Result<String, String> {
    let xpath = |name: &str| node.child(name).and_then(|child| child.attribute("xpath"));
    match (xpath("selector"), xpath("field").and_then(|field| field.strip_prefix('@'))) {
        (Some(".//*"), Some(attribute)) => Ok(attribute.to_owned()),
        other => Err(format!("a rule of uniqueness over {other:?} is not understood")),
    }
}
