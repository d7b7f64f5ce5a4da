//! Rows as the dataflow's indexes hold them.

use crate::value::{Row, WIDTH};

/// Rows for the engine's indexes. Widens itself when a row with more columns in use comes.
#[derive(Default)]
pub(crate) struct Rows {
    width: usize,
    figures: Vec<u32>,
    count: usize,
}

/// A row read from [`Rows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stored(pub(crate) Row);

impl PartialEq<&Row> for Stored {
    fn eq(&self, other: &&Row) -> bool {
        self.0 == **other
    }
}

impl Rows {
    fn push(&mut self, row: &Row) {
        let used = WIDTH - row.iter().rev().take_while(|figure| **figure == 0).count();
        if used > self.width {
            self.widen(used);
        }
        self.figures.extend_from_slice(row.get(..self.width).unwrap_or_default());
        self.count += 1;
    }

    fn widen(&mut self, width: usize) {
        let mut figures = Vec::with_capacity((self.count + 1) * width);
        for at in 0..self.count {
            figures.extend_from_slice(self.read(at).get(..width).unwrap_or_default());
        }
        (self.figures, self.width) = (figures, width);
    }

    fn read(&self, at: usize) -> Row {
        let start = at * self.width;
        let figures = self.figures.get(start..start + self.width).unwrap_or_default();
        let mut row = Row::default();
        row.iter_mut().zip(figures).for_each(|(slot, figure)| *slot = *figure);
        row
    }
}

impl timely::container::PushInto<Row> for Rows {
    fn push_into(&mut self, row: Row) {
        self.push(&row);
    }
}

impl differential_dataflow::trace::implementations::BatchContainer for Rows {
    type Owned = Row;
    type ReadItem<'a> = Stored;

    fn into_owned<'a>(item: Stored) -> Row {
        item.0
    }

    fn push_ref(&mut self, item: Stored) {
        self.push(&item.0);
    }

    fn push_own(&mut self, item: &Row) {
        self.push(item);
    }

    fn clear(&mut self) {
        self.figures.clear();
        self.count = 0;
    }

    /// The width is not known yet, so no room is made: growing doubles.
    fn with_capacity(_: usize) -> Self {
        Self::default()
    }

    fn merge_capacity(first: &Self, second: &Self) -> Self {
        let width = first.width.max(second.width);
        Self { width, figures: Vec::with_capacity(width * (first.count + second.count)), count: 0 }
    }

    fn reborrow<'b, 'a: 'b>(item: Stored) -> Stored {
        item
    }

    fn index(&self, at: usize) -> Stored {
        Stored(self.read(at))
    }

    fn len(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use differential_dataflow::trace::implementations::BatchContainer;

    use super::*;

    fn row(figures: &[u32]) -> Row {
        let mut row = Row::default();
        row[..figures.len()].copy_from_slice(figures);
        row
    }

    #[test]
    fn rows_keep_their_values_when_wider_ones_come() {
        let all = [row(&[]), row(&[1]), row(&[0, 2]), row(&[1, 2, 3, 4, 5, 6, 7, 8]), row(&[3])];
        let mut rows = Rows::default();
        all.iter().for_each(|r| rows.push_own(r));
        assert_eq!((0..rows.len()).map(|at| rows.index(at).0).collect::<Vec<_>>(), all);
    }
}
