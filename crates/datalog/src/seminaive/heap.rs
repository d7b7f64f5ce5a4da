//! Rows of one relation, in the order in which they came, found by their values through hash indexes.
//!
//! A row never moves and is never taken out; it holds while its height says so. An index lists the rows with equal
//! values as a chain, so that a new row is one entry more and nothing is sorted.
#![expect(
    clippy::indexing_slicing,
    reason = "row numbers and columns are made by this module and by `compile`"
)]

use std::collections::HashSet;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::packed::{Mixed, mix_all};
use crate::program::{ColumnType, Relation};
use crate::value::{Row, WIDTH};

/// Height of a row that does not hold.
pub(super) const DEAD: u32 = u32::MAX;
/// Height of a row that held before this commit, and no longer does.
pub(super) const DYING: u32 = DEAD - 1;

const END: u32 = u32::MAX;
/// Rows that do not hold and are kept all the same: what went often comes back.
const SPARE: usize = 4096;
/// Rows looked at for the number of distinct values.
const SAMPLE: usize = 1024;

pub(super) struct Heap {
    width: usize,
    /// By column: holds symbols.
    symbols: Vec<bool>,
    figures: Vec<u32>,
    /// By row: length of the longest chain of conclusions below it within its stratum, 0 for stated rows.
    heights: Vec<u32>,
    alive: usize,
    set: Set,
    indexes: Vec<Index>,
}

/// Row numbers by the whole row.
#[derive(Default)]
struct Set {
    table: HashTable<u32>,
    /// So many rows are in it.
    entered: usize,
    /// All others are to be, at the next [`Heap::catch_up`].
    wanted: bool,
}

/// All rows, for what is made of them.
#[derive(Clone, Copy)]
struct Rows<'h> {
    figures: &'h [u32],
    width: usize,
    count: usize,
}

/// What does not have the newest rows yet: parts of one heap do not wait for each other.
pub(super) struct Behind<'h>(Part<'h>, Rows<'h>);

enum Part<'h> {
    Set(&'h mut Set),
    Index(&'h mut Index),
}

/// Rows with equal values in some columns form a ring: each leads to the next, the last one to the first.
struct Index {
    columns: Vec<usize>,
    last: Last,
    next: Vec<u32>,
}

/// The last row of each ring.
enum Last {
    /// By the number of a symbol. Symbols that were named together have numbers near each other, and so their rows are
    /// found in memory that was just read.
    Symbol(Vec<u32>),
    /// By key: up to two values side by side, a mixture of more, which unequal ones may share.
    Key(HashTable<(u64, u32)>),
}

impl Heap {
    pub(super) fn new(relation: &Relation) -> Self {
        Self::of(relation.columns.iter().map(|(_, kind)| *kind == ColumnType::Symbol).collect())
    }

    fn of(symbols: Vec<bool>) -> Self {
        Self {
            width: symbols.len(),
            symbols,
            figures: Vec::new(),
            heights: Vec::new(),
            alive: 0,
            set: Set::default(),
            indexes: Vec::new(),
        }
    }

    /// All row numbers, of rows that hold and others.
    pub(super) fn numbers(&self) -> std::ops::Range<u32> {
        0..number(self.heights.len())
    }

    /// How many columns are in use.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The columns in use.
    pub(super) fn used<'r>(&self, row: &'r Row) -> &'r [u32] {
        &row[..self.width]
    }

    pub(super) fn row(&self, at: u32) -> &[u32] {
        let start = at as usize * self.width;
        &self.figures[start..start + self.width]
    }

    pub(super) fn height(&self, at: u32) -> u32 {
        self.heights[at as usize]
    }

    pub(super) fn holds(&self, at: u32) -> bool {
        self.height(at) < DYING
    }

    pub(super) fn set_height(&mut self, at: u32, height: u32) {
        let slot = &mut self.heights[at as usize];
        match (*slot < DYING, height < DYING) {
            (true, false) => self.alive -= 1,
            (false, true) => self.alive += 1,
            _ => {}
        }
        *slot = height;
    }

    /// Rows that are not there yet, each once. They are found by index after [`Heap::catch_up`]; by [`Heap::find`] after
    /// [`Heap::enter`].
    pub(super) fn load(&mut self, rows: impl Iterator<Item = Row>, height: u32) {
        for row in rows {
            self.push(&row[..self.width], height);
        }
    }

    /// Puts rows with equal values in this column beside each other, before there is any index.
    pub(super) fn gather(&mut self, column: usize) {
        let mut order: Vec<(u32, u32)> = self.numbers().map(|at| (self.row(at)[column], at)).collect();
        order.sort_unstable();
        self.figures = order.iter().flat_map(|(_, at)| self.row(*at)).copied().collect();
    }

    fn push(&mut self, row: &[u32], height: u32) -> u32 {
        let at = number(self.heights.len());
        self.figures.extend_from_slice(row);
        self.heights.push(height);
        self.alive += 1;
        at
    }

    /// Makes all rows known to [`Heap::find`].
    pub(super) fn enter(&mut self) {
        let rows = Rows { figures: &self.figures, width: self.width, count: self.heights.len() };
        self.set.enter(rows);
    }

    /// The same at the next [`Heap::catch_up`].
    pub(super) fn enter_later(&mut self) {
        self.set.wanted = true;
    }

    /// What rows came after.
    pub(super) fn behind(&mut self) -> impl Iterator<Item = Behind<'_>> {
        let rows = Rows { figures: &self.figures, width: self.width, count: self.heights.len() };
        let set = Some(&mut self.set).filter(|set| set.wanted && set.entered < rows.count).map(Part::Set);
        let indexes = self.indexes.iter_mut().filter(move |index| index.next.len() < rows.count);
        set.into_iter().chain(indexes.map(Part::Index)).map(move |part| Behind(part, rows))
    }

    /// Makes all rows known to all indexes.
    pub(super) fn catch_up(&mut self) {
        self.behind().for_each(Behind::catch_up);
    }

    /// Whether it holds or not. All rows must be [entered](Heap::enter).
    pub(super) fn find(&self, row: &[u32]) -> Option<u32> {
        self.set.table.find(hash(row), |at| same(self.row(*at), row)).copied()
    }

    /// The row's number, and whether it is new; then it has this height, and is found by index after
    /// [`Heap::catch_up`]. All rows must be [entered](Heap::enter).
    pub(super) fn add(&mut self, row: &[u32], height: u32) -> (u32, bool) {
        let (figures, width) = (&self.figures, self.width);
        let of = |at: &u32| &figures[*at as usize * width..][..width];
        let next = number(self.heights.len());
        match self.set.table.entry(hash(row), |at| same(of(at), row), |at| hash(of(at))) {
            Entry::Occupied(found) => return (*found.get(), false),
            Entry::Vacant(vacant) => vacant.insert(next),
        };
        self.set.entered += 1;
        (self.push(row, height), true)
    }

    /// Number of the index by these columns, which are ascending. It is to be used after [`Heap::catch_up`].
    pub(super) fn index(&mut self, columns: &[usize]) -> usize {
        if let Some(at) = self.indexes.iter().position(|index| index.columns == columns) {
            return at;
        }
        let last = match columns {
            [column] if self.symbols[*column] => Last::Symbol(Vec::new()),
            _ => Last::Key(HashTable::new()),
        };
        self.indexes.push(Index { columns: columns.to_vec(), last, next: Vec::new() });
        self.indexes.len() - 1
    }

    /// Columns of the indexes there are.
    pub(super) fn indexes(&self) -> impl Iterator<Item = &[usize]> {
        self.indexes.iter().map(|index| index.columns.as_slice())
    }

    /// Row numbers with these values in the columns of the index, ascending.
    pub(super) fn with(&self, index: usize, values: &[u32]) -> impl Iterator<Item = u32> {
        let index = &self.indexes[index];
        let last = index.last(values);
        let mut next = last.map_or(END, |last| index.next[last as usize]);
        let rows = std::iter::from_fn(move || {
            let at = (next != END).then_some(next)?;
            next = if Some(at) == last { END } else { index.next[at as usize] };
            Some(at)
        });
        let exact = values.len() <= 2;
        rows.filter(move |at| {
            exact || {
                let row = self.row(*at);
                index.columns.iter().zip(values).all(|(column, value)| row[*column] == *value)
            }
        })
    }

    /// Lets go of rows that do not hold, once they are more than the others. Row numbers change.
    pub(super) fn settle(&mut self) {
        if self.heights.len() - self.alive <= self.alive + SPARE {
            return;
        }
        let mut fresh = Self::of(self.symbols.clone());
        for index in &self.indexes {
            fresh.index(&index.columns);
        }
        for at in self.numbers().filter(|at| self.holds(*at)) {
            fresh.push(self.row(at), self.height(at));
        }
        fresh.enter();
        fresh.catch_up();
        *self = fresh;
    }

    /// Rows that hold.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.numbers().filter(|at| self.holds(*at)).map(|at| self.row(at))
    }

    /// How many rows, and distinct values by column: exactly for symbols, of a sample for figures.
    pub(super) fn statistics(&self) -> (f64, [f64; WIDTH]) {
        let mut distinct = [1.0; WIDTH];
        for (column, slot) in distinct.iter_mut().enumerate().take(self.width) {
            let values = if self.symbols[column] { self.count(column) } else { self.sample(column) };
            *slot = values.max(1.0);
        }
        (self.alive as f64, distinct)
    }

    fn count(&self, column: usize) -> f64 {
        let (mut seen, mut count) = (Vec::new(), 0_u32);
        for at in self.numbers() {
            let symbol = self.row(at)[column];
            let (place, bit) = (symbol as usize / 64, 1_u64 << (symbol % 64));
            if seen.len() <= place {
                seen.resize(place + 1, 0);
            }
            count += u32::from(seen[place] & bit == 0);
            seen[place] |= bit;
        }
        f64::from(count)
    }

    /// Scaled where most values are distinct.
    fn sample(&self, column: usize) -> f64 {
        let step = self.heights.len().div_ceil(SAMPLE).max(1);
        let sample = self.numbers().step_by(step);
        let size = sample.len();
        let values: HashSet<u32, Mixed> = sample.map(|at| self.row(at)[column]).collect();
        values.len() as f64 * if values.len() > size / 2 { step as f64 } else { 1.0 }
    }
}

impl Rows<'_> {
    fn row(&self, at: u32) -> &[u32] {
        &self.figures[at as usize * self.width..][..self.width]
    }
}

impl Behind<'_> {
    /// How many rows.
    pub(super) fn len(&self) -> usize {
        let known = match &self.0 {
            Part::Set(set) => set.entered,
            Part::Index(index) => index.next.len(),
        };
        self.1.count - known
    }

    pub(super) fn catch_up(self) {
        match self.0 {
            Part::Set(set) => set.enter(self.1),
            Part::Index(index) => index.add_all(self.1),
        }
    }
}

impl Set {
    fn enter(&mut self, rows: Rows<'_>) {
        let hash = |at: &u32| hash(rows.row(*at));
        self.table.reserve(rows.count - self.entered, hash);
        for at in number(self.entered)..number(rows.count) {
            self.table.insert_unique(hash(&at), at, hash);
        }
        (self.entered, self.wanted) = (rows.count, false);
    }
}

impl Index {
    fn add_all(&mut self, rows: Rows<'_>) {
        self.next.reserve(rows.count - self.next.len());
        for at in number(self.next.len())..number(rows.count) {
            self.add(rows.row(at), at);
        }
    }

    fn last(&self, values: &[u32]) -> Option<u32> {
        match &self.last {
            Last::Symbol(last) => {
                let symbol = *values.first()?;
                last.get(symbol as usize).copied().filter(|at| *at != END)
            }
            Last::Key(last) => {
                let key = key(values.iter().copied());
                last.find(spread(key), |(other, _)| *other == key).map(|(_, at)| *at)
            }
        }
    }

    fn add(&mut self, row: &[u32], at: u32) {
        let before = match &mut self.last {
            Last::Symbol(last) => {
                let symbol = row[self.columns[0]] as usize;
                if last.len() <= symbol {
                    last.resize(symbol + 1, END);
                }
                std::mem::replace(&mut last[symbol], at)
            }
            Last::Key(last) => {
                let key = key(self.columns.iter().map(|column| row[*column]));
                match last.entry(spread(key), |(other, _)| *other == key, |(key, _)| spread(*key)) {
                    Entry::Occupied(mut found) => std::mem::replace(&mut found.get_mut().1, at),
                    Entry::Vacant(vacant) => {
                        vacant.insert((key, at));
                        END
                    }
                }
            }
        };
        if before == END {
            self.next.push(at);
        } else {
            let first = std::mem::replace(&mut self.next[before as usize], at);
            self.next.push(first);
        }
    }
}

fn key(mut values: impl ExactSizeIterator<Item = u32>) -> u64 {
    if values.len() > 2 {
        return mix_all(values);
    }
    let mut next = || u64::from(values.next().unwrap_or_default());
    next() << 32 | next()
}

/// Keys over the places of a table.
fn spread(key: u64) -> u64 {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

fn hash(row: &[u32]) -> u64 {
    mix_all(row.iter().copied())
}

/// Rows are short: comparing them takes less than calling for it.
fn same(a: &[u32], b: &[u32]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// 2³² rows do not fit into memory.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(END)
}

pub(super) fn padded(figures: &[u32]) -> Row {
    let mut row = Row::default();
    row.iter_mut().zip(figures).for_each(|(slot, figure)| *slot = *figure);
    row
}
