//! The rooms of the console.

use vestibule_core::audit::{Actor, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::place::Place;
use vestibule_core::time::UnixMillis;

use super::{CSRF, DAY, HOUR, MINUTE, NOW, Sample, administrator, name};
use crate::views::{
    AuditPage, AuditRow, ChainCheck, ChainReport, ConsoleAct, CountedMinute, DeviceName, FreshFor,
    FreshPage, Health, OpenedThrough, OverviewPage, Paging, Reached, SessionOwner, SessionPage,
    SessionRow, SessionsPage, UnknownName, Which,
};

pub(super) fn overview() -> Vec<Sample> {
    let minutes = |count: i64| {
        (0..count).rev().map(|past| {
            let wave = u64::try_from((past % 180 - 90).abs()).unwrap_or_default();
            CountedMinute {
                at: NOW - past * MINUTE,
                logins: wave / 9,
                refusals: wave / 40,
                ends: (90 - wave) / 11,
                live: 12_000 + wave * 9,
            }
        })
    };
    let well = OverviewPage {
        sessions: 12_418,
        sign_ins: 31_004,
        people: 1_000_000,
        disabled: 12,
        administrators: 3,
        applications: 14,
        minutes: minutes(24 * 60).collect(),
        health: Health {
            store: true,
            mail_waiting: Some(2),
            sealing: true,
            version: "0.1.0",
        },
    };
    let ill = OverviewPage {
        sessions: 1,
        people: 1,
        administrators: 1,
        minutes: minutes(1).collect(),
        health: Health {
            store: false,
            sealing: false,
            version: "0.1.0",
            mail_waiting: None,
        },
        ..OverviewPage::default()
    };
    let young = OverviewPage {
        minutes: minutes(7).collect(),
        disabled: 1,
        sign_ins: 1,
        health: Health {
            store: true,
            mail_waiting: Some(1),
            sealing: true,
            version: "0.1.0",
        },
        ..ill.clone()
    };
    vec![
        administrator("console", well),
        administrator("console-ill", ill),
        administrator("console-young", young),
    ]
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
        place: if n.is_multiple_of(5) {
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
    let reach = |devices, sign_ins, applications| {
        Some(Reached {
            devices,
            sign_ins,
            applications,
        })
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
        administrator("console-end-unknown", page(Which::Picked, None, true)),
        administrator(
            "console-end-all",
            page(Which::Everybodys, reach(1_204_118, 3_514_001, 12), true),
        ),
    ]
}

/// The nth event of a trail that has every kind.
fn event(n: usize) -> AuditRow {
    let kinds = EventKind::all();
    let user = UserId::new(UnixMillis(1), [7; 10]);
    let known = n % 4 != 3;
    AuditRow {
        position: 1_000_000 - u64::try_from(n).unwrap_or_default(),
        settled: n > 1,
        at: NOW - i64::try_from(n).unwrap_or_default() * MINUTE,
        kind: kinds[n % kinds.len()],
        actor: match n % 5 {
            0 => Actor::Visitor,
            1 => Actor::User(user),
            2 => Actor::Operator(1000),
            3 => Actor::System,
            _ => Actor::User(UserId::new(UnixMillis(2), [8; 10])),
        },
        user: known.then(|| user.to_string()),
        session: known.then(|| "019aa0b1-5e01-7000-8000-000000000001".into()),
        application: (n % 4 == 2).then(|| "The shop".into()),
        act: "019aa0b1-5e02-7000-8000-000000000001".into(),
        email: known.then(|| "somebody@example.test".into()),
        address: known.then(|| "2001:db8::7334:1".into()),
        device: known.then(|| name("Firefox", "Linux")),
    }
}

pub(super) fn audit() -> Vec<Sample> {
    let kinds = EventKind::all();
    let full = AuditPage {
        csrf: CSRF.into(),
        kind: "login.".into(),
        person: "somebody@example.test".into(),
        since: "2026-11-20T12:00".into(),
        events: (0..20).map(event).collect(),
        follow: Some("/console/events?kind=login%2E&trail=1000000".into()),
        newer: Some("/console/audit?kind=login%2E".into()),
        export: "/console/audit/export?kind=login%2E".into(),
        paging: Paging {
            first: None,
            next: Some("/console/audit?kind=login%2E&before=999980".into()),
        },
        sealing: true,
        chain: ChainCheck::Done(ChainReport {
            at: NOW - MINUTE,
            events: 1_000_000,
            sealed_to: 999_998,
            unsealed: 2,
            faults: Vec::new(),
        }),
        ..AuditPage::default()
    };
    let part = |from: usize, to: usize| AuditPage {
        events: (from.min(kinds.len() - 1)..to.min(kinds.len()))
            .map(event)
            .collect(),
        chain: ChainCheck::Running,
        ..full.clone()
    };
    let (second, third) = (part(20, 40), part(40, 60));
    let (fourth, last) = (part(60, 80), part(80, kinds.len()));
    let broken = AuditPage {
        events: Vec::new(),
        sealing: false,
        paging: Paging::default(),
        chain: ChainCheck::Done(ChainReport {
            at: NOW - MINUTE,
            faults: vec![(17, "this event is missing".into())],
            ..ChainReport::default()
        }),
        ..full.clone()
    };
    let unknown = |unknown| AuditPage {
        unknown: Some(unknown),
        chain: ChainCheck::Failed,
        ..broken.clone()
    };
    let empty = AuditPage {
        csrf: CSRF.into(),
        export: "/console/audit/export".into(),
        sealing: true,
        ..AuditPage::default()
    };
    let so_far = AuditPage {
        paging: full.paging.clone(),
        ..broken.clone()
    };
    let export = FreshPage {
        csrf: CSRF.into(),
        action: "/console/audit/export".into(),
        fields: vec![("kind".into(), "login.".into())],
        cancel: "/console/audit".into(),
        purpose: FreshFor::Console(ConsoleAct::ExportTrail { most: 100_000 }),
        proven: false,
        fault: None,
    };
    vec![
        administrator("console-audit", full.clone()),
        administrator("console-audit-2", second),
        administrator("console-audit-3", third),
        administrator("console-audit-4", fourth),
        administrator("console-audit-5", last),
        administrator("console-audit-broken", broken.clone()),
        administrator("console-audit-person", unknown(UnknownName::Person)),
        administrator("console-audit-actor", unknown(UnknownName::Actor)),
        administrator("console-audit-so-far", so_far),
        administrator("console-audit-empty", empty),
        administrator("console-audit-export", export),
    ]
}
