//! What lists are narrowed by: each page holds what the rule of `vestibule-core` lets through, in order, each once, and looks at
//! no more rows than it may.

use std::net::IpAddr;

use vestibule_core::audit::{Act, Actor, Event, EventKind, StoredEvent};
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{EventFilter, SessionFilter, UserFilter};
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::{Device, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, NewUser, Role, User, UserStatus};

use super::audit::Notary;
use super::crowd::crowded;
use super::dice::Dice;
use super::harness::Home;
use super::make::{NOON, noon_and};
use crate::{MOST_LOOKED_AT, StoredSession};

/// Every session.
pub(super) fn everybodys() -> SessionFilter {
    SessionFilter::default()
}

/// One user's sessions.
pub(super) fn of_user(user: UserId) -> SessionFilter {
    SessionFilter {
        user: Some(user),
        ..SessionFilter::default()
    }
}

/// Every event.
pub(super) fn every_event() -> EventFilter {
    EventFilter::default()
}

/// What happened to one user.
pub(super) fn about(user: UserId) -> EventFilter {
    EventFilter {
        user: Some(user),
        ..EventFilter::default()
    }
}

/// What is looked for: in one case and another, composed and not, with what means something to a database.
const TEXTS: [&str; 26] = [
    "",
    " ",
    "a",
    "A",
    "zo",
    "ZOE",
    "zo\u{eb}",
    "ZO\u{cb}",
    "zoe\u{308}",
    "\u{df}",
    "ss",
    "\u{212a}",
    "i",
    "\u{130}",
    "\u{3a3}",
    "%",
    "_",
    "'",
    "\\",
    "\0",
    "@",
    "@example",
    "zo\u{eb}@",
    "Alice@EXAMPLE.test",
    "lice@",
    "192.0.2.1",
];

/// Syllables of names, addresses and browsers.
const SYLLABLES: [&str; 16] = [
    "a",
    "Al",
    "ICE",
    "zo\u{eb}",
    "ZO\u{cb}",
    "zoe\u{308}",
    "\u{df}",
    "K",
    "\u{212a}",
    "\u{130}",
    "i",
    "\u{3a3}\u{3c2}",
    "%",
    "_",
    "'",
    "\u{1f600}",
];

fn word(dice: &mut Dice) -> String {
    let syllables = (0..=dice.roll(3)).filter_map(|_| dice.pick(&SYLLABLES));
    syllables.copied().collect()
}

fn texts() -> impl Iterator<Item = Option<String>> {
    let some = TEXTS.into_iter().map(|text| Some(text.to_owned()));
    [None].into_iter().chain(some)
}

/// People with names and addresses of all kinds, some of them disabled.
async fn people(home: &Home, dice: &mut Dice, count: u64) -> Vec<User> {
    for n in 0..count {
        let email = format!("{}{n}@example.test", word(dice));
        let mut roles: Vec<Role> = Vec::new();
        for role in ["admin", "staff", "staff-2"] {
            if dice.roll(3) == 0 {
                roles.push(role.parse().unwrap());
            }
        }
        let new = NewUser {
            disabled: false,
            email: EmailAddress::parse(&email).unwrap(),
            name: DisplayName::parse(&word(dice)).unwrap(),
            roles,
            ..home.new_user("x")
        };
        let id = new.id;
        home.store.create_user(new, home.act(NOON)).await.unwrap();
        if dice.roll(4) == 0 {
            home.store.disable_user(id, home.act(NOON)).await.unwrap();
        }
    }
    let all = UserFilter::default();
    let all = home.store.users(all, None, 1_000).await.unwrap();
    assert!(all.users.is_sorted_by(|one, next| one.email < next.email));
    all.users
}

async fn users_in_pages(home: &Home, filter: &UserFilter, limit: usize) -> Vec<User> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = home.store.users(filter.clone(), after, limit).await;
        let page = page.unwrap();
        assert!(page.users.len() <= limit);
        seen.extend(page.users);
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

async fn sessions_in_pages(
    home: &Home,
    filter: &SessionFilter,
    limit: usize,
    now: UnixMillis,
) -> Vec<StoredSession> {
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = home.store.sessions(filter.clone(), before, limit, now);
        let page = page.await.unwrap();
        assert!(page.sessions.len() <= limit);
        seen.extend(page.sessions);
        before = page.next;
        if before.is_none() {
            return seen;
        }
    }
}

async fn events_in_pages(home: &Home, filter: &EventFilter, limit: usize) -> Vec<StoredEvent> {
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = home.store.events(filter.clone(), before, limit).await;
        let page = page.unwrap();
        assert!(page.events.len() <= limit);
        seen.extend(page.events);
        before = page.next;
        if before.is_none() {
            return seen;
        }
    }
}

pub async fn users_are_found_by_the_rule(home: Home) {
    let mut dice = Dice(0x5eed_0001);
    let all = people(&home, &mut dice, 60).await;
    assert_eq!(all.len(), 60);
    let mut found = 0;
    for text in texts() {
        for status in [None, Some(UserStatus::Active), Some(UserStatus::Disabled)] {
            for role in [None, Some("admin"), Some("staff"), Some("nobodys")] {
                let filter = UserFilter {
                    text: text.clone(),
                    status,
                    role: role.map(|role| role.parse().unwrap()),
                };
                let expected: Vec<User> = all
                    .iter()
                    .filter(|user| filter.matches(user))
                    .cloned()
                    .collect();
                let limit = usize::try_from(1 + dice.roll(7)).unwrap();
                let seen = users_in_pages(&home, &filter, limit).await;
                assert_eq!(seen, expected, "{filter:?} in pages of {limit}");
                found += seen.len();
            }
        }
    }
    assert!(found > 1_000, "found {found} only");
}

pub async fn sessions_are_found_by_the_rule(home: Home) {
    let mut dice = Dice(0x5eed_0002);
    let people = people(&home, &mut dice, 12).await;
    let people: Vec<User> = people
        .into_iter()
        .filter(|user| user.status == UserStatus::Active)
        .collect();
    let mut all: Vec<(Session, EmailAddress)> = Vec::new();
    for minute in 0..60 {
        let owner = dice.pick(&people).unwrap();
        let mut new = home.login(owner, noon_and(minute));
        new.remembered = dice.roll(3) == 0;
        new.device = Device {
            user_agent: (dice.roll(4) > 0).then(|| word(&mut dice)),
            address: match dice.roll(3) {
                0 => None,
                1 => Some(IpAddr::from([
                    192,
                    0,
                    2,
                    u8::try_from(dice.roll(20)).unwrap(),
                ])),
                _ => Some("2001:db8::A7".parse().unwrap()),
            },
        };
        let session = home.open(new).await;
        if dice.roll(4) == 0 {
            home.end(session.id, noon_and(minute)).await;
        } else {
            all.push((session, owner.email.clone()));
        }
    }
    let now = noon_and(59);
    all.retain(|(session, _)| session.timed_out(now).is_none());
    all.reverse();
    let owners = people.iter().map(|user| Some(user.id));
    let users: Vec<_> = [None].into_iter().chain(owners.take(3)).collect();
    let mut found = 0;
    for text in texts().chain([Some("DB8::a7".to_owned())]) {
        for user in &users {
            for remembered in [None, Some(true), Some(false)] {
                let filter = SessionFilter {
                    text: text.clone(),
                    user: *user,
                    remembered,
                };
                let expected: Vec<SessionId> = all
                    .iter()
                    .filter(|(session, owner)| filter.matches(session, owner))
                    .map(|(session, _)| session.id)
                    .collect();
                let limit = usize::try_from(1 + dice.roll(7)).unwrap();
                let seen = sessions_in_pages(&home, &filter, limit, now).await;
                let ids: Vec<_> = seen.iter().map(|stored| stored.session.id).collect();
                assert_eq!(ids, expected, "{filter:?} in pages of {limit}");
                found += ids.len();
            }
        }
    }
    assert!(found > 500, "found {found} only");
}

/// Some sealed, some not.
pub async fn events_are_found_by_the_rule(home: Home) {
    let mut dice = Dice(0x5eed_0003);
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let kinds = EventKind::all();
    let actors = [
        Actor::System,
        Actor::Visitor,
        Actor::Operator(1000),
        Actor::User(alice.id),
    ];
    for minute in 0..80 {
        let act = Act {
            actor: *dice.pick(&actors).unwrap(),
            ..home.act_of(&bob, noon_and(minute))
        };
        let events = (0..=dice.roll(3)).map(|_| {
            let kind = *dice.pick(&kinds).unwrap();
            match dice.roll(3) {
                0 => Event::plain(kind),
                1 => Event::user(kind, alice.id),
                _ => Event::user(kind, bob.id),
            }
        });
        let events = events.collect();
        home.store.record(events, act).await.unwrap();
        if minute == 60 {
            home.store.seal_events(Notary::new(), 1_000).await.unwrap();
        }
    }
    let mut all = home.snapshot().await.events;
    all.reverse();
    let mut found = 0;
    for kind in [
        None,
        Some("session."),
        Some("session.ended"),
        Some("user."),
        Some("session"),
        Some("."),
        Some("a\0b"),
    ] {
        for user in [None, Some(alice.id), Some(UserId::new(NOON, [0xfe; 10]))] {
            for actor in [
                None,
                Some(actors[2]),
                Some(actors[3]),
                Some(Actor::User(bob.id)),
            ] {
                for (since, until) in [
                    (None, None),
                    (Some(20), None),
                    (None, Some(70)),
                    (Some(30), Some(31)),
                ] {
                    let filter = EventFilter {
                        kind: kind.map(str::to_owned),
                        user,
                        actor,
                        since: since.map(noon_and),
                        until: until.map(noon_and),
                    };
                    let matching = all.iter().filter(|event| filter.matches(event));
                    let expected: Vec<_> = matching.cloned().collect();
                    let limit = usize::try_from(1 + dice.roll(9)).unwrap();
                    let seen = events_in_pages(&home, &filter, limit).await;
                    assert_eq!(seen, expected, "{filter:?} in pages of {limit}");
                    found += seen.len();
                }
            }
        }
    }
    assert!(found > 500, "found {found} only");
}

/// Who was there all the while is seen once, whoever comes and goes between two pages.
pub async fn pages_of_users_miss_nobody_who_stays(home: Home) {
    let mut stay = Vec::new();
    for n in 0..20 {
        stay.push(home.user(&format!("m-{n:02}")).await.email);
        home.user(&format!("m-{n:02}-goes")).await;
    }
    let filter = UserFilter {
        text: Some("m-".to_owned()),
        ..UserFilter::default()
    };
    let (mut seen, mut after, mut round) = (Vec::new(), None, 0);
    loop {
        let page = home.store.users(filter.clone(), after, 3).await.unwrap();
        seen.extend(page.users.iter().map(|user| user.email.clone()));
        // The one that the next page begins behind goes, too.
        for user in page.users {
            if !stay.contains(&user.email) {
                let gone = home.store.delete_user(user.id, home.act(NOON)).await;
                gone.unwrap();
            }
        }
        home.user(&format!("m-{round:02}-comes")).await;
        home.user(&format!("a-{round:02}-comes-m-")).await;
        round += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(
        seen.is_sorted_by(|one, next| one < next),
        "nobody twice: {seen:?}"
    );
    let seen: Vec<_> = seen
        .into_iter()
        .filter(|email| stay.contains(email))
        .collect();
    assert_eq!(seen, stay);
}

pub async fn pages_of_events_miss_none_and_show_none_twice(home: Home) {
    let alice = home.user("alice").await;
    for minute in 0..30 {
        home.session(&alice, noon_and(minute)).await;
    }
    home.store.seal_events(Notary::new(), 17).await.unwrap();
    let mut all = home.snapshot().await.events;
    all.reverse();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = home.store.events(about(alice.id), before, 4).await.unwrap();
        seen.extend(page.events);
        home.session(&alice, noon_and(40)).await;
        home.store.seal_events(Notary::new(), 5).await.unwrap();
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, all, "what came later is on no later page");
}

/// Of a million nobody reads more than so many, and who goes on comes to the end.
pub async fn a_page_looks_at_so_many_rows_and_no_more(home: Home) {
    let extra = 100;
    let home = crowded(home, MOST_LOOKED_AT + extra).await;
    let nobody = Some("nobody at all".to_owned());

    let users = UserFilter {
        text: nobody.clone(),
        ..UserFilter::default()
    };
    let page = home.store.users(users.clone(), None, 5).await.unwrap();
    assert_eq!(page.users, []);
    let all = UserFilter::default();
    let rest = home
        .store
        .users(all, page.next.clone(), 1_000)
        .await
        .unwrap();
    assert_eq!(rest.users.len(), extra, "it looked at the others");
    let page = home.store.users(users, page.next, 5).await.unwrap();
    assert_eq!((page.users, page.next), (vec![], None));

    let sessions = SessionFilter {
        text: nobody,
        ..SessionFilter::default()
    };
    let page = home.store.sessions(sessions.clone(), None, 5, NOON).await;
    let page = page.unwrap();
    assert_eq!(page.sessions, []);
    let all = everybodys();
    let rest = home
        .store
        .sessions(all, page.next, 1_000, NOON)
        .await
        .unwrap();
    assert_eq!(rest.sessions.len(), extra);
    let page = home.store.sessions(sessions, page.next, 5, NOON).await;
    let page = page.unwrap();
    assert_eq!((page.sessions, page.next), (vec![], None));

    let before = home.store.users(UserFilter::default(), None, 1).await;
    let one = before.unwrap().users.remove(0);
    let own = home.store.sessions(of_user(one.id), None, 5, NOON).await;
    assert_eq!(own.unwrap().sessions.len(), 1, "by the user's index");

    // Dead ones count: after everybody's end a million rows are none to be walked through at once.
    home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    let page = home.store.sessions(everybodys(), None, 5, NOON).await;
    let page = page.unwrap();
    assert_eq!(page.sessions, []);
    assert!(page.next.is_some());
    let page = home.store.sessions(everybodys(), page.next, 5, NOON).await;
    let page = page.unwrap();
    assert_eq!((page.sessions, page.next), (vec![], None));
}

pub async fn a_page_looks_at_so_many_events_and_no_more(home: Home) {
    let alice = home.user("alice").await;
    let first = home.snapshot().await.events;
    let other = Event::user(EventKind::ProfileChanged, alice.id);
    for _ in 0..MOST_LOOKED_AT / 1_000 {
        let act = home.act(NOON);
        home.store.record(vec![other; 1_000], act).await.unwrap();
    }
    for user in [None, Some(alice.id)] {
        let filter = EventFilter {
            kind: Some("user.created".to_owned()),
            user,
            ..EventFilter::default()
        };
        let page = home.store.events(filter.clone(), None, 5).await.unwrap();
        assert_eq!(page.events, [], "it is just behind what a page looks at");
        assert_eq!(page.next, Some(first[0].position + 1));
        let page = home.store.events(filter.clone(), page.next, 5).await;
        let page = page.unwrap();
        assert_eq!((page.events, page.next), (first.clone(), None));
        while home.store.seal_events(Notary::new(), 1_000).await.unwrap() > 0 {}
    }
    let act = home.act(NOON);
    home.store.record(vec![other], act).await.unwrap();
    let everything = home
        .store
        .events(every_event(), None, 100_000)
        .await
        .unwrap();
    assert_eq!(everything.events.len(), MOST_LOOKED_AT);
}

/// Ten minutes to each thousand events.
pub async fn events_of_a_time_are_found_without_a_walk_through_all(home: Home) {
    let alice = home.user("alice").await;
    let event = Event::user(EventKind::ProfileChanged, alice.id);
    let record = async |minute: u64| {
        let act = home.act(noon_and(minute));
        home.store.record(vec![event; 1_000], act).await.unwrap();
        while home.store.seal_events(Notary::new(), 1_000).await.unwrap() > 0 {}
    };
    for n in 0..30 {
        record(n * 10).await;
    }
    for user in [None, Some(alice.id)] {
        let since = EventFilter {
            kind: Some("user.deleted".to_owned()),
            user,
            since: Some(noon_and(260)),
            ..EventFilter::default()
        };
        let page = home.store.events(since.clone(), None, 5).await.unwrap();
        assert_eq!(
            (page.events, page.next),
            (vec![], None),
            "all before is older"
        );
        let earlier = EventFilter {
            since: Some(noon_and(100)),
            ..since
        };
        let page = home.store.events(earlier, None, 5).await.unwrap();
        assert!(page.next.is_some(), "there may be some further back");
    }
    let until = EventFilter {
        since: Some(noon_and(20)),
        until: Some(noon_and(50)),
        ..EventFilter::default()
    };
    let page = home.store.events(until.clone(), None, 5).await.unwrap();
    assert_eq!(page.events.len(), 5, "what came since is leapt over");
    assert_eq!(events_in_pages(&home, &until, 700).await.len(), 3_000);

    // A clock that ran ahead and was set right: what it wrote is in nobody's way.
    for minute in [900_000, 900_010, 900_020, 300, 310] {
        record(minute).await;
    }
    assert_eq!(events_in_pages(&home, &until, 700).await.len(), 3_000);
    let ahead = EventFilter {
        since: Some(noon_and(900_000)),
        ..EventFilter::default()
    };
    let page = home.store.events(ahead, None, 5).await.unwrap();
    assert_eq!(page.events.len(), 5);
}
