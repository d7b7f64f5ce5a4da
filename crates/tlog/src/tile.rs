//! Tiles: rows of 256 hashes, and their paths. Source: C2SP tlog-tiles.

use std::fmt;
use std::str::FromStr;

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;

/// Bits of [`TILE_WIDTH`].
pub(crate) const TILE_HEIGHT: u32 = 8;

/// A row of hashes: tile `index` at `level`, of which the first `width` are there.
///
/// Written as its path below `tile/`: `0/x001/x234/067` or, where it is partial, `1/000.p/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// 0 for leaf hashes; each level above holds the roots of full tiles below.
    pub level: u8,
    /// Which tile of the level.
    pub index: u64,
    /// Hashes in it, 1 to [`TILE_WIDTH`].
    pub width: u16,
}

/// A row of log entries, in the order of the leaf tile with the same index. Written as `entries/x001/234.p/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundle {
    /// Which bundle.
    pub index: u64,
    /// Entries in it, 1 to [`TILE_WIDTH`].
    pub width: u16,
}

/// A path that names no tile.
#[derive(Debug, thiserror::Error)]
#[error("not the path of a tile")]
pub struct ParseTileError;

/// Highest level a tree of 2⁶⁴ leaves needs.
pub(crate) const MAX_LEVEL: u8 = 7;

impl Tile {
    /// Width of tile `index` at `level` in a tree of `size` leaves; 0 where that tree has no such tile.
    pub(crate) fn width_in(level: u8, index: u64, size: u64) -> u64 {
        let hashes = size.checked_shr(TILE_HEIGHT.saturating_mul(level.into())).unwrap_or(0);
        hashes.saturating_sub(index.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.level)?;
        write_index(f, self.index, self.width)
    }
}

impl fmt::Display for EntryBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries/")?;
        write_index(f, self.index, self.width)
    }
}

fn write_index(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut groups = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    for (place, group) in groups.iter().enumerate().rev() {
        let mark = if place > 0 { "x" } else { "" };
        let slash = if place > 0 { "/" } else { "" };
        write!(f, "{mark}{group:03}{slash}")?;
    }
    if u64::from(width) < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

impl FromStr for Tile {
    type Err = ParseTileError;

    fn from_str(path: &str) -> Result<Self, ParseTileError> {
        let (level, rest) = path.split_once('/').ok_or(ParseTileError)?;
        let level = decimal(level).and_then(|l| u8::try_from(l).ok()).filter(|l| *l <= MAX_LEVEL);
        let (index, width) = parse_index(rest).ok_or(ParseTileError)?;
        Ok(Self { level: level.ok_or(ParseTileError)?, index, width })
    }
}

impl FromStr for EntryBundle {
    type Err = ParseTileError;

    fn from_str(path: &str) -> Result<Self, ParseTileError> {
        let rest = path.strip_prefix("entries/").ok_or(ParseTileError)?;
        let (index, width) = parse_index(rest).ok_or(ParseTileError)?;
        Ok(Self { index, width })
    }
}

fn parse_index(path: &str) -> Option<(u64, u16)> {
    let (path, width) = match path.split_once(".p/") {
        Some((path, width)) => (path, decimal(width).filter(|w| (1..TILE_WIDTH).contains(w))?),
        None => (path, TILE_WIDTH),
    };
    let mut index = 0_u64;
    let (last, groups) = path.split('/').collect::<Vec<_>>().split_last().map(|(l, g)| (*l, g.to_vec()))?;
    for group in groups {
        index = push(index, group.strip_prefix('x')?)?;
    }
    // A leading `x000` would give one tile two names.
    if path.starts_with("x000") {
        return None;
    }
    Some((push(index, last)?, u16::try_from(width).ok()?))
}

fn push(index: u64, group: &str) -> Option<u64> {
    let digits = group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    let group: u64 = digits.then(|| group.parse().ok()).flatten()?;
    index.checked_mul(1000)?.checked_add(group)
}

fn decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Index 1234067 and the partial widths are the specification's own examples.
    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |level, index, width| Tile { level, index, width }.to_string();
        assert_eq!(tile(0, 1_234_067, 256), "0/x001/x234/067");
        assert_eq!(tile(1, 1, 17), "1/001.p/17");
        assert_eq!(EntryBundle { index: 1_000, width: 1 }.to_string(), "entries/x001/000.p/1");
    }

    /// C2SP tlog-tiles: a tree of 70,000 leaves.
    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_specification() {
        assert_eq!(Tile::width_in(0, 272, 70_000), 256);
        assert_eq!(Tile::width_in(0, 273, 70_000), 112);
        assert_eq!(Tile::width_in(0, 274, 70_000), 0);
        assert_eq!(Tile::width_in(1, 0, 70_000), 256);
        assert_eq!(Tile::width_in(1, 1, 70_000), 17);
        assert_eq!(Tile::width_in(2, 0, 70_000), 1);
    }

    #[test]
    fn paths_with_two_spellings_or_none_are_refused() {
        let wrong = [
            "",
            "0",
            "00/000",
            "8/000",
            "0/0",
            "0/x000/001",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/001/002",
            "0/x001",
            "0/+01",
            "0/x99999/001",
        ];
        for path in wrong {
            assert!(path.parse::<Tile>().is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_tile_is_found_by_the_path_it_writes(level in 0..=MAX_LEVEL, index: u64, width in 1..=256_u16) {
            let tile = Tile { level, index, width };
            prop_assert_eq!(tile.to_string().parse::<Tile>().unwrap(), tile);
            let bundle = EntryBundle { index, width };
            prop_assert_eq!(bundle.to_string().parse::<EntryBundle>().unwrap(), bundle);
        }
    }
}
