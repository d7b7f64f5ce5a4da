//! What the modelled Linux answers to each system call.

use program::image::{Abi, Image};
use sleigh::emulate::{Machine, Memory as _, Value};
use sleigh::language::Role;

use super::kernel::{Kernel, MOST, UNKNOWN};
use super::space::Space;

/// What every descriptor gives.
pub(super) const INPUT: &[u8] = b"kettle 42\nlid\n";
/// Seconds since 1970.
pub(super) const NOW: u64 = 0x5000_1234;
/// The first descriptor that is opened.
pub(super) const DESCRIPTOR: u64 = 9;
const PROCESS: u64 = 1000;
/// Where mappings are put, and how much they may take.
pub(super) const MAPPINGS: u64 = 0x7000_0000;
const MAX_MAPPED: u64 = 64 << 20;
const MAX_HEAP: u64 = 1 << 20;
/// Structures of a file's state differ by processor; all hold the mode as a word of its own. In each half of this word, a
/// character device (`S_IFCHR`) that may be read and written.
const MODE: u64 = 0x2190_2190;
/// Bytes of the smallest such structure.
const STATE: u64 = 96;

impl Kernel<'_> {
    pub(super) fn answer(
        &mut self,
        machine: &mut Machine<'_, Space<'_>>,
        name: &str,
        arguments: &[u64],
    ) -> Result<u64, u64> {
        let at = |n: usize| arguments.get(n).copied().unwrap_or(0);
        let word = u64::from(self.convention.pointer);
        Ok(match name {
            "brk" => self.break_at(machine, at(0)),
            "mmap" | "mmap2" => self.mapping(machine, name, arguments)?,
            "mremap" => return Err(12),
            "clone3" | "rseq" | UNKNOWN | "openat2" => return Err(self.unknown()),
            "clone" => {
                if at(1) != 0 {
                    let _ = machine.registers.set_named(self.convention.stack_pointer.name(), at(1).into());
                }
                0
            }
            "arch_prctl" if at(0) == 0x1002 => self.set_thread(machine, at(1)),
            "arch_prctl" => return Err(22),
            "set_thread_area" => self.thread_area(machine, at(0)),
            "set_tls" => self.set_thread(machine, at(0)),
            "read" | "recv" | "recvfrom" | "pread64" => self.bring(machine, at(1), at(2)),
            "readv" => {
                let (start, count) =
                    (load(machine, at(1), word), load(machine, at(1).wrapping_add(word), word));
                self.bring(machine, start, count)
            }
            "write" | "send" | "sendto" | "pwrite64" => at(2),
            "writev" | "sendmsg" => self.asked_bytes(machine, name, arguments).len() as u64,
            "fstat" | "fstat64" | "stat" | "stat64" | "lstat" => Self::file_state(machine, at(1)),
            "newfstatat" | "fstatat64" => Self::file_state(machine, at(2)),
            "statx" => Self::file_state(machine, at(4)),
            "uname" => Self::fill(machine, at(0), &system_names()),
            "getrandom" => Self::fill(machine, at(0), &vec![7; at(1).min(MOST) as usize]) + at(1),
            "prlimit64" => Self::fill(machine, at(3), &limits(8, self.image)),
            "getrlimit" | "ugetrlimit" => Self::fill(machine, at(1), &limits(word as usize, self.image)),
            "clock_gettime" | "gettimeofday" | "clock_gettime64" => {
                let size = if name == "clock_gettime64" { 8 } else { word };
                let to = if name == "gettimeofday" { at(0) } else { at(1) };
                store(machine, to, NOW, size);
                store(machine, to.wrapping_add(size), 0, size);
                0
            }
            "time" => {
                store(machine, at(0), NOW, word);
                NOW
            }
            "pipe" | "pipe2" | "socketpair" => {
                let to = if name == "socketpair" { at(3) } else { at(0) };
                store(machine, to, self.descriptor(), 4);
                store(machine, to.wrapping_add(4), self.descriptor(), 4);
                0
            }
            "open" | "openat" | "socket" | "accept" | "accept4" | "dup" | "memfd_create" | "creat"
            | "epoll_create1" | "inotify_init" => self.descriptor(),
            "dup2" | "dup3" => at(1),
            "getpid" | "gettid" | "getppid" | "set_tid_address" | "setsid" | "wait4" | "waitpid" => PROCESS,
            "readlink" | "readlinkat" | "getcwd" | "sysinfo" => return Err(2),
            "lseek" | "_llseek" => return Err(29),
            _ => 0,
        })
    }

    /// `ENOSYS`.
    fn unknown(&self) -> u64 {
        if matches!(self.image.abi, Abi::MipsO32 | Abi::MipsN32 | Abi::MipsN64) { 89 } else { 38 }
    }

    fn descriptor(&mut self) -> u64 {
        self.descriptors += 1;
        self.descriptors - 1
    }

    fn break_at(&mut self, machine: &mut Machine<'_, Space<'_>>, wanted: u64) -> u64 {
        let (start, end) = self.heap;
        if wanted > end && wanted - start <= MAX_HEAP {
            machine.memory.map(end..wanted);
            self.heap.1 = wanted;
        }
        self.heap.1
    }

    fn mapping(
        &mut self,
        machine: &mut Machine<'_, Space<'_>>,
        name: &str,
        arguments: &[u64],
    ) -> Result<u64, u64> {
        // The first variant of i386 passes a structure; libraries have used the other since 1999.
        let structure = name == "mmap" && self.image.abi == Abi::X86SystemV;
        let size = match arguments.get(1).filter(|_| !structure) {
            Some(size) => *size,
            None => load(machine, arguments.first().copied().unwrap_or(0).wrapping_add(4), 4),
        };
        let size = size.next_multiple_of(0x1000);
        if size == 0 || (self.mappings - MAPPINGS).saturating_add(size) > MAX_MAPPED {
            return Err(12);
        }
        let start = self.mappings;
        self.mappings += size + 0x1000;
        machine.memory.map(start..start + size);
        Ok(start)
    }

    fn set_thread(&mut self, machine: &mut Machine<'_, Space<'_>>, to: u64) -> u64 {
        self.thread = to;
        if let Some(register) = self.convention.special(Role::ThreadPointer) {
            let _ = machine.registers.set_named(register.name(), u128::from(to));
        }
        0
    }

    /// On x86 a descriptor of a segment, on MIPS the pointer itself.
    fn thread_area(&mut self, machine: &mut Machine<'_, Space<'_>>, area: u64) -> u64 {
        if self.image.abi != Abi::X86SystemV {
            return self.set_thread(machine, area);
        }
        store(machine, area, 6, 4);
        let base = load(machine, area.wrapping_add(4), 4);
        self.set_thread(machine, base)
    }

    fn bring(&mut self, machine: &mut Machine<'_, Space<'_>>, to: u64, most: u64) -> u64 {
        let rest = INPUT.get(self.read..).unwrap_or_default();
        let part = rest.get(..rest.len().min(most as usize)).unwrap_or_default();
        self.read += part.len();
        Self::fill(machine, to, part);
        part.len() as u64
    }

    fn file_state(machine: &mut Machine<'_, Space<'_>>, to: u64) -> u64 {
        for n in 0..STATE / 4 {
            store(machine, to.wrapping_add(4 * n), MODE, 4);
        }
        0
    }

    pub(super) fn fill(machine: &mut Machine<'_, Space<'_>>, to: u64, bytes: &[u8]) -> u64 {
        let _ = machine.memory.store(to, bytes);
        0
    }
}

pub(super) fn load(machine: &Machine<'_, Space<'_>>, at: u64, size: u64) -> u64 {
    machine.load(at, size as u16).map_or(0, |value| value.low())
}

pub(super) fn store(machine: &mut Machine<'_, Space<'_>>, at: u64, number: u64, size: u64) {
    let _ = machine.store(at, &Value::new(number, size as u16));
}

/// `struct utsname`: fields of 65 bytes. Libraries read the release and refuse kernels that are too old for them.
fn system_names() -> Vec<u8> {
    let field = b"6.1.0".iter().copied().chain(std::iter::repeat(0)).take(65);
    std::iter::repeat_n(field, 6).flatten().collect()
}

/// Two limits of 8 MB.
fn limits(word: usize, image: &Image) -> Vec<u8> {
    let big = image.endian == program::image::Endian::Big;
    let limit: u64 = 8 << 20;
    let bytes = if big { limit.to_be_bytes() } else { limit.to_le_bytes() };
    let skip = if big { 8 - word } else { 0 };
    let one = bytes.iter().skip(skip).take(word).copied();
    std::iter::repeat_n(one, 2).flatten().collect()
}
