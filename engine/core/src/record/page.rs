//! Pages: the part of a query's answer that fits in one hand.

use super::Record;

/// Which part of the answer a query wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The number of the page, from 1.
    pub number: u32,
    /// How many records a page holds, at most [`PageRequest::SIZE_LIMIT`].
    pub size: u32,
    /// What the page before gave as its cookie: the next page goes on behind its last record, also
    /// where records came or went in between.
    pub cookie: Option<String>,
}

/// A part of a query's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The records, in the order that the query asked for, and by identity where that leaves it open.
    pub records: Vec<Record>,
    /// Whether there are more records behind them.
    pub has_more: bool,
    /// What to send for the next page.
    pub cookie: Option<String>,
    /// How many records match in all, where the query asked for it.
    pub total: Option<u64>,
}

impl PageRequest {
    /// The most records that a page can hold, as in Dataverse.
    pub const SIZE_LIMIT: u32 = 5_000;

    /// A page of so many records.
    pub fn new(number: u32, size: u32) -> Self {
        Self { number, size, cookie: None }
    }
}
