//! Images made to harm: what is given back is partial, says so, and stays within the limits.

use std::io::Write;

use unpack::{Cause, EntryKind, UnpackLimits, unpack_bytes};

fn tar(files: impl IntoIterator<Item = (String, tar::EntryType, Vec<u8>)>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        if kind == tar::EntryType::Symlink {
            header.set_size(0);
            builder.append_link(&mut header, path, std::str::from_utf8(&content).unwrap()).unwrap();
        } else {
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, path, &content[..]).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

fn zip(members: usize, content: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for number in 0..members {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(format!("{number}.zip"), options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_nested_bomb_stops_at_the_total_and_says_so() {
    // Four layers of sixteen: 65,536 leaves of 64 KiB, four GiB out of a few kilobytes.
    let bomb = (0..4).fold(vec![0; 1 << 16], |inner, _| zip(16, &inner));
    assert!(bomb.len() < 1 << 20);
    let limits = UnpackLimits { total_bytes: 32 << 20, ..UnpackLimits::default() };
    let tree = unpack_bytes("bomb.zip", bomb, &limits);
    let bytes: usize = tree.files().map(|(_, content)| content.len()).sum();
    assert!(bytes <= 32 << 20, "{bytes}");
    assert!(tree.problems().iter().any(|problem| problem.cause == Cause::TotalBytes { limit: 32 << 20 }));
}

#[test]
fn files_behind_a_link_stay_inside_the_image() {
    let files = [
        ("d".to_owned(), tar::EntryType::Symlink, b"/etc".to_vec()),
        ("d/passwd".to_owned(), tar::EntryType::Regular, b"evil".to_vec()),
        ("self".to_owned(), tar::EntryType::Symlink, b"self".to_vec()),
        ("up".to_owned(), tar::EntryType::Symlink, b"../../../../root".to_vec()),
    ];
    let tree = unpack_bytes("a.tar", tar(files), &UnpackLimits::default());
    assert_eq!(tree.entry("d").unwrap().kind, EntryKind::Symlink("/etc".to_owned()));
    assert_eq!(&tree.entry("d/passwd").unwrap().content().unwrap()[..], b"evil");
    assert_eq!(tree.entries().len(), 4);
}

#[test]
fn a_hundred_thousand_files_are_all_listed() {
    let file = |number: usize| (format!("d{}/f{number}", number % 100), tar::EntryType::Regular, Vec::new());
    let tree = unpack_bytes("a.tar", tar((0..100_000).map(file)), &UnpackLimits::default());
    assert_eq!((tree.files().count(), tree.problems()), (100_000, &[][..]));
}

#[test]
fn an_image_that_is_mostly_empty_costs_what_is_in_it() {
    // An image with something at each end, as dumps of flash have: 64 MiB here, the same way for any size.
    let mut data = tar([("a".to_owned(), tar::EntryType::Regular, b"first".to_vec())]);
    data.resize(64 << 20, 0xff);
    data.extend(tar([("b".to_owned(), tar::EntryType::Regular, b"last".to_vec())]));
    let tree = unpack_bytes("flash.bin", data, &UnpackLimits::default());
    let files: Vec<&str> = tree.files().map(|(path, _)| path).collect();
    assert_eq!(files, ["a", "b"]);
}

#[test]
fn an_encrypted_part_between_images_is_a_region_with_its_entropy() {
    let mut number = 1_u64;
    let mut noise = || {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) as u8
    };
    let secret: Vec<u8> = (0..100_000).map(|_| noise()).collect();
    let one = |name: &str| tar([(name.to_owned(), tar::EntryType::Regular, b"text".to_vec())]);
    let tree = unpack_bytes("fw.bin", [one("a"), secret, one("b")].concat(), &UnpackLimits::default());
    let regions: Vec<&unpack::Problem> =
        tree.problems().iter().filter(|problem| problem.what.starts_with("region")).collect();
    let [region] = regions[..] else { panic!("{:?}", tree.problems()) };
    assert!(matches!(region.cause, Cause::Unknown { centibits: 795..=800 }), "{region:?}");
    assert_eq!(tree.files().count(), 2);
}

#[test]
fn marks_that_claim_everything_behind_them_are_not_followed_each() {
    // A header of a tree whose structure is the rest of the file, and a node of UBIFS as long, over and over.
    let size = 1_u32 << 20;
    let tree: Vec<u8> = [0xd00d_feed, size, 40, 0, 0, 17, 16, 0, 40, size / 2]
        .iter()
        .flat_map(|word: &u32| word.to_be_bytes())
        .collect();
    let node: Vec<u8> =
        [0x0610_1831, 0, 0, 0, size / 2, 6].iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    for mark in [tree, node] {
        // Something unknown first, so that marks are looked for.
        let mut data = vec![0; 64];
        while data.len() < 2 * size as usize {
            data.extend(&mark);
        }
        let tree = unpack_bytes("x", data, &UnpackLimits::default());
        assert!(!tree.problems().is_empty());
    }
}
