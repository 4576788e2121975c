//! Wrong passwords in a row: counted whoever tries and from wherever, until a right one.

use vestibule_core::audit::EventKind;
use vestibule_core::session::{NewSession, Renewal};
use vestibule_core::throttle::{Limits, MOST_FAILURES, Scope};
use vestibule_core::user::CredentialVersion;

use super::harness::Home;
use super::make::tries::{ROOMY, refused};
use super::make::{NOON, noon_and};
use crate::{ChangePassword, OpenSession, Recover, RenewSession};

/// Holds: N40, C23
pub async fn n40_the_hundredth_wrong_password_in_a_row_disables_it_until_recovery(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    // Whoever tried, and from wherever.
    home.wrong_times(50, &home.stranger("alice", ROOMY, NOON))
        .await;
    home.wrong_times(29, &home.from_device("alice", device, ROOMY, NOON))
        .await;
    home.wrong_times(20, &home.reauthentication(&alice, ROOMY, NOON))
        .await;
    let hundredth = home.begun(home.stranger("alice", ROOMY, NOON)).await;
    assert!(!hundredth.password_disabled);
    assert_eq!(hundredth.record.as_ref().unwrap().failures, 99);
    let before = home.before().await;
    let (act, event) = (home.act(NOON), refused(Some(alice.id)));
    let told = home
        .store
        .fail_try(hundredth.tried, vec![event], act.clone())
        .await
        .unwrap();
    assert_eq!((told.failures, told.disabled), (MOST_FAILURES, true));
    let kinds = [event.kind, EventKind::PasswordDisabled];
    home.assert_told(&before, &act, alice.id, &kinds).await;

    let home = home.reopen().await;
    for (attempt, charged) in [
        (home.stranger("alice", ROOMY, noon_and(1)), "account"),
        (
            home.from_device("alice", device, ROOMY, noon_and(1)),
            "device",
        ),
        (home.reauthentication(&alice, ROOMY, noon_and(1)), "session"),
    ] {
        let begun = home.begun(attempt).await;
        assert!(begun.password_disabled, "the right one too");
        assert_eq!(begun.scopes(), [charged], "nothing was charged to it");
        let told = home.failed(&begun, noon_and(1)).await;
        assert!(!told.disabled, "it was so before");
    }
    let year = noon_and(60 * 24 * 365);
    assert!(
        home.begun(home.stranger("alice", ROOMY, year))
            .await
            .password_disabled,
        "no wait heals it"
    );

    let ticket = home.offer_recover(&alice, "alice", year).await;
    let recovered = home.recover(&ticket, "new", year).await;
    assert!(matches!(recovered, Recover::Recovered { .. }));
    let begun = home.begun(home.stranger("alice", ROOMY, year)).await;
    assert!(!begun.password_disabled);
    assert_eq!(begun.charged(Scope::Password).before.count, 0);
    assert_eq!(begun.charged(Scope::Account).before.count, 0);
    assert_eq!(begun.record.unwrap().failures, 0);
}

/// Holds: N42
pub async fn n42_a_success_starts_its_own_tallies_again_and_nobody_elses(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let stranger = || home.stranger("alice", ROOMY, NOON);
    let owner = || home.from_device("alice", device, ROOMY, NOON);
    let present = || home.reauthentication(&alice, ROOMY, NOON);
    let his = || home.stranger("bob", ROOMY, NOON);
    for attempt in [stranger(), owner(), present(), his()] {
        home.wrong_times(3, &attempt).await;
    }
    home.right(&alice, owner()).await;
    for (scope, attempt, expected) in [
        (Scope::Device, owner(), 0),
        (Scope::Password, owner(), 0),
        (Scope::Account, stranger(), 3),
        (Scope::Session, present(), 3),
        (Scope::Account, his(), 3),
        (Scope::Password, his(), 3),
    ] {
        assert_eq!(
            home.tally(scope, attempt).await.count,
            expected,
            "{scope:?}"
        );
    }
    home.wrong_times(2, &owner()).await;
    home.right(&alice, stranger()).await;
    for (scope, attempt, expected) in [
        (Scope::Account, stranger(), 0),
        (Scope::Password, stranger(), 0),
        (Scope::Device, owner(), 2),
    ] {
        assert_eq!(
            home.tally(scope, attempt).await.count,
            expected,
            "{scope:?}"
        );
    }
    home.right(&bob, his()).await;
}

/// Holds: N42
pub async fn a_login_that_is_refused_starts_nothing_again(home: Home) {
    let alice = home.user("alice").await;
    let attempt = home.stranger("alice", ROOMY, NOON);
    home.wrong_times(3, &attempt).await;
    let begun = home.begun(attempt.clone()).await;
    let login = NewSession {
        tried: Some(begun.tried.clone()),
        known: Some(home.device()),
        credential: CredentialVersion(9),
        ..home.login(&alice, NOON)
    };
    let known = login.known.unwrap();
    let before = home.before().await;
    let opened = home.store.open_session(login, home.act(NOON)).await;
    assert_eq!(opened.unwrap(), OpenSession::CredentialChanged);
    home.assert_unchanged(&before).await;
    assert_eq!(home.tally(Scope::Account, attempt.clone()).await.count, 4);
    assert_eq!(home.tally(Scope::Password, attempt).await.count, 4);
    assert!(!home.is_known("alice", known, NOON).await);
    assert_eq!(home.failed(&begun, NOON).await.failures, 4);
}

/// Holds: N40, N45
pub async fn n45_a_failure_that_outlasts_a_success_is_counted(home: Home) {
    let alice = home.user("alice").await;
    let attempt = || home.stranger("alice", ROOMY, NOON);
    let slow = home.begun(attempt()).await;
    home.right(&alice, attempt()).await;
    assert_eq!(home.tally(Scope::Password, attempt()).await.count, 0);
    assert_eq!(home.failed(&slow, NOON).await.failures, 1);
    for scope in [Scope::Account, Scope::Password] {
        assert_eq!(home.tally(scope, attempt()).await.count, 1, "{scope:?}");
    }
    let taken = home.begun(attempt()).await;
    home.right(&alice, attempt()).await;
    home.take_back(taken.tried).await;
    for scope in [Scope::Account, Scope::Password] {
        assert_eq!(home.tally(scope, attempt()).await.count, 0, "{scope:?}");
    }
}

/// Holds: N42, C23
pub async fn n42_a_re_authentication_that_holds_starts_its_tallies_again(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let present = || home.reauthentication(&alice, ROOMY, NOON);
    let stranger = || home.stranger("alice", ROOMY, NOON);
    for attempt in [present(), stranger()] {
        home.wrong_times(3, &attempt).await;
    }
    let begun = home.begun(present()).await;
    let lost = Renewal {
        tried: Some(begun.tried.clone()),
        presented: home.secret(),
        ..home.renewal(&session, NOON)
    };
    assert_eq!(home.renew(lost).await, RenewSession::Ended);
    assert_eq!(home.tally(Scope::Session, present()).await.count, 4);

    let renewal = Renewal {
        tried: Some(begun.tried),
        ..home.renewal(&session, NOON)
    };
    let renewed = home.renew(renewal).await;
    let RenewSession::Renewed(session) = renewed else {
        panic!("{renewed:?}");
    };
    for (scope, attempt, expected) in [
        (Scope::Session, present(), 0),
        (Scope::Password, present(), 0),
        (Scope::Account, stranger(), 3),
    ] {
        let tally = home.tally(scope, attempt).await;
        assert_eq!(tally.count, expected, "{scope:?}");
    }

    home.wrong_times(2, &present()).await;
    let begun = home.begun(present()).await;
    let mut change = home.password_change(&session, "new", NOON);
    change.renewal.tried = Some(begun.tried);
    let changed = home.change(change).await;
    assert_eq!(changed, ChangePassword::Changed { ended: 0 });
    for scope in [Scope::Session, Scope::Password] {
        let tally = home.tally(scope, present()).await;
        assert_eq!(tally.count, 0, "{scope:?}");
    }
}

/// Holds: N40, ASVS 6.3.7
pub async fn n40_the_failure_that_disables_a_password_is_told_and_no_other(home: Home) {
    let alice = home.user("alice").await;
    let attempt = home.stranger("alice", ROOMY, NOON);
    for n in 1..=MOST_FAILURES + 1 {
        let begun = home.begun(attempt.clone()).await;
        let act = home.act_telling(Some(alice.id), NOON);
        let events = vec![refused(Some(alice.id))];
        let told = home.store.fail_try(begun.tried, events, act).await.unwrap();
        assert_eq!(told.disabled, n == MOST_FAILURES);
        let waiting = home.store.waiting_errands().await.unwrap();
        assert_eq!(waiting, u64::from(n >= MOST_FAILURES), "after {n}");
    }
}

/// Holds: N40, N45, ASVS 16.3.3
pub async fn n45_a_failure_that_outlasts_a_success_closes_what_it_fills(home: Home) {
    let alice = home.user("alice").await;
    let limits = Limits::default();
    let attempt = || home.stranger("alice", limits, NOON);
    let slow = home.begun(attempt()).await;
    home.right(&alice, attempt()).await;
    home.wrong_times(4, &attempt()).await;
    let told = home.failed(&slow, NOON).await;
    assert_eq!((told.failures, told.closed), (5, vec![Scope::Account]));

    let bob = home.user("bob").await;
    let attempt = || home.stranger("bob", ROOMY, NOON);
    let slow = home.begun(attempt()).await;
    home.right(&bob, attempt()).await;
    home.wrong_times(99, &attempt()).await;
    let told = home.failed(&slow, NOON).await;
    assert_eq!((told.failures, told.disabled), (MOST_FAILURES, true));
    assert!(home.begun(attempt()).await.password_disabled);
}
