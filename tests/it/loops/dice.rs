//! Dice: random choices, the same for the same seed.

/// A source of random choices.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mixed(seed ^ 0x1234_5678_9ABC_DEF1))
    }

    /// A number below that.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        usize::try_from(mixed(self.0) >> 33).unwrap_or(0) % end
    }

    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of.get(self.below(of.len())).copied().unwrap()
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Some of them, in another order.
    pub(crate) fn some<T: Copy, const N: usize>(&mut self, of: &[T]) -> [T; N] {
        self.few(of, N).try_into().unwrap_or_else(|_| panic!("more than there are"))
    }

    /// The same, where nobody knows beforehand how many.
    pub(crate) fn few<T: Copy>(&mut self, of: &[T], count: usize) -> Vec<T> {
        let mut rest = of.to_vec();
        (0..count).map(|_| rest.swap_remove(self.below(rest.len()))).collect()
    }
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
