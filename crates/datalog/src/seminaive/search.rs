//! Following a plan through the rows there are.
#![expect(clippy::indexing_slicing, reason = "variables, columns and relations are numbered by `compile`")]

use crate::program::{Expr, RelationId};

use super::compile::{Access, Match, Plan, Step, fill};
use super::heap::{DEAD, DYING, Heap};

/// Conclusions of one look-through after which they are taken in before it goes on.
const FULL: usize = 1 << 18;

/// Ways to conclude one row that are compared.
const ENOUGH: usize = 10_000;

/// Which rows count, and what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Conclusions of a rule that gives none twice, of which none holds yet.
    Fill,
    /// Conclusions that do not hold yet, from rows of their own stratum below this height.
    Conclude(u32),
    /// Conclusions that hold and may have rested on rows that no longer do; more than these may be found.
    Withdraw,
    /// One way to conclude the given row from rows of its own stratum below this height.
    Support(u32),
    /// The lowest of all such ways.
    Explain(u32),
}

/// Rows of one relation that were found.
#[derive(Default)]
pub(super) struct Found {
    /// To conclude, one after the other.
    pub(super) figures: Vec<u32>,
    pub(super) heights: Vec<u32>,
    /// To withdraw.
    pub(super) numbers: Vec<u32>,
    /// Rows of the lowest way to explain, in the order of the premises.
    pub(super) lowest: Option<Way>,
    /// There may be more.
    pub(super) cut: bool,
    /// Rows that were looked at.
    pub(super) steps: u64,
}

impl Found {
    /// Rows to conclude, of so many columns, with their heights.
    pub(super) fn rows(&self, width: usize) -> impl Iterator<Item = (&[u32], u32)> {
        let row = move |place: usize| &self.figures[place * width..][..width];
        self.heights.iter().enumerate().map(move |(place, height)| (row(place), *height))
    }
}

/// Rows that satisfy a body: the height above them, the sum of their heights, and the rows.
pub(super) type Way = (u32, u64, Vec<(RelationId, u32)>);

pub(super) struct Search<'s> {
    heaps: &'s [Heap],
    plan: &'s Plan,
    purpose: Purpose,
    values: Vec<u32>,
    /// The rows taken for the premises; only kept to explain.
    taken: Vec<(RelationId, u32)>,
    /// Ways after which the search ends, and rows looked at.
    most: usize,
    most_steps: u64,
    /// A conclusion is looked up before it is reported, also where that saves no work.
    again: bool,
    pub(super) found: Found,
}

impl<'s> Search<'s> {
    pub(super) fn new(heaps: &'s [Heap], plan: &'s Plan, purpose: Purpose) -> Self {
        let (premises, most) = match purpose {
            Purpose::Explain(_) => (plan.premises, ENOUGH),
            _ => (0, FULL),
        };
        let (values, taken) = (vec![0; plan.variables], vec![(plan.head, 0); premises]);
        let (again, most_steps) = (false, u64::MAX);
        Self { heaps, plan, purpose, values, taken, most, most_steps, again, found: Found::default() }
    }

    pub(super) fn up_to(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Looks at so many rows at most.
    pub(super) fn within(self, most_steps: u64) -> Self {
        Self { most_steps, ..self }
    }

    /// After one that was full: what it found is not found again, once it has been taken in.
    pub(super) fn again(self, again: bool) -> Self {
        Self { again, ..self }
    }

    /// Ended before all ways were found.
    pub(super) fn is_full(&self) -> bool {
        self.found.heights.len() >= self.most || self.found.steps >= self.most_steps
    }

    /// All ways that begin with this row, of this height within the rule's own stratum. True if there is one.
    pub(super) fn from(&mut self, row: &[u32], height: u32) -> bool {
        let Some(given) = &self.plan.start else { return false };
        if !given.fits(row) {
            return false;
        }
        for (column, variable) in &given.binds {
            self.values[*variable] = row[*column];
        }
        self.go(0, height)
    }

    /// All ways.
    pub(super) fn whole(&mut self) {
        self.go(0, 0);
    }

    /// All ways that begin with one of these rows, of those that [`Plan::entrance`] lists.
    pub(super) fn among(&mut self, rows: &[u32]) {
        let plan = self.plan;
        if let Some(Step::Match(first)) = plan.steps.first() {
            self.take_all(first, rows.iter().copied(), 0, 0);
        }
    }

    /// At most 32 premises deep. True if a conclusion was reached.
    fn go(&mut self, at: usize, tallest: u32) -> bool {
        let plan = self.plan;
        if at == plan.decided && (plan.long || self.looks_anyway()) && !self.is_wanted() {
            return false;
        }
        match plan.steps.get(at) {
            None => {
                self.conclude(tallest);
                true
            }
            Some(Step::Match(look_up)) => self.match_rows(look_up, at, tallest),
            Some(Step::Absent(look_up)) => {
                (self.purpose == Purpose::Withdraw || is_absent(self.heaps, look_up, &self.values))
                    && self.go(at + 1, tallest)
            }
            Some(Step::Compare(left, comparison, right)) => {
                let holds = self.evaluate(left).zip(self.evaluate(right));
                holds.is_some_and(|(left, right)| comparison.holds(left, right)) && self.go(at + 1, tallest)
            }
            Some(Step::Assign(variable, value, known)) => {
                let Some(value) = self.evaluate(value) else { return false };
                if *known && self.values[*variable] != value {
                    return false;
                }
                self.values[*variable] = value;
                self.go(at + 1, tallest)
            }
        }
    }

    fn looks_anyway(&self) -> bool {
        self.again || self.purpose == Purpose::Withdraw
    }

    fn evaluate(&self, expr: &Expr) -> Option<u32> {
        expr.evaluate(&|variable| self.values[variable])
    }

    fn match_rows(&mut self, look_up: &'s Match, at: usize, tallest: u32) -> bool {
        let heap = &self.heaps[look_up.relation.0];
        let key = fill(&look_up.key, &self.values);
        let key = &key[..look_up.key.len()];
        match look_up.access {
            Access::Row => heap.find(key).is_some_and(|row| self.take(look_up, row, at, tallest)),
            Access::Index(index) => self.take_all(look_up, heap.with(index, key), at, tallest),
            Access::Scan => self.take_all(look_up, heap.numbers(), at, tallest),
        }
    }

    fn take_all(
        &mut self,
        look_up: &'s Match,
        rows: impl Iterator<Item = u32>,
        at: usize,
        tallest: u32,
    ) -> bool {
        let once = at >= self.plan.decided && !matches!(self.purpose, Purpose::Explain(_));
        let mut reached = false;
        for row in rows {
            reached |= self.take(look_up, row, at, tallest);
            if (reached && once) || self.is_full() {
                break;
            }
        }
        reached
    }

    fn take(&mut self, look_up: &Match, row: u32, at: usize, tallest: u32) -> bool {
        self.found.steps += 1;
        let heap = &self.heaps[look_up.relation.0];
        let height = heap.height(row);
        if !self.counts(height, look_up.own) || !fits(look_up, heap.row(row), &self.values) {
            return false;
        }
        for (column, variable) in &look_up.binds {
            self.values[*variable] = heap.row(row)[*column];
        }
        if let Some(slot) = self.taken.get_mut(look_up.premise) {
            *slot = (look_up.relation, row);
        }
        self.go(at + 1, if look_up.own { tallest.max(height) } else { tallest })
    }

    fn counts(&self, height: u32, own: bool) -> bool {
        match self.purpose {
            Purpose::Withdraw => height != DEAD,
            Purpose::Conclude(below) | Purpose::Support(below) | Purpose::Explain(below) if own => {
                height < below
            }
            _ => height < DYING,
        }
    }

    /// The conclusion, all of whose values are known by now, is worth looking for.
    fn is_wanted(&self) -> bool {
        let heap = &self.heaps[self.plan.head.0];
        let known = || {
            let row = fill(&self.plan.conclusion, &self.values);
            heap.find(&row[..self.plan.conclusion.len()]).map(|at| heap.height(at))
        };
        match self.purpose {
            Purpose::Conclude(_) => known().is_none_or(|height| height >= DYING),
            Purpose::Withdraw => known().is_some_and(|height| (1..DYING).contains(&height)),
            Purpose::Fill | Purpose::Support(_) | Purpose::Explain(_) => true,
        }
    }

    fn conclude(&mut self, tallest: u32) {
        let row = fill(&self.plan.conclusion, &self.values);
        let row = &row[..self.plan.conclusion.len()];
        match self.purpose {
            Purpose::Fill | Purpose::Conclude(_) => {
                self.found.figures.extend_from_slice(row);
                self.found.heights.push(tallest + 1);
            }
            Purpose::Withdraw => self.found.numbers.extend(self.heaps[self.plan.head.0].find(row)),
            Purpose::Support(_) => self.found.heights.push(tallest + 1),
            Purpose::Explain(_) => self.compare(tallest + 1),
        }
    }

    fn compare(&mut self, height: u32) {
        self.found.heights.push(height);
        let heights = self.taken.iter().map(|(relation, row)| u64::from(self.heaps[relation.0].height(*row)));
        let sum = heights.sum();
        if self.found.lowest.as_ref().is_none_or(|lowest| (height, sum) < (lowest.0, lowest.1)) {
            self.found.lowest = Some((height, sum, self.taken.clone()));
        }
    }
}

pub(super) fn fits(look_up: &Match, row: &[u32], values: &[u32]) -> bool {
    look_up.checks.iter().all(|(column, source)| row[*column] == source.value(values))
        && look_up.same.iter().all(|(a, b)| row[*a] == row[*b])
}

/// No row that holds fits.
pub(super) fn is_absent(heaps: &[Heap], look_up: &Match, values: &[u32]) -> bool {
    let heap = &heaps[look_up.relation.0];
    let key = fill(&look_up.key, values);
    let key = &key[..look_up.key.len()];
    let holds = |row: u32| heap.holds(row) && fits(look_up, heap.row(row), values);
    !match look_up.access {
        Access::Row => heap.find(key).is_some_and(holds),
        Access::Index(index) => heap.with(index, key).any(holds),
        Access::Scan => heap.numbers().any(holds),
    }
}
