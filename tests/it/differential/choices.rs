//! Choices: random numbers that are remembered. A case is made of what was drawn, so that playing a shorter
//! list of smaller numbers makes a simpler case, and still one that the generator could have made.

use std::ops::Range;

/// Where a case takes its decisions from.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    drawn: Vec<u32>,
    at: usize,
    /// What makes numbers; where there is none and the list has ended, everything is 0: the simplest.
    random: Option<u64>,
    /// What was drawn for one thing, such as a statement: what can be left out together.
    spans: Vec<Range<usize>>,
}

/// The beginning of a span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize, usize);

impl Choices {
    /// New choices, the same for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { drawn: Vec::new(), at: 0, random: Some(seed), spans: Vec::new() }
    }

    /// Choices that were made before.
    pub(crate) fn again(drawn: Vec<u32>) -> Self {
        Self { drawn, at: 0, random: None, spans: Vec::new() }
    }

    /// What was drawn, and the parts of it that belong together.
    pub(crate) fn made(mut self) -> (Vec<u32>, Vec<Range<usize>>) {
        self.drawn.truncate(self.at);
        (self.drawn, self.spans)
    }

    /// A number below the bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let last = bound.saturating_sub(1);
        let drawn = match self.drawn.get(self.at) {
            Some(drawn) => (*drawn as usize).min(last),
            None => match &mut self.random {
                Some(state) => usize::try_from(next(state)).unwrap_or(0) % bound.max(1),
                None => 0,
            },
        };
        let kept = u32::try_from(drawn).unwrap_or(u32::MAX);
        match self.drawn.get_mut(self.at) {
            Some(it) => *it = kept,
            None => self.drawn.push(kept),
        }
        self.at += 1;
        drawn
    }

    /// Whether something happens that does so this often. The simple case is that it does not.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        100 - percent.min(100) <= self.below(100)
    }

    /// One of several, the simplest first.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len());
        from.get(index).unwrap_or_else(|| panic!("nothing to choose from"))
    }

    /// The index of a weight, the simplest first.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// From here on, what is drawn belongs together.
    pub(crate) fn open(&mut self) -> Mark {
        self.spans.push(self.at..self.at);
        Mark(self.spans.len() - 1, self.at)
    }

    /// What was drawn since then belongs together.
    pub(crate) fn close(&mut self, mark: Mark) {
        if let Some(span) = self.spans.get_mut(mark.0) {
            *span = mark.1..self.at;
        }
    }
}

/// The next number of SplitMix64.
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    u32::try_from((bits ^ (bits >> 31)) >> 32).unwrap_or(0)
}
