//! What is in this executable file, before any instruction is read.
//!
//! [`load`] reads an ELF file of any processor that `sleigh` knows, or a PE file for x86 or x86-64: segments, symbols, relocations, imports and exports,
//! needed libraries, strings. In ELF files, everything that the run-time loader uses is taken from the program headers and the dynamic
//! table, because those must be right for the program to run; section headers only add to it (names, static symbols)
//! and may be missing, wrong or hostile.
//!
//! Addresses are those of the file (load bias 0). Pointers that the loader would write are answered by
//! [`Image::pointer_at`].
//!
//! Not here: instructions, functions. Not yet: relocatable objects (kernel modules), which give
//! [`ImageError::Unsupported`].

mod abi;
mod elf;
mod import;
mod load;
mod memory;
mod pe;
mod strings;
mod symbol;

pub use abi::Abi;
pub use import::{Import, Pointer};
pub use load::{ImageError, ImageLimits, load};
pub use memory::{Access, Section, Segment};
pub use strings::ImageString;
pub use symbol::{Mode, ModeMark, Symbol, SymbolKind};

use std::sync::Arc;

use sleigh::LanguageId;

use crate::address::{ImportId, VirtAddr};
use memory::Memory;

/// Byte order of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Endian {
    /// The bytes of a number of `size` bytes, at most 8, as they stand in memory.
    pub fn bytes_of(self, number: u64, size: u16) -> Vec<u8> {
        let size = usize::from(size);
        match self {
            Self::Little => number.to_le_bytes().into_iter().take(size).collect(),
            Self::Big => number.to_be_bytes().into_iter().skip(8_usize.saturating_sub(size)).collect(),
        }
    }
}

/// What the file is to the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageKind {
    /// Loaded where it says.
    Executable,
    /// Loaded anywhere: a shared library, or a position-independent program (then it has an interpreter or `DF_1_PIE`).
    Shared,
}

/// An executable file, read.
#[derive(Clone, Debug)]
pub struct Image {
    pub(crate) memory: Memory,
    /// Processor language of its code.
    pub language: LanguageId,
    /// Calling convention family.
    pub abi: Abi,
    /// Byte order of data; that of code differs in ARM BE8 images.
    pub endian: Endian,
    /// Bytes of a pointer, 4 or 8.
    pub pointer_size: u8,
    /// Executable or shared.
    pub kind: ImageKind,
    /// Where execution starts; `None` if the file states none.
    pub entry: Option<CodeAddr>,
    /// Path of the run-time loader.
    pub interpreter: Option<String>,
    /// Own name of a library.
    pub soname: Option<String>,
    /// Libraries it needs, in the order of the file.
    pub needed: Vec<String>,
    /// GNU build id.
    pub build_id: Option<Vec<u8>>,
    /// Has it lost its static symbol table?
    pub stripped: bool,
    /// Every symbol, static and dynamic, by address and name.
    pub symbols: Vec<Symbol>,
    /// ARM and RISC-V mapping symbols, by address.
    pub mode_marks: Vec<ModeMark>,
    /// Imported symbols, by name; [`ImportId`] counts them.
    pub imports: Vec<Import>,
    pub(crate) pointers: Vec<(VirtAddr, Pointer)>,
    /// Functions run before `main`, in order: preinit, `DT_INIT`, `DT_INIT_ARRAY`.
    pub init: Vec<CodeAddr>,
    /// Functions run at exit: `DT_FINI_ARRAY`, `DT_FINI`.
    pub fini: Vec<CodeAddr>,
    /// Value of the global pointer where the ABI fixes it: MIPS `gp`, PowerPC 64 TOC.
    pub global_pointer: Option<u64>,
    /// `.eh_frame` and the header that points to it, where found.
    pub(crate) eh_frame: Option<VirtAddr>,
    /// `.ARM.exidx`: start and length in bytes.
    pub(crate) exidx: Option<(VirtAddr, u64)>,
    /// Ranges that a table of functions names (`.pdata`), and whether a function starts there.
    pub(crate) unwound: Vec<(VirtAddr, VirtAddr, bool)>,
    /// Parts of the file that are missing, unreadable or beyond a limit, as plain sentences.
    pub damage: Vec<String>,
    /// Things that are odd about the file though everything could be read, as plain sentences.
    pub anomalies: Vec<String>,
}

/// Address of an instruction together with the mode that a pointer's low bit states (Thumb, MIPS16, microMIPS).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeAddr {
    /// Where, bit 0 cleared.
    pub address: VirtAddr,
    /// Short-instruction mode.
    pub short: bool,
}

impl Image {
    /// The whole file.
    pub fn file(&self) -> &Arc<[u8]> {
        &self.memory.file
    }

    /// Loaded segments, by address.
    pub fn segments(&self) -> &[Segment] {
        &self.memory.segments
    }

    /// Sections that are loaded, by address; empty if the file has no usable section headers.
    pub fn sections(&self) -> &[Section] {
        &self.memory.sections
    }

    /// What the import is called.
    pub fn import(&self, id: ImportId) -> Option<&Import> {
        self.imports.get(id.0 as usize)
    }

    /// Symbols that others can link to: defined and dynamic, by address.
    pub fn exports(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter().filter(|symbol| symbol.dynamic && symbol.exported)
    }

    /// What the loader puts at this place: a resolved pointer, an import, the result of a resolver.
    pub fn pointer_at(&self, address: VirtAddr) -> Option<Pointer> {
        let found = self.pointers.binary_search_by_key(&address, |entry| entry.0);
        found.ok().and_then(|index| self.pointers.get(index)).map(|entry| entry.1)
    }

    /// Every place that the loader fills, by address.
    pub fn pointers(&self) -> impl Iterator<Item = (VirtAddr, Pointer)> + '_ {
        self.pointers.iter().copied()
    }

    /// A number in memory: the loader's value if it writes one there, else the file's bytes. `None` for places that the
    /// file does not fill, and for imports.
    pub fn word_at(&self, address: VirtAddr) -> Option<u64> {
        match self.pointer_at(address) {
            Some(Pointer::Local(target)) => Some(target.0),
            Some(_) => None,
            None => self.read_uint(address, self.pointer_size),
        }
    }

    /// Splits a code pointer into address and mode.
    pub fn code_addr(&self, pointer: u64) -> CodeAddr {
        let has_modes = matches!(
            self.language,
            LanguageId::ArmLe
                | LanguageId::ArmBe
                | LanguageId::CortexM
                | LanguageId::Mips32Be
                | LanguageId::Mips32Le
                | LanguageId::Mips64Be
                | LanguageId::Mips64Le
        );
        let short = has_modes && pointer & 1 == 1;
        CodeAddr { address: VirtAddr(pointer & !u64::from(short)), short }
    }

    /// The function that an address inside its first instructions stands for. In 64-bit PowerPC ELF V2, calls from the
    /// same image skip the two instructions that compute the pointer to the table of contents (ABI, section 2.3.2.1).
    pub fn whole_function(&self, code: CodeAddr) -> CodeAddr {
        let skipped = || {
            let start = VirtAddr(code.address.0.checked_sub(8)?);
            let (high, low) = (self.read_uint(start, 4)?, self.read_uint(start.plus(4), 4)?);
            // addis r2,r12,x or lis r2,x; addi r2,r2,y
            (matches!(high >> 16, 0x3c4c | 0x3c40) && low >> 16 == 0x3842).then_some(start)
        };
        match self.abi {
            Abi::Ppc64ElfV2 => CodeAddr { address: skipped().unwrap_or(code.address), ..code },
            _ => code,
        }
    }

    /// The symbol of the function that starts here; a global one before a local one.
    pub fn function_symbol(&self, address: VirtAddr) -> Option<&Symbol> {
        let start = self.symbols.partition_point(|symbol| symbol.address < address);
        let here = self.symbols.get(start..)?.iter().take_while(|symbol| symbol.address == address);
        here.filter(|symbol| symbol.defined && symbol.kind == SymbolKind::Function)
            .min_by_key(|symbol| (!symbol.exported, symbol.name.len(), &symbol.name))
    }
}
