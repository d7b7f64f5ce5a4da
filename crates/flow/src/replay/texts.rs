//! What single library functions do, as far as texts and input need it. Every other function succeeds: it returns 0, or
//! something that can be used where that is what success looks like.

use sleigh::emulate::{Machine, Value};

use super::format::{Taken, print, scan};
use super::library::{MAX_TEXT, Run};
use super::symbols::Compared;
use crate::filler::Filler;
use crate::knowledge::{Comparison, Fact, Spot, facts_of};

type World<'m, 'f> = Machine<'m, Filler<'f>>;

/// The result of a call; `None` if the program ends.
pub(super) fn call(run: &mut Run<'_>, machine: &mut World<'_, '_>, name: &str, from: u64) -> Option<u64> {
    let checked = name.strip_prefix("__").and_then(|name| name.strip_suffix("_chk"));
    let plain = checked.unwrap_or(name);
    if let Some(result) = comparison(run, machine, plain) {
        return Some(result);
    }
    let n = |run: &Run<'_>, machine: &World<'_, '_>, n: u32| run.argument(machine, n);
    let [a, b, c] = [0, 1, 2].map(|index| n(run, machine, index));
    let chk = u32::from(checked.is_some());
    Some(match plain {
        "read" | "recv" | "recvfrom" | "SSL_read" | "BIO_read" => input(run, machine, from, b, c),
        "recvmsg" => message(run, machine, from, b),
        "fgets" | "fgets_unlocked" => line(run, machine, from, a, n(run, machine, 1 + chk)),
        "gets" => line(run, machine, from, a, MAX_TEXT),
        "fread" | "fread_unlocked" => {
            input(run, machine, from, a, b.wrapping_mul(c).min(MAX_TEXT)) / b.max(1)
        }
        "getline" | "getdelim" | "__getdelim" => whole_line(run, machine, from, a, b),
        "fgetc" | "getc" | "getchar" | "_IO_getc" => match run.arrives(from).then(|| run.take(1, false)) {
            Some((byte, at)) if !byte.is_empty() => {
                let bits = run.shadow().circuit.byte(at).to_vec();
                run.result = Some(bits);
                byte.first().map_or(u64::MAX, |byte| u64::from(*byte))
            }
            _ => u64::MAX,
        },
        "exit" | "_exit" | "_Exit" | "abort" | "__stack_chk_fail" | "__assert_fail" => return None,
        "__isoc99_sscanf" | "sscanf" => scanned(run, machine, a, b, 2),
        "__isoc99_scanf" | "scanf" | "__isoc99_fscanf" | "fscanf" => {
            if !run.arrives(from) {
                return Some(u64::MAX);
            }
            let (text, position) = run.take(MAX_TEXT as usize, true);
            let text = stored(run, machine, &text, position);
            let at = u32::from(plain.ends_with("fscanf"));
            let format = n(run, machine, at);
            scanned(run, machine, text, format, at + 1)
        }
        "snprintf" => printed(run, machine, a, b, 2 + 2 * chk),
        "sprintf" => printed(run, machine, a, MAX_TEXT, 1 + 2 * chk),
        "pthread_create" => {
            run.starts(c, n(run, machine, 3));
            0
        }
        _ if run.arrives(from) => {
            asked_for(run, machine, plain).unwrap_or_else(|| texts(run, machine, plain, [a, b, c]))
        }
        _ => return Some(texts(run, machine, plain, [a, b, c])),
    })
}

/// Functions whose last argument gets a pointer to a text, not the text.
const POINTERS: &[&str] = &["pam_get_authtok", "pam_get_item", "pam_get_user", "pam_prompt"];

/// Text that is asked for by a name: a line of the input for each name. `None` if a function does not bring any.
fn asked_for(run: &mut Run<'_>, machine: &mut World<'_, '_>, name: &str) -> Option<u64> {
    let spot = facts_of(name).iter().find_map(|fact| match *fact {
        Fact::Source(_, spot) => Some(spot),
        _ => None,
    })?;
    let key: Vec<Vec<u8>> = (0..2)
        .map(|n| {
            let at = run.argument(machine, n);
            if at < 0x1000 { at.to_le_bytes().to_vec() } else { run.text(machine, at, 64) }
        })
        .collect();
    let (text, position) = run.line_named([vec![name.as_bytes().to_vec()], key].concat().concat());
    match spot {
        Spot::Result => Some(stored(run, machine, &text, position)),
        // Objects of C++ are not modelled, messages elsewhere.
        Spot::Object(_) | Spot::Stream(_) | Spot::Message(_) => None,
        Spot::Argument(n) | Spot::From(n) => {
            let to = run.argument(machine, u32::from(n));
            if POINTERS.contains(&name) {
                let text = stored(run, machine, &text, position);
                let word = run.word();
                run.store(machine, to, &Value::new(text, word));
            } else {
                run.bring(machine, to, &text, position);
                run.write(machine, to.wrapping_add(text.len() as u64), &[0]);
            }
            Some(0)
        }
    }
}

fn input(run: &mut Run<'_>, machine: &mut World<'_, '_>, from: u64, to: u64, most: u64) -> u64 {
    if !run.arrives(from) {
        return 0;
    }
    let (bytes, position) = run.take(most.min(MAX_TEXT) as usize, false);
    run.bring(machine, to, &bytes, position);
    bytes.len() as u64
}

/// Fills the first buffer of a message: behind two words of its header stands the list of them (`struct msghdr`).
fn message(run: &mut Run<'_>, machine: &mut World<'_, '_>, from: u64, header: u64) -> u64 {
    let word = run.word();
    let pointer = |at: u64| machine.load(at, word).map_or(0, |value| value.low());
    let list = pointer(header.wrapping_add(2 * u64::from(word)));
    let (to, most) = (pointer(list), pointer(list.wrapping_add(u64::from(word))));
    input(run, machine, from, to, most)
}

fn line(run: &mut Run<'_>, machine: &mut World<'_, '_>, from: u64, to: u64, room: u64) -> u64 {
    if !run.arrives(from) {
        return 0;
    }
    let (bytes, position) = run.take(room.saturating_sub(1).min(MAX_TEXT) as usize, true);
    if bytes.is_empty() {
        return 0;
    }
    run.bring(machine, to, &bytes, position);
    run.write(machine, to.wrapping_add(bytes.len() as u64), &[0]);
    to
}

fn whole_line(run: &mut Run<'_>, machine: &mut World<'_, '_>, from: u64, to: u64, room: u64) -> u64 {
    let (bytes, position) =
        if run.arrives(from) { run.take(MAX_TEXT as usize, true) } else { Default::default() };
    if bytes.is_empty() {
        return u64::MAX;
    }
    let text = stored(run, machine, &bytes, position);
    let word = run.word();
    run.store(machine, to, &Value::new(text, word));
    run.store(machine, room, &Value::new(256, word));
    bytes.len() as u64
}

/// A new object with a text in it that stands at a position of the input.
fn stored(run: &mut Run<'_>, machine: &mut World<'_, '_>, text: &[u8], position: usize) -> u64 {
    let object = run.object(machine);
    run.bring(machine, object, text, position);
    run.write(machine, object.wrapping_add(text.len() as u64), &[0]);
    object
}

/// A comparison as the library knowledge describes it.
fn comparison(run: &mut Run<'_>, machine: &World<'_, '_>, name: &str) -> Option<u64> {
    let compares = facts_of(name).iter().find_map(|fact| match *fact {
        Fact::Compares { how, left, right, length } => Some((how, left, right, length)),
        _ => None,
    });
    let (how, left, right, length) = compares?;
    let [left, right] = [left, right].map(|n| run.argument(machine, u32::from(n)));
    let most = length.map_or(MAX_TEXT, |n| run.argument(machine, u32::from(n)));
    let read = |at: u64| match how {
        Comparison::Bytes => run.bytes(machine, at, most),
        Comparison::Contains => run.text(machine, at, MAX_TEXT),
        _ => run.text(machine, at, most),
    };
    let (a, b) = (read(left), read(right));
    let compared = Compared { how, left: (left, a.len()), right: (right, b.len()), most };
    let result = compared_now(run, how, left, &a, &b);
    run.compares(machine, &compared, result);
    Some(result)
}

/// A word that stands for what is looked for behind a text, another one for each text.
fn filling(text: &[u8]) -> Vec<u8> {
    let digest =
        text.iter().fold(7_u32, |digest, byte| digest.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    let letter = |n: u32| b'b' + (digest.rotate_right(5 * n) % 24) as u8;
    (0..5).map(letter).chain([b'\n']).collect()
}

/// What a comparison returns in this run.
fn compared_now(run: &mut Run<'_>, how: Comparison, left: u64, a: &[u8], b: &[u8]) -> u64 {
    let (mut x, mut y) = (a.to_vec(), b.to_vec());
    if matches!(how, Comparison::Caseless | Comparison::CaselessPrefix) {
        x.make_ascii_lowercase();
        y.make_ascii_lowercase();
    }
    if how == Comparison::Contains {
        let found = (0..=x.len()).find(|at| x.get(*at..).is_some_and(|rest| rest.starts_with(&y)));
        if found.is_none() {
            // The rest of the text may be needed as well, and what comes behind the wanted one.
            run.compared(a, &[a, b, &filling(b)].concat());
        }
        return found.map_or(0, |at| left.wrapping_add(at as u64));
    }
    if x != y {
        run.compared(a, b);
    }
    match x.cmp(&y) {
        std::cmp::Ordering::Less => u64::MAX,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }
}

fn scanned(run: &mut Run<'_>, machine: &mut World<'_, '_>, from: u64, format: u64, first: u32) -> u64 {
    let text = run.text(machine, from, MAX_TEXT);
    let format = run.text(machine, format, MAX_TEXT);
    let scanned = scan(&text, &format, run.word());
    for (taken, n) in scanned.taken.iter().zip(first..) {
        let to = run.argument(machine, n);
        match taken {
            Taken::Text(text, at) => {
                run.copy(machine, from.wrapping_add(*at as u64), to, text);
                run.write(machine, to.wrapping_add(text.len() as u64), &[0]);
            }
            Taken::Number(number, size) => run.store(machine, to, &Value::new(*number, *size)),
        }
    }
    if let Some(wanted) = scanned.wanted {
        run.compared(&text, &wanted);
    }
    scanned.taken.len() as u64
}

fn printed(run: &mut Run<'_>, machine: &mut World<'_, '_>, to: u64, room: u64, format: u32) -> u64 {
    let text = run.text(machine, run.argument(machine, format), MAX_TEXT);
    let mut next = format;
    let argument = || {
        next += 1;
        run.argument(machine, next)
    };
    let mut copied = Vec::new();
    let mut out = print(&text, argument, |address, at| {
        let text = run.text(machine, address, MAX_TEXT);
        copied.push((address, at, text.len()));
        text
    });
    let length = out.len() as u64;
    out.truncate(room.saturating_sub(1) as usize);
    run.write(machine, to, &out);
    run.write(machine, to.wrapping_add(out.len() as u64), &[0]);
    for (from, at, count) in copied {
        let part = out.get(at..(at + count).min(out.len())).unwrap_or_default();
        run.copy(machine, from, to.wrapping_add(at as u64), part);
    }
    length
}

/// Functions on texts, and what success looks like.
fn texts(run: &mut Run<'_>, machine: &mut World<'_, '_>, name: &str, [a, b, c]: [u64; 3]) -> u64 {
    let text = |run: &Run<'_>, machine: &World<'_, '_>, at: u64| run.text(machine, at, MAX_TEXT);
    match name {
        "strlen" | "strnlen" => {
            let length =
                text(run, machine, a).len().min(if name == "strlen" { usize::MAX } else { b as usize });
            run.first(machine, (a, length), 0, length as u64, |byte| byte == 0);
            length as u64
        }
        "strchr" | "index" | "strchrnul" | "strrchr" | "rindex" | "memchr" => {
            found(run, machine, name, [a, b, c])
        }
        "strcspn" | "strspn" | "strpbrk" => spanned(run, machine, name, a, b),
        "strtok" | "strtok_r" | "__strtok_r" | "strsep" => token(run, machine, name, [a, b, c]),
        "memcpy" | "memmove" | "mempcpy" | "bcopy" => {
            let (to, from) = if name == "bcopy" { (b, a) } else { (a, b) };
            let bytes = run.bytes(machine, from, c);
            run.copy(machine, from, to, &bytes);
            if name == "mempcpy" { to.wrapping_add(c) } else { to }
        }
        "strcpy" | "stpcpy" | "strncpy" | "strlcpy" | "strcat" | "strncat" => {
            let mut copied = run.text(machine, b, if name.contains('n') { c } else { MAX_TEXT });
            if name == "strlcpy" {
                copied.truncate(c.saturating_sub(1) as usize);
            }
            let skip = if name.ends_with("cat") { text(run, machine, a).len() as u64 } else { 0 };
            let length = copied.len() as u64;
            run.copy(machine, b, a.wrapping_add(skip), &copied);
            if name != "strncpy" || length < c {
                run.write(machine, a.wrapping_add(skip + length), &[0]);
            }
            if name == "stpcpy" { a.wrapping_add(length) } else { a }
        }
        "memset" | "bzero" => {
            let (byte, count) = if name == "bzero" { (0, b) } else { (b as u8, c) };
            run.write(machine, a, &vec![byte; count.min(4 * MAX_TEXT) as usize]);
            a
        }
        "strdup" | "strndup" | "__strdup" => {
            let copy = run.text(machine, a, if name == "strndup" { b } else { MAX_TEXT });
            let object = run.object(machine);
            run.copy(machine, a, object, &copy);
            run.write(machine, object.wrapping_add(copy.len() as u64), &[0]);
            object
        }
        "atoi" | "atol" | "atoll" => read_number(run, machine, a, 10).0,
        "strtol" | "strtoul" | "strtoll" | "strtoull" => {
            let (number, length) = read_number(run, machine, a, if c == 0 { 10 } else { c as u32 });
            if b != 0 {
                let word = run.word();
                run.store(machine, b, &Value::new(a.wrapping_add(length as u64), word));
            }
            number
        }
        "tolower" => {
            run.changes_case(machine, true);
            u64::from((a as u8).to_ascii_lowercase())
        }
        "toupper" => {
            run.changes_case(machine, false);
            u64::from((a as u8).to_ascii_uppercase())
        }
        "htonl" | "ntohl" => {
            let turns = !run.is_big_endian();
            run.in_network_order(machine, 4, turns);
            u64::from(if turns { (a as u32).swap_bytes() } else { a as u32 })
        }
        "htons" | "ntohs" => {
            let turns = !run.is_big_endian();
            run.in_network_order(machine, 2, turns);
            u64::from(if turns { (a as u16).swap_bytes() } else { a as u16 })
        }
        _ => success(run, machine, name, c),
    }
}

/// What a function that is not modelled returns when all goes well.
fn success(run: &mut Run<'_>, machine: &mut World<'_, '_>, name: &str, count: u64) -> u64 {
    match name {
        "socket" | "accept" | "accept4" | "open" | "open64" | "openat" | "dup" | "epoll_create"
        | "epoll_create1" | "creat" | "fileno" => 5,
        "fopen" | "fopen64" | "fdopen" | "popen" | "malloc" | "calloc" | "realloc" | "xmalloc"
        | "opendir" | "__errno_location" | "localtime" | "gmtime" | "inet_ntoa" => run.object(machine),
        "write" | "send" | "sendto" | "fwrite" => count,
        "select" | "poll" | "epoll_wait" | "inet_pton" | "inet_aton" => 1,
        "time" => 1_700_000_000,
        "getpid" | "getppid" => 4_321,
        "getuid" | "geteuid" => 1_000,
        "mmap" | "mmap64" => u64::MAX,
        _ => 0,
    }
}

fn found(run: &mut Run<'_>, machine: &World<'_, '_>, name: &str, [a, b, c]: [u64; 3]) -> u64 {
    let mut text = match name {
        "memchr" => run.bytes(machine, a, c),
        _ => run.text(machine, a, MAX_TEXT),
    };
    let end = text.len() as u64;
    if name != "memchr" {
        text.push(0);
    }
    let wanted = |byte: &u8| *byte == b as u8;
    if !name.contains("rchr") && name != "rindex" {
        let none = if name == "strchrnul" { a.wrapping_add(end) } else { 0 };
        run.first(machine, (a, text.len()), a, none, |byte| byte == b as u8);
    }
    let at = if name.contains("rchr") || name == "rindex" {
        text.iter().rposition(wanted)
    } else {
        text.iter().position(wanted)
    };
    match at {
        Some(at) => a.wrapping_add(at as u64),
        None => {
            let more = [text.strip_suffix(b"\0").unwrap_or(&text), &[b as u8, b'k']].concat();
            let plain = text.strip_suffix(b"\0").unwrap_or(&text).to_vec();
            run.compared(&plain, &more);
            if name == "strchrnul" { a.wrapping_add(end) } else { 0 }
        }
    }
}

fn spanned(run: &mut Run<'_>, machine: &World<'_, '_>, name: &str, a: u64, b: u64) -> u64 {
    let (text, set) = (run.text(machine, a, MAX_TEXT), run.text(machine, b, MAX_TEXT));
    let stop = |byte: &u8| set.contains(byte) != (name == "strspn");
    let (base, none) = if name == "strpbrk" { (a, 0) } else { (0, text.len() as u64) };
    run.first(machine, (a, text.len()), base, none, |byte| stop(&byte) || byte == 0 && name != "strpbrk");
    let at = text.iter().position(stop);
    match name {
        "strpbrk" => at.map_or(0, |at| a.wrapping_add(at as u64)),
        _ => at.unwrap_or(text.len()) as u64,
    }
}

fn token(run: &mut Run<'_>, machine: &mut World<'_, '_>, name: &str, [a, b, c]: [u64; 3]) -> u64 {
    let word = run.word();
    let place = match name {
        "strsep" => Some(a),
        "strtok" => None,
        _ => Some(c),
    };
    let kept = match place {
        Some(place) => machine.load(place, word).map_or(0, |value| value.low()),
        None => run.token,
    };
    let start = if name == "strsep" || a == 0 { kept } else { a };
    let set = run.text(machine, b, 64);
    let text = run.text(machine, start, MAX_TEXT);
    let is = |byte: &u8| set.contains(byte);
    let skip = if name == "strsep" { 0 } else { text.iter().take_while(|byte| is(byte)).count() };
    let length = text.iter().skip(skip).take_while(|byte| !is(byte)).count();
    let none = start == 0 || name != "strsep" && length == 0;
    let end = start.wrapping_add((skip + length) as u64);
    let last = skip + length >= text.len();
    let next = match (none || last, name) {
        (true, "strsep") => 0,
        (true, _) => end,
        _ => {
            run.write(machine, end, &[0]);
            end.wrapping_add(1)
        }
    };
    match place {
        Some(place) => {
            run.store(machine, place, &Value::new(next, word));
        }
        None => run.token = next,
    }
    if none { 0 } else { start.wrapping_add(skip as u64) }
}

/// The number at the start of a text in memory.
fn read_number(run: &mut Run<'_>, machine: &World<'_, '_>, at: u64, radix: u32) -> (u64, usize) {
    let text = run.text(machine, at, MAX_TEXT);
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    run.reads_number(machine, (at.wrapping_add(blanks as u64), text.len() - blanks), radix.clamp(2, 36));
    number(&text, radix)
}

/// A number at the start of a text, and the bytes that it takes.
fn number(text: &[u8], radix: u32) -> (u64, usize) {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let rest = text.get(blanks..).unwrap_or_default();
    let negative = rest.first() == Some(&b'-');
    let sign = usize::from(negative || rest.first() == Some(&b'+'));
    let mut number = 0_u64;
    let mut length = 0;
    for byte in rest.iter().skip(sign) {
        let Some(digit) = char::from(*byte).to_digit(radix.clamp(2, 36)) else { break };
        number = number.wrapping_mul(u64::from(radix)).wrapping_add(u64::from(digit));
        length += 1;
    }
    (if negative { number.wrapping_neg() } else { number }, blanks + sign + length)
}
