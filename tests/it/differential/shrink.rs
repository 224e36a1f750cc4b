//! Makes a case that shows a difference smaller, as long as it still shows one.

use super::choices::Choices;
use super::compare::load;
use super::record::Play;
use super::rule::Rule;

/// How often a smaller case is tried.
const ATTEMPTS: usize = 6_000;

/// A rule, the messages, and what was different.
pub(crate) struct Found {
    rule: Rule,
    difference: String,
    drawn: [Vec<u32>; 2],
    spans: [Vec<std::ops::Range<usize>>; 2],
}

/// The smallest case that was found, in words. `drawn` is what the rule and the messages were made of.
pub(crate) fn smallest(drawn: [Vec<u32>; 2], messages: usize) -> Option<String> {
    let mut shrinker = Shrinker { found: attempt(&drawn, messages)?, left: ATTEMPTS, messages };
    while shrinker.leave_out() || shrinker.lower() {}
    let Found { rule, difference, .. } = shrinker.found;
    Some(format!("{}\n{difference}", rule.text))
}

/// Plays the case that is made of these choices; `None` where there is no difference.
fn attempt(drawn: &[Vec<u32>; 2], messages: usize) -> Option<Found> {
    let [mut of_rule, mut of_play] = drawn.clone().map(Choices::again);
    let rule = Rule::random(&mut of_rule);
    let play = Play::random(&mut of_play, &rule, messages);
    let difference = match load(std::slice::from_ref(&rule)) {
        Ok(loaded) => loaded.play(0, &play, true).err()?,
        Err(difference) => difference,
    };
    let [(rules, rule_spans), (plays, play_spans)] = [of_rule.made(), of_play.made()];
    Some(Found { rule, difference, drawn: [rules, plays], spans: [rule_spans, play_spans] })
}

struct Shrinker {
    found: Found,
    left: usize,
    messages: usize,
}

impl Shrinker {
    /// Leaves out what belongs together: statements, expressions, messages. Whether something could be.
    fn leave_out(&mut self) -> bool {
        let mut has_changed = false;
        for of in [1, 0] {
            let mut spans = self.spans(of);
            let mut index = 0;
            while let Some(span) = spans.get(index).cloned() {
                index += 1;
                let Some(mut drawn) = self.drawn(of) else { return has_changed };
                if drawn.len() < span.end || span.is_empty() {
                    continue;
                }
                drawn.drain(span.clone());
                let shorter = self.keeps(of, drawn);
                let is_simpler = shorter || self.zeroes(of, &span);
                if is_simpler {
                    has_changed = true;
                    spans = self.spans(of);
                    index = index.saturating_sub(1);
                }
            }
        }
        has_changed
    }

    /// Tries the simplest choices for all of a span.
    fn zeroes(&mut self, of: usize, span: &std::ops::Range<usize>) -> bool {
        let Some(mut drawn) = self.drawn(of) else { return false };
        let Some(part) = drawn.get_mut(span.clone()) else { return false };
        if part.iter().all(|it| *it == 0) {
            return false;
        }
        part.fill(0);
        self.keeps(of, drawn)
    }

    /// Makes single choices simpler. Whether one could be.
    fn lower(&mut self) -> bool {
        let mut has_changed = false;
        for of in [1, 0] {
            let mut at = 0;
            while let Some(value) = self.drawn(of).and_then(|it| it.get(at).copied()) {
                let lower = [0, value / 2, value.saturating_sub(1)];
                for simpler in lower.into_iter().filter(|it| *it < value) {
                    let Some(mut drawn) = self.drawn(of) else { return has_changed };
                    if let Some(it) = drawn.get_mut(at) {
                        *it = simpler;
                    }
                    if self.keeps(of, drawn) {
                        has_changed = true;
                        break;
                    }
                }
                at += 1;
            }
        }
        has_changed
    }

    fn spans(&self, of: usize) -> Vec<std::ops::Range<usize>> {
        let mut spans = self.found.spans.get(of).cloned().unwrap_or_default();
        spans.sort_by_key(|it| std::cmp::Reverse(it.len()));
        spans
    }

    /// The choices, as long as there is time.
    fn drawn(&self, of: usize) -> Option<Vec<u32>> {
        (0 < self.left).then(|| self.found.drawn.get(of).cloned()).flatten()
    }

    /// Takes the choices, if they are simpler and still show a difference.
    fn keeps(&mut self, of: usize, drawn: Vec<u32>) -> bool {
        self.left = self.left.saturating_sub(1);
        let mut both = self.found.drawn.clone();
        if let Some(it) = both.get_mut(of) {
            *it = drawn;
        }
        let Some(found) = attempt(&both, self.messages) else { return false };
        let size = |it: &Found| {
            it.drawn
                .iter()
                .map(|it| (it.len(), it.iter().map(|it| u64::from(*it)).sum::<u64>()))
                .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        };
        if size(&self.found) <= size(&found) {
            return false;
        }
        self.found = found;
        true
    }
}
