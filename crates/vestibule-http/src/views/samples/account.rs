//! The rooms of the account.

use std::time::Duration;

use vestibule_core::place::{Country, Located, Place};

use super::{CSRF, DAY, HOUR, MINUTE, NOW, Sample, name, person};
use crate::views::{
    Activity, ActivityPage, AddressChange, CurrentPasswordFault, Device, DeviceKind, DeviceName,
    DevicesNotice, DevicesPage, Happening, PasswordFault, Proof, SecurityPage,
};

pub(super) fn devices() -> Vec<Sample> {
    let this = device(
        name("Firefox", "Linux"),
        DeviceKind::Desktop,
        NOW - 5 * HOUR,
        NOW - 1000,
        NOW + 30 * MINUTE,
    );
    let this = Device {
        current: true,
        applications: vec!["The shop".into(), "Wiki".into()],
        ..this
    };
    let phone = device(
        name("Safari", "iPhone"),
        DeviceKind::Phone,
        NOW - 17 * DAY,
        NOW - 2 * HOUR,
        NOW + 13 * DAY,
    );
    let phone = Device {
        remembered: true,
        address: Some("2001:db8::7334:1".into()),
        ..phone
    };
    let windows = device(
        name("Chrome", "Windows"),
        DeviceKind::Desktop,
        NOW - 23 * DAY,
        NOW - 9 * DAY,
        NOW + 5 * DAY,
    );
    let windows = Device {
        remembered: true,
        ..windows
    };
    let tablet = device(
        name("Safari", "iPad"),
        DeviceKind::Tablet,
        NOW - 25 * HOUR,
        NOW - 20 * MINUTE,
        NOW + HOUR,
    );
    let unknown = device(
        DeviceName::default(),
        DeviceKind::Other,
        NOW - 400 * DAY,
        NOW - 90_000,
        NOW + DAY,
    );
    let unknown = Device {
        address: None,
        place: Place::Unknown,
        proven: vec![],
        ..unknown
    };
    let page = DevicesPage {
        csrf: CSRF.into(),
        devices: vec![this.clone()],
        notice: None,
    };
    let ended = |count| Some(DevicesNotice::Ended { count });
    vec![
        person(
            "devices",
            DevicesPage {
                devices: vec![this.clone(), phone.clone(), windows.clone()],
                ..page.clone()
            },
        ),
        person(
            "devices-two",
            DevicesPage {
                devices: vec![this.clone(), phone],
                notice: ended(0),
                ..page.clone()
            },
        ),
        person(
            "devices-many",
            DevicesPage {
                devices: [this, tablet, unknown]
                    .into_iter()
                    .chain(vec![windows; 17])
                    .collect(),
                notice: ended(1),
                ..page.clone()
            },
        ),
        person(
            "devices-alone",
            DevicesPage {
                notice: ended(2),
                ..page
            },
        ),
    ]
}

pub(super) fn security() -> Vec<Sample> {
    let page = SecurityPage {
        csrf: CSRF.into(),
        others: 2,
        ..SecurityPage::default()
    };
    let wrong = |current| SecurityPage {
        current_fault: Some(current),
        ..page.clone()
    };
    let refused = |new| SecurityPage {
        new_fault: Some(new),
        ..page.clone()
    };
    vec![
        person("security", page.clone()),
        person(
            "security-one",
            SecurityPage {
                others: 1,
                changed: Some(0),
                ..page.clone()
            },
        ),
        person(
            "security-alone",
            SecurityPage {
                others: 0,
                changed: Some(1),
                ..page.clone()
            },
        ),
        person(
            "security-changed",
            SecurityPage {
                others: 0,
                changed: Some(2),
                ..page.clone()
            },
        ),
        person("security-wrong", wrong(CurrentPasswordFault::Wrong)),
        person("security-missing", wrong(CurrentPasswordFault::Missing)),
        person("security-busy", wrong(CurrentPasswordFault::Busy)),
        person(
            "security-throttled",
            wrong(CurrentPasswordFault::Throttled {
                wait: Duration::from_secs(90),
            }),
        ),
        person("security-common", refused(PasswordFault::Common)),
        person("security-site-word", refused(PasswordFault::SiteWord)),
        person(
            "security-throttled",
            wrong(CurrentPasswordFault::Throttled {
                wait: std::time::Duration::from_mins(2),
            }),
        ),
        person(
            "security-short",
            refused(PasswordFault::TooShort { length: 12 }),
        ),
        person("security-unchanged", refused(PasswordFault::Unchanged)),
    ]
}

pub(super) fn activity() -> Vec<Sample> {
    let happenings = [
        (MINUTE, Happening::Confirmed),
        (2 * MINUTE, Happening::ConfirmationFailed),
        (4 * HOUR, Happening::SignedIn { new_device: true }),
        (5 * HOUR, Happening::SignedIn { new_device: false }),
        (6 * HOUR, Happening::SignInRefused),
        (6 * HOUR, Happening::SignInFailed),
        (25 * HOUR, Happening::PasswordChanged),
        (3 * DAY, Happening::OthersEnded { count: Some(2) }),
        (4 * DAY, Happening::OthersEnded { count: Some(1) }),
        (5 * DAY, Happening::OthersEnded { count: None }),
        (9 * DAY, Happening::DeviceEnded),
        (17 * DAY, Happening::SignedOut),
        (40 * DAY, Happening::Expired),
        (41 * DAY, Happening::Displaced),
        (70 * DAY, Happening::EndedByAdministrator),
        (71 * DAY, Happening::Disabled),
        (100 * DAY, Happening::Enabled),
        (101 * DAY, Happening::EndedByMail),
        (102 * DAY, Happening::EverywhereEnded),
        (103 * DAY, Happening::PasswordReset),
        (104 * DAY, Happening::PasswordDisabled),
        (105 * DAY, Happening::ProfileChanged),
        (
            106 * DAY,
            changed(AddressChange::Asked, Some("alice@work.example.test")),
        ),
        (
            107 * DAY,
            changed(AddressChange::Added, Some("alice@work.example.test")),
        ),
        (
            108 * DAY,
            changed(AddressChange::Verified, Some("älice@example.test")),
        ),
        (
            109 * DAY,
            changed(AddressChange::Removed, Some("alice@work.example.test")),
        ),
        (110 * DAY, changed(AddressChange::Primary, None)),
        (111 * DAY, Happening::RecoveryAsked),
        (112 * DAY, Happening::RecoverySent),
        (113 * DAY, Happening::RecoveryOffered),
        (114 * DAY, Happening::CodeRefused),
        (116 * DAY, Happening::MailGivenUp),
        (117 * DAY, Happening::Slowed),
        (118 * DAY, Happening::MailSlowed),
        (119 * DAY, Happening::Attacked),
        (400 * DAY, Happening::AccountCreated),
    ];
    let places = [
        Place::Unknown,
        Place::ThisMachine,
        Place::LocalNetwork,
        located(Some("Göttingen")),
        located(None),
    ];
    let events = happenings
        .into_iter()
        .enumerate()
        .map(|(index, (past, what))| Activity {
            at: NOW - past,
            what,
            device: (index % 4 != 3).then(|| name("Firefox", "Linux")),
            address: (index % 3 != 2).then(|| "203.0.113.7".into()),
            place: places[index % places.len()].clone(),
        });
    vec![
        person(
            "activity",
            ActivityPage {
                events: events.collect(),
                older: Some("/account/activity?before=17".into()),
                past: false,
            },
        ),
        person(
            "activity-past",
            ActivityPage {
                past: true,
                ..ActivityPage::default()
            },
        ),
        person("activity-empty", ActivityPage::default()),
    ]
}

fn changed(change: AddressChange, email: Option<&str>) -> Happening {
    Happening::Address {
        change,
        email: email.map(Into::into),
    }
}

fn located(city: Option<&str>) -> Place {
    Place::Located(Located {
        country: Country {
            code: "DE".into(),
            name: "Germany".into(),
        },
        city: city.map(Into::into),
    })
}

fn device(
    name: DeviceName,
    kind: DeviceKind,
    signed_in_at: i64,
    active_at: i64,
    ends_at: i64,
) -> Device {
    Device {
        id: "01JD4X2V9K7Q3M8N5P6R7S8T9V".into(),
        name,
        kind,
        current: false,
        signed_in_at,
        active_at,
        ends_at,
        remembered: false,
        proven: vec![Proof::Password],
        address: Some("203.0.113.7".into()),
        place: located(Some("Göttingen")),
        applications: Vec::new(),
    }
}
