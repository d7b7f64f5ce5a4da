//! A header of RPM, as it stands in a database: numbered entries, then the data they point into.
//!
//! Format: Linux Standard Base Core 5.0, "Package File Format", section "Header Structure". In a database the sixteen bytes
//! of magic and reserve before the two counts are missing.

use super::Order;

/// Entries of a header; rpm's own limit.
const MAX_ENTRIES: usize = 0xffff;
const ENTRY: usize = 16;

/// Number of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u32);

impl Tag {
    pub(super) const NAME: Self = Self(1000);
    pub(super) const VERSION: Self = Self(1001);
    pub(super) const RELEASE: Self = Self(1002);
    pub(super) const EPOCH: Self = Self(1003);
    pub(super) const SUMMARY: Self = Self(1004);
    pub(super) const VENDOR: Self = Self(1011);
    pub(super) const LICENCE: Self = Self(1014);
    pub(super) const PACKAGER: Self = Self(1015);
    pub(super) const ARCH: Self = Self(1022);
    pub(super) const OLD_FILES: Self = Self(1027);
    pub(super) const SOURCE: Self = Self(1044);
    pub(super) const PROVIDES: Self = Self(1047);
    pub(super) const REQUIRES: Self = Self(1049);
    pub(super) const FOLDER_OF: Self = Self(1116);
    pub(super) const FILES: Self = Self(1117);
    pub(super) const FOLDERS: Self = Self(1118);
}

/// Types of entries that are read.
const INT32: u32 = 4;
const TEXTS: [u32; 3] = [6, 8, 9];

/// A header whose two parts are there.
pub(super) struct Header<'b> {
    entries: &'b [u8],
    data: &'b [u8],
}

impl<'b> Header<'b> {
    /// `None` if the counts do not fit the bytes.
    pub(super) fn parse(blob: &'b [u8]) -> Option<Self> {
        let (count, length) = (Order::Big.size(blob, 0)?, Order::Big.size(blob, 4)?);
        if count == 0 || count > MAX_ENTRIES {
            return None;
        }
        let (entries, data) = blob.get(8..)?.split_at_checked(count * ENTRY)?;
        Some(Self { entries, data: data.get(..length)? })
    }

    /// Type, count and data of an entry; the data ends where all data ends.
    fn entry(&self, tag: Tag) -> Option<(u32, usize, &'b [u8])> {
        let entry = self.entries.chunks_exact(ENTRY).find(|entry| Order::Big.u32(entry, 0) == Some(tag.0))?;
        let data = self.data.get(Order::Big.size(entry, 8)?..)?;
        Some((Order::Big.u32(entry, 4)?, Order::Big.size(entry, 12)?, data))
    }

    /// The first text of an entry.
    pub(super) fn text(&self, tag: Tag) -> Option<&'b str> {
        self.texts(tag).next()
    }

    /// All texts of an entry; what is not UTF-8 is left out.
    pub(super) fn texts(&self, tag: Tag) -> impl Iterator<Item = &'b str> + use<'b> {
        let (kind, count, data) = self.entry(tag).unwrap_or_default();
        let count = if TEXTS.contains(&kind) { count } else { 0 };
        data.split(|byte| *byte == 0).take(count).filter_map(|text| std::str::from_utf8(text).ok())
    }

    /// All numbers of an entry.
    pub(super) fn numbers(&self, tag: Tag) -> impl Iterator<Item = u32> + use<'b> {
        let (kind, count, data) = self.entry(tag).unwrap_or_default();
        let count = if kind == INT32 { count } else { 0 };
        data.chunks_exact(4).take(count).filter_map(|number| Order::Big.u32(number, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of tag, type, count and data, one after the other.
    fn blob(entries: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::<u8>::new());
        for (tag, kind, count, bytes) in entries {
            for number in [*tag, *kind, data.len() as u32, *count] {
                index.extend(number.to_be_bytes());
            }
            data.extend(*bytes);
        }
        let mut blob = (entries.len() as u32).to_be_bytes().to_vec();
        blob.extend((data.len() as u32).to_be_bytes());
        blob.extend(index);
        blob.extend(data);
        blob
    }

    #[test]
    fn texts_and_numbers_are_read_by_tag_and_type() {
        let bytes = blob(&[
            (1000, 6, 1, b"zlib\0"),
            (1047, 8, 2, b"libz.so.1\0zlib\0"),
            (1116, 4, 2, &[0, 0, 0, 0, 0, 0, 0, 7]),
            (1003, 6, 1, b"text\0"),
        ]);
        let header = Header::parse(&bytes).unwrap();
        assert_eq!(header.text(Tag::NAME), Some("zlib"));
        assert_eq!(header.texts(Tag::PROVIDES).collect::<Vec<_>>(), ["libz.so.1", "zlib"]);
        assert_eq!(header.numbers(Tag::FOLDER_OF).collect::<Vec<_>>(), [0, 7]);
        assert_eq!((header.numbers(Tag::EPOCH).next(), header.text(Tag::VENDOR)), (None, None));
    }

    #[test]
    fn counts_beyond_the_bytes_are_refused() {
        let good = blob(&[(1000, 6, 1, b"x\0")]);
        for (at, byte) in [(3, 0), (3, 2), (7, 3), (0, 1)] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(Header::parse(&bad).is_none(), "{at}");
        }
        // A count of texts beyond the data ends with the data.
        assert_eq!(
            Header::parse(&blob(&[(1000, 8, u32::MAX, b"a\0b")])).unwrap().texts(Tag::NAME).count(),
            2
        );
    }
}
