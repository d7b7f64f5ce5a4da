//! Whatever is looked for, the effort is a limit.

#![allow(clippy::unwrap_used, reason = "a test")]

use program::image::{ImageLimits, load};
use program::{Effort, analyze};

/// Instructions that one walk, or one gap, may go over it.
const ONE_MORE: u64 = 200;

#[test]
fn no_search_goes_on_once_the_effort_is_spent() {
    let bytes: &[u8] = include_bytes!("images/switch-ppc64le.so");
    let of = |work_units| {
        let image = load(bytes, &ImageLimits::default()).unwrap();
        analyze(image, &Effort { work_units, ..Effort::default() }).unwrap().coverage
    };
    let whole = of(u64::MAX);
    assert!(whole.complete && whole.work_units > ONE_MORE, "{whole:?}");
    for work_units in [0, 1, whole.work_units / 2] {
        let cut = of(work_units);
        assert!(!cut.complete && cut.work_units <= work_units + ONE_MORE, "{work_units}: {cut:?}");
    }
    let nothing = of(0);
    assert_eq!((nothing.work_units, nothing.functions, nothing.decoded_bytes), (0, 0, 0));
}
