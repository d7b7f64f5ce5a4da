//! Deriving everything anew, and what is kept where the budget does not suffice.

use super::{
    Changes, CommitError, Incomplete, KEPT_WHEN_CUT, Limit, Machine, Method, Options, STEPS_WHEN_CUT, Session,
};
use crate::database::Table;
use crate::engine::{Delta, Engine, Round};
use crate::packed::Packed;
use crate::plan::plan_with;
use crate::program::RelationId;
use crate::reference::{self, Left};
use crate::seminaive::{Exceeded, SemiNaive};
use crate::value::Row;

impl Session {
    pub(super) fn start(&mut self, delta: &Delta) -> Result<Changes, CommitError> {
        let before = self.tables();
        self.state(delta);
        match self.options.method {
            Method::SemiNaive => self.start_semi_naive(),
            Method::Dataflow => self.start_dataflow()?,
        }
        Ok(self.since(&before))
    }

    /// Derives with the rows of a machine that followed other rules, as far as they stay; `tables` are those that do.
    pub(crate) fn go_on(
        &mut self,
        machine: SemiNaive,
        stays: &[Option<RelationId>],
        tables: Vec<Option<Table>>,
    ) {
        let stated = |id| Box::new(self.base(id).rows(id)) as Box<dyn Iterator<Item = Row> + '_>;
        let machine = match machine.under(&self.program, stays, &stated) {
            Ok(machine) => machine,
            Err(which) => return self.cut(which),
        };
        for (id, table) in self.ids().zip(tables).filter(|(id, _)| self.program.relation(*id).derived) {
            let width = self.program.relation(id).columns.len();
            let derived = || Table::of_sorted(Packed::sorted(width, machine.rows(id), &self.workers), width);
            self.database.set(id, table.unwrap_or_else(derived));
        }
        if self.derived_facts() > self.options.max_derived {
            return self.cut(Exceeded::Facts);
        }
        *self.engine.get_mut() = Some(Machine::SemiNaive(Box::new(machine)));
    }

    fn start_semi_naive(&mut self) {
        let stated = |id| Box::new(self.base(id).rows(id)) as Box<dyn Iterator<Item = Row> + '_>;
        let workers = self.workers.clone();
        let machine = match SemiNaive::start(&self.program, &stated, self.options, workers) {
            Ok(machine) => machine,
            Err(which) => return self.cut(which),
        };
        self.incomplete = None;
        let derived = self.ids().map(|id| (id, self.program.relation(id))).filter(|(_, r)| r.derived);
        let widths: Vec<_> = derived.map(|(id, relation)| (id, relation.columns.len())).collect();
        let workers = &self.workers;
        let packed = |(id, width)| (id, width, Packed::sorted(width, machine.rows(id), workers));
        for (id, width, rows) in workers.map(machine.len(), widths, packed) {
            self.database.set(id, Table::of_sorted(rows, width));
        }
        if self.derived_facts() > self.options.max_derived {
            return self.cut(Exceeded::Facts);
        }
        *self.engine.get_mut() = Some(Machine::SemiNaive(Box::new(machine)));
    }

    fn start_dataflow(&mut self) -> Result<(), CommitError> {
        let plans =
            plan_with(&self.program, self.statistics()).unwrap_or_else(|_| self.program.plans.clone());
        let mut engine = Engine::start(&self.program, &plans, self.options)?;
        let all = self.ids().map(|id| self.base(id).rows(id).map(|row| (row, 1)).collect()).collect();
        match engine.commit(all)? {
            Round::Changes(derived)
                if derived.iter().map(Vec::len).sum::<usize>() as u64 <= self.options.max_derived =>
            {
                *self.engine.get_mut() = Some(Machine::Dataflow(engine));
                self.begin(&derived);
            }
            Round::Changes(_) => self.cut(Exceeded::Facts),
            Round::Exceeded(which) => self.cut(which),
        }
        Ok(())
    }

    /// What a new engine derived.
    fn begin(&mut self, derived: &Delta) {
        self.incomplete = None;
        self.more.clear();
        for (id, rows) in self.ids().zip(derived) {
            let relation = self.program.relation(id);
            if relation.derived {
                let width = relation.columns.len();
                self.database.set(id, Table::of(width, rows.iter().map(|(row, _)| *row)));
            }
            let several = rows.iter().filter(|(_, times)| *times > 1);
            self.more.extend(several.map(|(row, times)| ((id, *row), times - 1)));
        }
    }

    /// What the reference evaluator derives within the budget.
    pub(super) fn cut(&mut self, which: Exceeded) {
        self.more.clear();
        for id in self.ids() {
            let relation = self.program.relation(id);
            if relation.derived {
                let width = relation.columns.len();
                self.database.set(id, Table::of(width, self.stated.rows(id).collect::<Vec<_>>()));
            }
        }
        let Options { max_derived, max_steps, .. } = self.options;
        let mut left = Left { facts: max_derived.min(KEPT_WHEN_CUT), steps: max_steps.min(STEPS_WHEN_CUT) };
        let cut = reference::evaluate(&self.program, &mut self.database, &mut left);
        let limit = match which {
            Exceeded::Facts => Limit::Facts(max_derived),
            Exceeded::Steps => Limit::Steps(max_steps),
        };
        // An order of premises that takes fewer steps may reach the end all the same.
        self.incomplete = cut.err().map(|cut| self.describe(cut.stratum, limit));
    }

    fn describe(&self, stratum: usize, limit: Limit) -> Incomplete {
        let names = |strata: &[crate::stratify::Stratum]| {
            let relations = strata.iter().flat_map(|s| &s.relations).map(|id| self.program.relation(*id));
            let mut names: Vec<String> = relations.filter(|r| !r.internal).map(|r| r.name.clone()).collect();
            names.sort();
            names
        };
        let (_, from) = self.program.strata.split_at(stratum.min(self.program.strata.len()));
        let (cut, untouched) = from.split_at(from.len().min(1));
        Incomplete { limit, cut: names(cut), untouched: names(untouched) }
    }
}
