//! The rooms of the account in which it is changed: addresses, profile, leaving.

use std::time::Duration;

use super::{CSRF, DAY, HOUR, NOW, Sample, person, stranger};
use crate::views::{
    AddressEntry, AddressFault, AddressLink, AddressRoom, AddressesNotice, AddressesPage,
    AnswerFault, AskedField, ConfirmAddressPage, DeletePage, DeletedPage, Details, FreshFault,
    FreshFor, FreshPage, LanguageChoice, NameFault, NewAddressFault, ProfilePage,
};

const WORK: &str = "alice.with.a.rather.long.name@department.of.letters.example.test";

pub(super) fn addresses() -> Vec<Sample> {
    let first = entry("alice@example.test", true, true);
    let one = AddressesPage {
        csrf: CSRF.into(),
        addresses: vec![first.clone()],
        ..AddressesPage::default()
    };
    let two = AddressesPage {
        addresses: vec![first.clone(), entry(WORK, false, true)],
        ..one.clone()
    };
    let unproved = AddressesPage {
        addresses: vec![entry("alice@example.test", true, false)],
        ..one.clone()
    };
    let many = AddressesPage {
        addresses: std::iter::once(first)
            .chain(vec![entry(WORK, false, true); 9])
            .collect(),
        room: AddressRoom::Full { most: 10 },
        ..one.clone()
    };
    let noticed = |notice| AddressesPage {
        notice: Some(notice),
        ..two.clone()
    };
    let faulty = |typed: &str, fault| AddressesPage {
        typed: typed.into(),
        fault: Some(fault),
        ..one.clone()
    };
    let asked = AddressesNotice::Asked {
        address: WORK.into(),
    };
    let throttled = AddressesNotice::Throttled {
        wait: Duration::from_mins(10),
    };
    let missing = NewAddressFault::Address(AddressFault::Missing);
    let malformed = NewAddressFault::Address(AddressFault::Malformed);
    let mut samples = vec![
        person("addresses", one.clone()),
        person("addresses-two", two.clone()),
        person("addresses-full", many),
        person("addresses-unproved", unproved.clone()),
        person(
            "addresses-no-mail",
            AddressesPage {
                room: AddressRoom::NoMail,
                ..unproved
            },
        ),
        person("addresses-asked", noticed(asked)),
        person("addresses-confirmed", noticed(AddressesNotice::Confirmed)),
        person("addresses-removed", noticed(AddressesNotice::Removed)),
        person("addresses-primary", noticed(AddressesNotice::Primary)),
        person("addresses-nothing", noticed(AddressesNotice::Nothing)),
        person("addresses-declared", noticed(AddressesNotice::Declared)),
        person("addresses-refused", noticed(AddressesNotice::Refused)),
        person("addresses-throttled", noticed(throttled)),
        person("addresses-missing", faulty("", missing)),
        person("addresses-malformed", faulty("alice at work", malformed)),
        person(
            "addresses-own",
            faulty("alice@example.test", NewAddressFault::Own),
        ),
    ];
    samples.extend(confirm());
    samples
}

fn confirm() -> Vec<Sample> {
    let page = |link| ConfirmAddressPage {
        csrf: CSRF.into(),
        link,
    };
    let good = AddressLink::Good {
        token: "vst_address_Jq7".into(),
        address: WORK.into(),
    };
    vec![
        person("address-confirm", page(good)),
        person("address-gone", page(AddressLink::Gone)),
        person("address-taken", page(AddressLink::Taken)),
        person("address-full", page(AddressLink::Full { most: 10 })),
    ]
}

pub(super) fn profile() -> Vec<Sample> {
    let field = |id: &str, label: &str, required| AskedField {
        id: id.into(),
        label: label.into(),
        value: "Letters".into(),
        required,
        fault: None,
    };
    let page = ProfilePage {
        csrf: CSRF.into(),
        details: Details {
            name: "Alice Example".into(),
            fields: vec![
                field("field-department", "Department", true),
                field("field-room", "Room", false),
            ],
            ..Details::default()
        },
        languages: [("en", "English"), ("de", "Deutsch")]
            .map(|(tag, name)| LanguageChoice {
                tag,
                name: name.into(),
                chosen: tag == "de",
            })
            .into(),
        changed: false,
    };
    let changed = ProfilePage {
        changed: true,
        ..page.clone()
    };
    let mut faulty = page.clone();
    faulty.details.name_required = true;
    faulty.details.name_fault = Some(NameFault::Missing);
    faulty.details.fields[0].fault = Some(AnswerFault::Missing);
    faulty.details.fields[1].fault = Some(AnswerFault::Malformed);
    vec![
        person("profile", page),
        person("profile-changed", changed),
        person("profile-faulty", faulty),
    ]
}

pub(super) fn leaving() -> Vec<Sample> {
    let page = |devices, addresses| DeletePage {
        csrf: CSRF.into(),
        devices,
        addresses,
        mails: addresses > 1,
        only_administrator: false,
        declared: false,
    };
    let alone = DeletePage {
        only_administrator: true,
        ..page(1, 1)
    };
    let declared = DeletePage {
        declared: true,
        ..page(1, 1)
    };
    vec![
        person("delete", page(3, 2)),
        person("delete-one", page(1, 1)),
        person("delete-only-administrator", alone),
        person("delete-declared", declared),
        stranger(
            "deleted",
            DeletedPage {
                ended: 3,
                mails: true,
            },
        ),
        stranger(
            "deleted-one",
            DeletedPage {
                ended: 1,
                mails: false,
            },
        ),
    ]
}

pub(super) fn fresh() -> Vec<Sample> {
    let page = |purpose| FreshPage {
        csrf: CSRF.into(),
        action: "/account/addresses/primary".into(),
        fields: vec![("address".into(), WORK.into())],
        cancel: "/account/addresses".into(),
        purpose,
        proven: false,
        fault: None,
    };
    let address = || WORK.to_owned();
    let throttled = FreshPage {
        fault: Some(FreshFault::Throttled {
            wait: Duration::from_secs(30),
        }),
        ..page(FreshFor::DeleteAccount { devices: 1 })
    };
    vec![
        person(
            "fresh-add-address",
            page(FreshFor::AddAddress { address: address() }),
        ),
        person(
            "fresh-remove-address",
            page(FreshFor::RemoveAddress { address: address() }),
        ),
        person(
            "fresh-primary",
            page(FreshFor::MakePrimary { address: address() }),
        ),
        person("fresh-delete", page(FreshFor::DeleteAccount { devices: 3 })),
        person("fresh-delete-throttled", throttled),
    ]
}

fn entry(email: &str, primary: bool, verified: bool) -> AddressEntry {
    AddressEntry {
        email: email.into(),
        primary,
        verified,
        added_at: NOW - 17 * DAY - HOUR,
    }
}
