//! File systems made by the tools that make them for devices (`images/make.sh`), kept compressed: the same files come
//! out of each, and damage anywhere gives problems and never a panic.

mod listing;

use expect_test::{Expect, expect};
use listing::{list, open};
use unpack::{UnpackLimits, unpack_bytes};

fn check(name: &str, expected: Expect) {
    expected.assert_eq(&list(&open(name)));
}

#[test]
fn a_unix_file_system_gives_files_modes_and_links_whatever_its_format() {
    let expected = list(&open("squashfs-lzo"));
    expect![[r#"
        bin 755 directory
        bin/busybox 4755 "\u{7f}ELF program"
        bin/sh 777 -> busybox
        dir 755 directory
        dir/deep 755 directory
        dir/deep/noise 644 1500 bytes 8641279f
        dir/long.txt 644 23890 bytes 801316c4
        etc 755 directory
        etc/passwd 640 "root::0:0::/:/bin/sh\n"
    "#]]
    .assert_eq(&expected);
    for name in
        ["jffs2-be", "jffs2-le", "jffs2-rtime", "squashfs-lzma", "ubifs-lzo", "ubifs-zlib", "ubifs-zstd"]
    {
        assert_eq!(list(&open(name)), expected, "{name}");
    }
    // These have a folder of their own for what their checks find.
    for name in ["ext2", "ext3", "ext4", "genext2fs"] {
        let listed = list(&open(name));
        let found: String =
            listed.lines().filter(|line| !line.starts_with("lost+found")).map(|l| format!("{l}\n")).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn ubi_volumes_are_named_and_opened() {
    check(
        "ubi",
        expect![[r#"
        config 644 "root::0:0::/:/bin/sh\n"
        rootfs 644 199680 bytes 5f40e08c
        rootfs/bin 755 directory
        rootfs/bin/busybox 4755 "\u{7f}ELF program"
        rootfs/bin/sh 777 -> busybox
        rootfs/dir 755 directory
        rootfs/dir/deep 755 directory
        rootfs/dir/deep/noise 644 1500 bytes 8641279f
        rootfs/dir/long.txt 644 23890 bytes 801316c4
        rootfs/etc 755 directory
        rootfs/etc/passwd 640 "root::0:0::/:/bin/sh\n"
    "#]],
    );
}

#[test]
fn fat_gives_long_and_short_names_in_each_of_its_widths() {
    check(
        "fat12",
        expect![[r#"
        A rather long name.bin 755 "\u{7f}ELF program"
        README.TXT 755 "root::0:0::/:/bin/sh\n"
        dir 755 directory
        dir/deep 755 directory
        dir/deep/noise 755 1500 bytes 8641279f
        dir/long.txt 755 23890 bytes 801316c4
        etc 755 directory
        etc/passwd 755 "root::0:0::/:/bin/sh\n"
    "#]],
    );
    assert_eq!(list(&open("fat16")), list(&open("fat12")));
    assert_eq!(list(&open("fat32")), list(&open("fat12")));
}

#[test]
fn iso_prefers_rock_ridge_over_joliet_over_plain_names() {
    check(
        "iso-rr",
        expect![[r#"
        a 755 directory
        a/b 755 directory
        a/b/c 755 directory
        a/b/c/d 755 directory
        a/b/c/d/e 755 directory
        a/b/c/d/e/f 755 directory
        a/b/c/d/e/f/g 755 directory
        a/b/c/d/e/f/g/h 755 directory
        a/b/c/d/e/f/g/h/i.txt 644 "deep\n"
        bin 755 directory
        bin/busybox 4755 "\u{7f}ELF program"
        bin/sh 777 -> busybox
        dir 755 directory
        dir/deep 755 directory
        dir/deep/noise 644 1500 bytes 8641279f
        dir/long.txt 644 23890 bytes 801316c4
        etc 755 directory
        etc/passwd 640 "root::0:0::/:/bin/sh\n"
        rr_moved 555 directory
    "#]],
    );
    check(
        "iso-joliet",
        expect![[r#"
        bin 755 directory
        bin/busybox 644 "\u{7f}ELF program"
        dir 755 directory
        dir/deep 755 directory
        dir/deep/noise 644 1500 bytes 8641279f
        dir/long.txt 644 23890 bytes 801316c4
        etc 755 directory
        etc/passwd 644 "root::0:0::/:/bin/sh\n"
    "#]],
    );
    check(
        "iso-plain",
        expect![[r#"
        BIN 755 directory
        BIN/BUSYBOX 644 "\u{7f}ELF program"
        DIR 755 directory
        DIR/DEEP 755 directory
        DIR/DEEP/NOISE 644 1500 bytes 8641279f
        DIR/LONG.TXT 644 23890 bytes 801316c4
        ETC 755 directory
        ETC/PASSWD 644 "root::0:0::/:/bin/sh\n"
    "#]],
    );
}

#[test]
fn a_fit_image_gives_its_parts_inside_behind_and_at_a_place() {
    check(
        "fit",
        expect![[r#"
        kernel-1 644 "\u{7f}ELF program"
        ramdisk-1 644 "\u{1f}�\u{8}\0\0\0\0\0\u{2}\u{3}\u{3}\0\0\0\0\0\0\0\0\0"
        ramdisk-1/ramdisk-1 644 ""
    "#]],
    );
    assert_eq!(list(&open("fit-external")), list(&open("fit")));
    assert_eq!(list(&open("fit-position")), list(&open("fit")));
}

/// The images as bytes, without the large ones.
fn plain() -> Vec<(String, Vec<u8>)> {
    let folder = format!("{}/tests/images", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let image = |path: &std::path::PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".img.xz")?.to_owned();
        let mut data = Vec::new();
        let packed = std::fs::read(path).ok()?;
        std::io::Read::read_to_end(&mut liblzma::read::XzDecoder::new(&packed[..]), &mut data).ok()?;
        (data.len() < 1 << 20).then_some((name, data))
    };
    paths.iter().filter_map(image).collect()
}

#[test]
fn a_file_system_cut_short_gives_a_problem_and_no_panic() {
    for (name, data) in plain() {
        for part in [1, 3, 5, 7] {
            let cut = data[..data.len() * part / 8].to_vec();
            unpack_bytes("x", cut, &UnpackLimits::default());
        }
        let half = unpack_bytes("x", data[..data.len() / 2].to_vec(), &UnpackLimits::default());
        let whole = unpack_bytes("x", data, &UnpackLimits::default());
        // What was there is erased flash or free space, or it is missed.
        let lost = half.entries().len() < whole.entries().len();
        assert!(!half.problems().is_empty() || !lost || name.starts_with("jffs2"), "{name}");
    }
}

#[test]
fn a_damaged_file_system_gives_no_panic() {
    let limits = UnpackLimits { total_bytes: 64 << 20, file_bytes: 16 << 20, ..UnpackLimits::default() };
    let mut number = 1_u64;
    for (_, data) in plain() {
        for _ in 0..12 {
            let mut damaged = data.clone();
            for _ in 0..24 {
                number =
                    number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // Most of what matters stands near the beginning.
                let span = if number & 1 == 0 { damaged.len() } else { damaged.len().min(8192) };
                damaged[(number >> 16) as usize % span] = (number >> 8) as u8;
            }
            unpack_bytes("x", damaged, &limits);
        }
    }
}
