//! File systems and headers of small devices. `images/romfs.img` was made by `genromfs -V test`, the cramfs images by
//! `mkfs.cramfs -N little` and `-N big` (util-linux 2.38), all from the same three files.

use expect_test::{Expect, expect};
use unpack::{EntryKind, UnpackLimits, unpack_bytes};

fn list(name: &str, data: Vec<u8>) -> String {
    let tree = unpack_bytes(name, data, &UnpackLimits::default());
    let mut text = String::new();
    for (path, entry) in tree.entries() {
        let what = match &entry.kind {
            EntryKind::File(content) => format!("{:?}", String::from_utf8_lossy(content)),
            EntryKind::Directory => "directory".to_owned(),
            EntryKind::Symlink(target) => format!("-> {target}"),
            EntryKind::Special => "special".to_owned(),
        };
        text += &format!("{path} {:o} {what}\n", entry.mode);
    }
    for problem in tree.problems() {
        text += &format!("! {} {}: {}\n", problem.path, problem.what, problem.cause);
    }
    text
}

fn check(name: &str, data: Vec<u8>, expected: Expect) {
    expected.assert_eq(&list(name, data));
}

fn image(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// `part` at `at` of an image filled with 0xff.
fn place(image: &mut Vec<u8>, at: usize, part: &[u8]) {
    image.resize(image.len().max(at + part.len()), 0xff);
    image[at..at + part.len()].copy_from_slice(part);
}

fn words_le(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn words_be(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn crc(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

#[test]
fn romfs_gives_its_files() {
    check(
        "rom",
        image("romfs.img"),
        expect![[r#"
        bin 755 directory
        bin/busybox 755 "\u{7f}ELF program"
        bin/sh 644 -> busybox
        etc 755 directory
        etc/passwd 644 "root::0:0::/:/bin/sh\n"
    "#]],
    );
}

#[test]
fn cramfs_gives_its_files_in_either_byte_order() {
    check(
        "cram",
        image("cramfs-le.img"),
        expect![[r#"
        bin 755 directory
        bin/busybox 755 "\u{7f}ELF program"
        bin/sh 777 -> busybox
        etc 755 directory
        etc/passwd 644 "root::0:0::/:/bin/sh\n"
    "#]],
    );
    assert_eq!(list("cram", image("cramfs-le.img")), list("cram", image("cramfs-be.img")));
}

#[test]
fn cut_file_systems_give_problems() {
    for name in ["romfs.img", "cramfs-le.img"] {
        let whole = image(name);
        for length in (0..whole.len()).step_by(7) {
            list("x", whole[..length].to_vec());
        }
        let cut = whole[..180].to_vec();
        assert!(list("x", cut).contains('!'), "{name}");
    }
}

#[test]
fn a_header_of_a_storage_device_names_kernel_and_initrd() {
    let mut data = words_le(&[0x80, 6, 0x90, 6, 0, 0, 6, 6, 0, 0, 0, 0]);
    place(&mut data, 0x30, b"\x55\xaaDNS323D1\x55\xaa");
    place(&mut data, 0x80, b"kernel");
    place(&mut data, 0x90, b"initrd");
    check(
        "netboot.img",
        data,
        expect![[r#"
        initrd 644 "initrd"
        kernel 644 "kernel"
    "#]],
    );
}

#[test]
fn a_trx_image_gives_its_parts_and_checks_them() {
    let mut data = [b"HDR0".to_vec(), words_le(&[40, 0, 1 << 16, 28, 34, 0])].concat();
    place(&mut data, 28, b"loader");
    place(&mut data, 34, b"rootfs");
    let sum = !crc(&data[12..40]);
    place(&mut data, 8, &sum.to_le_bytes());
    check(
        "fw.trx",
        data.clone(),
        expect![[r#"
        part0 644 "loader"
        part1 644 "rootfs"
    "#]],
    );
    data[39] ^= 1;
    assert!(list("fw.trx", data).contains("the checksum is wrong"));
}

#[test]
fn a_chk_image_gives_kernel_and_root_file_system() {
    let header = [b"*#$^".to_vec(), words_be(&[44, 0, 0, 0, 0, 6, 6, 0, 0]), b"R640".to_vec()].concat();
    check(
        "fw.chk",
        [header, b"kernelrootfs".to_vec()].concat(),
        expect![[r#"
        kernel 644 "kernel"
        rootfs 644 "rootfs"
    "#]],
    );
}

#[test]
fn an_rpm_package_gives_the_files_of_its_archive() {
    let mut lead = vec![0xed, 0xab, 0xee, 0xdb];
    lead.resize(96, 0);
    let header = |store: &[u8]| {
        [
            b"\x8e\xad\xe8\x01\0\0\0\0".to_vec(),
            words_be(&[1, store.len() as u32]),
            vec![0; 16],
            store.to_vec(),
        ]
        .concat()
    };
    let name = b"etc/a\0";
    let cpio = [
        format!(
            "070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
            1,
            0o100_600,
            0,
            0,
            1,
            0,
            2,
            0,
            0,
            0,
            0,
            name.len(),
            0
        )
        .into_bytes(),
        name.to_vec(),
        b"hi\0\0".to_vec(),
    ]
    .concat();
    let data = [lead, header(b"abc"), vec![0; 5], header(b"main"), cpio].concat();
    check(
        "a.rpm",
        data,
        expect![[r#"
        etc/a 600 "hi"
    "#]],
    );
}

#[test]
fn a_sparse_image_is_filled_and_opened() {
    let mut raw = b"text".to_vec();
    raw.resize(8, 0);
    let header = [words_le(&[0xed26_ff3a, 1, 28 | 12 << 16, 4, 5, 3, 0]), vec![]].concat();
    let chunk = |kind: u32, count: u32, body: &[u8]| {
        [words_le(&[kind, count, 12 + body.len() as u32]), body.to_vec()].concat()
    };
    let data = [header, chunk(0xcac1, 2, &raw), chunk(0xcac2, 1, b"fill"), chunk(0xcac3, 2, b"")].concat();
    check(
        "system.img",
        data,
        expect![[r#"
            system 644 "text\0\0\0\0fill\0\0\0\0\0\0\0\0"
            !  format: not a known format, entropy 1.97 bits a byte
        "#]],
    );
}
