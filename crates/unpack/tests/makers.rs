//! Images made by the tools that makers of devices used (`images/make-makers.sh`): whatever the maker changed, the same
//! files come out.

mod listing;

use expect_test::expect;

fn list(name: &str) -> String {
    listing::list(&listing::open(name))
}

/// Without the folder of the part they lie in.
fn below<'a>(listing: &'a str, part: &str) -> Vec<&'a str> {
    listing.lines().filter_map(|line| line.strip_prefix(part)).collect()
}

#[test]
fn squashfs_of_every_maker_gives_the_same_files() {
    let plain = list("squashfs3");
    expect![[r#"
        bin 755 directory
        bin/busybox 4755 "\u{7f}ELF program"
        bin/sh 777 -> busybox
        dir 755 directory
        dir/big.txt 644 155265 bytes c79712a5
        dir/deep 755 directory
        dir/deep/noise 644 1500 bytes 8641279f
        dir/long.txt 644 23890 bytes 801316c4
        etc 755 directory
        etc/passwd 640 "root::0:0::/:/bin/sh\n"
    "#]]
    .assert_eq(&plain);
    for maker in [
        "squashfs3-be",
        "squashfs3-cisco-be",
        "squashfs3-ddwrt-be",
        "squashfs3-linksys",
        "squashfs3-netgear",
        "squashfs4-realtek",
    ] {
        assert_eq!(list(maker), plain, "{maker}");
    }
}

#[test]
fn squashfs_of_a_version_that_is_not_read_is_named() {
    let listing = list("squashfs2");
    assert!(listing.ends_with("!  squashfs: not supported: squashfs version 2\n"), "{listing}");
}

#[test]
fn parts_of_a_trx_are_opened_and_checked_in_both_versions() {
    let inside = list("squashfs-lzma");
    for (name, part) in [("trx", "part1/"), ("trx2", "part2/")] {
        let listing = list(name);
        assert_eq!(below(&listing, part), inside.lines().collect::<Vec<_>>(), "{name}");
        assert!(!listing.contains('!'), "{listing}");
    }
}

#[test]
fn parts_of_a_chk_are_opened() {
    let listing = list("chk");
    assert_eq!(below(&listing, "rootfs/"), list("squashfs-lzma").lines().collect::<Vec<_>>());
    assert!(listing.starts_with("kernel 644 \"kernel\"\n"), "{listing}");
    assert!(!listing.contains('!'), "{listing}");
}

#[test]
fn a_sparse_file_system_gives_what_the_whole_one_gives() {
    assert_eq!(list("sparse"), list("ext2"));
}

#[test]
fn an_rpm_package_gives_files_modes_and_links() {
    expect![[r#"
        bin/busybox 4755 "\u{7f}ELF program"
        bin/sh 777 -> busybox
        etc/passwd 644 "root::0:0::/:/bin/sh\n"
    "#]]
    .assert_eq(&list("rpm"));
}
