//! Letters that tell of a transition: written by it, and only if it happened.

use std::time::Duration;

use vestibule_core::audit::Act;
use vestibule_core::errand::DueErrand;
use vestibule_core::id::ErrandId;
use vestibule_core::session::Renewal;
use vestibule_core::ticket::Grant;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, Details, Language};

use super::harness::Home;
use super::make::letters::recover;
use super::make::{NOON, email, hash, noon_and};
use super::race::{race, racer};
use crate::{
    ChangePassword, ConfirmAddress, CreateUser, DeleteUser, EndLogin, EndOthers, EndSession,
    MakePrimary, NewProfile, OpenSession, PasswordChange, Recover, Register, RehashPassword,
    RemoveAddress, RenewSession, SetStatus,
};

const LEASE: Duration = Duration::from_mins(2);

async fn take(home: &Home, now: UnixMillis, limit: usize) -> Vec<DueErrand> {
    home.store.take_errands(now, LEASE, limit).await.unwrap()
}

async fn ids(home: &Home, now: UnixMillis, limit: usize) -> Vec<ErrandId> {
    take(home, now, limit)
        .await
        .iter()
        .map(|due| due.id)
        .collect()
}

/// What a transition left to be done, and nothing else: the errands of its act.
async fn assert_left(home: &Home, act: &Act, what: &str) {
    let due = take(home, act.at, 100).await;
    let left: Vec<_> = due.iter().map(|due| (due.id, &due.sealed)).collect();
    let told: Vec<_> = act
        .told
        .iter()
        .map(|told| (told.id, &told.sealed))
        .collect();
    assert_eq!(left, told, "{what}");
    for due in due {
        home.store
            .finish_errand(due.id, None, Vec::new(), home.act(act.at))
            .await
            .unwrap();
    }
}

/// Holds: ASVS 6.3.7, N62
pub async fn asvs_6_3_7_what_a_transition_tells_is_written_with_it(home: Home) {
    let (store, at) = (&home.store, noon_and(1));
    let alice = home.user("alice").await;
    let telling = || home.act_telling(Some(alice.id), at);

    let act = telling();
    let session = match store
        .open_session(home.login(&alice, at), act.clone())
        .await
    {
        Ok(OpenSession::Opened(session)) => *session,
        other => panic!("{other:?}"),
    };
    assert_left(&home, &act, "a login").await;

    let act = telling();
    let renewal = home.renewal(&session, at);
    let renewed = store.renew_session(renewal, act.clone()).await.unwrap();
    let RenewSession::Renewed(session) = renewed else {
        panic!("{renewed:?}");
    };
    assert_left(&home, &act, "a re-authentication").await;

    let act = telling();
    let change = home.password_change(&session, "changed", at);
    let changed = store.change_password(change, act.clone()).await.unwrap();
    assert!(matches!(changed, ChangePassword::Changed { .. }));
    assert_left(&home, &act, "a change of password").await;

    let act = telling();
    let profile = NewProfile {
        name: alice.name.clone(),
        language: Language::of("de"),
        details: Details::default(),
    };
    let changed = store.change_profile(alice.id, profile, act.clone()).await;
    assert!(changed.unwrap().is_some());
    assert_left(&home, &act, "a change of profile").await;

    let act = telling();
    let ticket = home.offer_address(&alice, "alice-too", at).await;
    let confirmed = store
        .confirm_address(ticket.secret, alice.id, act.clone())
        .await;
    assert_eq!(
        confirmed.unwrap(),
        ConfirmAddress::Confirmed(email("alice-too"))
    );
    assert_left(&home, &act, "an address added").await;

    let act = telling();
    let primary = store
        .make_primary(alice.id, email("alice-too"), act.clone())
        .await;
    assert!(matches!(primary.unwrap(), MakePrimary::Changed { .. }));
    assert_left(&home, &act, "another primary address").await;

    let act = telling();
    let removed = store
        .remove_address(alice.id, email("alice"), act.clone())
        .await;
    assert_eq!(removed.unwrap(), RemoveAddress::Removed);
    assert_left(&home, &act, "an address removed").await;

    let act = telling();
    let grant = Grant::Recover {
        user: alice.id,
        credential: CredentialVersion(2),
        asked: None,
    };
    let ticket = home.offer(home.ticket("alice-too", grant, at)).await;
    let recovery = home.recovery(&ticket, "recovered");
    let recovered = store.recover(recovery, home.keyer(), act.clone()).await;
    assert!(matches!(recovered.unwrap(), Recover::Recovered { .. }));
    assert_left(&home, &act, "a recovery").await;

    let act = home.act_telling(None, at);
    let ticket = home.offer_register("bob", at).await;
    let (new, login) = home.registrant("bob", 1);
    let bob = new.id;
    let registered = store.register(ticket.secret, new, login, act.clone()).await;
    assert!(matches!(registered.unwrap(), Register::Registered { .. }));
    assert_left(&home, &act, "a registration").await;

    let act = home.act_telling(Some(bob), at);
    store.disable_user(bob, act.clone()).await.unwrap();
    assert_left(&home, &act, "a disabling").await;

    let act = home.act_telling(None, at);
    let deleted = store.delete_user(bob, act.clone()).await.unwrap();
    assert_eq!(deleted, DeleteUser::Deleted { ended: 0 });
    assert_left(&home, &act, "a deletion").await;
}

/// Holds: ASVS 6.3.7
pub async fn asvs_6_3_7_what_did_not_happen_is_not_told(home: Home) {
    let (store, at) = (&home.store, noon_and(1));
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let nobody = home.new_user("nobody").id;
    let admin = home.new_admin("root");
    let root = admin.id;
    store.create_user(admin, home.act(NOON)).await.unwrap();
    let session = home.session(&alice, NOON).await;
    let ended = home.session(&alice, NOON).await;
    home.end(ended.id, NOON).await;
    let before = home.before().await;
    let act = || home.act_telling(Some(alice.id), at);

    let stale = CredentialVersion(9);
    let mut login = home.login(&alice, at);
    login.credential = stale;
    let told = store.open_session(login, act()).await.unwrap();
    assert_eq!(told, OpenSession::CredentialChanged);
    let told = store.renew_session(home.renewal(&ended, at), act()).await;
    assert_eq!(told.unwrap(), RenewSession::Ended);
    let change = PasswordChange {
        renewal: Renewal {
            credential: stale,
            ..home.renewal(&session, at)
        },
        ..home.password_change(&session, "new", at)
    };
    let told = store.change_password(change, act()).await.unwrap();
    assert_eq!(told, ChangePassword::CredentialChanged);
    let told = store
        .rehash_password(alice.id, stale, hash("x"), act())
        .await;
    assert_eq!(told.unwrap(), RehashPassword::CredentialChanged);
    let told = store
        .create_user(home.new_user("bob"), act())
        .await
        .unwrap();
    assert_eq!(told, CreateUser::AddressTaken);
    assert_eq!(
        store.enable_user(alice.id, act()).await.unwrap(),
        SetStatus::Already
    );
    assert_eq!(
        store.disable_user(nobody, act()).await.unwrap(),
        SetStatus::Unknown
    );
    assert_eq!(
        store.delete_user(nobody, act()).await.unwrap(),
        DeleteUser::Unknown
    );
    let told = store.delete_user(root, act()).await.unwrap();
    assert_eq!(told, DeleteUser::LastAdministrator);
    let profile = NewProfile {
        name: alice.name.clone(),
        language: Language::default(),
        details: Details::default(),
    };
    let told = store.change_profile(nobody, profile, act()).await.unwrap();
    assert_eq!(told, None);
    for (other, removed, primary) in [
        (
            alice.email.clone(),
            RemoveAddress::Primary,
            MakePrimary::Already,
        ),
        (
            bob.email.clone(),
            RemoveAddress::Unknown,
            MakePrimary::Unknown,
        ),
    ] {
        let told = store.remove_address(alice.id, other.clone(), act()).await;
        assert_eq!(told.unwrap(), removed);
        let told = store.make_primary(alice.id, other, act()).await.unwrap();
        assert_eq!(told, primary);
    }
    let never = home.ticket("alice", recover(&alice), at);
    let recovery = home.recovery(&never, "new");
    let told = store.recover(recovery, home.keyer(), act()).await.unwrap();
    assert_eq!(told, Recover::Gone);
    let (new, login) = home.registrant("carol", 1);
    let told = store.register(never.secret, new, login, act()).await;
    assert_eq!(told.unwrap(), Register::Gone);
    let told = store.confirm_address(never.secret, alice.id, act()).await;
    assert_eq!(told.unwrap(), ConfirmAddress::Gone);
    let told = store.end_login(never.secret, act()).await.unwrap();
    assert_eq!(told, EndLogin::Gone);
    let reason = vestibule_core::session::EndReason::SignedOut;
    let told = store.end_session(ended.id, None, reason, act()).await;
    assert_eq!(told.unwrap(), EndSession::NotLive);
    let told = store.end_other_sessions(ended.id, act()).await.unwrap();
    assert_eq!(told, EndOthers::NotLive);
    home.assert_unchanged(&before).await;
    assert_eq!(take(&home, noon_and(60), 10).await, []);
}

/// Holds: ASVS 15.4.2
pub async fn of_parallel_changes_only_the_one_that_wins_is_told(home: Home) {
    let alice = home.user("alice").await;
    let mut racers = Vec::new();
    for n in 0..12 {
        let session = home.session(&alice, NOON).await;
        let change = home.password_change(&session, &format!("new-{n}"), NOON);
        let act = home.act_telling(Some(alice.id), NOON);
        let told = act.told[0].id;
        racers.push(racer(&home, move |store| async move {
            let changed = store.change_password(change, act).await.unwrap();
            (matches!(changed, ChangePassword::Changed { .. }), told)
        }));
    }
    let mut answers = race(racers).await;
    answers.retain(|(won, _)| *won);
    let [(_, told)] = answers.as_slice() else {
        panic!("one wins: {answers:?}");
    };
    assert_eq!(ids(&home, NOON, 100).await, [*told]);
}
