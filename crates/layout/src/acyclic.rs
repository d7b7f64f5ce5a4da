//! Which edges close a cycle? Turning these round leaves a graph without cycles.
#![expect(
    clippy::indexing_slicing,
    reason = "edges were checked to name nodes; one entry per node everywhere"
)]

use crate::Edge;

/// One entry per edge: true where a depth-first walk meets its end while still below it. Walks begin at nodes that
/// nothing leads to, then at what is left, in the order of the nodes. A loop counts as closing.
pub(crate) fn closing_edges(nodes: usize, edges: &[Edge]) -> Vec<bool> {
    let mut leaving = vec![Vec::new(); nodes];
    let mut entered = vec![false; nodes];
    for (id, edge) in edges.iter().enumerate() {
        leaving[edge.from].push(id);
        entered[edge.to] |= edge.from != edge.to;
    }
    let mut walk =
        Walk { leaving: &leaving, edges, state: vec![State::New; nodes], closing: vec![false; edges.len()] };
    let (starts, others): (Vec<usize>, Vec<usize>) = (0..nodes).partition(|&n| !entered[n]);
    for start in starts.into_iter().chain(others) {
        walk.from(start);
    }
    walk.closing
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

struct Walk<'a> {
    leaving: &'a [Vec<usize>],
    edges: &'a [Edge],
    state: Vec<State>,
    closing: Vec<bool>,
}

impl Walk<'_> {
    fn from(&mut self, start: usize) {
        if self.state[start] != State::New {
            return;
        }
        self.state[start] = State::Open;
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(&id) = self.leaving[*node].get(*next) else {
                self.state[*node] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let to = self.edges[id].to;
            match self.state[to] {
                State::New => {
                    self.state[to] = State::Open;
                    path.push((to, 0));
                }
                State::Open => self.closing[id] = true,
                State::Done => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(list: &[(usize, usize)]) -> Vec<Edge> {
        list.iter().map(|&(from, to)| Edge { from, to }).collect()
    }

    #[test]
    fn the_edge_back_to_the_head_of_a_cycle_closes_it() {
        let graph = edges(&[(0, 1), (1, 2), (2, 1), (2, 3)]);
        assert_eq!(closing_edges(4, &graph), [false, false, true, false]);
    }

    #[test]
    fn a_walk_begins_where_nothing_leads_to() {
        let graph = edges(&[(1, 2), (2, 1), (0, 2)]);
        assert_eq!(closing_edges(3, &graph), [true, false, false]);
    }

    #[test]
    fn a_loop_closes_itself() {
        assert_eq!(closing_edges(1, &edges(&[(0, 0)])), [true]);
    }
}
