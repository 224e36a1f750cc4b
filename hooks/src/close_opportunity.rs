//! Closing an opportunity: what *win* and *lose* have in common (O-9 to O-29).

use rulegate::error::platform;
use rulegate::message::{CustomMessage, Parameter, ParameterType};
use rulegate::record::Operator;
use rulegate::{
    Context, EntityReference, ErrorCode, Fault, OrganizationService, Query, Record, Value,
};

use crate::knows;
use crate::opportunity::OPEN;

/// What of the opportunity counts when it is closed.
const COLUMNS: [&str; 4] = ["actualvalue", "estimatedvalue", "statecode", "transactioncurrencyid"];
/// The states in which a quote is open: draft and active (O-15).
const OPEN_QUOTES: [Value; 2] = [Value::Choice(0), Value::Choice(1)];
/// The status reason of an activity that is done (O-26).
const COMPLETED: i32 = 2;
/// The status reason that leaves the choice to the platform (M-8).
const DEFAULT_STATUS: i32 = -1;

/// A message that closes the opportunity of an `opportunityclose` (M-7, O-24, O-25).
pub(crate) fn message(name: &str) -> CustomMessage {
    CustomMessage::new(name)
        .input("OpportunityClose", ParameterType::Entity)
        .input("Status", ParameterType::Picklist)
        .aimed_by("OpportunityClose", "opportunityid", "opportunity")
}

/// An opportunity that can be closed, and how.
pub(crate) struct Closing {
    target: EntityReference,
    /// The opportunity as it is stored.
    opportunity: Record,
    /// The activity that tells of the closing, as the caller sent it.
    close: Record,
    /// The status reason; none for the default of the state.
    status: Option<i32>,
}

impl Closing {
    /// Refuses where there is nothing to close, or where it cannot be closed.
    pub(crate) fn begin(ctx: &Context) -> Result<Self, Fault> {
        let close = sent_close(ctx)?;
        let target = target(&close)?;
        let closing = Self {
            opportunity: read(ctx, &target)?,
            target,
            close,
            status: sent_status(ctx).filter(|it| *it != DEFAULT_STATUS),
        };
        closing.refuse_closed()?;
        closing.refuse_open_quotes(ctx)?;
        Ok(closing)
    }

    /// The revenue that the caller sent (O-19).
    pub(crate) fn sent_revenue(&self) -> Option<Value> {
        given(&self.close, "actualrevenue")
    }

    /// The estimated revenue, where the opportunity has no actual one yet (O-18).
    pub(crate) fn estimated_revenue(&self) -> Option<Value> {
        let estimate = given(&self.opportunity, "estimatedvalue");
        estimate.filter(|_| !self.opportunity.has("actualvalue"))
    }

    /// Closes the opportunity, then writes the activity that tells of it (O-21).
    pub(crate) fn finish(
        self,
        ctx: &Context,
        state: i32,
        revenue: Option<Value>,
    ) -> Result<(), Fault> {
        ctx.service().update(self.closed(ctx, state, revenue)?)?;
        ctx.service().create(self.completed()?)?;
        Ok(())
    }

    /// The change of the opportunity. That the status belongs to the state is checked with it (O-11).
    fn closed(&self, ctx: &Context, state: i32, revenue: Option<Value>) -> Result<Record, Fault> {
        let today = || ctx.now().date_naive().into();
        let mut change = ctx.service().change(&self.target)?;
        change.set("statecode", Value::Choice(state))?;
        if let Some(status) = self.status {
            change.set("statuscode", Value::Choice(status))?;
        }
        change.set("actualclosedate", given(&self.close, "actualend").unwrap_or_else(today))?;
        if let Some(revenue) = revenue {
            change.set("actualvalue", revenue)?;
        }
        Ok(change)
    }

    /// The activity, done, with its revenue in the currency of the opportunity unless it names another.
    fn completed(self) -> Result<Record, Fault> {
        let mut close = self.close;
        close.set("statuscode", Value::Choice(COMPLETED))?;
        let currency = given(&self.opportunity, "transactioncurrencyid");
        if given(&close, "actualrevenue").is_some()
            && given(&close, "transactioncurrencyid").is_none()
            && let Some(currency) = currency
        {
            close.set("transactioncurrencyid", currency)?;
        }
        Ok(close)
    }

    /// O-14.
    fn refuse_closed(&self) -> Result<(), Fault> {
        let state = self.opportunity.get("statecode").and_then(Value::as_choice);
        if state.is_none_or(|it| it == OPEN) {
            return Ok(());
        }
        let reason = "the opportunity is closed already; reopen it first";
        Err(Fault::reject_as(
            platform::OPPORTUNITY_IS_ALREADY_CLOSED,
            "opportunity.already-closed",
            reason,
        ))
    }

    /// O-15. A catalog without quotes has no open ones.
    fn refuse_open_quotes(&self, ctx: &Context) -> Result<(), Fault> {
        if !knows(ctx, "quote", &["opportunityid", "statecode"]) {
            return Ok(());
        }
        let open = Query::new("quote")
            .select(["statecode"])
            .equal("opportunityid", &self.target)
            .filter("statecode", Operator::In, OPEN_QUOTES)
            .top(1);
        if ctx.service().retrieve_multiple(open)?.records.is_empty() {
            return Ok(());
        }
        let reason = "the opportunity cannot be closed while it has draft or active quotes; close them first";
        Err(Fault::reject_as(
            platform::OPPORTUNITY_CANNOT_BE_CLOSED,
            "opportunity.open-quotes",
            reason,
        ))
    }
}

fn sent_close(ctx: &Context) -> Result<Record, Fault> {
    let sent = ctx.parameters().and_then(|it| it.get("OpportunityClose"));
    let close = sent.and_then(Parameter::as_record).filter(|it| *it.entity() == "opportunityclose");
    close.cloned().ok_or_else(|| {
        let reason = "`OpportunityClose` takes a record of `opportunityclose`";
        Fault::reject_as(platform::INVALID_ARGUMENT, "opportunity.not-an-opportunityclose", reason)
    })
}

fn sent_status(ctx: &Context) -> Option<i32> {
    ctx.parameters()?.get("Status")?.as_value()?.as_choice()
}

fn target(close: &Record) -> Result<EntityReference, Fault> {
    let target = close.get("opportunityid").and_then(Value::as_lookup);
    target.filter(|it| it.entity == "opportunity").cloned().ok_or_else(no_opportunity)
}

fn read(ctx: &Context, target: &EntityReference) -> Result<Record, Fault> {
    match ctx.service().retrieve_columns(target, COLUMNS) {
        Err(error) if error.code() == ErrorCode::NotFound => Err(no_opportunity()),
        found => Ok(found?),
    }
}

/// O-23.
fn no_opportunity() -> Fault {
    let reason = "`OpportunityClose.opportunityid` must point at the opportunity to be closed";
    Fault::reject_as(platform::MISSING_OPPORTUNITY_ID, "opportunity.missing-opportunity-id", reason)
}

/// The value of an attribute, unless it is null.
fn given(record: &Record, name: &str) -> Option<Value> {
    record.get(name).filter(|it| !it.is_null()).cloned()
}
