//! Dataverse's numbers, in one table: what an engine or a hook raises is one of these (E-59).

/// One of Dataverse's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlatformCode {
    /// The number.
    pub number: u32,
    /// The name in Microsoft's list; in parentheses where this table has none to cite.
    pub name: &'static str,
    /// When Dataverse raises it.
    pub when: &'static str,
    /// Who raises it here.
    pub raised_by: RaisedBy,
}

/// Who raises a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RaisedBy {
    /// The engine: an [`ErrorCode`](super::ErrorCode) has it.
    Engine,
    /// The engine, about the registration of a step.
    Registration,
    /// The engine, about the definition of an entity or relationship.
    Catalog,
    /// The shipped hooks.
    Hooks,
    /// Nobody: it stands here for those who look it up, and for what may come.
    Nobody,
}

/// Declares the one table, and a constant for each line of it.
macro_rules! platform {
    ($($NAME:ident = $number:literal $name:literal $RaisedBy:ident $when:literal;)*) => {
        $(#[doc = concat!("`", $name, "`: ", $when, ".")] pub const $NAME: u32 = $number;)*

        /// Every number, in order.
        pub const ALL: &[PlatformCode] = &[$(PlatformCode {
            number: $number,
            name: $name,
            when: $when,
            raised_by: RaisedBy::$RaisedBy,
        },)*];
    };
}

platform! {
    REQUIRED_FIELD_MISSING = 0x8004_0200 "RequiredFieldMissing" Engine "a mandatory field of the request is missing";
    INVALID_ARGUMENT = 0x8004_0203 "InvalidArgument" Engine "an argument is malformed, or what must have a value is set to null";
    CANNOT_SHARE_WITH_OWNER = 0x8004_0214 "CannotShareWithOwner" Nobody "a record is shared with its owner (M-78)";
    UNEXPECTED = 0x8004_0216 "UnExpected" Engine "an unexpected error, a bulk message without targets, a context that is too large (M-46, E-43)";
    OBJECT_DOES_NOT_EXIST = 0x8004_0217 "ObjectDoesNotExist" Engine "a record or the target of a lookup is not there (C-10, C-11, C-88)";
    PRIVILEGE_DENIED = 0x8004_0220 "PrivilegeDenied" Engine "the caller lacks a privilege (L-25)";
    ISV_UNEXPECTED = 0x8004_0224 "IsvUnExpected" Engine "a step broke (E-4)";
    CANNOT_DELETE_DUE_TO_ASSOCIATION = 0x8004_0227 "CannotDeleteDueToAssociation" Engine "others refer to the record that is deleted (C-133)";
    INVALID_OWNER_ID = 0x8004_0229 "InvalidOwnerID" Engine "the owner is missing, or no user or team (C-59)";
    INVALID_CUSTOMER = 0x8004_022D "InvalidCustomer" Engine "a customer is neither account nor contact (C-89)";
    READ_ONLY = 0x8004_022E "(read-only)" Nobody "a read-only row is changed";
    CANNOT_UPDATE_INACTIVE = 0x8004_0230 "CannotUpdateObjectBecauseItIsInactive" Engine "an inactive record of an entity that forbids it is updated (C-75)";
    PRINCIPAL_PRIVILEGE_DENIED = 0x8004_0231 "PrincipalPrivilegeDenied" Nobody "the new owner lacks a privilege (C-59)";
    INVALID_STATE = 0x8004_0233 "InvalidState" Engine "the entity has no such state";
    NO_RELATIONSHIP = 0x8004_0236 "(no relationship)" Engine "the relationship does not exist, or links others (I-79)";
    DUPLICATE_RECORD = 0x8004_0237 "DuplicateRecord" Engine "an identity or a pair is there already (C-3, I-70)";
    INVALID_DATE_TIME = 0x8004_0239 "InvalidDateTime" Engine "a date is malformed or before 1753 (C-35)";
    INVALID_OPERATION = 0x8004_023B "InvalidOperation" Nobody "the operation is not valid now";
    NO_ACTIVE_TRANSACTION = 0x8004_0251 "(no active transaction)" Engine "a step goes on in a transaction that is doomed (E-11)";
    TRANSACTION_ABORTED = 0x8004_0255 "(transaction aborted)" Nobody "the database aborted the transaction (E-42)";
    ISV_ABORTED = 0x8004_0265 "IsvAborted" Engine "a step said no (E-3)";
    DUPLICATE_RECORDS_FOUND = 0x8004_0333 "DuplicateRecordsFound" Nobody "duplicate detection found one (C-114)";
    ENTITY_LOOP_EXISTS = 0x8004_0386 "EntityLoopExists" Engine "a record would be its own ancestor (C-97)";
    ENTITY_LOOP_BEING_CREATED = 0x8004_0387 "EntityLoopBeingCreated" Nobody "the same, as some entities say it (C-97)";
    OPPORTUNITY_INVALID_PARENT = 0x8004_0504 "(invalid parent)" Nobody "the customer of an opportunity is none (O-30): the engine says InvalidCustomer";
    OPPORTUNITY_MISSING_PARENT = 0x8004_0505 "(missing parent)" Hooks "an opportunity has no customer, in strict mode (O-30)";
    ACCOUNT_LOOP_BEING_CREATED = 0x8004_0507 "AccountLoopBeingCreated" Nobody "a circle of accounts (C-97): the engine says EntityLoopExists";
    CONTACT_LOOP_BEING_CREATED = 0x8004_050A "ContactLoopBeingCreated" Nobody "a circle of contacts (C-97): the engine says EntityLoopExists";
    OPPORTUNITY_ONE_ACCOUNT = 0x8004_050E "(only one account)" Nobody "an opportunity has two parents (O-30)";
    OPPORTUNITY_ORPHAN = 0x8004_050F "(orphan)" Nobody "an opportunity would lose its parent (O-30)";
    ACCOUNT_HAS_OPPORTUNITIES = 0x8004_0511 "(account with opportunities)" Nobody "an account with opportunities is deleted, in old versions (O-36)";
    CONTACT_HAS_OPPORTUNITIES = 0x8004_0512 "(contact with opportunities)" Nobody "a contact with opportunities is deleted, in old versions (O-36)";
    OPPORTUNITY_IS_ALREADY_CLOSED = 0x8004_0515 "OpportunityIsAlreadyClosed" Hooks "a closed opportunity is closed again (O-14)";
    OPPORTUNITY_CANNOT_BE_CLOSED = 0x8004_0516 "OpportunityCannotBeClosed" Hooks "an opportunity with open quotes is closed (O-15)";
    OPPORTUNITY_ALREADY_IN_OPEN_STATE = 0x8004_051A "OpportunityAlreadyInOpenState" Hooks "an open opportunity is reopened (O-13)";
    ENTITY_DOES_NOT_SUPPORT_MESSAGE = 0x8004_0800 "SdkEntityDoesNotSupportMessage" Engine "the entity does not support the message (M-77)";
    NO_ENTITY = 0x8004_1102 "QueryBuilderNoEntity" Engine "no entity has that name (C-9)";
    NO_ATTRIBUTE = 0x8004_1103 "QueryBuilderNoAttribute" Engine "the entity has no such attribute (C-8)";
    BOTH_PRODUCT_AND_DESCRIPTION = 0x8004_3AFB "CannotSpecifyBothProductAndProductDesc" Hooks "a product line names a product and describes one (O-43)";
    MISSING_OPPORTUNITY_ID = 0x8004_3B15 "MissingOpportunityId" Hooks "a close activity points at no opportunity (O-23)";
    GENERIC_SQL_ERROR = 0x8004_4150 "(generic SQL)" Engine "the storage failed (E-42)";
    SQL_TIMEOUT = 0x8004_4151 "(SQL timeout)" Engine "the message took too long (E-37, E-42)";
    JOB_TRANSITION = 0x8004_4162 "AsyncOperationInvalidStateChange" Engine "the state of a job does not allow what is asked (L-7)";
    JOB_TO_COMPLETE = 0x8004_4165 "AsyncOperationInvalidStateChangeToComplete" Engine "a job that is completed is canceled (L-7)";
    JOB_TO_READY = 0x8004_4166 "AsyncOperationInvalidStateChangeToReady" Engine "a job that does not wait is resumed (L-7)";
    JOB_TO_SUSPENDED = 0x8004_4167 "AsyncOperationInvalidStateChangeToSuspended" Engine "a job that does not run is paused (L-7)";
    JOB_NOT_COMPLETED = 0x8004_416A "AsyncOperationCannotDeleteUnlessCompleted" Engine "a job that is not completed is deleted (E-35)";
    INVALID_MESSAGE_PROPERTY_NAME = 0x8004_416B "SdkInvalidMessagePropertyName" Registration "an image names another property than its message has (I-8)";
    INVALID_IMAGE_TYPE = 0x8004_416D "SdkMessageInvalidImageTypeRegistration" Registration "the message has no image of that type (I-6)";
    NO_POST_IMAGE_BEFORE_WRITE = 0x8004_416E "SdkMessageDoesNotSupportPostImageRegistration" Registration "a post-image before the write (I-7)";
    DEPTH_TOO_HIGH = 0x8004_4182 "SdkCorrelationTokenDepthTooHigh" Engine "steps wake each other too deeply (P-77)";
    INVALID_STAGE = 0x8004_4184 "(stage not for steps)" Registration "the stage is not for steps (P-5)";
    SECURE_CONFIGURATION = 0x8004_4185 "(secure configuration off the server)" Registration "a step off the server has a secure configuration (P-54)";
    STEP_NOT_ALLOWED = 0x8004_4187 "SdkCustomProcessingStepIsNotAllowed" Registration "the message takes no steps (P-14)";
    NO_IMAGES = 0x8004_4189 "SdkMessageDoesNotSupportImageRegistration" Registration "the message has no images (I-5)";
    PICKLIST_VALUE_OUT_OF_RANGE = 0x8004_431A "PicklistValueOutOfRange" Engine "no option has that number (C-30)";
    BOOLEAN_OPTION_OUT_OF_RANGE = 0x8004_431C "BooleanOptionOutOfRange" Nobody "a boolean is neither 0 nor 1: here that is no boolean, and a wrong type";
    INTEGER_VALUE_OUT_OF_RANGE = 0x8004_432F "IntegerValueOutOfRange" Engine "a whole number is out of range (C-29)";
    DECIMAL_VALUE_OUT_OF_RANGE = 0x8004_4330 "DecimalValueOutOfRange" Engine "a decimal, double or amount is out of range (C-29)";
    STRING_LENGTH_TOO_LONG = 0x8004_4331 "StringLengthTooLong" Engine "a text is too long (C-28)";
    INCORRECT_ATTRIBUTE_VALUE_TYPE = 0x8004_4354 "IncorrectAttributeValueType" Engine "a value has another type than its attribute (C-19)";
    MERGE_CYCLIC = 0x8004_5300 "(merge: cyclic)" Nobody "two records of one hierarchy are merged (M-83)";
    MERGE_SECURITY = 0x8004_5301 "(merge: security)" Nobody "the caller may not merge (M-83)";
    MERGE_INACTIVE = 0x8004_5304 "(merge: inactive)" Nobody "an inactive record is merged (M-83)";
    MERGE_IDENTICAL = 0x8004_5305 "(merge: identical)" Nobody "a record is merged into itself (M-83)";
    MERGE_PARENTS_DIFFER = 0x8004_5316 "(merge: parents differ)" Nobody "records of different parents are merged (M-83)";
    MERGE_CHILD_PARENTS_DIFFER = 0x8004_5317 "(merge: parents differ)" Nobody "records of different parents are merged (M-83)";
    CASCADE_INVALID_LINK_TYPE = 0x8004_8102 "CascadeInvalidLinkType" Catalog "a relationship has a cascade that its action does not know (R-12)";
    MAY_NOT_BE_DELETED = 0x8004_8103 "(may not be deleted)" Nobody "a cascade meets a record that may not go (R-39): the engine says why it may not";
    REMOVE_LINK_ON_NON_NULLABLE = 0x8004_8104 "CascadeRemoveLinkOnNonNullable" Engine "a child must have its parent (R-20)";
    REPARENT_ON_NON_USER_OWNED = 0x8004_8107 "CascadeReparentOnNonUserOwned" Nobody "a reparent reaches records without owners";
    CUSTOMER_OPPORTUNITY_ROLE_EXISTS = 0x8004_8202 "CustomerOpportunityRoleExists" Hooks "a customer plays a part in an opportunity twice (O-54)";
    INVALID_DELETE_MODIFICATION = 0x8004_8203 "InvalidDeleteModification" Nobody "the delete cascade of a system relationship changes (R-19): files may say anything here";
    EXISTING_PARENTAL_RELATIONSHIP = 0x8004_8205 "ExistingParentalRelationship" Catalog "two entities have a second parental relationship (R-21)";
    INVALID_STATE_CODE_STATUS_CODE = 0x8004_8408 "InvalidStateCodeStatusCode" Engine "the status reason does not belong to the state (C-71)";
    CANNOT_UPDATE_OPPORTUNITY_CURRENCY = 0x8004_8479 "CannotUpdateOpportunityCurrency" Hooks "an opportunity with products, quotes or orders changes its currency (O-33)";
    BASE_CURRENCY_UNDERFLOW = 0x8004_8CEB "BaseCurrencyUnderflow" Hooks "an amount is too little in base currency (C-83)";
    BASE_CURRENCY_OVERFLOW = 0x8004_8CEC "BaseCurrencyOverflow" Hooks "an amount is too much in base currency (C-83)";
    CURRENCY_DIFFERS_FROM_PRICE_LIST = 0x8004_8CEF "(currency differs from price list)" Hooks "an opportunity and its price list have two currencies (O-34)";
    BASE_CURRENCY_RATE = 0x8004_8CF5 "(rate of the base currency)" Hooks "the exchange rate of the base currency changes (C-82)";
    CURRENCY_MISSING = 0x8004_8CFB "(currency null with money)" Hooks "there are amounts and no currency (C-84)";
    PLUGIN_CONSTRUCTOR = 0x8004_A200 "(no public constructor)" Nobody "a plug-in cannot be made (L-69): hooks here are values";
    AGGREGATE_QUERY_RECORD_LIMIT = 0x8004_E023 "(aggregate query record limit)" Engine "an aggregate is computed of too many records";
    COLUMN_SECURITY = 0x8004_F503 "(column security)" Nobody "a secured attribute is written (C-22)";
    READ_INTENT_INCOMPATIBLE = 0x8006_0881 "ReadIntentIncompatible" Nobody "a step that only reads writes (X-31)";
    CONCURRENCY_VERSION_MISMATCH = 0x8006_0882 "ConcurrencyVersionMismatch" Engine "the record was changed in between (C-117)";
    CONCURRENCY_VERSION_NOT_PROVIDED = 0x8006_0883 "ConcurrencyVersionNotProvided" Engine "the caller does not say which version it knows (C-117)";
    OPTIMISTIC_CONCURRENCY_NOT_ENABLED = 0x8006_088D "OptimisticConcurrencyNotEnabled" Engine "the entity has no optimistic concurrency (C-117)";
    ENTITY_KEY_NOT_DEFINED = 0x8006_0890 "EntityKeyNotDefined" Engine "the attributes form no alternate key (C-106)";
    KEY_NOT_FOUND = 0x8006_0891 "(alternate key not found)" Engine "no record has that key (C-107)";
    DUPLICATE_RECORD_ENTITY_KEY = 0x8006_0892 "DuplicateRecordEntityKey" Engine "another record has that key (C-108)";
    KEY_FOUND_TWICE = 0x8006_089D "(alternate key found twice)" Nobody "two records have that key (C-107): here keys are unique";
    EXECUTION_TIME_LIMIT = 0x8007_2321 "(service protection: time)" Nobody "a user's messages take too long in five minutes (L-61)";
    REQUEST_LIMIT = 0x8007_2322 "(service protection: requests)" Nobody "a user sends too many messages in five minutes (L-61)";
    CONCURRENCY_LIMIT = 0x8007_2326 "(service protection: concurrency)" Nobody "a user sends too many messages at once (L-61)";
    TRANSACTION_COUNT_REDUCED = 0x8009_000C "(transaction count reduced)" Nobody "a step caught what cannot be caught (E-11): the engine says (no active transaction)";
    CURRENCY_COMPARISON = 0x8010_0004 "(currencies cannot be compared)" Nobody "an opportunity or its price list has no currency (O-34)";
    CANNOT_USE_OPPORTUNITY_SET_STATE = 0x8010_0005 "CannotUseOpportunitySetStateMessage" Hooks "an opportunity is won or lost by its state (O-12)";
}
