//! The formats, one file each, and the sorted list of them.
//!
//! To add one: a file here with a [`Reader`], a line in [`READERS`], and a golden case in `tests/formats.rs`; see
//! `docs/how-to/add-image-format.md`.

mod apk;
mod ar;
mod chk;
mod cpio;
mod cramfs;
mod dns323;
mod ext;
mod fat;
mod fit;
mod iso;
mod jffs2;
mod lzo;
mod number;
mod parts;
mod romfs;
mod rpm;
mod sparse;
mod squashfs;
mod stream;
mod tar;
mod trx;
mod ubi;
mod ubifs;
mod uboot;
mod walk;
mod zip;

use crate::limits::Meter;
use crate::{Bytes, Cause};

/// What can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Package of Alpine Linux, version 2.
    Apk,
    /// Unix archive; Debian packages are such.
    Ar,
    /// bzip2 stream.
    Bzip2,
    /// Something known behind unknown bytes.
    Carved,
    /// Netgear CHK image.
    Chk,
    /// Container image: layers of archives, of OCI or as `docker save` writes them.
    Container,
    /// cpio archive, `newc`, `crc` and `odc`.
    Cpio,
    /// cramfs.
    Cramfs,
    /// A folder on disk.
    Directory,
    /// Image of D-Link storage devices.
    Dns323,
    /// ext2, ext3 or ext4.
    Ext,
    /// FAT12, FAT16 or FAT32.
    Fat,
    /// U-Boot image tree.
    Fit,
    /// gzip stream.
    Gzip,
    /// ISO 9660.
    Iso,
    /// JFFS2.
    Jffs2,
    /// LZ4 frame stream.
    Lz4,
    /// Stand-alone LZMA stream.
    Lzma,
    /// romfs.
    Romfs,
    /// RPM package.
    Rpm,
    /// Android sparse image.
    Sparse,
    /// Squashfs version 4 or 3.
    Squashfs,
    /// tar archive.
    Tar,
    /// Broadcom TRX image.
    Trx,
    /// Volumes of UBI.
    Ubi,
    /// UBIFS.
    Ubifs,
    /// U-Boot legacy image.
    Uboot,
    /// xz stream.
    Xz,
    /// ZIP archive.
    Zip,
    /// Zstandard stream.
    Zstd,
}

impl Format {
    /// As problems and records name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Ar => "ar",
            Self::Bzip2 => "bzip2",
            Self::Carved => "carved",
            Self::Chk => "chk",
            Self::Container => "container",
            Self::Cpio => "cpio",
            Self::Cramfs => "cramfs",
            Self::Directory => "directory",
            Self::Dns323 => "dns323",
            Self::Ext => "ext",
            Self::Fat => "fat",
            Self::Fit => "fit",
            Self::Gzip => "gzip",
            Self::Iso => "iso",
            Self::Jffs2 => "jffs2",
            Self::Lz4 => "lz4",
            Self::Lzma => "lzma",
            Self::Romfs => "romfs",
            Self::Rpm => "rpm",
            Self::Sparse => "sparse",
            Self::Squashfs => "squashfs",
            Self::Tar => "tar",
            Self::Trx => "trx",
            Self::Ubi => "ubi",
            Self::Ubifs => "ubifs",
            Self::Uboot => "uboot",
            Self::Xz => "xz",
            Self::Zip => "zip",
            Self::Zstd => "zstd",
        }
    }
}

/// Opens one format.
pub(crate) struct Reader {
    pub(crate) format: Format,
    /// Do these bytes begin with such an image? Headers are checked as far as they can be without opening.
    pub(crate) probe: fn(&[u8]) -> bool,
    /// Bytes that mark the format inside unknown data, and how far behind the beginning they stand; none for formats
    /// too weakly marked to be looked for.
    pub(crate) signatures: &'static [(&'static [u8], usize)],
    /// Opens the image that the bytes begin with. More bytes may follow it.
    pub(crate) open: fn(&Bytes, &mut Meter) -> Result<Opened, Cause>,
}

/// An opened image.
pub(crate) struct Opened {
    pub(crate) content: Content,
    /// Bytes it occupies; the rest is something else.
    pub(crate) length: usize,
    /// What was not seen of it, by path inside.
    pub(crate) problems: Vec<(String, Cause)>,
}

/// What is inside.
pub(crate) enum Content {
    /// Files with paths.
    Files(Vec<Found>),
    /// One thing without a path, and its name where one is stated.
    Payload(Bytes, Option<String>),
}

/// A file as the image states it.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) stated: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Kinds of file, as far as they are told apart.
#[derive(Clone)]
pub(crate) enum Kind {
    File(Bytes),
    Directory,
    Symlink(String),
    /// Another name of a file stated elsewhere in the same image.
    Hardlink(Vec<u8>),
    Special,
}

/// Sorted by name.
pub(crate) static READERS: &[&Reader] = &[
    &apk::READER,
    &ar::READER,
    &stream::BZIP2,
    &chk::READER,
    &cpio::READER,
    &cramfs::READER,
    &dns323::READER,
    &ext::READER,
    &fat::READER,
    &fit::READER,
    &stream::GZIP,
    &iso::READER,
    &jffs2::READER,
    &stream::LZ4,
    &stream::LZMA,
    &romfs::READER,
    &rpm::READER,
    &sparse::READER,
    &squashfs::READER,
    &tar::READER,
    &trx::READER,
    &ubi::READER,
    &ubifs::READER,
    &uboot::READER,
    &stream::XZ,
    &zip::READER,
    &stream::ZSTD,
];

/// The reader for what the bytes begin with.
pub(crate) fn recognise(data: &[u8]) -> Option<&'static Reader> {
    READERS.iter().copied().find(|reader| (reader.probe)(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_sorted_and_unique() {
        assert!(READERS.windows(2).all(|w| w[0].format.name() < w[1].format.name()));
    }
}
