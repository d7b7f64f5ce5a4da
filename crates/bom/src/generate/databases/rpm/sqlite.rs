//! SQLite as a container, `rpmdb.sqlite`: the values of the table `Packages`, whose rows are a number and a blob.
//!
//! Format: "Database File Format" of SQLite's documentation, sections 1.3 (header), 1.6 (B-tree pages), 1.6.1 (overflow
//! pages) and 2.1 (records). Tables are walked from their root page; nothing else of SQL is understood.

use super::{Blobs, ContainerError, Order};

const MAGIC: &[u8] = b"SQLite format 3\0";
const FILE_HEAD: usize = 100;
const INTERIOR: u8 = 5;
const LEAF: u8 = 13;
/// The page on which the list of tables begins.
const SCHEMA: usize = 1;

pub(super) fn read(content: &[u8]) -> Option<Result<Blobs, ContainerError>> {
    content.starts_with(MAGIC).then(|| File::new(content)?.blobs())
}

struct File<'c> {
    content: &'c [u8],
    page: usize,
    /// Bytes of a page that hold data.
    usable: usize,
}

/// A row: where it stands, and its record.
type Row = (u64, Vec<u8>);

impl<'c> File<'c> {
    fn new(content: &'c [u8]) -> Result<Self, ContainerError> {
        let damaged = ContainerError::Damaged { what: "header", at: 0 };
        let Some(page) = Order::Big.u16(content, 16).map(usize::from) else { return Err(damaged) };
        let page = if page == 1 { 65_536 } else { page };
        let reserved = content.get(20).copied().unwrap_or_default();
        let usable = page.checked_sub(usize::from(reserved)).filter(|usable| *usable >= 480);
        match usable.filter(|_| page.is_power_of_two()) {
            Some(usable) => Ok(Self { content, page, usable }),
            None => Err(damaged),
        }
    }

    fn blobs(&self) -> Result<Blobs, ContainerError> {
        let tables = self.rows(SCHEMA)?;
        let table = tables.iter().find_map(|(_, record)| packages_table(record));
        let root = table.ok_or(ContainerError::Damaged { what: "list of tables", at: 0 })?;
        let rows = self.rows(root)?.into_iter();
        Ok(rows.filter_map(|(at, record)| Some((at, value(&record, 1)?.1.to_vec()))).collect())
    }

    /// All rows of a table, in order. Each page is read at most once.
    fn rows(&self, root: usize) -> Result<Vec<Row>, ContainerError> {
        let pages = self.content.len() / self.page;
        let (mut rows, mut stack, mut seen) = (Vec::new(), vec![root], vec![false; pages]);
        let mut room = self.content.len();
        while let Some(number) = stack.pop() {
            let at = number.saturating_sub(1).saturating_mul(self.page);
            let damaged = || ContainerError::Damaged { what: "page", at: at as u64 };
            let fresh = number.checked_sub(1).and_then(|index| seen.get_mut(index)).filter(|seen| !**seen);
            *fresh.ok_or_else(damaged)? = true;
            let page = self.page(number).ok_or_else(damaged)?;
            let head = if number == SCHEMA { FILE_HEAD } else { 0 };
            let cells = usize::from(Order::Big.u16(page, head + 3).ok_or_else(damaged)?);
            match page.get(head) {
                Some(&INTERIOR) => {
                    let children = (0..cells).map(|cell| {
                        let place = usize::from(Order::Big.u16(page, head + 12 + 2 * cell)?);
                        Order::Big.size(page, place)
                    });
                    let mut children: Vec<usize> = children.collect::<Option<_>>().ok_or_else(damaged)?;
                    children.push(Order::Big.size(page, head + 8).ok_or_else(damaged)?);
                    stack.extend(children.into_iter().rev());
                }
                Some(&LEAF) => {
                    for cell in 0..cells {
                        let place =
                            Order::Big.u16(page, head + 8 + 2 * cell).map(usize::from).ok_or_else(damaged)?;
                        let record = self.record(page, place).ok_or_else(damaged)?;
                        room = room.checked_sub(record.len()).ok_or(ContainerError::Overlap)?;
                        rows.push(((at + place) as u64, record));
                    }
                }
                _ => return Err(damaged()),
            }
        }
        Ok(rows)
    }

    fn page(&self, number: usize) -> Option<&'c [u8]> {
        let at = number.checked_sub(1)?.checked_mul(self.page)?;
        self.content.get(at..at.checked_add(self.page)?)?.get(..self.usable)
    }

    /// The record of a leaf's cell: what lies in the page, then what lies in overflow pages.
    fn record(&self, page: &[u8], place: usize) -> Option<Vec<u8>> {
        let cell = page.get(place..)?;
        let (length, cell) = varint(cell)?;
        let (_row, cell) = varint(cell)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= self.content.len())?;
        let local = self.local(length);
        let mut record = cell.get(..local)?.to_vec();
        let mut next = if local < length { Order::Big.size(cell, local)? } else { 0 };
        while record.len() < length {
            let page = self.page(next)?;
            let part = page.get(4..)?;
            record.extend_from_slice(part.get(..(length - record.len()).min(part.len()))?);
            next = Order::Big.size(page, 0)?;
        }
        Some(record)
    }

    /// Bytes of a record that stay in a leaf.
    fn local(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// The root page, if the row of the list of tables (type, name, table, root page, SQL) is of the table `Packages`.
fn packages_table(record: &[u8]) -> Option<usize> {
    let is = |column, text: &[u8]| value(record, column).is_some_and(|(_, stated)| stated == text);
    if !(is(0, b"table") && is(1, b"Packages")) {
        return None;
    }
    let (_, number) = value(record, 3)?;
    (number.len() <= 4).then(|| number.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

/// Type and bytes of a record's column.
fn value(record: &[u8], column: usize) -> Option<(u64, &[u8])> {
    let (head, _) = varint(record)?;
    let (types, mut values) = record.split_at_checked(usize::try_from(head).ok()?)?;
    let (_, mut types) = varint(types)?;
    for _ in 0..column {
        let (kind, rest) = varint(types)?;
        types = rest;
        values = values.get(size(kind)?..)?;
    }
    let (kind, _) = varint(types)?;
    Some((kind, values.get(..size(kind)?)?))
}

/// Bytes of a value of this type.
fn size(kind: u64) -> Option<usize> {
    Some(match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => usize::try_from((kind - 12) / 2).ok()?,
    })
}

/// A number of one to nine bytes, seven bits each but the ninth, and what follows.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for index in 0..8 {
        let byte = *bytes.get(index)?;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(index + 1..)?));
        }
    }
    Some((number << 8 | u64::from(*bytes.get(8)?), bytes.get(9..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_to_nine_bytes() {
        for (bytes, number) in
            [(&[0x7f][..], 127), (&[0x81, 0x00], 128), (&[0x82, 0x2c], 300), (&[0xff; 9], u64::MAX)]
        {
            assert_eq!(varint(bytes).map(|(number, rest)| (number, rest.len())), Some((number, 0)));
        }
        assert_eq!(varint(&[0x80]), None);
    }

    #[test]
    fn columns_are_found_by_the_types_before_them() {
        let record = [4, 1, 15, 16, 9, b'x', b'a', b'b'];
        assert_eq!(value(&record, 0), Some((1, &[9][..])));
        assert_eq!(value(&record, 1), Some((15, &b"x"[..])));
        assert_eq!(value(&record, 2), Some((16, &b"ab"[..])));
        assert_eq!(value(&record, 3), None);
        assert_eq!(value(&[200, 1, 1], 0), None);
    }
}
