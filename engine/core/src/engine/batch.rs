//! Batches: many messages in one call, each for itself or all together.

use std::sync::Arc;

use super::Client;
use crate::error::{Error, ErrorCode};
use crate::message::{Request, Response};
use crate::pipeline::{OrganizationService, run_together};

/// What a batch holds: a message, or several that succeed or fail together.
///
/// A batch cannot hold a batch, and a transaction no transaction (L-32, L-38): neither has a spelling.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most items of a batch are single messages")]
pub enum BatchItem {
    /// A message in a transaction of its own.
    Request(Request),
    /// Messages in one transaction.
    Transaction(Vec<Request>),
}

/// What a batch does after a failure, and what it answers (L-34).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchSettings {
    /// Whether to go on with the next item.
    pub continue_on_error: bool,
    /// Whether to answer what succeeded, too; failures are answered always.
    pub return_responses: bool,
}

/// What came of one item of a batch (L-36).
#[derive(Debug)]
pub struct BatchAnswer {
    /// The item, counted from zero.
    pub index: usize,
    /// What it answered: one response, or one for each message of its transaction.
    pub outcome: Result<Vec<Response>, TransactionError>,
}

/// Why messages that should succeed together were not carried out: which of them failed, and how (L-37).
#[derive(Debug, thiserror::Error)]
#[error("the message at index {index} failed, and nothing of its transaction was saved: {error}")]
pub struct TransactionError {
    /// The message, counted from zero.
    pub index: usize,
    /// What failed.
    #[source]
    pub error: Error,
}

/// A batch that was not begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a batch holds at most {limit} messages, and got {found}; send several batches")]
pub struct BatchTooLarge {
    /// The most messages.
    pub limit: usize,
    /// The messages that it holds.
    pub found: usize,
}

/// The most messages of a batch (L-31).
pub const BATCH_LIMIT: usize = 1_000;

impl Client {
    /// Carries messages out in one transaction, in their order. The first that fails undoes them all.
    pub fn execute_transaction(
        &self,
        requests: &[Request],
    ) -> Result<Vec<Response>, TransactionError> {
        let operation = Arc::new(self.operation());
        let outcome = run_together(&self.call(&operation), requests);
        operation.finish();
        outcome.map_err(|(index, error)| TransactionError { index, error })
    }

    /// Carries the items of a batch out, in their order, each in a transaction of its own (L-33).
    ///
    /// A batch that is too large is refused before anything is done.
    pub fn execute_multiple(
        &self,
        items: Vec<BatchItem>,
        settings: BatchSettings,
    ) -> Result<Vec<BatchAnswer>, BatchTooLarge> {
        let found = items.iter().map(BatchItem::len).sum();
        if BATCH_LIMIT < found {
            return Err(BatchTooLarge { limit: BATCH_LIMIT, found });
        }
        let mut answers = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let outcome = self.execute_item(item);
            let has_failed = outcome.is_err();
            if has_failed || settings.return_responses {
                answers.push(BatchAnswer { index, outcome });
            }
            if has_failed && !settings.continue_on_error {
                break;
            }
        }
        Ok(answers)
    }

    fn execute_item(&self, item: BatchItem) -> Result<Vec<Response>, TransactionError> {
        match item {
            BatchItem::Request(request) => self
                .execute(request)
                .map(|response| vec![response])
                .map_err(|error| TransactionError { index: 0, error }),
            BatchItem::Transaction(requests) => self.execute_transaction(&requests),
        }
    }
}

impl BatchItem {
    fn len(&self) -> usize {
        match self {
            Self::Request(_) => 1,
            Self::Transaction(requests) => requests.len(),
        }
    }
}

impl TransactionError {
    /// The stable code of the failure.
    pub fn code(&self) -> ErrorCode {
        self.error.code()
    }
}

impl<R: Into<Request>> From<R> for BatchItem {
    fn from(request: R) -> Self {
        Self::Request(request.into())
    }
}
