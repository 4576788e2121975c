use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::audit::Event;
use crate::id::{ActId, SessionId};
use crate::lineage::StoreNumber;
use crate::secret::HashedSecret;
use crate::session::{Acr, Amr, Device, EndReason};
use crate::user::DisplayName;

const NOON: UnixMillis = UnixMillis(1_800_000_000_000);

fn user(email: &str, name: &str) -> User {
    User {
        id: UserId::new(NOON, [1; 10]),
        email: EmailAddress::parse(email).unwrap(),
        email_verified: true,
        name: DisplayName::parse(name).unwrap(),
        roles: vec![Role::admin(), "staff".parse().unwrap()],
        status: UserStatus::Active,
        created_at: NOON,
        cutoff: StoreNumber(0),
    }
}

fn session() -> Session {
    Session {
        id: SessionId::new(NOON, [2; 10]),
        user: UserId::new(NOON, [1; 10]),
        secret: HashedSecret::from_bytes([3; 32]),
        rev: StoreNumber(0),
        created_at: NOON,
        auth_time: NOON,
        last_seen: NOON,
        idle: Duration::from_mins(30),
        expires_at: NOON.plus(Duration::from_hours(12)),
        remembered: false,
        acr: Acr::Aal1,
        amr: Amr::PASSWORD,
        device: Device {
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".to_owned()),
            address: Some(IpAddr::from([192, 0, 2, 7])),
        },
    }
}

fn event(kind: EventKind) -> StoredEvent {
    StoredEvent {
        position: 1,
        act: ActId::new(NOON, [4; 10]),
        at: NOON,
        actor: Actor::Operator(1000),
        event: Event::user(kind, UserId::new(NOON, [1; 10])),
        personal_digest: None,
        personal: None,
    }
}

#[test]
fn a_filter_that_says_nothing_lets_everything_through() {
    assert!(UserFilter::default().matches(&user("alice@example.test", "")));
    let owner = EmailAddress::parse("alice@example.test").unwrap();
    assert!(SessionFilter::default().matches(&session(), &owner));
    for kind in EventKind::all() {
        assert!(EventFilter::default().matches(&event(kind)));
    }
    let blank = UserFilter {
        text: Some("  ".to_owned()),
        ..UserFilter::default()
    };
    assert!(blank.matches(&user("alice@example.test", "")));
}

#[test]
fn a_text_is_found_anywhere_whatever_its_case() {
    let zoe = user("zo\u{eb}@b\u{fc}cher.test", "Zo\u{eb} \u{c4}PFEL");
    let finds = |text: &str| {
        let text = Some(text.to_owned());
        let filter = UserFilter {
            text,
            ..UserFilter::default()
        };
        filter.matches(&zoe)
    };
    for text in [
        "zo",
        "ZO\u{cb}",
        "zoe\u{308}",
        "\u{e4}pfel",
        "A\u{308}pfel",
        " pfel ",
        "xn--bcher",
        "@xn--BCHER",
        ".test",
        "o\u{eb} \u{e4}",
    ] {
        assert!(finds(text), "{text}");
    }
    for text in ["zoe", "apfel", "zo\u{eb}\u{e4}", "b\u{fc}cher", "%", "_"] {
        assert!(!finds(text), "{text}");
    }
}

#[test]
fn a_text_with_an_at_behind_something_begins_an_address() {
    let alice = user("alice@example.test", "m@e");
    let finds = |text: &str| {
        let text = Some(text.to_owned());
        let filter = UserFilter {
            text,
            ..UserFilter::default()
        };
        filter.matches(&alice)
    };
    for text in ["alice@", "Alice@Example", "alice@example.test", "@example"] {
        assert!(finds(text), "{text}");
    }
    for text in ["lice@example.test", "m@e", "alice@example.tests", "@m"] {
        assert!(!finds(text), "{text}");
    }
}

#[test]
fn a_user_is_found_by_status_and_role() {
    let alice = user("alice@example.test", "");
    let of = |status, role: Option<&str>| UserFilter {
        text: None,
        status,
        role: role.map(|role| role.parse().unwrap()),
    };
    assert!(of(Some(UserStatus::Active), Some("admin")).matches(&alice));
    assert!(of(None, Some("staff")).matches(&alice));
    assert!(!of(Some(UserStatus::Disabled), None).matches(&alice));
    assert!(!of(None, Some("staf")).matches(&alice));
}

#[test]
fn a_session_is_found_by_its_owner_its_place_and_its_browser() {
    let owner = EmailAddress::parse("alice@example.test").unwrap();
    let finds = |text: &str| {
        let text = Some(text.to_owned());
        let filter = SessionFilter {
            text,
            ..SessionFilter::default()
        };
        filter.matches(&session(), &owner)
    };
    for text in [
        "alice",
        "alice@example",
        "192.0.2.",
        "2.7",
        "firefox/140",
        "LINUX",
    ] {
        assert!(finds(text), "{text}");
    }
    for text in ["bob", "lice@example", "192.0.3", "chrome"] {
        assert!(!finds(text), "{text}");
    }
    let remembered = |remembered| SessionFilter {
        remembered: Some(remembered),
        ..SessionFilter::default()
    };
    assert!(remembered(false).matches(&session(), &owner));
    assert!(!remembered(true).matches(&session(), &owner));
    let of = |user| SessionFilter {
        user: Some(user),
        ..SessionFilter::default()
    };
    assert!(of(session().user).matches(&session(), &owner));
    assert!(!of(UserId::new(NOON, [9; 10])).matches(&session(), &owner));
}

#[test]
fn an_event_is_found_by_its_kind_and_the_beginning_of_kinds() {
    let ended = event(EventKind::SessionEnded(EndReason::Idle));
    let of = |kind: &str| EventFilter {
        kind: Some(kind.to_owned()),
        ..EventFilter::default()
    };
    assert!(of("session.ended").matches(&ended));
    assert!(of("session.").matches(&ended));
    for other in [
        "session",
        "session.end",
        "user_sessions.ended",
        "ended",
        ".",
    ] {
        assert!(!of(other).matches(&ended), "{other}");
    }
}

#[test]
fn an_event_is_found_by_whom_it_concerns_who_did_it_and_when() {
    let login = event(EventKind::LoginSucceeded);
    let nobody = EventFilter::default();
    let finds = |filter: EventFilter| filter.matches(&login);
    let alice = UserId::new(NOON, [1; 10]);
    let at = |millis: i64| Some(UnixMillis(NOON.0 + millis));
    assert!(finds(EventFilter {
        user: Some(alice),
        ..nobody.clone()
    }));
    assert!(!finds(EventFilter {
        user: Some(UserId::new(NOON, [9; 10])),
        ..nobody.clone()
    }));
    assert!(finds(EventFilter {
        actor: Some(Actor::Operator(1000)),
        ..nobody.clone()
    }));
    assert!(!finds(EventFilter {
        actor: Some(Actor::Operator(1001)),
        ..nobody.clone()
    }));
    assert!(!finds(EventFilter {
        actor: Some(Actor::User(alice)),
        ..nobody.clone()
    }));
    assert!(finds(EventFilter {
        since: at(0),
        until: at(1),
        ..nobody.clone()
    }));
    assert!(!finds(EventFilter {
        since: at(1),
        ..nobody.clone()
    }));
    assert!(!finds(EventFilter {
        until: at(0),
        ..nobody
    }));
}

/// Holds: ASVS 2.2.1
#[test]
fn asvs_2_2_1_what_is_typed_is_bounded_and_harmless() {
    assert_eq!(parse_text(" Alice "), Ok(Some("Alice".to_owned())));
    assert_eq!(parse_text("  "), Ok(None));
    assert_eq!(
        parse_text(&"\u{1f600}".repeat(200))
            .unwrap()
            .unwrap()
            .chars()
            .count(),
        200
    );
    for long in [
        "x".repeat(201),
        "\u{1f600}".repeat(201),
        "x".repeat(1 << 20),
    ] {
        assert_eq!(parse_text(&long), Err(ParseFilterError::TextTooLong));
    }
    for wrong in ["a\0b", "a\nb", "a\u{1b}[31m"] {
        assert_eq!(parse_text(wrong), Err(ParseFilterError::TextCharacter));
    }
    for kind in EventKind::all() {
        assert_eq!(parse_kind(kind.code()).as_deref(), Ok(kind.code()));
    }
    assert_eq!(parse_kind(" session. ").as_deref(), Ok("session."));
    for wrong in [
        "",
        ".",
        "session",
        "login.succeede",
        "login.succeeded.",
        "SESSION.",
    ] {
        assert_eq!(
            parse_kind(wrong),
            Err(ParseFilterError::UnknownKind),
            "{wrong}"
        );
    }
}

#[test]
fn what_is_ascii_folds_to_its_lower_case() {
    for byte in 0..128_u8 {
        let text = char::from(byte).to_string();
        assert_eq!(folded(&text), text.to_ascii_lowercase());
    }
    // What no ASCII text holds never folds into one that does not hold it: a store may look into ASCII by itself.
    assert_eq!(folded("\u{212a}"), "k");
    assert_eq!(folded("\u{130}"), "i\u{307}");
}
