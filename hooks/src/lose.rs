//! Lose: an opportunity is lost.

use rulegate::message::CustomMessage;
use rulegate::{Context, Fault};

use crate::close_opportunity::{self, Closing};
use crate::opportunity::LOST;

pub(crate) fn message() -> CustomMessage {
    close_opportunity::message("Lose").also_known_as("LoseOpportunity")
}

/// Lost for the revenue that the caller sent, if any: an estimate is not what a lost one brought (O-20).
pub(crate) fn lose(ctx: &mut Context) -> Result<(), Fault> {
    let closing = Closing::begin(ctx)?;
    let revenue = closing.sent_revenue();
    closing.finish(ctx, LOST, revenue)
}
