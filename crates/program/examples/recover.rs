//! Prints what is recovered from executable files: `recover [--dump] FILE...`.
#![allow(clippy::print_stdout, reason = "a terminal program")]

use std::time::Instant;

use program::image::{ImageLimits, load};
use program::{Effort, analyze};

fn main() {
    let mut dump = false;
    for path in std::env::args().skip(1) {
        if path == "--dump" {
            dump = true;
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let start = Instant::now();
        let image = match load(bytes, &ImageLimits::default()) {
            Ok(image) => image,
            Err(error) => {
                println!("{path}: {error}");
                continue;
            }
        };
        let language = image.language.name();
        match analyze(image, &Effort::default()) {
            Ok(program) => {
                println!("{path}: {language} {:?} {} ms", program.coverage, start.elapsed().as_millis());
                if dump {
                    println!("{}", program.dump());
                }
            }
            Err(error) => println!("{path}: {error}"),
        }
    }
}
