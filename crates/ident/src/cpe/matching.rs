//! How two names relate: NISTIR 7696, tables 6-2 to 6-4.

use super::{Attribute, Cpe, Part, Value};

/// How the set of products that a source names relates to that of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Nothing in common.
    Disjoint,
    /// The same.
    Equal,
    /// The source names less.
    Subset,
    /// The source names more.
    Superset,
    /// The standard leaves it open.
    Undefined,
}

impl Cpe {
    /// How this name, as source, relates to `target` (section 7.2).
    pub fn relation_to(&self, target: &Self) -> Relation {
        let parts = compare_parts(self.part, target.part);
        let attributes =
            self.values.iter().zip(&target.values).map(|(source, target)| compare(source, target));
        combine(std::iter::once(parts).chain(attributes))
    }

    /// How one attribute of this name, as source, relates to that of `target` (section 6.2).
    pub fn attribute_relation(&self, target: &Self, attribute: Attribute) -> Relation {
        compare(self.get(attribute), target.get(attribute))
    }

    /// Whether this name, taken as a pattern, covers every product that `target` names.
    pub fn covers(&self, target: &Self) -> bool {
        matches!(self.relation_to(target), Relation::Superset | Relation::Equal)
    }
}

fn combine(relations: impl Iterator<Item = Relation>) -> Relation {
    let mut result = Relation::Equal;
    let mut undefined = false;
    for relation in relations {
        match (result, relation) {
            (_, Relation::Disjoint) => return Relation::Disjoint,
            (_, Relation::Undefined) => undefined = true,
            (_, Relation::Equal) => {}
            (Relation::Equal, other) => result = other,
            (known, other) if known != other => undefined = true,
            _ => {}
        }
    }
    if undefined { Relation::Undefined } else { result }
}

fn compare_parts(source: Part, target: Part) -> Relation {
    match (source, target) {
        (source, target) if source == target => Relation::Equal,
        (Part::Any, _) => Relation::Superset,
        (_, Part::Any) => Relation::Subset,
        _ => Relation::Disjoint,
    }
}

/// Table 6-2. The numbers are those of its rows.
fn compare(source: &Value, target: &Value) -> Relation {
    match (source, target) {
        // 4, 8, 11, 17: a target with wildcards.
        (_, target) if target.has_wildcards() => Relation::Undefined,
        // 1, 6
        (Value::Any, Value::Any) | (Value::NotApplicable, Value::NotApplicable) => Relation::Equal,
        // 2, 3
        (Value::Any, _) => Relation::Superset,
        // 5, 13, 15
        (_, Value::Any) => Relation::Subset,
        // 7, 12, 16
        (Value::NotApplicable, _) | (_, Value::NotApplicable) => Relation::Disjoint,
        // 9, 10, 14
        (Value::Text(pattern), Value::Text(text)) => {
            if pattern == text {
                Relation::Equal
            } else if source.has_wildcards() && wild_match(pattern, text) {
                Relation::Superset
            } else {
                Relation::Disjoint
            }
        }
    }
}

/// Wildcards stand only at the ends: `*` for any text, `?` for at most one character each.
fn wild_match(pattern: &str, text: &str) -> bool {
    let body = pattern.trim_start_matches(['*', '?']);
    let front = pattern.len() - body.len();
    let front_wild = pattern.get(..front).unwrap_or_default();
    let core = trim_wild_end(body);
    let back_wild = body.get(core.len()..).unwrap_or_default();
    let limit = |wild: &str| if wild.contains('*') { usize::MAX } else { wild.len() };
    let (before, after) = (limit(front_wild), limit(back_wild));
    if core.is_empty() {
        return characters(text) <= before.saturating_add(after);
    }
    text.match_indices(core).any(|(at, _)| {
        let (head, tail) =
            (text.get(..at).unwrap_or_default(), text.get(at + core.len()..).unwrap_or_default());
        // A match must not start behind a backslash that quotes its first character.
        let quoting = head.chars().rev().take_while(|&c| c == '\\').count() % 2 == 1;
        !quoting && characters(head) <= before && characters(tail) <= after
    })
}

/// Drops wildcards at the end that no backslash quotes.
fn trim_wild_end(text: &str) -> &str {
    let mut end = text.len();
    while let Some(kept) = text.get(..end).and_then(|t| t.strip_suffix(['*', '?'])) {
        if kept.chars().rev().take_while(|&c| c == '\\').count() % 2 == 1 {
            break;
        }
        end = kept.len();
    }
    text.get(..end).unwrap_or(text)
}

/// Characters without counting the backslashes that quote.
fn characters(text: &str) -> usize {
    let mut escaped = false;
    text.chars()
        .filter(|&c| {
            escaped = c == '\\' && !escaped;
            !escaped
        })
        .count()
}
