//! Every error code, in one snapshot: none vanishes, none is reused.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use rulegate::ErrorCode;

/// The numbers of spec §4.5, §4.2 and §9.1 that the engine raises, with the names of Dataverse's list.
const DATAVERSE: &[(u32, &str)] = &[
    (0x8004_0200, "RequiredFieldMissing"),
    (0x8004_0203, "InvalidArgument"),
    (0x8004_0216, "UnExpected"),
    (0x8004_0217, "ObjectDoesNotExist"),
    (0x8004_0220, "PrivilegeDenied"),
    (0x8004_0224, "IsvUnExpected"),
    (0x8004_0227, "CannotDeleteDueToAssociation"),
    (0x8004_0229, "InvalidOwnerID"),
    (0x8004_022D, "InvalidCustomer"),
    (0x8004_0233, "InvalidState"),
    (0x8004_0236, "no relationship"),
    (0x8004_0237, "DuplicateRecord"),
    (0x8004_0239, "InvalidDateTime"),
    (0x8004_0251, "no active transaction"),
    (0x8004_0265, "IsvAborted"),
    (0x8004_0386, "EntityLoopExists"),
    (0x8004_0800, "SdkEntityDoesNotSupportMessage"),
    (0x8004_1102, "QueryBuilderNoEntity"),
    (0x8004_1103, "QueryBuilderNoAttribute"),
    (0x8004_4150, "generic SQL"),
    (0x8004_4151, "SQL timeout"),
    (0x8004_4162, "AsyncOperationInvalidStateChange"),
    (0x8004_4165, "AsyncOperationInvalidStateChangeToComplete"),
    (0x8004_4166, "AsyncOperationInvalidStateChangeToReady"),
    (0x8004_4167, "AsyncOperationInvalidStateChangeToSuspended"),
    (0x8004_416A, "AsyncOperationCannotDeleteUnlessCompleted"),
    (0x8004_4182, "SdkCorrelationTokenDepthTooHigh"),
    (0x8004_431A, "PicklistValueOutOfRange"),
    (0x8004_432F, "IntegerValueOutOfRange"),
    (0x8004_4330, "DecimalValueOutOfRange"),
    (0x8004_4331, "StringLengthTooLong"),
    (0x8004_4354, "IncorrectAttributeValueType"),
    (0x8004_8104, "RemoveLink on a non-null lookup"),
    (0x8004_8408, "InvalidStateCodeStatusCode"),
    (0x8006_0882, "ConcurrencyVersionMismatch"),
    (0x8006_0883, "ConcurrencyVersionNotProvided"),
    (0x8006_088D, "OptimisticConcurrencyNotEnabled"),
    (0x8006_0890, "EntityKeyNotDefined"),
    (0x8006_0891, "alternate key not found"),
    (0x8006_0892, "DuplicateRecordEntityKey"),
];

fn dataverse_name(number: u32) -> Option<&'static str> {
    DATAVERSE.iter().find(|(it, _)| *it == number).map(|(_, name)| *name)
}

#[test]
fn every_code_keeps_its_name_and_its_number() {
    // E-59
    let line = |code: &ErrorCode| {
        let (name, number) = (code.name(), code.number());
        format!("{name:<34} 0x{number:08X} {}", dataverse_name(number).unwrap_or("?"))
    };

    let all: Vec<String> = ErrorCode::ALL.iter().map(line).collect();
    assert_snapshot!(all.join("\n"));
}

#[test]
fn every_number_is_one_of_dataverses() {
    // E-59
    let strange: Vec<_> =
        ErrorCode::ALL.iter().filter(|it| dataverse_name(it.number()).is_none()).collect();

    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn no_number_of_the_table_is_forgotten() {
    let raised: BTreeSet<u32> = ErrorCode::ALL.iter().map(|it| it.number()).collect();
    let forgotten: Vec<_> = DATAVERSE.iter().filter(|(it, _)| !raised.contains(it)).collect();

    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[test]
fn no_two_codes_have_one_name() {
    let names: BTreeSet<&str> = ErrorCode::ALL.iter().map(|it| it.name()).collect();

    assert_eq!(names.len(), ErrorCode::ALL.len());
}

#[test]
fn names_are_a_layer_and_words_with_dashes() {
    // STYLE §6
    let is_word = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_lowercase());
    let is_well_formed = |name: &str| {
        name.split_once('.')
            .is_some_and(|(layer, rest)| is_word(layer) && rest.split('-').all(is_word))
    };

    let odd: Vec<_> = ErrorCode::ALL.iter().filter(|it| !is_well_formed(it.name())).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn a_code_reads_as_its_name() {
    assert_eq!(ErrorCode::NotFound.to_string(), "store.not-found");
}
