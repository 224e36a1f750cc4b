//! Retrieve multiple: records are searched.

use super::Response;
use super::platform::Platform;
use super::retrieve::{show, with_sources};
use crate::error::Error;
use crate::record::{Query, QueryPlan};

/// Input parameters of *retrieve multiple*.
#[derive(Debug, Clone, PartialEq)]
pub struct RetrieveMultiple {
    /// Which records are wanted.
    pub query: Query,
}

impl RetrieveMultiple {
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        let mut plan = QueryPlan::new(&self.query, platform.catalog())?;
        if let Some(aggregation) = &mut plan.aggregation {
            aggregation.record_limit = platform.settings().aggregate_record_limit;
            return Ok(Response::Found(platform.query(&plan)?));
        }
        let columns = plan.columns.take();
        plan.columns = columns.as_ref().map(|it| with_sources(it, &plan.entity));
        let mut page = platform.query(&plan)?;
        let shown = page.records.into_iter().map(|it| show(it, columns.as_ref(), platform));
        page.records = shown.collect::<Result<_, Error>>()?;
        Ok(Response::Found(page))
    }
}
