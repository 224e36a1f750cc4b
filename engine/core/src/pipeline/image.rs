//! Images: a record as it was at one moment.

use super::context::Context;
use super::plan::PlannedImage;
use crate::error::Error;
use crate::message::{Message, Response};
use crate::metadata::{AttributeSet, Ordinal};
use crate::record::{EntityReference, Record, Value};

/// A record as it was at one moment. Nobody can change it (I-21), and it shows what was asked for (I-13).
///
/// It is a look at what the context holds: two references, to be copied at will.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Image<'a> {
    record: &'a Record,
    shown: Option<&'a AttributeSet>,
}

/// The alias of the image that every job has.
const JOB_ALIAS: &str = "AsynchronousStepPrimaryName";

impl<'a> Image<'a> {
    /// The image of that alias among those that a step asked for; none where there is no record.
    pub(super) fn find(
        wanted: &'a [PlannedImage],
        alias: &str,
        record: Option<&'a Record>,
    ) -> Option<Self> {
        let record = record?;
        let image = wanted.iter().find(|it| *it.alias == *alias)?;
        Some(Self { record, shown: image.attributes.as_ref() })
    }

    /// The post-image that every job has, asked for or not: the identity and the primary name (I-24).
    pub(super) fn of_job(alias: &str, record: Option<&'a Record>) -> Option<Self> {
        let record = record.filter(|_| alias == JOB_ALIAS)?;
        Some(Self { record, shown: Some(&record.metadata().system().name_alone) })
    }

    /// The record of which this is an image.
    pub fn reference(&self) -> Option<EntityReference> {
        self.record.reference()
    }

    /// The value of an attribute; `None` where it was null (I-15) or is not shown.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.at(self.record.metadata().ordinal(name)?)
    }

    /// The value at a place; `None` where it was null or is not shown.
    pub fn at(&self, ordinal: Ordinal) -> Option<&'a Value> {
        if !self.shows(ordinal) {
            return None;
        }
        self.record.at(ordinal)
    }

    /// Whether the step asked for the attribute. The identity is always there (I-16).
    pub fn shows(&self, ordinal: Ordinal) -> bool {
        self.shown.is_none_or(|it| it.contains(ordinal))
            || self.record.metadata().system().primary_id == Some(ordinal)
    }

    /// The record behind the image, whole: for code that asks [`shows`](Self::shows) itself.
    pub fn source(&self) -> &'a Record {
        self.record
    }

    /// The record with the attributes that are shown.
    pub fn to_record(&self) -> Record {
        match self.shown {
            Some(shown) => self.record.only(shown),
            None => self.record.clone(),
        }
    }
}

/// When the records are read of which images are made, for each record of a bulk message by itself.
impl Context {
    /// Reads the record as it is before anything (I-29), where a step asks for it (I-26).
    pub(super) fn capture_pre_image(&mut self) -> Result<(), Error> {
        if self.wants_images.0 {
            self.before = self.stored()?;
        }
        self.each_item(Self::capture_pre_image)
    }

    /// Once the transaction has begun: reads the record again if somebody changed it since (I-17).
    pub(super) fn refresh_pre_image(&mut self) -> Result<(), Error> {
        if self.wants_images.0 {
            let now = self.stored()?;
            let version = |it: &Option<Record>| it.as_ref().and_then(Record::version);
            if version(&now) != version(&self.before) {
                self.before = now;
            }
        }
        self.each_item(Self::refresh_pre_image)
    }

    /// Reads the record as the main operation left it (I-17), once for all steps (I-22).
    pub(super) fn capture_post_image(&mut self) -> Result<(), Error> {
        if self.wants_images.1 {
            self.after = self.stored()?;
        }
        self.each_item(Self::capture_post_image)
    }

    /// Reads the record as the synchronous steps left it (P-88).
    pub(super) fn look_again(&mut self) -> Result<(), Error> {
        self.after = self.stored()?;
        self.each_item(Self::look_again)
    }

    /// The record at which the message is aimed, as it is stored.
    fn stored(&self) -> Result<Option<Record>, Error> {
        let id = match &self.response {
            Some(Response::Created(created)) => Some(created.id),
            _ if self.message == Message::Create => None,
            _ => self.request.primary_id(),
        };
        let (Some(id), Some(entity)) = (id, self.metadata()) else { return Ok(None) };
        self.call.operation.read(|it| it.retrieve(entity, id))
    }
}
