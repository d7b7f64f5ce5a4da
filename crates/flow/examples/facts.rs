//! Prints what guards the sensitive operations of programs: `facts FILE...`.
#![allow(clippy::print_stdout, reason = "a terminal program")]

use flow::{Facts, FunctionFacts, Test, Value, ValueId};
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
            for dispatch in facts.dispatches(id) {
                let names: Vec<_> =
                    dispatch.rows.iter().map(|row| String::from_utf8_lossy(&row.name)).collect();
                println!("  table at {}: {names:?}", dispatch.address);
            }
            for (call, site) in &own.calls {
                let name = facts.callee_name(id, *call).unwrap_or("-");
                let arguments: Vec<String> = site
                    .arguments
                    .iter()
                    .map(|a| match facts.text(id, *a) {
                        Some(text) => format!("{:?}", String::from_utf8_lossy(text)),
                        None => format!("{}{:?}", shown(own, *a, 4), facts.labels(id, *a)),
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
                        Test::Equal { left, right } => println!(
                            "      {} {} {} == {} {:?} {:?}",
                            guard.holds,
                            guard.address,
                            shown(own, left, 5),
                            shown(own, right, 5),
                            facts.labels(id, left),
                            facts.labels(id, right)
                        ),
                        test => println!("      {} {} {test:?}", guard.holds, guard.address),
                    }
                }
            }
            for store in &own.stores {
                println!("  {} *{} = {}", store.address, shown(own, store.to, 4), shown(own, store.value, 4));
            }
            for (block, value) in &own.conditions {
                println!("  block {} asks {}", block.0, shown(own, *value, 9));
            }
            for (block, value) in &own.returns {
                println!(
                    "  block {} returns {} {:?}",
                    block.0,
                    shown(own, *value, 5),
                    facts.labels(id, *value)
                );
            }
        }
    }
}

/// A value as an expression.
fn shown(own: &FunctionFacts, id: ValueId, depth: u32) -> String {
    if depth == 0 {
        return "…".to_owned();
    }
    let inner = |id| shown(own, id, depth - 1);
    match own.arena.get(id) {
        Value::Number(n) => format!("{n:#x}"),
        Value::Load { at, size } => format!("[{}]{size}", inner(at)),
        Value::Sum(base, n) => format!("({}{n:+#x})", inner(base)),
        Value::Unary(opcode, _, a) => format!("{opcode:?}({})", inner(a)),
        Value::Binary(opcode, _, a, b) => format!("{opcode:?}({}, {})", inner(a), inner(b)),
        Value::Choice { when, then, otherwise } => {
            format!("({} ? {} : {})", inner(when), inner(then), inner(otherwise))
        }
        Value::Merge { block, place } => {
            let all = own.arena.operands(id).iter();
            let all: Vec<String> = all.map(|(_, from, v)| format!("{}:{}", from.0, inner(*v))).collect();
            format!("merge{}.{place}<{}>", block.0, all.join(" | "))
        }
        other => format!("{other:?}"),
    }
}
