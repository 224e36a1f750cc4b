//! Win: an opportunity is won.

use rulegate::message::CustomMessage;
use rulegate::{Context, Fault};

use crate::close_opportunity::{self, Closing};
use crate::opportunity::WON;

pub(crate) fn message() -> CustomMessage {
    close_opportunity::message("Win").also_known_as("WinOpportunity")
}

/// Won for the revenue that the caller sent, else for the one that stands in the opportunity already,
/// else for the estimated one (O-18, O-19).
pub(crate) fn win(ctx: &mut Context) -> Result<(), Fault> {
    let closing = Closing::begin(ctx)?;
    let revenue = closing.sent_revenue().or_else(|| closing.estimated_revenue());
    closing.finish(ctx, WON, revenue)
}
