//! Batches: several outermost messages in one transaction.

use super::operation::Call;
use super::{ATTEMPT_LIMIT, run};
use crate::error::Error;
use crate::message::{Request, Response};
use crate::store::StoreError;

/// Carries the messages one after another in one transaction. The first that fails undoes them all, and
/// is named by its index (L-37).
///
/// Each is an outermost message at depth 1; its pre-validation sees the open transaction (P-37, L-43).
pub(crate) fn run_together(
    call: &Call,
    requests: &[Request],
) -> Result<Vec<Response>, (usize, Error)> {
    let operation = &call.operation;
    let send = |(index, request): (usize, &Request)| {
        run(call.clone(), request.clone()).map_err(|error| (index, error))
    };
    let last = requests.len().saturating_sub(1);
    for attempt in 0..ATTEMPT_LIMIT {
        let mark = operation.begin(attempt).map_err(|error| (0, error))?;
        let answered: Result<Vec<Response>, _> = requests.iter().enumerate().map(send).collect();
        let ended = answered.and_then(|responses| {
            operation.commit().map_err(|error| (last, error))?;
            Ok(responses)
        });
        match ended {
            Err((_, error)) if error.is_conflict() => {
                operation.roll_back();
                operation.rewind(mark);
            }
            Err(failed) => {
                operation.roll_back();
                return Err(failed);
            }
            Ok(responses) => return Ok(responses),
        }
    }
    Err((last, StoreError::Conflict.into()))
}
