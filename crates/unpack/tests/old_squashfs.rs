//! Squashfs version 3 in combinations of byte order, compression and magic that no one tool writes (`makers.rs` has
//! what tools wrote), put together here after the layout of the kernel patches; the library `backhand`, which reads the
//! plain kind of them, must find the same in them.

use std::io::{Cursor, Write};

use backhand::traits::filesystem::BackhandInnerNode;
use unpack::{EntryKind, UnpackLimits, unpack_bytes};

#[derive(Clone, Copy)]
enum Pack {
    Zlib,
    /// Header of the `.lzma` format.
    Lzma,
    /// Its first five bytes only.
    Properties,
    /// None of it.
    Bare,
}

struct Writer {
    big: bool,
    pack: Pack,
}

impl Writer {
    /// Bytes of a number.
    fn number(&self, value: u64, bytes: usize) -> Vec<u8> {
        let little = value.to_le_bytes()[..bytes].to_vec();
        if self.big { little.into_iter().rev().collect() } else { little }
    }

    /// Two bit fields in some bytes.
    fn bits(&self, (first, width): (u64, u32), second: u64, bytes: usize) -> Vec<u8> {
        let value = match self.big {
            true => first << (8 * bytes as u32 - width) | second,
            false => first | second << width,
        };
        self.number(value, bytes)
    }

    fn packed(&self, data: &[u8]) -> Vec<u8> {
        let lzma = || {
            let options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
            let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
            let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        };
        match self.pack {
            Pack::Zlib => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
            Pack::Lzma => lzma(),
            Pack::Bare => lzma()[13..].to_vec(),
            Pack::Properties => {
                let whole = lzma();
                [&whole[..5], &whole[13..]].concat()
            }
        }
    }

    fn metadata(&self, data: &[u8]) -> Vec<u8> {
        let packed = self.packed(data);
        [self.number(packed.len() as u64, 2), packed].concat()
    }

    /// The first twelve bytes of an inode.
    fn base(&self, kind: u64, mode: u64, number: u64) -> Vec<u8> {
        [self.bits((kind, 4), mode, 2), vec![0, 255], self.number(0, 4), self.number(number, 4)].concat()
    }

    /// `bin/tool` of one and a half blocks with its tail in a fragment, and a link to it.
    fn image(&self, magic: &[u8; 4]) -> Vec<u8> {
        const BLOCK: usize = 4096;
        let content: Vec<u8> = (0..6000_u32).map(|i| (i % 97) as u8).collect();
        let mut out = vec![0; 119];
        let start = out.len();
        let first = self.packed(&content[..BLOCK]);
        out.extend(&first);
        let fragment = out.len();
        let tail = self.packed(&content[BLOCK..]);
        out.extend(&tail);

        let mut inodes = Vec::new();
        let file = inodes.len() as u64;
        inodes.extend(self.base(2, 0o755, 1));
        inodes.extend(self.number(start as u64, 8));
        for word in [0, 0, content.len(), first.len()] {
            inodes.extend(self.number(word as u64, 4));
        }
        let link = inodes.len() as u64;
        inodes.extend(
            [self.base(3, 0o777, 2), self.number(1, 4), self.number(4, 2), b"tool".to_vec()].concat(),
        );
        let entry = |offset: u64, kind: u64, inode: u64, name: &str| {
            let head =
                [self.bits((offset, 13), kind, 2), vec![name.len() as u8 - 1], self.number(inode - 1, 2)]
                    .concat();
            [head, name.as_bytes().to_vec()].concat()
        };
        let header = |count: u8| [vec![count - 1], self.number(0, 4), self.number(1, 4)].concat();
        let inner = [header(2), entry(link, 3, 2, "sh"), entry(file, 2, 1, "tool")].concat();
        let folder = |size: usize, offset: u64, number: u64| {
            let sizes = self.bits((size as u64 + 3, 19), offset, 4);
            [self.base(1, 0o755, number), self.number(2, 4), sizes, self.number(0, 4), self.number(0, 4)]
                .concat()
        };
        let bin = inodes.len() as u64;
        inodes.extend(folder(inner.len(), 0, 3));
        let outer = [header(1), entry(bin, 1, 3, "bin")].concat();
        let root = inodes.len() as u64;
        inodes.extend(folder(outer.len(), inner.len() as u64, 4));

        let inode_table = out.len();
        out.extend(self.metadata(&inodes));
        let folder_table = out.len();
        out.extend(self.metadata(&[inner, outer].concat()));
        let fragment_block = out.len();
        let fragments =
            [self.number(fragment as u64, 8), self.number(tail.len() as u64, 4), self.number(0, 4)];
        out.extend(self.metadata(&fragments.concat()));
        let fragment_table = out.len();
        out.extend(self.number(fragment_block as u64, 8));
        let uids = out.len();
        out.extend(self.number(7, 4));

        let length = out.len();
        let mut set = |at: usize, value: u64, bytes: usize| {
            out[at..at + bytes].copy_from_slice(&self.number(value, bytes));
        };
        set(4, 4, 4);
        set(28, 3, 2);
        set(32, BLOCK as u64, 2);
        set(34, 12, 2);
        set(37, 1 << if self.big { 8 } else { 0 }, 2);
        set(43, root, 8);
        set(51, BLOCK as u64, 4);
        set(55, 1, 4);
        set(63, length as u64, 8);
        set(71, uids as u64, 8);
        set(79, length as u64, 8);
        set(87, inode_table as u64, 8);
        set(95, folder_table as u64, 8);
        set(103, fragment_table as u64, 8);
        set(111, u64::MAX, 8);
        out[..4].copy_from_slice(magic);
        out
    }
}

fn check(data: Vec<u8>) {
    let tree = unpack_bytes("x", data, &UnpackLimits::default());
    assert_eq!(tree.problems(), []);
    let paths: Vec<&str> = tree.entries().map(|(path, _)| path).collect();
    assert_eq!(paths, ["bin", "bin/sh", "bin/tool"]);
    assert_eq!(tree.entry("bin/sh").unwrap().kind, EntryKind::Symlink("tool".to_owned()));
    let tool = tree.entry("bin/tool").unwrap();
    let expected: Vec<u8> = (0..6000_u32).map(|i| (i % 97) as u8).collect();
    assert_eq!((tool.mode, tool.uid, tool.gid), (0o755, 7, 7));
    assert!(tool.content().unwrap()[..] == expected[..]);
}

#[test]
fn either_byte_order_is_read_with_zlib_and_with_lzma_in_its_shapes() {
    for big in [false, true] {
        for pack in [Pack::Zlib, Pack::Lzma, Pack::Properties, Pack::Bare] {
            let magic = if big { b"sqsh" } else { b"hsqs" };
            check(Writer { big, pack }.image(magic));
        }
    }
}

#[test]
fn magics_of_makers_are_known() {
    for (big, magic) in
        [(false, b"hsqt"), (false, b"shsq"), (true, b"qshs"), (true, b"sqlz"), (true, b"tqsh")]
    {
        check(Writer { big, pack: Pack::Lzma }.image(magic));
    }
}

#[test]
fn another_reader_finds_the_same_in_the_plain_images() {
    for (big, kind) in [(false, backhand::kind::LE_V3_0), (true, backhand::kind::BE_V3_0)] {
        let image = Writer { big, pack: Pack::Zlib }.image(if big { b"sqsh" } else { b"hsqs" });
        let kind = backhand::kind::Kind::from_const(kind).unwrap();
        let reader = backhand::create_squashfs_from_kind(Cursor::new(image), 0, kind).unwrap();
        let found: Vec<(String, usize)> = reader
            .files()
            .map(|node| {
                let size = match &node.inner {
                    BackhandInnerNode::File(file) => reader.file_data(file).unwrap().len(),
                    _ => 0,
                };
                (node.fullpath.display().to_string(), size)
            })
            .collect();
        let expected = [("/", 0), ("/bin", 0), ("/bin/sh", 0), ("/bin/tool", 6000)];
        assert_eq!(found, expected.map(|(path, size)| (path.to_owned(), size)));
    }
}

#[test]
fn cut_and_damaged_images_end_in_a_result() {
    let image = Writer { big: false, pack: Pack::Lzma }.image(b"hsqs");
    (0..image.len())
        .step_by(11)
        .for_each(|end| drop(unpack_bytes("x", image[..end].to_vec(), &UnpackLimits::default())));
    for at in 0..image.len() {
        let mut damaged = image.clone();
        damaged[at] ^= 0xff;
        unpack_bytes("x", damaged, &UnpackLimits { total_bytes: 1 << 24, ..UnpackLimits::default() });
    }
}
