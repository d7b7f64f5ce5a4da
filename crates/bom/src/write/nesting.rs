//! From "contains" relations to a tree.

use std::collections::{BTreeMap, HashMap};

use crate::{Bom, RelationKind};

/// Deepest nesting written; readers elsewhere, and ours, have limits.
const MAX_DEPTH: usize = 32;

/// Where components stand in a document, by index into [`Bom::components`].
#[derive(Debug, Default)]
pub(super) struct Nesting {
    /// Components directly inside a component.
    pub(super) parts: BTreeMap<usize, Vec<usize>>,
    /// Components inside no other.
    pub(super) roots: Vec<usize>,
    /// Containments that a tree cannot say: whole and part.
    pub(super) others: Vec<(usize, usize)>,
}

/// Builds the tree. What the subject contains stands at the top, as it does in any document about it.
pub(super) fn nest(bom: &Bom, index: &HashMap<&str, usize>, subject: Option<usize>) -> Nesting {
    let mut nesting = Nesting::default();
    let mut whole_of: HashMap<usize, usize> = HashMap::new();
    for relation in bom.relations.iter().filter(|relation| relation.kind == RelationKind::Contains) {
        let place = |id: &str| index.get(id).copied();
        let (Some(whole), Some(part)) = (place(&relation.from.0), place(&relation.to.0)) else { continue };
        if Some(whole) == subject {
            continue;
        }
        let free = !whole_of.contains_key(&part) && Some(part) != subject;
        if free && !is_around(&whole_of, whole, part) {
            whole_of.insert(part, whole);
        } else {
            nesting.others.push((whole, part));
        }
    }
    for component in (0..bom.components.len()).filter(|component| Some(*component) != subject) {
        match whole_of.get(&component) {
            Some(whole) => nesting.parts.entry(*whole).or_default().push(component),
            None => nesting.roots.push(component),
        }
    }
    nesting.flatten();
    nesting
}

/// Does `part` stand around `whole` already? Also true if more stand around it than may.
fn is_around(whole_of: &HashMap<usize, usize>, whole: usize, part: usize) -> bool {
    let mut at = whole;
    for _ in 0..MAX_DEPTH {
        if at == part {
            return true;
        }
        match whole_of.get(&at) {
            Some(above) => at = *above,
            None => return false,
        }
    }
    true
}

impl Nesting {
    /// Moves what is nested too deep to the top.
    fn flatten(&mut self) {
        let mut level = self.roots.clone();
        for depth in 1.. {
            let inner = |whole: &usize| self.parts.get(whole).cloned().unwrap_or_default();
            let next: Vec<usize> = level.iter().flat_map(inner).collect();
            if next.is_empty() {
                break;
            }
            if depth % MAX_DEPTH == 0 {
                for whole in &level {
                    let parts = self.parts.remove(whole).unwrap_or_default();
                    self.others.extend(parts.into_iter().map(|part| (*whole, part)));
                }
                self.roots.extend(&next);
            }
            level = next;
        }
        self.roots.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Component, ComponentRef, Relation};

    /// Components 0 to `count` - 1, each named by its number.
    fn nesting(count: usize, contains: &[(usize, usize)]) -> Nesting {
        let id = |n: usize| ComponentRef(n.to_string());
        let components: Vec<Component> =
            (0..count).map(|n| Component { reference: id(n), ..Component::default() }).collect();
        let relation = |(from, to): &(usize, usize)| Relation {
            from: id(*from),
            kind: RelationKind::Contains,
            to: id(*to),
        };
        let bom = Bom { components, relations: contains.iter().map(relation).collect(), ..Bom::default() };
        let index = bom.components.iter().enumerate().map(|(at, c)| (c.reference.0.as_str(), at)).collect();
        nest(&bom, &index, None)
    }

    #[test]
    fn a_part_of_two_wholes_is_nested_in_the_first() {
        let nested = nesting(3, &[(0, 2), (1, 2)]);
        assert_eq!(nested.roots, [0, 1]);
        assert_eq!(nested.parts[&0], [2]);
        assert_eq!(nested.others, [(1, 2)]);
    }

    #[test]
    fn circles_are_cut() {
        let nested = nesting(2, &[(0, 1), (1, 0)]);
        assert_eq!((nested.roots, nested.others), (vec![0], vec![(1, 0)]));
    }

    #[test]
    fn deep_nesting_is_cut_whichever_end_is_stated_first() {
        let down: Vec<(usize, usize)> = (0..99).map(|n| (n, n + 1)).collect();
        let up: Vec<(usize, usize)> = down.iter().rev().copied().collect();
        for pairs in [down, up] {
            let nested = nesting(100, &pairs);
            let placed = nested.roots.len() + nested.parts.values().map(Vec::len).sum::<usize>();
            assert_eq!((placed, nested.others.len() + 1), (100, nested.roots.len()));
            assert!(nested.roots.len() >= 4);
        }
    }
}
