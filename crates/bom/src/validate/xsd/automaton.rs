//! Which elements may follow each other: content models as position automata (Glushkov).
//!
//! XML Schema demands that the next element alone tells which particle it belongs to, so one position is the state.

use super::TypeId;

/// What a content model is made of.
#[derive(Debug)]
pub(super) enum Particle {
    Element {
        name: String,
        kind: TypeId,
    },
    /// Elements of other namespaces.
    Other,
    Sequence(Vec<Occurring>),
    Choice(Vec<Occurring>),
}

/// A particle with how often it may stand there: zero or one at least, one or any number at most.
#[derive(Debug)]
pub(super) struct Occurring {
    pub(super) optional: bool,
    pub(super) repeated: bool,
    pub(super) particle: Particle,
}

/// The element that a position stands for.
#[derive(Debug)]
pub(super) enum Label {
    Element { name: String, kind: TypeId },
    Other,
}

#[derive(Debug)]
struct Position {
    label: Label,
    next: Vec<usize>,
    /// Whether the content may end here.
    last: bool,
}

/// A compiled content model.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    positions: Vec<Position>,
    first: Vec<usize>,
    empty: bool,
}

/// Where an element's content stands; `None` before the first child.
pub(super) type State = Option<usize>;

/// Edges of a part of the model.
#[derive(Default)]
struct Part {
    empty: bool,
    first: Vec<usize>,
    last: Vec<usize>,
}

impl Automaton {
    pub(super) fn new(model: &Occurring) -> Self {
        let mut automaton = Self::default();
        let whole = automaton.occurring(model);
        for position in whole.last {
            if let Some(position) = automaton.positions.get_mut(position) {
                position.last = true;
            }
        }
        (automaton.first, automaton.empty) = (whole.first, whole.empty);
        automaton
    }

    // Recursion over our own schemas, which are a dozen particles deep.
    fn occurring(&mut self, model: &Occurring) -> Part {
        let mut part = self.particle(&model.particle);
        if model.repeated {
            self.link(&part.last, &part.first);
        }
        part.empty |= model.optional;
        part
    }

    fn particle(&mut self, particle: &Particle) -> Part {
        match particle {
            Particle::Element { name, kind } => {
                self.position(Label::Element { name: name.clone(), kind: *kind })
            }
            Particle::Other => self.position(Label::Other),
            Particle::Choice(options) => {
                let mut whole = Part { empty: options.is_empty(), ..Part::default() };
                for option in options {
                    let part = self.occurring(option);
                    whole.empty |= part.empty;
                    whole.first.extend(part.first);
                    whole.last.extend(part.last);
                }
                whole
            }
            Particle::Sequence(steps) => {
                let mut whole = Part { empty: true, ..Part::default() };
                for step in steps {
                    let part = self.occurring(step);
                    self.link(&whole.last, &part.first);
                    if whole.empty {
                        whole.first.extend_from_slice(&part.first);
                    }
                    if !part.empty {
                        whole.last.clear();
                    }
                    whole.last.extend(part.last);
                    whole.empty &= part.empty;
                }
                whole
            }
        }
    }

    fn position(&mut self, label: Label) -> Part {
        let at = self.positions.len();
        self.positions.push(Position { label, next: Vec::new(), last: false });
        Part { empty: false, first: vec![at], last: vec![at] }
    }

    fn link(&mut self, from: &[usize], to: &[usize]) {
        for position in from {
            if let Some(position) = self.positions.get_mut(*position) {
                position.next.extend_from_slice(to);
            }
        }
    }

    fn next(&self, state: State) -> &[usize] {
        match state {
            None => &self.first,
            Some(at) => self.positions.get(at).map_or(&[], |position| position.next.as_slice()),
        }
    }

    /// The state after an element, and what the element is. `name` is `None` for one of another namespace.
    pub(super) fn step(&self, state: State, name: Option<&str>) -> Option<(usize, &Label)> {
        self.next(state).iter().find_map(|at| {
            let label = &self.positions.get(*at)?.label;
            let fits = match (label, name) {
                (Label::Element { name: expected, .. }, Some(name)) => expected == name,
                (Label::Other, None) => true,
                _ => false,
            };
            fits.then_some((*at, label))
        })
    }

    /// Whether the content may end in this state.
    pub(super) fn may_end(&self, state: State) -> bool {
        match state {
            None => self.empty,
            Some(at) => self.positions.get(at).is_some_and(|position| position.last),
        }
    }

    /// Names of elements that may come next, in the order of the schema.
    pub(super) fn expected(&self, state: State) -> Vec<&str> {
        let labels = self.next(state).iter().filter_map(|at| self.positions.get(*at));
        let names = labels.filter_map(|position| match &position.label {
            Label::Element { name, .. } => Some(name.as_str()),
            Label::Other => None,
        });
        names.fold(Vec::new(), |mut seen, name| {
            if !seen.contains(&name) {
                seen.push(name);
            }
            seen
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(name: &str, optional: bool, repeated: bool) -> Occurring {
        Occurring { optional, repeated, particle: Particle::Element { name: name.to_owned(), kind: 0 } }
    }

    fn accepts(automaton: &Automaton, names: &str) -> bool {
        let mut state = None;
        for name in names.chars() {
            match automaton.step(state, Some(&name.to_string())) {
                Some((next, _)) => state = Some(next),
                None => return false,
            }
        }
        automaton.may_end(state)
    }

    #[test]
    fn sequences_choices_and_repetitions_accept_what_they_say() {
        // a, b?, (c | d)*
        let choice = Particle::Choice(vec![element("c", false, false), element("d", false, false)]);
        let choice = Occurring { optional: true, repeated: true, particle: choice };
        let steps = vec![element("a", false, false), element("b", true, false), choice];
        let model = Occurring { optional: false, repeated: false, particle: Particle::Sequence(steps) };
        let automaton = Automaton::new(&model);
        for (names, expected) in [
            ("a", true),
            ("ab", true),
            ("abcdc", true),
            ("acc", true),
            ("", false),
            ("b", false),
            ("aa", false),
            ("abb", false),
            ("acb", false),
        ] {
            assert_eq!(accepts(&automaton, names), expected, "{names}");
        }
        assert_eq!(automaton.expected(Some(0)), ["b", "c", "d"]);
    }
}
