//! PE images, built from `images/window.c` by the commands that stand there.

use program::image::{Abi, Image, ImageLimits, load};
use program::{CallTarget, Effort, Program, analyze};

fn image(name: &str) -> Image {
    let path = format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"));
    load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap()
}

fn calls(program: &Program) -> Vec<String> {
    let mut names: Vec<String> = program
        .functions
        .iter()
        .flat_map(|function| &function.calls)
        .filter(|call| matches!(call.target, CallTarget::Import(_)))
        .map(|call| program.target_text(call.target))
        .collect();
    names.sort();
    names
}

#[test]
fn imports_exports_and_conventions_are_read() {
    for (name, abi) in [("window-x86.exe", Abi::X86Windows), ("window-x86-64.exe", Abi::X86_64Windows)] {
        let image = image(name);
        let imports: Vec<&str> = image.imports.iter().map(|import| import.name.as_str()).collect();
        let exports: Vec<&str> = image.exports().map(|symbol| symbol.name.as_str()).collect();
        assert_eq!((image.abi, image.needed.as_slice()), (abi, &["KERNEL32.dll".to_owned()][..]), "{name}");
        assert_eq!(imports, ["ExitProcess", "GetStdHandle", "WriteFile"], "{name}");
        assert_eq!(exports, ["say"], "{name}");
    }
}

#[test]
fn functions_are_recovered_through_a_table_and_the_exit_never_returns() {
    for name in ["window-x86.exe", "window-x86-64.exe"] {
        let program = analyze(image(name), &Effort::default()).unwrap();
        assert_eq!(program.functions.len(), 5, "{name}:\n{}", program.dump());
        assert_eq!(calls(&program), ["ExitProcess", "GetStdHandle", "WriteFile"], "{name}");
        let entry = program.image.entry.unwrap().address;
        let start = program.function(program.function_at(entry).unwrap()).unwrap();
        assert!(!start.returns, "{name}");
        assert_eq!(program.coverage.indirect_calls, program.coverage.resolved_indirect_calls, "{name}");
    }
}

#[test]
fn truncated_images_are_read_in_part_or_refused() {
    let path = format!("{}/tests/images/window-x86-64.exe", env!("CARGO_MANIFEST_DIR"));
    let whole = std::fs::read(path).unwrap();
    for length in (0..whole.len()).step_by(61) {
        if let Ok(image) = load(whole[..length].to_vec(), &ImageLimits::default()) {
            analyze(image, &Effort::default()).unwrap();
        }
    }
}
