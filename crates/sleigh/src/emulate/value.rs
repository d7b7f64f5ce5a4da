//! Numbers as wide as registers get.
#![expect(clippy::indexing_slicing, reason = "limb numbers are below LIMBS, byte counts at most MAX_SIZE")]

use std::cmp::Ordering;

const LIMBS: usize = 8;

/// A number of 0 to [`Value::MAX_SIZE`] bytes, without sign.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    /// Lowest first; bits beyond the size are 0.
    limbs: [u64; LIMBS],
    size: u16,
}

/// Order of the bytes of a number in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Low part first.
    Little,
    /// High part first.
    Big,
}

impl Value {
    /// Widest number, in bytes: the largest vector register of the embedded tables.
    pub const MAX_SIZE: u16 = 64;

    /// The low `size` bytes of `number`. A size beyond [`Self::MAX_SIZE`] counts as that.
    pub fn new(number: u64, size: u16) -> Self {
        Self::from_u128(u128::from(number), size)
    }

    /// The low `size` bytes of `number`. A size beyond [`Self::MAX_SIZE`] counts as that.
    pub fn from_u128(number: u128, size: u16) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = number as u64;
        limbs[1] = (number >> 64) as u64;
        Self::masked(limbs, size)
    }

    /// One byte, 1 or 0.
    pub fn from_bool(truth: bool) -> Self {
        Self::new(u64::from(truth), 1)
    }

    /// At most [`Self::MAX_SIZE`] bytes as a number; further bytes are ignored.
    pub fn from_bytes(bytes: &[u8], order: ByteOrder) -> Self {
        let size = bytes.len().min(usize::from(Self::MAX_SIZE));
        let mut little = [0; 8 * LIMBS];
        little[..size].copy_from_slice(&bytes[..size]);
        if order == ByteOrder::Big {
            little[..size].reverse();
        }
        let mut limbs = [0; LIMBS];
        for (limb, bytes) in limbs.iter_mut().zip(little.as_chunks::<8>().0).take(size.div_ceil(8)) {
            *limb = u64::from_le_bytes(*bytes);
        }
        Self { limbs, size: size as u16 }
    }

    /// Writes the low bytes of the number into `bytes`, zeros where it has fewer.
    pub fn write_to(&self, bytes: &mut [u8], order: ByteOrder) {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = self.byte(index);
        }
        if order == ByteOrder::Big {
            bytes.reverse();
        }
    }

    fn byte(&self, index: usize) -> u8 {
        self.limbs.get(index / 8).map_or(0, |limb| (limb >> (8 * (index % 8))) as u8)
    }

    fn masked(mut limbs: [u64; LIMBS], size: u16) -> Self {
        let size = size.min(Self::MAX_SIZE);
        let whole = usize::from(size / 8);
        if whole < LIMBS {
            limbs[whole] &= (1 << (8 * (size % 8))) - 1;
            limbs[whole + 1..].fill(0);
        }
        Self { limbs, size }
    }

    /// Bytes.
    pub fn size(&self) -> u16 {
        self.size
    }

    /// Bits.
    pub fn bits(&self) -> u32 {
        8 * u32::from(self.size)
    }

    /// The low 64 bits.
    pub fn low(&self) -> u64 {
        self.limbs[0]
    }

    /// The low 128 bits.
    pub fn low_u128(&self) -> u128 {
        u128::from(self.limbs[0]) | u128::from(self.limbs[1]) << 64
    }

    /// The number, if it is below 2^64.
    pub fn to_u64(&self) -> Option<u64> {
        self.limbs[1..].iter().all(|limb| *limb == 0).then_some(self.limbs[0])
    }

    /// The number, if it is below 2^128.
    pub fn to_u128(&self) -> Option<u128> {
        self.limbs[2..].iter().all(|limb| *limb == 0).then_some(self.low_u128())
    }

    /// The number read as two's complement; `None` above 16 bytes.
    pub fn to_i128(&self) -> Option<i128> {
        let spare = 128_u32.checked_sub(self.bits())?;
        Some((self.low_u128().checked_shl(spare).unwrap_or(0) as i128).checked_shr(spare).unwrap_or(0))
    }

    /// Is it 0?
    pub fn is_zero(&self) -> bool {
        self.limbs == [0; LIMBS]
    }

    /// Is its highest bit set?
    pub fn is_negative(&self) -> bool {
        self.size > 0 && self.byte(usize::from(self.size) - 1) & 0x80 != 0
    }

    /// Cut, or extended with zeros, to `size` bytes.
    #[must_use]
    pub fn resized(&self, size: u16) -> Self {
        Self::masked(self.limbs, size)
    }

    /// Cut, or extended with copies of the sign, to `size` bytes.
    #[must_use]
    pub fn sign_extended(&self, size: u16) -> Self {
        if !self.is_negative() {
            return self.resized(size);
        }
        // Complement, extend with zeros, complement back.
        self.complement().resized(size).complement()
    }

    /// Every bit inverted.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::masked(self.limbs.map(|limb| !limb), self.size)
    }

    /// `operation` on each pair of limbs; the size is that of `self`.
    #[must_use]
    pub(super) fn bitwise(&self, other: &Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        let mut limbs = self.limbs;
        for (limb, other) in limbs.iter_mut().zip(other.limbs) {
            *limb = operation(*limb, other);
        }
        Self::masked(limbs, self.size)
    }

    /// Sum, modulo the size of `self`.
    #[must_use]
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut limbs = self.limbs;
        let mut carry = false;
        for (limb, other) in limbs.iter_mut().zip(other.limbs) {
            let (sum, first) = limb.overflowing_add(other);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, first || second);
        }
        Self::masked(limbs, self.size)
    }

    /// Two's complement negation.
    #[must_use]
    pub(super) fn negated(&self) -> Self {
        self.complement().plus(&Self::new(1, self.size))
    }

    /// Product, modulo the size of `self`.
    #[must_use]
    pub(super) fn times(&self, other: &Self) -> Self {
        let count = usize::from(self.size).div_ceil(8);
        let mut limbs = [0_u64; LIMBS];
        for i in 0..count {
            let mut carry = 0_u64;
            for j in 0..count - i {
                let product = u128::from(self.limbs[i]) * u128::from(other.limbs[j]);
                let sum = product + u128::from(limbs[i + j]) + u128::from(carry);
                (limbs[i + j], carry) = (sum as u64, (sum >> 64) as u64);
            }
        }
        Self::masked(limbs, self.size)
    }

    /// Shifted towards the high end, zeros enter.
    #[must_use]
    pub(super) fn shifted_left(&self, amount: u32) -> Self {
        let (whole, part) = (amount as usize / 64, amount % 64);
        let limb = |index: Option<usize>| index.and_then(|i| self.limbs.get(i)).copied().unwrap_or(0);
        let limbs = std::array::from_fn(|index| {
            let from = index.checked_sub(whole);
            let below = index.checked_sub(whole + 1);
            limb(from) << part | limb(below).checked_shr(64 - part).unwrap_or(0)
        });
        Self::masked(limbs, self.size)
    }

    /// Shifted towards the low end, zeros enter.
    #[must_use]
    pub(super) fn shifted_right(&self, amount: u32) -> Self {
        let (whole, part) = (amount as usize / 64, amount % 64);
        let limb = |index: usize| self.limbs.get(index).copied().unwrap_or(0);
        let limbs = std::array::from_fn(|index| {
            limb(index + whole) >> part | limb(index + whole + 1).checked_shl(64 - part).unwrap_or(0)
        });
        Self::masked(limbs, self.size)
    }

    /// Order as numbers without sign, whatever the sizes.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.limbs.iter().rev().cmp(other.limbs.iter().rev())
    }

    /// Number of bits that are 1.
    pub(super) fn ones(&self) -> u32 {
        self.limbs.iter().map(|limb| limb.count_ones()).sum()
    }

    /// Number of bits above the highest 1.
    pub(super) fn leading_zeros(&self) -> u32 {
        let highest = self.limbs.iter().rposition(|limb| *limb != 0);
        let used = highest.map_or(0, |index| 64 * (index as u32 + 1) - self.limbs[index].leading_zeros());
        self.bits() - used
    }
}

impl std::fmt::LowerHex for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut digits = self.limbs.iter().rev().skip_while(|limb| **limb == 0);
        write!(f, "{:x}", digits.next().unwrap_or(&0))?;
        digits.try_for_each(|limb| write!(f, "{limb:016x}"))
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{self:x}:{}", self.size)
    }
}
