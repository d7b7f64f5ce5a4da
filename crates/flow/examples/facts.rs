//! Prints what guards the sensitive operations of programs: `facts FILE...`.
#![allow(clippy::print_stdout, reason = "a terminal program")]

use flow::{Facts, Test};
use program::image::{ImageLimits, load};
use program::{Effort, analyze};

fn main() {
    for path in std::env::args().skip(1) {
        let Some(program) = std::fs::read(&path)
            .ok()
            .and_then(|bytes| load(bytes, &ImageLimits::default()).ok())
            .and_then(|image| analyze(image, &Effort::default()).ok())
        else {
            continue;
        };
        let start = std::time::Instant::now();
        let Ok(facts) = Facts::of(&program, &flow::Effort::default()) else { continue };
        println!(
            "{path}: {} functions, work {}, {} ms",
            program.functions.len(),
            facts.work,
            start.elapsed().as_millis()
        );
        for (id, function) in program.functions() {
            let Some(own) = facts.function(id) else { continue };
            println!("{} {:?}", function.entry, function.name);
            for (call, site) in &own.calls {
                let name = facts.callee_name(id, *call).unwrap_or("-");
                let arguments: Vec<String> = site
                    .arguments
                    .iter()
                    .map(|a| match facts.text(id, *a) {
                        Some(text) => format!("{:?}", String::from_utf8_lossy(text)),
                        None => format!("{:?}{:?}", own.arena.get(*a), facts.labels(id, *a)),
                    })
                    .collect();
                println!("  {} {:?} {name}({})", site.address, site.target, arguments.join(", "));
                for guard in facts.guards(id, site.block) {
                    match guard.test {
                        Test::Text { left, right, .. } => println!(
                            "      {} {} {:?} {:?} {:?}",
                            guard.holds,
                            guard.address,
                            facts.text(id, right).map(String::from_utf8_lossy),
                            facts.labels(id, left),
                            guard.test
                        ),
                        Test::Equal { left, right } => {
                            let inner =
                                own.arena.inputs(own.arena.get(left)).map(|i| i.map(|i| own.arena.get(i)));
                            println!(
                                "      {} {} {:?} {inner:?} == {:?} {:?}",
                                guard.holds,
                                guard.address,
                                own.arena.get(left),
                                own.arena.get(right),
                                facts.labels(id, left)
                            );
                        }
                        test => println!("      {} {} {test:?}", guard.holds, guard.address),
                    }
                }
            }
        }
    }
}
