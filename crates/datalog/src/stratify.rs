//! Layers of relations: a layer is computed to its end before any other looks at what is *not* in it.

use crate::program::{Literal, Program, RelationId};
use crate::source::Span;

/// Relations that depend on each other, and what concludes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stratum {
    pub(crate) relations: Vec<RelationId>,
    /// Indices of rules.
    pub(crate) rules: Vec<usize>,
    /// Indices of aggregates.
    pub(crate) aggregates: Vec<usize>,
    pub(crate) recursive: bool,
}

/// Rules without a well-defined result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StratifyError {
    /// A fact would hold because it does not.
    #[error("`{relation}` depends on {how} `{on}`, which depends on `{relation}`")]
    Cycle {
        /// Concluded.
        relation: String,
        /// Negation or aggregate.
        how: &'static str,
        /// Read.
        on: String,
        /// The rule.
        span: Span,
    },
}

impl StratifyError {
    pub(crate) fn span(&self) -> Span {
        let Self::Cycle { span, .. } = self;
        *span
    }

    pub(crate) fn hint(&self) -> Option<String> {
        Some("let the negated or counted relation follow from base facts or lower relations only".to_owned())
    }
}

struct Edge {
    from: usize,
    to: usize,
    strict: Option<&'static str>,
    span: Span,
}

pub(crate) fn stratify(program: &Program) -> Result<Vec<Stratum>, Vec<StratifyError>> {
    let edges = edges(program);
    let (component, count) = components(program.relations.len(), &edges);
    let at = |relation: usize| component.get(relation).copied().unwrap_or_default();
    let wrong = edges.iter().filter(|e| at(e.from) == at(e.to));
    let errors: Vec<_> = wrong
        .filter_map(|e| {
            Some(StratifyError::Cycle {
                relation: program.relation(RelationId(e.to)).name.clone(),
                how: e.strict?,
                on: program.relation(RelationId(e.from)).name.clone(),
                span: e.span,
            })
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let empty =
        || Stratum { relations: Vec::new(), rules: Vec::new(), aggregates: Vec::new(), recursive: false };
    let mut strata: Vec<Stratum> = (0..count).map(|_| empty()).collect();
    let mut stratum = |relation: usize, change: &dyn Fn(&mut Stratum)| {
        if let Some(stratum) = strata.get_mut(at(relation)) {
            change(stratum);
        }
    };
    for relation in 0..program.relations.len() {
        stratum(relation, &|s| s.relations.push(RelationId(relation)));
    }
    for (index, rule) in program.rules.iter().enumerate() {
        stratum(rule.head.relation.0, &|s| s.rules.push(index));
    }
    for (index, aggregate) in program.aggregates.iter().enumerate() {
        stratum(aggregate.relation.0, &|s| s.aggregates.push(index));
    }
    for edge in edges.iter().filter(|e| at(e.from) == at(e.to)) {
        stratum(edge.to, &|s| s.recursive = true);
    }
    strata.retain(|s| !s.rules.is_empty() || !s.aggregates.is_empty());
    Ok(strata)
}

fn edges(program: &Program) -> Vec<Edge> {
    let mut edges = Vec::new();
    for rule in &program.rules {
        for literal in &rule.body {
            let (atom, strict) = match literal {
                Literal::Positive(atom) => (atom, None),
                Literal::Negative(atom) => (atom, Some("the absence of")),
                Literal::Compare(..) | Literal::Assign(..) => continue,
            };
            let (from, to) = (atom.relation.0, rule.head.relation.0);
            edges.push(Edge { from, to, strict, span: rule.span });
        }
    }
    for aggregate in &program.aggregates {
        let (from, to) = (aggregate.source.relation.0, aggregate.relation.0);
        edges.push(Edge { from, to, strict: Some("all of"), span: aggregate.span });
    }
    edges
}

/// Strongly connected components in an order in which each depends on earlier ones only (Tarjan 1972; an explicit
/// stack, since rule texts decide the depth).
#[expect(clippy::indexing_slicing, reason = "all vectors have one entry per node, and edges name nodes")]
fn components(nodes: usize, edges: &[Edge]) -> (Vec<usize>, usize) {
    const UNSEEN: usize = usize::MAX;
    let mut needs = vec![Vec::new(); nodes];
    for edge in edges {
        needs[edge.to].push(edge.from);
    }
    let (mut number, mut low) = (vec![UNSEEN; nodes], vec![UNSEEN; nodes]);
    let (mut component, mut count, mut next) = (vec![UNSEEN; nodes], 0, 0);
    let (mut stack, mut work) = (Vec::new(), Vec::new());
    for root in 0..nodes {
        if number[root] == UNSEEN {
            work.push((root, 0));
        }
        while let Some((node, child)) = work.pop() {
            if child == 0 {
                number[node] = next;
                low[node] = next;
                next += 1;
                stack.push(node);
            }
            if let Some(&to) = needs[node].get(child) {
                work.push((node, child + 1));
                if number[to] == UNSEEN {
                    work.push((to, 0));
                } else if component[to] == UNSEEN {
                    low[node] = low[node].min(number[to]);
                }
                continue;
            }
            if low[node] == number[node] {
                while let Some(member) = stack.pop() {
                    component[member] = count;
                    if member == node {
                        break;
                    }
                }
                count += 1;
            }
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
        }
    }
    (component, count)
}
