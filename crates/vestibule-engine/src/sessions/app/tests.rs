use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use vestibule_core::application::{Application, ApplicationSpec, Demand, Kind};
use vestibule_core::email::EmailAddress;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::origin::Origin;
use vestibule_core::secret::PlainSessionSecret;
use vestibule_core::session::{Amr, Device, Lifetime, NewSession};
use vestibule_core::user::{CredentialVersion, DisplayName, User, UserStatus};
use vestibule_store::{Change, Publish as _};

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const HOSTS: [&str; 4] = ["a.test", "b.test", "c.test", "d.test"];

fn user(number: u8) -> User {
    User {
        id: UserId::new(NOW, [number; 10]),
        email: EmailAddress::parse(&format!("user{number}@example.test")).unwrap(),
        email_verified: true,
        name: DisplayName::default(),
        roles: Vec::new(),
        status: UserStatus::Active,
        created_at: NOW,
        cutoff: StoreNumber(0),
    }
}

fn session_id(number: u8) -> SessionId {
    SessionId::new(NOW, [number; 10])
}

fn session(number: u8, owner: u8) -> Session {
    let new = NewSession {
        id: session_id(number),
        user: user(owner).id,
        secret: PlainSessionSecret::new([number; 32]).hashed(),
        credential: CredentialVersion(1),
        auth_time: NOW,
        lifetime: Lifetime::DEFAULT,
        remembered: false,
        acr: Acr::Aal1,
        amr: Amr::PASSWORD,
        device: Device::default(),
        replaces: None,
        tried: None,
        known: None,
        end_ticket: None,
    };
    Session::open(new, StoreNumber(0))
}

/// The same under another secret.
fn renewed(number: u8, owner: u8, secret: u8) -> Session {
    Session {
        secret: PlainSessionSecret::new([secret; 32]).hashed(),
        ..session(number, owner)
    }
}

fn application_id(number: u8) -> ApplicationId {
    ApplicationId::new(NOW, [number; 10])
}

fn origin(host: usize) -> Origin {
    format!("https://{}", HOSTS[host]).parse().unwrap()
}

fn application(number: u8, hosts: &[usize]) -> Change {
    Change::Application(Box::new(Application {
        id: application_id(number),
        spec: ApplicationSpec {
            name: format!("app-{number}").parse().unwrap(),
            title: DisplayName::default(),
            kind: Kind::Proxy,
            origins: hosts.iter().map(|host| origin(*host)).collect(),
            demand: Demand::default(),
            rules: Vec::new(),
        },
        declared: false,
        created_at: NOW,
        secrets: Vec::new(),
    }))
}

fn cookie(number: u8) -> AppSessionCookie {
    AppSessionCookie::new(AppSessionId::new(NOW, [number; 10]), [number; 32])
}

fn opened(number: u8, session: u8, application: u8, host: usize) -> AppSession {
    AppSession {
        id: cookie(number).id,
        session: session_id(session),
        application: application_id(application),
        origin: origin(host),
        secret: cookie(number).hashed(),
        opened_at: NOW,
    }
}

fn open(number: u8, session: u8, application: u8, host: usize) -> Change {
    Change::AppSessionOpened {
        app_session: Box::new(opened(number, session, application, host)),
        replaced: None,
    }
}

fn cut(node: Node) -> Change {
    Change::Cutoff(Cutoff {
        number: StoreNumber(5),
        node,
    })
}

fn is_live(index: &Index, cookie: &AppSessionCookie, host: usize, now: UnixMillis) -> bool {
    let doorways = index.doorways().read();
    doorways
        .at(HOSTS[host])
        .is_some_and(|doorway| matches!(index.check_app(cookie, doorway, now), Check::Live(_)))
}

/// Users 1 and 2 with a session each, application 1 at a and b, 2 at c; app session 1 under session 1 at a.
fn filled() -> Arc<Index> {
    let index = Index::new();
    index.publish(&[
        application(1, &[0, 1]),
        application(2, &[2]),
        Change::User(Box::new(user(1))),
        Change::User(Box::new(user(2))),
        Change::SessionOpened(Box::new(session(1, 1))),
        Change::SessionOpened(Box::new(session(2, 2))),
        open(1, 1, 1, 0),
    ]);
    index.filled(StoreNumber(0));
    index
}

#[test]
fn nobody_is_judged_before_the_fill_is_whole() {
    let index = Index::new();
    index.publish(&[
        application(1, &[0]),
        Change::User(Box::new(user(1))),
        Change::SessionOpened(Box::new(session(1, 1))),
        open(1, 1, 1, 0),
    ]);
    let doorways = index.doorways().read();
    let doorway = doorways.at(HOSTS[0]).unwrap();
    assert!(matches!(
        index.check_app(&cookie(1), doorway, NOW),
        Check::NotReady
    ));
    index.filled(StoreNumber(0));
    assert!(is_live(&index, &cookie(1), 0, NOW));
}

/// Holds: ASVS 7.4.1, ASVS 7.4.2
#[test]
fn asvs_7_4_1_it_dies_with_its_session_its_application_or_its_place_and_is_swept() {
    let disabled = User {
        status: UserStatus::Disabled,
        ..user(1)
    };
    let ends = [
        (cut(Node::Session(session_id(1))), true),
        (cut(Node::User(user(1).id, None)), true),
        (cut(Node::Everything), true),
        (Change::User(Box::new(disabled)), false),
        (Change::ApplicationRemoved(application_id(1)), true),
        (application(1, &[1]), true),
        (application(2, &[0, 2]), true),
        (Change::SessionRenewed(Box::new(renewed(1, 1, 7))), true),
        (
            Change::AppSessionOpened {
                app_session: Box::new(opened(9, 1, 1, 0)),
                replaced: Some(cookie(1).id),
            },
            false,
        ),
        (
            Change::UserReloaded {
                id: user(1).id,
                user: Some(Box::new(user(1))),
                sessions: vec![session(1, 1)],
                app_sessions: Vec::new(),
            },
            true,
        ),
    ];
    for (end, swept) in ends {
        let index = filled();
        assert!(is_live(&index, &cookie(1), 0, NOW));
        index.publish(std::slice::from_ref(&end));
        assert!(!is_live(&index, &cookie(1), 0, NOW), "{end:?}");
        index.sweep(NOW, 10);
        assert_eq!(index.app_sessions() == 0, swept, "{end:?}");
        // Nothing brings it back but a handshake.
        assert!(!is_live(&index, &cookie(1), 0, NOW), "{end:?}");
    }
    let index = filled();
    let idle = Lifetime::DEFAULT.idle;
    assert!(!is_live(&index, &cookie(1), 0, NOW.plus(idle)));
    assert!(!is_live(&index, &cookie(2), 0, NOW));
    let wrong = AppSessionCookie::new(cookie(1).id, [9; 32]);
    assert!(!is_live(&index, &wrong, 0, NOW));
    // Unstored ends are ends.
    index.remove(session_id(1));
    assert!(!is_live(&index, &cookie(1), 0, NOW));
}

/// Holds: ASVS 7.3.1
#[test]
fn asvs_7_3_1_its_use_is_its_session_s_use() {
    let index = filled();
    let mut now = NOW;
    for _ in 0..6 {
        now = now.plus(Duration::from_mins(20));
        assert!(is_live(&index, &cookie(1), 0, now));
    }
    assert_eq!(index.last_seen(session_id(1), now), Some(now));
    assert_eq!(index.take_touched().len(), 1, "and is written behind");
}

/// Holds: ASVS 7.4.1
#[test]
fn asvs_7_4_1_an_origin_that_comes_back_brings_nothing_back() {
    for sweep in [false, true] {
        let index = filled();
        index.publish(&[application(1, &[1])]);
        if sweep {
            index.sweep(NOW, 10);
        }
        index.publish(&[application(1, &[0, 1])]);
        assert!(!is_live(&index, &cookie(1), 0, NOW));
        index.publish(&[open(3, 1, 1, 0)]);
        assert!(is_live(&index, &cookie(3), 0, NOW));
        index.sweep(NOW, 10);
        assert!(is_live(&index, &cookie(3), 0, NOW));
        assert_eq!(index.app_sessions(), 1);
    }
    let index = filled();
    index.publish(&[application(1, &[1]), open(3, 1, 1, 0)]);
    index.publish(&[application(1, &[0, 1])]);
    assert!(!is_live(&index, &cookie(3), 0, NOW), "told of too late");
}

/// Holds: ASVS 7.2.4
#[test]
fn asvs_7_2_4_what_is_opened_after_a_renewal_is_live_and_what_was_before_is_not() {
    let index = filled();
    let reloaded = |session: Session, app_sessions: Vec<AppSession>| Change::UserReloaded {
        id: user(1).id,
        user: Some(Box::new(user(1))),
        sessions: vec![session],
        app_sessions,
    };
    // Read again and the same: nothing ends.
    index.publish(&[reloaded(session(1, 1), vec![opened(1, 1, 1, 0)])]);
    assert!(is_live(&index, &cookie(1), 0, NOW));
    index.publish(&[Change::SessionRenewed(Box::new(renewed(1, 1, 7)))]);
    index.publish(&[open(3, 1, 1, 0)]);
    assert!(!is_live(&index, &cookie(1), 0, NOW));
    assert!(is_live(&index, &cookie(3), 0, NOW));
    // A renewal that was heard of after what came after it.
    index.publish(&[reloaded(renewed(1, 1, 8), vec![opened(3, 1, 1, 0)])]);
    assert!(is_live(&index, &cookie(3), 0, NOW));
    index.publish(&[reloaded(renewed(1, 1, 9), Vec::new())]);
    assert!(!is_live(&index, &cookie(3), 0, NOW));
}

#[test]
fn of_a_session_that_is_gone_there_are_no_children() {
    let index = filled();
    index.publish(&[cut(Node::Session(session_id(1))), open(3, 1, 1, 1)]);
    assert!(!is_live(&index, &cookie(3), 1, NOW));
    index.publish(&[open(4, 7, 1, 1)]);
    assert!(!is_live(&index, &cookie(4), 1, NOW));
    index.sweep(NOW, 10);
    assert_eq!(index.app_sessions(), 0);
}

#[derive(Debug, Clone)]
enum Step {
    Open(u8, u8, u8, usize),
    Place(u8, Vec<usize>),
    Remove(u8),
    End(u8),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    let hosts = proptest::collection::hash_set(0..HOSTS.len(), 1..3)
        .prop_map(|hosts: HashSet<usize>| hosts.into_iter().collect());
    prop_oneof![
        6 => (1..40_u8, 1..4_u8, 1..4_u8, 0..HOSTS.len()).prop_map(|(n, s, a, h)| Step::Open(n, s, a, h)),
        3 => (1..4_u8, hosts).prop_map(|(a, hosts)| Step::Place(a, hosts)),
        1 => (1..4_u8).prop_map(Step::Remove),
        1 => (1..4_u8).prop_map(Step::End),
        1 => Just(Step::Sweep),
    ]
}

proptest! {
    /// Whatever happened before, an app session is accepted only where it was made, while its application is there and its
    /// session lives.
    ///
    /// Holds: ASVS 3.3.3, ASVS 7.4.1
    #[test]
    fn asvs_3_3_3_it_is_never_accepted_at_another_origin_or_application(steps in proptest::collection::vec(step(), 1..40)) {
        let index = Index::new();
        index.publish(&[Change::User(Box::new(user(1)))]);
        for number in 1..4 {
            index.publish(&[Change::SessionOpened(Box::new(session(number, 1)))]);
        }
        index.filled(StoreNumber(0));
        let mut made: Vec<(u8, u8, u8, usize)> = Vec::new();
        let mut ended = HashSet::new();
        let mut places: [Option<u8>; HOSTS.len()] = [None; HOSTS.len()];
        for step in steps {
            match step {
                // Each cookie is made once, and only where its application is.
                Step::Open(number, session, application, host) => {
                    let fits = places[host] == Some(application)
                        && !ended.contains(&session)
                        && made.iter().all(|(known, ..)| *known != number);
                    if fits {
                        made.push((number, session, application, host));
                        index.publish(&[open(number, session, application, host)]);
                    }
                }
                Step::Place(number, hosts) => {
                    // The store refuses an authority that another application has.
                    if hosts.iter().all(|host| places[*host].is_none_or(|other| other == number)) {
                        for place in &mut places {
                            *place = place.filter(|other| *other != number);
                        }
                        for host in &hosts {
                            places[*host] = Some(number);
                        }
                        index.publish(&[application(number, &hosts)]);
                    }
                }
                Step::Remove(number) => {
                    for place in &mut places {
                        *place = place.filter(|other| *other != number);
                    }
                    index.publish(&[Change::ApplicationRemoved(application_id(number))]);
                }
                Step::End(number) => {
                    ended.insert(number);
                    index.publish(&[cut(Node::Session(session_id(number)))]);
                }
                Step::Sweep => drop(index.sweep(NOW, 100)),
            }
            for (number, session, application, made_at) in &made {
                for (host, place) in places.iter().enumerate() {
                    let accepted = is_live(&index, &cookie(*number), host, NOW);
                    let may = host == *made_at && *place == Some(*application) && !ended.contains(session);
                    prop_assert!(!accepted || may, "{number} at {host}");
                }
            }
        }
    }
}
