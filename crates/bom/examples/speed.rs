//! Reads a document several times and prints the speed: `cargo run --release -p bom --example speed FILE [TIMES]`.

use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: speed FILE [TIMES]");
    let times: u32 = arguments.next().map_or(10, |times| times.parse().expect("a number"));
    let bytes = std::fs::read(path).expect("readable file");
    let started = Instant::now();
    let mut components = 0;
    for _ in 0..times {
        components = bom::read(&bytes, &bom::ReadLimits::default()).expect("a document").bom.components.len();
    }
    let seconds = started.elapsed().as_secs_f64();
    let megabytes = bytes.len() as f64 * f64::from(times) / 1e6;
    println!("{components} components, {megabytes:.1} MB in {seconds:.2} s: {:.0} MB/s", megabytes / seconds);
}
