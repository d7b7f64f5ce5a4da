//! Reproducible random bits: SplitMix64 (Steele, Lea, Flood 2014), equal on every machine.

/// A stream of random figures from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

/// Binary digits of a probability that are honoured: an error below 10⁻⁷.
const DIGITS: u32 = 24;

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 64 independent coins, each 1 with this probability: the binary digits of the probability, lowest first, decide
    /// whether a fair coin adds to or thins out the ones so far.
    pub(crate) fn coins(&mut self, probability: f64) -> u64 {
        let scale = f64::from(1_u32 << DIGITS);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and 2^24")]
        let digits = (probability.clamp(0.0, 1.0) * scale).round() as u32;
        if digits == 1 << DIGITS {
            return !0;
        }
        (digits.trailing_zeros()..DIGITS).fold(0, |coins, bit| {
            let fair = self.next();
            if digits >> bit & 1 == 1 { coins | fair } else { coins & fair }
        })
    }

    /// Above 0, at most 1.
    pub(crate) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let figure = ((self.next() >> 11) + 1) as f64;
        figure / 9_007_199_254_740_992.0
    }

    /// Exponentially distributed with this mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.unit().ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_figures_are_those_of_the_published_generator() {
        // Reference: the C program splitmix64.c by Vigna, seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn coins_fall_as_often_as_asked() {
        let mut random = Random::new(7);
        for probability in [0.0, 0.1, 0.5, 0.93, 1.0] {
            let ones: u32 = (0..2000).map(|_| random.coins(probability).count_ones()).sum();
            assert!((f64::from(ones) / 128_000.0 - probability).abs() < 0.005, "{probability}");
        }
    }

    #[test]
    fn times_have_their_mean() {
        let mut random = Random::new(7);
        let sum: f64 = (0..20_000).map(|_| random.exponential(5.8)).sum();
        assert!((sum / 20_000.0 - 5.8).abs() < 0.2);
    }
}
