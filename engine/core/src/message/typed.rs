//! Which message has which answer, so that callers get it by its type.

use super::{
    Assign, Associate, Create, CreateMultiple, Custom, Delete, DeleteMultiple, Disassociate,
    Parameters, Request, Response, Retrieve, RetrieveMultiple, SetState, Update, UpdateMultiple,
    Upsert, UpsertMultiple, Upserted,
};
use crate::record::{EntityReference, Page, Record};

/// A request that knows the type of its output parameters.
pub trait TypedRequest: Into<Request> {
    /// What comes back where the message is carried out.
    type Output: TryFrom<Response>;
}

/// Declares how a message's parameters become a request, and what its answer is.
macro_rules! typed {
    ($($Message:ident => $Output:ty,)*) => {
        $(
            impl From<$Message> for Request {
                fn from(request: $Message) -> Self {
                    Self::$Message(request)
                }
            }

            impl TypedRequest for $Message {
                type Output = $Output;
            }
        )*
    };
}

typed! {
    Create => EntityReference,
    Retrieve => Record,
    RetrieveMultiple => Page,
    Update => (),
    Delete => (),
    Upsert => Upserted,
    CreateMultiple => Vec<EntityReference>,
    UpdateMultiple => (),
    UpsertMultiple => Vec<Upserted>,
    DeleteMultiple => (),
    Associate => (),
    Disassociate => (),
    Assign => (),
    SetState => (),
    Custom => Parameters,
}

/// Declares how an answer is taken out of a response.
macro_rules! answers {
    ($($Output:ty => $pattern:pat => $value:expr,)*) => {
        $(impl TryFrom<Response> for $Output {
            type Error = Response;

            fn try_from(response: Response) -> Result<Self, Response> {
                if let $pattern = response { Ok($value) } else { Err(response) }
            }
        })*
    };
}

answers! {
    EntityReference => Response::Created(created) => created,
    Record => Response::Retrieved(record) => record,
    Page => Response::Found(page) => page,
    Upserted => Response::Upserted(upserted) => upserted,
    Vec<EntityReference> => Response::CreatedMultiple(created) => created,
    Vec<Upserted> => Response::UpsertedMultiple(upserted) => upserted,
    Parameters => Response::Custom(output) => output,
    () => Response::Done => (),
}
