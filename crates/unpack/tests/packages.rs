//! Packages and container images: archives in archives, read as those who install them do.

use std::io::Write;

use expect_test::{Expect, expect};
use unpack::{EntryKind, UnpackLimits, unpack_bytes};

fn check(data: &[u8], expected: Expect) {
    let tree = unpack_bytes("x", data.to_vec(), &UnpackLimits::default());
    let mut text = String::new();
    for (path, entry) in tree.entries() {
        text += &match &entry.kind {
            EntryKind::File(content) if content.is_ascii() && content.len() < 40 => {
                format!("{path} {:?}\n", String::from_utf8_lossy(content))
            }
            EntryKind::File(_) => format!("{path} …\n"),
            EntryKind::Directory => format!("{path}/\n"),
            EntryKind::Symlink(target) => format!("{path} -> {target}\n"),
            EntryKind::Special => format!("{path} special\n"),
        };
    }
    for problem in tree.problems() {
        text += &format!("! {} {}: {}\n", problem.path, problem.what, problem.cause);
    }
    expected.assert_eq(&text);
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A tar archive; a path that ends with `/` is a folder.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_entry_type(if path.ends_with('/') {
            tar::EntryType::Directory
        } else {
            tar::EntryType::Regular
        });
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A piece of an Alpine package: an archive without the blocks that end it.
fn piece(files: &[(&str, &[u8])]) -> Vec<u8> {
    let whole = tar(files);
    gzip(&whole[..whole.len() - 1024])
}

#[test]
fn the_three_pieces_of_an_alpine_package_are_one_archive() {
    let data = [
        piece(&[(".SIGN.RSA.x.pub", b"signature")]),
        piece(&[(".PKGINFO", b"pkgname = busybox\n")]),
        gzip(&tar(&[("bin/busybox", b"program")])),
    ]
    .concat();
    check(
        &data,
        expect![[r#"
        .PKGINFO "pkgname = busybox\n"
        .SIGN.RSA.x.pub "signature"
        bin/busybox "program"
    "#]],
    );
}

#[test]
fn an_opkg_package_is_opened_whichever_way_it_was_packed() {
    let control = gzip(&tar(&[("./control", b"Package: a\n")]));
    let data = gzip(&tar(&[("./usr/bin/a", b"program")]));
    let parts: [(&str, &[u8]); 3] =
        [("./debian-binary", b"2.0\n"), ("./control.tar.gz", &control), ("./data.tar.gz", &data)];
    let expected = || {
        expect![[r#"
        control.tar.gz …
        control.tar.gz/control "Package: a\n"
        data.tar.gz …
        data.tar.gz/usr/bin/a "program"
        debian-binary "2.0\n"
    "#]]
    };
    check(&gzip(&tar(&parts)), expected());
    let mut archive = ar::Builder::new(Vec::new());
    for (name, content) in parts {
        let name = name.trim_start_matches("./").as_bytes().to_vec();
        archive.append(&ar::Header::new(name, content.len() as u64), content).unwrap();
    }
    check(&archive.into_inner().unwrap(), expected());
}

/// Two layers: the second takes away one file and all that a folder had.
fn layers() -> (Vec<u8>, Vec<u8>) {
    let below = tar(&[
        ("etc/", b""),
        ("etc/passwd", b"root"),
        ("etc/secret", b"key"),
        ("opt/", b""),
        ("opt/old", b"1"),
        ("opt/more/old", b"2"),
        ("bin/sh", b"one"),
    ]);
    let above =
        tar(&[("etc/.wh.secret", b""), ("opt/new", b"3"), ("opt/.wh..wh..opq", b""), ("bin/sh", b"two")]);
    (below, above)
}

#[test]
fn layers_of_a_saved_container_image_are_laid_on_each_other() {
    let (below, above) = layers();
    let manifest = br#"[{"Config":"c.json","RepoTags":["a:1"],"Layers":["l1/layer.tar","l2/layer.tar"]}]"#;
    check(
        &tar(&[("manifest.json", manifest), ("l1/layer.tar", &below), ("l2/layer.tar", &above)]),
        expect![[r#"
            l1/layer.tar …
            l2/layer.tar …
            manifest.json …
            rootfs/bin/sh "two"
            rootfs/etc/
            rootfs/etc/passwd "root"
            rootfs/opt/
            rootfs/opt/new "3"
        "#]],
    );
}

#[test]
fn an_oci_layout_is_followed_from_index_to_layers_and_a_lost_layer_is_a_problem() {
    let (below, above) = layers();
    let index = br#"{"schemaVersion":2,"manifests":[{"digest":"sha256:aa","annotations":{"org.opencontainers.image.ref.name":"a/b:1"}},{"digest":"sha256:bb"}]}"#;
    let first = br#"{"layers":[{"digest":"sha256:l1"},{"digest":"sha256:l2"}]}"#;
    let second = br#"{"layers":[{"digest":"sha256:l1"},{"digest":"sha256:gone"}]}"#;
    check(
        &tar(&[
            ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
            ("index.json", index),
            ("blobs/sha256/aa", first),
            ("blobs/sha256/bb", second),
            ("blobs/sha256/l1", &gzip(&below)),
            ("blobs/sha256/l2", &zstd::encode_all(&above[..], 3).unwrap()),
        ]),
        expect![[r#"
            blobs/sha256/aa …
            blobs/sha256/bb …
            blobs/sha256/l1 …
            blobs/sha256/l2 …
            index.json …
            oci-layout "{\"imageLayoutVersion\":\"1.0.0\"}"
            rootfs/a_b:1/bin/sh "two"
            rootfs/a_b:1/etc/
            rootfs/a_b:1/etc/passwd "root"
            rootfs/a_b:1/opt/
            rootfs/a_b:1/opt/new "3"
            rootfs/image1/bin/sh "one"
            rootfs/image1/etc/
            rootfs/image1/etc/passwd "root"
            rootfs/image1/etc/secret "key"
            rootfs/image1/opt/
            rootfs/image1/opt/more/old "2"
            rootfs/image1/opt/old "1"
            ! rootfs/image1/blobs/sha256/gone file: damaged: the layer is not there
        "#]],
    );
}
