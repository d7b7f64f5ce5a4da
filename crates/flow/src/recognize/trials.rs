//! What functions of the C library answer. Source: ISO C 2018, sections 7.21, 7.24 and 7.22.1; POSIX.1-2017 for the others.
//!
//! Sorted so that of two functions of which one does all that the other does (`strtol` and `atoi`), the wider one comes
//! first.

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Arg {
    /// The address of these bytes.
    Text(&'static [u8]),
    Number(u64),
    /// The address of 64 bytes, all 0.
    Room,
    /// A stream.
    Stream,
}

/// What is to come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Any,
    Zero,
    Negative,
    Positive,
    Number(u32),
    /// The address of the first argument's bytes, and so many behind.
    At(u64),
    /// The address of such a text.
    Text(&'static [u8]),
}

/// One call: what is passed, what comes back, and what is to be seen then.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) passed: &'static [Arg],
    pub(super) answer: Answer,
    pub(super) seen: Seen,
}

/// What is to be seen after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// All texts as they were, and nothing asked of the system but memory.
    Nothing,
    /// In the bytes of an argument, these.
    Left(usize, &'static [u8]),
    /// What the pointer in an argument's bytes points to.
    Pointed(usize, &'static [u8]),
    /// This was read on a descriptor, and stands in an argument's bytes.
    Read(usize, &'static [u8]),
    /// The system was asked for input, and what came back is the answer.
    Asked,
    /// This was written, to this descriptor if one is given.
    Wrote(Option<u64>, &'static [u8]),
}

const fn asks(passed: &'static [Arg], answer: Answer) -> Trial {
    Trial { passed, answer, seen: Seen::Nothing }
}

const fn leaves(passed: &'static [Arg], answer: Answer, left: &'static [u8]) -> Trial {
    Trial { passed, answer, seen: Seen::Left(0, left) }
}

const fn sees(passed: &'static [Arg], answer: Answer, seen: Seen) -> Trial {
    Trial { passed, answer, seen }
}

/// Every letter, so that functions for which one of them is special are told apart.
const PANGRAM: Arg = T(b"The quick brown fox jumps over 1234567890 lazy dogs; \xe9\x80\xff #A\0");
const SIMILAR: Arg = T(b"The quick brown fox jumps over 1234567890 lazy dogs; \xe9\x80\xff #B\0");
/// Bytes of both.
const LONG: u64 = 59;
const DOTS: Arg = T(b"........\0");

use Answer::{Any, At, Negative, Number, Positive, Text, Zero};
use Arg::{Number as N, Room, Stream, Text as T};

pub(super) type Known = (&'static str, &'static [Trial]);

/// Functions that need nothing but memory.
pub(super) const FUNCTIONS: &[Known] = &[
    (
        "strcmp",
        &[
            asks(&[T(b"kettle\0"), T(b"kettls\0"), N(5)], Negative),
            asks(&[T(b"kettls\0"), T(b"kettle\0"), N(5)], Positive),
            asks(&[T(b"ab\0c\0"), T(b"ab\0d\0"), N(4)], Zero),
            asks(&[T(b"a\0"), T(b"\0"), N(1)], Positive),
            asks(&[T(b"KETTLE\0"), T(b"kettle\0"), N(9)], Negative),
            asks(&[PANGRAM, SIMILAR, N(5)], Negative),
        ],
    ),
    (
        "strncmp",
        &[
            asks(&[PANGRAM, SIMILAR, N(LONG - 2)], Zero),
            asks(&[PANGRAM, SIMILAR, N(LONG)], Negative),
            asks(&[T(b"kettle\0"), T(b"kettls\0"), N(5)], Zero),
            asks(&[T(b"kettle\0"), T(b"kettls\0"), N(6)], Negative),
            asks(&[T(b"ab\0c\0"), T(b"ab\0d\0"), N(4)], Zero),
            asks(&[T(b"KETTLE\0"), T(b"kettle\0"), N(9)], Negative),
        ],
    ),
    (
        "memcmp",
        &[
            asks(&[PANGRAM, SIMILAR, N(LONG - 2)], Zero),
            asks(&[PANGRAM, SIMILAR, N(LONG)], Negative),
            asks(&[T(b"kettle\0"), T(b"kettls\0"), N(5)], Zero),
            asks(&[T(b"kettle\0"), T(b"kettls\0"), N(6)], Negative),
            asks(&[T(b"ab\0c\0"), T(b"ab\0d\0"), N(4)], Negative),
            asks(&[T(b"ab\0d\0"), T(b"ab\0c\0"), N(4)], Positive),
        ],
    ),
    (
        "strcasecmp",
        &[
            asks(&[T(b"KETtle\0"), T(b"ketTLE\0"), N(2)], Zero),
            asks(&[T(b"KETTLE\0"), T(b"kettls\0"), N(2)], Negative),
            asks(&[T(b"b\0"), T(b"A\0"), N(0)], Positive),
        ],
    ),
    (
        "strncasecmp",
        &[
            asks(&[T(b"KETtle\0"), T(b"ketTLS\0"), N(5)], Zero),
            asks(&[T(b"KETtle\0"), T(b"ketTLS\0"), N(6)], Negative),
            asks(&[T(b"ab\0c\0"), T(b"AB\0d\0"), N(4)], Zero),
        ],
    ),
    (
        "strlen",
        &[
            asks(&[T(b"kettle\0"), N(0), N(0)], Number(6)),
            asks(&[T(b"\0"), N(0), N(0)], Number(0)),
            asks(&[PANGRAM, N(0), N(0)], Number(LONG as u32)),
            asks(&[T(b"kettle and lid, both of copper\0"), N(7), N(0)], Number(30)),
        ],
    ),
    (
        "strrchr",
        &[
            asks(&[T(b"kettle\0"), N(b't' as u64), N(0)], At(3)),
            asks(&[T(b"kettle\0"), N(b'z' as u64), N(9)], Zero),
            asks(&[T(b"kettle\0"), N(0), N(0)], At(6)),
        ],
    ),
    (
        "strchr",
        &[
            asks(&[T(b"kettle\0"), N(b't' as u64), N(0)], At(2)),
            asks(&[T(b"kettle\0"), N(b'z' as u64), N(9)], Zero),
            asks(&[T(b"kettle\0"), N(0), N(0)], At(6)),
        ],
    ),
    (
        "memchr",
        &[
            asks(&[T(b"ab\0cd\0"), N(b'd' as u64), N(5)], At(4)),
            asks(&[T(b"ab\0cd\0"), N(b'd' as u64), N(4)], Zero),
            asks(&[T(b"ab\0cd\0"), N(b'b' as u64), N(2)], At(1)),
        ],
    ),
    (
        "strstr",
        &[
            asks(&[T(b"a kettle\0"), T(b"kettle\0"), N(0)], At(2)),
            asks(&[T(b"a kettle\0"), T(b"kettles\0"), N(0)], Zero),
            asks(&[T(b"kettle\0"), T(b"e\0"), N(0)], At(1)),
        ],
    ),
    (
        "strcspn",
        &[
            asks(&[T(b"kettle\0"), T(b"xt\0"), N(0)], Number(2)),
            asks(&[T(b"kettle\0"), T(b"xy\0"), N(0)], Number(6)),
        ],
    ),
    (
        "strspn",
        &[
            asks(&[T(b"kettle\0"), T(b"tek\0"), N(0)], Number(4)),
            asks(&[T(b"kettle\0"), T(b"xy\0"), N(0)], Number(0)),
        ],
    ),
    (
        "strpbrk",
        &[asks(&[T(b"kettle\0"), T(b"xt\0"), N(0)], At(2)), asks(&[T(b"kettle\0"), T(b"xy\0"), N(0)], Zero)],
    ),
    (
        "strcasestr",
        &[
            asks(&[T(b"a KETtle\0"), T(b"kettle\0"), N(0)], At(2)),
            asks(&[T(b"a kettle\0"), T(b"kettles\0"), N(0)], Zero),
        ],
    ),
    (
        "strchrnul",
        &[
            asks(&[T(b"kettle\0"), N(b't' as u64), N(0)], At(2)),
            asks(&[T(b"kettle\0"), N(b'z' as u64), N(9)], At(6)),
        ],
    ),
    (
        "strtok_r",
        &[sees(&[T(b"a kettle; lid\0"), T(b" ;\0"), Room], At(0), Seen::Pointed(2, b"kettle; lid"))],
    ),
    (
        "strtok",
        &[
            leaves(&[T(b"a kettle; lid\0"), T(b" ;\0"), Room], At(0), b"a\0kettle; lid\0"),
            leaves(&[T(b";; lid \0"), T(b" ;\0"), Room], At(3), b";; lid\0\0"),
        ],
    ),
    ("strdup", &[asks(&[T(b"kettle\0"), N(3)], Text(b"kettle")), asks(&[PANGRAM, N(9)], Any)]),
    ("strndup", &[asks(&[T(b"kettle\0"), N(3)], Text(b"ket")), asks(&[T(b"ket\0"), N(9)], Text(b"ket"))]),
    ("getenv", &[asks(&[T(b"KETTLE\0")], Text(b"lid")), asks(&[T(b"KETTL\0")], Zero)]),
    (
        "tolower",
        &[
            asks(&[N(b'K' as u64)], Number(b'k' as u32)),
            asks(&[N(b'k' as u64)], Number(b'k' as u32)),
            asks(&[N(b'[' as u64)], Number(b'[' as u32)),
        ],
    ),
    (
        "toupper",
        &[
            asks(&[N(b'k' as u64)], Number(b'K' as u32)),
            asks(&[N(b'K' as u64)], Number(b'K' as u32)),
            asks(&[N(b'{' as u64)], Number(b'{' as u32)),
        ],
    ),
    (
        "__snprintf_chk",
        &[sees(
            &[DOTS, N(6), N(1), N(64), T(b"%s-%d\0"), T(b"lid\0"), N(42)],
            Number(6),
            Seen::Left(0, b"lid-4\0..\0"),
        )],
    ),
    (
        "__sprintf_chk",
        &[leaves(&[DOTS, N(1), N(64), T(b"%s-%d\0"), T(b"lid\0"), N(42)], Number(6), b"lid-42\0.\0")],
    ),
    ("snprintf", &[leaves(&[DOTS, N(6), T(b"%s-%d\0"), T(b"lid\0"), N(42)], Number(6), b"lid-4\0..\0")]),
    ("sprintf", &[leaves(&[DOTS, T(b"%s-%d\0"), T(b"lid\0"), N(42)], Number(6), b"lid-42\0.\0")]),
    (
        "sscanf",
        &[sees(&[T(b"kettle 42\0"), T(b"%s %d\0"), Room, Room], Number(2), Seen::Left(2, b"kettle\0"))],
    ),
    (
        "stpcpy",
        &[
            leaves(&[DOTS, T(b"ket\0"), N(0)], At(3), b"ket\0....\0"),
            leaves(&[DOTS, T(b"kettle\0"), N(2)], At(6), b"kettle\0.\0"),
        ],
    ),
    (
        "strcpy",
        &[
            leaves(&[DOTS, T(b"ket\0"), N(0)], At(0), b"ket\0....\0"),
            leaves(&[DOTS, T(b"kettle\0"), N(2)], At(0), b"kettle\0.\0"),
        ],
    ),
    (
        "strncpy",
        &[
            leaves(&[DOTS, T(b"kettle\0"), N(3)], At(0), b"ket.....\0"),
            leaves(&[DOTS, T(b"ke\0tle\0"), N(5)], At(0), b"ke\0\0\0...\0"),
        ],
    ),
    ("strncat", &[leaves(&[T(b"ab\0......\0"), T(b"cd\0"), N(1)], At(0), b"abc\0.....\0")]),
    ("strcat", &[leaves(&[T(b"ab\0......\0"), T(b"cd\0"), N(0)], At(0), b"abcd\0....\0")]),
    (
        "mempcpy",
        &[
            leaves(&[DOTS, T(b"ke\0tle\0"), N(6)], At(6), b"ke\0tle..\0"),
            leaves(&[DOTS, T(b"kettle\0"), N(2)], At(2), b"ke......\0"),
        ],
    ),
    (
        "memcpy",
        &[
            leaves(&[DOTS, T(b"ke\0tle\0"), N(6)], At(0), b"ke\0tle..\0"),
            leaves(&[DOTS, T(b"kettle\0"), N(2)], At(0), b"ke......\0"),
        ],
    ),
    (
        "memset",
        &[
            leaves(&[DOTS, N(b'x' as u64), N(3)], At(0), b"xxx.....\0"),
            leaves(&[DOTS, N(b'y' as u64), N(7)], At(0), b"yyyyyyy.\0"),
        ],
    ),
    (
        "strtol",
        &[
            asks(&[T(b"2a;\0"), N(0), N(16)], Number(42)),
            asks(&[T(b" -17x\0"), N(0), N(10)], Number(-17_i32 as u32)),
            asks(&[T(b"0x1f\0"), N(0), N(0)], Number(31)),
        ],
    ),
    (
        "atoi",
        &[
            asks(&[T(b"42;\0"), N(0), N(16)], Number(42)),
            asks(&[T(b" -17x\0"), N(1), N(16)], Number(-17_i32 as u32)),
            asks(&[T(b"x\0"), N(0), N(10)], Number(0)),
        ],
    ),
];

/// Functions that use the standard streams, or write to a descriptor.
pub(super) const STANDARD: &[Known] = &[
    ("puts", &[sees(&[T(b"kettle\0")], Any, Seen::Wrote(Some(1), b"kettle\n"))]),
    ("__printf_chk", &[sees(&[N(1), FORMAT, LID, N(42)], Number(7), Seen::Wrote(Some(1), TEXT))]),
    ("printf", &[sees(&[FORMAT, LID, N(42)], Number(7), Seen::Wrote(Some(1), TEXT))]),
    ("__dprintf_chk", &[sees(&[N(9), N(1), FORMAT, LID, N(42)], Number(7), Seen::Wrote(Some(9), TEXT))]),
    ("dprintf", &[sees(&[N(9), FORMAT, LID, N(42)], Number(7), Seen::Wrote(Some(9), TEXT))]),
    ("scanf", &[sees(&[T(b"%s %d\0"), Room, Room], Number(2), Seen::Read(1, b"kettle\0"))]),
    ("gets", &[sees(&[Room], At(0), Seen::Read(0, b"kettle 42\0"))]),
    ("getchar", &[sees(&[], Number(b'k' as u32), Seen::Asked)]),
];

/// Functions that are given a stream.
pub(super) const STREAMS: &[Known] = &[
    ("fgets", &[sees(&[Room, N(16), Stream], At(0), Seen::Read(0, b"kettle 42\n\0"))]),
    ("getdelim", &[sees(&[Room, Room, N(b' ' as u64), Stream], Number(7), Seen::Pointed(0, b"kettle "))]),
    ("getline", &[sees(&[Room, Room, Stream], Number(10), Seen::Pointed(0, b"kettle 42\n"))]),
    (
        "fread",
        &[
            sees(&[Room, N(1), N(6), Stream], Number(6), Seen::Read(0, b"kettle\0")),
            sees(&[Room, N(3), N(2), Stream], Number(2), Seen::Read(0, b"kettle\0")),
        ],
    ),
    ("fscanf", &[sees(&[Stream, T(b"%s %d\0"), Room, Room], Number(2), Seen::Read(2, b"kettle\0"))]),
    ("fgetc", &[sees(&[Stream], Number(b'k' as u32), Seen::Asked)]),
    ("fputs", &[sees(&[T(b"ab\n\0"), Stream], Any, Seen::Wrote(None, b"ab\n"))]),
    ("fwrite", &[sees(&[T(b"ab\nc\0"), N(1), N(3), Stream], Number(3), Seen::Wrote(None, b"ab\n"))]),
    ("__fprintf_chk", &[sees(&[Stream, N(1), FORMAT, LID, N(42)], Number(7), FORMATTED)]),
    ("fprintf", &[sees(&[Stream, FORMAT, LID, N(42)], Number(7), FORMATTED)]),
];

const FORMAT: Arg = T(b"%s-%d\n\0");
const LID: Arg = T(b"lid\0");
const TEXT: &[u8] = b"lid-42\n";
const FORMATTED: Seen = Seen::Wrote(None, TEXT);
