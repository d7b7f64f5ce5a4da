//! Writes the records of programs into a folder: `sweep FOLDER PROGRAM...`.
#![allow(clippy::print_stderr, reason = "a terminal program")]

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else { return };
    if let Err(error) = std::fs::create_dir_all(&folder) {
        eprintln!("{folder}: {error}");
        return;
    }
    for path in arguments {
        let name = std::path::Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let record = inspect::inspect_program(bytes, &name, &inspect::Options::default());
        let written =
            serde_json::to_vec(&record).map(|json| std::fs::write(format!("{folder}/{name}.json"), json));
        if !matches!(written, Ok(Ok(()))) {
            eprintln!("{path}: the record cannot be written");
        }
    }
}
