//! Origins: what a host knows of those from whom messages come, for hooks that ask.

use uuid::Uuid;

/// What a host knows of the client that sends a message. None of it changes what the engine does, but for
/// the authenticated user, who stands as the delegate on what is written (C-45).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// Who signed in, where the client acts in another's name.
    pub authenticated_user: Option<Uuid>,
    /// The program that the client uses, in its own words.
    pub user_agent: String,
    /// Whether the message comes from a portal.
    pub is_portals_client: bool,
    /// The contact who is signed in there.
    pub portals_contact: Option<Uuid>,
}

impl Origin {
    /// An origin of which nothing is known: to be furnished.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says who signed in: not the user in whose name the client sends.
    #[must_use]
    pub fn authenticated(mut self, user: Uuid) -> Self {
        self.authenticated_user = Some(user);
        self
    }

    /// Says which program the client uses.
    #[must_use]
    pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
        self.user_agent = agent.into();
        self
    }

    /// Says that the message comes from a portal, and from which contact.
    #[must_use]
    pub fn portal(mut self, contact: Option<Uuid>) -> Self {
        self.is_portals_client = true;
        self.portals_contact = contact;
        self
    }
}
