//! Custom messages: what an embedder adds to the messages of the engine (M-62 to M-73).

use std::sync::Arc;

use super::{Parameter, ParameterType, Parameters};
use crate::error::{DataError, Error};
use crate::metadata::LogicalName;
use crate::record::{EntityReference, Value};

/// A request for a custom message.
#[derive(Debug, Clone, PartialEq)]
pub struct Custom {
    /// The name of the message, or another by which it is known.
    pub message: Arc<str>,
    /// Its input parameters.
    pub parameters: Parameters,
    /// The record at which it is aimed. The pipeline fills it from the parameters (O-25).
    pub(crate) primary: Option<EntityReference>,
}

/// The registration of a custom message: its name and its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomMessage {
    pub(crate) name: Arc<str>,
    pub(crate) aliases: Vec<String>,
    pub(crate) inputs: Vec<(String, ParameterType, bool)>,
    pub(crate) outputs: Vec<(String, ParameterType)>,
    pub(crate) primary: Primary,
}

/// Where a custom message names the record at which it is aimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Primary {
    /// Nowhere: the message is global.
    None,
    /// In the parameter `Target` (M-65).
    Target(LogicalName),
    /// In an attribute of a record among the parameters.
    Attribute { entity: LogicalName, parameter: String, attribute: LogicalName },
}

impl Custom {
    /// A request without parameters.
    pub fn new(message: &str) -> Self {
        Self { message: message.into(), parameters: Parameters::new(), primary: None }
    }

    /// The request with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, parameter: impl Into<Parameter>) -> Self {
        self.parameters.insert(name.to_owned(), parameter.into());
        self
    }
}

impl CustomMessage {
    /// A global message without parameters.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            aliases: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            primary: Primary::None,
        }
    }

    /// Another name by which callers may ask for it: the request's, where that differs (M-1).
    #[must_use]
    pub fn also_known_as(mut self, name: &str) -> Self {
        self.aliases.push(name.to_owned());
        self
    }

    /// Adds a parameter that a caller must send.
    #[must_use]
    pub fn input(mut self, name: &str, kind: ParameterType) -> Self {
        self.inputs.push((name.to_owned(), kind, true));
        self
    }

    /// Adds a parameter that a caller may leave out.
    #[must_use]
    pub fn optional_input(mut self, name: &str, kind: ParameterType) -> Self {
        self.inputs.push((name.to_owned(), kind, false));
        self
    }

    /// Adds a parameter of the answer. Where nobody sets it, it has the default of its type (M-63).
    #[must_use]
    pub fn output(mut self, name: &str, kind: ParameterType) -> Self {
        self.outputs.push((name.to_owned(), kind));
        self
    }

    /// Aims the message at a record of an entity, in a parameter `Target` (M-65).
    #[must_use]
    pub fn bound_to(mut self, entity: impl Into<LogicalName>) -> Self {
        self.inputs.push(("Target".to_owned(), ParameterType::EntityReference, true));
        self.primary = Primary::Target(entity.into());
        self
    }

    /// Aims the message at the record to which an attribute of a parameter points (O-25).
    #[must_use]
    pub fn aimed_by(
        mut self,
        parameter: &str,
        attribute: impl Into<LogicalName>,
        entity: impl Into<LogicalName>,
    ) -> Self {
        let (parameter, attribute) = (parameter.to_owned(), attribute.into());
        self.primary = Primary::Attribute { entity: entity.into(), parameter, attribute };
        self
    }

    /// The name of the message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The input parameters: name, type, and whether a caller must send it.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, ParameterType, bool)> {
        self.inputs.iter().map(|(name, kind, is_required)| (name.as_str(), *kind, *is_required))
    }

    /// The entity at whose records it is aimed, if any.
    pub fn entity(&self) -> Option<&LogicalName> {
        match &self.primary {
            Primary::None => None,
            Primary::Target(entity) | Primary::Attribute { entity, .. } => Some(entity),
        }
    }

    /// The parameter and the attribute of its record that point at the record at which it is aimed,
    /// where it is aimed in that way.
    pub fn aim(&self) -> Option<(&str, &LogicalName)> {
        match &self.primary {
            Primary::None | Primary::Target(_) => None,
            Primary::Attribute { parameter, attribute, .. } => Some((parameter, attribute)),
        }
    }

    /// Checks the parameters (M-69), and finds the record at which the message is aimed.
    pub(crate) fn accept(&self, request: &mut Custom) -> Result<(), Error> {
        let message = self.name.to_string();
        request.message = Arc::clone(&self.name);
        for (name, kind, is_required) in &self.inputs {
            match request.parameters.get(name) {
                None | Some(Parameter::Value(Value::Null)) if !is_required => {}
                None | Some(Parameter::Value(Value::Null)) => {
                    let parameter = name.clone();
                    return Err(DataError::ParameterMissing { message, parameter }.into());
                }
                Some(given) if kind.fits(given) => {}
                Some(given) => {
                    let problem = format!("takes {kind}, and got a {}", given.kind());
                    return Err(invalid(message, name, problem));
                }
            }
        }
        let known = |name: &String| self.inputs.iter().any(|(it, _, _)| it == name);
        if let Some(name) = request.parameters.keys().find(|it| !known(it)) {
            return Err(invalid(message, name, "is none of the message's".to_owned()));
        }
        request.primary = self.primary_of(request);
        match (&self.primary, &request.primary) {
            (Primary::Target(wanted), Some(found)) if found.entity != *wanted => {
                let problem = format!("takes a record of `{wanted}`, and got {found}");
                Err(invalid(message, "Target", problem))
            }
            (_, _) => Ok(()),
        }
    }

    /// The answer before anybody set anything (M-63).
    pub(crate) fn default_output(&self) -> Parameters {
        self.outputs.iter().map(|(name, kind)| (name.clone(), kind.default_value())).collect()
    }

    /// The record at which a request is aimed.
    pub(crate) fn primary_of(&self, request: &Custom) -> Option<EntityReference> {
        match &self.primary {
            Primary::None => None,
            Primary::Target(_) => {
                request.parameters.get("Target")?.as_value()?.as_lookup().cloned()
            }
            Primary::Attribute { parameter, attribute, entity } => {
                let record = request.parameters.get(parameter)?.as_record()?;
                record.get(attribute)?.as_lookup().filter(|it| it.entity == *entity).cloned()
            }
        }
    }
}

fn invalid(message: String, parameter: &str, problem: String) -> Error {
    DataError::ParameterInvalid { message, parameter: parameter.to_owned(), problem }.into()
}
