//! Properties of the context for which few hooks ask: who called, from where, in which organization.

use uuid::Uuid;

use super::context::Context;
use super::operation::Operation;
use super::origin::Origin;
use super::step::IsolationMode;
use crate::error::Error;
use crate::record::Value;
use crate::settings::{Caller, Organization};

impl Operation {
    /// Who stands behind a caller: who began it all, else who signed in; `None` where both are the caller
    /// (C-45).
    pub(super) fn delegate(&self, caller: Caller) -> Option<Uuid> {
        let authenticated = || self.origin.as_ref()?.authenticated_user;
        let delegate = caller.delegate().or_else(authenticated);
        delegate.filter(|it| *it != caller.user)
    }
}

impl Context {
    /// The second entity of the message. No message here has one: `none`.
    pub fn secondary_entity(&self) -> &'static str {
        "none"
    }

    /// Whether the step that runs is shut in, as rules are, or runs as the host itself does.
    pub fn isolation_mode(&self) -> IsolationMode {
        self.planned().map_or(IsolationMode::None, |it| it.step.isolation_mode())
    }

    /// Whether it runs in the offline client of Outlook: never.
    pub fn is_executing_offline(&self) -> bool {
        false
    }

    /// Whether it is played back from the offline client of Outlook: never.
    pub fn is_offline_playback(&self) -> bool {
        false
    }

    /// The organization, with its environment and tenant, as the settings say.
    pub fn organization(&self) -> &Organization {
        &self.settings().organization
    }

    /// The business unit of the user who sent the message.
    pub fn business_unit(&self) -> Result<Option<Uuid>, Error> {
        let unit = self.of_user(self.call.caller.user, "businessunitid")?;
        Ok(unit.and_then(|it| it.as_lookup().map(|it| it.id)))
    }

    /// The directory's identity of the user in whose name the hook runs.
    pub fn user_azure_object_id(&self) -> Result<Option<Uuid>, Error> {
        self.id_of_user(self.user(), "azureactivedirectoryobjectid")
    }

    /// The directory's identity of the user who caused the event.
    pub fn initiating_user_azure_object_id(&self) -> Result<Option<Uuid>, Error> {
        self.id_of_user(self.initiating_user(), "azureactivedirectoryobjectid")
    }

    /// The application that the user who caused the event stands for, where it is one.
    pub fn initiating_user_application_id(&self) -> Result<Option<Uuid>, Error> {
        self.id_of_user(self.initiating_user(), "applicationid")
    }

    /// Whether the user in whose name the hook runs stands for an application.
    pub fn is_application_user(&self) -> Result<bool, Error> {
        Ok(self.id_of_user(self.user(), "applicationid")?.is_some())
    }

    /// Who signed in, before anybody acted in another's name.
    pub fn authenticated_user(&self) -> Uuid {
        let signed_in = self.origin().and_then(|it| it.authenticated_user);
        signed_in.unwrap_or_else(|| self.initiating_user())
    }

    /// The program from which the outermost message came, as the host knows it.
    pub fn initiating_user_agent(&self) -> &str {
        self.origin().map_or("", |it| &it.user_agent)
    }

    /// Whether the outermost message came from a portal.
    pub fn is_portals_client_call(&self) -> bool {
        self.origin().is_some_and(|it| it.is_portals_client)
    }

    /// The contact of the portal from which the outermost message came.
    pub fn portals_contact(&self) -> Option<Uuid> {
        self.origin()?.portals_contact
    }

    fn origin(&self) -> Option<&Origin> {
        self.call.operation.origin.as_deref()
    }

    fn id_of_user(&self, user: Uuid, attribute: &str) -> Result<Option<Uuid>, Error> {
        let value = self.of_user(user, attribute)?;
        Ok(value.and_then(|it| if let Value::Id(id) = it { Some(id) } else { None }))
    }

    /// What the record of a user says; `None` where it says nothing, or there is none.
    fn of_user(&self, user: Uuid, attribute: &str) -> Result<Option<Value>, Error> {
        let Ok(entity) = self.catalog().entity("systemuser") else { return Ok(None) };
        let found = self.call.operation.read(|it| it.retrieve(entity, user))?;
        Ok(found.and_then(|it| it.get(attribute).cloned()))
    }
}
