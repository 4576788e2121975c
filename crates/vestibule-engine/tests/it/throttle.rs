//! How often a password may be tried, by whom, and what its owner notices (C23).

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::letter::Says;
use vestibule_core::throttle::{MOST_FAILURES, Scope};
use vestibule_core::time::UnixMillis;
use vestibule_engine::{
    ChangePasswordError, LiveSession, NotNow, ReauthenticateError, SignInError, SignedIn,
};
use vestibule_store::{Throttles as _, Users as _};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, address, hours, minutes};
use crate::login::cut_off;
use crate::postbox::ticket;

const ALICE: &str = "alice@example.test";

/// How a try went: `None`, it was evaluated and wrong.
fn throttled(done: Result<SignedIn, SignInError>) -> Option<(Scope, Duration)> {
    match done {
        Err(SignInError::Refused) => None,
        Err(SignInError::Throttled { scope, retry_after }) => Some((scope, retry_after)),
        other => panic!("{other:?}"),
    }
}

async fn failures(house: &House) -> u32 {
    let record = house.store.inner.sign_in_record(address(ALICE)).await;
    record.unwrap().unwrap().failures
}

/// Tries wrong passwords from ever new networks, waiting as asked, until `evaluated` were looked at.
async fn hammer(house: &House, evaluated: u32) -> Duration {
    let begin = house.now();
    let (mut done, mut network) = (0, 0);
    while done < evaluated {
        network += 1;
        let visit = house.stranger(network);
        match throttled(house.try_at(&visit, ALICE, "wrong").await) {
            None => done += 1,
            Some((_, wait)) => house.pass(wait),
        }
    }
    house.now().since(begin)
}

/// Holds: N45, ASVS 15.4.2, ASVS 6.3.1
#[tokio::test(flavor = "multi_thread")]
async fn n45_of_a_hundred_parallel_tries_exactly_the_free_ones_are_looked_at() {
    let house = Arc::new(House::new().await);
    for email in [ALICE, "nobody@example.test"] {
        let mut tries = Vec::new();
        for n in 0..100 {
            let house = house.clone();
            tries.push(tokio::spawn(async move {
                let visit = house.stranger(n);
                throttled(house.try_at(&visit, email, "wrong").await)
            }));
        }
        let (mut looked_at, mut away) = (0, 0);
        for one in tries {
            match one.await.unwrap() {
                None => looked_at += 1,
                Some((Scope::Account, wait)) => {
                    assert_eq!(wait, Duration::from_secs(30));
                    away += 1;
                }
                Some(other) => panic!("{other:?}"),
            }
        }
        assert_eq!((looked_at, away), (5, 95), "{email}");
    }
    assert_eq!(
        failures(&house).await,
        5,
        "what was not looked at is not counted"
    );
}

/// Holds: N45, ASVS 6.3.1
#[tokio::test]
async fn n45_waits_survive_a_restart() {
    let house = House::new().await;
    for n in 0..5 {
        let visit = house.stranger(n);
        assert_eq!(throttled(house.try_at(&visit, ALICE, "wrong").await), None);
    }
    let house = house.crashed(|_| ()).await;
    let visit = house.stranger(9);
    let right = throttled(house.try_at(&visit, ALICE, PASSWORD).await);
    assert_eq!(
        right,
        Some((Scope::Account, Duration::from_secs(30))),
        "the right password is not looked at either"
    );
    assert_eq!(failures(&house).await, 5);
    house.pass(Duration::from_secs(30));
    let visit = house.stranger(9);
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
    assert_eq!(failures(&house).await, 0);
}

/// Holds: ASVS 6.3.1, ASVS 6.1.1, N43
#[tokio::test(flavor = "multi_thread")]
async fn n43_the_owner_gets_in_on_a_known_device_while_a_thousand_strangers_hammer() {
    let house = Arc::new(House::new().await);
    house.sign_in(ALICE).await;
    let mut strangers = Vec::new();
    for n in 0..1000 {
        let house = house.clone();
        strangers.push(tokio::spawn(async move {
            let visit = house.stranger(n);
            throttled(house.try_at(&visit, ALICE, "wrong").await).is_none()
        }));
    }
    house.sign_in(ALICE).await;
    let mut looked_at = 0;
    for stranger in strangers {
        looked_at += u32::from(stranger.await.unwrap());
    }
    assert!(looked_at <= 5, "{looked_at}");
    house.sign_in(ALICE).await;
    let visit = house.stranger(5000);
    let new_device = throttled(house.try_at(&visit, ALICE, PASSWORD).await);
    assert!(
        matches!(new_device, Some((Scope::Account, _))),
        "on a device of hers that is not known yet, she waits like a stranger: {new_device:?}"
    );
}

/// What a stranger tries on a known device's budget, nobody else has to pay for, and the other way round.
///
/// Holds: ASVS 6.3.1
#[tokio::test]
async fn a_known_device_has_a_budget_of_its_own_and_no_more() {
    let house = House::new().await;
    house.sign_in(ALICE).await;
    let stolen = house.visit_of(ALICE);
    for _ in 0..10 {
        assert_eq!(throttled(house.try_at(&stolen, ALICE, "wrong").await), None);
    }
    // Then it is a stranger's.
    for _ in 0..4 {
        assert_eq!(throttled(house.try_at(&stolen, ALICE, "wrong").await), None);
    }
    // On bob's account, alice's device is a stranger's.
    let bobs = house.try_at(&stolen, "bob@example.test", "wrong").await;
    assert_eq!(throttled(bobs), None);
    let visit = house.stranger(1);
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
}

/// Holds: ASVS 6.3.1
#[tokio::test]
async fn a_network_has_fifty_tries_whoever_they_are_at() {
    let house = House::new().await;
    let visit = house.stranger(1);
    // So few accounts are no attack on many, and the bucket is empty all the same.
    let mut evaluated = 0;
    for n in 0..100 {
        let email = format!("user{}@example.test", n % 14);
        match throttled(house.try_at(&visit, &email, &format!("wrong {n}")).await) {
            None => evaluated += 1,
            Some((Scope::Network, wait)) => {
                assert!(wait <= minutes(5));
                break;
            }
            Some((Scope::Account, _)) => {}
            Some(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(evaluated, 50);
    house
        .try_at(&house.stranger(2), ALICE, PASSWORD)
        .await
        .unwrap();
    house.sign_in("bob@example.test").await;
}

/// Holds: N25, N40, N64, C23, ASVS 6.3.1, ASVS 6.3.7, N62
#[tokio::test]
async fn n40_after_a_hundred_wrong_ones_in_a_row_the_right_one_fails_too() {
    let mut house = House::new().await;
    house.sign_in(ALICE).await;
    house.letters().await;
    let before = house.position().await;
    let took = hammer(&house, MOST_FAILURES - 1).await;
    assert!(took > hours(13 * 24), "it takes weeks: {took:?}");
    assert_eq!(failures(&house).await, MOST_FAILURES - 1);
    let told = house.letters().await;
    assert!(told.is_empty(), "{told:?}");

    hammer(&house, 1).await;
    let letters = house.letters().await;
    assert!(
        matches!(&letters[..], [letter] if matches!(letter.says, Says::PasswordDisabled { .. })
            && letter.to.as_str() == ALICE),
        "{letters:?}"
    );
    let told = house.told_since(before).await;
    let disabled = told.iter().filter(|event| **event == "password.disabled");
    assert_eq!(disabled.count(), 1);

    // The 101st and right one fails like a wrong one, on a known device as well.
    house.pass(hours(5));
    let known = house.try_sign_in(ALICE, PASSWORD).await;
    assert!(matches!(known, Err(SignInError::Refused)), "{known:?}");
    let before = house.position().await;
    let visit = house.stranger(0x00ff_ffff);
    let unknown = house.try_at(&visit, ALICE, PASSWORD).await;
    assert!(matches!(unknown, Err(SignInError::Refused)), "{unknown:?}");
    let told = house.told_since(before).await;
    assert!(
        told.contains(&"login.refused (password_disabled)".to_owned()),
        "{told:?}"
    );
    assert!(house.letters().await.is_empty(), "it is told once");

    // Time heals nothing, nor does a start.
    house.pass(hours(30 * 24));
    let house = house.restarted().await;
    let known = house.try_sign_in(ALICE, PASSWORD).await;
    assert!(matches!(known, Err(SignInError::Refused)), "{known:?}");
}

/// Holds: N42
#[tokio::test]
async fn n42_a_right_password_ends_the_row_of_wrong_ones() {
    let house = House::new().await;
    hammer(&house, 50).await;
    assert_eq!(failures(&house).await, 50);
    let session = house.sign_in_patiently().await;
    assert_eq!(failures(&house).await, 0);

    hammer(&house, 3).await;
    let visit = house.visit();
    house
        .engine
        .reauthenticate(&session, PASSWORD, &visit)
        .await
        .unwrap();
    assert_eq!(failures(&house).await, 0, "so does a re-authentication");
}

impl House {
    /// Signs alice in, waiting as asked.
    async fn sign_in_patiently(&self) -> LiveSession {
        loop {
            match self.try_sign_in(ALICE, PASSWORD).await {
                Ok(signed_in) => return signed_in.session,
                Err(SignInError::Throttled { retry_after, .. }) => self.pass(retry_after),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_known_and_unknown_addresses_answer_alike_to_the_end() {
    let house = House::new().await;
    let mut stories = Vec::new();
    for (number, email) in [(1, ALICE), (2, "nobody@example.test"), (3, "no address")] {
        let mut story = Vec::new();
        for _ in 0..12 {
            house.store.calls();
            let visit = house.stranger(number);
            let answer = throttled(house.try_at(&visit, email, "wrong").await);
            story.push((answer, house.store.calls()));
            if let Some((_, wait)) = answer {
                house.pass(wait);
            }
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0], stories[2]);
    assert!(stories[0].iter().any(|(answer, _)| answer.is_some()));
}

/// Holds: ASVS 15.2.2, N45
#[tokio::test]
async fn a_try_that_finds_no_room_is_not_counted() {
    let house = House::new().await;
    let mut house = house.crashed(|plan| plan.queue = 0).await;
    for n in 0..20 {
        let visit = house.stranger(n);
        let busy = house.try_at(&visit, ALICE, "wrong").await;
        assert!(
            matches!(busy, Err(SignInError::NotNow(NotNow::Busy(_)))),
            "{n}: {busy:?}"
        );
    }
    house = house.crashed(|plan| plan.queue = 100).await;
    assert_eq!(failures(&house).await, 0);
    let visit = house.stranger(1);
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
}

/// Holds: ASVS 16.5.3, ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_3_a_store_that_cannot_count_lets_nobody_try() {
    let house = House::new().await;
    house.store.set_full(true);
    for n in 0..20 {
        let visit = house.stranger(n);
        let failed = house.try_at(&visit, ALICE, PASSWORD).await;
        assert!(matches!(failed, Err(SignInError::NotNow(NotNow::Store(_)))));
    }
    assert_eq!(
        house.store.calls(),
        ["begin_try"; 20],
        "nothing was looked at"
    );
}

/// Holds: ASVS 6.3.1, N40
#[tokio::test]
async fn a_stolen_session_does_not_guess_at_the_password() {
    let house = House::new().await;
    let session = house.sign_in(ALICE).await.session;
    let mut refused = 0;
    loop {
        let visit = house.visit();
        match house.engine.reauthenticate(&session, "wrong", &visit).await {
            Err(ReauthenticateError::Refused) => refused += 1,
            Err(ReauthenticateError::Throttled { retry_after }) => {
                assert_eq!(retry_after, Duration::from_secs(30));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 10);
    assert_eq!(failures(&house).await, 10, "they count with all others");
    let visit = house.visit();
    let change = house
        .engine
        .change_password(&session, PASSWORD, OTHER_PASSWORD, &visit)
        .await;
    assert!(
        matches!(change, Err(ChangePasswordError::Throttled { .. })),
        "{change:?}"
    );
    // The owner's own devices are not kept waiting by that: whoever just signed in anew changes it.
    let session = house.sign_in(ALICE).await.session;
    house
        .engine
        .change_password(&session, PASSWORD, OTHER_PASSWORD, &visit)
        .await
        .unwrap();
}

impl House {
    /// Lets what was left behind go on until the trail tells of it.
    async fn told_of(&self, event: &str, since: u64) {
        while !self
            .told_since(since)
            .await
            .iter()
            .any(|told| told == event)
        {
            tokio::task::yield_now().await;
        }
    }
}

/// Holds: N40, ASVS 16.3.1, ASVS 6.3.1
#[tokio::test]
async fn n40_a_caller_who_hangs_up_leaves_no_try_untold() {
    let mut house = House::new().await;
    let session = house.sign_in(ALICE).await.session;
    house.letters().await;
    hammer(&house, MOST_FAILURES - 1).await;
    house.pass(hours(5));
    let before = house.position().await;
    let visit = house.stranger(0x00ff_ffff);
    let hung_up = cut_off(house.try_at(&visit, ALICE, "wrong"), 0).await;
    assert!(hung_up.is_none());
    house.told_of("password.disabled", before).await;
    let told = house.told_since(before).await;
    let refused = "login.refused (wrong_password)".to_owned();
    assert!(told.contains(&refused), "{told:?}");
    let letter = house.letter().await;
    assert!(matches!(letter.says, Says::PasswordDisabled { .. }));

    let before = house.position().await;
    let visit = house.visit();
    let hung_up = house.engine.reauthenticate(&session, "wrong", &visit);
    assert!(cut_off(hung_up, 0).await.is_none());
    house
        .told_of("reauthentication.refused (password_disabled)", before)
        .await;
}

/// Holds: ASVS 7.2.4, ASVS 16.3.1
#[tokio::test]
async fn asvs_7_2_4_a_caller_who_hangs_up_keeps_the_session_they_have() {
    let house = House::new().await;
    let here = house.sign_in(ALICE).await;
    let visit = house.visit();
    let before = house.position().await;
    let hung_up = house.engine.reauthenticate(&here.session, PASSWORD, &visit);
    assert!(cut_off(hung_up, 0).await.is_none());
    house.told_of("reauthentication.succeeded", before).await;
    assert!(house.is_live(&here.cookie));
    let before = house.position().await;
    let change = house
        .engine
        .change_password(&here.session, PASSWORD, OTHER_PASSWORD, &visit);
    assert!(cut_off(change, 0).await.is_none());
    house.told_of("reauthentication.succeeded", before).await;
    assert!(house.is_live(&here.cookie));
    assert_eq!(failures(&house).await, 0);
    house.sign_in(ALICE).await;
}

/// Holds: C23, ASVS 6.3.8
#[tokio::test]
async fn c23_strangers_at_one_address_are_heard_at_no_other_of_the_account() {
    let mut house = House::new().await;
    let signed_in = house.sign_in(ALICE).await;
    let visit = house.visit_of(ALICE);
    let fresh = house.engine.fresh(&signed_in.session, house.now()).unwrap();
    let other = "alice.too@example.test";
    house
        .engine
        .add_address(&fresh, other, &visit)
        .await
        .unwrap();
    let link = ticket(&house.letter().await);
    house
        .engine
        .confirm_address(&signed_in.session, &link, &visit)
        .await
        .unwrap();
    hammer(&house, 5).await;
    let stranger = house.stranger(50);
    let right = house.try_at(&stranger, other, PASSWORD).await;
    assert_eq!(
        throttled(right),
        None,
        "like a wrong one, and not told to wait"
    );
    assert_eq!(
        failures(&house).await,
        5,
        "nor is the password's row longer"
    );
    house.try_at(&visit, other, PASSWORD).await.unwrap();
}

/// Holds: N43
#[tokio::test]
async fn n43_one_reading_of_a_wild_clock_shuts_nobody_out() {
    let days = 300 * 24 * 3600 * 1000;
    let house = House::new().await;
    house.sign_in(ALICE).await;
    house.plan.clock.step(days);
    assert_eq!(throttled(house.try_sign_in(ALICE, "wrong").await), None);
    for n in 0..5 {
        let visit = house.stranger(1);
        let wrong = house.try_at(&visit, ALICE, &format!("wrong {n}")).await;
        assert_eq!(throttled(wrong), None);
    }
    house.plan.clock.step(-days);
    house.sign_in(ALICE).await;
    let visit = house.stranger(2);
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
}

/// Holds: ASVS 6.3.1
#[tokio::test]
async fn who_comes_from_nowhere_has_the_tries_of_one_network() {
    let house = House::new().await;
    let mut visit = house.visit();
    visit.address = None;
    let mut evaluated = 0;
    let closed = loop {
        let email = format!("user{}@example.test", evaluated % 14);
        match throttled(
            house
                .try_at(&visit, &email, &format!("wrong {evaluated}"))
                .await,
        ) {
            None => evaluated += 1,
            Some((scope, _)) => break scope,
        }
    };
    assert_eq!((evaluated, closed), (50, Scope::Network));
}

/// Holds: ASVS 6.2.3
#[tokio::test]
async fn a_new_password_that_may_not_be_set_costs_no_try() {
    let house = House::new().await;
    let session = house.sign_in(ALICE).await.session;
    for _ in 0..30 {
        let visit = house.visit();
        let change = house
            .engine
            .change_password(&session, PASSWORD, "short", &visit)
            .await;
        assert!(matches!(change, Err(ChangePasswordError::Policy(_))));
    }
    assert_eq!(failures(&house).await, 0);
}

/// Holds: ASVS 6.3.7, N62
#[tokio::test]
async fn asvs_6_3_7_a_changed_password_is_told() {
    let mut house = House::new().await;
    let session = house.sign_in(ALICE).await.session;
    house.letters().await;
    let visit = house.visit();
    house
        .engine
        .change_password(&session, PASSWORD, OTHER_PASSWORD, &visit)
        .await
        .unwrap();
    let letters = house.letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(matches!(letters[0].says, Says::PasswordChanged { .. }));
    assert_eq!(letters[0].to.as_str(), ALICE);
}

/// Holds: ASVS 14.2.7
#[tokio::test]
async fn what_counts_nothing_any_more_is_swept() {
    let mut house = House::new().await;
    for n in 0..200 {
        let visit = house.stranger(n);
        let email = format!("user{}@example.test", n % 40);
        let wrong = format!("wrong {n}");
        assert_eq!(throttled(house.try_at(&visit, &email, &wrong).await), None);
    }
    house.pass(Duration::from_secs(20));
    house.chores.round().await;
    let visit = house.stranger(1);
    let kept = house.try_at(&visit, "user7@example.test", "wrong").await;
    assert!(throttled(kept).is_some(), "what still counts is kept");
    house.pass(hours(15 * 24));
    house.chores.round().await;
    let left = house
        .store
        .inner
        .drop_idle_tallies(UnixMillis(i64::MAX), 10_000);
    assert_eq!(left.await.unwrap(), 0);
}
