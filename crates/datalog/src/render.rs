//! Plans to differential-dataflow operators.
//!
//! One set of operators over one row type serves all programs: rules are loaded at run time, and every further type
//! would multiply compile time. Rows are 8 figures wide whatever the relation; narrower classes are the known way to
//! less memory.
//!
//! A stratum without recursion is rendered where it stands; a recursive one in an iterative scope of its own, which
//! reads lower strata as constants. Negation and aggregates read lower strata only, so no fact ever rests on another
//! one's absence at an early round.
#![expect(
    clippy::indexing_slicing,
    reason = "fields and columns are below `WIDTH` by `plan`; indexes are made before the rules that look them up"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use differential_dataflow::VecCollection;
use differential_dataflow::input::InputSession;
use differential_dataflow::lattice::Lattice;
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::operators::iterate::Variable;
use differential_dataflow::trace::implementations::ValSpine;
use differential_dataflow::trace::wrappers::enter::TraceEnter;
use timely::dataflow::{ProbeHandle, Scope};
use timely::order::Product;
use timely::progress::Timestamp;
use timely::progress::timestamp::Refines;

use crate::plan::{Check, Field, RulePlan, Step, checks};
use crate::program::{Aggregate, Program, RelationId};
use crate::stratify::Stratum;
use crate::syntax::Function;
use crate::value::{Row, WIDTH, decode_int, encode_int};

pub(crate) type Time = u32;
pub(crate) type Difference = i32;
type Inner = Product<Time, u32>;
type Rows<'s, T> = VecCollection<'s, T, Row, Difference>;
type Spine<T> = TraceAgent<ValSpine<Row, Row, T, Difference>>;

type Logic = Box<dyn Fn(&Row, &Row) -> Option<Row>>;

/// What an index holds: which relation, keyed by which columns, and whether whole rows or only that keys exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct IndexKey {
    relation: RelationId,
    columns: Vec<usize>,
    keys_only: bool,
}

/// An index made in this scope, or one of the outer scope's.
enum Index<'s, T: Timestamp + Lattice + Refines<Time>> {
    Own(Arranged<'s, Spine<T>>),
    Entered(Arranged<'s, TraceEnter<Spine<Time>, T>>),
}

/// Counts derived facts, and closes the rules once there are too many.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    pub(crate) derived: Arc<AtomicI64>,
    pub(crate) limit: i64,
    pub(crate) exceeded: Arc<AtomicBool>,
}

impl Meter {
    pub(crate) fn new(limit: u64) -> Self {
        // While old facts go and new ones come, both are counted for a moment: hence twice.
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_mul(2);
        Self { derived: Arc::default(), limit, exceeded: Arc::default() }
    }

    fn count(&self, difference: Difference) {
        let total = self.derived.fetch_add(i64::from(difference), Ordering::Relaxed) + i64::from(difference);
        if total > self.limit {
            self.exceeded.store(true, Ordering::Relaxed);
        }
    }

    fn open(&self) -> bool {
        !self.exceeded.load(Ordering::Relaxed)
    }
}

/// Changes of derived relations since they were last taken.
pub(crate) type Output = Rc<RefCell<Vec<(RelationId, Row, Difference)>>>;

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
    let output: Output = Rc::default();
    let probe = ProbeHandle::new();
    for stratum in &program.strata {
        for index in &stratum.aggregates {
            let aggregate = &program.aggregates[*index];
            let rows = root.aggregate(aggregate);
            root.rows.insert(aggregate.relation, rows);
        }
        if stratum.rules.is_empty() {
            continue;
        }
        for key in needed(stratum, plans) {
            if !(stratum.recursive && stratum.relations.contains(&key.relation)) {
                root.index(&key);
            }
        }
        if stratum.recursive {
            recursive(scope, &mut root, stratum, plans, meter);
        } else {
            for relation in &stratum.relations {
                let rules = stratum.rules.iter().map(|rule| &plans[*rule]).filter(|p| p.head == *relation);
                let parts: Vec<_> = rules.map(|plan| root.body(plan, meter)).collect();
                let all = root.rows[relation].clone().concatenate(parts);
                root.rows.insert(*relation, distinct(all, meter));
            }
        }
    }
    for (id, rows) in &root.rows {
        let mut rows = rows.clone();
        if program.relation(*id).derived {
            let (output, id) = (output.clone(), *id);
            rows =
                rows.inspect(move |(row, _, difference)| output.borrow_mut().push((id, *row, *difference)));
        }
        rows.probe_with(&probe);
    }
    Rendered { inputs, output, probe }
}

/// Each row once, counted against the budget.
fn distinct<'s, T: Timestamp + Lattice>(rows: Rows<'s, T>, meter: &Meter) -> Rows<'s, T> {
    let meter = meter.clone();
    rows.distinct_core::<Difference>().inspect(move |(_, _, difference)| meter.count(*difference))
}

fn recursive<'s>(
    scope: Scope<'s, Time>,
    root: &mut Layer<'s, Time>,
    stratum: &Stratum,
    plans: &[RulePlan],
    meter: &Meter,
) {
    let finished = scope.iterative::<u32, _, _>(|inner| {
        let mut layer: Layer<'_, Inner> = Layer { rows: BTreeMap::new(), indexes: BTreeMap::new() };
        let mut variables = Vec::new();
        for relation in &stratum.relations {
            let (variable, rows) = Variable::new(inner, Product::new(Time::default(), 1));
            layer.rows.insert(*relation, rows);
            variables.push((*relation, variable));
        }
        for key in needed(stratum, plans) {
            if let Some(Index::Own(index)) = root.indexes.get(&key)
                && !stratum.relations.contains(&key.relation)
            {
                layer.indexes.insert(key, Index::Entered(index.clone().enter(inner)));
            } else {
                layer.index(&key);
            }
        }
        for relation in scanned(stratum, plans) {
            layer.rows.entry(relation).or_insert_with(|| root.rows[&relation].clone().enter(inner));
        }
        let mut finished = Vec::new();
        for (relation, variable) in variables {
            let rules = stratum.rules.iter().map(|rule| &plans[*rule]).filter(|p| p.head == relation);
            let parts: Vec<_> = rules.map(|plan| layer.body(plan, meter)).collect();
            let base = root.rows[&relation].clone().enter(inner);
            let all = distinct(base.concatenate(parts), meter);
            variable.set(all.clone());
            finished.push((relation, all.leave(scope)));
        }
        finished
    });
    for (relation, rows) in finished {
        // Rounds of the loop are told apart only inside: one change per row from here on.
        root.rows.insert(relation, rows.consolidate());
    }
}

/// The indexes that the rules of a stratum look rows up in.
fn needed(stratum: &Stratum, plans: &[RulePlan]) -> Vec<IndexKey> {
    let steps = stratum.rules.iter().flat_map(|rule| &plans[*rule].steps);
    let mut keys: Vec<IndexKey> = steps.filter_map(index_key).collect();
    keys.sort();
    keys.dedup();
    keys
}

fn index_key(step: &Step) -> Option<IndexKey> {
    match step {
        Step::Join { relation, right, .. } => {
            Some(IndexKey { relation: *relation, columns: right.clone(), keys_only: false })
        }
        Step::Absent { relation, right, .. } => {
            Some(IndexKey { relation: *relation, columns: right.clone(), keys_only: true })
        }
        Step::Scan { .. } | Step::Compare { .. } | Step::Assign { .. } => None,
    }
}

fn scanned(stratum: &Stratum, plans: &[RulePlan]) -> Vec<RelationId> {
    let steps = stratum.rules.iter().flat_map(|rule| &plans[*rule].steps);
    steps.filter_map(|s| if let Step::Scan { relation, .. } = s { Some(*relation) } else { None }).collect()
}

/// Collections and indexes of one scope.
struct Layer<'s, T: Timestamp + Lattice + Refines<Time>> {
    rows: BTreeMap<RelationId, Rows<'s, T>>,
    indexes: BTreeMap<IndexKey, Index<'s, T>>,
}

impl<'s, T: Timestamp + Lattice + Refines<Time>> Layer<'s, T> {
    fn index(&mut self, key: &IndexKey) {
        if self.indexes.contains_key(key) {
            return;
        }
        let columns = key.columns.clone();
        let rows = self.rows[&key.relation].clone();
        let arranged = if key.keys_only {
            let keys = rows.map(move |row| project(&row, &columns));
            keys.distinct_core::<Difference>().map(|key| (key, [0; WIDTH])).arrange_by_key()
        } else {
            rows.map(move |row| (project(&row, &columns), row)).arrange_by_key()
        };
        self.indexes.insert(key.clone(), Index::Own(arranged));
    }

    /// All conclusions of one rule, not yet distinct.
    fn body(&self, plan: &RulePlan, meter: &Meter) -> Rows<'s, T> {
        let mut bindings: Option<Rows<'s, T>> = None;
        for step in &plan.steps {
            bindings = Some(match (bindings, step) {
                (None, step) => self.scan(step),
                (Some(rows), Step::Scan { .. }) => rows,
                (Some(rows), step) => self.step(rows, step),
            });
        }
        let (emit, meter) = (plan.emit.clone(), meter.clone());
        // `resolve` gives every rule an atom, so there is always a first step.
        let rows = bindings.unwrap_or_else(|| self.rows[&plan.head].clone().filter(|_| false));
        rows.filter(move |_| meter.open()).map(move |row| build(&emit, &row, &row, 0))
    }

    fn scan(&self, step: &Step) -> Rows<'s, T> {
        let Step::Scan { relation, checks, emit } = step.clone() else {
            return self
                .rows
                .values()
                .next()
                .cloned()
                .map_or_else(|| unreachable!(), |r| r.filter(|_| false));
        };
        let rows = self.rows[&relation].clone();
        rows.flat_map(move |row| pass(&checks, &row).then(|| build(&emit, &row, &row, 0)))
    }

    fn step(&self, rows: Rows<'s, T>, step: &Step) -> Rows<'s, T> {
        match step.clone() {
            Step::Scan { .. } => rows,
            Step::Join { left, checks, emit, .. } => {
                let keyed = rows.map(move |row| (project(&row, &left), row));
                self.join(keyed, step, move |left, right| {
                    pass(&checks, right).then(|| build(&emit, left, right, 0))
                })
            }
            Step::Absent { left, emit, .. } => {
                let keyed = rows.clone().map(move |row| (build(&left, &row, &row, 0), row));
                let present = self.join(keyed, step, |left, _| Some(*left));
                rows.concat(present.negate()).map(move |row| build(&emit, &row, &row, 0))
            }
            Step::Compare { left, comparison, right, emit } => rows.flat_map(move |row| {
                let value = |slot: usize| row[slot];
                let holds = comparison.holds(left.evaluate(&value)?, right.evaluate(&value)?);
                holds.then(|| build(&emit, &row, &row, 0))
            }),
            Step::Assign { value, emit } => rows.flat_map(move |row| {
                let computed = value.evaluate(&|slot: usize| row[slot])?;
                Some(build(&emit, &row, &row, computed))
            }),
        }
    }

    fn join<L>(
        &self,
        keyed: VecCollection<'s, T, (Row, Row), Difference>,
        step: &Step,
        logic: L,
    ) -> Rows<'s, T>
    where
        L: Fn(&Row, &Row) -> Option<Row> + 'static,
    {
        let index = index_key(step).and_then(|key| self.indexes.get(&key));
        // One boxed closure type: two instances of the join operator for all rules, not one for each call.
        let logic: Logic = Box::new(logic);
        match index {
            Some(Index::Own(index)) => {
                keyed.join_core(index.clone(), move |_, left, right| logic(left, right))
            }
            Some(Index::Entered(index)) => {
                keyed.join_core(index.clone(), move |_, left, right| logic(left, right))
            }
            None => keyed.map(|(_, row)| row).filter(|_| false),
        }
    }
}

impl<'s> Layer<'s, Time> {
    fn aggregate(&self, aggregate: &Aggregate) -> Rows<'s, Time> {
        let Aggregate { source, group, function, over, .. } = aggregate.clone();
        let checks = checks(&source);
        let columns = group.clone();
        let rows = self.rows[&source.relation].clone();
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

pub(crate) fn project(row: &Row, columns: &[usize]) -> Row {
    let mut key = [0; WIDTH];
    for (slot, column) in key.iter_mut().zip(columns) {
        *slot = row[*column];
    }
    key
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
