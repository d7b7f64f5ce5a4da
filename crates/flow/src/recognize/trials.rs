//! What functions of the C library answer. Source: ISO C 2018, section 7.24 and 7.22.1; POSIX.1-2017 for the others.

/// The second argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Second {
    Text(&'static [u8]),
    Number(u64),
}

/// What is to come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Zero,
    Negative,
    Positive,
    Number(u32),
    /// The address of the first text, and so many bytes behind.
    At(u64),
}

/// One call: two arguments, the third, the answer, and what the first text is then.
pub(super) struct Trial {
    pub(super) first: &'static [u8],
    pub(super) second: Second,
    pub(super) third: u64,
    pub(super) answer: Answer,
    pub(super) left: &'static [u8],
}

const fn asks(first: &'static [u8], second: Second, third: u64, answer: Answer) -> Trial {
    Trial { first, second, third, answer, left: first }
}

const fn writes(second: Second, third: u64, answer: Answer, left: &'static [u8]) -> Trial {
    Trial { first: ROOM, second, third, answer, left }
}

/// Every letter, so that functions for which one of them is special are told apart.
const PANGRAM: &[u8] = b"The quick brown fox jumps over 1234567890 lazy dogs; \xe9\x80\xff #A\0";
const SIMILAR: &[u8] = b"The quick brown fox jumps over 1234567890 lazy dogs; \xe9\x80\xff #B\0";
/// Bytes of both.
const LONG: u64 = 59;

const ROOM: &[u8] = b"........\0";

use Answer::{At, Negative, Number, Positive, Zero};
use Second::{Number as N, Text as T};

/// Every function ends on these arguments, whatever it is.
pub(super) const FIRST: Trial = asks(b"kettle\0", T(b"kettls\0"), 5, Zero);

pub(super) const FUNCTIONS: &[(&str, &[Trial])] = &[
    (
        "strcmp",
        &[
            asks(b"kettle\0", T(b"kettls\0"), 5, Negative),
            asks(b"kettls\0", T(b"kettle\0"), 5, Positive),
            asks(b"ab\0c\0", T(b"ab\0d\0"), 4, Zero),
            asks(b"a\0", T(b"\0"), 1, Positive),
            asks(b"KETTLE\0", T(b"kettle\0"), 9, Negative),
            asks(PANGRAM, T(SIMILAR), 5, Negative),
        ],
    ),
    (
        "strncmp",
        &[
            asks(PANGRAM, T(SIMILAR), LONG - 2, Zero),
            asks(PANGRAM, T(SIMILAR), LONG, Negative),
            asks(b"kettle\0", T(b"kettls\0"), 5, Zero),
            asks(b"kettle\0", T(b"kettls\0"), 6, Negative),
            asks(b"ab\0c\0", T(b"ab\0d\0"), 4, Zero),
            asks(b"KETTLE\0", T(b"kettle\0"), 9, Negative),
        ],
    ),
    (
        "memcmp",
        &[
            asks(PANGRAM, T(SIMILAR), LONG - 2, Zero),
            asks(PANGRAM, T(SIMILAR), LONG, Negative),
            asks(b"kettle\0", T(b"kettls\0"), 5, Zero),
            asks(b"kettle\0", T(b"kettls\0"), 6, Negative),
            asks(b"ab\0c\0", T(b"ab\0d\0"), 4, Negative),
            asks(b"ab\0d\0", T(b"ab\0c\0"), 4, Positive),
        ],
    ),
    (
        "strcasecmp",
        &[
            asks(b"KETtle\0", T(b"ketTLE\0"), 2, Zero),
            asks(b"KETTLE\0", T(b"kettls\0"), 2, Negative),
            asks(b"b\0", T(b"A\0"), 0, Positive),
        ],
    ),
    (
        "strncasecmp",
        &[
            asks(b"KETtle\0", T(b"ketTLS\0"), 5, Zero),
            asks(b"KETtle\0", T(b"ketTLS\0"), 6, Negative),
            asks(b"ab\0c\0", T(b"AB\0d\0"), 4, Zero),
        ],
    ),
    (
        "strlen",
        &[
            asks(b"kettle\0", N(0), 0, Number(6)),
            asks(b"\0", N(0), 0, Number(0)),
            asks(PANGRAM, N(0), 0, Number(LONG as u32)),
            asks(b"kettle and lid, both of copper\0", N(7), 0, Number(30)),
        ],
    ),
    (
        "strrchr",
        &[
            asks(b"kettle\0", N(b't' as u64), 0, At(3)),
            asks(b"kettle\0", N(b'z' as u64), 9, Zero),
            asks(b"kettle\0", N(0), 0, At(6)),
        ],
    ),
    (
        "strchr",
        &[
            asks(b"kettle\0", N(b't' as u64), 0, At(2)),
            asks(b"kettle\0", N(b'z' as u64), 9, Zero),
            asks(b"kettle\0", N(0), 0, At(6)),
        ],
    ),
    (
        "memchr",
        &[
            asks(b"ab\0cd\0", N(b'd' as u64), 5, At(4)),
            asks(b"ab\0cd\0", N(b'd' as u64), 4, Zero),
            asks(b"ab\0cd\0", N(b'b' as u64), 2, At(1)),
        ],
    ),
    (
        "strstr",
        &[
            asks(b"a kettle\0", T(b"kettle\0"), 0, At(2)),
            asks(b"a kettle\0", T(b"kettles\0"), 0, Zero),
            asks(b"kettle\0", T(b"e\0"), 0, At(1)),
        ],
    ),
    (
        "stpcpy",
        &[writes(T(b"ket\0"), 0, At(3), b"ket\0....\0"), writes(T(b"kettle\0"), 2, At(6), b"kettle\0.\0")],
    ),
    (
        "strcpy",
        &[writes(T(b"ket\0"), 0, At(0), b"ket\0....\0"), writes(T(b"kettle\0"), 2, At(0), b"kettle\0.\0")],
    ),
    (
        "strncpy",
        &[
            writes(T(b"kettle\0"), 3, At(0), b"ket.....\0"),
            writes(T(b"ke\0tle\0"), 5, At(0), b"ke\0\0\0...\0"),
        ],
    ),
    (
        "strcat",
        &[Trial {
            first: b"ab\0......\0",
            second: T(b"cd\0"),
            third: 0,
            answer: At(0),
            left: b"abcd\0....\0",
        }],
    ),
    (
        "memcpy",
        &[writes(T(b"ke\0tle\0"), 6, At(0), b"ke\0tle..\0"), writes(T(b"kettle\0"), 2, At(0), b"ke......\0")],
    ),
    (
        "memset",
        &[writes(N(b'x' as u64), 3, At(0), b"xxx.....\0"), writes(N(b'y' as u64), 7, At(0), b"yyyyyyy.\0")],
    ),
    (
        "strtol",
        &[
            asks(b"2a;\0", N(0), 16, Number(42)),
            asks(b" -17x\0", N(0), 10, Number(-17_i32 as u32)),
            asks(b"0x1f\0", N(0), 0, Number(31)),
        ],
    ),
    (
        "atoi",
        &[
            asks(b"42;\0", N(0), 16, Number(42)),
            asks(b" -17x\0", N(1), 16, Number(-17_i32 as u32)),
            asks(b"x\0", N(0), 10, Number(0)),
        ],
    ),
];
