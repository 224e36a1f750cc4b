//! Configuration: two texts with which a step is registered, and hooks that are made from them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::context::Context;
use super::step::{Hook, Step};
use crate::error::Fault;

/// What a step is told of its use, once for all messages (P-52, P-53).
pub(super) struct Configuration {
    unsecure: Arc<str>,
    /// Shown to the hook alone: neither `Debug` nor any list has it.
    secure: Arc<str>,
    /// The hook that was made from the two. Other texts make another configuration, and so another hook.
    made: OnceLock<Box<dyn Hook>>,
}

/// Where a step is deployed, as `SupportedDeployment` says (P-55).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Deployment {
    /// On the server, which is here.
    #[default]
    ServerOnly = 0,
    /// In the Outlook client, and not here: the step is kept and does not run.
    ClientOnly = 1,
    /// On both.
    Both = 2,
}

/// A hook that is made when it is needed first.
struct Constructed<F>(F);

impl Step {
    /// Sets the unsecure configuration: the hook reads it as [`Context::configuration`], and so can
    /// everybody who lists the steps.
    #[must_use]
    pub fn configured(mut self, unsecure: impl Into<Arc<str>>) -> Self {
        let secure = self.configuration.as_ref().map(|it| Arc::clone(&it.secure));
        self.configuration = Some(Configuration::new(unsecure.into(), secure.unwrap_or_default()));
        self
    }

    /// Sets the secure configuration: the hook alone reads it, as [`Context::secure_configuration`].
    ///
    /// It stands in no list, transcript, log or error, unless the hook itself says it.
    #[must_use]
    pub fn secured(mut self, secure: impl Into<Arc<str>>) -> Self {
        let unsecure = self.configuration.as_ref().map(|it| Arc::clone(&it.unsecure));
        self.configuration = Some(Configuration::new(unsecure.unwrap_or_default(), secure.into()));
        self
    }

    /// Gives the step its name and a hook that is made from its configuration: unsecure first, secure behind
    /// (P-52). It is made when it first runs, and then kept (P-51).
    #[must_use]
    pub fn construct<H: Hook + 'static>(
        mut self,
        name: impl Into<Arc<str>>,
        constructor: impl Fn(&str, &str) -> H + Send + Sync + 'static,
    ) -> Self {
        let of = |it: Option<&Arc<str>>| it.map(Arc::clone).unwrap_or_default();
        let texts = self.configuration.as_ref();
        self.configuration = Some(Configuration::new(
            of(texts.map(|it| &it.unsecure)),
            of(texts.map(|it| &it.secure)),
        ));
        self.run(name, Constructed(constructor))
    }

    /// Says where the step is deployed (P-55). One with a secure configuration is on the server only (P-54).
    #[must_use]
    pub fn deployed(mut self, deployment: Deployment) -> Self {
        self.deployment = deployment;
        self
    }

    /// The unsecure configuration; empty where it has none.
    pub fn configuration(&self) -> &str {
        self.configuration.as_ref().map_or("", |it| &it.unsecure)
    }

    /// Where it is deployed.
    pub fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// Whether it runs on a server: enabled, and not for another place (P-50, P-55).
    pub(super) fn is_live(&self) -> bool {
        self.is_enabled && self.deployment != Deployment::ClientOnly
    }

    pub(super) fn secure_configuration(&self) -> &str {
        self.configuration.as_ref().map_or("", |it| &it.secure)
    }
}

impl Context {
    /// The unsecure configuration of the step that runs; empty where it has none.
    pub fn configuration(&self) -> &str {
        self.planned().map_or("", |it| it.step.configuration())
    }

    /// The secure configuration of the step that runs; empty where it has none.
    pub fn secure_configuration(&self) -> &str {
        self.planned().map_or("", |it| it.step.secure_configuration())
    }
}

impl Configuration {
    fn new(unsecure: Arc<str>, secure: Arc<str>) -> Arc<Self> {
        Arc::new(Self { unsecure, secure, made: OnceLock::new() })
    }
}

impl<H: Hook + 'static, F: Fn(&str, &str) -> H + Send + Sync> Hook for Constructed<F> {
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        let configuration = ctx.planned().and_then(|it| it.step.configuration.clone());
        let configuration =
            configuration.ok_or_else(|| Fault::failed("a hook was made for another step"))?;
        let make = || Box::new((self.0)(&configuration.unsecure, &configuration.secure));
        configuration.made.get_or_init(|| make()).execute(ctx)
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").field("unsecure", &self.unsecure).finish_non_exhaustive()
    }
}
