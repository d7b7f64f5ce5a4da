//! Which rule applications of a graph use, and which conclude, each of its facts.
#![expect(clippy::indexing_slicing, reason = "ids and indices are those of the same derivations")]

use crate::derivations::{Application, Derivations, FactId};

/// The applications around each fact: what a [`Search`](crate::Search) needs of a graph, made once for many.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    users: ByFact,
    concluding: ByFact,
    /// Derived premises, by application. One that stands there twice counts twice.
    pub(crate) derived: Vec<u8>,
}

impl Uses {
    pub(crate) fn new(derivations: &Derivations) -> Self {
        let derived = |a: Application<'_>| a.premises.iter().filter(|p| !derivations.is_base(**p)).count();
        // A rule has at most 32 premises.
        let derived = derivations.applications().map(|a| u8::try_from(derived(a)).unwrap_or(u8::MAX));
        Self {
            users: ByFact::new(derivations, &|a, say| a.premises.iter().for_each(|p| say(*p))),
            concluding: ByFact::new(derivations, &|a, say| say(a.head)),
            derived: derived.collect(),
        }
    }

    /// Numbers of the applications that need a fact, ascending; twice where it stands there twice.
    pub fn of(&self, fact: FactId) -> impl Iterator<Item = usize> + '_ {
        self.users.of(fact)
    }

    /// Numbers of the applications that conclude a fact, ascending.
    pub(crate) fn concluding(&self, fact: FactId) -> impl Iterator<Item = usize> + '_ {
        self.concluding.of(fact)
    }
}

/// Calls back with each of the facts that an application is to be found by.
type Each<'e> = &'e dyn Fn(Application<'_>, &mut dyn FnMut(FactId));

/// Numbers of applications by fact: from `starts[fact]` on in `numbers`.
#[derive(Clone, Debug, Default)]
struct ByFact {
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl ByFact {
    fn new(derivations: &Derivations, each: Each<'_>) -> Self {
        let facts = derivations.facts().count();
        let mut starts = vec![0_u32; facts + 1];
        derivations.applications().for_each(|a| each(a, &mut |fact| starts[fact.index() + 1] += 1));
        for fact in 0..facts {
            starts[fact + 1] += starts[fact];
        }
        let mut next = starts.clone();
        let mut numbers = vec![0; starts[facts] as usize];
        for (index, application) in (0_u32..).zip(derivations.applications()) {
            each(application, &mut |fact| {
                let place = &mut next[fact.index()];
                numbers[*place as usize] = index;
                *place += 1;
            });
        }
        Self { starts, numbers }
    }

    fn of(&self, fact: FactId) -> impl Iterator<Item = usize> + '_ {
        let (start, end) = (self.starts[fact.index()] as usize, self.starts[fact.index() + 1] as usize);
        self.numbers[start..end].iter().map(|index| *index as usize)
    }
}
