//! The rooms of the console.

use vestibule_core::place::Place;

use super::{CSRF, DAY, HOUR, MINUTE, NOW, Sample, administrator, name};
use crate::views::{
    ChainState, ConsoleAct, DeviceName, FreshFor, FreshPage, Health, OpenedThrough, OverviewPage,
    Paging, Reached, SessionOwner, SessionPage, SessionRow, SessionsPage, Which,
};

pub(super) fn overview() -> Vec<Sample> {
    vec![administrator(
        "console",
        OverviewPage {
            health: Health {
                store: true,
                mail_waiting: Some(2),
                chain: ChainState::Sealing,
                version: "0.1.0",
            },
        },
    )]
}

pub(super) fn sessions() -> Vec<Sample> {
    let full = SessionsPage {
        text: "firefox".into(),
        remembered: Some(true),
        sessions: (0..25).map(session).collect(),
        live: 1_000_000,
        paging: Paging {
            first: Some("/console/sessions?text=firefox".into()),
            next: Some(
                "/console/sessions?text=firefox&before=019aa0b1-5e00-7000-8000-0000000000ff".into(),
            ),
        },
        ended: Some(3),
        of: None,
    };
    let of_one = SessionsPage {
        of: Some(owner(1)),
        sessions: vec![session(1), session(4)],
        live: 2,
        ended: Some(1),
        ..SessionsPage::default()
    };
    let none_found = SessionsPage {
        text: "nobody@example.test".into(),
        live: 1,
        ended: Some(0),
        ..SessionsPage::default()
    };
    let looked_so_far = SessionsPage {
        paging: Paging {
            next: full.paging.next.clone(),
            first: None,
        },
        ..none_found.clone()
    };
    let mut samples = vec![
        administrator("console-sessions", full),
        administrator("console-sessions-of", of_one),
        administrator("console-sessions-none-found", none_found),
        administrator("console-sessions-so-far", looked_so_far),
        administrator("console-sessions-none", SessionsPage::default()),
    ];
    samples.extend([one(0), one(3)]);
    samples.extend(ending());
    samples
}

fn owner(n: u64) -> SessionOwner {
    SessionOwner {
        id: format!("019aa0b1-5e00-7000-8000-{n:012x}"),
        email: format!("somebody-{n}@example.test"),
    }
}

fn session(n: u64) -> SessionRow {
    let past = i64::try_from(n).unwrap_or_default() * 47 * MINUTE;
    SessionRow {
        id: format!("019aa0b1-5e01-7000-8000-{n:012x}"),
        owner: owner(n % 7),
        name: match n % 4 {
            0 => name("Firefox", "Linux"),
            1 => name("Safari", "iPhone"),
            2 => name("Chrome", "Windows"),
            _ => DeviceName::default(),
        },
        current: n == 0,
        signed_in_at: NOW - past - HOUR,
        active_at: NOW - past / 2,
        remembered: n % 3 == 1,
        address: (n % 4 != 3).then(|| "2001:db8::7334:1".into()),
        place: if n % 5 == 0 {
            Place::LocalNetwork
        } else {
            Place::Unknown
        },
    }
}

fn one(n: u64) -> Sample {
    let known = n == 0;
    let opened = |title: &str, origin: &str| OpenedThrough {
        title: title.into(),
        origin: origin.into(),
        opened_at: NOW - MINUTE,
    };
    let page = SessionPage {
        session: session(n),
        user_agent: known.then(|| {
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into()
        }),
        acr: "aal1",
        proven_at: NOW - HOUR,
        by_password: known,
        idle_ends_at: NOW + 30 * MINUTE,
        ends_at: NOW + DAY,
        applications: if known {
            vec![
                opened("The shop", "https://shop.example.test"),
                opened("Wiki", "https://wiki.example.test"),
            ]
        } else {
            Vec::new()
        },
    };
    administrator(
        if known {
            "console-session"
        } else {
            "console-session-bare"
        },
        page,
    )
}

fn ending() -> Vec<Sample> {
    let reach = |devices, sign_ins, applications| Reached {
        devices,
        sign_ins,
        applications,
    };
    let page = |which, reach, proven| FreshPage {
        csrf: CSRF.into(),
        action: "/console/sessions/end".into(),
        fields: vec![(
            "session-019aa0b1-5e01-7000-8000-000000000001".into(),
            "on".into(),
        )],
        cancel: "/console/sessions".into(),
        purpose: FreshFor::Console(ConsoleAct::EndSessions { which, reach }),
        proven,
        fault: None,
    };
    vec![
        administrator("console-end", page(Which::Picked, reach(3, 14, 2), true)),
        administrator(
            "console-end-one",
            page(Which::Picked, reach(1, 1, 1), false),
        ),
        administrator(
            "console-end-none",
            page(Which::Picked, reach(0, 0, 0), true),
        ),
        administrator(
            "console-end-of",
            page(
                Which::Of("alice@example.test".into()),
                reach(3, 0, 0),
                false,
            ),
        ),
        administrator(
            "console-end-all",
            page(Which::Everybodys, reach(1_204_118, 3_514_001, 12), true),
        ),
    ]
}
