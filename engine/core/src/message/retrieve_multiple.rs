//! Retrieve multiple: records are searched.

use super::Response;
use super::platform::Platform;
use super::retrieve::show;
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
        let plan = QueryPlan::new(&self.query, platform.catalog())?;
        let mut page = platform.query(&plan.unprojected())?;
        let mut records = Vec::with_capacity(page.records.len());
        for record in page.records {
            records.push(show(&record, &plan, platform)?);
        }
        page.records = records;
        Ok(Response::Found(page))
    }
}
