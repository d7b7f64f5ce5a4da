//! Functions of the C library without their names (`images/library.c`, `images/process.c`).

use flow::{Recognition, recognize};
use program::image::{ImageLimits, load};
use program::{Effort, Program, analyze};

fn program(name: &str) -> Program {
    let path = format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"));
    let image = load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap();
    analyze(image, &Effort::default()).unwrap()
}

fn names(program: &Program) -> Vec<&str> {
    let mut names: Vec<&str> = program.functions.iter().filter_map(|code| code.name.as_deref()).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_behaves_like_a_function_gets_its_name_and_what_nearly_does_gets_none() {
    for name in ["library-arm64", "library-mipsel", "library-riscv64"] {
        let mut program = program(name);
        assert_eq!(names(&program), Vec::<&str>::new(), "{name}");
        let recognition = recognize(&mut program);
        assert!(recognition.work > 0 && recognition.left_out == 0, "{name}");
        let expected = ["atoi", "memcpy", "strchr", "strcmp", "strcpy", "strlen", "strncmp"];
        assert_eq!(names(&program), expected, "{name}");
    }
}

#[test]
fn a_program_is_started_and_what_its_library_asks_the_system_for_is_named() {
    for name in
        ["amd64", "arm64", "i386", "mipsel", "ppc64el", "riscv64"].map(|name| format!("process-{name}"))
    {
        let mut program = program(&name);
        let recognition = recognize(&mut program);
        assert_eq!(
            names(&program),
            ["__libc_start_main", "getenv", "main", "recv", "signal", "system"],
            "{name}"
        );
        // What the library calls, and it alone.
        assert_eq!(recognition.in_library, 3, "{name}");
        let library = program.functions.iter().filter(|code| code.in_library);
        assert!(library.clone().all(|code| code.name.is_none()), "{name}");
        assert_eq!(library.count(), 3, "{name}");
    }
}

#[test]
fn programs_with_imports_are_left_alone() {
    let mut program = program("request-arm64.so");
    let before = names(&program).len();
    assert_eq!(recognize(&mut program), Recognition::default());
    assert_eq!(names(&program).len(), before);
}
