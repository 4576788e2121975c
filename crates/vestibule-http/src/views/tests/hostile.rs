//! What strangers wrote is shown as they wrote it, and does nothing.

use vestibule_core::place::{Country, Located, Place};

use super::named;
use crate::{
    texts::Texts,
    views::{
        Activity, ActivityPage, AddressChange, AddressEntry, AddressLink, AddressesNotice,
        AddressesPage, AppLogoutPage, AppSignedOutPage, AskedField, ConfirmAddressPage, Details,
        Device, DeviceKind, DeviceName, DevicesPage, ErrorKind, ErrorPage, Frame, FreshFor,
        FreshPage, GoOnPage, Happening, LoginPage, NewAddressFault, NotSentPage, Page, ProfilePage,
        markup, samples::NOW,
    },
};

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;\u{202e}";

/// Holds: ASVS 3.2.2
#[test]
fn asvs_3_2_2_hostile_strings_are_text() {
    let device = Device {
        id: hostile(),
        name: device_name(),
        kind: DeviceKind::Phone,
        current: false,
        signed_in_at: NOW,
        active_at: i64::MIN / 2,
        ends_at: i64::MAX / 2,
        remembered: false,
        proven: vec![],
        address: Some(hostile()),
        place: Place::Unknown,
        applications: vec![hostile()],
    };
    let pages: Vec<Box<dyn Page>> = vec![
        Box::new(LoginPage {
            csrf: hostile(),
            identifier: hostile(),
            next: Some(hostile()),
            continue_to: Some(hostile()),
            ..LoginPage::default()
        }),
        Box::new(FreshPage {
            csrf: hostile(),
            action: "/x".into(),
            fields: vec![(hostile(), hostile())],
            cancel: "/".into(),
            purpose: FreshFor::EndDevice {
                name: device.name.clone(),
            },
            proven: false,
            fault: None,
        }),
        Box::new(DevicesPage {
            csrf: hostile(),
            devices: vec![device],
            notice: None,
        }),
        Box::new(GoOnPage {
            title: hostile(),
            back: hostile(),
        }),
        Box::new(AppLogoutPage {
            csrf: hostile(),
            address: hostile(),
            title: hostile(),
        }),
        Box::new(NotSentPage { next: hostile() }),
        Box::new(AppSignedOutPage {
            title: hostile(),
            done: false,
        }),
        Box::new(ErrorPage {
            kind: ErrorKind::NotFound,
            id: hostile(),
            back: None,
            wait: None,
        }),
    ];
    let texts = Texts::embedded();
    for tongue in texts.all() {
        for page in pages.iter().chain(&account()) {
            let html = page
                .render(&Frame::new(tongue, HOSTILE, NOW).signed_in(HOSTILE, HOSTILE))
                .expect("renders");
            let elements = markup::elements(&html);
            assert!(
                named(&elements, "script")
                    .all(|script| script.text.is_empty() && script.has("src"))
            );
            assert_eq!(named(&elements, "script").count(), 1);
            assert_eq!(named(&elements, "img").count(), 0);
            assert!(
                elements
                    .iter()
                    .any(|element| element.text.contains("<script>alert(1)</script>")),
                "shown as it is"
            );
        }
    }
}

fn account() -> Vec<Box<dyn Page>> {
    vec![
        Box::new(AddressesPage {
            csrf: hostile(),
            addresses: vec![AddressEntry {
                email: hostile(),
                primary: false,
                verified: false,
                added_at: i64::MAX,
            }],
            typed: hostile(),
            fault: Some(NewAddressFault::Own),
            notice: Some(AddressesNotice::Asked { address: hostile() }),
            ..AddressesPage::default()
        }),
        Box::new(ConfirmAddressPage {
            csrf: hostile(),
            link: AddressLink::Good {
                token: hostile(),
                address: hostile(),
            },
        }),
        Box::new(ProfilePage {
            csrf: hostile(),
            details: Details {
                name: hostile(),
                fields: vec![AskedField {
                    id: "field-x".into(),
                    label: hostile(),
                    value: hostile(),
                    required: true,
                    fault: None,
                }],
                ..Details::default()
            },
            ..ProfilePage::default()
        }),
        Box::new(ActivityPage {
            events: vec![Activity {
                at: i64::MIN,
                what: Happening::Address {
                    change: AddressChange::Added,
                    email: Some(hostile()),
                },
                device: Some(device_name()),
                address: Some(hostile()),
                place: Place::Located(Located {
                    country: Country {
                        code: hostile(),
                        name: hostile(),
                    },
                    city: Some(hostile()),
                }),
            }],
            ..ActivityPage::default()
        }),
    ]
}

fn hostile() -> String {
    HOSTILE.to_owned()
}

fn device_name() -> DeviceName {
    DeviceName {
        browser: Some(hostile()),
        system: Some(hostile()),
    }
}
