//! Sorted rows of one width, stored without their unused columns, with indexes made when they pay.
//!
//! Two uses: the batches of the engine's indexes (as a container of differential-dataflow), and the tables of a
//! session. Rows never change here; see `table` for what comes and goes.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::value::{Row, WIDTH};
use crate::workers::Workers;

/// Below this many rows an index is made at once; above, only after some scans.
const SMALL: usize = 4096;
/// Scans before an index is made.
const SCANS: u32 = 3;
/// Rows counted one by one.
const FEW: usize = 4;
/// Rows looked at for the number of distinct values.
const SAMPLE: usize = 20_000;

#[derive(Default)]
pub(crate) struct Packed {
    width: usize,
    figures: Vec<u32>,
    count: usize,
    indexes: RefCell<BTreeMap<Vec<usize>, Lookup>>,
    statistics: OnceCell<(f64, [f64; WIDTH])>,
}

enum Lookup {
    /// How often the rows were scanned for want of an index.
    Scanned(u32),
    Index(Arc<Index>),
}

/// Rows by the values of some columns.
struct Index {
    /// Numbers of rows, those with equal values together and ascending.
    order: Vec<u32>,
    /// Where in `order`, by [`mix`] of the values; unequal values may share a place.
    places: HashMap<u64, (u32, u32), Mixed>,
}

impl Packed {
    /// `rows` must be ascending, each once.
    pub(crate) fn new(width: usize, rows: impl IntoIterator<Item = Row>) -> Self {
        let mut packed = Self { width, ..Self::default() };
        for row in rows {
            packed.figures.extend_from_slice(row.get(..width).unwrap_or_default());
            packed.count += 1;
        }
        packed.figures.shrink_to_fit();
        packed
    }

    /// Rows of this width in any order, each once.
    pub(crate) fn sorted<'r>(width: usize, rows: impl Iterator<Item = &'r [u32]>, workers: &Workers) -> Self {
        const HALF: usize = WIDTH / 2;
        // As figures of many digits they compare at once.
        let digits = |row: &[u32]| row.iter().fold(0, |sum, figure| sum << 32 | u128::from(*figure));
        let mut packed = Self { width, ..Self::default() };
        if width <= HALF {
            let mut keys: Vec<u128> = rows.map(digits).collect();
            workers.sort(&mut keys);
            packed.figures.reserve_exact(keys.len() * width);
            keys.iter().for_each(|key| packed.push_digits(*key, width));
            packed.count = keys.len();
        } else {
            let split = |row: &'r [u32]| row.split_at_checked(HALF).unwrap_or_default();
            let mut keys: Vec<[u128; 2]> = rows.map(split).map(|(a, b)| [digits(a), digits(b)]).collect();
            workers.sort(&mut keys);
            packed.figures.reserve_exact(keys.len() * width);
            for [first, second] in &keys {
                packed.push_digits(*first, HALF);
                packed.push_digits(*second, width - HALF);
            }
            packed.count = keys.len();
        }
        packed
    }

    fn push_digits(&mut self, key: u128, count: usize) {
        let digit =
            |place: usize| u32::try_from(key >> (32 * place) & u128::from(u32::MAX)).unwrap_or_default();
        self.figures.extend((0..count).rev().map(digit));
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    fn slice(&self, at: usize) -> &[u32] {
        let start = at * self.width;
        self.figures.get(start..start + self.width).unwrap_or_default()
    }

    /// All zero if there are not so many.
    pub(crate) fn row(&self, at: usize) -> Row {
        let mut row = Row::default();
        row.iter_mut().zip(self.slice(at)).for_each(|(slot, figure)| *slot = *figure);
        row
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = Row> + '_ {
        (0..self.count).map(|at| self.row(at))
    }

    pub(crate) fn position(&self, row: &Row) -> Option<usize> {
        let wanted = row.get(..self.width).unwrap_or_default();
        let at = self.first(|have| have < wanted);
        (at < self.count && self.slice(at) == wanted).then_some(at)
    }

    /// The first row for which `before` is false; rows for which it is true come first.
    fn first(&self, before: impl Fn(&[u32]) -> bool) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if before(self.slice(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn agrees(&self, at: usize, columns: &[usize], values: &[u32]) -> bool {
        let row = self.slice(at);
        columns.iter().zip(values).all(|(column, value)| row.get(*column) == Some(value))
    }

    /// Calls `found` with the number of each row that has these values in these columns, ascending, until it returns
    /// false; false if it did. Columns are ascending.
    pub(crate) fn find(
        &self,
        columns: &[usize],
        values: &[u32],
        found: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        let values = values.get(..columns.len()).unwrap_or(values);
        if columns.iter().enumerate().all(|(place, column)| place == *column) {
            // The sort order is the index.
            let start = self.first(|have| have.get(..values.len()).unwrap_or_default() < values);
            let same = |at: &usize| self.slice(*at).get(..values.len()) == Some(values);
            return (start..self.count).take_while(same).all(found);
        }
        let Some(index) = self.index(columns) else {
            return (0..self.count).filter(|at| self.agrees(*at, columns, values)).all(found);
        };
        let (start, end) = index.places.get(&mix(values)).copied().unwrap_or_default();
        let rows = index.order.get(start as usize..end as usize).unwrap_or_default();
        rows.iter().map(|at| *at as usize).filter(|at| self.agrees(*at, columns, values)).all(found)
    }

    /// How many rows have these values in these columns, or `most` if there are so many. Columns are ascending.
    pub(crate) fn count(&self, columns: &[usize], values: &[u32], most: usize) -> usize {
        let values = values.get(..columns.len()).unwrap_or(values);
        if columns.iter().enumerate().all(|(place, column)| place == *column) {
            let prefix = |have: &'_ [u32]| have.get(..values.len()).unwrap_or_default() <= values;
            let start = self.first(|have| have.get(..values.len()).unwrap_or_default() < values);
            // Most look-ups find few rows: those are sooner counted than their end is found.
            let few =
                (start..self.count).take(FEW.min(most)).take_while(|at| prefix(self.slice(*at))).count();
            return if few < FEW.min(most) { few } else { (self.first(prefix) - start).min(most) };
        }
        let mut count = 0;
        self.find(columns, values, &mut |_| {
            count += 1;
            count < most
        });
        count.min(most)
    }

    /// `None` while scanning is cheaper.
    fn index(&self, columns: &[usize]) -> Option<Arc<Index>> {
        let mut indexes = self.indexes.borrow_mut();
        if !indexes.contains_key(columns) {
            indexes.insert(columns.to_vec(), Lookup::Scanned(0));
        }
        let lookup = indexes.get_mut(columns)?;
        match lookup {
            Lookup::Index(index) => Some(index.clone()),
            Lookup::Scanned(scans) if self.count > SMALL && *scans < SCANS => {
                *scans += 1;
                None
            }
            Lookup::Scanned(_) => {
                let index = Arc::new(self.make_index(columns));
                *lookup = Lookup::Index(index.clone());
                Some(index)
            }
        }
    }

    /// How many rows, and distinct values by column: of a sample, scaled where most of its values are distinct.
    pub(crate) fn statistics(&self) -> (f64, [f64; WIDTH]) {
        *self.statistics.get_or_init(|| self.sample())
    }

    fn sample(&self) -> (f64, [f64; WIDTH]) {
        let step = self.count.div_ceil(SAMPLE).max(1);
        let sample: Vec<Row> = self.rows().step_by(step).collect();
        let mut distinct = [1.0; WIDTH];
        for (column, slot) in distinct.iter_mut().enumerate().take(self.width) {
            let values: HashSet<u32, Mixed> =
                sample.iter().filter_map(|row| row.get(column).copied()).collect();
            let scale = if values.len() > sample.len() / 2 { step as f64 } else { 1.0 };
            *slot = values.len() as f64 * scale;
        }
        (self.count as f64, distinct)
    }

    fn make_index(&self, columns: &[usize]) -> Index {
        let key = |at: usize| {
            let row = self.slice(at);
            mix_all(columns.iter().map(|column| row.get(*column).copied().unwrap_or_default()))
        };
        let mut keyed: Vec<(u64, u32)> = (0_u32..).zip(0..self.count).map(|(n, at)| (key(at), n)).collect();
        keyed.sort_unstable();
        let mut places = HashMap::with_capacity_and_hasher(self.count / 4, Mixed::default());
        let mut start = 0_u32;
        for run in keyed.chunk_by(|(a, _), (b, _)| a == b) {
            let end = start + u32::try_from(run.len()).unwrap_or_default();
            places.insert(run.first().map_or(0, |(key, _)| *key), (start, end));
            start = end;
        }
        Index { order: keyed.into_iter().map(|(_, at)| at).collect(), places }
    }
}

/// For sets of rows: rows hold numbers of names in order of appearance, which nobody can choose freely.
pub(crate) type Mixed = BuildHasherDefault<RowHasher>;

/// Mixes 32- and 64-bit figures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowHasher(u64);

impl Hasher for RowHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut figure = [0; 8];
            figure.iter_mut().zip(chunk).for_each(|(slot, byte)| *slot = *byte);
            self.write_u64(u64::from_le_bytes(figure));
        }
    }

    fn write_u32(&mut self, figure: u32) {
        self.write_u64(figure.into());
    }

    fn write_u64(&mut self, figure: u64) {
        // The multiplier is 2⁶⁴ divided by the golden ratio (Knuth, TAOCP 3, 6.4).
        self.0 = (self.0.rotate_left(23) ^ figure).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, figure: usize) {
        self.write_u64(figure as u64);
    }
}

fn mix(values: &[u32]) -> u64 {
    mix_all(values.iter().copied())
}

/// Of some values, in their order.
pub(crate) fn mix_all(values: impl Iterator<Item = u32>) -> u64 {
    let mut hasher = RowHasher::default();
    values.for_each(|value| hasher.write_u32(value));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(figures: &[u32]) -> Row {
        let mut row = Row::default();
        row[..figures.len()].copy_from_slice(figures);
        row
    }

    #[test]
    fn every_set_of_columns_finds_what_a_scan_finds() {
        let mut rows: Vec<Row> = (0..6000_u32).map(|i| row(&[i / 40, i % 7, i])).collect();
        rows.sort_unstable();
        let packed = Packed::new(3, rows.iter().copied());
        for columns in [vec![], vec![0], vec![1], vec![0, 1], vec![1, 2], vec![0, 2], vec![0, 1, 2]] {
            // The first lookups scan, later ones use an index.
            for wanted in rows.iter().step_by(911) {
                let values: Vec<u32> = columns.iter().map(|c: &usize| wanted[*c]).collect();
                let mut found = Vec::new();
                let padded = [values.as_slice(), &[0; 4]].concat();
                packed.find(&columns, &padded, &mut |at| {
                    found.push(packed.row(at));
                    true
                });
                let agrees = |r: &&Row| columns.iter().all(|c| r[*c] == wanted[*c]);
                assert_eq!(found, rows.iter().filter(agrees).copied().collect::<Vec<_>>(), "{columns:?}");
                for most in [0, 1, 3, 4, 5, 100, 9999] {
                    assert_eq!(packed.count(&columns, &padded, most), found.len().min(most), "{columns:?}");
                }
            }
        }
        assert_eq!(packed.position(&rows[17]), Some(17));
        assert_eq!(packed.position(&row(&[9999])), None);
    }

    #[test]
    fn rows_of_every_width_are_sorted_as_rows_are() {
        for width in 0..=WIDTH {
            let many = if width == 0 { 1 } else { 300_u32 };
            let digit = |n: u32, column: u32| (n.wrapping_mul(0x9e37_79b9) >> (column * 3)) % 7 * 0x1fff_ffff;
            let mut rows: Vec<Row> = (0..many)
                .map(|n| {
                    std::array::from_fn(|c| if c < width { digit(n, u32::try_from(c).unwrap()) } else { 0 })
                })
                .collect();
            let mixed = rows.clone();
            rows.sort_unstable();
            rows.dedup();
            let kept = mixed.iter().enumerate().filter(|(at, row)| !mixed[..*at].contains(row));
            let packed = Packed::sorted(width, kept.map(|(_, row)| &row[..width]), &Workers::new(1));
            assert!(packed.rows().eq(rows), "width {width}");
        }
    }
}
