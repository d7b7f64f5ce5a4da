//! Tables of names and functions: a text from outside chooses which function runs.
//!
//! A loop compares a text with the name in each row of a table and calls the function of the row that fits. Seen from
//! values: an indirect call whose pointer is loaded from a table, and a comparison in the same function with a text
//! loaded from the same table. The rows are read from the image: equal distances, a function pointer in each, a name
//! in each, and perhaps numbers.

use std::collections::BTreeSet;

use program::image::Pointer;
use program::{BlockId, FuncId, VirtAddr};

use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::knowledge::{Comparison, Fact};
use crate::value::{Value, ValueId};

/// Rows of one table.
const MAX_ROWS: usize = 512;
/// Words of one row.
const MAX_WORDS: u64 = 16;
/// Values followed to find a table.
const MAX_STEPS: usize = 64;

/// A call through a table of names.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The function that looks up and calls.
    pub function: FuncId,
    /// The call, by its place in [`program::Function::calls`].
    pub call: u32,
    /// Block of the comparison, and the comparing call.
    pub block: BlockId,
    /// Where it compares.
    pub address: VirtAddr,
    /// The text that is looked up.
    pub subject: ValueId,
    /// How.
    pub how: Comparison,
    /// The rows, in order.
    pub rows: Vec<Row>,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands.
    pub address: VirtAddr,
    /// The name.
    pub name: Vec<u8>,
    /// The function that runs.
    pub function: FuncId,
    /// Other words of the row, in order.
    pub numbers: Vec<u64>,
}

impl Facts<'_> {
    /// Calls of a function through a table of names.
    pub(crate) fn find_dispatches(&self, function: FuncId) -> Vec<Dispatch> {
        let Some(own) = self.function(function) else { return Vec::new() };
        let pointers = own.calls.iter().filter_map(|(call, site)| Some((*call, site.pointer?)));
        let pointers: Vec<(u32, BTreeSet<u64>)> =
            pointers.map(|(call, pointer)| (call, self.data_addresses(own, pointer))).collect();
        if pointers.iter().all(|(_, tables)| tables.is_empty()) {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (comparing, site) in &own.calls {
            for fact in self.knowledge(function, *comparing) {
                let Fact::Compares { how, left, right, .. } = *fact else { continue };
                let argument = |n: u8| site.arguments.get(usize::from(n)).copied();
                let (Some(left), Some(right)) = (argument(left), argument(right)) else { continue };
                for (name, subject) in [(left, right), (right, left)] {
                    let tables = self.data_addresses(own, name);
                    let through =
                        pointers.iter().filter(|(_, t)| !t.is_disjoint(&tables) || near(t, &tables));
                    for (call, others) in through {
                        let starts = tables.iter().chain(others).copied().min();
                        let rows = starts.map(|start| self.rows(VirtAddr(start))).unwrap_or_default();
                        if rows.len() > 1 {
                            let (block, address) = (site.block, site.address);
                            all.push(Dispatch { function, call: *call, block, address, subject, how, rows });
                        }
                    }
                }
            }
        }
        all.sort_by_key(|d| (d.call, d.address));
        all.dedup_by_key(|d| d.call);
        all
    }

    /// Addresses of data that a value is loaded from.
    fn data_addresses(&self, own: &FunctionFacts, value: ValueId) -> BTreeSet<u64> {
        let image = &self.program().image;
        let is_data =
            |n: u64| n > 0xfff && !image.is_code(VirtAddr(n)) && image.access(VirtAddr(n)).is_some();
        let mut found = BTreeSet::new();
        let mut todo = vec![value];
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if !seen.insert(id) || seen.len() > MAX_STEPS {
                continue;
            }
            match own.arena.get(id) {
                Value::Number(n) if is_data(n) => {
                    found.insert(n);
                }
                Value::Sum(base, n) => {
                    found.extend(Some(n as u64).filter(|n| is_data(*n)));
                    todo.push(base);
                }
                Value::Merge { .. } => todo.extend(own.arena.operands(id).iter().map(|o| o.2)),
                value => todo.extend(own.arena.inputs(value).into_iter().flatten()),
            }
        }
        found
    }

    /// The rows of a table, from its first word on.
    fn rows(&self, start: VirtAddr) -> Vec<Row> {
        let word = u64::from(self.program().image.pointer_size);
        let functions: Vec<u64> =
            (0..2 * MAX_WORDS).filter(|n| self.function_at_word(start.plus(n * word)).is_some()).collect();
        let (Some(first), Some(second)) = (functions.first(), functions.get(1)) else { return Vec::new() };
        let width = second - first;
        if *first >= width || width > MAX_WORDS {
            return Vec::new();
        }
        let row = |n: u64| self.row(start.plus(n * width * word), *first, width);
        (0..MAX_ROWS as u64).map_while(row).collect()
    }

    fn row(&self, address: VirtAddr, function: u64, width: u64) -> Option<Row> {
        let image = &self.program().image;
        let word = u64::from(image.pointer_size);
        let at = |n: u64| address.plus(n * word);
        let mut row = Row {
            address,
            name: Vec::new(),
            function: self.function_at_word(at(function))?,
            numbers: Vec::new(),
        };
        for n in (0..width).filter(|n| *n != function) {
            match self.text_at_word(at(n)) {
                Some(name) if row.name.is_empty() => row.name = name.to_vec(),
                Some(_) => {}
                None => row.numbers.extend(image.word_at(at(n))),
            }
        }
        (!row.name.is_empty()).then_some(row)
    }

    /// The pointer that a word of the image is once it is loaded.
    pub(crate) fn pointer_word(&self, place: VirtAddr) -> Option<u64> {
        let image = &self.program().image;
        match image.pointer_at(place) {
            Some(Pointer::Local(target)) => Some(target.0),
            Some(_) => None,
            None => image.word_at(place).filter(|word| *word > 0xfff),
        }
    }

    fn function_at_word(&self, place: VirtAddr) -> Option<FuncId> {
        let program = self.program();
        self.pointer_word(place).and_then(|p| program.function_at(program.image.code_addr(p).address))
    }

    fn text_at_word(&self, place: VirtAddr) -> Option<&[u8]> {
        let image = &self.program().image;
        let at = self.pointer_word(place).map(VirtAddr).filter(|at| image.is_read_only(*at))?;
        let text = image.c_string_at(at)?;
        (!text.is_empty() && text.len() < 256 && text.iter().all(|b| (0x20..0x7f).contains(b)))
            .then_some(text)
    }
}

/// Do two sets name places in the same row? Compilers address each column by itself.
fn near(a: &BTreeSet<u64>, b: &BTreeSet<u64>) -> bool {
    a.iter().any(|x| b.iter().any(|y| x.abs_diff(*y) < MAX_WORDS * 8))
}
