//! Plans to differential-dataflow operators.
//!
//! A stratum without recursion is rendered where it stands; a recursive one in an iterative scope of its own, which
//! reads lower strata as constants; its rules without a recursive premise stay outside of the loop. Negation and
//! aggregates read lower strata only, so no fact ever rests on another one's absence at an early round.
//!
//! A relation that provably gets each row once is not made distinct. Its rows may still be there twice, where a fact
//! is both stated and concluded: whoever needs each once says so, and the session counts.
#![expect(
    clippy::indexing_slicing,
    reason = "fields and columns are below `WIDTH` by `plan`; indexes are made before the rules that look them up"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use differential_dataflow::input::InputSession;
use differential_dataflow::operators::iterate::Variable;
use timely::dataflow::{ProbeHandle, Scope};
use timely::order::Product;

use crate::meter::Meter;
use crate::operators::{
    Difference, Inner, InnerIndex, Level, Logic, Rows, Time, arrange, filter_map, key, keyed, project,
};
use crate::plan::{Check, Field, Lookup, RulePlan, Step, checks};
use crate::program::{Aggregate, Program, RelationId};
use crate::stratify::Stratum;
use crate::syntax::Function;
use crate::value::{Row, WIDTH, decode_int, encode_int};

/// Changes of derived relations since they were last taken, by relation.
pub(crate) type Output = Rc<RefCell<Vec<Vec<(Row, Difference)>>>>;

/// One worker's handles on a rendered program.
pub(crate) struct Rendered {
    pub(crate) inputs: Vec<InputSession<Time, Row, Difference>>,
    pub(crate) output: Output,
    pub(crate) probe: ProbeHandle<Time>,
}

/// Builds the dataflow of a whole program.
pub(crate) fn render(
    scope: Scope<'_, Time>,
    program: &Program,
    plans: &[RulePlan],
    meter: &Meter,
) -> Rendered {
    let mut root = Layer { rows: BTreeMap::new(), indexes: BTreeMap::new() };
    let mut inputs = Vec::new();
    for relation in 0..program.relations.len() {
        let mut input = InputSession::new();
        root.rows.insert(RelationId(relation), input.to_collection(scope));
        inputs.push(input);
    }
    for stratum in &program.strata {
        for index in &stratum.aggregates {
            let aggregate = &program.aggregates[*index];
            let rows = root.aggregate(aggregate);
            root.rows.insert(aggregate.relation, rows);
        }
        if stratum.recursive {
            recursive(scope, &mut root, stratum, plans, meter);
        } else {
            for relation in &stratum.relations {
                root.relation(*relation, stratum, plans, meter);
            }
        }
    }
    let output: Output = Rc::new(RefCell::new(vec![Vec::new(); program.relations.len()]));
    let probe = ProbeHandle::new();
    for (id, rows) in &root.rows {
        let rows = rows.clone();
        if program.relation(*id).derived {
            let (output, id) = (output.clone(), id.0);
            let observe: Observer<Time> = Box::new(move |(row, _, difference)| {
                output.borrow_mut()[id].push((*row, *difference));
            });
            rows.inspect(observe).probe_with(&probe);
        } else {
            rows.probe_with(&probe);
        }
    }
    Rendered { inputs, output, probe }
}

type Observer<T> = Box<dyn FnMut(&(Row, T, Difference))>;

/// Each row once, counted against the budget.
fn distinct<'s, T: Level>(rows: Rows<'s, T>, meter: &Meter) -> Rows<'s, T> {
    counted(T::distinct(rows), meter)
}

fn counted<'s, T: Level>(rows: Rows<'s, T>, meter: &Meter) -> Rows<'s, T> {
    let meter = meter.clone();
    let observe: Observer<T> = Box::new(move |(_, _, difference)| meter.count(*difference));
    rows.inspect(observe)
}

/// The plans of a stratum's rules for one relation, those with a recursive premise or those without.
fn of<'p>(
    stratum: &'p Stratum,
    plans: &'p [RulePlan],
    relation: RelationId,
    recursive: bool,
) -> impl Iterator<Item = &'p RulePlan> {
    let plans = stratum.rules.iter().map(|rule| &plans[*rule]);
    plans.filter(move |plan| plan.head == relation && plan.recursive == recursive)
}

fn recursive<'s>(
    scope: Scope<'s, Time>,
    root: &mut Layer<'s, Time>,
    stratum: &Stratum,
    plans: &[RulePlan],
    meter: &Meter,
) {
    for relation in &stratum.relations {
        let parts: Vec<_> = of(stratum, plans, *relation, false).map(|p| root.body(p, meter)).collect();
        let all = root.rows[relation].clone().concatenate(parts);
        root.rows.insert(*relation, all);
    }
    let looping = stratum.relations.iter().flat_map(|r| of(stratum, plans, *r, true));
    let lookups: Vec<Lookup> = looping.flat_map(|p| &p.steps).flat_map(lookups).cloned().collect();
    let outside: Vec<&Lookup> = lookups.iter().filter(|l| !stratum.relations.contains(&l.relation)).collect();
    outside.iter().for_each(|lookup| root.index(lookup));
    let finished = scope.iterative::<u32, _, _>(|inner| {
        let mut layer: Layer<'_, Inner> = Layer { rows: BTreeMap::new(), indexes: BTreeMap::new() };
        let mut variables = Vec::new();
        for relation in &stratum.relations {
            let (variable, rows) = Variable::new(inner, Product::new(Time::default(), 1));
            layer.rows.insert(*relation, rows);
            variables.push((*relation, variable));
        }
        for lookup in outside {
            let entered = InnerIndex::Entered(root.indexes[lookup].clone().enter(inner));
            layer.indexes.insert(lookup.clone(), entered);
        }
        let mut finished = Vec::new();
        for (relation, variable) in variables {
            let parts: Vec<_> =
                of(stratum, plans, relation, true).map(|plan| layer.body(plan, meter)).collect();
            let base = root.rows[&relation].clone().enter(inner);
            let all = distinct(base.concatenate(parts), meter);
            variable.set(all.clone());
            finished.push((relation, all.leave(scope)));
        }
        finished
    });
    // Rounds of the loop are told apart only inside: a row that came and went in it cancels out downstream.
    root.rows.extend(finished);
}

fn lookups(step: &Step) -> Vec<&Lookup> {
    match step {
        Step::Pair { left, right, .. } => vec![left, right],
        Step::Join { right, .. } | Step::Absent { right, .. } => vec![right],
        Step::Scan { .. } | Step::Compare { .. } | Step::Assign { .. } => Vec::new(),
    }
}

/// Collections and indexes of one scope.
struct Layer<'s, T: Level> {
    rows: BTreeMap<RelationId, Rows<'s, T>>,
    indexes: BTreeMap<Lookup, T::Index<'s>>,
}

impl<'s> Layer<'s, Time> {
    /// Concludes a relation that does not depend on itself.
    fn relation(&mut self, relation: RelationId, stratum: &Stratum, plans: &[RulePlan], meter: &Meter) {
        let rules: Vec<&RulePlan> = of(stratum, plans, relation, false).collect();
        if rules.is_empty() {
            return;
        }
        let parts: Vec<_> = rules.iter().map(|plan| self.body(plan, meter)).collect();
        let all = self.rows[&relation].clone().concatenate(parts);
        let once = matches!(rules.as_slice(), [only] if only.once);
        let rows = if once { counted(all, meter) } else { distinct(all, meter) };
        self.rows.insert(relation, rows);
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Rows<'s, Time> {
        let Aggregate { source, group, function, over, .. } = aggregate.clone();
        let checks = checks(&source);
        let columns = group.clone();
        let rows = Time::distinct(self.rows[&source.relation].clone());
        let keyed = rows.flat_map(move |row| pass(&checks, &row).then(|| (project(&row, &columns), row)));
        let result =
            keyed.reduce(move |_, input: &[(&Row, Difference)], output: &mut Vec<(u32, Difference)>| {
                output
                    .extend(fold(function, over, input.iter().map(|(row, _)| *row)).map(|value| (value, 1)));
            });
        result.map(move |(mut row, value)| {
            row[group.len()] = value;
            row
        })
    }
}

impl<'s, T: Level> Layer<'s, T> {
    /// Makes an index of this scope unless it is there.
    fn index(&mut self, lookup: &Lookup) {
        if self.indexes.contains_key(lookup) {
            return;
        }
        let rows = self.rows[&lookup.relation].clone();
        let Lookup { checks, key: columns, only, .. } = lookup.clone();
        let rows = match only {
            None if checks.is_empty() => rows,
            None => filter_map(rows, Box::new(move |row| pass(&checks, row).then_some(*row))),
            Some(only) => T::distinct(filter_map(
                rows,
                Box::new(move |row| pass(&checks, row).then(|| project(row, &only))),
            )),
        };
        let arranged = arrange(keyed(rows, Box::new(move |row| Some((key(row, &columns), *row)))));
        self.indexes.insert(lookup.clone(), T::own(arranged));
    }

    /// All conclusions of one rule, not yet distinct.
    fn body(&mut self, plan: &RulePlan, meter: &Meter) -> Rows<'s, T> {
        let mut bindings: Option<Rows<'s, T>> = None;
        for step in &plan.steps {
            lookups(step).into_iter().for_each(|lookup| self.index(lookup));
            bindings = Some(match (bindings, step) {
                (None, step) => self.first(step, meter),
                (Some(rows), step) => self.step(rows, step, meter),
            });
        }
        let (emit, meter) = (plan.emit.clone(), meter.clone());
        // `resolve` gives every rule an atom, so there is always a first step.
        let rows = bindings.unwrap_or_else(|| self.nothing());
        filter_map(rows, Box::new(move |row| meter.open().then(|| build(&emit, row, row, 0))))
    }

    fn nothing(&self) -> Rows<'s, T> {
        let any = self.rows.values().next().cloned();
        // A scope is made for a relation.
        any.map_or_else(|| unreachable!(), |rows| filter_map(rows, Box::new(|_| None)))
    }

    fn first(&self, step: &Step, meter: &Meter) -> Rows<'s, T> {
        match step.clone() {
            Step::Scan { relation, checks, emit } => filter_map(
                self.rows[&relation].clone(),
                Box::new(move |row| pass(&checks, row).then(|| build(&emit, row, row, 0))),
            ),
            Step::Pair { left, right, same, emit } => match T::owned(&self.indexes[&left]) {
                Some(left) => T::look_up(left, &self.indexes[&right], joined(same, emit, meter.clone())),
                // A rule of the loop begins with a premise of the loop.
                None => self.nothing(),
            },
            _ => self.nothing(),
        }
    }

    fn step(&self, rows: Rows<'s, T>, step: &Step, meter: &Meter) -> Rows<'s, T> {
        match step.clone() {
            Step::Scan { .. } | Step::Pair { .. } => rows,
            Step::Join { key, right, same, emit } => {
                self.join(rows, key, &right, joined(same, emit, meter.clone()))
            }
            Step::Absent { key, right, same, emit } => {
                let emitted = emit.clone();
                let present = self.join(rows.clone(), key, &right, joined_left(same));
                let absent = rows.concat(present.negate());
                filter_map(absent, Box::new(move |row| Some(build(&emitted, row, row, 0))))
            }
            Step::Compare { left, comparison, right, emit } => filter_map(
                rows,
                Box::new(move |row| {
                    let value = |slot: usize| row[slot];
                    let holds = comparison.holds(left.evaluate(&value)?, right.evaluate(&value)?);
                    holds.then(|| build(&emit, row, row, 0))
                }),
            ),
            Step::Assign { value, emit } => filter_map(
                rows,
                Box::new(move |row| {
                    let computed = value.evaluate(&|slot: usize| row[slot])?;
                    Some(build(&emit, row, row, computed))
                }),
            ),
        }
    }

    fn join(&self, rows: Rows<'s, T>, slots: Vec<usize>, right: &Lookup, logic: Logic) -> Rows<'s, T> {
        let left = arrange(keyed(rows, Box::new(move |row| Some((key(row, &slots), *row)))));
        T::look_up(left, &self.indexes[right], logic)
    }
}

fn joined(same: Vec<(usize, usize)>, emit: Vec<Field>, meter: Meter) -> Logic {
    Box::new(move |left, right| {
        let fits = meter.step() && same.iter().all(|(slot, column)| left[*slot] == right[*column]);
        fits.then(|| build(&emit, left, right, 0))
    })
}

fn joined_left(same: Vec<(usize, usize)>) -> Logic {
    Box::new(move |left, right| {
        same.iter().all(|(slot, column)| left[*slot] == right[*column]).then_some(*left)
    })
}

/// Result of an aggregate over the rows of one group; `None` where there are too many to count.
pub(crate) fn fold<'r>(
    function: Function,
    over: Option<usize>,
    rows: impl Iterator<Item = &'r Row>,
) -> Option<u32> {
    let value = |row: &Row| over.and_then(|column| row.get(column).copied());
    match function {
        Function::Count => i32::try_from(rows.count()).ok().filter(|n| *n > 0).map(encode_int),
        Function::Min => rows.filter_map(value).map(decode_int).min().map(encode_int),
        Function::Max => rows.filter_map(value).map(decode_int).max().map(encode_int),
    }
}

pub(crate) fn pass(checks: &[Check], row: &Row) -> bool {
    checks.iter().all(|check| match check {
        Check::Constant(column, value) => row[*column] == *value,
        Check::Same(first, second) => row[*first] == row[*second],
    })
}

fn build(emit: &[Field], left: &Row, right: &Row, computed: u32) -> Row {
    let mut row = [0; WIDTH];
    for (slot, field) in row.iter_mut().zip(emit) {
        *slot = match field {
            Field::Left(at) => left[*at],
            Field::Right(at) => right[*at],
            Field::Constant(value) => *value,
            Field::Computed => computed,
        };
    }
    row
}
