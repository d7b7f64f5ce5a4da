//! Prints the components of an image or a folder: `cargo run --release -p bom --example components PATH`.

use std::path::PathBuf;

use unpack::UnpackLimits;

fn main() {
    let path = PathBuf::from(std::env::args_os().nth(1).expect("usage: components PATH"));
    let tree = unpack::unpack(&path, &UnpackLimits::default()).expect("readable");
    let started = std::time::Instant::now();
    let generated = bom::generate(&tree, None);
    for component in &generated.bom.components {
        let version = component.version.as_deref().unwrap_or("-");
        let seen = component.evidence.first();
        println!(
            "{} {version} {} [{}] {}",
            component.full_name(),
            component.purl.as_deref().unwrap_or("-"),
            component.evidence.len(),
            seen.map_or(String::new(), |seen| format!(
                "{} {}",
                seen.path,
                seen.what.as_deref().unwrap_or_default()
            ))
        );
    }
    eprintln!(
        "{} components, {} relations, {} blind spots in {:?}",
        generated.bom.components.len(),
        generated.bom.relations.len(),
        generated.blind_spots.len(),
        started.elapsed()
    );
}
