//! Formats of `scanf` and `printf`, as far as programs use them on texts and whole numbers.

/// One part of a `scanf` format.
enum Part<'f> {
    /// Any white space.
    Blank,
    Literal(u8),
    Conversion {
        keep: bool,
        width: usize,
        kind: Kind<'f>,
    },
}

#[derive(Clone, Copy)]
enum Kind<'f> {
    Word,
    Bytes,
    Set { members: &'f [u8], inverted: bool },
    Number { radix: u32, size: u16 },
    Count,
}

/// What a conversion took in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Bytes, and where they stand in the text.
    Text(Vec<u8>, usize),
    /// A number of this many bytes.
    Number(u64, u16),
}

/// The result of `sscanf`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    pub(super) taken: Vec<Taken>,
    /// The text that would have got further.
    pub(super) wanted: Option<Vec<u8>>,
}

/// Reads a text by a format. `word`: bytes of a pointer, which a `long` has as well.
pub(super) fn scan(text: &[u8], format: &[u8], word: u16) -> Scanned {
    let mut scanned = Scanned::default();
    let mut at = 0;
    let mut rest = format;
    while let Some((part, after)) = part(rest, word) {
        let here = text.get(at..).unwrap_or_default();
        match part {
            Part::Blank => at += blanks(here),
            Part::Literal(byte) => {
                if here.first() != Some(&byte) {
                    scanned.wanted = Some(inserted(text, at, &literal(rest)));
                    return scanned;
                }
                at += 1;
            }
            Part::Conversion { keep, width, kind } => {
                let Some((mut taken, count)) = convert(here, width, kind, at) else {
                    scanned.wanted = Some(inserted(text, at, example(kind)));
                    return scanned;
                };
                at += count;
                if let Taken::Text(text, start) = &mut taken {
                    *start = at - text.len();
                }
                scanned.taken.extend(Some(taken).filter(|_| keep));
            }
        }
        rest = after;
    }
    scanned
}

fn inserted(text: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    let (before, after) = text.split_at(at.min(text.len()));
    [before, more, after].concat()
}

/// The literal that a format begins with.
fn literal(format: &[u8]) -> Vec<u8> {
    format.iter().copied().take_while(|byte| *byte != b'%').collect()
}

/// Something that a conversion takes in.
fn example(kind: Kind<'_>) -> &'static [u8] {
    match kind {
        Kind::Set { members: [b'0'..=b'9', ..], .. } | Kind::Number { .. } => b"7",
        Kind::Set { members: [b'A'..=b'Z', ..], .. } => b"K",
        _ => b"k",
    }
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn part(format: &[u8], word: u16) -> Option<(Part<'_>, &[u8])> {
    let (first, mut rest) = format.split_first()?;
    if first.is_ascii_whitespace() {
        return Some((Part::Blank, rest));
    }
    if *first != b'%' {
        return Some((Part::Literal(*first), rest));
    }
    let keep = rest.first() != Some(&b'*');
    rest = rest.get(usize::from(!keep)..)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let width = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().unwrap_or(usize::MAX);
    rest = rest.get(digits..)?;
    let (size, skip) = match rest {
        [b'h', b'h', ..] => (1, 2),
        [b'l', b'l', ..] => (8, 2),
        [b'h', ..] => (2, 1),
        [b'l' | b'z' | b'j' | b't', ..] => (word, 1),
        _ => (4, 0),
    };
    rest = rest.get(skip..)?;
    let (kind, after) = rest.split_first()?;
    let number = |radix| Kind::Number { radix, size };
    let (kind, after) = match kind {
        b'%' => return Some((Part::Literal(b'%'), after)),
        b's' => (Kind::Word, after),
        b'c' => (Kind::Bytes, after),
        b'd' | b'u' | b'i' => (number(10), after),
        b'x' | b'X' => (number(16), after),
        b'o' => (number(8), after),
        b'n' => (Kind::Count, after),
        b'[' => set(after)?,
        _ => return None,
    };
    Some((Part::Conversion { keep, width, kind }, after))
}

/// `[a-z]`, `[^ ]`: a `]` right behind the bracket is a member.
fn set(format: &[u8]) -> Option<(Kind<'_>, &[u8])> {
    let inverted = format.first() == Some(&b'^');
    let format = format.get(usize::from(inverted)..)?;
    let end = format.iter().skip(1).position(|byte| *byte == b']')? + 1;
    Some((Kind::Set { members: format.get(..end)?, inverted }, format.get(end + 1..)?))
}

fn is_member(members: &[u8], byte: u8) -> bool {
    let mut at = 0;
    while let Some(first) = members.get(at).copied() {
        match (members.get(at + 1), members.get(at + 2)) {
            (Some(b'-'), Some(last)) => {
                if (first..=*last).contains(&byte) {
                    return true;
                }
                at += 3;
            }
            _ => {
                if first == byte {
                    return true;
                }
                at += 1;
            }
        }
    }
    false
}

/// What a conversion takes from the start of a text, and how many bytes that are.
fn convert(text: &[u8], width: usize, kind: Kind<'_>, before: usize) -> Option<(Taken, usize)> {
    let skip = match kind {
        Kind::Word | Kind::Number { .. } => blanks(text),
        _ => 0,
    };
    let rest = text.get(skip..)?;
    let run = |fits: &dyn Fn(u8) -> bool| -> Option<Vec<u8>> {
        let run: Vec<u8> = rest.iter().copied().take(width).take_while(|byte| fits(*byte)).collect();
        (!run.is_empty()).then_some(run)
    };
    match kind {
        Kind::Count => Some((Taken::Number(before as u64, 4), 0)),
        Kind::Bytes => {
            let width = if width == usize::MAX { 1 } else { width };
            Some((Taken::Text(rest.get(..width)?.to_vec(), 0), width))
        }
        Kind::Word => {
            let word = run(&|byte| !byte.is_ascii_whitespace())?;
            let count = skip + word.len();
            Some((Taken::Text(word, 0), count))
        }
        Kind::Set { members, inverted } => {
            let text = run(&|byte| is_member(members, byte) != inverted)?;
            let count = text.len();
            Some((Taken::Text(text, 0), count))
        }
        Kind::Number { radix, size } => {
            let digits = run(&|byte| char::from(byte).is_digit(radix) || byte == b'-')?;
            let text = String::from_utf8(digits).ok()?;
            let number = i64::from_str_radix(&text, radix).ok()?;
            Some((Taken::Number(number as u64, size), skip + text.len()))
        }
    }
}

/// Writes by a `printf` format; `argument` gives the next number, `text` what an address points to, and is told where in
/// the output that will stand.
pub(super) fn print(
    format: &[u8],
    mut argument: impl FnMut() -> u64,
    mut text: impl FnMut(u64, usize) -> Vec<u8>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = format;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let flags = rest.iter().take_while(|byte| b"-+ #0123456789.hlzjt*".contains(byte)).count();
        let (options, after) = rest.split_at(flags);
        let Some((kind, after)) = after.split_first() else { break };
        rest = after;
        let mut most = usize::MAX;
        for byte in options.iter().filter(|byte| **byte == b'*') {
            let _ = byte;
            most = argument() as usize;
        }
        match kind {
            b'%' => out.push(b'%'),
            b's' => {
                let text = text(argument(), out.len());
                out.extend(text.into_iter().take(most));
            }
            b'c' => out.push(argument() as u8),
            b'd' | b'i' => out.extend((argument() as i32).to_string().bytes()),
            b'u' => out.extend((argument() as u32).to_string().bytes()),
            b'x' | b'X' | b'p' => out.extend(format!("{:x}", argument() as u32).bytes()),
            _ => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanning_takes_words_sets_and_numbers() {
        let scanned = scan(b"GET /a?b HTTP/1.0", b"GET %7s", 8);
        assert_eq!(scanned, Scanned { taken: vec![Taken::Text(b"/a?b".to_vec(), 4)], wanted: None });
        let scanned = scan(b"peer 42", b"%31[a-z] %d", 8);
        assert_eq!(scanned.taken, [Taken::Text(b"peer".to_vec(), 0), Taken::Number(42, 4)]);
    }

    #[test]
    fn a_text_that_does_not_fit_tells_which_one_would() {
        assert_eq!(scan(b"word", b"GET %s", 8).wanted, Some(b"GET word".to_vec()));
        assert_eq!(scan(b"word x", b"%[a-z] %d", 8).wanted, Some(b"word 7x".to_vec()));
    }

    #[test]
    fn printing_fills_in_texts_and_numbers() {
        let mut arguments = [1, 7, 0x1f].into_iter();
        let out = print(b"%s=%d%% %02x", || arguments.next().unwrap(), |_, _| b"key".to_vec());
        assert_eq!(out, b"key=7% 1f");
    }
}
