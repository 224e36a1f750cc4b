//! How much memory hostile rules get hold of: an allocator that counts, and so a binary of its own.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes a test target of its own for production code"
)]

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;
use std::{fs, thread};

use peak_alloc::PeakAlloc;
use rulegate::{OrganizationService, Query};
use rulegate_script::{Limits, SourceFile};
use support::{hostile_rules, small_engine, small_set};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What no hostile rule may add to what the process holds anyway.
const BOUND: usize = 32 * 1024 * 1024;

/// One test for all: what others allocate meanwhile would be counted, too.
#[test]
fn no_hostile_rule_holds_more_than_32_mib() {
    let mut measured: Vec<(usize, String)> = Vec::new();
    for rule in hostile_rules().unwrap() {
        if let Some(peak) = peak_of(&rule) {
            measured.push((peak, rule.path));
        }
    }
    measured.sort_by(|a, b| b.cmp(a));
    let mut table = String::new();
    for (peak, path) in &measured {
        writeln!(table, "{:>8} KiB  {path}", peak / 1024).unwrap();
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    fs::write(target.join("hostile-memory.txt"), &table).unwrap();
    let over: Vec<_> = measured.iter().filter(|(peak, _)| BOUND < *peak).collect();
    assert!(over.is_empty(), "{table}");
}

/// The most that a rule held at a time above what was held before; none where it is not loaded.
fn peak_of(rule: &SourceFile) -> Option<usize> {
    let mut limits = Limits::default();
    // A slow machine must not save the rule from its memory, save those that do nothing but take long.
    let is_slow = rule.path.contains("/slow_");
    limits.time = if is_slow { Duration::from_millis(250) } else { Duration::from_hours(1) };
    let set = small_set(std::slice::from_ref(rule), &limits).ok()?;
    let engine = small_engine(&set, |it| it).unwrap();
    let send = move || {
        let account = engine.record("account").unwrap();
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        engine.create(account).unwrap_err();
        let peak = MEMORY.peak_usage().saturating_sub(before);
        assert!(engine.retrieve_multiple(Query::new("account")).unwrap().records.is_empty());
        peak
    };
    Some(thread::spawn(send).join().unwrap())
}
