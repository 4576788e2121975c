//! Real contention over what is made once: the administrator, an address, a login, a secret, a password.

use vestibule_core::audit::EventKind;
use vestibule_core::session::{EndReason, MOST_SESSIONS, NewSession};

use super::harness::Home;
use super::make::{NOON, noon_and};
use super::race::{race, racer, standing};
use super::setup::{first_login, offer};
use crate::{
    BoxFuture, Change, ChangePassword, CompleteSetup, CreateUser, OpenSession, RenewSession,
    SetStatus,
};

/// Holds: H04, ASVS 15.4.2, ASVS 6.3.2
pub async fn h04_a_hundred_set_ups_make_one_administrator(home: Home) {
    let secret = offer(&home).await;
    let racers = (0..100).map(|n| {
        let user = home.new_admin(&format!("admin-{n}"));
        let (session, act) = (first_login(&home, &user, 1), home.act(noon_and(1)));
        racer(&home, |store| async move {
            store
                .complete_setup(secret, user, session, act)
                .await
                .unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let won = |answer: &&CompleteSetup| matches!(answer, CompleteSetup::Completed { .. });
    assert_eq!(answers.iter().filter(won).count(), 1);
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == CompleteSetup::Gone)
            .count(),
        99
    );
    let snapshot = home.snapshot().await;
    assert_eq!(
        (
            snapshot.users.len(),
            snapshot.sessions.len(),
            snapshot.events.len()
        ),
        (1, 1, 3)
    );
    snapshot.assert_told(&home.ledger.memory());
}

/// Holds: H04, ASVS 15.4.2
pub async fn h04_a_hundred_accounts_under_one_address_are_one(home: Home) {
    let racers = (0..100).map(|_| {
        let (new, act) = (home.new_user("alice"), home.act(NOON));
        racer(&home, |store| async move {
            store.create_user(new, act).await.unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let made = answers
        .iter()
        .filter(|answer| matches!(answer, CreateUser::Created(_)))
        .count();
    assert_eq!(made, 1);
    let snapshot = home.snapshot().await;
    assert_eq!((snapshot.users.len(), snapshot.events.len()), (1, 1));
    snapshot.assert_told(&home.ledger.memory());
}

/// Holds: ASVS 2.3.3
pub async fn asvs_2_3_3_one_that_fails_spares_its_neighbours(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let mut racers = Vec::new();
    for n in 0..100 {
        let mut new = home.login(&alice, NOON);
        if n % 10 == 3 {
            // Fails on its id, after the cutoff on what it was made over.
            let over = home.session(&bob, NOON).await.id;
            (new.id, new.replaces) = (home.session(&bob, NOON).await.id, Some(over));
        }
        let act = home.act(NOON);
        racers.push(racer(&home, |store| async move {
            store.open_session(new, act).await.is_ok()
        }));
    }
    let answers = race(racers).await;
    assert_eq!(answers.iter().filter(|opened| **opened).count(), 90);
    assert_eq!(standing(&home).await.len(), 110);
    assert_eq!(home.snapshot().await.events.len(), 112);
}

/// Holds: ASVS 15.4.2, ASVS 7.4.3
pub async fn asvs_7_4_3_no_login_outruns_a_change_of_password(home: Home) {
    for round in 0..60 {
        let alice = home.user(&format!("alice-{round}")).await;
        let mine = home.session(&alice, NOON).await;
        let (change, act) = (home.password_change(&mine, "new", NOON), home.act(NOON));
        let changing = racer(&home, |store| async move {
            let changed = store.change_password(change, act).await.unwrap();
            assert!(matches!(changed, ChangePassword::Changed { .. }));
            None
        });
        let mut racers: Vec<_> = (0..12)
            .map(|_| login(&home, home.login(&alice, NOON)))
            .collect();
        racers.insert(round % 12, changing);
        let answers = race(racers).await;
        for answer in answers.into_iter().flatten() {
            assert!(matches!(
                answer,
                OpenSession::Opened(_) | OpenSession::CredentialChanged
            ));
        }
        assert_eq!(
            home.live(&alice, NOON).await,
            [mine.id],
            "only what changed it survives"
        );
        assert!(standing(&home).await.contains(&mine.id));
    }
}

/// Holds: ASVS 15.4.2, ASVS 7.4.2
pub async fn asvs_7_4_2_no_login_outruns_a_disabling(home: Home) {
    for round in 0..60 {
        let alice = home.user(&format!("alice-{round}")).await;
        let (id, act) = (alice.id, home.act(NOON));
        let disabling = racer(&home, |store| async move {
            let set = store.disable_user(id, act).await.unwrap();
            assert!(matches!(set, SetStatus::Set { .. }));
            None
        });
        let mut racers: Vec<_> = (0..12)
            .map(|_| login(&home, home.login(&alice, NOON)))
            .collect();
        racers.insert(round % 12, disabling);
        for answer in race(racers).await.into_iter().flatten() {
            assert!(matches!(
                answer,
                OpenSession::Opened(_) | OpenSession::Disabled
            ));
        }
        let changes = home.ledger.changes();
        let of_alice = |change: &Change| matches!(change, Change::SessionOpened(session) if session.user == id);
        let struck = changes
            .iter()
            .rposition(|change| matches!(change, Change::Cutoff(_)))
            .unwrap();
        assert!(
            !changes[struck..].iter().any(of_alice),
            "nothing opens behind the cutoff"
        );
        home.store.enable_user(id, home.act(NOON)).await.unwrap();
        assert_eq!(standing(&home).await, [], "not even once enabled again");
    }
}

fn login(home: &Home, new: NewSession) -> BoxFuture<'static, Option<OpenSession>> {
    let act = home.act(NOON);
    racer(home, |store| async move {
        Some(store.open_session(new, act).await.unwrap())
    })
}

/// Holds: ASVS 7.1.2, ASVS 15.4.2
pub async fn asvs_7_1_2_parallel_logins_of_one_user_stay_within_the_limit(home: Home) {
    let alice = home.user("alice").await;
    let logins = (0..200).map(|_| login(&home, home.login(&alice, NOON)));
    for answer in race(logins.collect()).await.into_iter().flatten() {
        assert!(matches!(answer, OpenSession::Opened(_)));
    }
    let standing = standing(&home).await;
    assert_eq!(standing.len(), MOST_SESSIONS);
    let mut live = home.live(&alice, NOON).await;
    live.sort_unstable();
    assert_eq!(live, standing);
    let events = home.snapshot().await.events;
    let displaced = EventKind::SessionEnded(EndReason::Displaced);
    let told = events
        .iter()
        .filter(|stored| stored.event.kind == displaced);
    assert_eq!(told.count(), 100);
}

/// Holds: H04, ASVS 15.4.2, ASVS 7.2.4
pub async fn h04_a_hundred_renewals_of_one_secret_renew_it_once(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let racers = (0..100).map(|_| {
        let (renewal, act) = (home.renewal(&session, NOON), home.act(NOON));
        racer(&home, |store| async move {
            store.renew_session(renewal, act).await.unwrap()
        })
    });
    let mut answers = race(racers.collect()).await;
    answers.retain(|answer| *answer != RenewSession::Ended);
    let [RenewSession::Renewed(renewed)] = answers.as_slice() else {
        panic!("one wins: {answers:?}");
    };
    assert_eq!(home.snapshot().await.sessions[&session.id], **renewed);
    assert_eq!(home.ledger.memory().sessions[&session.id], **renewed);
}

/// Holds: ASVS 15.4.2, ASVS 7.4.3
pub async fn of_two_changes_of_password_one_wins(home: Home) {
    for round in 0..60 {
        let alice = home.user(&format!("alice-{round}")).await;
        let mut racers = Vec::new();
        for n in 0..4 {
            let session = home.session(&alice, NOON).await;
            let change = home.password_change(&session, &format!("new-{n}"), NOON);
            let (act, id) = (home.act(NOON), session.id);
            racers.push(racer(&home, move |store| async move {
                (n, id, store.change_password(change, act).await.unwrap())
            }));
        }
        let answers = race(racers).await;
        let won = |answer: &&(_, _, _)| answer.2 == ChangePassword::Changed { ended: 3 };
        let winners: Vec<_> = answers.iter().filter(won).collect();
        let [(n, survivor, _)] = winners.as_slice() else {
            panic!("one wins: {answers:?}");
        };
        assert_eq!(home.live(&alice, NOON).await, [*survivor]);
        let hash = super::make::hash(&format!("new-{n}")).as_phc().to_owned();
        assert_eq!(home.snapshot().await.passwords[&alice.id], (hash, 2));
    }
    standing(&home).await;
}
