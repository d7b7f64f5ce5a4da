//! Every format, built by another writer where there is one, gives the same files; damage and bombs give problems.

use std::io::Write;

use expect_test::{Expect, expect};
use unpack::{EntryKind, Tree, UnpackLimits, unpack_bytes};

fn list(tree: &Tree) -> String {
    let mut text = String::new();
    for (path, entry) in tree.entries() {
        let what = match &entry.kind {
            EntryKind::File(content) => {
                format!("{:?}", String::from_utf8_lossy(&content[..content.len().min(16)]))
            }
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

fn check(name: &str, data: &[u8], expected: Expect) {
    expected.assert_eq(&list(&unpack_bytes(name, data.to_vec(), &UnpackLimits::default())));
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        // Written raw: the builder itself refuses paths that lead out.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn link(path: &str, target: &str, kind: tar::EntryType) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut file = tar::Header::new_gnu();
    file.set_size(2);
    file.set_mode(0o600);
    file.set_cksum();
    builder.append_data(&mut file, "a", &b"hi"[..]).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o777);
    builder.append_link(&mut header, path, target).unwrap();
    builder.into_inner().unwrap()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn lzma(data: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn lz4(data: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// One `newc` record.
fn cpio(name: &str, mode: u32, content: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "070701{:08x}{mode:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
        1,
        0,
        0,
        1,
        0,
        content.len(),
        0,
        0,
        0,
        0,
        name.len() + 1,
        0
    )
    .into_bytes();
    out.extend(name.bytes().chain([0]));
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend(content);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn uboot(payload: &[u8]) -> Vec<u8> {
    let crc = |data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        crc.sum().to_be_bytes()
    };
    let mut header = vec![0_u8; 64];
    header[..4].copy_from_slice(&[0x27, 0x05, 0x19, 0x56]);
    header[12..16].copy_from_slice(&(payload.len() as u32).to_be_bytes());
    header[24..28].copy_from_slice(&crc(payload));
    header[28..32].copy_from_slice(&[5, 2, 3, 0]);
    header[32..38].copy_from_slice(b"kernel");
    let own = crc(&header);
    header[4..8].copy_from_slice(&own);
    [header, payload.to_vec()].concat()
}

#[test]
fn a_tar_archive_gives_its_files_whatever_compresses_it() {
    let archive = tar(&[("etc/passwd", b"root:x:0:0"), ("bin/sh", b"\x7fELF")]);
    let expected = list(&unpack_bytes("a.tar", archive.clone(), &UnpackLimits::default()));
    expect![[r#"
        bin/sh 640 "\u{7f}ELF"
        etc/passwd 640 "root:x:0:0"
    "#]]
    .assert_eq(&expected);
    let zstd = zstd::encode_all(&archive[..], 3).unwrap();
    for packed in [gzip(&archive), xz(&archive), lzma(&archive), bzip2(&archive), lz4(&archive), zstd] {
        assert_eq!(list(&unpack_bytes("a", packed, &UnpackLimits::default())), expected);
    }
}

#[test]
fn a_stream_that_holds_no_image_is_one_file_named_after_it() {
    check(
        "notes.txt.gz",
        &gzip(b"hello"),
        expect![[r#"
        notes.txt 644 "hello"
    "#]],
    );
}

#[test]
fn a_debian_package_gives_the_files_of_its_inner_archives_below_their_names() {
    let mut builder = ar::Builder::new(Vec::new());
    let inner = xz(&tar(&[("./usr/bin/x", b"program")]));
    builder.append(&ar::Header::new(b"data.tar.xz".to_vec(), inner.len() as u64), &inner[..]).unwrap();
    check(
        "x.deb",
        &builder.into_inner().unwrap(),
        expect![[r#"
        data.tar.xz 0 "�7zXZ\0\0\u{4}�\u{5b4}F\u{2}\0!\u{1}"
        data.tar.xz/usr/bin/x 640 "program"
    "#]],
    );
}

#[test]
fn a_zip_archive_gives_its_files() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    writer.start_file("run.sh", options).unwrap();
    writer.write_all(b"exec true").unwrap();
    check(
        "a.zip",
        &writer.finish().unwrap().into_inner(),
        expect![[r#"
        run.sh 755 "exec true"
    "#]],
    );
}

#[test]
fn concatenated_cpio_archives_are_one_tree_with_modes_links_and_devices() {
    let first = [cpio("dev/null", 0o020_666, b""), cpio("su", 0o104_755, b"set"), cpio("TRAILER!!!", 0, b"")]
        .concat();
    let second = [cpio("sh", 0o120_777, b"busybox"), cpio("TRAILER!!!", 0, b"")].concat();
    check(
        "initrd",
        &[first, vec![0; 200], second].concat(),
        expect![[r#"
        dev/null 666 special
        sh 777 -> busybox
        su 4755 "set"
    "#]],
    );
}

#[test]
fn a_boot_header_adds_nothing_to_the_path() {
    check(
        "u.bin",
        &uboot(&gzip(&cpio("init", 0o100_755, b"start"))),
        expect![[r#"
        init 755 "start"
    "#]],
    );
}

#[test]
fn a_wrong_checksum_of_the_data_is_a_problem_and_the_data_is_still_opened() {
    let mut image = uboot(&cpio("init", 0o100_755, b"start"));
    *image.last_mut().unwrap() ^= 1;
    check(
        "u.bin",
        &image,
        expect![[r#"
        init 755 "start"
        !  uboot: damaged: the checksum of the data is wrong
    "#]],
    );
}

#[test]
fn an_image_behind_an_unknown_header_is_found_and_the_header_reported() {
    let noise: Vec<u8> = (0..8192_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    check(
        "dns.img",
        &[noise, gzip(&cpio("init", 0o100_755, b"start"))].concat(),
        expect![[r#"
            init 755 "start"
            !  region 0x0..0x2000: not a known format, entropy 8.00 bits a byte (compressed or encrypted)
        "#]],
    );
}

#[test]
fn several_images_in_one_file_are_told_apart_by_their_place() {
    let kernel = uboot(b"\x7fELF kernel");
    let root = gzip(&tar(&[("etc/hosts", b"127.0.0.1")]));
    check(
        "fw",
        &[vec![1; 32], kernel, root].concat(),
        expect![[r#"
        0x20/kernel 644 "\u{7f}ELF kernel"
        0x6b/etc/hosts 640 "127.0.0.1"
    "#]],
    );
}

#[test]
fn paths_that_lead_out_are_kept_inside_and_reported() {
    check(
        "a.tar",
        &tar(&[("../../etc/cron.d/x", b"* * *"), ("/abs", b"1")]),
        expect![[r#"
        abs 640 "1"
        etc/cron.d/x 640 "* * *"
        ! etc/cron.d/x path: its stated path `../../etc/cron.d/x` leads out of the image or cannot be one
    "#]],
    );
}

#[test]
fn links_are_recorded_and_never_followed() {
    check(
        "a.tar",
        &link("passwd", "/etc/passwd", tar::EntryType::Symlink),
        expect![[r#"
        a 600 "hi"
        passwd 777 -> /etc/passwd
    "#]],
    );
    check(
        "a.tar",
        &link("b", "a", tar::EntryType::Link),
        expect![[r#"
        a 600 "hi"
        b 777 "hi"
    "#]],
    );
}

#[test]
fn a_path_stated_twice_is_a_problem() {
    check(
        "a.tar",
        &tar(&[("x", b"first"), ("x", b"second")]),
        expect![[r#"
        x 640 "second"
        ! x file: the image holds this path twice; the later file is shown
    "#]],
    );
}

#[test]
fn a_bomb_is_cut_at_the_ratio_and_says_so() {
    let zeros = vec![0; 64 << 20];
    let limits = UnpackLimits { ratio: 100, ..UnpackLimits::default() };
    let tree = unpack_bytes("bomb.gz", gzip(&zeros), &limits);
    assert!(tree.files().all(|(_, content)| content.len() < 8 << 20));
    expect!["not a known format, entropy 0.00 bits a byte"].assert_eq(&tree.problems()[0].cause.to_string());
}

#[test]
fn nesting_deeper_than_the_limit_is_a_problem() {
    let nested = (0..12).fold(b"core".to_vec(), |data, _| gzip(&data));
    check(
        "x.gz",
        &nested,
        expect![[r#"
        x 644 "\u{1f}�\u{8}\0\0\0\0\0\u{2}����`\0\u{1}"
        !  image: images are nested deeper than 8
    "#]],
    );
}

#[test]
fn more_files_than_allowed_end_the_archive() {
    let limits = UnpackLimits { files: 1, ..UnpackLimits::default() };
    let tree = unpack_bytes("a.tar", tar(&[("a", b""), ("b", b"")]), &limits);
    expect!["it holds more than 1 files"].assert_eq(&tree.problems()[0].cause.to_string());
}

#[test]
fn truncated_images_give_problems_and_what_could_be_read() {
    let archive = tar(&[("a", &[b'x'; 600]), ("b", &[b'y'; 600])]);
    for whole in [gzip(&archive), xz(&archive), archive] {
        let cut = whole[..whole.len() * 2 / 3].to_vec();
        let tree = unpack_bytes("a", cut, &UnpackLimits::default());
        assert!(!tree.problems().is_empty(), "{}", list(&tree));
    }
}

#[test]
fn a_program_is_one_file_and_no_problem() {
    check(
        "ls",
        b"\x7fELF\x02\x01\x01\0 070701 in its strings",
        expect![[r#"
        ls 644 "\u{7f}ELF\u{2}\u{1}\u{1}\0 070701 "
    "#]],
    );
}

#[test]
fn the_example_routers_open_through_header_and_file_system() {
    for name in ["router-mipsel.bin", "router-armel.bin"] {
        let path = format!("{}/../../examples/router/{name}", env!("CARGO_MANIFEST_DIR"));
        let tree = unpack::unpack(path.as_ref(), &UnpackLimits::default()).unwrap();
        let files: Vec<&str> = tree.files().map(|(path, _)| path).collect();
        assert!(files.contains(&"usr/sbin/devmgrd") && files.contains(&"etc/shadow"), "{files:?}");
        assert_eq!(tree.problems(), []);
    }
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big");
    std::fs::write(&path, [0; 100]).unwrap();
    let limits = UnpackLimits { file_bytes: 99, ..UnpackLimits::default() };
    let error = unpack::unpack(&path, &limits).unwrap_err();
    assert!(matches!(error, unpack::UnpackError::TooLarge { size: 100, limit: 99, .. }), "{error}");
}

#[test]
fn a_directory_gives_its_files_and_does_not_follow_links() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    std::fs::write(folder.path().join("d/f"), "text").unwrap();
    std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
    let tree = unpack::unpack(folder.path(), &UnpackLimits::default()).unwrap();
    let paths: Vec<&str> = tree.entries().map(|(path, _)| path).collect();
    assert_eq!(paths, ["d", "d/f", "root"]);
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(data in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000), magic in 0..8_usize) {
        let heads: [&[u8]; 8] = [b"hsqs", b"\x1f\x8b\x08", b"070701", b"PK\x03\x04", b"\xfd7zXZ\0", b"!<arch>\n", b"BZh9", b""];
        let image = [heads[magic], &data].concat();
        unpack_bytes("x", image, &UnpackLimits { total_bytes: 1 << 20, ..UnpackLimits::default() });
    }
}
