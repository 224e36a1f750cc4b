//! Rules with errors of every kind: whatever the text is, loading it answers, and never panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rulegate_script::{Limits, SourceFile};
use support::{hostile_rules, small_set};

/// How often each rule is changed at random.
const MUTATIONS: usize = 8;

/// What is put into the text at random.
const FRAGMENTS: [&str; 20] = [
    "{",
    "}",
    "(",
    ")",
    "\"",
    "`",
    "${",
    "fn ",
    "const STEP = #{",
    "#{",
    "[",
    "]",
    "loop {",
    "|x|",
    "=>",
    "\u{0}",
    "\u{1F600}",
    "/*",
    "99999999999999999999",
    "::",
];

/// A sequence of numbers that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

#[test]
fn no_text_of_a_rule_makes_the_loader_panic() {
    let mut dice = Dice(0x5eed_0001);
    let shipped = support::shipped_rule_files().unwrap();
    let small: Vec<SourceFile> =
        hostile_rules().unwrap().into_iter().filter(|it| it.text.len() < 2_000).collect();
    for file in shipped.iter().chain(&small) {
        for _ in 0..MUTATIONS {
            let text = mutated(&file.text, &mut dice);
            let changed = SourceFile::new(file.path.as_str(), text.as_str());
            let loaded = catch_unwind(AssertUnwindSafe(|| {
                small_set(&[changed], &Limits::default()).map(drop)
            }));
            let loaded = loaded.unwrap_or_else(|_| panic!("panics: {text}"));
            for problem in loaded.err().into_iter().flatten() {
                let _ = problem.render(false); // However broken the line is that it shows.
                assert!(!problem.message.is_empty());
            }
        }
    }
}

#[test]
fn no_bytes_make_the_loader_panic() {
    let mut dice = Dice(0x5eed_0002);
    for _ in 0..200 {
        let bytes: Vec<u8> =
            (0..dice.below(200)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        let Ok(file) = SourceFile::from_bytes("rules/account/x.rhai", &bytes) else { continue };
        assert!(small_set(&[file], &Limits::default()).is_err());
    }
}

/// The text with one thing changed: a piece taken out, doubled, moved, or replaced by another.
fn mutated(text: &str, dice: &mut Dice) -> String {
    let letters: Vec<char> = text.chars().collect();
    let start = dice.below(letters.len());
    let end = (start + dice.below(40)).min(letters.len());
    let (before, rest) = letters.split_at(start);
    let (piece, after) = rest.split_at(end - start);
    let fragment = FRAGMENTS.get(dice.below(FRAGMENTS.len())).unwrap();
    let fragment: Vec<char> = fragment.chars().collect();
    let parts: [&[char]; 4] = match dice.below(5) {
        0 => [before, &[], &[], after],
        1 => [before, piece, piece, after],
        2 => [piece, before, after, &[]],
        3 => [before, &fragment, piece, after],
        _ => [before, &fragment, &fragment, after],
    };
    parts.concat().into_iter().collect()
}
