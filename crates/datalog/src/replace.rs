//! Other rules for the facts of a session.
//!
//! What does not rest on a changed rule stays as it is: a stratum whose rules read the same, and read only what stays.

use std::collections::HashMap;

use crate::database::{Database, Table};
use crate::program::{Aggregate, Atom, Literal, Program, ProgramError, RelationId, Rule};
use crate::session::{Changes, CommitError, Machine, Session};
use crate::source::Source;
use crate::stratify::Stratum;

/// Why rules were not replaced. The session is as before, except after [`ReplaceError::Commit`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// The texts are no program.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Facts would belong nowhere.
    #[error("the session holds facts of `{relation}`, which the new rules declare differently or not at all")]
    Facts {
        /// Name of the relation.
        relation: String,
    },
    /// The engine stopped.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Session {
    /// Puts other rules in the place of the program's, while it runs: facts stay, those that stood in the old texts and
    /// do not in the new ones go, and what follows is brought up to date. Returns what changed in the new program's
    /// relations; pending changes are committed first.
    ///
    /// # Errors
    /// [`ReplaceError`].
    pub fn replace_rules(&mut self, sources: &[Source<'_>]) -> Result<Changes, ReplaceError> {
        let mut program = Program::load_with(sources, self.program.symbols.clone())?;
        self.commit()?;
        let old: Vec<Option<RelationId>> = program.relations.iter().map(|r| self.same_columns(r)).collect();
        self.keeps_all(&old)?;
        let written = std::mem::take(&mut program.facts);
        let stays = stays(&self.program, &program);
        let before = old.iter().map(|id| id.and_then(|id| self.database.table(id)).map(Table::settled));
        let before: Vec<_> = before.map(Option::unwrap_or_default).collect();
        self.take_over(program, &old, &stays);
        self.restate(written, &old);
        self.commit()?;
        Ok(self.since(&before))
    }

    fn same_columns(&self, relation: &crate::Relation) -> Option<RelationId> {
        let id = *self.program.names.get(&relation.name).filter(|_| !relation.internal)?;
        (self.program.relation(id).columns == relation.columns).then_some(id)
    }

    /// Every relation with stated facts, but those of the old texts, has a place in the new program.
    fn keeps_all(&self, old: &[Option<RelationId>]) -> Result<(), ReplaceError> {
        let others = |id: &RelationId| {
            let written = |row| self.written.contains(&(*id, row));
            !self.program.relation(*id).internal && !self.base(*id).rows(*id).all(written)
        };
        let homeless = self.ids().filter(|id| !old.contains(&Some(*id))).find(others);
        homeless.map_or(Ok(()), |id| {
            Err(ReplaceError::Facts { relation: self.program.relation(id).name.clone() })
        })
    }

    /// The new program with the stated facts, and with what stays of the derived ones if the engine can go on with them.
    fn take_over(&mut self, program: Program, old: &[Option<RelationId>], stays: &[Option<RelationId>]) {
        let (mut database, mut stated) = (Database::new(&program), Database::new(&program));
        let mut derived: Vec<Option<Table>> = Vec::new();
        for (at, relation) in program.relations.iter().enumerate() {
            let from = old.get(at).copied().flatten();
            let was_derived = from.is_some_and(|from| self.program.relation(from).derived);
            let base = if was_derived { &mut self.stated } else { &mut self.database };
            if let Some(table) = from.and_then(|from| base.take(from)) {
                let base = if relation.derived { &mut stated } else { &mut database };
                base.set(RelationId(at), table);
            }
            let same = stays.get(at).copied().flatten().filter(|_| relation.derived);
            derived.push(same.and_then(|same| self.database.take(same)));
        }
        let machine = self.engine.get_mut().take().filter(|_| self.incomplete.is_none());
        self.pending = vec![HashMap::default(); program.relations.len()];
        self.more.clear();
        self.recorded.take();
        (self.program, self.database, self.stated) = (program, database, stated);
        if let Some(Machine::SemiNaive(machine)) = machine {
            self.go_on(*machine, stays, derived);
        }
    }
}

/// For each relation of the new program the one of the old program that has the same facts.
fn stays(old: &Program, new: &Program) -> Vec<Option<RelationId>> {
    let by_name = |name: &str| old.names.get(name).copied();
    let mut stays: Vec<Option<RelationId>> = vec![None; new.relations.len()];
    for (slot, relation) in stays.iter_mut().zip(&new.relations).filter(|(_, r)| !r.derived && !r.internal) {
        *slot = by_name(&relation.name).filter(|id| {
            let known = old.relation(*id);
            !known.derived && known.columns == relation.columns
        });
    }
    let mut before: HashMap<String, &Stratum> = old.strata.iter().map(|s| (text(old, s), s)).collect();
    for stratum in &new.strata {
        // Rules that count the same have a stratum each: only one of them can have the rows that there are.
        let Some(same) = before.remove(&text(new, stratum)) else { continue };
        let reads = stratum.rules.iter().filter_map(|rule| new.rules.get(*rule)).flat_map(read);
        let counted = stratum.aggregates.iter().filter_map(|at| new.aggregates.get(*at));
        let reads: Vec<RelationId> = reads.chain(counted.map(|a| a.source.relation)).collect();
        let same_below = |id: &RelationId| {
            stratum.relations.contains(id)
                || stays.get(id.0).copied().flatten().is_some()
                || new.relation(*id).columns.is_empty() && !new.relation(*id).derived
        };
        if reads.iter().all(same_below) {
            for (id, from) in stratum.relations.iter().zip(&same.relations) {
                if let Some(slot) = stays.get_mut(id.0) {
                    *slot = Some(*from);
                }
            }
        }
    }
    stays
}

fn read(rule: &Rule) -> impl Iterator<Item = RelationId> {
    rule.body.iter().filter_map(|literal| match literal {
        Literal::Positive(atom) | Literal::Negative(atom) => Some(atom.relation),
        Literal::Compare(..) | Literal::Assign(..) => None,
    })
}

/// What a stratum says, the same for two programs that share their names.
fn text(program: &Program, stratum: &Stratum) -> String {
    let relations = stratum.relations.iter().map(|id| relation_text(program, *id));
    let rules = stratum.rules.iter().filter_map(|rule| program.rules.get(*rule)).map(|rule| {
        let body = rule.body.iter().map(|literal| match literal {
            Literal::Positive(atom) => atom_text(program, atom),
            Literal::Negative(atom) => format!("!{}", atom_text(program, atom)),
            Literal::Compare(..) | Literal::Assign(..) => format!("{literal:?}"),
        });
        format!("{} :- {}", atom_text(program, &rule.head), body.collect::<Vec<_>>().join(", "))
    });
    relations.chain(rules).collect::<Vec<_>>().join("\n")
}

fn atom_text(program: &Program, atom: &Atom) -> String {
    format!("{}{:?}", relation_text(program, atom.relation), atom.terms)
}

/// Its name and columns; of an aggregate what it counts and how.
fn relation_text(program: &Program, id: RelationId) -> String {
    let relation = program.relation(id);
    let aggregate = program.aggregates.iter().find(|aggregate| aggregate.relation == id);
    let Some(Aggregate { source, group, function, over, .. }) = aggregate else {
        return format!("{}{:?}", relation.name, relation.columns);
    };
    let source = format!("{}{:?}", relation_text(program, source.relation), source.terms);
    format!("{} {source} {group:?} {over:?}", function.name())
}
