//! Archives that want to do harm: what they ask for is not done, is said, and the rest is.

mod support;

use std::io::Write;

use support::Place;

const ROUTER: &[u8] = include_bytes!("../../../examples/router/router-mipsel.bin");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tar archive of members with names that its writer would refuse.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A tar archive of one symbolic link and a file that would be written through it.
fn link_and_file(target: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "out", target).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(5);
    builder.append_data(&mut header, "out/planted", &b"ouch\n"[..]).unwrap();
    builder.into_inner().unwrap()
}

fn blind_spots(record: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(record).unwrap_or_else(|e| panic!("{e}: {record}"));
    assert_eq!(record["complete"], false);
    record["blind_spots"].to_string()
}

#[test]
fn a_bomb_is_cut_and_what_lies_beside_it_is_inspected() {
    let place = Place::new();
    // 2 GiB of zeros in 2 kB: a stream of a stream.
    let mut bomb = Vec::new();
    let chunk = gzip(&vec![0; 1 << 20]);
    for _ in 0..2048 {
        bomb.extend_from_slice(&chunk);
    }
    let bomb = gzip(&bomb);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    place.file("delivery.tar", tar(&[("bomb.gz", &bomb), ("router.bin", ROUTER)]));
    let ran = place.run(&["inspect", "delivery.tar", "--format", "json"]);
    // The finding beside the bomb outweighs that something was cut.
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let spots = blind_spots(&ran.stdout);
    assert!(spots.contains("bomb.gz"), "{spots}");
    assert!(ran.stdout.contains("router.bin"));
    assert_eq!(place.run(&["inspect", "delivery.tar", "--fail-on", "never"]).status, 3);
}

#[test]
fn a_name_that_climbs_out_of_its_archive_writes_nothing() {
    let place = Place::new();
    place.file("inner/climb.tar", tar(&[("../../planted", b"ouch\n"), ("/planted", b"ouch\n")]));
    let before = place.list();
    let ran = place.run(&["inspect", "inner/climb.tar", "--format", "json"]);
    assert!([0, 3].contains(&ran.status), "{ran:?}");
    assert_eq!(place.list(), before);
    let record: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let spots = record["blind_spots"].as_array().unwrap();
    assert!(
        spots.iter().any(|s| s["why"].as_str().unwrap().contains("`../../planted` leads out")),
        "{spots:?}"
    );
    assert!(spots.iter().all(|s| !s["artifact"].as_str().unwrap().contains("..")), "{spots:?}");
}

#[test]
fn a_link_out_of_its_archive_is_not_followed() {
    let place = Place::new();
    place.file("victim/kept", "kept");
    let victim = place.path().join("victim").display().to_string();
    place.file("link.tar", link_and_file(&victim));
    let before = place.list();
    let ran = place.run(&["bom", "generate", "link.tar"]);
    assert!([0, 3].contains(&ran.status), "{ran:?}");
    assert_eq!(place.list(), before);
}

#[cfg(unix)]
#[test]
fn a_link_in_a_folder_leads_to_no_record_of_what_lies_outside() {
    let place = Place::new();
    place.file("outside/router.bin", ROUTER);
    place.file("tree/readme", "nothing here\n");
    std::os::unix::fs::symlink("../outside", place.path().join("tree/way")).unwrap();
    std::os::unix::fs::symlink("loop", place.path().join("tree/loop")).unwrap();
    let ran = place.run(&["inspect", "tree", "--format", "json"]);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    assert!(!ran.stdout.contains("router.bin"), "{}", ran.stdout);
}

#[test]
fn names_from_an_archive_cannot_control_a_terminal() {
    let place = Place::new();
    place.file("odd.tar", tar(&[("\u{1b}]0;owned\u{7}.bin", &ROUTER[..1000])]));
    let ran = place.run(&["inspect", "odd.tar"]);
    let whole = ran.whole();
    assert!(!whole.contains('\u{1b}') && !whole.contains('\u{7}'), "{whole:?}");
}
