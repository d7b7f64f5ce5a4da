//! The computing operations of P-code on words of a [`Circuit`]: what `sleigh::emulate::fold` does to numbers.
//!
//! Words are bits, lowest first. Not here, and `None`: floats, divisions and products of more than 8 bytes.

use sleigh::pcode::Opcode;

use super::circuit::{Bit, Circuit};

pub(super) type Word = Vec<Bit>;

/// Widest word that is multiplied or divided, in bits.
const MAX_PRODUCT: usize = 64;

pub(super) fn number(number: u64, bits: usize) -> Word {
    (0..bits).map(|n| Bit::of(n < 64 && number >> n & 1 == 1)).collect()
}

pub(super) fn resized(word: &[Bit], bits: usize) -> Word {
    word.iter().copied().chain(std::iter::repeat(Bit::FALSE)).take(bits).collect()
}

fn sign(word: &[Bit]) -> Bit {
    word.last().copied().unwrap_or(Bit::FALSE)
}

fn sign_extended(word: &[Bit], bits: usize) -> Word {
    word.iter().copied().chain(std::iter::repeat(sign(word))).take(bits).collect()
}

fn complement(word: &[Bit]) -> Word {
    word.iter().map(|bit| bit.inverted()).collect()
}

impl Circuit {
    /// What an operation computes, in `size` bytes.
    pub(super) fn operation(&mut self, opcode: Opcode, inputs: &[Word], size: u16) -> Option<Word> {
        let bits = usize::from(size) * 8;
        let word = match inputs {
            [a] => self.unary(opcode, a, bits)?,
            [a, b] => self.binary(opcode, a, b, bits)?,
            _ => return None,
        };
        Some(resized(&word, bits))
    }

    fn unary(&mut self, opcode: Opcode, a: &[Bit], bits: usize) -> Option<Word> {
        Some(match opcode {
            Opcode::Copy | Opcode::IntZExt => a.to_vec(),
            Opcode::IntSExt => sign_extended(a, bits),
            Opcode::Int2Comp => self.negated(a),
            Opcode::IntNegate => complement(a),
            Opcode::BoolNegate => vec![self.any(a).inverted()],
            Opcode::PopCount => self.ones(a),
            Opcode::LzCount => self.leading_zeros(a),
            _ => return None,
        })
    }

    fn binary(&mut self, opcode: Opcode, a: &[Bit], b: &[Bit], bits: usize) -> Option<Word> {
        let width = a.len();
        let same = || resized(b, width);
        Some(match opcode {
            Opcode::IntAdd => self.sum(a, &same(), Bit::FALSE).0,
            Opcode::IntSub => self.sum(a, &complement(&same()), Bit::TRUE).0,
            Opcode::IntMult => self.product(a, &same())?,
            Opcode::IntAnd => self.each(a, &same(), Self::and),
            Opcode::IntOr => self.each(a, &same(), Self::or),
            Opcode::IntXor => self.each(a, &same(), Self::xor),
            Opcode::IntLeft => self.shifted(a, b, Bit::FALSE, true),
            Opcode::IntRight => self.shifted(a, b, Bit::FALSE, false),
            Opcode::IntSRight => self.shifted(a, b, sign(a), false),
            Opcode::IntEqual => vec![self.equal(a, b)],
            Opcode::IntNotEqual => vec![self.equal(a, b).inverted()],
            Opcode::IntLess => vec![self.less(a, &same())],
            Opcode::IntLessEqual => vec![self.less(&same(), a).inverted()],
            Opcode::IntSLess => vec![self.signed_less(a, &same())],
            Opcode::IntSLessEqual => vec![self.signed_less(&same(), a).inverted()],
            Opcode::IntCarry => vec![self.sum(a, &same(), Bit::FALSE).1],
            Opcode::IntSCarry => {
                let sum = self.sum(a, &same(), Bit::FALSE).0;
                vec![self.overflow(sign(a), sign(b), sign(&sum))]
            }
            Opcode::IntSBorrow => {
                let difference = self.sum(a, &complement(&same()), Bit::TRUE).0;
                vec![self.overflow(sign(a), sign(b).inverted(), sign(&difference))]
            }
            Opcode::BoolAnd | Opcode::BoolOr | Opcode::BoolXor => {
                let (a, b) = (self.any(a), self.any(b));
                vec![match opcode {
                    Opcode::BoolAnd => self.and(a, b),
                    Opcode::BoolOr => self.or(a, b),
                    _ => self.xor(a, b),
                }]
            }
            Opcode::Piece => [b, a].concat(),
            Opcode::SubPiece => {
                let bytes = constant(b)?.min(64) as usize;
                a.get(bytes * 8..).unwrap_or_default().to_vec()
            }
            Opcode::IntDiv => self.division(a, &same())?.0,
            Opcode::IntRem => self.division(a, &same())?.1,
            Opcode::IntSDiv => {
                let quotient = self.signed_division(a, &same())?.0;
                sign_extended(&quotient, bits)
            }
            Opcode::IntSRem => {
                let rest = self.signed_division(a, &same())?.1;
                sign_extended(&rest, bits)
            }
            _ => return None,
        })
    }

    fn each(&mut self, a: &[Bit], b: &[Bit], gate: impl Fn(&mut Self, Bit, Bit) -> Bit) -> Word {
        a.iter().zip(b).map(|(a, b)| gate(self, *a, *b)).collect()
    }

    /// Sum and carry.
    fn sum(&mut self, a: &[Bit], b: &[Bit], mut carry: Bit) -> (Word, Bit) {
        let mut word = Word::with_capacity(a.len());
        for (a, b) in a.iter().zip(b) {
            let half = self.xor(*a, *b);
            word.push(self.xor(half, carry));
            let both = self.and(*a, *b);
            let through = self.and(half, carry);
            carry = self.or(both, through);
        }
        (word, carry)
    }

    pub(super) fn plus(&mut self, a: &[Bit], b: &[Bit]) -> Word {
        self.sum(a, b, Bit::FALSE).0
    }

    fn negated(&mut self, a: &[Bit]) -> Word {
        self.sum(&number(0, a.len()), &complement(a), Bit::TRUE).0
    }

    fn overflow(&mut self, a: Bit, b: Bit, sum: Bit) -> Bit {
        let differ = self.xor(a, b);
        let changed = self.xor(a, sum);
        self.and(differ.inverted(), changed)
    }

    pub(super) fn product(&mut self, a: &[Bit], b: &[Bit]) -> Option<Word> {
        // Adding is skipped where a factor's bit is known to be 0, so the constant is the one that is walked through.
        let (a, b) = if constant(a).is_some() { (b, a) } else { (a, b) };
        let used = |word: &[Bit]| word.iter().rposition(|bit| *bit != Bit::FALSE).map_or(0, |last| last + 1);
        if used(a).max(used(b)) > MAX_PRODUCT {
            return None;
        }
        let mut product = number(0, a.len());
        for (n, bit) in b.iter().enumerate().filter(|(_, bit)| **bit != Bit::FALSE) {
            let moved = number(0, n).into_iter().chain(a.iter().copied()).take(a.len());
            let part: Word = moved.collect::<Vec<_>>().iter().map(|a| self.and(*a, *bit)).collect();
            product = self.plus(&product, &part);
        }
        Some(product)
    }

    pub(super) fn equal(&mut self, a: &[Bit], b: &[Bit]) -> Bit {
        let bits = a.len().max(b.len());
        let differences = self.each(&resized(a, bits), &resized(b, bits), Self::xor);
        self.any(&differences).inverted()
    }

    pub(super) fn less(&mut self, a: &[Bit], b: &[Bit]) -> Bit {
        self.sum(a, &complement(b), Bit::TRUE).1.inverted()
    }

    fn signed_less(&mut self, a: &[Bit], b: &[Bit]) -> Bit {
        let turned = |word: &[Bit]| {
            let mut word = word.to_vec();
            word.iter_mut().last().into_iter().for_each(|sign| *sign = sign.inverted());
            word
        };
        self.less(&turned(a), &turned(b))
    }

    pub(super) fn choose(&mut self, when: Bit, then: &[Bit], otherwise: &[Bit]) -> Word {
        then.iter().zip(otherwise).map(|(a, b)| self.choice(when, *a, *b)).collect()
    }

    /// Moved by a number of bits; what comes in is `fill`.
    fn shifted(&mut self, a: &[Bit], by: &[Bit], fill: Bit, left: bool) -> Word {
        let mut word = a.to_vec();
        let mut all = Bit::FALSE;
        for (n, bit) in by.iter().enumerate() {
            let distance = 1_usize.checked_shl(n as u32).filter(|distance| *distance < a.len());
            let Some(distance) = distance else {
                all = self.or(all, *bit);
                continue;
            };
            let moved: Word = (0..word.len())
                .map(|at| {
                    let from = if left { at.checked_sub(distance) } else { Some(at + distance) };
                    from.and_then(|from| word.get(from)).copied().unwrap_or(fill)
                })
                .collect();
            word = self.choose(*bit, &moved, &word);
        }
        let gone = vec![fill; word.len()];
        self.choose(all, &gone, &word)
    }

    fn ones(&mut self, a: &[Bit]) -> Word {
        let mut count = number(0, 16);
        for bit in a {
            let one = resized(&[*bit], 16);
            count = self.plus(&count, &one);
        }
        count
    }

    fn leading_zeros(&mut self, a: &[Bit]) -> Word {
        let mut count = number(a.len() as u64, 16);
        // From the lowest bit: the highest one that is set decides last.
        for (n, bit) in a.iter().enumerate() {
            let here = number((a.len() - 1 - n) as u64, 16);
            count = self.choose(*bit, &here, &count);
        }
        count
    }

    /// Quotient and rest, digit by digit. By 0, whatever comes out: such a run ends in a fault.
    fn division(&mut self, a: &[Bit], b: &[Bit]) -> Option<(Word, Word)> {
        if a.len() > MAX_PRODUCT {
            return None;
        }
        let wide = a.len() + 1;
        let divisor = resized(b, wide);
        let mut rest = number(0, wide);
        let mut quotient = number(0, a.len());
        for n in (0..a.len()).rev() {
            rest.insert(0, a.get(n).copied()?);
            rest.truncate(wide);
            let fits = self.less(&rest, &divisor).inverted();
            let reduced = self.sum(&rest, &complement(&divisor), Bit::TRUE).0;
            rest = self.choose(fits, &reduced, &rest);
            *quotient.get_mut(n)? = fits;
        }
        rest.truncate(a.len());
        Some((quotient, rest))
    }

    fn signed_division(&mut self, a: &[Bit], b: &[Bit]) -> Option<(Word, Word)> {
        let (x, y) = (self.magnitude(a), self.magnitude(b));
        let (quotient, rest) = self.division(&x, &y)?;
        let differ = self.xor(sign(a), sign(b));
        let (minus_quotient, minus_rest) = (self.negated(&quotient), self.negated(&rest));
        let quotient = self.choose(differ, &minus_quotient, &quotient);
        let rest = self.choose(sign(a), &minus_rest, &rest);
        Some((quotient, rest))
    }

    fn magnitude(&mut self, a: &[Bit]) -> Word {
        let negated = self.negated(a);
        self.choose(sign(a), &negated, a)
    }
}

/// The number that a word is, if no bit of it hangs on the input.
pub(super) fn constant(word: &[Bit]) -> Option<u64> {
    word.iter().enumerate().try_fold(0, |number, (n, bit)| {
        let truth = bit.constant()?;
        Some(if truth && n < 64 { number | 1 << n } else { number })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sleigh::emulate::{Value, fold};

    use super::*;

    const UNARY: &[Opcode] = &[
        Opcode::Copy,
        Opcode::IntZExt,
        Opcode::IntSExt,
        Opcode::Int2Comp,
        Opcode::IntNegate,
        Opcode::BoolNegate,
        Opcode::PopCount,
        Opcode::LzCount,
    ];
    const BINARY: &[Opcode] = &[
        Opcode::IntAdd,
        Opcode::IntSub,
        Opcode::IntMult,
        Opcode::IntAnd,
        Opcode::IntOr,
        Opcode::IntXor,
        Opcode::IntLeft,
        Opcode::IntRight,
        Opcode::IntSRight,
        Opcode::IntEqual,
        Opcode::IntNotEqual,
        Opcode::IntLess,
        Opcode::IntLessEqual,
        Opcode::IntSLess,
        Opcode::IntSLessEqual,
        Opcode::IntCarry,
        Opcode::IntSCarry,
        Opcode::IntSBorrow,
        Opcode::BoolXor,
        Opcode::BoolAnd,
        Opcode::BoolOr,
        Opcode::Piece,
        Opcode::IntDiv,
        Opcode::IntRem,
        Opcode::IntSDiv,
        Opcode::IntSRem,
    ];

    /// A word of input bytes from this position on.
    fn input(circuit: &mut Circuit, position: usize, size: u16) -> Word {
        (0..usize::from(size)).flat_map(|n| circuit.byte(position + n)).collect()
    }

    proptest! {
        #[test]
        fn operations_on_words_are_those_on_numbers(
            a: u64, b in prop_oneof![any::<u64>(), 0_u64..40], size in 1_u16..5, which in 0..UNARY.len() + BINARY.len(),
        ) {
            let mask = |n: u64| n & ((1 << (8 * u32::from(size))) - 1);
            let (a, b) = (mask(a), mask(b));
            let mut circuit = Circuit::new(1 << 20);
            let (x, y) = (input(&mut circuit, 0, size), input(&mut circuit, 8, size));
            let (opcode, words, numbers) = match UNARY.get(which) {
                Some(opcode) => (*opcode, vec![x], vec![Value::new(a, size)]),
                None => (BINARY[which - UNARY.len()], vec![x, y], vec![Value::new(a, size), Value::new(b, size)]),
            };
            let wide = match opcode {
                Opcode::Piece | Opcode::IntZExt | Opcode::IntSExt => 2 * size,
                _ => size,
            };
            let Some(expected) = fold(opcode, &numbers, wide) else { return Ok(()) };
            let word = circuit.operation(opcode, &words, wide).unwrap();
            let input = |n: u32| [if n < 64 { a >> n & 1 } else { b >> (n - 64) & 1 }; 4];
            let bits = circuit.evaluate(&word, input);
            let value = (0..64).zip(&bits).fold(0, |value, (n, cases)| value | (cases[0] & 1) << n);
            prop_assert_eq!(value, expected.low(), "{:?} {:#x} {:#x}", opcode, a, b);
        }
    }
}
